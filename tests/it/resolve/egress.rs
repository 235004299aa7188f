//! A name for each of many egress addresses, from one call.

use std::collections::BTreeSet;
use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use helo_name::dns::{Answer, Dns, Family, NotKnown, PtrText, Question, Zone};
use helo_name::resolve::{HeloNames, ResolveErrorKind, Warning};
use helo_name::verify::{ClientFinding, Finding};
use helo_name::{HeloName, Resolve, Source};

use crate::support::each::each;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn of<D: Dns>(dns: D) -> Resolve<D> {
    Resolve::new(dns).ignore_environment().ignore_machine()
}

/// `192.0.2.n`, whose name is `outn.example.com`, and back.
fn egress(n: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, n])
}

fn host(n: u8) -> String {
    format!("out{n}.example.com")
}

fn pool(count: u8) -> Zone {
    (0..count).fold(Zone::new(), |zone, n| {
        let address = egress(n).to_string();
        zone.ptr(&address, &host(n)).address(&host(n), &address)
    })
}

fn name(names: &HeloNames, address: IpAddr) -> Option<&str> {
    names.name(address).map(HeloName::as_str)
}

fn warned(names: &HeloNames, address: IpAddr) -> Vec<&str> {
    let report = names.resolution(address).unwrap();
    report.warnings().iter().map(Warning::as_str).collect()
}

#[test]
fn each_of_many_addresses_gets_its_own_name_and_no_question_is_asked_twice() {
    let zone = Arc::new(pool(100).address("host.example.com", "192.0.2.7"));
    // Each twice, and once more as IPv4-mapped.
    let mapped = |address: IpAddr| ip(&format!("::ffff:{address}"));
    let clients = (0..100).chain(0..100).map(egress);
    let clients: Vec<IpAddr> = clients.chain((0..100).map(egress).map(mapped)).collect();
    let names = of(Arc::clone(&zone))
        .host_name("host.example.com")
        .names_for_blocking(clients);
    each(0..100, |n| {
        let expected = match n {
            7 => "out7.example.com", // a PTR name that matches comes before a host name that is none
            _ => &host(n),
        };
        assert_eq!(name(&names, egress(n)), Some(expected));
        assert_eq!(name(&names, mapped(egress(n))), Some(expected));
    });
    assert_eq!(names.iter().count(), 100);
    let questions = zone.questions();
    let distinct: BTreeSet<&Question> = questions.iter().collect();
    assert_eq!(questions.len(), distinct.len());
    assert_eq!(
        questions.len(),
        100 + 100 + 1,
        "PTR and A of each, A of the host name"
    );
}

#[test]
fn ipv4_and_ipv6_of_one_host_are_two_entries_and_two_reports() {
    let zone = Zone::new()
        .ptr("192.0.2.10", "v4.example.com")
        .address("v4.example.com", "192.0.2.10")
        .ptr("2001:db8::10", "v6.example.com")
        .address("v6.example.com", "2001:db8::10");
    let zone = Arc::new(zone);
    let (v4, v6) = (ip("192.0.2.10"), ip("2001:db8::10"));
    let names = of(Arc::clone(&zone)).names_for_blocking([v6, v4]);
    assert_eq!(name(&names, v4), Some("v4.example.com"));
    assert_eq!(name(&names, v6), Some("v6.example.com"));
    let order: Vec<IpAddr> = names.iter().map(|(address, _)| address).collect();
    assert_eq!(order, [v4, v6]);
    each(names.iter(), |(address, report)| {
        assert_eq!(report.clients().len(), 1);
        assert_eq!(report.clients()[0].address(), address);
        let findings = report.considered()[0].findings();
        assert_eq!(
            findings,
            [ClientFinding::new(Some(address), Finding::Match)],
            "{report}"
        );
        // A name that fits the one is not asked for in the family of the other.
        assert_eq!(report.warnings(), [], "{report}");
    });
    assert_eq!(zone.questions().len(), 4, "PTR and one record type of each");
}

