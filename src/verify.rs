//! What the DNS says about a name and an address: facts, and the finding they amount to.
//!
//! The words are those of RFC 8601 where it has some ([`Iprev`]), and the kinds of answer those of RFC 9499. A finding
//! is about one name and one client address: a host with IPv4 and IPv6 has two.

use crate::dns::{Answer, Dns, Family, Outcome, PtrText};
use crate::executor::InFlight;
use crate::kinds::kinds;
use crate::name::{HeloName, Scope, is_verifiable};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// How many PTR names of an address are confirmed; RFC 7208 4.6.4 has the same limit for the same reason.
pub(crate) const MAX_CONFIRMED: usize = 10;

kinds! {
    /// What the DNS amounts to, about a name and a client address.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Finding {
        /// The name's addresses of the client's family hold the client address.
        Match = "match" => "it has the client address";
        /// The client address is not known, and the name has a public address.
        Resolves = "resolves" => "it has a public address";
        /// The name has addresses, and none is public or the client's.
        NotPublic = "not-public" => "none of its addresses is public";
        /// The DNS did not say.
        Unknown = "unknown" => "the DNS did not say";
        /// The name has addresses of the client's family, and none is the client's.
        Mismatch = "mismatch" => "its addresses do not hold the client address";
        /// The name does not exist, or has no record of the client's family.
        NoAddress = "no-address" => "it has no address";
    }
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

    /// Says it of a name and a client address, as a clause.
    pub(crate) fn about(self, name: &HeloName, client: Option<IpAddr>) -> String {
        let means_nothing = name.is_domain() && name.scope() != Scope::Public;
        match (self, client) {
            (Self::Match, _) if name.is_literal() => "it is the client address".to_owned(),
            (Self::Mismatch, _) if name.is_literal() => "it is not the client address".to_owned(),
            (Self::NotPublic, _) if means_nothing => "it means nothing in public".to_owned(),
            (Self::NoAddress, Some(address)) => {
                format!("it has no {} record", Family::of(address).record_type())
            }
            _ => self.to_string(),
        }
    }

    /// Tells whether the DNS speaks for the name.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Match | Self::Resolves)
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

