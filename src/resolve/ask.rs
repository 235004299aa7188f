//! Asks the DNS: everything that does not depend on an answer at once, and nothing twice (R12).

use std::net::IpAddr;

use crate::dns::{Dns, Facts, Family, Heard, Questions};
use crate::events;
use crate::executor::Alarm;
use crate::name::{HeloName, is_verifiable};
use crate::policy::FallbackPolicy;
use crate::resolve::gather::{ClientsAre, Gathered, Raw};
use crate::resolve::probe::Probes;
use crate::resolve::ptr_names::{names_to_confirm, ordered_names};
use crate::verify::families_to_ask;

/// What a run asks, and what it has heard.
pub(super) struct Asking<'a, D> {
    pub(super) dns: &'a D,
    pub(super) policy: &'a dyn FallbackPolicy,
    pub(super) facts: Facts,
    pub(super) probes: Probes,
}

impl<'a, D: Dns> Asking<'a, D> {
    pub(super) fn of(dns: &'a D, policy: &'a dyn FallbackPolicy) -> Self {
        Self {
            dns,
            policy,
            facts: Facts::default(),
            probes: Probes::default(),
        }
    }

    /// Adds to the facts what is not known yet, until the alarm rings.
    pub(super) async fn ask(&mut self, gathered: &Gathered, alarm: &Alarm) {
        let Self {
            dns,
            policy,
            facts,
            probes,
        } = self;
        if gathered.is_misconfigured() {
            return;
        }
        alarm.allowance().allow_for(gathered.clients.len());
        let mut questions = Questions::to(*dns);
        ask_first(gathered, facts, &mut questions);
        while let Some(heard) = questions.next_before(alarm).await {
            if let Heard::Names(address, answer) = &heard {
                for name in names_to_confirm(gathered, *address, answer) {
                    for family in families_to_confirm(gathered, *address) {
                        questions.ask_addresses(&name, family, facts);
                    }
                }
            }
            events::heard(&heard);
            facts.note(heard);
            for (name, family) in probes.due(gathered, facts, *policy) {
                questions.ask_addresses(&name, family, facts);
            }
        }
        questions.give_up(facts);
        probes.take_answers(facts);
    }
}

/// A name that is right for all addresses of a host is better than one for each.
fn families_to_confirm(gathered: &Gathered, address: IpAddr) -> Vec<Family> {
    match gathered.clients_are {
        ClientsAre::OneHost => gathered.client_addresses().map(Family::of).collect(),
        ClientsAre::Separate => vec![Family::of(address)],
    }
}

/// Asks what does not depend on an answer. No PTR of a private or loopback address (R15): the
/// question would leak to public name servers, or hang there.
fn ask_first<D: Dns>(gathered: &Gathered, facts: &Facts, questions: &mut Questions<'_, D>) {
    for address in gathered
        .client_addresses()
        .filter(|&address| is_verifiable(address))
    {
        questions.ask_names(address, facts);
    }
    for name in gathered.raw.iter().filter_map(Raw::name) {
        for client in gathered.clients_or_none() {
            for family in families_to_ask(name, client) {
                questions.ask_addresses(name, family, facts);
            }
        }
    }
}

/// Returns the facts that concern one client address: its names, and those that it has in common
/// with others.
pub(super) fn facts_about(address: IpAddr, gathered: &Gathered, facts: &Facts) -> Facts {
    let mut about = Facts::new();
    let mut names: Vec<HeloName> = gathered.raw.iter().filter_map(Raw::name).cloned().collect();
    if let Some(answer) = facts.names(address) {
        names.extend(ordered_names(answer, &[]));
        about.insert_names(address, answer.clone());
    }
    let own_family = [Family::of(address)];
    let families = if gathered.is_seen(address) {
        &own_family
    } else {
        Family::ALL.as_slice()
    };
    for name in names {
        for &family in families {
            if let Some(answer) = facts.addresses(name.as_str(), family) {
                about.insert_addresses(name.as_str(), family, answer.clone());
            }
        }
    }
    about
}