#[test]
fn a_configured_name_is_judged_for_each_address() {
    let zone = Zone::new()
        .address("mail.example.com", "192.0.2.10")
        .ptr("192.0.2.10", "mail.example.com")
        .ptr("192.0.2.11", "other.example.com");
    let names = of(zone).configured("mail.example.com").names_for_blocking([
        ip("192.0.2.10"),
        ip("192.0.2.11"),
        ip("192.0.2.12"),
    ]);
    each(
        [
            (10, Finding::Match, vec![]),
            (11, Finding::Mismatch, vec!["unverified", "ptr-names-other"]),
            (12, Finding::Mismatch, vec!["unverified", "no-ptr"]),
        ],
        |(last, finding, warnings)| {
            let address = egress(last);
            let report = names.resolution(address).unwrap();
            assert_eq!(name(&names, address), Some("mail.example.com"));
            assert_eq!(
                report.considered()[0].findings(),
                [ClientFinding::new(Some(address), finding)],
                "{report}"
            );
            assert_eq!(warned(&names, address), warnings, "{report}");
        },
    );
}

#[test]
fn an_address_without_a_name_does_not_spoil_the_others() {
    let zone = pool(1)
        .ptr("203.0.114.5", "bad_name.example.com")
        .ptr_fails("203.0.114.6", NotKnown::ServFail);
    let names = of(zone).names_for_blocking(
        [
            "192.0.2.0",
            "192.0.2.99",
            "203.0.114.5",
            "203.0.114.6",
            "10.0.0.1",
        ]
        .map(ip),
    );
    assert_eq!(name(&names, egress(0)), Some("out0.example.com"));
    // A literal where the DNS answered that there is no name, and none of a documentation address.
    assert_eq!(name(&names, ip("203.0.114.5")), Some("[203.0.114.5]"));
    assert_eq!(name(&names, egress(99)), None);
    let kind = |address: &str| {
        let report = names.resolution(ip(address)).unwrap();
        report.name().unwrap_err().kind()
    };
    assert_eq!(kind("192.0.2.99"), ResolveErrorKind::NoUsableName);
    assert_eq!(kind("203.0.114.6"), ResolveErrorKind::TryAgain);
    assert_eq!(kind("10.0.0.1"), ResolveErrorKind::NoUsableName);
    assert!(
        names.resolution(egress(50)).is_none(),
        "it was not asked for"
    );
}

#[test]
fn each_report_is_about_its_own_address() {
    let zone = pool(1)
        .ptr_fails("192.0.2.50", NotKnown::ServFail)
        .address("host.example.com", "192.0.2.50");
    let names = of(zone)
        .host_name("host.example.com")
        .client_address(ip("10.9.9.9")) // does not count, and is not warned of
        .names_for_blocking([egress(0), egress(50), ip("10.0.0.1")]);
    let report = |address| names.resolution(address).unwrap();
    // What is not known of one address says nothing about another.
    assert!(report(egress(50)).is_provisional());
    assert!(!report(egress(0)).is_provisional(), "{}", report(egress(0)));
    assert_eq!(warned(&names, egress(0)), [""; 0]);
    assert!(report(egress(0)).valid_until() > Instant::now() + Duration::from_secs(30));
    let unfit = Warning::ClientAddressNotPublic(ip("10.0.0.1"));
    assert!(report(ip("10.0.0.1")).warnings().contains(&unfit));
    each(names.iter(), |(address, report)| {
        assert!(
            report
                .considered()
                .iter()
                .all(|considered| match considered.source() {
                    Source::Ptr(of) | Source::Literal(of) => of == address,
                    _ => true,
                }),
            "{report}"
        );
    });
}

#[test]
fn the_local_address_of_a_socket_leads_to_the_name_of_its_client_address() {
    let names = of(pool(2))
        .names_for_blocking([egress(0), egress(1)])
        .with_local(ip("10.0.0.5"), egress(0))
        .with_local(ip("::ffff:10.0.0.6"), ip("::ffff:192.0.2.1"))
        .with_local(ip("10.0.0.7"), egress(9));
    // the address asked for, its name
    let cases = [
        ("10.0.0.5", Some("out0.example.com")),
        ("::ffff:10.0.0.5", Some("out0.example.com")),
        ("10.0.0.6", Some("out1.example.com")),
        ("10.0.0.7", None), // leads to an address that was not resolved for
        ("10.0.0.8", None),
        ("192.0.2.0", Some("out0.example.com")),
        ("192.0.2.1", Some("out1.example.com")),
    ];
    each(cases, |(address, expected)| {
        assert_eq!(name(&names, ip(address)), expected, "{address}");
    });
    let report = names.resolution(ip("10.0.0.6")).unwrap();
    assert_eq!(report.clients()[0].address(), egress(1));
}

