//! A name for each of several egress addresses.

use super::ask::{self, Facts};
use super::gather::{self, ClientsAre, Gathered};
use super::report::{ClientOrigin, Resolution};
use super::{Again, Resolve};
use crate::dns::Dns;
use crate::executor::Alarm;
use crate::name::HeloName;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// A name for each client address of an MTA with many, each with its own report.
///
/// [`Resolve::names_for`] makes it. IPv4 and IPv6 of one host are two entries. A destination may have a name of its
/// own: some relays authorise a client by it.
///
/// ```
/// use helo_name::{HeloName, Resolve, dns::Zone};
/// use std::net::IpAddr;
///
/// let egress: IpAddr = "192.0.2.10".parse().unwrap();
/// let bound: IpAddr = "10.0.0.5".parse().unwrap(); // what NAT turns into the egress address
/// let zone = Zone::new()
///     .ptr("192.0.2.10", "out.example.com")
///     .address("out.example.com", "192.0.2.10");
/// let names = Resolve::new(zone)
///     .ignore_machine()
///     .ignore_environment()
///     .names_for_blocking([egress])
///     .with_local(bound, egress)
///     .with_destination("relay.example.org", HeloName::from_static("tenant.example.com"));
///
/// assert_eq!(names.name(bound).unwrap().as_str(), "out.example.com");
/// assert_eq!(names.name_towards("relay.example.org", bound).unwrap().as_str(), "tenant.example.com");
/// assert_eq!(names.name_towards("mx.example.net", bound).unwrap().as_str(), "out.example.com");
/// ```
#[derive(Clone, Debug)]
pub struct HeloNames {
    by_client: BTreeMap<IpAddr, Resolution>,
    clients: BTreeMap<IpAddr, IpAddr>,
    by_destination: BTreeMap<String, HeloName>,
}

impl HeloNames {
    /// Says that a socket bound to `local` is seen by servers as `client`: behind NAT.
    #[must_use]
    pub fn with_local(mut self, local: IpAddr, client: IpAddr) -> Self {
        self.clients
            .insert(local.to_canonical(), client.to_canonical());
        self
    }

    /// Sets the name for one destination: a server's name or address as text, in any case.
    #[must_use]
    pub fn with_destination(mut self, server: &str, name: HeloName) -> Self {
        self.by_destination.insert(destination(server), name);
        self
    }

    /// Gives the name for the local address of the socket about to be used, or for a client address. `None` for an
    /// address that was not resolved for, or has no usable name: [`resolution`](Self::resolution) says which.
    pub fn name(&self, address: IpAddr) -> Option<&HeloName> {
        self.resolution(address)?
            .plan
            .as_ref()
            .ok()
            .map(|plan| plan.first().name())
    }

    /// As [`name`](Self::name), and a name set for the destination comes first.
    pub fn name_towards(&self, server: &str, address: IpAddr) -> Option<&HeloName> {
        let set = self.by_destination.get(&destination(server));
        set.or_else(|| self.name(address))
    }

    /// Gives the report for a local or client address.
    pub fn resolution(&self, address: IpAddr) -> Option<&Resolution> {
        let address = address.to_canonical();
        let client = self.clients.get(&address).unwrap_or(&address);
        self.by_client.get(client)
    }

    /// Gives all client addresses with their reports, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &Resolution)> {
        self.by_client
            .iter()
            .map(|(address, resolution)| (*address, resolution))
    }
}

/// Servers are compared as names, without case and root dot, or as addresses, whatever the spelling.
fn destination(server: &str) -> String {
    let inner = server
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = inner.unwrap_or(server).parse::<IpAddr>() {
        return address.to_canonical().to_string();
    }
    let server = server.strip_suffix('.').unwrap_or(server);
    server.to_ascii_lowercase()
}

pub(super) async fn run<D: Dns + 'static>(
    resolve: Arc<Resolve<D>>,
    clients: Vec<IpAddr>,
) -> HeloNames {
    let alarm = Alarm::after(resolve.deadline);
    let mut gathered = gather_for(&resolve, clients);
    let mut facts = Facts::default();
    // Without an address there is no name to find, and nothing to ask.
    if !gathered.clients.is_empty() {
        ask::ask(&resolve.dns, &gathered, &mut facts, &alarm).await;
    }
    let mut by_client = BTreeMap::new();
    for client in std::mem::take(&mut gathered.clients) {
        let of_client = Gathered {
            clients: vec![client],
            ..gathered.clone()
        };
        let facts = facts.about_client(client.0, &of_client);
        let (resolve, client) = (Arc::clone(&resolve), client.0);
        let again: Arc<dyn Again> = Arc::new(OfClient {
            resolve: Arc::clone(&resolve),
            client,
        });
        by_client.insert(client, resolve.conclude(&of_client, &facts, again));
    }
    HeloNames {
        by_client,
        clients: BTreeMap::new(),
        by_destination: BTreeMap::new(),
    }
}

fn gather_for<D>(resolve: &Resolve<D>, clients: Vec<IpAddr>) -> Gathered {
    let mut gathered = gather::gather(&resolve.settings);
    let mut clients: Vec<IpAddr> = clients
        .into_iter()
        .map(|address| address.to_canonical())
        .collect();
    clients.sort();
    clients.dedup();
    gathered.clients = clients
        .into_iter()
        .map(|address| (address, ClientOrigin::Given))
        .collect();
    gathered.clients_are = ClientsAre::Separate;
    gathered
}

/// What the resolution of one client address of many keeps to resolve again.
struct OfClient<D> {
    resolve: Arc<Resolve<D>>,
    client: IpAddr,
}

impl<D: Dns + 'static> Again for OfClient<D> {
    fn again(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Resolution> + Send>> {
        Box::pin(async move {
            let alarm = Alarm::after(self.resolve.deadline);
            let gathered = gather_for(&self.resolve, vec![self.client]);
            let mut facts = Facts::default();
            ask::ask(&self.resolve.dns, &gathered, &mut facts, &alarm).await;
            let again: Arc<dyn Again> = Arc::<Self>::clone(&self);
            self.resolve.conclude(&gathered, &facts, again)
        })
    }
}
