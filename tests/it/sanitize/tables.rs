//! What `sanitize` makes of raw names.

use std::hint::black_box;
use std::net::IpAddr;

use helo_name::sanitize::{Repair, Unusable, UnusableKind, sanitize};
use helo_name::{HeloName, Scope};
use proptest::prelude::*;

use crate::support::each::each;
use crate::support::table;

#[test]
fn every_raw_name_is_repaired_or_refused_with_its_reason() {
    check(include_str!("../../data/sanitize.tsv"));
}

#[cfg(feature = "idna")]
#[test]
fn unicode_is_mapped_to_a_labels_or_refused_with_its_reason() {
    check(include_str!("../../data/sanitize-idn.tsv"));
}

#[cfg(not(feature = "idna"))]
#[test]
fn unicode_is_refused_without_the_feature_that_maps_it() {
    assert_eq!(
        refusal("b\u{fc}cher.example").to_string(),
        "EHLO takes ASCII only, and the feature `idna`, which maps other names, is not compiled in \
         (`\\xc3\\xbc` at byte 1); write the name as A-labels (xn--...)"
    );
}

fn check(table: &'static str) {
    each(
        table::rows::<4>(table),
        |[raw, answer, name_or_kind, repairs_or_message]| {
            let got = match sanitize(table::unescape(raw)) {
                Ok(sanitized) => (
                    "ok",
                    sanitized.name().to_string(),
                    listed(sanitized.repairs()),
                ),
                Err(unusable) => ("refused", unusable.kind().to_string(), unusable.to_string()),
            };
            let (answer_got, name_or_kind_got, repairs_or_message_got) = &got;
            assert_eq!(
                [
                    answer_got,
                    name_or_kind_got.as_str(),
                    repairs_or_message_got
                ],
                [answer, name_or_kind, repairs_or_message],
                "{raw}"
            );
        },
    );
}

