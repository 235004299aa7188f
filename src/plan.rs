//! The names to try, in order.

use std::net::IpAddr;

use crate::candidate::{Candidate, Source};
use crate::name::HeloName;
use crate::policy::Decision;
use crate::verify::{ClientFinding, Finding};

/// A name to try, with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    candidate: Candidate,
    decision: Decision,
    findings: Vec<ClientFinding>,
}

impl Attempt {
    pub(crate) fn new(
        candidate: Candidate,
        decision: Decision,
        findings: Vec<ClientFinding>,
    ) -> Self {
        Self {
            candidate,
            decision,
            findings,
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &HeloName {
        self.candidate.name()
    }

    /// Returns where the name came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.candidate.source()
    }

    /// Returns whether the name is permitted or held back.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Returns the findings, one for each client address. If none is known, there is one finding
    /// without an address.
    #[must_use]
    pub fn findings(&self) -> &[ClientFinding] {
        &self.findings
    }

    /// Returns whether a connection from this client address may use it. A literal is the name of
    /// its own address only.
    fn is_for(&self, client: Option<IpAddr>) -> bool {
        let name = self.name();
        name.is_domain() || name.address() == client || self.source().is_operator()
    }

    /// Returns whether it was found to be wrong for this client address.
    fn mismatches(&self, client: IpAddr) -> bool {
        use Finding::{Mismatch, NoAddress, NotPublic};
        let is_bad = |finding| matches!(finding, Mismatch | NoAddress | NotPublic);
        let mut findings = self.findings.iter();
        findings.any(|about| about.client == Some(client) && is_bad(about.finding))
    }
}

/// The names to try, in order: never empty, and no name twice.
///
/// ```
/// use helo_name::{Decision, HeloName, Resolve};
/// use helo_name::dns::Zone;
///
/// let zone = Zone::new()
///     .address("mail.example.com", "192.0.2.10")
///     .address("mx.example.com", "192.0.2.10")
///     .ptr("192.0.2.10", "mail.example.com")
///     .ptr("192.0.2.10", "mx.example.com");
/// let report = Resolve::new(zone)
///     .ignore_machine()
///     .ignore_environment()
///     .client_address(Some("192.0.2.10".parse().unwrap()))
///     .report_blocking();
/// let plan = report.plan().unwrap();
/// let names: Vec<_> = plan.names().map(HeloName::as_str).collect();
/// assert_eq!(names, ["mail.example.com", "mx.example.com"]);
/// assert_eq!(plan.first().decision(), Decision::Permit);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    first: Attempt,
    rest: Vec<Attempt>,
}

impl Plan {
    /// Makes a plan of attempts in order; of equal names the first stays. `None` without attempts.
    pub(crate) fn of(attempts: impl IntoIterator<Item = Attempt>) -> Option<Self> {
        let mut attempts = attempts.into_iter();
        let first = attempts.next()?;
        let mut plan = Self {
            first,
            rest: Vec::new(),
        };
        for attempt in attempts {
            if plan.names().all(|name| name != attempt.name()) {
                plan.rest.push(attempt);
            }
        }
        Some(plan)
    }

    /// Returns the first attempt.
    #[must_use]
    pub fn first(&self) -> &Attempt {
        &self.first
    }

    /// Returns the attempts in order.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// Returns the names in order.
    pub fn names(&self) -> impl Iterator<Item = &HeloName> {
        self.attempts().map(Attempt::name)
    }

