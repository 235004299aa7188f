//! The names that containers really get, and the one name that serves them all. Needs no network.
//!
//! No mail server accepts the host name of a pod. But servers see its egress address, and that has
//! a PTR record. Here a DNS server on loopback holds the record, and each host name in turn ends as
//! the same verified name. In the last case nobody configures even the address: two servers, which
//! stand for OpenDNS and Google, say which one they see.

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

const ZONE: &str = "10.2.0.192.in-addr.arpa PTR mail.example.com
                    mail.example.com A 192.0.2.10";

const PODS: &str = "a pod of a Deployment: mailer-5b8f7d9c4-x2k9q
a pod whose host name is its private address: 10.244.1.17
a pod of a StatefulSet, by its cluster name: mailer-0.mailer.shop.svc.cluster.local
a container of a compose project: shop_mailer_1";

fn main() -> Result<(), ResolveError> {
    let server = DnsServer::start(ZONE);
    for (what, host_name) in PODS.lines().filter_map(|pod| pod.split_once(": ")) {
        let resolve = pod(host_name, &server).client_address(EGRESS);
        show(what, resolve.report_blocking())?;
    }
    let opendns = EchoServer::start(Echo::OpenDns(EGRESS));
    let google = EchoServer::start(Echo::Google(EGRESS));
    let resolve = pod("mailer-5b8f7d9c4-x2k9q", &server).discover_client_address([
        EchoService::OPENDNS.with_servers([opendns.address()]),
        EchoService::GOOGLE.with_servers([google.address()]),
    ]);
    let name = show("nothing configured at all", resolve.report_blocking())?;
    let _ = writeln!(io::stdout(), "EHLO {name}");
    Ok(())
}

/// A pod whose host name is all it knows.
fn pod(host_name: &str, server: &DnsServer) -> Resolve<Resolver> {
    let resolve = HeloName::resolve().ignore_environment().ignore_machine();
    let resolver = Resolver::asking([server.address()]);
    resolve.host_name(host_name).dns(resolver)
}

fn show(what: &str, report: Resolution) -> Result<HeloName, ResolveError> {
    let _ = writeln!(io::stdout(), "{what}:\n{report}\n"); // `head` may have read enough
    report.into_name()
}
