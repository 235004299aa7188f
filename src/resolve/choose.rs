//! From decisions to a choice: the order (R21), how long it holds (R23), and what to do when there
//! is no name. Pure.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::candidate::{Candidate, Source};
use crate::dns::{Answer, Facts};
use crate::name::{Scope, generic_reason, is_verifiable};
use crate::plan::{Attempt, Plan};
use crate::policy::{Decision, Submission};
use crate::resolve::advise::{Advice, warnings};
use crate::resolve::considered::{Client, Considered};
use crate::resolve::error::{Cure, EXAMPLE, Failure, ResolveError, ResolveErrorKind};
use crate::resolve::gather::{ClientIs, Gathered};
use crate::resolve::judge::Judge;
use crate::resolve::probe::Existence;
use crate::resolve::ptr_names::preference;
use crate::resolve::warning::Warning;
use crate::verify::{Finding, names_hold};

/// A choice that rests on anything not known is looked at again this soon (R23), and none sooner: a
/// TTL of zero is a promise about records, too.
const SOONEST: Duration = Duration::from_secs(60);

/// The longest that a choice is valid: long TTLs are a promise about records, not about this
/// machine.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The names to try, or why there are none, and how it came about.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) clients: Vec<Client>,
    pub(super) considered: Vec<Considered>,
    pub(super) plan: Result<Plan, ResolveError>,
    pub(super) provisional: bool,
    pub(super) valid_until: Instant,
    pub(super) warnings: Vec<Warning>,
}

/// Judges everything gathered, and chooses. `name_servers` are those that left something open.
pub(super) fn choose(judge: &Judge<'_>, name_servers: &[SocketAddr]) -> Choice {
    let Judge {
        gathered, facts, ..
    } = *judge;
    let considered = judge.considered();
    let clients = gathered.clients.iter();
    let clients: Vec<Client> = clients.map(|client| Client::new(client, facts)).collect();
    let chooser = Chooser {
        gathered,
        name_servers,
        facts,
        clients: &clients,
    };
    let plan = chooser.plan(&considered);
    let first = plan.as_ref().ok().map(Plan::first);
    let provisional = first.is_some_and(|first| chooser.is_provisional(first));
    let longest = if provisional || plan.is_err() {
        SOONEST
    } else {
        LONGEST
    };
    let advice = Advice {
        gathered,
        facts,
        considered: &considered,
        clients: &clients,
        provisional,
    };
    Choice {
        warnings: warnings(&advice, first),
        valid_until: Instant::now()
            + facts
                .shortest_ttl()
                .unwrap_or(longest)
                .clamp(SOONEST, longest),
        clients,
        considered,
        plan,
        provisional,
    }
}

/// The order of sources (R21).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Operator,
    /// A verified name of the host that is a PTR name too.
    HostInPtr,
    Ptr,
    Host,
    SenderDomain,
    Fallback,
    Literal,
}

struct Chooser<'a> {
    gathered: &'a Gathered,
    /// The name servers to look at, when the DNS did not say something.
    name_servers: &'a [SocketAddr],
    facts: &'a Facts,
    clients: &'a [Client],
}

