//! The lines of a report that predict what well-known servers would answer.

use std::net::IpAddr;

use helo_name::dns::{NotKnown, Zone};
use helo_name::receivers::Profile;
use helo_name::{Resolution, Resolve, Stage};

use crate::support::each::each;

const CLIENT: &str = "192.0.2.10";

fn resolve(zone: Zone, host_name: &str) -> Resolve<Zone> {
    Resolve::new(zone)
        .ignore_environment()
        .ignore_machine()
        .host_name(host_name)
        .client_address(CLIENT.parse::<IpAddr>().unwrap())
}

fn verified() -> Zone {
    Zone::new()
        .ptr(CLIENT, "mail.example.com")
        .address("mail.example.com", CLIENT)
}

/// The forecast lines of a report, without their first word.
fn forecasts(report: &Resolution) -> Vec<String> {
    let shown = report.to_string();
    let lines = shown
        .lines()
        .filter_map(|line| line.strip_prefix("forecast: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_verified_name_is_accepted_by_every_profile_whose_questions_were_asked() {
    let report = resolve(verified(), "mail.example.com").report_blocking();
    let forecasts = report.forecasts();
    let [chosen] = forecasts.as_slice() else {
        unreachable!("{report}");
    };
    assert!(chosen.refusals().is_empty(), "{chosen}");
    assert_eq!(
        chosen.accepted() + chosen.open().len(),
        Profile::all().count()
    );
    // Courier asks for MX, which the resolution does not need.
    assert!(chosen.open().len() <= 2, "{chosen}");
}

#[test]
fn a_refused_candidate_is_predicted_with_the_replies_grouped_and_its_text_left_out() {
    let report = resolve(verified(), "shop_mailer_1").report_blocking();
    let forecast = &report.forecasts()[1];
    assert_eq!(
        forecast.candidate(),
        r#"host name "shop_mailer_1" from 192.0.2.10"#
    );
    let cases = [
        (
            "Postfix",
            "504 5.5.2 <..>: Helo command rejected: need fully-qualified hostname",
        ),
        ("Exim", "501 Syntactically invalid EHLO argument(s)"),
    ];
    each(cases, |(server, reply)| {
        let found = forecast
            .refusals()
            .iter()
            .find(|refusal| refusal.server() == server)
            .unwrap();
        assert_eq!(found.reply(), reply, "{forecast}");
    });
    let postfix = &forecast.refusals()[0];
    assert_eq!(postfix.stages(), [Stage::Ehlo, Stage::Rcpt]);
    assert_eq!(
        postfix.to_string(),
        "Postfix (3 of 6) 504 5.5.2 <..>: Helo command rejected: need fully-qualified hostname (at EHLO or RCPT)"
    );
    assert!(
        !forecasts(&report)[1]
            .split_once(": ")
            .unwrap()
            .1
            .contains("shop_mailer_1")
    );
}

#[test]
fn what_the_dns_did_not_say_is_not_predicted() {
    let zone = verified().fails("web.example.com", NotKnown::Timeout);
    let report = resolve(zone, "web.example.com")
        .configured("web.example.com")
        .report_blocking();
    let chosen = &report.forecasts()[0];
    assert!(chosen.refusals().is_empty(), "{chosen}");
    assert!(chosen.open().len() > 5, "{chosen}");
}

#[test]
fn without_a_client_address_only_syntax_is_predicted() {
    let zone = Zone::new().address("mail.example.com", "192.0.2.80");
    let report = Resolve::new(zone)
        .ignore_environment()
        .ignore_machine()
        .host_name("mail.example.com")
        .report_blocking();
    let chosen = &report.forecasts()[0];
    assert!(chosen.refusals().is_empty(), "{chosen}");
    let syntax =
        Profile::all().filter(|profile| profile.basis() == helo_name::receivers::Basis::Syntax);
    assert_eq!(chosen.accepted(), syntax.count());
}

#[test]
fn hostile_text_stays_out_of_the_forecast() {
    let host_names = [
        "a\r\nQUIT",
        "\u{1b}[31mred",
        &"x".repeat(400),
        &"y".repeat(4000),
    ];
    each(host_names, |host_name| {
        let report = resolve(verified(), host_name).report_blocking();
        each(forecasts(&report), |line| {
            assert!(
                line.chars().all(|character| !character.is_control()),
                "{line:?}"
            );
            assert!(line.len() < 2500, "{} bytes", line.len());
        });
    });
}
