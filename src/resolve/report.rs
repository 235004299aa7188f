//! The outcome, as data and as lines for a log.

use super::Again;
use super::error::ResolveError;
#[cfg(feature = "receivers")]
use super::forecast::Forecast;
use super::warning::Warning;
use crate::candidate::{Candidate, Source};
use crate::dns::{Answer, Outcome};
use crate::escape::Excerpt;
use crate::kinds::kinds;
use crate::name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
use crate::name::{Scope, is_verifiable};
use crate::plan::{Attempt, Plan};
use crate::policy::Decision;
use crate::sanitize::{Repair, Unusable, UnusableKind};
use crate::verify::{Finding, Forward, Iprev, Reverse};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many records of an answer a line shows.
const SHOWN: usize = 5;

/// What was found out: the name or the error, and how it came about.
///
/// `Display` writes it for an operator's log, a line for each client address, candidate and warning, then the choice;
/// the same is here as data.
#[derive(Clone)]
pub struct Resolution {
    pub(super) again: Arc<dyn Again>,
    pub(super) asked: Vec<SocketAddr>,
    pub(super) clients: Vec<Client>,
    pub(super) considered: Vec<Considered>,
    #[cfg(feature = "receivers")]
    pub(super) forecasts: Vec<Forecast>,
    pub(super) plan: Result<Plan, ResolveError>,
    pub(super) provisional: bool,
    pub(super) valid_until: Instant,
    pub(super) warnings: Vec<Warning>,
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution")
            .field("clients", &self.clients)
            .field("considered", &self.considered)
            .field("plan", &self.plan)
            .field("provisional", &self.provisional)
            .field("valid_until", &self.valid_until)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

impl Resolution {
    /// Gives the name to send.
    ///
    /// # Errors
    ///
    /// When there is none: see [`ResolveErrorKind`](super::ResolveErrorKind).
    pub fn name(&self) -> Result<&HeloName, ResolveError> {
        self.plan().map(|plan| plan.first().name())
    }

    /// Takes the name to send.
    ///
    /// # Errors
    ///
    /// As [`name`](Self::name).
    pub fn into_name(self) -> Result<HeloName, ResolveError> {
        self.plan.map(|plan| plan.first().name().clone())
    }

    /// Gives the names to try, in order.
    ///
    /// # Errors
    ///
    /// As [`name`](Self::name).
    pub fn plan(&self) -> Result<&Plan, ResolveError> {
        self.plan.as_ref().map_err(Clone::clone)
    }

    /// Gives the client addresses, IPv4 first, with what the DNS says of each.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Gives every candidate in the order in which they were considered, usable or not.
    pub fn considered(&self) -> &[Considered] {
        &self.considered
    }

    /// Gives what well-known servers would answer: for the chosen name first, then for the refused candidates.
    #[cfg(feature = "receivers")]
    pub fn forecasts(&self) -> &[Forecast] {
        &self.forecasts
    }

    /// Gives what an operator should know. The last ones name client addresses without a PTR record.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Gives the name servers to look at, when the DNS did not say something.
    pub fn name_servers(&self) -> &[SocketAddr] {
        &self.asked
    }

    /// Tells whether the choice rests on something that the DNS did not say.
    pub fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// Tells how long the choice may be used: as long as the DNS answers it rests on, at most a day; at most a minute
    /// when it is provisional, or an error.
    pub fn valid_until(&self) -> Instant {
        self.valid_until
    }

    /// Tells how much of that time is left: none once the choice should be made again.
    ///
    /// ```
    /// use helo_name::{Resolve, dns::Zone};
    /// use std::time::Duration;
    ///
    /// let report = Resolve::new(Zone::new()).configured("mail.example.com").report_blocking();
    /// assert!(report.valid_for() > Duration::ZERO);
    /// ```
    pub fn valid_for(&self) -> Duration {
        self.valid_until.saturating_duration_since(Instant::now())
    }
}

/// An address that servers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub(super) address: IpAddr,
    pub(super) origin: ClientOrigin,
    pub(super) reverse: Option<Reverse>,
    pub(super) iprev: Option<Iprev>,
}

kinds! {
    /// How a client address came to be known.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum ClientOrigin {
        /// It is the source address of the default route, and public.
        DefaultRoute = "default-route" => "source of the default route";
        /// Two services that echo the asker's address agree on it.
        Discovered = "discovered" => "discovered, two services agree";
        /// One service that echoes the asker's address named it, and its PTR names lead back to it.
        DiscoveredOnce = "discovered-once" => "discovered, one service and its PTR";
        /// The operator gave it.
        Given = "given" => "given";
        /// It is the local address towards the server.
        TowardsServer = "towards-server" => "local address towards the server";
    }
}

