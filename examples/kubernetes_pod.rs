//! The names that containers really get, and the one name that fits them all.
//!
//! A pod, a compose container and their like have a host name that no mail server accepts. What servers see of them is
//! the egress address, and that has a PTR record. Here an authoritative DNS server in this process, on loopback with
//! real UDP packets, holds that record and the forward one; each host name in turn ends as the same verified name.
//!
//! At last nobody configures anything: the egress address is asked of services that echo it. Servers in this process
//! stand for OpenDNS and Google, and answer what those would to a question through the NAT gateway.

#[path = "../tests/support/dns_server.rs"]
mod dns_server;
#[path = "../tests/support/echo_dns.rs"]
mod echo_dns;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use dns_server::DnsServer;
use echo_dns::{Echo, EchoServer};
use helo_name::dns::{EchoService, Resolver};
use helo_name::{HeloName, Resolution, Resolve, ResolveError};

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
    for (what, host_name) in HOST_NAMES {
        let report = pod(host_name, &server).client_address(EGRESS);
        show(what, report.report_blocking())?;
    }
    let opendns = EchoServer::start(Echo::OpenDns(EGRESS));
    let google = EchoServer::start(Echo::Google(EGRESS));
    let report = pod("mailer-5b8f7d9c4-x2k9q", &server).discover_client_address([
        EchoService::OPENDNS.with_servers([opendns.address()]),
        EchoService::GOOGLE.with_servers([google.address()]),
    ]);
    let name = show("nothing configured at all", report.report_blocking())?;
    say(&format!("EHLO {name}"));
    Ok(())
}

/// A pod of which only the host name is known.
fn pod(host_name: &str, server: &DnsServer) -> Resolve<Resolver> {
    HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .host_name(host_name)
        .dns(Resolver::asking([server.address()]))
}

fn show(what: &str, report: Resolution) -> Result<HeloName, ResolveError> {
    say(&format!("{what}:\n{report}\n"));
    report.into_name()
}

/// Writes a line; whoever reads no further (`head`) has seen enough.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
