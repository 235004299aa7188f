//! Several client addresses: NAT pools, and two families of which one may be wrong.

use std::net::{IpAddr, Ipv4Addr};

use helo_name::dns::{Family, Resolver, Zone};
use helo_name::{Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;

const A: &str = "192.0.2.10";
const B: &str = "192.0.2.11";
const V6: &str = "2001:db8::10";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn report(zone: Zone, host_name: &str, clients: &[&str]) -> Resolution {
    Resolve::new(zone)
        .ignore_machine()
        .ignore_environment()
        .host_name(host_name)
        .client_addresses(clients.iter().map(|client| ip(client)))
        .report_blocking()
}

/// The addresses of a scene: documentation addresses never become literals, public ones do.
struct Addresses {
    a: &'static str,
    b: &'static str,
    v6: &'static str,
    b_reverse: &'static str,
    v6_reverse: &'static str,
}

const SETS: [Addresses; 2] = [
    Addresses {
        a: A,
        b: B,
        v6: V6,
        b_reverse: "11.2.0.192.in-addr.arpa",
        v6_reverse: "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
    },
    Addresses {
        a: "185.1.2.10",
        b: "185.1.2.11",
        v6: "2a01:4f8::10",
        b_reverse: "11.2.1.185.in-addr.arpa",
        v6_reverse: "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.f.4.0.1.0.a.2.ip6.arpa",
    },
];

fn said(report: &Resolution, kind: &str) -> Vec<String> {
    let warnings = report.warnings().iter();
    let of_kind = warnings.filter(|warning| warning.as_str() == kind);
    of_kind.map(ToString::to_string).collect()
}

#[test]
fn one_name_for_all_comes_before_a_name_for_each() {
    each(SETS, |Addresses { a, b, .. }| {
        let own = |zone: Zone| {
            zone.ptr(a, "out0.example.org")
                .ptr(b, "out1.example.org")
                .address("out0.example.org", a)
                .address("out1.example.org", b)
        };
        let all = own(Zone::new())
            .address("mail.example.org", a)
            .address("mail.example.org", b);
        let report_of_all = report(all, "mail.example.org", &[a, b]);
        assert_eq!(report_of_all.name().unwrap(), "mail.example.org");

        let some = own(Zone::new()).address("mail.example.org", a);
        let text = report(some, "mail.example.org", &[a, b]).to_string();
        for line in [
            format!("client address {a} (given): PTR out0.example.org; iprev pass\n"),
            format!("client address {b} (given): PTR out1.example.org; iprev pass\n"),
            format!("from {b}: out1.example.org\n"),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
    });
}

#[test]
fn a_pool_is_right_when_one_name_is_right_for_each_and_says_what_it_lacks() {
    each(SETS, |set| {
        let Addresses {
            a, b, b_reverse, ..
        } = set;
        let first = || {
            Zone::new()
                .ptr(a, "mail.example.org")
                .address("mail.example.org", a)
        };
        let forward = format!("mail.example.org. A {b}");
        let back = format!("{b_reverse}. PTR mail.example.org.");
        // what is added, and what is missing
        let cases = [
            (first(), vec![forward.clone(), back.clone()]),
            (
                first()
                    .ptr(b, "out1.example.org")
                    .address("out1.example.org", b),
                vec![forward, back.clone()],
            ),
            (first().address("mail.example.org", b), vec![back]),
            (
                first()
                    .address("mail.example.org", b)
                    .ptr(b, "mail.example.org"),
                vec![],
            ),
        ];
        each(cases, |(zone, missing)| {
            let report = report(zone, "mail.example.org", &[a, b]);
            let [pool] = report.families().try_into().unwrap();
            let lines: Vec<String> = pool.missing().iter().map(ToString::to_string).collect();
            assert_eq!(lines, missing, "{report}");
            assert_eq!(pool.is_right(), missing.is_empty(), "{report}");
            let warned = match missing.as_slice() {
                [] => vec![],
                _ => vec![format!(
                    "client address {b} lacks records: {}",
                    missing.join(", ")
                )],
            };
            assert_eq!(said(&report, "missing-records"), warned, "{report}");
            assert_eq!(said(&report, "other-address"), [""; 0], "{report}");
        });
    });
}

#[test]
fn a_family_is_right_when_address_ptr_and_name_agree() {
    each(SETS, |set| {
        let Addresses {
            a, v6, v6_reverse, ..
        } = set;
        let with = |address| {
            Zone::new()
                .ptr(address, "mail.example.org")
                .address("mail.example.org", address)
        };
        let four = "send by IPv4 until the records exist that IPv6 lacks";
        let six = "send by IPv6 until the records exist that IPv4 lacks";
        let back = format!("{v6_reverse}. PTR mail.example.org.");
        let reverse_of_a = match a {
            A => "10.2.0.192.in-addr.arpa. PTR mail.example.org.",
            _ => "10.2.1.185.in-addr.arpa. PTR mail.example.org.",
        };
        // what the DNS has, whether IPv4 and IPv6 are right, what the advice says, what is missing
        let cases = [
            (
                with(a),
                [true, false],
                four,
                format!("client address {v6} lacks records: mail.example.org. AAAA {v6}, {back}"),
            ),
            (
                with(a).address("mail.example.org", v6),
                [true, false],
                four,
                format!("client address {v6} lacks records: {back}"),
            ),
            (
                with(v6),
                [false, true],
                six,
                format!(
                    "client address {a} lacks records: mail.example.org. A {a}, {reverse_of_a}"
                ),
            ),
            (
                with(a)
                    .address("mail.example.org", v6)
                    .ptr(v6, "mail.example.org"),
                [true, true],
                "",
                String::new(),
            ),
            (Zone::new(), [false, false], "", String::new()),
        ];
        each(cases, |(zone, right, advice, missing)| {
            let report = report(zone, "mail.example.org", &[a, v6]);
            let families = report.families();
            let seen: Vec<(Family, bool)> = families
                .iter()
                .map(|family| (family.family(), family.is_right()))
                .collect();
            assert_eq!(seen, [(Family::V4, right[0]), (Family::V6, right[1])]);
            assert_eq!(said(&report, "send-by").join("\n"), advice, "{report}");
            assert_eq!(
                said(&report, "missing-records").join("\n"),
                missing,
                "{report}"
            );
        });
    });
}

#[test]
fn the_report_about_a_pool_grows_with_the_pool_and_no_faster() {
    let length = |members: u8| {
        let names: Vec<(String, String)> = (0..members)
            .map(|n| (format!("203.1.113.{n}"), format!("out{n}.example.org")))
            .collect();
        let zone = names.iter().fold(Zone::new(), |zone, (address, name)| {
            zone.ptr(address, name).address(name, address)
        });
        let pool: Vec<&str> = names.iter().map(|(address, _)| address.as_str()).collect();
        let report = report(zone, "mail.example.org", &pool);
        assert!(report.warnings().len() <= usize::from(members) + 2);
        report.to_string().len()
    };
    let (small, large) = (length(25), length(250));
    assert!(large < small * 11, "{small} bytes, then {large}");
}

#[test]
fn bad_client_addresses_are_named() {
    let many: Vec<String> = (0..257)
        .map(|n: u32| Ipv4Addr::from(u32::from(Ipv4Addr::new(203, 1, 0, 0)) + n).to_string())
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases: [(&[&str], usize, &str); 6] = [
        (
            &[],
            0,
            "the list of client addresses is empty; give at least one, or none at all",
        ),
        (
            &[A, A],
            1,
            "client address 192.0.2.10 is given more than once, and counts once",
        ),
        (
            &[A, "::ffff:192.0.2.10"],
            1,
            "client address 192.0.2.10 is given more than once, and counts once",
        ),
        (
            &["224.0.0.1"],
            0,
            "client address 224.0.0.1 is ignored, as no host has it; give the address that servers \
             see",
        ),
        (
            &[A, "::"],
            1,
            "client address :: is ignored, as no host has it; give the address that servers see",
        ),
        (
            &many,
            256,
            "257 client addresses are given, and only 256 of them are used",
        ),
    ];
    each(cases, |(clients, count, warning)| {
        let report = report(Zone::new(), "mail.example.org", clients);
        assert_eq!(report.clients().len(), count);
        let warnings: Vec<String> = report.warnings().iter().map(ToString::to_string).collect();
        assert!(
            warnings.iter().any(|other| other == warning),
            "{warnings:?}"
        );
    });
}

#[test]
fn a_pool_of_256_asks_one_ptr_for_each_and_one_address_record() {
    let pool: Vec<IpAddr> = (0..256)
        .map(|n| Ipv4Addr::new(192, 0, 2, n as u8).into())
        .collect();
    let mut zone = String::new();
    for n in 0..256 {
        zone += &format!("{n}.2.0.192.in-addr.arpa PTR mail.example.org\n");
        zone += &format!("mail.example.org A 192.0.2.{n}\n");
    }
    let server = DnsServer::start(&zone);
    let report = Resolve::new(Resolver::asking([server.address()]))
        .ignore_machine()
        .ignore_environment()
        .host_name("mail.example.org")
        .client_addresses(pool)
        .report_blocking();
    assert_eq!(report.name().unwrap(), "mail.example.org");
    assert!(!report.is_provisional());
    let [family] = report.families().try_into().unwrap();
    assert!(family.is_right(), "{:?}", family.missing());
    let asked = server.questions();
    let count = |kind: &str| asked.iter().filter(|(_, other)| other == kind).count();
    // The answer with 256 addresses is truncated, and asked for again by TCP.
    assert_eq!((count("PTR"), count("A"), count("AAAA")), (256, 2, 0));
}
