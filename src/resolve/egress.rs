//! A name for each of several egress addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::name::HeloName;
use crate::resolve::report::Resolution;

/// A name for each client address of an MTA with many, each with its own report.
///
/// [`Resolve::names_for`](crate::Resolve::names_for) makes it. IPv4 and IPv6 of one host are two
/// entries. A destination may have a name of its own: some relays authorise a client by it.
///
/// ```
/// use helo_name::{HeloName, Resolve};
/// use helo_name::dns::Zone;
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
/// let towards = |server| names.name_towards(server, bound).unwrap().as_str();
/// assert_eq!(towards("relay.example.org"), "tenant.example.com");
/// assert_eq!(towards("mx.example.net"), "out.example.com");
/// ```
#[derive(Clone, Debug)]
pub struct HeloNames {
    by_client: BTreeMap<IpAddr, Resolution>,
    clients: BTreeMap<IpAddr, IpAddr>,
    by_destination: BTreeMap<String, HeloName>,
}

impl HeloNames {
    pub(super) fn new(by_client: BTreeMap<IpAddr, Resolution>) -> Self {
        Self {
            by_client,
            clients: BTreeMap::new(),
            by_destination: BTreeMap::new(),
        }
    }

    /// Adds a socket address that servers see as `client`: behind NAT.
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

    /// Returns the name for the local address of the socket about to be used, or for a client
    /// address. `None` for an address that was not resolved for, or has no usable name:
    /// [`resolution`](Self::resolution) says which.
    #[must_use]
    pub fn name(&self, address: IpAddr) -> Option<&HeloName> {
        let plan = &self.resolution(address)?.choice.plan;
        plan.as_ref().ok().map(|plan| plan.first().name())
    }

    /// As [`name`](Self::name); a name set for the destination comes first.
    #[must_use]
    pub fn name_towards(&self, server: &str, address: IpAddr) -> Option<&HeloName> {
        let set = self.by_destination.get(&destination(server));
        set.or_else(|| self.name(address))
    }

    /// Returns the report for a local or client address.
    #[must_use]
    pub fn resolution(&self, address: IpAddr) -> Option<&Resolution> {
        let address = address.to_canonical();
        let client = self.clients.get(&address).unwrap_or(&address);
        self.by_client.get(client)
    }

    /// Returns all client addresses with their reports, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &Resolution)> {
        self.by_client
            .iter()
            .map(|(address, resolution)| (*address, resolution))
    }
}

/// Servers are compared as names, without case and root dot, or as addresses, whatever the
/// spelling.
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