    /// Returns the plan for a connection from one client address, or from one that is not known
    /// (`None`).
    ///
    /// The literals of other addresses are left out; without an address, all literals are. So are
    /// names that are permitted at another address and mismatch at this one, unless nothing else
    /// remains. A held name that mismatches comes after the others and before the literals. The
    /// operator's name stays where it is. `None` when no name is left.
    #[must_use]
    pub fn for_client(&self, client: Option<IpAddr>) -> Option<Self> {
        let client = client.map(|address| address.to_canonical());
        let mismatches = |own: &Attempt| {
            !own.source().is_operator() && client.is_some_and(|client| own.mismatches(client))
        };
        let place = |own: &Attempt| match own.source() {
            Source::Literal(_) => 2,
            _ if mismatches(own) => 1,
            _ => 0,
        };
        let mut own: Vec<Attempt> = self.attempts().cloned().collect();
        own.retain(|own| own.is_for(client));
        own.sort_by_key(place);
        let fits = |own: &&Attempt| own.decision() == Decision::Hold || !mismatches(own);
        let fitting = Self::of(own.iter().filter(fits).cloned());
        fitting.or_else(|| Self::of(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 114, 5));
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, 5));

    fn attempt(name: &str, source: Source, findings: [Finding; 2]) -> Attempt {
        let candidate = Candidate::new(HeloName::parse(name).expect("a legal name"), source);
        Attempt::new(
            candidate,
            Decision::Permit,
            vec![
                ClientFinding::new(Some(V4), findings[0]),
                ClientFinding::new(Some(V6), findings[1]),
            ],
        )
    }

    fn names(plan: Option<Plan>) -> Vec<String> {
        plan.iter()
            .flat_map(Plan::names)
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_plan_is_never_empty_and_holds_no_name_twice() {
        use Finding::Match;
        assert_eq!(Plan::of([]), None);
        let twice = [
            attempt("mail.example.com", Source::HostName, [Match, Match]),
            attempt("mail.example.com", Source::Ptr(V4), [Match, Match]),
        ];
        let plan = Plan::of(twice);
        assert_eq!(
            plan.as_ref().map(|plan| plan.first().source()),
            Some(Source::HostName)
        );
        assert_eq!(names(plan), ["mail.example.com"]);
    }

    #[test]
    fn the_plan_for_an_address_drops_foreign_literals_and_names_that_mismatch_there() {
        use Finding::{Match, Mismatch, Unknown};
        let plan = Plan::of([
            attempt("four.example.com", Source::HostName, [Match, Mismatch]),
            attempt("six.example.com", Source::Ptr(V6), [Mismatch, Match]),
            attempt("unsure.example.com", Source::Ptr(V6), [Unknown, Unknown]),
            attempt("[203.0.114.5]", Source::Literal(V4), [Match, Mismatch]),
            attempt("[IPv6:2600::5]", Source::Literal(V6), [Mismatch, Match]),
        ])
        .expect("a plan");
        let (four, six) = (plan.for_client(Some(V4)), plan.for_client(Some(V6)));
        assert_eq!(
            names(four),
            ["four.example.com", "unsure.example.com", "[203.0.114.5]"]
        );
        assert_eq!(
            names(six),
            ["six.example.com", "unsure.example.com", "[IPv6:2600::5]"]
        );
        let unknown = names(plan.for_client(None));
        assert_eq!(
            unknown,
            ["four.example.com", "six.example.com", "unsure.example.com"]
        );
    }

    #[test]
    fn what_the_operator_named_stays_and_the_only_name_stays() {
        use Finding::Mismatch;
        let configured = Plan::of([
            attempt("mail.example.com", Source::Configured, [Mismatch, Mismatch]),
            attempt("host.example.com", Source::HostName, [Mismatch, Mismatch]),
        ]);
        assert_eq!(
            names(configured.and_then(|plan| plan.for_client(Some(V4)))),
            ["mail.example.com"]
        );
        let held = |name| {
            let name = HeloName::parse(name).expect("a legal name");
            let findings = vec![ClientFinding::new(Some(V4), Mismatch)];
            Attempt::new(
                Candidate::new(name, Source::HostName),
                Decision::Hold,
                findings,
            )
        };
        let literal = attempt(
            "[203.0.114.5]",
            Source::Literal(V4),
            [Finding::Match, Mismatch],
        );
        let plan = Plan::of([literal, held("host.example.com")]);
        assert_eq!(
            names(plan.and_then(|plan| plan.for_client(Some(V4)))),
            ["host.example.com", "[203.0.114.5]"]
        );
        let held = Plan::of([attempt(
            "host.example.com",
            Source::HostName,
            [Mismatch, Mismatch],
        )]);
        assert_eq!(
            names(held.and_then(|plan| plan.for_client(Some(V4)))),
            ["host.example.com"]
        );
        let literal = Plan::of([attempt(
            "[203.0.114.5]",
            Source::Literal(V4),
            [Finding::Match, Mismatch],
        )]);
        assert_eq!(literal.expect("a plan").for_client(Some(V6)), None);
    }
}
