//! Finds the client address by asking services that echo it, if the operator wants that.
//!
//! Port 53 is often intercepted: then a resolver of the network answers instead of the service, and
//! names itself. So one answer proves nothing. An address counts when two services agree on it, or
//! when it is the only one named and its PTR names lead back to it.
//!
//! A resolver that intercepts the questions to all services, and names one address each time, is
//! not detected.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::dns::{Answer, EchoService, Facts, Family, Outcome, Resolver};
use crate::events;
use crate::executor::{Alarm, InFlight};
use crate::name::is_verifiable;
use crate::resolve::gather::{ClientAddress, ClientIs, ClientOrigin, Gathered};
use crate::resolve::warning::Warning;
use crate::verify::{Iprev, iprev};

/// Adds the client addresses that the services name, for the families in which none is known. An
/// address that only one service names is added as [`ClientOrigin::DiscoveredOnce`], and has to be
/// confirmed.
///
/// The services have an alarm of their own, as the names must still be verified when they are
/// silent.
pub(super) async fn discover(
    services: &[EchoService],
    mut gathered: Gathered,
    alarm: &Alarm,
) -> Gathered {
    let missing = missing_families(&gathered);
    if services.is_empty() || missing.is_empty() || gathered.is_misconfigured() {
        return gathered;
    }
    let votes = votes(services, &missing, alarm).await;
    for family in missing {
        let (address, origin) = match (agreed(&votes, family), named(&votes, family).as_slice()) {
            (Some(address), _) => (address, ClientOrigin::Discovered),
            (None, &[address]) => (address, ClientOrigin::DiscoveredOnce),
            (None, []) => continue,
            (None, several) => {
                let disagreement = Warning::DiscoveryDisagrees(several.to_vec());
                gathered.warnings.push(disagreement);
                continue;
            }
        };
        gathered.clients.push(ClientAddress { address, origin });
    }
    gathered.clients.sort(); // IPv4 first
    if votes.is_empty() && gathered.clients.is_empty() {
        gathered.client_is = ClientIs::NotKnownYet;
    }
    gathered
}

/// The families in which no client address is known.
fn missing_families(gathered: &Gathered) -> Vec<Family> {
    let is_missing = |family: &Family| {
        let mut known = gathered.client_addresses().map(Family::of);
        known.all(|known| known != *family)
    };
    Family::ALL.into_iter().filter(is_missing).collect()
}

/// Asks all services at once, until two agree in each family or the alarm rings.
async fn votes(services: &[EchoService], missing: &[Family], alarm: &Alarm) -> BTreeSet<Vote> {
    let mut asked = InFlight::default();
    for &family in missing {
        for service in services {
            if !service.servers(family).is_empty() {
                asked.push(ask(service, family));
            }
        }
    }
    let mut votes = BTreeSet::new();
    while let Some(vote) = asked.next_before(alarm).await {
        votes.extend(vote);
        let mut missing = missing.iter();
        if missing.all(|&family| agreed(&votes, family).is_some()) {
            break;
        }
    }
    votes
}

/// Takes back the addresses that only one service named, unless their PTR names lead back to them.
pub(super) fn without_unconfirmed(mut gathered: Gathered, facts: &Facts) -> Gathered {
    let is_unconfirmed = |client: &ClientAddress| {
        client.origin == ClientOrigin::DiscoveredOnce
            && iprev(client.address, facts) != Some(Iprev::Pass)
    };
    let (dropped, kept): (Vec<_>, Vec<_>) = gathered.clients.into_iter().partition(is_unconfirmed);
    for ClientAddress { address, .. } in dropped {
        if !matches!(iprev(address, facts), Some(Iprev::Fail | Iprev::PermError)) {
            gathered.client_is = ClientIs::NotKnownYet;
        }
        let unconfirmed = Warning::DiscoveryUnconfirmed(address);
        gathered.warnings.push(unconfirmed);
    }
    gathered.clients = kept;
    gathered
}

/// The address that one service names, unless it is of the wrong family, or one that no server
/// outside can see.
async fn ask(service: &EchoService, family: Family) -> Option<Vote> {
    let resolver = Resolver::asking(service.servers(family));
    let answer: Answer<IpAddr> = resolver
        .ask_echo(service.name(), service.record(), family)
        .await;
    events::echo(service.name(), &answer);
    let Outcome::Found(addresses) = answer.outcome() else {
        return None;
    };
    let address = addresses.first()?.to_canonical();
    let is_fit = Family::of(address) == family && is_verifiable(address);
    is_fit.then(|| Vote {
        address,
        service: service.name().to_owned(),
    })
}

/// What a service says. However often a service is asked, and at however many of its servers, it
/// has one vote.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Vote {
    address: IpAddr,
    service: String,
}

/// The address of a family that two services agree on.
fn agreed(votes: &BTreeSet<Vote>, family: Family) -> Option<IpAddr> {
    let voices = |address| votes.iter().filter(|vote| vote.address == address).count();
    let mut named = named(votes, family).into_iter();
    named.find(|&address| voices(address) > 1)
}

/// The addresses of a family that were named, each once, sorted.
fn named(votes: &BTreeSet<Vote>, family: Family) -> Vec<IpAddr> {
    let addresses = votes.iter().map(|vote| vote.address);
    let mut addresses: Vec<IpAddr> = addresses
        .filter(|&address| Family::of(address) == family)
        .collect();
    addresses.dedup();
    addresses
}
