//! The report and the handshake say the same name for each client address (R23).

use std::net::IpAddr;

use helo_name::dns::Zone;
use helo_name::policy::{Standard, Strict, Submission};
use helo_name::smtp::Step;
use helo_name::{FallbackPolicy, Handshake, Reply, Resolution, Resolve};
use proptest::prelude::*;

const ADDRESSES: [&str; 3] = ["192.0.2.10", "2001:db8::10", "198.51.100.7"];
const NAMES: [&str; 4] = [
    "mail.example.org",
    "a.customer.net",
    "mx.example.com",
    "host-192-0-2-10.isp.example",
];

/// The name that the report shows for a client address: a line of its own, or the choice.
fn shown(report: &Resolution, client: IpAddr) -> Option<String> {
    let text = report.to_string();
    let own = format!("from {client}: ");
    let of_client = text.lines().find_map(|line| line.strip_prefix(&own));
    let chosen = text.lines().find_map(|line| line.strip_prefix("chosen: "));
    let name = of_client.or(chosen?.split(' ').next())?;
    Some(name.to_owned())
}

/// The first name that a handshake sends from a client address.
fn sent(report: &Resolution, client: IpAddr) -> Option<String> {
    let handshake = Handshake::of_plan(report.plan().ok()?, Some(client));
    let greeting = Reply::parse(b"220 mx.example.net ESMTP").expect("a greeting");
    match handshake.on_reply(greeting) {
        Step::Send { line, .. } => {
            let name = line.trim_end().strip_prefix("EHLO ")?;
            Some(name.to_owned())
        }
        _ => None,
    }
}

fn policy() -> impl Strategy<Value = fn() -> Box<dyn FallbackPolicy>> {
    prop_oneof![
        Just((|| Box::new(Standard) as _) as fn() -> Box<dyn FallbackPolicy>),
        Just((|| Box::new(Strict) as _) as fn() -> Box<dyn FallbackPolicy>),
        Just((|| Box::new(Submission) as _) as fn() -> Box<dyn FallbackPolicy>),
    ]
}

proptest! {
    #[test]
    fn the_name_that_the_report_shows_is_the_first_that_is_sent(
        forward in prop::collection::vec((0..NAMES.len(), 0..ADDRESSES.len()), 0..8),
        reverse in prop::collection::vec((0..ADDRESSES.len(), 0..NAMES.len()), 0..5),
        clients in prop::collection::btree_set(0..ADDRESSES.len(), 1..=2),
        host_name in prop::sample::select(&["web1", "mail.example.org", "mx.example.com"][..]),
        configured in prop::option::of(prop::sample::select(&NAMES[..])),
        policy in policy(),
    ) {
        let mut zone = Zone::new();
        for (name, address) in forward {
            zone = zone.address(NAMES[name], ADDRESSES[address]);
        }
        for (address, name) in reverse {
            zone = zone.ptr(ADDRESSES[address], NAMES[name]);
        }
        let mut resolve = Resolve::new(zone)
            .ignore_machine()
            .ignore_environment()
            .configured(configured)
            .host_name(host_name)
            .policy(policy());
        for client in clients {
            resolve = resolve.client_address(ADDRESSES[client].parse::<IpAddr>().unwrap());
        }
        let report = resolve.report_blocking();
        for client in report.clients() {
            let (shown, sent) = (shown(&report, client.address()), sent(&report, client.address()));
            if report.plan().is_ok_and(|plan| plan.for_client(Some(client.address())).is_some()) {
                prop_assert_eq!(shown, sent, "{}\n{}", client.address(), report);
            }
        }
    }
}
