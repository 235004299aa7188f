//! What the facts about a name mean for a client address.

use std::net::IpAddr;

use crate::dns::{Answer, Facts, Family, Outcome, meant};
use crate::kinds::kinds;
use crate::name::{HeloName, Scope, is_verifiable};
use crate::verify::iprev::names_hold;

kinds! {
    /// What the DNS answers mean for a name and a client address.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum Finding {
        /// The client address is among the name's addresses.
        Match = "match" => "it has the client address";
        /// The client address is not known, and the name has a public address.
        Resolves = "resolves" => "it has a public address";
        /// The PTR of a public client address names it, and all its addresses are private, as this
        /// machine's resolver sees them: inside a network a public name often has a private
        /// address, and the world sees another one (split horizon).
        Inside = "inside" => "it has only private addresses inside this network";
        /// The name is not public; or it has addresses, and none is public or the client's.
        NotPublic = "not-public" => "none of its addresses is public";
        /// The DNS did not say.
        Unknown = "unknown" => "the DNS did not say";
        /// The name has addresses of the client's family, and none is the client's.
        Mismatch = "mismatch" => "none of its addresses is the client address";
        /// The name does not exist, or has no record of the client's family.
        NoAddress = "no-address" => "it has no address";
    }
}

impl Finding {
    /// All findings, in the order of the decision tables.
    pub const ALL: &[Self] = &[
        Self::Match,
        Self::Resolves,
        Self::Inside,
        Self::Unknown,
        Self::Mismatch,
        Self::NotPublic,
        Self::NoAddress,
    ];

    /// Returns it as a clause about a name and a client address.
    pub(crate) fn about(self, name: &HeloName, client: Option<IpAddr>) -> String {
        let means_nothing = name.is_domain() && name.scope() != Scope::Public;
        match (self, client) {
            (Self::Match, _) if name.is_literal() => "it is the client address".to_owned(),
            (Self::Mismatch, _) if name.is_literal() => "it is not the client address".to_owned(),
            (Self::NotPublic, _) if means_nothing => "it is not a public name".to_owned(),
            (Self::NoAddress, Some(address)) => {
                format!("it has no {} record", Family::of(address).record_type())
            }
            _ => self.to_string(),
        }
    }

    /// Returns whether the DNS confirms the name.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Match | Self::Resolves)
    }
}

/// A finding, and the client address that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pair that callers match on")]
pub struct ClientFinding {
    /// The client address; `None` when none is known.
    pub client: Option<IpAddr>,
    /// What was found.
    pub finding: Finding,
}

impl ClientFinding {
    /// Makes the pair.
    ///
    /// ```
    /// use helo_name::verify::{ClientFinding, Finding};
    ///
    /// let about = ClientFinding::new("192.0.2.10".parse().ok(), Finding::Match);
    /// assert!(about.finding.is_good());
    /// ```
    #[must_use]
    pub const fn new(client: Option<IpAddr>, finding: Finding) -> Self {
        Self { client, finding }
    }
}

/// The addresses of a name in one family, as the DNS says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pair that callers match on")]
pub struct Forward {
    /// The family that was asked for.
    pub family: Family,
    /// What the DNS said.
    pub answer: Answer<IpAddr>,
}

/// Returns what the facts mean for a name and a client address (`None`: not known).
///
/// The facts are the answers for the client's family; without a client address, for both. The names
/// of the client address tell [`Finding::Inside`] from [`Finding::NotPublic`]. An
/// address literal is its own address, and needs no facts. A name that is not public is
/// [`Finding::NotPublic`] whatever the facts are, unless it is private and the client address is,
/// too. Nothing is asked.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::dns::{Answer, Facts, Family};
/// use helo_name::verify::{Finding, find};
///
/// let name = HeloName::from_static("mail.example.com");
/// let client = "192.0.2.10".parse().unwrap();
/// let mut facts = Facts::new();
/// facts.insert_addresses(name.as_str(), Family::V4, Answer::found(vec![client]));
/// assert_eq!(find(&name, Some(client), &facts), Finding::Match);
///
/// let local = HeloName::from_static("mail.local");
/// facts.insert_addresses(local.as_str(), Family::V4, Answer::found(vec![client]));
/// assert_eq!(find(&local, Some(client), &facts), Finding::NotPublic);
/// ```
#[must_use]
pub fn find(name: &HeloName, client: Option<IpAddr>, facts: &Facts) -> Finding {
    match (name.address(), client) {
        (Some(own), Some(client)) => literal_finding(own, client),
        (Some(own), None) if is_verifiable(own) => Finding::Resolves,
        (Some(_), None) => Finding::NotPublic,
        (None, _) if !is_asked(name, client) => Finding::NotPublic,
        (None, Some(client)) => matching_finding(name, client, facts),
        (None, None) => resolving_finding(name, facts),
    }
}

