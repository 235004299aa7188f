//! What was considered: client addresses, candidates, and the reason for each decision.

use std::fmt;
use std::net::IpAddr;

use crate::candidate::{Candidate, Source};
use crate::dns::{Facts, Outcome};
use crate::escape::list;
use crate::kinds::kinds;
use crate::name::{HeloName, InvalidHeloName, InvalidHeloNameKind, Scope};
use crate::plan::Attempt;
use crate::policy::Decision;
use crate::resolve::gather::{ClientAddress, ClientOrigin};
use crate::resolve::probe::Existence;
use crate::sanitize::{Repair, Unusable, UnusableKind};
use crate::verify::{ClientFinding, Finding, Forward, Iprev, Reverse, iprev};

/// An address that servers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub(super) address: IpAddr,
    pub(super) origin: ClientOrigin,
    pub(super) reverse: Option<Reverse>,
    pub(super) iprev: Option<Iprev>,
}

impl Client {
    pub(super) fn new(client: &ClientAddress, facts: &Facts) -> Self {
        let &ClientAddress { address, origin } = client;
        Self {
            address,
            origin,
            reverse: Reverse::from(address, facts),
            iprev: iprev(address, facts),
        }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Returns how it came to be known.
    #[must_use]
    pub fn origin(&self) -> ClientOrigin {
        self.origin
    }

    /// Returns what the DNS says its names are; `None` if it is not public, and so was not asked
    /// for.
    #[must_use]
    pub fn reverse(&self) -> Option<&Reverse> {
        self.reverse.as_ref()
    }

    /// Returns whether its names lead back to it; `None` when that was not asked for.
    #[must_use]
    pub fn iprev(&self) -> Option<Iprev> {
        self.iprev
    }

    pub(super) fn has_no_ptr(&self) -> bool {
        self.reverse.as_ref().is_some_and(|reverse| {
            matches!(
                reverse.answer.outcome(),
                Outcome::NoData | Outcome::NxDomain
            )
        })
    }
}

/// Something that was considered as a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    pub(super) source: Source,
    pub(super) raw: String,
    pub(super) argument: Option<Vec<u8>>,
    pub(super) repairs: Vec<Repair>,
    pub(super) name: Option<HeloName>,
    pub(super) lookups: Vec<Forward>,
    pub(super) findings: Vec<ClientFinding>,
    pub(super) existence: Existence,
    pub(super) decision: Decision,
    pub(super) reason: Reason,
}

impl Considered {
    pub(super) fn refused(source: Source, raw: String, reason: Reason) -> Self {
        Self {
            source,
            raw,
            argument: None,
            repairs: Vec::new(),
            name: None,
            lookups: Vec::new(),
            findings: Vec::new(),
            existence: Existence::ByItself,
            decision: Decision::Reject,
            reason,
        }
    }

    /// Returns where it came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Returns the raw text, escaped and cut.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns what was repaired in it.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Returns the name; `None` if this source gave no name that may be sent.
    #[must_use]
    pub fn name(&self) -> Option<&HeloName> {
        self.name.as_ref()
    }

    /// Returns what the DNS said about the name.
    #[must_use]
    pub fn lookups(&self) -> &[Forward] {
        &self.lookups
    }

    /// Returns the findings, one for each client address; one without an address when none is
    /// known.
    #[must_use]
    pub fn findings(&self) -> &[ClientFinding] {
        &self.findings
    }

    /// Returns what was decided.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Returns why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What would be sent: the name, or by a mailer that does not check it, the raw text.
    #[cfg(feature = "receivers")]
    pub(crate) fn argument(&self) -> Option<&[u8]> {
        let name = self.name.as_ref().map(|name| name.as_str().as_bytes());
        name.or(self.argument.as_deref())
    }

    /// Where it came from and its raw text, for a line of a report.
    pub(crate) fn what(&self) -> String {
        match self.reason.kind {
            ReasonKind::NotAsked | ReasonKind::NotShown => format!("{}, {}", self.source, self.raw),
            _ => format!("{} \"{}\"", self.source, self.raw),
        }
    }

    pub(super) fn has_finding(&self, wanted: Finding) -> bool {
        self.findings.iter().any(|about| about.finding == wanted)
    }

    pub(super) fn has_unknown(&self) -> bool {
        self.has_finding(Finding::Unknown)
    }

    pub(super) fn attempt(&self) -> Option<Attempt> {
        let candidate = Candidate::new(self.name.clone()?, self.source);
        Some(Attempt::new(
            candidate,
            self.decision,
            self.findings.clone(),
        ))
    }
}