impl Client {
    /// Gives the address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Tells how it came to be known.
    pub fn origin(&self) -> ClientOrigin {
        self.origin
    }

    /// Gives what the DNS says its names are; `None` for an address that is not asked for, as it is not public.
    pub fn reverse(&self) -> Option<&Reverse> {
        self.reverse.as_ref()
    }

    /// Tells whether its names lead back to it; `None` when that was not asked for.
    pub fn iprev(&self) -> Option<Iprev> {
        self.iprev
    }

    pub(super) fn has_no_ptr(&self) -> bool {
        let outcome = self
            .reverse
            .as_ref()
            .map(|reverse| reverse.answer.outcome());
        matches!(outcome, Some(Outcome::NoData | Outcome::NxDomain))
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
    pub(super) findings: Vec<(Option<IpAddr>, Finding)>,
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
            decision: Decision::Reject,
            reason,
        }
    }

    /// Tells where it came from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Gives the raw text, escaped and cut.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Gives what was repaired in it.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Gives the name that it is; `None` if it is none that may be sent from this source.
    pub fn name(&self) -> Option<&HeloName> {
        self.name.as_ref()
    }

    /// Gives what the DNS said of the name.
    pub fn lookups(&self) -> &[Forward] {
        &self.lookups
    }

    /// Gives the findings, one for each client address; one without an address when none is known.
    pub fn findings(&self) -> &[(Option<IpAddr>, Finding)] {
        &self.findings
    }

    /// Tells what was decided.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Tells why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What would be sent: the name, or the raw text by a mailer that does not look at it.
    #[cfg(feature = "receivers")]
    pub(super) fn argument(&self) -> Option<&[u8]> {
        let name = self.name.as_ref().map(|name| name.as_str().as_bytes());
        name.or(self.argument.as_deref())
    }

    /// Where it came from and its raw text, for a line of a report.
    pub(super) fn what(&self) -> String {
        match self.reason.kind {
            ReasonKind::NotAsked | ReasonKind::NotShown => format!("{}, {}", self.source, self.raw),
            _ => format!("{} \"{}\"", self.source, self.raw),
        }
    }

    pub(super) fn has_unknown(&self) -> bool {
        self.findings
            .iter()
            .any(|(_, finding)| *finding == Finding::Unknown)
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
        /// What the DNS amounts to; the best finding, if there is one for each of several client
        /// addresses.
        Finding(finding: Finding) = finding.as_str();
        /// A PTR name is no legal name.
        Illegal(kind: InvalidHeloNameKind) = kind.as_str();
        /// An address literal, for which there is nothing to look up.
        Literal = "literal";
        /// PTR names behind the first ten, which are not looked at.
        NotAsked = "not-asked";
        /// Illegal PTR names behind the first ten.
        NotShown = "not-shown";
        /// Raw text is no name that may be sent.
        Unusable(kind: UnusableKind) = kind.as_str();
    }
}

impl Reason {
    fn new(kind: ReasonKind, text: String) -> Self {
        Self {
            kind,
            text,
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
            // What to write instead is no advice about somebody else's record, which may hold any octets.
            InvalidHeloNameKind::BadCharacter | InvalidHeloNameKind::BareAddress => {
                "the PTR record holds something other than a host name".to_owned()
            }
            _ => invalid.to_string(),
        };
        Self::new(ReasonKind::Illegal(invalid.kind()), text)
    }

    pub(super) fn literal(decision: Decision) -> Self {
        let text = match decision {
            Decision::Reject => "the policy takes no literal of this address",
            Decision::Permit | Decision::Hold => {
                "the literal of the client address is the last resort"
            }
        };
        Self::new(ReasonKind::Literal, text.to_owned())
    }

    /// Why a name that means nothing in public is sent all the same.
    pub(super) fn not_public(server: Option<Scope>) -> Self {
        let text = match server {
            Some(Scope::Private | Scope::Loopback) => {
                "it means nothing in public, and the server is not public either"
            }
            _ => "it means nothing in public, and the policy takes it all the same",
        };
        Self::new(ReasonKind::Finding(Finding::NotPublic), text.to_owned())
    }

    pub(super) fn not_shown() -> Self {
        let text = "no more than ten are shown".to_owned();
        Self::new(ReasonKind::NotShown, text)
    }

    pub(super) fn not_asked() -> Self {
        Self::new(
            ReasonKind::NotAsked,
            "no more than ten are looked at".to_owned(),
        )
    }

