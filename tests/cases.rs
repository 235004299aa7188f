//! Reported cases, each with what this crate does about the raw name.
//!
//! See `tests/data/README.md` for the columns.

mod table;

use std::collections::BTreeSet;

use helo_name::{HeloName, sanitize};

/// Who keeps a name from being sent that the server would refuse for the quoted reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            "Match" | "Mismatch" | "NoAddress" | "NotPublic" | "Unknown" => Self::Dns,
            _ => unreachable!("nobody decides: {text}"),
        }
    }
}

#[test]
fn every_reported_name_is_repaired_or_refused_or_left_to_dns() {
    let mut cases = BTreeSet::new();
    for [case, raw, reply, answer, name, decided_by, _, _] in
        table::rows::<8>(include_str!("data/cases.tsv"))
    {
        if !cfg!(feature = "idna") && raw.contains("\\xd0") {
            continue;
        }
        cases.insert(case);
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
    }
    assert_eq!(cases.len(), 65);
}
