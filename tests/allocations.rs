//! What making, refusing and writing a name allocates, and what understanding a reply does.

use std::fmt::Write;
use std::hint::black_box;
use std::net::IpAddr;

use helo_name::{Diagnosis, HeloName, Reply, Stage};

/// Runs something and returns how many allocations it made, and of how many bytes in all.
fn allocated(run: impl FnOnce()) -> (u64, u64) {
    let info = allocation_counter::measure(run);
    (info.count_total, info.bytes_total)
}

#[test]
fn a_parsed_name_is_one_allocation_of_its_length() {
    for (text, length) in [
        ("mail.example.com", 16),
        ("MAIL.example.com", 16),
        ("[192.0.2.1]", 11),
        ("[IPv6:2001:db8::1]", 18),
        ("[ipv6:2001:0DB8:0:0:0:0:0:1]", 18),
        ("[IPv6:::ffff:192.0.2.1]", 11),
    ] {
        assert_eq!(
            allocated(|| drop(black_box(HeloName::parse(text)))),
            (1, length),
            "{text}"
        );
    }
    let address = IpAddr::from([192, 0, 2, 1]);
    assert_eq!(
        allocated(|| drop(black_box(HeloName::try_from(address)))),
        (1, 11)
    );
}

#[test]
fn the_string_of_a_domain_is_kept_and_a_static_name_is_free() {
    for text in ["mail.example.com", "MAIL.example.com"] {
        let text = text.to_owned();
        assert_eq!(
            allocated(|| drop(black_box(HeloName::try_from(text)))),
            (0, 0)
        );
    }
    assert_eq!(
        allocated(|| drop(black_box(HeloName::from_static("mail.example.com")))),
        (0, 0)
    );
}

#[test]
fn checking_refusing_and_writing_allocate_nothing() {
    let long = "a".repeat(1 << 16);
    let zeros = format!("[{}]", "0".repeat(251));
    for text in [
        "mail.example.com",
        "localhost",
        "web_1.example.com",
        "[192.0.2.010]",
        "[::1%eth0]",
        "192.0.2.1",
        &long,
        &zeros,
    ] {
        assert_eq!(
            allocated(|| drop(black_box(HeloName::check(text)))),
            (0, 0),
            "{text}"
        );
        if HeloName::check(text).is_err() {
            assert_eq!(
                allocated(|| drop(black_box(HeloName::parse(text)))),
                (0, 0),
                "{text}"
            );
        }
    }
    let name = HeloName::from_static("mail.example.com");
    let mut line = String::with_capacity(64);
    assert_eq!(
        allocated(|| write!(line, "EHLO {name}\r\n").expect("room")),
        (0, 0)
    );
}

/// The reply in lower case and its words, each allocated once whatever the length.
#[test]
fn a_diagnosis_is_two_allocations() {
    let ours = "<web01.example.com>: Helo command rejected: Host not found; ";
    let others = "Client host [192.0.2.1] blocked using zen.example.org; hostname \"a\" (HELO b) ";
    for (text, times) in [
        (ours, 1),
        (ours, 4),
        (others, 3),
        (others, 10_000),
        ("HeloHost,", 25),
        ("HeloHost,", 5_000),
        ("!?", 100),
        ("caf\u{e9} \u{130}", 40),
    ] {
        let reply = Reply::from_parts(550, None, [text.repeat(times)]).expect("a reply");
        // The first diagnosis of a process makes the table of phrases.
        let _ = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
        let (count, _) = allocated(|| {
            let _ = black_box(Diagnosis::of(
                Stage::Rcpt,
                &reply,
                Some("web01.example.com"),
            ));
        });
        assert!(count <= 2, "{count} allocations for {times} times {text}");
    }
}
