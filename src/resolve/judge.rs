//! From facts to decisions: each candidate gets its findings, and the policy decides about it.
//! Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::candidate::{Candidate, Source};
use crate::dns::{Facts, Family, PtrText};
use crate::name::{HeloName, Scope};
use crate::policy::{Decision, FallbackPolicy};
use crate::resolve::considered::{Considered, Reason};
use crate::resolve::gather::{Gathered, NamesWanted, Raw};
use crate::resolve::probe::{Existence, Probes};
use crate::resolve::ptr_names::{is_candidate, ordered_names};
use crate::sanitize::Unusable;
use crate::verify::{ClientFinding, Finding, MAX_CONFIRMED, find, lookups};

/// What candidates are judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) facts: &'a Facts,
    pub(super) probes: &'a Probes,
    pub(super) policy: &'a dyn FallbackPolicy,
}

impl Judge<'_> {
    /// Judges everything gathered, in the order of the sources.
    pub(super) fn considered(&self) -> Vec<Considered> {
        let raw = self.gathered.raw.iter().map(|raw| self.raw(raw));
        let mut considered: Vec<Considered> = raw.collect();
        if self.gathered.names_wanted == NamesWanted::Derived {
            let addresses = self.gathered.client_addresses();
            let ptr: Vec<_> = addresses
                .flat_map(|address| self.ptr_names(address))
                .collect();
            let literals = self.literals(&ptr);
            considered.extend(ptr);
            considered.extend(literals);
        }
        considered
    }

    fn raw(&self, raw: &Raw) -> Considered {
        let (name, repairs) = match &raw.sanitized {
            Ok(sanitized) => sanitized,
            Err(unusable) => {
                let reason = Reason::unusable(unusable);
                let mut refused = Considered::refused(raw.source, raw.text.clone(), reason);
                refused.argument.clone_from(&raw.argument);
                return refused;
            }
        };
        let candidate = Candidate::new(name.clone(), raw.source);
        let mut considered = self.candidate(&candidate, raw.text.clone());
        considered.repairs.clone_from(repairs);
        if let Some(caveat) = &raw.caveat {
            let is_verified = considered.has_finding(Finding::Match);
            match considered.decision {
                Decision::Reject => considered.reason = Reason::unusable(caveat),
                Decision::Permit | Decision::Hold if is_verified => {}
                Decision::Permit | Decision::Hold => {
                    considered.reason = Reason::not_public(self.gathered.server);
                }
            }
        }
        considered
    }

    /// Judges a candidate for each client address: the best decision counts, and each finding is
    /// kept.
    fn candidate(&self, candidate: &Candidate, raw: String) -> Considered {
        let (name, source) = (candidate.name(), candidate.source());
        let clients = match source {
            Source::Literal(address) => vec![Some(address)], // no name of any other
            _ => self.gathered.clients_or_none(),
        };
        let found = |&client| ClientFinding::new(client, find(name, client, self.facts));
        let mut findings: Vec<_> = clients.iter().map(found).collect();
        let existence = self.probes.existence(name, &findings, self.facts);
        for about in &mut findings {
            let existence = self.probes.existence_for(name, *about, self.facts);
            if existence == Existence::Anything {
                about.finding = Finding::Unknown;
            }
        }
        let decisions = findings
            .iter()
            .map(|about| self.gathered.decide(self.policy, candidate, *about));
        let mut decision = decisions.min().unwrap_or(Decision::Reject);
        let reason = match (source, existence) {
            (Source::Literal(_), _) => Reason::literal(decision),
            (_, Existence::Anything) => Reason::answers_everything(),
            _ => Reason::findings(name, &findings, decision),
        };
        // R31: not even to be held, as nothing says that the name exists at all; but what is sent
        // without an address still is.
        if existence == Existence::Anything {
            let without = ClientFinding::new(None, Finding::NoAddress);
            decision = decision.max(self.gathered.decide(self.policy, candidate, without));
        }
        // One client address for each family is enough: the answers are the same for the others.
        let mut families = BTreeSet::new();
        let is_new = |client: &Option<IpAddr>| families.insert(client.map(Family::of));
        let lookups = clients
            .into_iter()
            .filter(is_new)
            .flat_map(|client| lookups(name, client, self.facts));
        Considered {
            source,
            raw,
            argument: None,
            repairs: Vec::new(),
            name: Some(name.clone()),
            lookups: lookups.collect(),
            findings,
            existence,
            decision,
            reason,
        }
    }

    /// The PTR names of an address: the legal and public ones in their order, then what is refused.
    fn ptr_names(&self, address: IpAddr) -> Vec<Considered> {
        let Some(answer) = self.facts.names(address) else {
            return Vec::new();
        };
        let source = Source::Ptr(address);
        let mut considered = Vec::new();
        let mut not_asked = 0_usize;
        for name in ordered_names(answer, &self.gathered.own) {
            let answer = self.facts.addresses(name.as_str(), Family::of(address));
            if answer.is_some() {
                let text = name.to_string();
                considered.push(self.candidate(&Candidate::new(name, source), text));
            } else {
                not_asked += 1;
            }
        }
        if not_asked > 0 {
            let text = format!("{not_asked} more PTR names");
            considered.push(Considered::refused(source, text, Reason::not_asked()));
        }
        considered.extend(refused_ptr_names(source, answer.records()));
        considered
    }

    /// The literals of the client addresses that may be sent at all (R22, R23).
    fn literals(&self, ptr_names: &[Considered]) -> Vec<Considered> {
        let mut literals = Vec::new();
        for address in self.gathered.client_addresses() {
            let is_candidate = match Scope::of_address(address) {
                Scope::Public => self.has_no_ptr_name(address, ptr_names),
                scope @ (Scope::Private | Scope::Loopback) => self.gathered.server == Some(scope),
                Scope::Reserved => false,
            };
            if is_candidate && let Ok(name) = HeloName::try_from(address) {
                let text = name.to_string();
                let candidate = Candidate::new(name, Source::Literal(address));
                literals.push(self.candidate(&candidate, text));
            }
        }
        literals
    }

    /// R23: whether the DNS *answered* that the PTR gives no usable name.
    fn has_no_ptr_name(&self, address: IpAddr, ptr_names: &[Considered]) -> bool {
        let answer = self.facts.names(address);
        let is_answered = answer.is_some_and(|answer| !answer.is_not_known());
        let is_usable = |considered: &Considered| {
            considered.decision != Decision::Reject || considered.has_unknown()
        };
        let mut of_address = ptr_names
            .iter()
            .filter(|considered| considered.source == Source::Ptr(address));
        is_answered && !of_address.any(is_usable)
    }
}

