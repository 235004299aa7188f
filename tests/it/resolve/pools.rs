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

#[test]
fn one_name_for_all_comes_before_a_name_for_each_and_missing_records_are_lines() {
    let own = |zone: Zone| {
        zone.ptr(A, "out0.example.org")
            .ptr(B, "out1.example.org")
            .address("out0.example.org", A)
            .address("out1.example.org", B)
    };
    let all = own(Zone::new())
        .address("mail.example.org", A)
        .address("mail.example.org", B);
    let report_of_all = report(all, "mail.example.org", &[A, B]);
    assert_eq!(report_of_all.name().unwrap(), "mail.example.org");

    let some = own(Zone::new()).address("mail.example.org", A);
    let report_of_some = report(some, "mail.example.org", &[A, B]);
    let text = report_of_some.to_string();
    for line in [
        "client address 192.0.2.10 (given): PTR out0.example.org; iprev pass\n",
        "client address 192.0.2.11 (given): PTR out1.example.org; iprev pass\n",
        "from 192.0.2.11: out1.example.org\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }

    let alone = Zone::new()
        .ptr(A, "mail.example.org")
        .address("mail.example.org", A);
    let text = report(alone, "mail.example.org", &[A, B]).to_string();
    for line in [
        "missing record: mail.example.org. A 192.0.2.11\n",
        "missing record: 11.2.0.192.in-addr.arpa. PTR mail.example.org.\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_family_is_right_when_address_ptr_and_name_agree() {
    let right = || {
        Zone::new()
            .ptr(A, "mail.example.org")
            .address("mail.example.org", A)
    };
    // what is added, whether IPv4 and IPv6 are right, what the advice says
    let cases = [
        (
            right(),
            [true, false],
            "send by IPv4 until the other family has these records: mail.example.org. AAAA \
             2001:db8::10, 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. \
             PTR mail.example.org.",
        ),
        (
            right().address("mail.example.org", V6),
            [true, false],
            "send by IPv4 until the other family has these records: \
             0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR \
             mail.example.org.",
        ),
        (
            right()
                .address("mail.example.org", V6)
                .ptr(V6, "mail.example.org"),
            [true, true],
            "",
        ),
        (Zone::new(), [false, false], ""),
    ];
    each(cases, |(zone, right, advice)| {
        let report = report(zone, "mail.example.org", &[A, V6]);
        let families = report.families();
        let seen: Vec<(Family, bool)> = families
            .iter()
            .map(|family| (family.family(), family.is_right()))
            .collect();
        assert_eq!(seen, [(Family::V4, right[0]), (Family::V6, right[1])]);
        let warnings = report.warnings().iter();
        let said = warnings.filter(|warning| warning.as_str() == "send-by");
        let said: Vec<String> = said.map(ToString::to_string).collect();
        assert_eq!(said.join("\n"), advice, "{report}");
    });
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
