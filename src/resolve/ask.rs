//! Asks the DNS: everything that does not depend on an answer at once, and nothing twice (R12).

use super::gather::{Gathered, NamesWanted, Raw};
use crate::dns::{Answer, Dns, Family, NotKnown, PtrText};
use crate::in_flight::{Alarm, InFlight};
use crate::name::HeloName;
use crate::scope::{self, Scope};
use crate::verify::{Forward, MAX_CONFIRMED, families_to_ask};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// What the DNS said. What it was asked and did not answer in time is "not known".
#[derive(Debug, Default)]
pub(super) struct Facts {
    reverse: BTreeMap<IpAddr, Answer<PtrText>>,
    forward: BTreeMap<(HeloName, Family), Answer<IpAddr>>,
}

impl Facts {
    pub(super) fn reverse(&self, address: IpAddr) -> Option<&Answer<PtrText>> {
        self.reverse.get(&address)
    }

    pub(super) fn forward(&self, name: &HeloName, family: Family) -> Option<&Answer<IpAddr>> {
        self.forward.get(&(name.clone(), family))
    }

    pub(super) fn has_not_known(&self) -> bool {
        let reverse = self
            .reverse
            .values()
            .any(|answer| answer.why_not_known().is_some());
        reverse
            || self
                .forward
                .values()
                .any(|answer| answer.why_not_known().is_some())
    }

    pub(super) fn shortest_ttl(&self) -> Option<Duration> {
        let reverse = self.reverse.values().filter_map(Answer::ttl);
        let forward = self.forward.values().filter_map(Answer::ttl);
        reverse.chain(forward).min()
    }

    /// The answers about a name that a finding for this client address rests on.
    pub(super) fn about(&self, name: &HeloName, client: Option<IpAddr>) -> Vec<Forward> {
        let mut facts = Vec::new();
        for family in families_to_ask(name, client) {
            if let Some(answer) = self.forward(name, family) {
                facts.push(Forward {
                    family,
                    answer: answer.clone(),
                });
            }
        }
        facts
    }
}

enum Asked {
    Forward(HeloName, Family),
    Reverse(IpAddr),
}

enum Heard {
    Forward(HeloName, Family, Answer<IpAddr>),
    Reverse(IpAddr, Answer<PtrText>),
}

/// The questions on their way, and those that were ever asked.
struct Questions<'a, D> {
    dns: &'a D,
    in_flight: InFlight<'a, Heard>,
    asked: Vec<Asked>,
    forward: Vec<(HeloName, Family)>,
}

impl<'a, D: Dns> Questions<'a, D> {
    fn ask_forward(&mut self, name: &HeloName, family: Family) {
        let question = (name.clone(), family);
        if self.forward.contains(&question) {
            return;
        }
        self.forward.push(question);
        self.asked.push(Asked::Forward(name.clone(), family));
        let (dns, name) = (self.dns, name.clone());
        self.in_flight.push(async move {
            let answer = dns.forward(&name, family).await;
            Heard::Forward(name, family, answer)
        });
    }

    fn ask_reverse(&mut self, address: IpAddr) {
        self.asked.push(Asked::Reverse(address));
        let dns = self.dns;
        self.in_flight
            .push(async move { Heard::Reverse(address, dns.reverse(address).await) });
    }
}

pub(super) async fn ask<D: Dns>(dns: &D, gathered: &Gathered, alarm: &Alarm) -> Facts {
    let mut questions = Questions {
        dns,
        in_flight: InFlight::default(),
        asked: Vec::new(),
        forward: Vec::new(),
    };
    if gathered.is_misconfigured() {
        return Facts::default();
    }
    for name in gathered.raw.iter().filter_map(|raw| raw.name()) {
        for client in clients_or_none(gathered) {
            for family in families_to_ask(name, client) {
                questions.ask_forward(name, family);
            }
        }
    }
    for &(address, _) in &gathered.clients {
        if scope::is_verifiable(address) {
            questions.ask_reverse(address); // R15: never for a private or loopback address
        }
    }
    let host_domain = host_domain(gathered);
    // Asked for already, so their answers confirm a PTR name as well. What another address's PTR answer adds does not
    // count: which of the two comes first must not decide which names are looked at (R14).
    let known: Vec<HeloName> = gathered.raw.iter().filter_map(Raw::name).cloned().collect();
    let mut facts = Facts::default();
    while let Some(heard) = questions.in_flight.next_before(alarm).await {
        match heard {
            Heard::Forward(name, family, answer) => {
                facts.forward.insert((name, family), answer);
            }
            Heard::Reverse(address, answer) => {
                if gathered.names_wanted == NamesWanted::Derived {
                    for name in names_to_confirm(&answer, host_domain.as_deref(), &known) {
                        for &(client, _) in &gathered.clients {
                            questions.ask_forward(&name, Family::of(client));
                        }
                    }
                }
                facts.reverse.insert(address, answer);
            }
        }
    }
    add_unanswered(&mut facts, questions.asked);
    facts
}

/// Each client address; without any, one finding that is about none.
pub(super) fn clients_or_none(gathered: &Gathered) -> Vec<Option<IpAddr>> {
    if gathered.clients.is_empty() {
        return vec![None];
    }
    gathered
        .clients
        .iter()
        .map(|&(address, _)| Some(address))
        .collect()
}

fn add_unanswered(facts: &mut Facts, asked: Vec<Asked>) {
    let late = NotKnown::Timeout;
    for question in asked {
        match question {
            Asked::Forward(name, family) => {
                facts
                    .forward
                    .entry((name, family))
                    .or_insert_with(|| Answer::not_known(late));
            }
            Asked::Reverse(address) => {
                facts
                    .reverse
                    .entry(address)
                    .or_insert_with(|| Answer::not_known(late));
            }
        }
    }
}

/// The legal, public PTR names in the order in which they are preferred (R14): the answer's own order changes from one
/// answer to the next, and every start must give the same name.
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

fn names_to_confirm(
    answer: &Answer<PtrText>,
    host_domain: Option<&str>,
    known: &[HeloName],
) -> Vec<HeloName> {
    let mut names = ordered_names(answer, host_domain);
    names.retain(|name| !known.contains(name));
    names.truncate(MAX_CONFIRMED);
    names
}

/// The domain that the host itself says it is in.
pub(super) fn host_domain(gathered: &Gathered) -> Option<String> {
    gathered
        .raw
        .iter()
        .filter_map(|raw| raw.name())
        .find_map(parent_domain)
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
