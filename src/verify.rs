//! Verifies a name for a client address: the facts of the DNS, and the finding that follows.
//!
//! The words are those of RFC 8601 ([`Iprev`]) and RFC 9499 (the kinds of answer). A finding is
//! about one name and one client address: a host with IPv4 and IPv6 has two.

mod finding;
mod iprev;

use std::fmt;
use std::net::IpAddr;

pub use finding::{ClientFinding, Finding, Forward, find};
pub(crate) use finding::{families_to_ask, lookups};
pub use iprev::{Iprev, Reverse};
pub(crate) use iprev::{MAX_CONFIRMED, iprev, names_hold};

use crate::dns::{Dns, Facts, Questions};
use crate::executor::InFlight;
use crate::name::{HeloName, is_verifiable};

/// What [`verify`] found about a name and a client address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    name: HeloName,
    client: Option<IpAddr>,
    lookups: Vec<Forward>,
    finding: Finding,
    reverse: Option<Reverse>,
    iprev: Option<Iprev>,
}

impl Verification {
    /// Returns the name that was checked.
    #[must_use]
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Returns the client address, if it was known.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client
    }

    /// Returns the answers about the name; empty for a literal and for a name that is not public.
    #[must_use]
    pub fn lookups(&self) -> &[Forward] {
        &self.lookups
    }

    /// Returns what the answers mean.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// Returns the names of the client address. `None` if the address is not known, or not public
    /// and so not asked for.
    #[must_use]
    pub fn reverse(&self) -> Option<&Reverse> {
        self.reverse.as_ref()
    }

    /// Returns whether the client address has this name as a PTR name.
    #[must_use]
    pub fn is_ptr_name(&self) -> bool {
        self.reverse
            .as_ref()
            .is_some_and(|reverse| names_hold(&reverse.answer, &self.name))
    }

    /// Returns whether the names of the client address lead back to it. `None` if the address was
    /// not asked for, or if it has other names, which were not looked up.
    #[must_use]
    pub fn iprev(&self) -> Option<Iprev> {
        self.iprev
    }
}

/// Checks one name for one client address: asks for A or AAAA of the name and for PTR of the
/// address, at the same time. If the address is not known, it asks for A and AAAA.
///
/// The only deadline is that of `dns`. A literal, a name that is not public, and the PTR of an
/// address that is not public are not asked for.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::dns::Zone;
/// use helo_name::verify::{Finding, Iprev, verify};
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
    let mut facts = Facts::new();
    let mut questions = Questions::to(dns);
    for family in families_to_ask(name, client) {
        questions.ask_addresses(name, family, &facts);
    }
    if let Some(address) = client.filter(|&address| is_verifiable(address)) {
        questions.ask_names(address, &facts);
    }
    while let Some(heard) = questions.next().await {
        facts.note(heard);
    }
    let reverse = client.and_then(|address| Reverse::from(address, &facts));
    Verification {
        name: name.clone(),
        client,
        finding: find(name, client, &facts),
        iprev: client.and_then(|address| iprev(address, &facts)),
        lookups: lookups(name, client, &facts),
        reverse,
    }
}

/// How many pairs [`verify_many`] checks at the same time. More is not faster: the resolver has 48
/// sockets, and each pair takes two for each name server.
const CONCURRENCY: usize = 100;

/// Checks any number of names and client addresses, 100 at a time by default. Memory does not grow
/// with their number.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::dns::Zone;
/// use helo_name::verify::verify_many;
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

/// Checks pairs of names and client addresses on demand; made by [`verify_many`].
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
    /// Sets how many pairs are checked at the same time: 100 by default, at least 1.
    pub fn concurrency(mut self, pairs: usize) -> Self {
        self.concurrency = pairs.max(1);
        self
    }

    /// Waits for the next result, in no particular order; `None` after the last. Dropping the
    /// future loses no result.
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