/// The PTR names that are no candidates, in the order of their texts; the first few are shown.
fn refused_ptr_names(source: Source, names: &[PtrText]) -> Vec<Considered> {
    let mut refused: Vec<_> = names.iter().filter_map(refuse_ptr).collect();
    refused.sort_by(|a, b| a.0.cmp(&b.0));
    let not_shown = refused.len().saturating_sub(MAX_CONFIRMED);
    refused.truncate(MAX_CONFIRMED);
    if not_shown > 0 {
        let text = format!("{not_shown} more PTR names that EHLO may not carry");
        refused.push((text, Reason::not_shown()));
    }
    let considered = |(text, reason)| Considered::refused(source, text, reason);
    refused.into_iter().map(considered).collect()
}

/// Why a PTR name is no candidate: illegal, or legal and not public. `None` for one that is.
fn refuse_ptr(text: &PtrText) -> Option<(String, Reason)> {
    let reason = match text.to_name() {
        Err(invalid) => Reason::illegal(&invalid),
        Ok(name) if is_candidate(&name) => return None,
        Ok(name) if name.scope() == Scope::Public => {
            Reason::unusable(&Unusable::mailbox_domain(name))
        }
        Ok(name) => Reason::unusable(&Unusable::of_name(name)),
    };
    Some((text.excerpt(), reason))
}
