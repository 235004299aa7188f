//! From facts to a choice: findings, the policy's decisions, the order (R20 to R23). Pure.

use super::Again;
use super::ask::{self, Facts, clients_or_none};
use super::error::{Cure, EXAMPLE, ResolveError, ResolveErrorKind};
#[cfg(feature = "receivers")]
use super::forecast;
use super::gather::{ClientIs, Gathered, NamesWanted, Raw, is_fit_for};
use super::report::{Client, Considered, Reason, Resolution};
use super::warning::Warning;
use crate::candidate::{Candidate, Source};
use crate::dns::{Family, Outcome, PtrText};
use crate::name::HeloName;
use crate::name::{Scope, generic_reason, is_verifiable};
use crate::plan::{Attempt, Plan};
use crate::policy::{Decision, FallbackPolicy, Judged};
use crate::sanitize::sanitize;
use crate::verify::{Finding, MAX_CONFIRMED, Reverse, finding_of, names_hold};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A choice that rests on anything not known is looked at again this soon (R23).
const PROVISIONAL: Duration = Duration::from_secs(60);

/// The longest that a choice is held for good: long TTLs are a promise about records, not about this machine.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Judges everything gathered, and chooses. `silent` are the name servers that left something open.
pub(super) fn choose(
    gathered: &Gathered,
    facts: &Facts,
    policy: &dyn FallbackPolicy,
    again: Arc<dyn Again>,
    silent: Vec<SocketAddr>,
) -> Resolution {
    let judge = Judge {
        gathered,
        asked: &silent,
        facts,
        policy,
    };
    let mut considered: Vec<Considered> = gathered.raw.iter().map(|raw| judge.raw(raw)).collect();
    if gathered.names_wanted == NamesWanted::Derived {
        let ptr: Vec<Considered> = gathered
            .clients
            .iter()
            .flat_map(|&(address, _)| judge.ptr_names(address))
            .collect();
        let literals = judge.literals(&ptr);
        considered.extend(ptr);
        considered.extend(literals);
    }
    let plan = judge.plan(&considered);
    let clients: Vec<Client> = judge.clients();
    let mut warnings = gathered.warnings.clone();
    if clients.is_empty() {
        warnings.push(Warning::NoClientAddress);
    }
    let addresses = clients.iter().map(Client::address);
    let unfit = addresses.filter(|&address| !is_fit_for(address, gathered.server));
    warnings.extend(unfit.map(Warning::ClientAddressNotPublic));
    let mut provisional = false;
    if let Ok(plan) = &plan {
        provisional = judge.is_provisional(plan.first());
        warnings.extend(judge.warnings_about(plan.first()));
        if provisional {
            warnings.push(Warning::Provisional);
        }
    }
    warnings.extend(
        clients
            .iter()
            .filter(|client| client.has_no_ptr())
            .map(|client| Warning::NoPtr(client.address())),
    );
    let longest = match provisional || plan.is_err() {
        true => PROVISIONAL,
        false => LONGEST,
    };
    let valid_until = Instant::now() + facts.shortest_ttl().unwrap_or(longest).min(longest);
    Resolution {
        again,
        clients,
        #[cfg(feature = "receivers")]
        forecasts: forecast::forecast(gathered, facts, &considered, plan.as_ref().ok()),
        considered,
        plan,
        provisional,
        valid_until,
        warnings,
        asked: silent,
    }
}

struct Judge<'a> {
    gathered: &'a Gathered,
    /// The name servers to look at, when the DNS did not say something.
    asked: &'a [SocketAddr],
    facts: &'a Facts,
    policy: &'a dyn FallbackPolicy,
}

