//! Which PTR names of an address count, and in which order.

use std::cmp::Ordering;
use std::net::IpAddr;

use crate::candidate::Source;
use crate::dns::{Answer, PtrText};
use crate::name::{HeloName, Scope};
use crate::resolve::gather::{ClientAddress, ClientOrigin, Gathered, NamesWanted, Raw};
use crate::verify::MAX_CONFIRMED;

/// The legal, public PTR names in the order in which they are preferred (R14): the answer's own
/// order changes from one answer to the next, and every start must give the same name.
pub(super) fn ordered_names(answer: &Answer<PtrText>, host_domain: Option<&str>) -> Vec<HeloName> {
    let legal = answer
        .records()
        .iter()
        .filter_map(|text| text.to_name().ok());
    let mut names: Vec<HeloName> = legal.filter(|name| name.scope() == Scope::Public).collect();
    names.sort_by(|a, b| preference(a, b, host_domain));
    names.dedup();
    names
}

fn preference(a: &HeloName, b: &HeloName, host_domain: Option<&str>) -> Ordering {
    let key = |name: &HeloName| {
        let is_elsewhere =
            host_domain.is_none() || parent_domain(name) != host_domain.map(str::to_owned);
        (is_elsewhere, name.labels().count())
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

/// The PTR names to look up: those that are candidates already are looked up anyway. With a
/// configured name they are useful only to confirm the address.
pub(super) fn names_to_confirm(
    gathered: &Gathered,
    address: IpAddr,
    answer: &Answer<PtrText>,
    host_domain: Option<&str>,
) -> Vec<HeloName> {
    let is_in_doubt = gathered.clients.contains(&ClientAddress {
        address,
        origin: ClientOrigin::DiscoveredOnce,
    });
    if gathered.names_wanted == NamesWanted::OperatorsOnly && !is_in_doubt {
        return Vec::new();
    }
    let mut names = ordered_names(answer, host_domain);
    names.retain(|name| gathered.raw.iter().all(|raw| raw.name() != Some(name)));
    names.truncate(MAX_CONFIRMED);
    names
}

/// The domain that the host itself says it is in.
pub(super) fn host_domain(gathered: &Gathered) -> Option<String> {
    let of_host = |raw: &&Raw| {
        matches!(
            raw.source,
            Source::HostName | Source::Mailname | Source::Qualified(_)
        )
    };
    let mut names = gathered.raw.iter().filter(of_host).filter_map(Raw::name);
    names.find_map(parent_domain)
}

fn parent_domain(name: &HeloName) -> Option<String> {
    let (_, parent) = name.as_str().split_once('.')?;
    name.is_domain().then(|| parent.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_are_ordered_by_host_domain_then_labels_then_alphabet() {
        let text = [
            "z.example.com",
            "a.b.example.com",
            "b.example.org",
            "a.example.com",
            "bad_name.example.com",
            "x.local",
        ];
        let answer = Answer::found(text.iter().map(|text| PtrText::new(text)).collect());
        let order = |domain| -> Vec<String> {
            ordered_names(&answer, domain)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(
            order(None),
            [
                "a.example.com",
                "b.example.org",
                "z.example.com",
                "a.b.example.com"
            ]
        );
        assert_eq!(
            order(Some("example.org")),
            [
                "b.example.org",
                "a.example.com",
                "z.example.com",
                "a.b.example.com"
            ]
        );
    }
}
