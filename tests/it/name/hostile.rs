//! The properties that the fuzz targets assert, by proptest: on seeds, on pieces of names, and on
//! both mutated.
//!
//! `PROPTEST_CASES` sets the number of cases.

use helo_name::HeloName;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::{properties, table};

/// The arguments and the raw names of the tables.
fn seeds() -> Vec<Vec<u8>> {
    let arguments = table::rows::<4>(include_str!("../../data/names.tsv"));
    let raw_names = table::rows::<4>(include_str!("../../data/sanitize.tsv"));
    arguments
        .iter()
        .map(|[_, argument, ..]| argument)
        .chain(raw_names.iter().map(|[raw, ..]| raw))
        .map(|text| table::unescape(text))
        .collect()
}

/// The pieces of names in libFuzzer's dictionary.
fn pieces() -> Vec<Vec<u8>> {
    include_str!("../../data/dictionary.txt")
        .lines()
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'))
        .map(table::unescape)
        .collect()
}

/// A small change, at a place or of a byte that is chosen when the bytes are known.
#[derive(Clone, Debug)]
enum Mutation {
    Append(Vec<u8>),
    Duplicate(Index, Index),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Replace(Index, u8),
    SwitchCase(Index),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        let place = any::<Index>;
        prop_oneof![
            1 => select(pieces()).prop_map(Self::Append),
            1 => (place(), place()).prop_map(|(one, other)| Self::Duplicate(one, other)),
            3 => (place(), select(pieces())).prop_map(|(at, piece)| Self::Insert(at, piece)),
            1 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Insert(at, vec![byte])),
            2 => (place(), place()).prop_map(|(one, other)| Self::Remove(one, other)),
            1 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Replace(at, byte)),
            3 => (place(), select(&b"abcdefghijklmnopqrstuvwxyzABCDEFX0123456789.-:"[..])).prop_map(|(at, byte)| Self::Replace(at, byte)),
            1 => place().prop_map(Self::SwitchCase),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let range = |one: &Index, other: &Index| {
            let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
            // Short ones leave a name that is still nearly one.
            one.min(other)..one.max(other).min(one.min(other) + 8)
        };
        match self {
            Self::Append(piece) => bytes.extend_from_slice(piece),
            Self::Duplicate(one, other) => bytes.extend_from_within(range(one, other)),
            Self::Insert(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Remove(one, other) => drop(bytes.drain(range(one, other))),
            Self::Replace(at, byte) => {
                if !bytes.is_empty() {
                    *at.get_mut(bytes) = *byte;
                }
            }
            Self::SwitchCase(at) => {
                if !bytes.is_empty() && at.get(bytes).is_ascii_alphabetic() {
                    *at.get_mut(bytes) ^= 0x20;
                }
            }
        }
    }
}

/// Bytes that often are nearly a name.
fn near_name() -> impl Strategy<Value = Vec<u8>> {
    let (names, others): (Vec<_>, Vec<_>) = seeds()
        .into_iter()
        .partition(|seed| HeloName::parse_bytes(seed).is_ok());
    let start = prop_oneof![
        6 => select(names),
        3 => select(others),
        2 => vec(select(pieces()), 0..8).prop_map(|pieces| pieces.concat()),
        1 => vec(any::<u8>(), 0..80),
    ];
    (start, vec(Mutation::any(), 0..5)).prop_map(|(mut bytes, mutations)| {
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parse_takes_the_grammar_and_nothing_that_peers_refuse(bytes in near_name()) {
        properties::parse(&bytes);
    }

    #[test]
    fn sanitize_gives_a_clean_name_or_a_short_line(bytes in near_name()) {
        properties::sanitize(&bytes);
    }

    #[test]
    fn a_name_survives_the_round_trip(bytes in near_name()) {
        properties::round_trip(&bytes);
    }
}
