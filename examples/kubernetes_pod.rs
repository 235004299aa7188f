//! The names that containers really get, and the one name that fits them all.
//!
//! A pod, a compose container and their like have a host name that no mail server accepts. What servers see of them is
//! the egress address, and that has a PTR record. Here an authoritative DNS server in this process, on loopback with
//! real UDP packets, holds that record and the forward one; each host name in turn ends as the same verified name.

#[path = "../tests/support/dns_server.rs"]
mod dns_server;

use dns_server::DnsServer;
use helo_name::dns::Resolver;
use helo_name::{HeloName, Resolution, ResolveError};
use std::net::{IpAddr, Ipv4Addr};

/// The address that the cluster's NAT gateway gives to outgoing connections.
const EGRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

const ZONE: &str = "
10.2.0.192.in-addr.arpa  PTR  mail.example.com
mail.example.com         A    192.0.2.10
";

const HOST_NAMES: [(&str, &str); 4] = [
    ("a pod of a Deployment", "mailer-5b8f7d9c4-x2k9q"),
    (
        "a pod whose host name is its private address",
        "10.244.1.17",
    ),
    (
        "a pod of a StatefulSet, by its cluster name",
        "mailer-0.mailer.shop.svc.cluster.local",
    ),
    ("a container of a compose project", "shop_mailer_1"),
];

fn main() -> Result<(), ResolveError> {
    let server = DnsServer::start(ZONE);
    let mut chosen = None;
    for (what, host_name) in HOST_NAMES {
        let report = resolve(host_name, &server);
        println!("{what}:\n{report}\n");
        chosen = Some(report.into_name()?);
    }
    if let Some(name) = chosen {
        println!("EHLO {name}");
    }
    Ok(())
}

fn resolve(host_name: &str, server: &DnsServer) -> Resolution {
    HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .host_name(host_name)
        .client_address(EGRESS)
        .dns(Resolver::asking([server.address()]))
        .report_blocking()
}