/// Why something was decided about a candidate: a kind for code, and a sentence for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    kind: ReasonKind,
    text: String,
    pub(super) suggestion: Option<HeloName>,
}

kinds! {
    /// What a decision about a candidate rests on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum ReasonKind {
        /// What the DNS answers mean: the best finding, if there are several client addresses.
        Finding(finding: Finding) = finding.as_str();
        /// A PTR name that is not legal.
        Illegal(kind: InvalidHeloNameKind) = kind.as_str();
        /// An address literal: there is nothing to look up.
        Literal = "literal";
        /// PTR names after the first ten, which are not looked up.
        NotAsked = "not-asked";
        /// Illegal PTR names after the first ten.
        NotShown = "not-shown";
        /// Raw text that gives no name that may be sent.
        Unusable(kind: UnusableKind) = kind.as_str();
    }
}

impl Reason {
    fn new(kind: ReasonKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            suggestion: None,
        }
    }

    pub(super) fn unusable(unusable: &Unusable) -> Self {
        let mut reason = Self::new(ReasonKind::Unusable(unusable.kind()), unusable.to_string());
        reason.suggestion = unusable.suggestion().cloned();
        reason
    }

    pub(super) fn illegal(invalid: &InvalidHeloName) -> Self {
        let text = match invalid.kind() {
            // Advice on what to write would be wrong here: the record is somebody else's, and may
            // have any octets.
            InvalidHeloNameKind::BadCharacter | InvalidHeloNameKind::BareAddress => {
                "the PTR record is not a host name".to_owned()
            }
            _ => invalid.to_string(),
        };
        Self::new(ReasonKind::Illegal(invalid.kind()), text)
    }

    pub(super) fn literal(decision: Decision) -> Self {
        let text = match decision {
            Decision::Reject => "the policy accepts no literal of this address",
            Decision::Permit | Decision::Hold => {
                "the literal of the client address is the last resort"
            }
        };
        Self::new(ReasonKind::Literal, text)
    }

    /// Why a name that is not public is sent anyway.
    pub(super) fn not_public(server: Option<Scope>) -> Self {
        let text = match server {
            Some(Scope::Private | Scope::Loopback) => {
                "it is not a public name, and the server is not public either"
            }
            _ => "it is not a public name, and the policy accepts it anyway",
        };
        Self::new(ReasonKind::Finding(Finding::NotPublic), text)
    }

    /// Why a name that a resolver knows, as it knows every name, proves nothing.
    pub(super) fn answers_everything() -> Self {
        let text = "the resolver answers for names that do not exist, too";
        Self::new(ReasonKind::Finding(Finding::Unknown), text)
    }

    pub(super) fn not_shown() -> Self {
        Self::new(ReasonKind::NotShown, "only ten are shown")
    }

    pub(super) fn not_asked() -> Self {
        Self::new(ReasonKind::NotAsked, "only ten are looked up")
    }

    pub(super) fn findings(
        name: &HeloName,
        findings: &[ClientFinding],
        decision: Decision,
    ) -> Self {
        let clauses: Vec<String> = match findings {
            [about] => vec![about.finding.about(name, about.client)],
            _ => grouped(name, findings),
        };
        let best = findings.iter().map(|about| about.finding).min();
        let best = best.unwrap_or(Finding::Unknown);
        let mut text = clauses.join(", ");
        if decision == Decision::Reject && best.is_good() {
            text = format!("the policy rejects it, although {text}");
        }
        Self::new(ReasonKind::Finding(best), text)
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ReasonKind {
        self.kind
    }
}

/// How many client addresses a clause names.
const NAMED: usize = 2;

/// Returns what was found, a clause for each kind of finding, with the client addresses it is about.
fn grouped(name: &HeloName, findings: &[ClientFinding]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<IpAddr>)> = Vec::new();
    for about in findings {
        let clause = about.finding.about(name, about.client);
        let same = groups.iter_mut().find(|(other, _)| *other == clause);
        match same {
            Some((_, addresses)) => addresses.extend(about.client),
            None => groups.push((clause, about.client.into_iter().collect())),
        }
    }
    let written = groups.into_iter().map(|(clause, addresses)| {
        let (named, others) = addresses.split_at(addresses.len().min(NAMED));
        match others.len() {
            0 => format!("{clause} ({})", list(named)),
            more => format!("{clause} ({} and {more} more)", list(named)),
        }
    });
    written.collect()
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