impl Chooser<'_> {
    fn plan(&self, considered: &[Considered]) -> Result<Plan, ResolveError> {
        let is_refused = |considered: &&Considered| considered.decision == Decision::Reject;
        let is_operators = |considered: &&Considered| considered.source.is_operator();
        if let Some(operators) = considered.iter().find(is_operators).filter(is_refused) {
            return Err(self.refuse_operators(operators));
        }
        let usable = considered.iter().filter(|other| !is_refused(other));
        let mut usable: Vec<&Considered> = usable.collect();
        usable.sort_by_key(|considered| self.rank(considered));
        let attempts = usable.into_iter().filter_map(Considered::attempt);
        Plan::of(attempts).ok_or_else(|| self.nothing_usable(considered))
    }

    /// R21, as a key: less is better. The sort is stable, and candidates come in the order of their
    /// sources.
    fn rank(&self, considered: &Considered) -> impl Ord + use<> {
        let name = considered.name.as_ref();
        let is_generic = name.is_some_and(|name| generic_reason(name).is_some());
        let is_verified = considered.has_finding(Finding::Match);
        let mut findings = considered.findings.iter();
        let misses_some = findings.any(|about| about.finding != Finding::Match);
        let place = match considered.source {
            Source::Configured | Source::Environment => Place::Operator,
            Source::HostName | Source::Mailname | Source::Qualified(_) => {
                if is_verified && self.is_ptr_name(considered) {
                    Place::HostInPtr
                } else {
                    Place::Host
                }
            }
            Source::Ptr(_) => Place::Ptr,
            Source::SenderDomain => Place::SenderDomain,
            Source::Fallback => Place::Fallback,
            Source::Literal(_) => Place::Literal,
        };
        let last_resort = match place {
            Place::Literal => 2,
            Place::Fallback => 1,
            _ => 0,
        };
        let ptr = name.filter(|_| place == Place::Ptr);
        let ptr = ptr.map(|name| preference(name, &self.gathered.own));
        (
            place != Place::Operator,
            considered.decision,
            last_resort,
            considered.existence == Existence::Wildcard,
            is_generic,
            misses_some,
            place,
            ptr,
        )
    }

    fn is_ptr_name(&self, considered: &Considered) -> bool {
        let Some(name) = &considered.name else {
            return false;
        };
        let addresses = self.gathered.client_addresses();
        let mut answers = addresses.filter_map(|address| self.facts.names(address));
        answers.any(|answer| names_hold(answer, name))
    }

    /// The operator's name rests on what the DNS says about it; a derived name, on all that was
    /// asked (R23).
    fn is_provisional(&self, first: &Attempt) -> bool {
        let mut findings = first.findings().iter();
        let rests_on_unknown = findings.any(|about| about.finding == Finding::Unknown);
        let is_open =
            self.facts.has_not_known() || self.gathered.client_is == ClientIs::NotKnownYet;
        rests_on_unknown || (!first.source().is_operator() && is_open)
    }

    fn refuse_operators(&self, considered: &Considered) -> ResolveError {
        let kind = if considered.has_unknown() {
            ResolveErrorKind::TryAgain
        } else {
            ResolveErrorKind::Configuration
        };
        ResolveError::new(Failure {
            kind,
            considered: vec![considered.clone()],
            clients: Vec::new(),
            name_servers: self.name_servers.to_vec(),
            cure: self.cure_for(considered),
        })
    }

    /// What would make the operator's refused name acceptable, or a name in its place.
    fn cure_for(&self, considered: &Considered) -> Cure {
        if let Some(suggestion) = &considered.reason.suggestion {
            return Cure::SetName {
                example: suggestion.clone(),
                instead_of: Some(considered.source),
                client: None,
            };
        }
        if let Some(cure) = ask_outside(considered) {
            return cure;
        }
        let client = self.public_client();
        let is_verified = considered.has_finding(Finding::Match);
        let name = considered.name.as_ref();
        let public = name.filter(|name| name.scope() == Scope::Public);
        match (public, client) {
            (Some(_), None) => Cure::GiveClientAddress,
            (Some(name), Some(address)) if name.is_domain() && !is_verified => Cure::AddRecord {
                name: name.clone(),
                address,
            },
            _ => Cure::SetName {
                example: EXAMPLE,
                instead_of: Some(considered.source),
                client,
            },
        }
    }

    fn nothing_usable(&self, considered: &[Considered]) -> ResolveError {
        let mut addresses = self.gathered.client_addresses();
        let names = |address| self.facts.names(address);
        let is_open = considered.iter().any(Considered::has_unknown)
            || self.gathered.client_is == ClientIs::NotKnownYet
            || addresses.any(|address| names(address).is_some_and(Answer::is_not_known));
        ResolveError::new(Failure {
            kind: if is_open {
                ResolveErrorKind::TryAgain
            } else {
                ResolveErrorKind::NoUsableName
            },
            considered: considered.to_vec(),
            clients: self.clients.to_vec(),
            name_servers: self.name_servers.to_vec(),
            cure: considered
                .iter()
                .find_map(ask_outside)
                .or_else(|| self.use_submission(considered))
                .unwrap_or(Cure::SetName {
                    example: EXAMPLE,
                    instead_of: None,
                    client: self.public_client(),
                }),
        })
    }

    /// Towards a private or loopback server, [`Submission`] may send what the policy rejects: a
    /// private name, or a literal.
    fn use_submission(&self, considered: &[Considered]) -> Option<Cure> {
        let is_near = matches!(self.gathered.server, Some(Scope::Private | Scope::Loopback));
        let mut attempts = considered.iter().filter_map(Considered::attempt);
        let would_be_sent = |attempt: Attempt| {
            let candidate = Candidate::new(attempt.name().clone(), attempt.source());
            let mut findings = attempt.findings().iter();
            findings.any(|about| {
                let decision = self.gathered.decide(&Submission, &candidate, *about);
                decision != Decision::Reject
            })
        };
        (is_near && attempts.any(would_be_sent)).then_some(Cure::UseSubmission)
    }

    fn public_client(&self) -> Option<IpAddr> {
        self.gathered
            .client_addresses()
            .find(|&address| is_verifiable(address))
    }
}

/// What would make a name with private addresses acceptable: the view from outside.
fn ask_outside(considered: &Considered) -> Option<Cure> {
    let name = considered.name.as_ref()?;
    let is_inside = considered.has_finding(Finding::Inside);
    is_inside.then(|| Cure::AskOutside(name.clone()))
}
