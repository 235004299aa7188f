//! `HeloName::parse` against what running servers answered to the same arguments.
//!
//! See `tests/data/README.md` for the recordings.

use std::collections::HashMap;
use std::net::IpAddr;

use helo_name::HeloName;
use helo_name::name::InvalidHeloNameKind;

use crate::support::each::each;
use crate::support::table;

/// One EHLO argument and the servers that refused it.
struct Recording {
    id: &'static str,
    argument: Vec<u8>,
    refused_by: Vec<String>,
}

impl Recording {
    fn is_accepted_by_all(&self) -> bool {
        self.refused_by.is_empty()
    }
}

/// The spellings `parse` accepts although a server refuses them, because the text sent is another
/// one.
///
/// Postfix (`valid_ipv6_hostaddr`) counts colons, so `::` for one group at either end is one too
/// many for it. RFC 5952 4.2.2 never shortens one group: what goes out is `[IPv6:1:2:3:4:5:6:7:0]`.
const REFUSED_SPELLINGS: [&str; 1] = ["[IPv6:1:2:3:4:5:6:7::]"];

#[test]
fn every_name_that_parses_is_accepted_by_every_server() {
    let recordings = recordings();
    let by_argument: HashMap<&[u8], &Recording> = recordings
        .iter()
        .map(|recording| (recording.argument.as_slice(), recording))
        .collect();
    let (mut verbatim, mut respelled, mut untried) = (0, 0, 0);
    each(&recordings, |recording| {
        let Ok(name) = HeloName::parse_bytes(&recording.argument) else {
            return;
        };
        let judged = match by_argument.get(name.as_str().as_bytes()) {
            Some(sent) if sent.argument == recording.argument => {
                verbatim += 1;
                sent
            }
            Some(sent) => {
                respelled += 1;
                sent
            }
            // Nobody tried the text that is sent. Servers take letters and addresses in any
            // spelling alike, so the verdict on the argument counts.
            None => {
                untried += 1;
                if REFUSED_SPELLINGS
                    .iter()
                    .any(|spelling| spelling.as_bytes() == recording.argument)
                {
                    return;
                }
                recording
            }
        };
        assert!(
            judged.is_accepted_by_all(),
            "{}: {name} is refused by {:?}",
            recording.id,
            judged.refused_by
        );
    });
    assert_eq!((verbatim, respelled, untried), (100, 9, 9));
}

#[test]
fn every_argument_that_all_servers_accept_parses() {
    let mut parsed = 0;
    let mut exceptions = Vec::new();
    each(recordings(), |recording| {
        if !recording.is_accepted_by_all() {
            return;
        }
        let argument = &recording.argument;
        let Err(error) = HeloName::parse_bytes(argument) else {
            parsed += 1;
            return;
        };
        let excepted = match error.kind() {
            InvalidHeloNameKind::NumericLastLabel => {
                let last = argument
                    .rsplit(|&byte| byte == b'.')
                    .next()
                    .unwrap_or_default();
                last.iter().all(u8::is_ascii_digit) || last.starts_with(b"0x")
            }
            InvalidHeloNameKind::WhiteSpace => HeloName::parse_bytes(argument.trim_ascii()).is_ok(),
            InvalidHeloNameKind::ZeroNetwork => argument.starts_with(b"[0."),
            _ => false,
        };
        assert!(excepted, "{}: {error}", recording.id);
        exceptions.push(recording.id);
    });
    assert_eq!(parsed, 117);
    assert_eq!(
        exceptions,
        [
            "numeric-12",
            "numeric-13",
            "numeric-17",
            "spaces-04",
            "cloud-28"
        ]
    );
}

#[test]
fn no_recorded_argument_changes_when_its_name_is_parsed_again() {
    each(recordings(), |recording| {
        if let Ok(name) = HeloName::parse_bytes(&recording.argument) {
            assert_eq!(
                HeloName::parse(name.as_str()),
                Ok(name.clone()),
                "{}",
                recording.id
            );
            let address = name
                .as_str()
                .trim_matches(['[', ']'])
                .trim_start_matches("IPv6:")
                .parse::<IpAddr>();
            assert_eq!(name.address(), address.ok(), "{}", recording.id);
        }
    });
}

/// Joins the arguments and the verdicts on them.
fn recordings() -> Vec<Recording> {
    let arguments = include_str!("../../data/names.tsv").lines().skip(1);
    let mut verdicts = include_str!("../../data/syntax-verdicts.tsv").lines();
    let servers: Vec<&str> = verdicts
        .next()
        .expect("a header")
        .split('\t')
        .skip(1)
        .collect();
    let recordings: Vec<_> = arguments
        .zip(verdicts)
        .map(|(argument, verdicts)| {
            let (id, argument) = argument.split_once('\t').expect("an id");
            let (argument, _) = argument.split_once('\t').expect("a class");
            let mut codes = verdicts.split('\t');
            assert_eq!(codes.next(), Some(id), "both files have the same order");
            let refused = servers.iter().zip(codes).filter(|(_, code)| *code != "250");
            Recording {
                id,
                argument: table::unescape(argument),
                refused_by: refused
                    .map(|(server, code)| format!("{server} ({code})"))
                    .collect(),
            }
        })
        .collect();
    assert!(!recordings.is_empty());
    recordings
}
