//! A run: gather, ask, choose, and tell the log.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::dns::{Dns, Facts};
use crate::events;
use crate::executor::Alarm;
use crate::policy::FallbackPolicy;
use crate::resolve::ask::{Asking, facts_about};
use crate::resolve::choose::choose;
#[cfg(feature = "dns")]
use crate::resolve::discover::{discover, without_unconfirmed};
use crate::resolve::egress::HeloNames;
use crate::resolve::gather::{Gathered, Settings, gather, gather_for};
use crate::resolve::judge::Judge;
use crate::resolve::probe::Probes;
use crate::resolve::report::{Again, Resolution};
use crate::resolve::warning::Warning;

/// What a run needs.
pub(super) struct Run<D> {
    pub(super) dns: D,
    pub(super) settings: Settings,
    pub(super) policy: Box<dyn FallbackPolicy>,
    pub(super) deadline: Duration,
}

impl<D: Dns + 'static> Run<D> {
    /// Resolves for this host.
    pub(super) async fn for_host(self: Arc<Self>) -> Resolution {
        let alarm = Alarm::after(self.deadline);
        let gathered = gather(&self.settings, &self.for_files(&alarm)).await;
        let mut asking = Asking::of(&self.dns, self.policy.as_ref());
        #[cfg(feature = "dns")]
        let half = alarm.for_part(self.deadline / 2);
        #[cfg(feature = "dns")]
        let gathered = discover(&self.settings.services, gathered, &half).await;
        asking.ask(&gathered, &alarm).await;
        #[cfg(feature = "dns")]
        let gathered = without_unconfirmed(gathered, &asking.facts);
        // Without a client address other questions matter. Those that were answered are not asked
        // again.
        asking.ask(&gathered, &alarm).await;
        let again: Arc<dyn Again> = Arc::<Self>::clone(&self);
        self.conclude(gathered, asking.facts, &asking.probes, again)
    }

    /// Resolves for each of several client addresses. What they have in common is asked once.
    pub(super) async fn for_each(self: Arc<Self>, clients: Vec<IpAddr>) -> HeloNames {
        let (mut gathered, facts, probes) = self.gather_and_ask(clients).await;
        let mut by_client = BTreeMap::new();
        for client in std::mem::take(&mut gathered.clients) {
            let of_client = Gathered {
                clients: vec![client],
                ..gathered.clone()
            };
            let address = client.address;
            let facts = facts_about(address, &of_client, &facts);
            let again = Arc::new(OfClient {
                run: Arc::clone(&self),
                address,
            });
            by_client.insert(address, self.conclude(of_client, facts, &probes, again));
        }
        HeloNames::new(by_client)
    }

    async fn gather_and_ask(&self, clients: Vec<IpAddr>) -> (Gathered, Facts, Probes) {
        let alarm = Alarm::after(self.deadline);
        let gathered = gather_for(&self.settings, clients, &self.for_files(&alarm)).await;
        let mut asking = Asking::of(&self.dns, self.policy.as_ref());
        // Without an address there is no name to find, and nothing to ask.
        if !gathered.clients.is_empty() {
            asking.ask(&gathered, &alarm).await;
        }
        (gathered, asking.facts, asking.probes)
    }

    /// Files that hang get a part of the deadline, as the names must still be verified then.
    fn for_files(&self, alarm: &Alarm) -> Alarm {
        alarm.for_part(self.deadline / 4)
    }

    /// Judges, chooses, and tells the log.
    fn conclude(
        &self,
        mut gathered: Gathered,
        facts: Facts,
        probes: &Probes,
        again: Arc<dyn Again>,
    ) -> Resolution {
        let asked = self.dns.servers_asked();
        for problem in asked.problems().iter().map(Warning::from) {
            if !gathered.warnings.contains(&problem) {
                gathered.warnings.push(problem);
            }
        }
        // They matter to an operator when something is not known.
        let name_servers = if facts.has_not_known() {
            asked.addresses()
        } else {
            Vec::new()
        };
        let judge = Judge {
            gathered: &gathered,
            facts: &facts,
            probes,
            policy: self.policy.as_ref(),
        };
        let choice = choose(&judge, &name_servers);
        let mut resolution = Resolution {
            again,
            choice,
            #[cfg(feature = "receivers")]
            facts,
            name_servers,
            asked,
        };
        resolution.advise_on_egress();
        tell(&resolution);
        resolution
    }
}

/// Tells the log what a run found.
fn tell(resolution: &Resolution) {
    for warning in resolution.warnings() {
        events::warning(warning.as_str(), warning.name(), warning.address(), warning);
    }
    match resolution.plan() {
        Ok(plan) => events::chosen(
            plan.first().name(),
            plan.first().source().as_str(),
            resolution.is_provisional(),
            resolution.valid_for(),
        ),
        Err(error) => events::no_name(error.kind().as_str(), error.cure(), &error),
    }
}

impl<D: Dns + 'static> Again for Run<D> {
    fn again(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Resolution> + Send>> {
        Box::pin(self.for_host())
    }
}

/// What the resolution of one client address of several keeps, to resolve again.
struct OfClient<D> {
    run: Arc<Run<D>>,
    address: IpAddr,
}

impl<D: Dns + 'static> Again for OfClient<D> {
    fn again(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Resolution> + Send>> {
        Box::pin(async move {
            let (gathered, facts, probes) = self.run.gather_and_ask(vec![self.address]).await;
            let again: Arc<dyn Again> = Arc::<Self>::clone(&self);
            self.run.conclude(gathered, facts, &probes, again)
        })
    }
}
