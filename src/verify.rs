//! What the DNS says about a name and an address: facts, and the finding they amount to.
//!
//! The words are those of RFC 8601 where it has some ([`Iprev`]), and the kinds of answer those of RFC 9499. A finding
//! is about one name and one client address: a host with IPv4 and IPv6 has two.

use crate::dns::{Answer, Dns, Family, Outcome, PtrText};
use crate::in_flight::InFlight;
use crate::name::HeloName;
use crate::scope;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// How many PTR names of an address are confirmed; RFC 7208 4.6.4 has the same limit for the same reason.
pub(crate) const MAX_CONFIRMED: usize = 10;

/// What the DNS amounts to, about a name and a client address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The name's addresses of the client's family hold the client address.
    Match,
    /// The client address is not known, and the name has a public address.
    Resolves,
    /// The name has addresses, and none is public or the client's.
    NotPublic,
    /// The DNS did not say.
    Unknown,
    /// The name has addresses of the client's family, and none is the client's.
    Mismatch,
    /// The name does not exist, or has no record of the client's family.
    NoAddress,
}

impl Finding {
    /// All findings, in the order of the decision tables.
    pub const ALL: [Self; 6] = [
        Self::Match,
        Self::Resolves,
        Self::Unknown,
        Self::Mismatch,
        Self::NotPublic,
        Self::NoAddress,
    ];

    /// Gives the finding as a word for logs, in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::verify::Finding::NoAddress.as_str(), "no-address");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Resolves => "resolves",
            Self::NotPublic => "not-public",
            Self::Unknown => "unknown",
            Self::Mismatch => "mismatch",
            Self::NoAddress => "no-address",
        }
    }

    /// Tells whether the DNS speaks for the name.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Match | Self::Resolves)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Match => "it has the client address",
            Self::Resolves => "it has a public address",
            Self::NotPublic => "none of its addresses is public",
            Self::Unknown => "the DNS did not say",
            Self::Mismatch => "its addresses do not hold the client address",
            Self::NoAddress => "it has no address",
        })
    }
}

/// A fact: what the DNS says the addresses of a name are, in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The family that was asked for.
    pub family: Family,
    /// What the DNS said.
    pub answer: Answer<IpAddr>,
}

/// A fact: what the DNS says the names of an address are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// The address that was asked for.
    pub address: IpAddr,
    /// What the DNS said; hostile text until it is parsed.
    pub answer: Answer<PtrText>,
}

/// The result of an iprev check (RFC 8601 3): do the names of an address lead back to it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Iprev {
    /// A PTR name of the address has the address: it is forward-confirmed.
    Pass,
    /// The address has PTR names, and none of them has the address.
    Fail,
    /// The DNS did not answer in time, or not at all; a later try may.
    TempError,
    /// The address has no PTR record.
    PermError,
}

