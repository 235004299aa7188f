//! Reported cases, each with what this crate does about the raw name.
//!
//! See `tests/data/README.md` for the columns.

use std::net::{IpAddr, Ipv4Addr};

use helo_name::dns::{NotKnown, Zone};
use helo_name::resolve::ReasonKind;
use helo_name::sanitize::sanitize;
use helo_name::{HeloName, Resolve, Source};

use crate::support::each::each;
use crate::support::table;

/// Who keeps a name from being sent that the server would refuse for the quoted reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DecidedBy {
    /// Refusing or repairing the raw text does.
    Sanitize,
    /// What DNS says about the name does.
    Dns,
    /// Nobody has to: the case is about something else than the name.
    Other,
}

impl DecidedBy {
    fn of(text: &str) -> Self {
        match text {
            "sanitize" => Self::Sanitize,
            "other" => Self::Other,
            "Match" | "Mismatch" | "NoAddress" | "NotPublic" | "Synthesised" | "Unknown" => {
                Self::Dns
            }
            _ => unreachable!("nobody decides: {text}"),
        }
    }
}

#[test]
fn every_reported_name_is_repaired_or_refused_or_left_to_dns() {
    each(
        table::rows::<8>(include_str!("../../data/cases.tsv")),
        |[case, raw, reply, answer, name, decided_by, _, _]| {
            if !cfg!(feature = "idna") && raw.contains("\\xd0") {
                return;
            }
            let (got, got_name) = match sanitize(table::unescape(raw)) {
                Ok(sanitized) => ("ok", Some(sanitized.into_name())),
                Err(unusable) => (unusable.kind().as_str(), unusable.name().cloned()),
            };
            assert_eq!(got, answer, "{case}: {raw}");
            assert_eq!(
                got_name.as_ref().map_or("-", HeloName::as_str),
                name,
                "{case}: {raw}"
            );
            match DecidedBy::of(decided_by) {
                DecidedBy::Sanitize => assert_ne!(
                    (answer, raw),
                    ("ok", name),
                    "{case} sends what got: {reply}"
                ),
                DecidedBy::Dns | DecidedBy::Other => {
                    assert_eq!(answer, "ok", "{case} never comes to DNS")
                }
            }
        },
    );
}

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// A DNS that has the name as the case says, and a verified PTR name beside it.
fn zone(name: &str, finding: &str) -> Zone {
    let zone = Zone::new()
        .ptr("192.0.2.10", "other.example.org")
        .address("other.example.org", "192.0.2.10");
    match finding {
        "Match" => zone.address(name, "192.0.2.10").ptr("192.0.2.10", name),
        "Mismatch" => zone.address(name, "198.51.100.1"),
        "NoAddress" => zone,
        "NotPublic" => zone.address(name, "10.0.0.1"),
        // From a hosts file, so the DNS did not say (R10).
        "Synthesised" => zone.address(name, "127.0.0.1"),
        "Unknown" => zone.fails(name, NotKnown::ServFail),
        _ => unreachable!("no finding: {finding}"),
    }
}

#[test]
fn every_reported_name_that_is_left_to_dns_is_sent_only_when_it_matches() {
    let mut decided = 0;
    each(
        table::rows::<8>(include_str!("../../data/cases.tsv")),
        |[case, raw, _, _, name, finding, _, _]| {
            if DecidedBy::of(finding) != DecidedBy::Dns {
                return;
            }
            decided += 1;
            let raw =
                String::from_utf8(table::unescape(raw)).expect("the DNS decides about text only");
            let report = Resolve::new(zone(name, finding))
                .ignore_machine()
                .ignore_environment()
                .host_name(raw)
                .client_address(CLIENT)
                .report_blocking();
            let considered = report
                .considered()
                .first()
                .expect("the host name comes first");
            assert_eq!(considered.source(), Source::HostName, "{case}");
            let ReasonKind::Finding(found) = considered.reason().kind() else {
                unreachable!("{case}: {considered}");
            };
            let expected = match finding {
                "Synthesised" => "Unknown",
                _ => finding,
            };
            assert_eq!(format!("{found:?}"), expected, "{case}");
            let chosen = report.name().expect("the PTR name at least").as_str();
            let expected = if finding == "Match" {
                name
            } else {
                "other.example.org"
            };
            assert_eq!(chosen, expected, "{case}");
        },
    );
    assert!(decided > 10, "{decided} cases");
}
