//! Resolves again: what changed since a mailer started.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::dns::{Family, Outcome, PtrText};
use crate::executor::block_on;
use crate::kinds::messages;
use crate::name::HeloName;
use crate::resolve::considered::Client;
use crate::resolve::error::ResolveErrorKind;
use crate::resolve::gather::ClientOrigin;
use crate::resolve::report::Resolution;
use crate::verify::Finding;

/// A later resolution, and what changed since.
#[derive(Clone, Debug)]
pub struct Recheck {
    resolution: Resolution,
    changes: Vec<Change>,
}

impl Recheck {
    /// Returns the later resolution. When it is provisional or an error of the kind "try again",
    /// the DNS did not answer, and the earlier name may still be right.
    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// Takes the later resolution.
    #[must_use]
    pub fn into_resolution(self) -> Resolution {
        self.resolution
    }

    /// Returns what changed. An answer that is merely missing this time is not a change: another
    /// name does not count while the later choice is provisional or an error of the kind "try
    /// again", and neither does a discovered client address that no service names this time.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

messages! {
    /// Something that changed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Change {
        /// There are other client addresses.
        ClientAddresses {
            /// The earlier ones.
            before: Vec<IpAddr>,
            /// The later ones.
            after: Vec<IpAddr>,
        } = "client-addresses"
            => "client addresses: {was}, now {is}", was = list(before), is = list(after);
        /// There is another finding about a name and a client address.
        Finding {
            /// The name.
            name: HeloName,
            /// The client address; `None` if none is known.
            client: Option<IpAddr>,
            /// The earlier finding.
            before: Finding,
            /// The later finding.
            after: Finding,
        } = "finding" => "{name}{client}: {was}, now {is}",
            client = client.map_or(String::new(), |address| format!(" for {address}")),
            was = before.as_str(), is = after.as_str();
        /// Another name will be sent, or none.
        Name {
            /// The earlier name; `None` if there was none.
            before: Option<HeloName>,
            /// The later name; `None` if there is none.
            after: Option<HeloName>,
        } = "name" => "name: {was}, now {is}",
            was = before.as_ref().map_or("none", HeloName::as_str),
            is = after.as_ref().map_or("none", HeloName::as_str);
        /// A client address has other PTR names.
        PtrNames {
            /// The client address.
            address: IpAddr,
            /// The earlier names, sorted.
            before: Vec<PtrText>,
            /// The later names, sorted.
            after: Vec<PtrText>,
        } = "ptr-names" => "PTR of {address}: {was}, now {is}",
            was = list_names(before), is = list_names(after);
    }
}

/// How many items of a list a line shows.
const SHOWN: usize = 5;

fn list(items: &[impl fmt::Display]) -> String {
    let mut shown: Vec<String> = items.iter().take(SHOWN).map(ToString::to_string).collect();
    match items.len() {
        0 => return "none".to_owned(),
        count if count > SHOWN => shown.push(format!("{} more", count - SHOWN)),
        _ => {}
    }
    shown.join(", ")
}

fn list_names(names: &[PtrText]) -> String {
    list(&names.iter().map(PtrText::as_str).collect::<Vec<_>>())
}

impl Resolution {
    /// Resolves again with the same settings, and says what changed. For a long-running mailer,
    /// once the resolution is no longer valid ([`valid_until`](Self::valid_until)).
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    ///
    /// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
    /// let report = Resolve::new(zone).configured("mail.example.com").report_blocking();
    /// let later = report.recheck_blocking();
    /// assert!(later.changes().is_empty());
    /// ```
    pub async fn recheck(&self) -> Recheck {
        let resolution = Arc::clone(&self.again).again().await;
        let changes = changes(self, &resolution);
        Recheck {
            resolution,
            changes,
        }
    }

    /// As [`recheck`](Self::recheck), and blocks this thread, no longer than the deadline.
    #[must_use]
    pub fn recheck_blocking(&self) -> Recheck {
        block_on(self.recheck())
    }
}

fn changes(before: &Resolution, after: &Resolution) -> Vec<Change> {
    let name = changed_name(before, after).into_iter();
    name.chain(changed_addresses(before, after))
        .chain(changed_ptr_names(before, after))
        .chain(changed_findings(before, after))
        .collect()
}

fn changed_name(before: &Resolution, after: &Resolution) -> Option<Change> {
    let name = |resolution: &Resolution| resolution.name().ok().cloned();
    let (was, is) = (name(before), name(after));
    let is_changed = was != is && is_settled(after);
    is_changed.then_some(Change::Name {
        before: was,
        after: is,
    })
}

fn changed_addresses(before: &Resolution, after: &Resolution) -> Option<Change> {
    let addresses = |resolution: &Resolution| -> Vec<IpAddr> {
        let clients = resolution.clients().iter();
        clients.map(Client::address).collect()
    };
    let clients = before.clients().iter();
    let still_said = clients.filter(|client| !is_merely_not_said(client, after));
    let is_changed = !still_said.map(Client::address).eq(addresses(after));
    is_changed.then(|| Change::ClientAddresses {
        before: addresses(before),
        after: addresses(after),
    })
}

fn changed_ptr_names(before: &Resolution, after: &Resolution) -> Vec<Change> {
    let changed = |client: &Client| {
        let mut later = after.clients().iter();
        let later = later.find(|later| later.address == client.address)?;
        let (was, is) = (ptr_names(client)?, ptr_names(later)?);
        (was != is).then_some(Change::PtrNames {
            address: client.address,
            before: was,
            after: is,
        })
    };
    before.clients().iter().filter_map(changed).collect()
}

/// Returns whether the later choice rests on answers, and not on missing ones.
pub(super) fn is_settled(after: &Resolution) -> bool {
    match after.name() {
        Ok(_) => !after.is_provisional(),
        Err(error) => error.kind() != ResolveErrorKind::TryAgain,
    }
}

/// Returns whether a client address was discovered, and this time none of its family was.
fn is_merely_not_said(client: &Client, after: &Resolution) -> bool {
    let was_discovered = matches!(
        client.origin,
        ClientOrigin::Discovered | ClientOrigin::DiscoveredOnce
    );
    let family = Family::of(client.address);
    let mut later = after.clients().iter();
    was_discovered && !later.any(|later| Family::of(later.address) == family)
}

/// The PTR names, sorted, as the order of an answer changes from one to the next; `None` if the DNS
/// did not say.
fn ptr_names(client: &Client) -> Option<Vec<PtrText>> {
    let answer = &client.reverse.as_ref()?.answer;
    if let Outcome::NotKnown(_) = answer.outcome() {
        return None;
    }
    let mut names = answer.records().to_vec();
    names.sort();
    Some(names)
}

fn changed_findings(before: &Resolution, after: &Resolution) -> Vec<Change> {
    let later = findings(after);
    let mut changes = Vec::new();
    for (name, client, before) in findings(before) {
        let mut later = later.iter();
        let after = later.find(|(other, address, _)| *other == name && *address == client);
        if let Some(&(_, _, after)) = after.filter(|(_, _, after)| *after != before) {
            let change = Change::Finding {
                name: name.clone(),
                client,
                before,
                after,
            };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

/// What the DNS said of each name and client address.
fn findings(resolution: &Resolution) -> Vec<(&HeloName, Option<IpAddr>, Finding)> {
    let mut findings = Vec::new();
    for considered in resolution.considered() {
        for about in &considered.findings {
            if let Some(name) = &considered.name
                && about.finding != Finding::Unknown
            {
                findings.push((name, about.client, about.finding));
            }
        }
    }
    findings
}