impl Iprev {
    /// Gives the result as RFC 8601 writes it.
    ///
    /// ```
    /// assert_eq!(helo_name::verify::Iprev::TempError.as_str(), "temperror");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for Iprev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Finds out what facts amount to, for a name and a client address (`None`: not known).
///
/// `facts` are the answers for the client's family; without a client address, for both. An address literal is its own
/// address, and needs no facts. Pure: nothing is asked.
///
/// ```
/// use helo_name::{HeloName, dns::{Answer, Family}, verify::{Finding, Forward, find}};
///
/// let name = HeloName::from_static("mail.example.com");
/// let client = "192.0.2.10".parse().unwrap();
/// let facts = [Forward { family: Family::V4, answer: Answer::found(vec![client]) }];
/// assert_eq!(find(&name, Some(client), &facts), Finding::Match);
/// ```
pub fn find(name: &HeloName, client: Option<IpAddr>, facts: &[Forward]) -> Finding {
    match (name.address(), client) {
        (Some(own), Some(client)) => literal_finding(own, client),
        (Some(own), None) => public_finding(&[own]),
        (None, Some(client)) => matching_finding(client, facts),
        (None, None) => resolving_finding(facts),
    }
}

fn literal_finding(own: IpAddr, client: IpAddr) -> Finding {
    if own == client.to_canonical() {
        Finding::Match
    } else {
        Finding::Mismatch
    }
}

fn public_finding(addresses: &[IpAddr]) -> Finding {
    if addresses
        .iter()
        .any(|&address| scope::is_verifiable(address))
    {
        Finding::Resolves
    } else {
        Finding::NotPublic
    }
}

fn matching_finding(client: IpAddr, facts: &[Forward]) -> Finding {
    let client = client.to_canonical();
    let family = Family::of(client);
    let Some(fact) = facts.iter().find(|fact| fact.family == family) else {
        return Finding::Unknown;
    };
    match fact.answer.outcome() {
        Outcome::Found(addresses)
            if addresses
                .iter()
                .any(|address| address.to_canonical() == client) =>
        {
            Finding::Match
        }
        Outcome::Found(addresses) => match public_finding(addresses) {
            Finding::NotPublic => Finding::NotPublic,
            _ => Finding::Mismatch,
        },
        Outcome::NoData | Outcome::NxDomain => Finding::NoAddress,
        Outcome::NotKnown(_) => Finding::Unknown,
    }
}

fn resolving_finding(facts: &[Forward]) -> Finding {
    let addresses: Vec<IpAddr> = facts
        .iter()
        .flat_map(|fact| fact.answer.records())
        .copied()
        .collect();
    let all_known = Family::ALL.iter().all(|&family| {
        facts
            .iter()
            .any(|fact| fact.family == family && fact.answer.why_not_known().is_none())
    });
    match public_finding(&addresses) {
        Finding::Resolves => Finding::Resolves,
        _ if !all_known => Finding::Unknown,
        _ if addresses.is_empty() => Finding::NoAddress,
        other => other,
    }
}

/// Judges the names of an address by the facts about them: an iprev check (RFC 8601 3).
///
/// `forward` gives the answer for a name in the address's family, if it was asked for. `None` when none leads back, and
/// fewer were asked for than can be: one of the others may.
pub(crate) fn iprev<'a>(
    reverse: &Reverse,
    forward: impl Fn(&HeloName) -> Option<&'a Answer<IpAddr>>,
) -> Option<Iprev> {
    let names = match reverse.answer.outcome() {
        Outcome::Found(names) => names,
        Outcome::NoData | Outcome::NxDomain => return Some(Iprev::PermError),
        Outcome::NotKnown(_) => return Some(Iprev::TempError),
    };
    let legal = names.iter().filter_map(|text| text.to_name().ok());
    let public: BTreeSet<HeloName> = legal
        .filter(|name| name.scope() == scope::Scope::Public)
        .collect();
    let asked: Vec<_> = public.iter().filter_map(forward).collect();
    if asked
        .iter()
        .any(|answer| answer.records().contains(&reverse.address))
    {
        return Some(Iprev::Pass);
    }
    if asked.iter().any(|answer| answer.why_not_known().is_some()) {
        return Some(Iprev::TempError);
    }
    let are_all_asked = asked.len() >= public.len().min(MAX_CONFIRMED);
    are_all_asked.then_some(Iprev::Fail)
}

/// A name and a client address, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    name: HeloName,
    client: Option<IpAddr>,
    facts: Vec<Forward>,
    finding: Finding,
}

impl Verification {
    /// Gives the name that was checked.
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Gives the client address it was checked for.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client
    }

    /// Gives the answers of the DNS; none for a literal.
    pub fn facts(&self) -> &[Forward] {
        &self.facts
    }

    /// Tells what they amount to.
    pub fn finding(&self) -> Finding {
        self.finding
    }
}

/// Checks one name for one client address: one question, or two (A and AAAA) when the address is not known.
///
/// It takes as long as `dns` takes. A name that is not public, and a literal, are not asked for.
///
/// ```
/// use helo_name::{HeloName, dns::Zone, verify::{Finding, verify}};
///
/// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
/// let name = HeloName::from_static("mail.example.com");
/// let client = "192.0.2.11".parse().unwrap();
/// let checked = pollster::block_on(verify(&zone, &name, Some(client)));
/// assert_eq!(checked.finding(), Finding::Mismatch);
/// ```
pub async fn verify(dns: &impl Dns, name: &HeloName, client: Option<IpAddr>) -> Verification {
    let mut asked = InFlight::default();
    for family in families_to_ask(name, client) {
        asked.push(async move {
            let answer = dns.forward(name, family).await;
            Forward { family, answer }
        });
    }
    let mut facts = Vec::new();
    while let Some(fact) = asked.next().await {
        facts.push(fact);
    }
    facts.sort_by_key(|fact| fact.family);
    let finding = finding_of(name, client, &facts);
    Verification {
        name: name.clone(),
        client,
        facts,
        finding,
    }
}

/// Which record types of a name are asked for (R12): none of a literal or of a name that means nothing in public.
pub(crate) fn families_to_ask(name: &HeloName, client: Option<IpAddr>) -> Vec<Family> {
    if name.is_literal() || name.scope() != scope::Scope::Public {
        return Vec::new();
    }
    match client {
        Some(address) => vec![Family::of(address)],
        None => Family::ALL.to_vec(),
    }
}

/// As [`find`], and a name that means nothing in public has no public address.
pub(crate) fn finding_of(name: &HeloName, client: Option<IpAddr>, facts: &[Forward]) -> Finding {
    if name.is_domain() && name.scope() != scope::Scope::Public {
        return Finding::NotPublic;
    }
    find(name, client, facts)
}