fn listed(repairs: &[Repair]) -> String {
    match repairs {
        [] => "-".to_owned(),
        _ => repairs
            .iter()
            .map(|repair| repair.as_str())
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn refusal(raw: impl AsRef<[u8]>) -> Unusable {
    sanitize(raw).expect_err("a refusal")
}

#[test]
fn a_refusal_carries_the_name_and_its_repairs_only_when_it_is_legal() {
    let unusable = refusal(" 10.0.0.1\n");
    assert_eq!(unusable.kind(), UnusableKind::PrivateAddress);
    assert_eq!(unusable.name().map(HeloName::as_str), Some("[10.0.0.1]"));
    assert_eq!(
        unusable.repairs(),
        [Repair::TrimmedWhiteSpace, Repair::BracketedAddress]
    );
    assert_eq!(unusable.suggestion(), None);

    let unusable = refusal(" mail.example.com:25\n");
    assert_eq!(unusable.name(), None);
    assert!(unusable.repairs().is_empty());
    assert_eq!(
        unusable.suggestion().map(HeloName::as_str),
        Some("mail.example.com")
    );
}

#[test]
fn an_offset_counts_in_the_raw_text() {
    each(
        [
            ("  shop_mailer_1\n", Some(6)),
            ("\u{3000}mail.example.com:25", Some(19)),
            ("mail\0", Some(4)),
            (" mail..example.com", Some(6)),
            ("15b0717dc4c2", None),
            ("10.0.0.1", None),
        ],
        |(raw, offset)| {
            assert_eq!(refusal(raw).offset(), offset, "{raw:?}");
        },
    );
}

#[test]
fn hostile_length_is_refused_whatever_the_text() {
    let a_label = "a".repeat(10_000);
    let ideographs = "\u{4e2d}".repeat(2048 / 3);
    each(
        [
            a_label.clone(),
            a_label + ".example.com",
            ideographs.clone(),
            ideographs + "\u{3002}example",
            " ".repeat(1 << 20),
            ".".repeat(1 << 16),
            "xn--".repeat(1 << 14),
            "[".repeat(1 << 16),
            "1.".repeat(1 << 16),
        ],
        |raw| {
            assert_eq!(
                refusal(&raw).kind(),
                UnusableKind::TooLong,
                "{} bytes",
                raw.len()
            );
        },
    );
    assert_eq!(refusal(vec![0xff; 1 << 20]).kind(), UnusableKind::TooLong);
    // Short enough to be read, and too long a label for punycode.
    if cfg!(feature = "idna") {
        let label = "\u{4e2d}".repeat(340);
        assert_eq!(refusal(label).kind(), UnusableKind::LabelTooLong);
    }
}

#[test]
fn white_space_and_a_dot_do_not_hide_a_name_of_full_length() {
    let name = [
        "a".repeat(49),
        "b".repeat(49),
        "c".repeat(49),
        "d".repeat(49),
        "e".repeat(49),
        "com".to_owned(),
    ]
    .join(".");
    assert_eq!(name.len(), 253);
    let sanitized = sanitize(format!("\t {name}.\r\n")).expect("a name of 253 characters");
    assert_eq!(sanitized.name().as_str(), name);
    assert_eq!(refusal(format!("a{name}")).kind(), UnusableKind::TooLong);
}

#[test]
fn refusing_hostile_text_allocates_nothing_and_a_name_is_one_allocation_beside_its_repairs() {
    each(
        [
            ("a".repeat(1 << 16), 0),
            ("\u{4e2d}".repeat(683), 0),
            ("a".repeat(10_000), 0),
            ("mail.example.com".to_owned(), 1),
            (" Mail.Example.COM.\n".to_owned(), 2),
            ("1.1.1.1".to_owned(), 2),
        ],
        |(raw, allocations)| {
            let counted = allocation_counter::measure(|| drop(black_box(sanitize(&raw))));
            assert_eq!(counted.count_total, allocations, "{} bytes", raw.len());
        },
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_out_of_bytes_is_legal_and_stays_as_it_is(raw in proptest::collection::vec(any::<u8>(), 0..80)) {
        holds(&raw)?;
    }

    #[test]
    fn whatever_comes_out_of_text_is_legal_and_stays_as_it_is(raw in "\\PC{0,40}") {
        holds(raw.as_bytes())?;
    }

    #[test]
    fn whatever_comes_out_of_near_names_is_legal_and_stays_as_it_is(
        raw in "[ \\[<\"]{0,2}(([a-zA-Z0-9ü中_*$%-]{0,5}|IPv6|localhost|com|local)[.:@/。]){0,6}[a-z0-9]{0,3}[\\]>\". \n]{0,2}"
    ) {
        holds(raw.as_bytes())?;
    }

    #[cfg(feature = "idna")]
    #[test]
    fn unicode_becomes_what_uts_46_says(raw in "([a-z]{0,3}[ü-ſα-ωа-яا-ي中-丿。．]{1,4}\\.){1,3}[a-zа-я]{2,3}") {
        if let Ok(sanitized) = sanitize(&raw) {
            let ascii = idna::domain_to_ascii_cow(raw.as_bytes(), idna::AsciiDenyList::STD3);
            prop_assert_eq!(sanitized.name().as_str(), ascii.expect("an internationalized name"));
        }
    }

    #[test]
    fn an_address_becomes_its_literal_or_is_not_public(address: IpAddr) {
        match (sanitize(address.to_string()), HeloName::try_from(address)) {
            (Ok(sanitized), literal) => {
                prop_assert_eq!(Ok(sanitized.into_name()), literal);
                prop_assert_eq!(Scope::of_address(address), Scope::Public);
            }
            (Err(unusable), Ok(literal)) => prop_assert_eq!(unusable.name(), Some(&literal)),
            (Err(unusable), Err(_)) => prop_assert_eq!(unusable.kind(), UnusableKind::ZeroNetwork),
        }
    }
}

/// What is true of any answer.
fn holds(raw: &[u8]) -> Result<(), TestCaseError> {
    match sanitize(raw) {
        Ok(sanitized) => {
            let name = sanitized.name();
            prop_assert_eq!(HeloName::parse(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(name.scope(), Scope::Public);
            let again = sanitize(name.as_str()).expect("a name is what it is");
            prop_assert_eq!(again.name(), name);
            prop_assert!(again.repairs().is_empty());
            // Nothing is repaired in silence.
            prop_assert_eq!(
                sanitized.repairs().is_empty(),
                raw == name.as_str().as_bytes()
            );
            // Nothing is dropped or replaced: what is not Unicode comes out letter by letter.
            if raw.is_ascii() && !name.is_literal() {
                let text = raw.to_ascii_lowercase();
                prop_assert!(text.trim_ascii().starts_with(name.as_str().as_bytes()));
            }
        }
        Err(unusable) => {
            prop_assert_eq!(unusable.name().is_some(), unusable.kind().is_legal());
            prop_assert!(
                unusable
                    .name()
                    .is_none_or(|name| name.scope() != Scope::Public)
            );
            prop_assert!(
                unusable
                    .suggestion()
                    .is_none_or(|name| name.scope() == Scope::Public)
            );
            prop_assert!(unusable.offset().is_none_or(|offset| offset <= raw.len()));
            let message = unusable.to_string();
            prop_assert!(
                message.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{}",
                message
            );
            prop_assert!(message.ends_with(unusable.remedy()) || unusable.suggestion().is_some());
        }
    }
    Ok(())
}