fn literal_finding(own: IpAddr, client: IpAddr) -> Finding {
    if own == client.to_canonical() {
        Finding::Match
    } else {
        Finding::Mismatch
    }
}

fn has_public(addresses: &[IpAddr]) -> bool {
    addresses
        .iter()
        .any(|&address| is_verifiable(meant(address)))
}

/// Returns whether the world may see something else: the names of a public client address hold the
/// name, whose addresses are all private here.
fn is_inside(name: &HeloName, client: IpAddr, answer: &Answer<IpAddr>, facts: &Facts) -> bool {
    let addresses = answer.records().iter();
    let mut scopes = addresses.map(|&address| Scope::of_address(meant(address)));
    is_verifiable(client)
        && !answer.is_seen_outside()
        && scopes.all(|scope| scope == Scope::Private)
        && facts
            .names(client)
            .is_some_and(|answer| names_hold(answer, name))
}

fn matching_finding(name: &HeloName, client: IpAddr, facts: &Facts) -> Finding {
    let client = client.to_canonical();
    let Some(answer) = facts.addresses(name.as_str(), Family::of(client)) else {
        return Finding::Unknown;
    };
    let is_client = |address: &IpAddr| meant(*address) == meant(client);
    match answer.outcome() {
        Outcome::Found(addresses) if addresses.iter().any(is_client) => Finding::Match,
        Outcome::Found(addresses) if has_public(addresses) => Finding::Mismatch,
        Outcome::Found(_) if is_inside(name, client, answer, facts) => Finding::Inside,
        Outcome::Found(_) => Finding::NotPublic,
        Outcome::NoData | Outcome::NxDomain => Finding::NoAddress,
        Outcome::NotKnown(_) => Finding::Unknown,
    }
}

fn resolving_finding(name: &HeloName, facts: &Facts) -> Finding {
    let answers = Family::ALL.map(|family| facts.addresses(name.as_str(), family));
    let is_known = |answer: &Option<&Answer<IpAddr>>| answer.is_some_and(|a| !a.is_not_known());
    let addresses: Vec<IpAddr> = answers
        .iter()
        .flatten()
        .flat_map(|answer| answer.records())
        .copied()
        .collect();
    if has_public(&addresses) {
        Finding::Resolves
    } else if !answers.iter().all(is_known) {
        Finding::Unknown
    } else if addresses.is_empty() {
        Finding::NoAddress
    } else {
        Finding::NotPublic
    }
}

/// Returns whether the DNS knows anything of a name that counts: it is public, or it is private and
/// so is the client address, as towards a server in the same network (R22).
fn is_asked(name: &HeloName, client: Option<IpAddr>) -> bool {
    let is_private_client =
        || client.is_some_and(|client| Scope::of_address(client) == Scope::Private);
    match name.scope() {
        Scope::Public => true,
        Scope::Private => is_private_client(),
        Scope::Loopback | Scope::Reserved => false,
    }
}

/// Returns the families to ask for the addresses of a name (R12): none for a literal or a name that
/// is not public, unless both name and client address are private.
pub(crate) fn families_to_ask(name: &HeloName, client: Option<IpAddr>) -> Vec<Family> {
    if name.is_literal() || !is_asked(name, client) {
        return Vec::new();
    }
    match client {
        Some(address) => vec![Family::of(address)],
        None => Family::ALL.to_vec(),
    }
}

/// Returns the answers about a name that decide its finding for this client address.
pub(crate) fn lookups(name: &HeloName, client: Option<IpAddr>, facts: &Facts) -> Vec<Forward> {
    let asked = families_to_ask(name, client).into_iter();
    asked
        .filter_map(|family| {
            let answer = facts.addresses(name.as_str(), family)?.clone();
            Some(Forward { family, answer })
        })
        .collect()
}
