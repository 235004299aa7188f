//! Asks the DNS: everything that does not depend on an answer at once, and nothing twice (R12).

use super::gather::{ClientsAre, Gathered, NamesWanted, Raw};
use super::report::ClientOrigin;
use crate::candidate::Source;
use crate::dns::{Answer, Dns, Family, NotKnown, PtrText, Question};
use crate::events;
use crate::executor::{Alarm, InFlight};
use crate::name::HeloName;
use crate::name::{Scope, is_verifiable};
use crate::verify::{Forward, Iprev, MAX_CONFIRMED, Reverse, families_to_ask, iprev};
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

    /// Judges the names of an address, if they were asked for.
    pub(super) fn iprev(&self, address: IpAddr) -> Option<Iprev> {
        let answer = self.reverse(address)?.clone();
        let reverse = Reverse { address, answer };
        iprev(&reverse, |name| self.forward(name, Family::of(address)))
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

    /// What of it a receiver would hear too. What this machine did not hear in time says nothing about others.
    #[cfg(feature = "receivers")]
    pub(super) fn for_receivers(&self) -> crate::receivers::Facts {
        let mut facts = crate::receivers::Facts::new();
        for ((name, family), answer) in &self.forward {
            if answer.why_not_known().is_none() {
                facts.insert_addresses(name.as_str(), *family, answer.clone());
            }
        }
        for (&address, answer) in &self.reverse {
            if answer.why_not_known().is_none() {
                facts.insert_names(address, answer.clone());
            }
        }
        facts
    }

    /// What concerns one client address: its names, and those that it has in common with others.
    pub(super) fn about_client(&self, address: IpAddr, gathered: &Gathered) -> Self {
        let mut facts = Self::default();
        let mut names: Vec<HeloName> = gathered.raw.iter().filter_map(Raw::name).cloned().collect();
        if let Some(answer) = self.reverse(address) {
            names.extend(ordered_names(answer, None));
            facts.reverse.insert(address, answer.clone());
        }
        let family = Family::of(address);
        for name in names {
            if let Some(answer) = self.forward(&name, family) {
                facts.forward.insert((name, family), answer.clone());
            }
        }
        facts
    }

    fn hold(&self, question: &Question) -> bool {
        match question {
            Question::Forward(name, family) => self.forward(name, *family).is_some(),
            Question::Reverse(address) => self.reverse(*address).is_some(),
        }
    }

    fn add(&mut self, heard: Heard) {
        match heard {
            Heard::Forward(name, family, answer) => {
                events::forward(&name, family, &answer);
                self.forward.insert((name, family), answer);
            }
            Heard::Reverse(address, answer) => {
                events::reverse(address, &answer);
                self.reverse.insert(address, answer);
            }
        }
    }

    fn add_unanswered(&mut self, asked: Vec<Question>) {
        for question in asked {
            if self.hold(&question) {
                continue;
            }
            self.add(match question {
                Question::Forward(name, family) => {
                    Heard::Forward(name, family, Answer::not_known(NotKnown::Timeout))
                }
                Question::Reverse(address) => {
                    Heard::Reverse(address, Answer::not_known(NotKnown::Timeout))
                }
            });
        }
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

enum Heard {
    Forward(HeloName, Family, Answer<IpAddr>),
    Reverse(IpAddr, Answer<PtrText>),
}

/// The questions on their way, and all that were ever asked.
struct Questions<'a, D> {
    dns: &'a D,
    in_flight: InFlight<'a, Heard>,
    asked: Vec<Question>,
}

impl<'a, D: Dns> Questions<'a, D> {
    /// Sends a question, unless it was asked before.
    fn ask(&mut self, question: Question, facts: &Facts) {
        if self.asked.contains(&question) || facts.hold(&question) {
            return;
        }
        self.asked.push(question.clone());
        let dns = self.dns;
        match question {
            Question::Forward(name, family) => self.in_flight.push(async move {
                let answer = dns.forward(&name, family).await;
                Heard::Forward(name, family, answer)
            }),
            Question::Reverse(address) => self
                .in_flight
                .push(async move { Heard::Reverse(address, dns.reverse(address).await) }),
        }
    }
}

/// Adds to the facts what is not known yet, until the alarm rings.
pub(super) async fn ask<D: Dns>(dns: &D, gathered: &Gathered, facts: &mut Facts, alarm: &Alarm) {
    if gathered.is_misconfigured() {
        return;
    }
    let mut questions = Questions {
        dns,
        in_flight: InFlight::default(),
        asked: Vec::new(),
    };
    for question in first_questions(gathered) {
        questions.ask(question, facts);
    }
    let host_domain = host_domain(gathered);
    while let Some(heard) = questions.in_flight.next_before(alarm).await {
        if let Heard::Reverse(address, answer) = &heard {
            for name in names_to_confirm(gathered, *address, answer, host_domain.as_deref()) {
                for family in families_to_confirm(gathered, *address) {
                    questions.ask(Question::Forward(name.clone(), family), facts);
                }
            }
        }
        facts.add(heard);
    }
    facts.add_unanswered(questions.asked);
}

/// A name that is right for all addresses of a host is better than one for each.
fn families_to_confirm(gathered: &Gathered, address: IpAddr) -> Vec<Family> {
    match gathered.clients_are {
        ClientsAre::OneHost => {
            let clients = gathered.clients.iter();
            clients.map(|&(client, _)| Family::of(client)).collect()
        }
        ClientsAre::Separate => vec![Family::of(address)],
    }
}

/// The questions that do not depend on an answer. No PTR of a private or loopback address (R15): the question would
/// leak to public name servers, or hang there.
fn first_questions(gathered: &Gathered) -> Vec<Question> {
    let clients = gathered.clients.iter().map(|&(address, _)| address);
    let verifiable = clients.filter(|&address| is_verifiable(address));
    let mut questions: Vec<Question> = verifiable.map(Question::Reverse).collect();
    for name in gathered.raw.iter().filter_map(Raw::name) {
        for client in clients_or_none(gathered) {
            let families = families_to_ask(name, client).into_iter();
            questions.extend(families.map(|family| Question::Forward(name.clone(), family)));
        }
    }
    questions
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

/// The PTR names to look up: those that are candidates already are looked up anyway. With a configured name they are of
/// use only where they confirm the address.
fn names_to_confirm(
    gathered: &Gathered,
    address: IpAddr,
    answer: &Answer<PtrText>,
    host_domain: Option<&str>,
) -> Vec<HeloName> {
    let is_in_doubt = gathered
        .clients
        .contains(&(address, ClientOrigin::DiscoveredOnce));
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
