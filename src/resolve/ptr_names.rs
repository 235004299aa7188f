//! Which PTR names of an address count, and in which order.

use std::cmp::Reverse;
use std::net::IpAddr;

use crate::dns::{Answer, PtrText};
use crate::name::{HeloName, Scope, is_mailbox_domain};
use crate::resolve::gather::{ClientAddress, ClientOrigin, Gathered, NamesWanted};
use crate::verify::MAX_CONFIRMED;

/// The legal, public PTR names in the order in which they are preferred (R14): the answer's own
/// order changes from one answer to the next, and every start must give the same name.
pub(super) fn ordered_names(answer: &Answer<PtrText>, own: &[HeloName]) -> Vec<HeloName> {
    let legal = answer
        .records()
        .iter()
        .filter_map(|text| text.to_name().ok());
    let mut names: Vec<HeloName> = legal.filter(is_candidate).collect();
    names.sort_by_cached_key(|name| preference(name, own));
    names.dedup();
    names
}

/// Returns whether a PTR name may be a candidate: it is public, and no mailbox provider's (R33).
pub(super) fn is_candidate(name: &HeloName) -> bool {
    name.scope() == Scope::Public && !is_mailbox_domain(name.as_str())
}

/// R21, as a key: the own organisation first, then fewer labels, then the alphabet.
pub(super) fn preference(name: &HeloName, own: &[HeloName]) -> impl Ord + use<> {
    let shared = own.iter().map(|domain| shared_labels(name, domain)).max();
    (Reverse(shared), name.labels().count(), name.clone())
}

/// How many labels two names share, from the right. One alone is a top-level domain, and says
/// nothing about an organisation.
fn shared_labels(a: &HeloName, b: &HeloName) -> usize {
    let labels = a.labels().rev().zip(b.labels().rev());
    match labels.take_while(|(a, b)| a == b).count() {
        1 => 0,
        shared => shared,
    }
}

/// The PTR names to look up: those that are candidates already are looked up anyway. With a
/// configured name they are useful only to confirm the address.
pub(super) fn names_to_confirm(
    gathered: &Gathered,
    address: IpAddr,
    answer: &Answer<PtrText>,
) -> Vec<HeloName> {
    let is_in_doubt = gathered.clients.contains(&ClientAddress {
        address,
        origin: ClientOrigin::DiscoveredOnce,
    });
    if gathered.names_wanted == NamesWanted::OperatorsOnly && !is_in_doubt {
        return Vec::new();
    }
    let mut names = ordered_names(answer, &gathered.own);
    names.retain(|name| gathered.raw.iter().all(|raw| raw.name() != Some(name)));
    names.truncate(MAX_CONFIRMED);
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn equals_are_ordered_by_organisation_then_labels_then_alphabet() {
        let names = [
            "z.example.com",
            "a.b.example.com",
            "b.example.org",
            "a.example.com",
            "c.eu.example.org",
            "bad_name.example.com",
            "x.local",
        ];
        let answer = Answer::found(names.iter().map(|text| PtrText::new(text)).collect());
        let by_labels = [
            "a.example.com",
            "b.example.org",
            "z.example.com",
            "a.b.example.com",
            "c.eu.example.org",
        ];
        let by_organisation = [
            "b.example.org",
            "c.eu.example.org",
            "a.example.com",
            "z.example.com",
            "a.b.example.com",
        ];
        let by_longest_suffix = [
            "c.eu.example.org",
            "b.example.org",
            "a.example.com",
            "z.example.com",
            "a.b.example.com",
        ];
        let cases: [(&[&str], [&str; 5]); 6] = [
            (&[], by_labels),
            (&["example.net"], by_labels),
            // A top-level domain is no organisation
            (&["host.org"], by_labels),
            (&["example.org"], by_organisation),
            (&["web1.prod.example.org"], by_organisation),
            (&["web1.eu.example.org", "example.net"], by_longest_suffix),
        ];
        each(cases, |(own, expected)| {
            let own: Vec<HeloName> = own.iter().map(|text| text.parse().unwrap()).collect();
            let ordered = ordered_names(&answer, &own);
            let ordered: Vec<&str> = ordered.iter().map(HeloName::as_str).collect();
            assert_eq!(ordered, expected);
        });
    }
}