impl Judge<'_> {
    fn raw(&self, raw: &Raw) -> Considered {
        match &raw.sanitized {
            Err(unusable) => {
                let reason = Reason::unusable(unusable);
                let mut refused = Considered::refused(raw.source, raw.text.clone(), reason);
                refused.argument.clone_from(&raw.argument);
                refused
            }
            Ok((name, repairs)) => {
                let candidate = Candidate::new(name.clone(), raw.source);
                let mut considered = self.candidate(&candidate, raw.text.clone());
                considered.repairs.clone_from(repairs);
                if let Some(caveat) = &raw.caveat {
                    considered.reason = match considered.decision {
                        Decision::Reject => Reason::unusable(caveat),
                        Decision::Permit | Decision::Hold => {
                            Reason::not_public(self.gathered.server)
                        }
                    };
                }
                considered
            }
        }
    }

    /// Judges a candidate for each client address: the best decision counts, and each finding is kept.
    fn candidate(&self, candidate: &Candidate, raw: String) -> Considered {
        let clients = match candidate.source() {
            Source::Literal(address) => vec![Some(address)], // no name of any other
            _ => clients_or_none(self.gathered),
        };
        let mut lookups = Vec::new();
        let mut findings = Vec::new();
        let mut decision = Decision::Reject;
        for client in clients {
            let about = self.facts.about(candidate.name(), client);
            let finding = finding_of(candidate.name(), client, &about);
            decision = decision.min(self.decide(candidate, client, finding));
            findings.push((client, finding));
            lookups.extend(about);
        }
        let reason = match candidate.source() {
            Source::Literal(_) => Reason::literal(decision),
            _ => Reason::findings(candidate.name(), &findings, decision),
        };
        Considered {
            source: candidate.source(),
            raw,
            argument: None,
            repairs: Vec::new(),
            name: Some(candidate.name().clone()),
            lookups,
            findings,
            decision,
            reason,
        }
    }

    fn decide(&self, candidate: &Candidate, client: Option<IpAddr>, finding: Finding) -> Decision {
        let mut judged = Judged::new(candidate, finding);
        if let Some(client) = client {
            judged = judged.for_client(client);
        }
        if let Some(server) = self.gathered.server {
            judged = judged.towards(server);
        }
        self.policy.judge(&judged)
    }

    /// The PTR names of an address: the legal and public ones in their order, then what is refused.
    fn ptr_names(&self, address: IpAddr) -> Vec<Considered> {
        let Some(answer) = self.facts.reverse(address) else {
            return Vec::new();
        };
        let source = Source::Ptr(address);
        let mut considered = Vec::new();
        let mut not_asked = 0_usize;
        for name in ask::ordered_names(answer, ask::host_domain(self.gathered).as_deref()) {
            if self.facts.forward(&name, Family::of(address)).is_some() {
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
        let mut refused: Vec<_> = answer.records().iter().filter_map(refuse_ptr).collect();
        refused.sort_by(|a, b| a.0.cmp(&b.0));
        let not_shown = refused.len().saturating_sub(MAX_CONFIRMED);
        for (text, reason) in refused.into_iter().take(MAX_CONFIRMED) {
            considered.push(Considered::refused(source, text, reason));
        }
        if not_shown > 0 {
            let text = format!("{not_shown} more PTR names that EHLO may not carry");
            considered.push(Considered::refused(source, text, Reason::not_shown()));
        }
        considered
    }

    /// The literals of the client addresses, where they may stand for a name at all (R22, R23).
    fn literals(&self, ptr_names: &[Considered]) -> Vec<Considered> {
        let mut literals = Vec::new();
        for &(address, _) in &self.gathered.clients {
            let is_candidate = match Scope::of_address(address) {
                Scope::Public => self.has_no_ptr_name(address, ptr_names),
                scope @ (Scope::Private | Scope::Loopback) => self.gathered.server == Some(scope),
                Scope::Reserved => false,
            };
            if let (true, Ok(name)) = (is_candidate, HeloName::try_from(address)) {
                let text = name.to_string();
                literals
                    .push(self.candidate(&Candidate::new(name, Source::Literal(address)), text));
            }
        }
        literals
    }

    /// R23: whether the DNS *answered* that the PTR gives no usable name.
    fn has_no_ptr_name(&self, address: IpAddr, ptr_names: &[Considered]) -> bool {
        let answered = self
            .facts
            .reverse(address)
            .is_some_and(|answer| answer.why_not_known().is_none());
        let of_address = ptr_names
            .iter()
            .filter(|considered| considered.source == Source::Ptr(address));
        answered
            && of_address.into_iter().all(|considered| {
                considered.decision == Decision::Reject && !considered.has_unknown()
            })
    }

    fn plan(&self, considered: &[Considered]) -> Result<Plan, ResolveError> {
        let operators = considered
            .iter()
            .find(|considered| considered.source.is_operator());
        if let Some(operators) =
            operators.filter(|operators| operators.decision == Decision::Reject)
        {
            return Err(self.refuse_operators(operators));
        }
        let mut usable: Vec<&Considered> = considered
            .iter()
            .filter(|considered| considered.decision != Decision::Reject)
            .collect();
        usable.sort_by_key(|considered| self.rank(considered));
        let attempts = usable.into_iter().filter_map(Considered::attempt);
        Plan::of(attempts).ok_or_else(|| self.nothing_usable(considered))
    }

    /// R21, as a key: less is better. The sort is stable, and candidates come in the order of their sources.
    fn rank(&self, considered: &Considered) -> impl Ord + use<> {
        let is_generic = considered
            .name
            .as_ref()
            .is_some_and(|name| generic_reason(name).is_some());
        let is_verified = considered
            .findings
            .iter()
            .any(|(_, finding)| *finding == Finding::Match);
        let misses_some = considered
            .findings
            .iter()
            .any(|(_, finding)| *finding != Finding::Match);
        let place = match considered.source {
            source if source.is_operator() => 0,
            Source::HostName | Source::Mailname | Source::Qualified(_)
                if is_verified && self.is_ptr_name(considered) =>
            {
                1
            }
            Source::Ptr(_) => 2,
            Source::HostName | Source::Mailname | Source::Qualified(_) => 3,
            Source::Literal(_) => 5,
            _ => 4,
        };
        (
            place != 0,
            considered.decision,
            place == 5,
            is_generic,
            misses_some,
            place,
        )
    }

    fn is_ptr_name(&self, considered: &Considered) -> bool {
        let name = considered.name.as_ref();
        name.is_some_and(|name| {
            self.gathered
                .clients
                .iter()
                .any(|&(address, _)| self.ptr_names_hold(address, name))
        })
    }

    fn ptr_names_hold(&self, address: IpAddr, name: &HeloName) -> bool {
        let answer = self.facts.reverse(address);
        answer.is_some_and(|answer| names_hold(answer, name))
    }

    fn refuse_operators(&self, considered: &Considered) -> ResolveError {
        let kind = if considered.has_unknown() {
            ResolveErrorKind::TryAgain
        } else {
            ResolveErrorKind::Configuration
        };
        ResolveError::new(
            kind,
            vec![considered.clone()],
            Vec::new(),
            self.asked.to_vec(),
            self.cure_for(considered),
        )
    }

    /// What would make an operator's refused name fit, or another in its place.
    fn cure_for(&self, considered: &Considered) -> Cure {
        let client = self.public_client();
        if let Some(suggestion) = &considered.reason.suggestion {
            return Cure::SetName {
                example: suggestion.clone(),
                instead_of: Some(considered.source),
                client: None,
            };
        }
        let is_verified = considered
            .findings
            .iter()
            .any(|(_, finding)| *finding == Finding::Match);
        match (&considered.name, client) {
            (Some(name), None) if name.scope() == Scope::Public => Cure::GiveClientAddress,
            (Some(name), Some(address))
                if name.scope() == Scope::Public && name.is_domain() && !is_verified =>
            {
                Cure::AddRecord {
                    name: name.clone(),
                    address,
                }
            }
            _ => Cure::SetName {
                example: EXAMPLE,
                instead_of: Some(considered.source),
                client,
            },
        }
    }

    fn nothing_usable(&self, considered: &[Considered]) -> ResolveError {
        let reverse = self
            .gathered
            .clients
            .iter()
            .filter_map(|&(address, _)| self.facts.reverse(address));
        let is_open = considered.iter().any(Considered::has_unknown)
            || self.gathered.client_is == ClientIs::NotKnownYet
            || reverse
                .into_iter()
                .any(|answer| answer.why_not_known().is_some());
        let kind = if is_open {
            ResolveErrorKind::TryAgain
        } else {
            ResolveErrorKind::NoUsableName
        };
        let cure = Cure::SetName {
            example: EXAMPLE,
            instead_of: None,
            client: self.public_client(),
        };
        ResolveError::new(
            kind,
            considered.to_vec(),
            self.clients(),
            self.asked.to_vec(),
            cure,
        )
    }

    fn public_client(&self) -> Option<IpAddr> {
        let clients = self.gathered.clients.iter().map(|&(address, _)| address);
        clients.into_iter().find(|&address| is_verifiable(address))
    }

    fn clients(&self) -> Vec<Client> {
        let client = |&(address, origin): &(IpAddr, _)| {
            let reverse = self.facts.reverse(address).map(|answer| Reverse {
                address,
                answer: answer.clone(),
            });
            let iprev = self.facts.iprev(address);
            Client {
                address,
                origin,
                reverse,
                iprev,
            }
        };
        self.gathered.clients.iter().map(client).collect()
    }

    /// What the operator named rests on what the DNS says of it; a derived name, on all that was asked (R23).
    fn is_provisional(&self, first: &Attempt) -> bool {
        let rests_on_unknown = first
            .findings()
            .iter()
            .any(|(_, finding)| *finding == Finding::Unknown);
        let is_open =
            self.facts.has_not_known() || self.gathered.client_is == ClientIs::NotKnownYet;
        rests_on_unknown || (!first.source().is_operator() && is_open)
    }

    fn warnings_about(&self, first: &Attempt) -> Vec<Warning> {
        let name = first.name();
        let mut warnings = Vec::new();
        let is_understood = matches!(self.gathered.server, Some(Scope::Private | Scope::Loopback));
        if name.is_literal() && !is_understood {
            warnings.push(Warning::LiteralSent(name.clone()));
        }
        if let &[(client, finding)] = first.findings() {
            let candidate = Candidate::new(name.clone(), first.source());
            if Judged::new(&candidate, finding).needs_warning(first.decision()) {
                warnings.push(Warning::Unverified {
                    name: name.clone(),
                    client,
                    finding,
                });
            }
        }
        for &(client, finding) in first.findings() {
            if let (true, false, Some(address)) =
                (first.findings().len() > 1, finding.is_good(), client)
            {
                warnings.push(Warning::OtherAddress {
                    name: name.clone(),
                    address,
                    finding,
                });
            }
        }
        if let Some(generic) = generic_reason(name) {
            warnings.push(Warning::Generic {
                name: name.clone(),
                look: generic.to_string(),
            });
        }
        if let Some(target) = self.alias_of(first) {
            warnings.push(Warning::Alias {
                name: name.clone(),
                target,
            });
        }
        for &(address, _) in &self.gathered.clients {
            let found = self.facts.reverse(address).map(|answer| answer.outcome());
            let has_names = matches!(found, Some(Outcome::Found(_)));
            if name.is_domain() && has_names && !self.ptr_names_hold(address, name) {
                warnings.push(Warning::PtrNamesOther {
                    name: name.clone(),
                    address,
                });
            }
        }
        warnings
    }

    fn alias_of(&self, first: &Attempt) -> Option<Box<str>> {
        let answers = Family::ALL
            .iter()
            .filter_map(|&family| self.facts.forward(first.name(), family));
        answers
            .flat_map(|answer| answer.aliases().first())
            .next()
            .cloned()
    }
}

/// Why a PTR name is no candidate: illegal, or legal and not public. `None` for one that is.
fn refuse_ptr(text: &PtrText) -> Option<(String, Reason)> {
    let shown = text.excerpt();
    match text.to_name() {
        Err(invalid) => Some((shown, Reason::illegal(&invalid))),
        Ok(name) if name.scope() == Scope::Public => None,
        Ok(name) => sanitize(name.as_str())
            .err()
            .map(|unusable| (shown, Reason::unusable(&unusable))),
    }
}
