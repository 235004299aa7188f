//! Checks whether the names of an address lead back to it (RFC 8601 3).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::dns::{Answer, Facts, Family, Outcome, PtrText};
use crate::kinds::kinds;
use crate::name::{HeloName, Scope};

/// How many PTR names of an address are looked up. RFC 7208 4.6.4 has the same limit for the same
/// reason.
pub(crate) const MAX_CONFIRMED: usize = 10;

/// The names of an address, as the DNS says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pair that callers match on")]
pub struct Reverse {
    /// The address that was asked for.
    pub address: IpAddr,
    /// What the DNS said; untrusted text until it is parsed.
    pub answer: Answer<PtrText>,
}

impl Reverse {
    /// Returns what the facts say about the names of an address, if they were asked for.
    pub(crate) fn from(address: IpAddr, facts: &Facts) -> Option<Self> {
        let answer = facts.names(address)?.clone();
        Some(Self { address, answer })
    }
}

kinds! {
    /// The result of an iprev check (RFC 8601 3): do the names of an address lead back to it?
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(clippy::exhaustive_enums, reason = "RFC 8601 3 has no other results for iprev")]
    pub enum Iprev {
        /// A PTR name of the address has the address: it is forward-confirmed.
        Pass = "pass";
        /// The address has PTR names, and none of them has the address.
        Fail = "fail";
        /// The DNS did not answer, or not in time; a later try may help.
        TempError = "temperror";
        /// The address has no PTR record.
        PermError = "permerror";
    }
}

/// Returns whether the names of an address lead back to it, as far as the facts say: an iprev check
/// (RFC 8601 3).
///
/// `None` when the names were not asked for, or when none leads back and not all were looked up.
pub(crate) fn iprev(address: IpAddr, facts: &Facts) -> Option<Iprev> {
    let names = match facts.names(address)?.outcome() {
        Outcome::Found(names) => names,
        Outcome::NoData | Outcome::NxDomain => return Some(Iprev::PermError),
        Outcome::NotKnown(_) => return Some(Iprev::TempError),
    };
    let legal = names.iter().filter_map(|text| text.to_name().ok());
    let public: BTreeSet<HeloName> = legal.filter(|name| name.scope() == Scope::Public).collect();
    let family = Family::of(address);
    let forward = |name: &HeloName| facts.addresses(name.as_str(), family);
    let asked: Vec<_> = public.iter().filter_map(forward).collect();
    if asked
        .iter()
        .any(|answer| answer.records().contains(&address))
    {
        return Some(Iprev::Pass);
    }
    if asked.iter().any(|answer| answer.is_not_known()) {
        return Some(Iprev::TempError);
    }
    let are_all_asked = asked.len() >= public.len().min(MAX_CONFIRMED);
    are_all_asked.then_some(Iprev::Fail)
}

/// Returns whether a PTR answer has a name. Names are compared, so case and a root dot do not
/// matter.
pub(crate) fn names_hold(answer: &Answer<PtrText>, name: &HeloName) -> bool {
    let mut names = answer.records().iter();
    names.any(|text| text.to_name().is_ok_and(|ptr| ptr == *name))
}