#[test]
fn a_destination_may_have_a_name_of_its_own() {
    let tenant = HeloName::from_static("tenant.example.com");
    let other = HeloName::from_static("other.example.com");
    let names = of(pool(1))
        .names_for_blocking([egress(0)])
        .with_local(ip("10.0.0.5"), egress(0))
        .with_destination("Relay.Example.ORG.", tenant)
        .with_destination("198.51.100.25", other.clone())
        .with_destination("2001:db8::25", other);
    // the server, the local address, the name
    let cases = [
        ("relay.example.org", "10.0.0.5", Some("tenant.example.com")),
        (
            "RELAY.example.org.",
            "192.0.2.0",
            Some("tenant.example.com"),
        ),
        ("198.51.100.25", "10.0.0.5", Some("other.example.com")),
        ("2001:DB8::25", "10.0.0.5", Some("other.example.com")),
        ("2001:db8:0::25", "10.0.0.5", Some("other.example.com")),
        ("[2001:db8::25]", "10.0.0.5", Some("other.example.com")),
        (
            "::ffff:198.51.100.25",
            "10.0.0.5",
            Some("other.example.com"),
        ),
        // also for an address without a name of its own
        ("relay.example.org", "10.0.0.99", Some("tenant.example.com")),
        // others are not concerned
        ("mx.relay.example.org", "10.0.0.5", Some("out0.example.com")),
        ("relay.example.net", "10.0.0.5", Some("out0.example.com")),
        ("relay.example.net", "10.0.0.99", None),
    ];
    each(cases, |(server, local, expected)| {
        let name = names.name_towards(server, ip(local)).map(HeloName::as_str);
        assert_eq!(name, expected, "{server} from {local}");
    });
}

/// Never answers about one address.
struct SilentAbout {
    zone: Zone,
    address: IpAddr,
}

impl Dns for SilentAbout {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        self.zone.forward(name, family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        if address == self.address {
            pending::<()>().await;
        }
        self.zone.reverse(address).await
    }
}

#[test]
fn one_deadline_covers_all_and_what_was_found_until_then_counts() {
    let dns = SilentAbout {
        zone: pool(20),
        address: egress(3),
    };
    let start = Instant::now();
    let names = of(dns)
        .deadline(Duration::from_millis(100))
        .names_for_blocking((0..20).map(egress));
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_millis(1600), "{elapsed:?}");
    each(names.iter(), |(address, report)| {
        if address == egress(3) {
            let error = report.name().unwrap_err();
            assert_eq!(error.kind(), ResolveErrorKind::TryAgain);
        } else {
            assert!(
                report.name().is_ok() && !report.is_provisional(),
                "{report}"
            );
        }
    });
}

#[test]
fn the_recheck_of_one_entry_asks_about_its_address_only() {
    let zone = Arc::new(pool(3).address("host.example.com", "192.0.2.0"));
    let names = of(Arc::clone(&zone))
        .host_name("host.example.com")
        .names_for_blocking((0..3).map(egress));
    let before = zone.questions().len();
    let later = names.resolution(egress(1)).unwrap().recheck_blocking();
    assert_eq!(later.changes(), []);
    assert_eq!(later.resolution().name().unwrap(), &"out1.example.com");
    let mut asked = zone.questions().split_off(before);
    asked.sort();
    let forward = |name: HeloName| Question::Addresses(name.as_str().into(), Family::V4);
    assert_eq!(
        asked,
        [
            forward(HeloName::from_static("host.example.com")),
            forward(HeloName::from_static("out1.example.com")),
            Question::Names(egress(1)),
        ]
    );
}

#[test]
fn no_address_at_all_gives_no_entry_and_asks_nothing() {
    let zone = Arc::new(pool(1));
    let names = of(Arc::clone(&zone))
        .configured("mail.example.com")
        .names_for_blocking([]);
    assert_eq!(names.iter().count(), 0);
    assert_eq!(zone.questions(), []);
}

#[tokio::test]
async fn the_awaited_form_gives_the_same() {
    let names = of(pool(2)).names_for([egress(0), egress(1)]).await;
    assert_eq!(name(&names, egress(1)), Some("out1.example.com"));
}
