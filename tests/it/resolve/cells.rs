//! Every cell of the decision tables that a host can come to, from the DNS to the decision.

use std::net::IpAddr;

use helo_name::dns::{NotKnown, Zone};
use helo_name::policy::{Standard, Strict, Submission};
use helo_name::verify::Finding;
use helo_name::{Decision, FallbackPolicy, HeloName, Resolve, Source};

use crate::support::each::each;

const PUBLIC: &str = "203.0.114.5";
const PRIVATE: &str = "10.1.2.3";
const LOOPBACK: &str = "127.0.0.1";

/// A row of the tables, and the host it is about.
struct Row {
    name: &'static str,
    candidate: &'static str,
    source: fn(Source) -> bool,
    client: &'static str,
    server: Option<&'static str>,
    tell: fn(Resolve<Zone>) -> Resolve<Zone>,
}

const ROWS: [Row; 10] = [
    Row {
        name: "configured, HELO_NAME",
        candidate: "mail.example.com",
        source: |source| source == Source::Configured,
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve.configured("mail.example.com"),
    },
    Row {
        name: "PTR name",
        candidate: "mail.example.com",
        source: |source| matches!(source, Source::Ptr(_)),
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve,
    },
    Row {
        name: "host name, `/etc/mailname`, dotted as given",
        candidate: "mail.example.com",
        source: |source| source == Source::HostName,
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve.host_name("mail.example.com"),
    },
    Row {
        name: "host name, qualified (hosts file, resolver's or given domain)",
        candidate: "mail.example.com",
        source: |source| matches!(source, Source::Qualified(_)),
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve.host_name("mail").domain("example.com"),
    },
    Row {
        name: "sender domain",
        candidate: "mail.example.com",
        source: |source| source == Source::SenderDomain,
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve.sender_domain("mail.example.com"),
    },
    Row {
        name: "fallback name",
        candidate: "mail.example.com",
        source: |source| source == Source::Fallback,
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve.fallback("mail.example.com"),
    },
    Row {
        name: "literal of the public client address",
        candidate: "[203.0.114.5]",
        source: |source| matches!(source, Source::Literal(_)),
        client: PUBLIC,
        server: None,
        tell: |resolve| resolve,
    },
    Row {
        name: "private host name, towards a private server",
        candidate: "app1.corp.internal",
        source: |source| source == Source::HostName,
        client: PRIVATE,
        server: Some("10.1.2.25:25"),
        tell: |resolve| resolve.host_name("app1.corp.internal"),
    },
    Row {
        name: "private literal, towards a private server",
        candidate: "[10.1.2.3]",
        source: |source| matches!(source, Source::Literal(_)),
        client: PRIVATE,
        server: Some("10.1.2.25:25"),
        tell: |resolve| resolve,
    },
    Row {
        name: "loopback literal, towards a loopback server",
        candidate: "[127.0.0.1]",
        source: |source| matches!(source, Source::Literal(_)),
        client: LOOPBACK,
        server: Some("127.0.0.1:25"),
        tell: |resolve| resolve,
    },
];

/// The DNS in which a name has a finding for a client address.
fn zone(row: &Row, finding: Finding) -> Zone {
    let zone = Zone::new();
    let name = row.candidate;
    if HeloName::parse(name).unwrap().is_literal() {
        return zone;
    }
    let is_ptr = row.name == "PTR name" || finding == Finding::Inside;
    let zone = if is_ptr {
        zone.ptr(row.client, name)
    } else {
        zone
    };
    match finding {
        Finding::Match => zone.address(name, row.client),
        Finding::Inside => zone.address(name, "10.0.0.5"),
        Finding::Unknown => zone.fails(name, NotKnown::ServFail),
        Finding::Resolves | Finding::Mismatch => zone.address(name, "192.0.2.77"),
        Finding::NotPublic => zone.address(name, "240.0.0.1"),
        _ => zone,
    }
}

/// Returns what is decided about the row's candidate; `None` if no host comes to this finding.
fn decided(row: &Row, finding: Finding, policy: Box<dyn FallbackPolicy>) -> Option<Decision> {
    let mut resolve = Resolve::new(zone(row, finding))
        .ignore_environment()
        .ignore_machine()
        .policy(policy)
        .server(row.server.map(|server| server.parse().unwrap()));
    if finding != Finding::Resolves {
        resolve = resolve.client_address(row.client.parse::<IpAddr>().unwrap());
    }
    let report = (row.tell)(resolve).report_blocking();
    let mut considered = report.considered().iter();
    let considered = considered.find(|other| (row.source)(other.source()))?;
    let mut findings = considered.findings().iter();
    findings
        .any(|about| about.finding == finding)
        .then(|| considered.decision())
}

/// The cells of a policy's table in its docs: row, and a letter for each finding.
fn table(policy: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let docs = include_str!("../../../src/policy.rs");
    let heading = format!("/// | `{policy}` |");
    let rows = docs
        .lines()
        .skip_while(|line| !line.starts_with(&heading))
        .skip(2);
    let cells = |line: &'static str| -> Vec<&'static str> {
        let line = line.trim_start_matches("/// |").trim_end_matches('|');
        line.split('|').map(str::trim).collect()
    };
    rows.take_while(|line| line.starts_with("/// |"))
        .map(cells)
        .map(|mut row| (row.remove(0), row))
        .collect()
}

#[test]
fn every_cell_that_a_host_can_come_to_is_decided_as_the_table_says() {
    type Policy = fn() -> Box<dyn FallbackPolicy>;
    let policies: [(&str, Policy); 3] = [
        ("Strict", || Box::new(Strict)),
        ("Standard", || Box::new(Standard)),
        ("Submission", || Box::new(Submission)),
    ];
    let mut reached = 0;
    each(policies, |(policy, make)| {
        each(table(policy), |(name, cells)| {
            let row = ROWS
                .iter()
                .find(|row| row.name == name)
                .expect("a row of the tables");
            for (&finding, cell) in Finding::ALL.iter().zip(cells) {
                let Some(decision) = decided(row, finding, make()) else {
                    continue;
                };
                reached += 1;
                let letter = match decision {
                    Decision::Permit => "P",
                    Decision::Hold => "H",
                    Decision::Reject => "R",
                };
                let cell = cell.trim_end_matches('!');
                assert_eq!(letter, cell, "{policy}: {name}: {finding}");
            }
        });
    });
    assert!(reached > 100, "{reached} cells");
}
