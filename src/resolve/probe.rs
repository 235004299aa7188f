//! Does a name exist by itself, or would any name get the same answer (R31)?
//!
//! A wildcard record answers for every name below a domain. A captive portal, or a resolver that
//! sells advertisements in place of NXDOMAIN, answers for every name there is. So where a decision
//! rests on an address that no PTR record confirms, two names that cannot exist are asked for
//! beside it, both at once: a random label below the parent domain of the candidate, and below
//! another top-level domain.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use crate::candidate::Candidate;
use crate::dns::{Answer, Facts, Family};
use crate::name::{HeloName, is_verifiable};
use crate::policy::FallbackPolicy;
use crate::resolve::gather::{Gathered, NamesWanted, Raw};
use crate::resolve::ptr_names::ordered_names;
use crate::verify::{ClientFinding, Finding, MAX_CONFIRMED, find, names_hold};

/// How a name exists, as far as the probes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Existence {
    /// By itself, or nothing was probed.
    ByItself,
    /// A wildcard below its parent domain answers for it.
    Wildcard,
    /// The resolver answers for every name.
    Anything,
}

/// The names that cannot exist, and what the DNS said of them.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    /// A label that nobody registered: 64 random bits.
    label: String,
    answers: BTreeMap<(HeloName, Family), Option<Answer<IpAddr>>>,
}

impl Default for Probes {
    fn default() -> Self {
        // The standard library draws the keys of a map at random; two states differ.
        let random = RandomState::new().hash_one("probe");
        Self {
            label: format!("nx-{random:016x}"),
            answers: BTreeMap::new(),
        }
    }
}

impl Probes {
    /// Returns what must be asked, once the facts are known: each question once.
    pub(super) fn due(
        &mut self,
        gathered: &Gathered,
        facts: &Facts,
        policy: &dyn FallbackPolicy,
    ) -> Vec<(HeloName, Family)> {
        let mut due = Vec::new();
        for (raw, name) in gathered.raw.iter().filter_map(named) {
            let candidate = Candidate::new(name.clone(), raw.source);
            for client in gathered.clients_or_none() {
                let about = ClientFinding::new(client, find(name, client, facts));
                let decide = |about| gathered.decide(policy, &candidate, about);
                // What is sent whatever its addresses are does not rest on them.
                let without_address = ClientFinding::new(client, Finding::NoAddress);
                if !is_unconfirmed(name, about, facts)
                    || decide(about) == decide(without_address)
                    || has_better(client, gathered, facts)
                {
                    continue;
                }
                let Some(family) = family_found(name, client, facts) else {
                    continue;
                };
                for probe in self.names(name) {
                    let question = (probe, family);
                    if !self.answers.contains_key(&question) {
                        self.answers.insert(question.clone(), None);
                        due.push(question);
                    }
                }
            }
        }
        due
    }

    /// Takes the answers out of the facts: they are about no name that anybody has.
    pub(super) fn take_answers(&mut self, facts: &mut Facts) {
        for ((name, family), answer) in &mut self.answers {
            if let Some(taken) = facts.take_addresses(name.as_str(), *family) {
                *answer = Some(taken);
            }
        }
    }

    /// Returns how a name exists of which this was found: by itself, when one client address
    /// confirms it.
    pub(super) fn existence(
        &self,
        name: &HeloName,
        findings: &[ClientFinding],
        facts: &Facts,
    ) -> Existence {
        if findings
            .iter()
            .any(|about| is_confirmed(name, *about, facts))
        {
            return Existence::ByItself;
        }
        let each = findings.iter();
        each.map(|about| self.existence_for(name, *about, facts))
            .max()
            .unwrap_or(Existence::ByItself)
    }

    /// Returns how a name exists of which something was found for a client address.
    pub(super) fn existence_for(
        &self,
        name: &HeloName,
        about: ClientFinding,
        facts: &Facts,
    ) -> Existence {
        if !is_unconfirmed(name, about, facts) {
            return Existence::ByItself;
        }
        let Some(family) = family_found(name, about.client, facts) else {
            return Existence::ByItself;
        };
        let [below, elsewhere] = self.names(name).map(|probe| self.records(probe, family));
        let own = facts.addresses(name.as_str(), family);
        let own = own.map(Answer::records).unwrap_or_default();
        if !elsewhere.is_empty() {
            Existence::Anything
        } else if below.iter().any(|address| own.contains(address)) {
            Existence::Wildcard
        } else {
            Existence::ByItself
        }
    }

    fn records(&self, probe: HeloName, family: Family) -> &[IpAddr] {
        let answer = self.answers.get(&(probe, family));
        answer
            .and_then(Option::as_ref)
            .map(Answer::records)
            .unwrap_or_default()
    }

    /// The name below the parent domain of a name, and the one below another top-level domain. They
    /// are the name itself where the parent leaves no room for a label: nothing is asked anew then.
    fn names(&self, name: &HeloName) -> [HeloName; 2] {
        let parent = name
            .as_str()
            .split_once('.')
            .map_or("", |(_, parent)| parent);
        let other = match name.labels().next_back() {
            Some("com") => "net",
            _ => "com",
        };
        [parent, other].map(|domain| {
            let probe = HeloName::parse(&format!("{}.{domain}", self.label));
            probe.unwrap_or_else(|_| name.clone())
        })
    }
}

fn named(raw: &Raw) -> Option<(&Raw, &HeloName)> {
    raw.name()
        .filter(|name| name.is_domain())
        .map(|name| (raw, name))
}

/// Returns whether a finding is good, and rests on the name's own records alone: the PTR record of
/// the client address does not name it, or nobody knows whether it does.
fn is_unconfirmed(name: &HeloName, about: ClientFinding, facts: &Facts) -> bool {
    match (about.finding, about.client) {
        (Finding::Resolves, _) => name.is_domain(),
        (Finding::Match, Some(client)) if name.is_domain() && is_verifiable(client) => facts
            .names(client)
            .is_some_and(|answer| !names_hold(answer, name)),
        _ => false,
    }
}

/// Returns whether the PTR record of the client address names what has the address: it exists by
/// itself, whatever a resolver says of other names.
fn is_confirmed(name: &HeloName, about: ClientFinding, facts: &Facts) -> bool {
    let names = about.client.and_then(|client| facts.names(client));
    about.finding == Finding::Match && names.is_some_and(|answer| names_hold(answer, name))
}

/// Returns whether a PTR name of the client address leads back to it, or still may: that name comes
/// first, so nothing rests on others.
fn has_better(client: Option<IpAddr>, gathered: &Gathered, facts: &Facts) -> bool {
    let Some(client) = client.filter(|_| gathered.names_wanted == NamesWanted::Derived) else {
        return false;
    };
    let Some(answer) = facts.names(client) else {
        return false;
    };
    let names = ordered_names(answer, &gathered.own);
    let mut names = names.iter().take(MAX_CONFIRMED);
    names.any(|name| {
        let is_pending = facts.addresses(name.as_str(), Family::of(client)).is_none();
        is_pending || find(name, Some(client), facts) == Finding::Match
    })
}

/// The family in which a name was found: the client's, or the first with an address. Until A is
/// answered nobody knows which is the first: two probes are enough.
fn family_found(name: &HeloName, client: Option<IpAddr>, facts: &Facts) -> Option<Family> {
    let families = match client {
        Some(client) => vec![Family::of(client)],
        None => Family::ALL.to_vec(),
    };
    for family in families {
        let answer = facts.addresses(name.as_str(), family)?;
        if !answer.records().is_empty() {
            return Some(family);
        }
    }
    None
}