kinds! {
    /// The result of an iprev check (RFC 8601 3): do the names of an address lead back to it?
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Iprev {
        /// A PTR name of the address has the address: it is forward-confirmed.
        Pass = "pass";
        /// The address has PTR names, and none of them has the address.
        Fail = "fail";
        /// The DNS did not answer in time, or not at all; a later try may.
        TempError = "temperror";
        /// The address has no PTR record.
        PermError = "permerror";
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
    if addresses.iter().any(|&address| is_verifiable(address)) {
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
    let public: BTreeSet<HeloName> = legal.filter(|name| name.scope() == Scope::Public).collect();
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

/// A name and a client address, checked: forward, reverse, and whether the two confirm each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    name: HeloName,
    client: Option<IpAddr>,
    facts: Vec<Forward>,
    finding: Finding,
    reverse: Option<Reverse>,
    iprev: Option<Iprev>,
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

    /// Gives the answers about the name; none for a literal.
    pub fn facts(&self) -> &[Forward] {
        &self.facts
    }

    /// Tells what they amount to.
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// Gives the answer about the client address; `None` when it is not known, or not public and so not asked for.
    pub fn reverse(&self) -> Option<&Reverse> {
        self.reverse.as_ref()
    }

    /// Tells whether the client address has this name as a PTR name.
    pub fn is_ptr_name(&self) -> bool {
        self.reverse
            .as_ref()
            .is_some_and(|reverse| names_hold(&reverse.answer, &self.name))
    }

    /// Tells whether the names of the client address lead back to it, as far as this name shows it: `None` when the
    /// PTR names are other ones, which were not looked up.
    pub fn iprev(&self) -> Option<Iprev> {
        self.iprev
    }
}

/// Whether a PTR answer holds a name. Compared as names, so that case and a root dot do not matter.
pub(crate) fn names_hold(answer: &Answer<PtrText>, name: &HeloName) -> bool {
    let mut names = answer.records().iter();
    names.any(|text| text.to_name().is_ok_and(|ptr| ptr == *name))
}

/// Checks one name for one client address: A or AAAA of the name and PTR of the address, at the same time. When the
/// address is not known, A and AAAA.
///
/// It takes as long as `dns` takes. A name that is not public, a literal, and the PTR of an address that is not public
/// are not asked for.
///
/// ```
/// use helo_name::{HeloName, dns::Zone, verify::{Finding, Iprev, verify}};
///
/// let zone = Zone::new()
///     .address("mail.example.com", "192.0.2.10")
///     .ptr("192.0.2.10", "mail.example.com");
/// let name = HeloName::from_static("mail.example.com");
/// let client = "192.0.2.10".parse().unwrap();
/// let checked = pollster::block_on(verify(&zone, &name, Some(client)));
/// assert_eq!(checked.finding(), Finding::Match);
/// assert_eq!(checked.iprev(), Some(Iprev::Pass));
/// ```
pub async fn verify(dns: &impl Dns, name: &HeloName, client: Option<IpAddr>) -> Verification {
    let client = client.map(|address| address.to_canonical());
    let mut asked = InFlight::default();
    for family in families_to_ask(name, client) {
        asked.push(async move { Heard::Forward(family, dns.forward(name, family).await) });
    }
    if let Some(address) = client.filter(|&address| is_verifiable(address)) {
        asked.push(async move { Heard::Reverse(address, dns.reverse(address).await) });
    }
    let mut facts = Vec::new();
    let mut reverse = None;
    while let Some(heard) = asked.next().await {
        match heard {
            Heard::Forward(family, answer) => facts.push(Forward { family, answer }),
            Heard::Reverse(address, answer) => reverse = Some(Reverse { address, answer }),
        }
    }
    facts.sort_by_key(|fact| fact.family);
    let finding = finding_of(name, client, &facts);
    let of_name = |other: &HeloName| {
        facts
            .first()
            .filter(|_| other == name)
            .map(|fact| &fact.answer)
    };
    let iprev = reverse.as_ref().and_then(|reverse| iprev(reverse, of_name));
    Verification {
        name: name.clone(),
        client,
        finding,
        iprev,
        facts,
        reverse,
    }
}

enum Heard {
    Forward(Family, Answer<IpAddr>),
    Reverse(IpAddr, Answer<PtrText>),
}

/// How many pairs [`verify_many`] checks at the same time. More is no faster, and each takes two sockets for each name server: a thousand at
/// once run out of file descriptors on most machines.
const CONCURRENCY: usize = 100;

/// Checks any number of names and client addresses, some at a time. Memory is bounded by that number, not by how many
/// there are.
///
/// ```
/// use helo_name::{HeloName, dns::Zone, verify::verify_many};
///
/// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
/// let pairs = [("mail.example.com", "192.0.2.10"), ("mx.example.com", "192.0.2.11")]
///     .map(|(name, address)| (HeloName::parse(name).unwrap(), address.parse().unwrap()));
/// let mut checked = verify_many(&zone, pairs);
/// pollster::block_on(async {
///     while let Some(verification) = checked.next().await {
///         println!("{} {}", verification.name(), verification.finding());
///     }
/// });
/// ```
pub fn verify_many<'a, D, I>(dns: &'a D, pairs: I) -> VerifyMany<'a, D, I::IntoIter>
where
    D: Dns,
    I: IntoIterator<Item = (HeloName, IpAddr)>,
{
    VerifyMany {
        dns,
        pairs: pairs.into_iter(),
        in_flight: InFlight::default(),
        concurrency: CONCURRENCY,
    }
}

/// Checks pairs of names and client addresses as they are asked for; [`verify_many`] makes it.
#[must_use = "nothing is checked until `next` is awaited"]
pub struct VerifyMany<'a, D, I> {
    dns: &'a D,
    pairs: I,
    in_flight: InFlight<'a, Verification>,
    concurrency: usize,
}

impl<D, I> fmt::Debug for VerifyMany<'_, D, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyMany")
            .field("concurrency", &self.concurrency)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<D: Dns, I: Iterator<Item = (HeloName, IpAddr)>> VerifyMany<'_, D, I> {
    /// Sets how many pairs are checked at the same time: 100 unless called, at least 1.
    pub fn concurrency(mut self, pairs: usize) -> Self {
        self.concurrency = pairs.max(1);
        self
    }

    /// Waits for the next that is checked, in no particular order; `None` when all are. Dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> Option<Verification> {
        while self.in_flight.len() < self.concurrency {
            let Some((name, client)) = self.pairs.next() else {
                break;
            };
            let dns = self.dns;
            self.in_flight
                .push(async move { verify(dns, &name, Some(client)).await });
        }
        self.in_flight.next().await
    }
}

/// Which record types of a name are asked for (R12): none of a literal or of a name that means nothing in public.
pub(crate) fn families_to_ask(name: &HeloName, client: Option<IpAddr>) -> Vec<Family> {
    if name.is_literal() || name.scope() != Scope::Public {
        return Vec::new();
    }
    match client {
        Some(address) => vec![Family::of(address)],
        None => Family::ALL.to_vec(),
    }
}

/// As [`find`], and a name that means nothing in public has no public address.
pub(crate) fn finding_of(name: &HeloName, client: Option<IpAddr>, facts: &[Forward]) -> Finding {
    if name.is_domain() && name.scope() != Scope::Public {
        return Finding::NotPublic;
    }
    find(name, client, facts)
}
