//! Rows for the sections of RFC 7208, and records that try to do harm.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use helo_name::HeloName;
use helo_name::dns::{NotKnown, Question, Zone};
use helo_name::spf::{CheckHost, SpfResult, SpfVerdict};

use crate::support::each::each;

fn check(zone: &Zone, client: &str, sender: &str) -> SpfVerdict {
    let client: IpAddr = client.parse().expect("an address");
    pollster::block_on(CheckHost::of_sender(client, sender, "").ask(zone))
}

fn with_record(zone: Zone, line: &str) -> Zone {
    let [name, kind, value] = <[&str; 3]>::try_from(line.splitn(3, ' ').collect::<Vec<_>>())
        .expect("name, type and value");
    match kind {
        "A" | "AAAA" => zone.address(name, value),
        "FAILS" => zone.fails(name, NotKnown::Timeout),
        "MX" => zone.exchanger(name, 10, value),
        "PTR" => zone.ptr(name, value),
        "TXT" => zone.text(name, value),
        other => unreachable!("no type: {other}"),
    }
}

#[test]
fn each_section_of_rfc_7208_has_its_rows() {
    let mut zone = Zone::new();
    let mut verdict = None;
    let mut rows = Vec::new();
    for line in include_str!("../../data/spf.txt").lines() {
        match line.split_once(' ') {
            Some(("=", _)) => zone = Zone::new(),
            Some(("z", record)) => zone = with_record(zone, record),
            Some(("c", what)) => {
                let (client, sender) = what.split_once(' ').expect("client and sender");
                verdict = Some((what, check(&zone, client, sender)));
            }
            Some(("w", wanted)) => rows.push((verdict.take().expect("a check"), wanted)),
            _ => assert!(line.is_empty() || line.starts_with('#'), "{line}"),
        }
    }
    assert!(rows.len() > 35, "{} rows", rows.len());
    each(rows, |((what, verdict), wanted)| {
        let came = format!(
            "{} {} {}",
            verdict.result(),
            verdict.reason().as_str(),
            verdict.term().unwrap_or("-")
        );
        assert_eq!(came, wanted, "{what}: {verdict}");
    });
}

#[test]
fn a_record_of_a_or_ip4_costs_no_further_question_than_its_text() {
    let name = HeloName::from_static("mail.example.com");
    let text = Question::Texts("mail.example.com".into());
    let a = Question::Addresses("mail.example.com".into(), helo_name::dns::Family::V4);
    let cases = [
        ("v=spf1 ip4:192.0.2.10 -all", vec![text.clone()]),
        ("v=spf1 a -all", vec![text, a]),
    ];
    each(cases, |(record, questions)| {
        let zone = Zone::new()
            .text("mail.example.com", record)
            .address("mail.example.com", "192.0.2.10");
        let client = IpAddr::from([192, 0, 2, 10]);
        let verdict = pollster::block_on(CheckHost::of_name(client, &name).ask(&zone));
        assert_eq!(verdict.result(), SpfResult::Pass);
        assert_eq!(zone.questions(), questions);
    });
}

#[test]
fn a_hostile_record_ends_soon_and_echoes_nothing() {
    let many = |what: &str, count: usize| what.repeat(count);
    // the record, and the result
    let cases = [
        (
            format!("v=spf1 {}", many("a:x.example.com ", 4_000)),
            SpfResult::PermError,
        ),
        (
            format!("v=spf1 {}", many("ip4:192.0.2.1 ", 4_600)),
            SpfResult::Neutral,
        ),
        (
            format!("v=spf1 exists:{}.example.com -all", many("%{l1r-}.", 8_000)),
            SpfResult::Fail,
        ),
        (
            format!("v=spf1 exists:{}", many("%{d}", 16_000)),
            SpfResult::Neutral,
        ),
        (
            "v=spf1 include:evil.example.com -all".to_owned(),
            SpfResult::PermError,
        ),
        (
            "v=spf1 redirect=evil.example.com".to_owned(),
            SpfResult::PermError,
        ),
        ("v=spf1 mx -all".to_owned(), SpfResult::PermError),
        (
            "v=spf1 a:\u{1b}[31m\r\nQUIT -all".to_owned(),
            SpfResult::PermError,
        ),
        ("v=spf1 a:\"; permit -all".to_owned(), SpfResult::PermError),
        (
            format!("v=spf1 a:{} -all", many("\u{7f}", 60_000)),
            SpfResult::PermError,
        ),
    ];
    each(cases, |(record, result)| {
        let mut zone = Zone::new().text("evil.example.com", &record);
        for number in 0..10_000 {
            zone = zone.exchanger("evil.example.com", 10, &format!("mx{number}.example.com"));
        }
        let start = Instant::now();
        let verdict = check(&zone, "192.0.2.10", "evil.example.com");
        assert_eq!(verdict.result(), result, "{verdict}");
        assert!(
            zone.questions().len() <= 30,
            "{} questions",
            zone.questions().len()
        );
        let text = verdict.to_string();
        assert!(text.len() < 400, "{} bytes", text.len());
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    });
    let strings = (0..1_000).fold(Zone::new(), |zone, number| {
        zone.text(
            "evil.example.com",
            format!("v=spf1 ip4:192.0.2.{} -all", number % 256),
        )
    });
    let verdict = check(&strings, "192.0.2.10", "evil.example.com");
    assert_eq!(
        verdict.to_string(),
        "SPF of evil.example.com: permerror (several records)"
    );
}
