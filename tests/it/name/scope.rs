//! Which names and addresses are public.

use std::net::IpAddr;

use helo_name::Scope::{Loopback, Private, Public, Reserved};
use helo_name::{HeloName, Scope};

#[test]
fn a_domain_has_the_scope_of_the_longest_special_domain_it_is_under() {
    #[rustfmt::skip]
    let table: &[(&str, Scope)] = &[
        // Ordinary names, example names among them (RFC 6761 6.5).
        ("mail.example.com", Public),
        ("example.com", Public),
        ("mail.example", Public),
        ("mail.xn--p1ai", Public),
        ("ec2-203-0-113-25.compute-1.amazonaws.com", Public),
        // Loopback (RFC 6761 6.3), under any parent too.
        ("foo.localhost", Loopback),
        ("localhost.localdomain", Loopback),
        ("localhost.example.com", Loopback),
        ("127.0.0.1.localhost", Loopback),
        ("localhost4.localdomain4", Loopback),
        ("localhost6.localdomain6", Loopback),
        // Private.
        ("annas-macbook-pro.local", Private),
        ("node-1.cluster.local", Private),
        ("mailer.shop.svc", Private),
        ("mailer.shop.svc.cluster.local", Private),
        ("ip-10-0-0-1.ec2.internal", Private),
        ("ip-10-0-0-1.eu-west-1.compute.internal", Private),
        ("host.docker.internal", Private),
        ("vm.c.project.internal", Private),
        ("fv-az1-2.abc.phxx.internal.cloudapp.net", Private),
        ("internal.cloudapp.net", Private),
        ("vm-1.novalocal", Private),
        ("host-10-0-0-5.openstacklocal", Private),
        ("mail.localdomain", Private),
        ("mail.corp", Private),
        ("mail.home", Private),
        ("mail.home.arpa", Private),
        ("home.arpa", Private),
        ("mail.intranet", Private),
        ("mail.lan", Private),
        ("mail.private", Private),
        // Reserved.
        ("mail.test", Reserved),
        ("mail.invalid", Reserved),
        ("expyuzz4wqqyqhjn.onion", Reserved),
        ("mail.alt", Reserved),
        ("10.2.0.192.in-addr.arpa", Reserved),
        ("1.0.8.b.d.0.1.0.0.2.ip6.arpa", Reserved),
        ("254.169.in-addr.arpa", Reserved),
        ("mail.ipv4only.arpa", Reserved),
        // Whole labels only.
        ("mail.mylocal", Public),
        ("mail.localdomain5", Public),
        ("local.example.com", Public),
        ("mail.internal.example.com", Public),
        ("a.svc.example.com", Public),
        ("mail.myinternal.cloudapp.net", Public),
        ("mail.cloudapp.net", Public),
        ("notlocalhost.example.com", Public),
        ("localhost4.example.com", Public),
        ("a.localhost.example.com", Public),
        ("mail.myhome.arpa", Reserved),
    ];
    for &(name, scope) in table {
        assert_eq!(
            HeloName::parse(name).expect("a name").scope(),
            scope,
            "{name}"
        );
    }
}

#[test]
fn an_address_has_the_scope_of_its_special_purpose_block() {
    #[rustfmt::skip]
    let table: &[(&str, Scope)] = &[
        // IPv4, at the edges of each block.
        ("0.0.0.0", Reserved),
        ("0.255.255.255", Reserved),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", Private),
        ("100.127.255.255", Private),
        ("100.128.0.0", Public),
        ("127.0.0.1", Loopback),
        ("127.255.255.255", Loopback),
        ("128.0.0.0", Public),
        ("169.253.255.255", Public),
        ("169.254.169.254", Private),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("192.0.0.8", Reserved),
        ("192.0.0.9", Public),
        ("192.0.0.10", Public),
        ("192.0.0.11", Reserved),
        ("192.0.1.0", Public),
        ("192.0.2.1", Reserved),
        ("192.0.3.0", Public),
        ("192.88.99.1", Reserved),
        ("192.88.98.1", Public),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Reserved),
        ("198.19.255.255", Reserved),
        ("198.20.0.0", Public),
        ("198.51.100.7", Reserved),
        ("203.0.113.7", Reserved),
        ("203.0.114.0", Public),
        ("223.255.255.255", Public),
        ("224.0.0.1", Reserved),
        ("239.255.255.255", Reserved),
        ("240.0.0.1", Reserved),
        ("255.255.255.255", Reserved),
        // IPv6.
        ("::", Reserved),
        ("::1", Loopback),
        ("64:ff9b::1.1.1.1", Public),
        ("64:ff9b:1::1", Private),
        ("100::1", Reserved),
        ("100:0:0:1::1", Reserved),
        ("100:0:0:2::1", Public),
        ("2000:ffff::1", Public),
        ("2001::1", Reserved),
        ("2001:1::1", Public),
        ("2001:1::3", Public),
        ("2001:1::4", Reserved),
        ("2001:2::1", Reserved),
        ("2001:3::1", Public),
        ("2001:4:112::1", Public),
        ("2001:4:113::1", Reserved),
        ("2001:10::1", Reserved),
        ("2001:20::1", Public),
        ("2001:2f:ffff::1", Public),
        ("2001:30::1", Public),
        ("2001:3f:ffff::1", Public),
        ("2001:40::1", Reserved),
        ("2001:1ff:ffff::1", Reserved),
        ("2001:200::1", Public),
        ("2001:db8::25", Reserved),
        ("2001:db9::25", Public),
        ("2002::1", Reserved),
        ("2606:4700:4700::1111", Public),
        ("3fff:fff::1", Reserved),
        ("3fff:1000::1", Public),
        ("5f00::1", Reserved),
        ("fc00::1", Private),
        ("fdff::1", Private),
        ("fe80::1", Private),
        ("febf::1", Private),
        ("fec0::1", Private),
        ("feff::1", Private),
        ("ff02::1", Reserved),
        ("ffff::1", Reserved),
        // IPv4-mapped: as the IPv4 address.
        ("::ffff:127.0.0.1", Loopback),
        ("::ffff:10.0.4.47", Private),
        ("::ffff:1.1.1.1", Public),
        ("::ffff:192.0.2.1", Reserved),
    ];
    for &(text, scope) in table {
        let address: IpAddr = text.parse().expect("an address");
        assert_eq!(Scope::of_address(address), scope, "{text}");
        if let Ok(literal) = HeloName::try_from(address) {
            assert_eq!(literal.scope(), scope, "{literal}");
        }
    }
}