    pub(super) fn findings(
        name: &HeloName,
        findings: &[(Option<IpAddr>, Finding)],
        decision: Decision,
    ) -> Self {
        let clauses: Vec<String> = findings
            .iter()
            .map(|&(client, finding)| match client {
                Some(address) if findings.len() > 1 => {
                    format!("{} ({address})", finding.about(name, client))
                }
                _ => finding.about(name, client),
            })
            .collect();
        let best = findings.iter().map(|&(_, finding)| finding).min();
        let best = best.unwrap_or(Finding::Unknown);
        let mut text = clauses.join(", ");
        if decision == Decision::Reject && best.is_good() {
            text = format!("the policy rejects it, although {text}");
        }
        Self::new(ReasonKind::Finding(best), text)
    }

    /// Gives the kind.
    pub fn kind(&self) -> ReasonKind {
        self.kind
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client address {} ({}): ", self.address, self.origin)?;
        let Some(reverse) = &self.reverse else {
            return f.write_str(if is_verifiable(self.address) {
                "its PTR was not asked for"
            } else {
                "not public, so its PTR was not asked for"
            });
        };
        f.write_str("PTR ")?;
        write_answer(f, &reverse.answer, |text| text.excerpt())?;
        match self.iprev {
            Some(iprev) => write!(f, "; iprev {iprev}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        match &self.name {
            Some(name) if name.as_str() != self.raw => write!(f, " is {name}")?,
            _ => {}
        }
        for (index, repair) in self.repairs.iter().enumerate() {
            write!(f, "{}{repair}", if index == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.repairs.is_empty() { ": " } else { "): " })?;
        for lookup in &self.lookups {
            write!(f, "{} ", lookup.family.record_type())?;
            write_answer(f, &lookup.answer, ToString::to_string)?;
            f.write_str("; ")?;
        }
        write!(
            f,
            "{}: {} ({})",
            self.decision,
            self.reason,
            self.reason.kind.as_str()
        )
    }
}

/// Writes what was found, or how it was not, and which server said so.
fn write_answer<T>(
    f: &mut fmt::Formatter<'_>,
    answer: &Answer<T>,
    show: impl Fn(&T) -> String,
) -> fmt::Result {
    match answer.outcome() {
        Outcome::Found(records) => {
            let shown: Vec<String> = records.iter().take(SHOWN).map(show).collect();
            f.write_str(&shown.join(", "))?;
            if records.len() > SHOWN {
                write!(f, " and {} more", records.len() - SHOWN)?;
            }
        }
        Outcome::NoData => f.write_str("none (NODATA)")?,
        Outcome::NxDomain => f.write_str("none (NXDOMAIN)")?,
        Outcome::NotKnown(reason) => write!(f, "not known ({reason})")?,
    }
    if let Some(target) = answer.aliases().last() {
        write!(f, " by CNAME {}", Excerpt::new(target.as_bytes()))?;
    }
    match (answer.server(), answer.why_not_known()) {
        (Some(server), None) => write!(f, " from {server}"),
        (Some(server), Some(_)) => write!(f, ", asked {server}"),
        (None, _) => Ok(()),
    }
}

impl fmt::Display for Resolution {
    /// One line for each client address, candidate, warning and forecast, and one for the name servers if they left
    /// something open; the last line is the choice, or the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for client in &self.clients {
            writeln!(f, "{client}")?;
        }
        for considered in &self.considered {
            writeln!(f, "{considered}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning} ({})", warning.as_str())?;
        }
        #[cfg(feature = "receivers")]
        for forecast in &self.forecasts {
            writeln!(f, "forecast: {forecast}")?;
        }
        if !self.asked.is_empty() {
            writeln!(f, "name servers asked: {}", list(&self.asked))?;
        }
        match &self.plan {
            Ok(plan) => self.write_choice(f, plan),
            Err(error) => write!(f, "no name: {}", error.summary()),
        }
    }
}

/// Writes name servers one after another.
pub(super) fn list(servers: &[SocketAddr]) -> String {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    servers.join(", ")
}

impl Resolution {
    fn write_choice(&self, f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
        let first = plan.first();
        write!(f, "chosen: {} from {}", first.name(), first.source())?;
        if self.provisional {
            f.write_str(", provisional")?;
        }
        let others: Vec<&str> = plan.names().skip(1).map(HeloName::as_str).collect();
        if !others.is_empty() {
            write!(f, "; then {}", others.join(", "))?;
        }
        Ok(())
    }
}
