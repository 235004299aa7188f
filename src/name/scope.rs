//! Who can reach a name or an address: everyone, one network, this machine, or no one.
//!
//! A name may be legal and still mean nothing to a server on the Internet. These tables list the
//! names and addresses that never belong in `EHLO` towards a public server, one source per line, as
//! of 2026-08. Names match by whole labels, so `mylocal` is not under `.local`.
//!
//! `.example` and `example.com` are ordinary names here, as RFC 6761 6.5 asks of software.
//!
//! This module looks nothing up: a public name need not exist, and a public suffix may be taken for
//! a host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::kinds::kinds;
use crate::name::helo_name::HeloName;

kinds! {
    /// Who can make use of a name or an address.
    ///
    /// ```
    /// use helo_name::{HeloName, Scope};
    ///
    /// assert_eq!(HeloName::parse("mail.example.com")?.scope(), Scope::Public);
    /// assert_eq!(HeloName::parse("ip-10-0-0-1.ec2.internal")?.scope(), Scope::Private);
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(clippy::exhaustive_enums, reason = "everyone, one network, this machine or no one")]
    pub enum Scope {
        /// Means this machine, whichever machine reads it: `localhost.localdomain`, `127.0.0.1`.
        Loopback = "loopback";
        /// Means something inside one network only: `mail.corp`, `10.0.0.1`.
        Private = "private";
        /// May mean the same to everybody: `mail.example.com`, `192.31.196.1`.
        Public = "public";
        /// Means no host at all: `mail.invalid`, `224.0.0.1`.
        Reserved = "reserved";
    }
}

impl Scope {
    /// Returns the scope of an address by the IANA special-purpose registries. An IPv4-mapped IPv6
    /// address has the scope of its IPv4 address.
    ///
    /// ```
    /// use helo_name::Scope;
    ///
    /// assert_eq!(Scope::of_address([10, 0, 0, 1].into()), Scope::Private);
    /// assert_eq!(Scope::of_address("::ffff:127.0.0.1".parse()?), Scope::Loopback);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => of_ipv4(v4),
            IpAddr::V6(v6) => of_ipv6(v6),
        }
    }
}

impl HeloName {
    /// Returns who can make use of this name: the scope of the address in a literal, otherwise that
    /// of the domain.
    ///
    /// ```
    /// use helo_name::{HeloName, Scope};
    ///
    /// assert_eq!(HeloName::parse("[127.0.0.1]")?.scope(), Scope::Loopback);
    /// assert_eq!(HeloName::parse("localhost.example.com")?.scope(), Scope::Loopback);
    /// assert_eq!(HeloName::parse("mail.test")?.scope(), Scope::Reserved);
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn scope(&self) -> Scope {
        if self.is_domain() {
            return special_name(self.as_str()).map_or(Scope::Public, |special| special.scope);
        }
        // Every literal has an address.
        self.address().map_or(Scope::Reserved, Scope::of_address)
    }
}

/// Returns whether an address is set aside for documentation.
pub(crate) fn is_documentation(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => matches!(
            v4.octets(),
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] // RFC 5737
        ),
        IpAddr::V6(v6) => matches!(
            v6.segments(),
            [0x2001, 0xdb8, ..] // RFC 3849
            | [0x3fff, 0..=0x0fff, ..] // RFC 9637
        ),
    }
}

/// Returns whether the DNS may be asked about an address, and its answer believed. Documentation
/// addresses count as public here, so that examples and tests can use them.
pub(crate) fn is_verifiable(address: IpAddr) -> bool {
    Scope::of_address(address) == Scope::Public || is_documentation(address)
}

/// A domain under which no name is public.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpecialName {
    /// The domain, without a leading dot.
    pub(crate) suffix: &'static str,
    pub(crate) scope: Scope,
}

/// Of two nested domains, the longer comes first.
#[rustfmt::skip]
const SPECIAL_NAMES: &[SpecialName] = &[
    special("localhost", Scope::Loopback),            // RFC 6761 6.3
    special("localdomain4", Scope::Loopback),         // /etc/hosts of Red Hat's setup
    special("localdomain6", Scope::Loopback),         // /etc/hosts of Red Hat's setup
    special("ec2.internal", Scope::Private),          // AWS, us-east-1
    special("compute.internal", Scope::Private),      // AWS, other regions
    special("docker.internal", Scope::Private),       // Docker Desktop
    special("internal.cloudapp.net", Scope::Private), // Azure
    special("novalocal", Scope::Private),             // OpenStack, Nova's default dhcp_domain
    special("openstacklocal", Scope::Private),        // OpenStack, Neutron's default dns_domain
    special("cluster.local", Scope::Private),         // Kubernetes, default cluster domain
    special("svc", Scope::Private),                   // Kubernetes, without the cluster domain
    special("corp", Scope::Private),                  // RFC 6762 appendix G
    special("home", Scope::Private),                  // RFC 6762 appendix G
    special("home.arpa", Scope::Private),             // RFC 8375
    special("internal", Scope::Private),              // RFC 6762 appendix G; ICANN 2024-07-29
    special("intranet", Scope::Private),              // RFC 6762 appendix G
    special("lan", Scope::Private),                   // RFC 6762 appendix G
    special("local", Scope::Private),                 // RFC 6762 3
    special("localdomain", Scope::Private),           // hosts files; Postfix's mydomain
    special("private", Scope::Private),               // RFC 6762 appendix G
    special("alt", Scope::Reserved),                  // RFC 9476
    special("in-addr.arpa", Scope::Reserved),         // RFC 1035 3.5
    special("ip6.arpa", Scope::Reserved),             // RFC 3596 2.5
    special("arpa", Scope::Reserved),                 // RFC 3172
    special("invalid", Scope::Reserved),              // RFC 6761 6.4
    special("onion", Scope::Reserved),                // RFC 7686
    special("test", Scope::Reserved),                 // RFC 6761 6.2
];

const LOCALHOST: &SpecialName = &special("localhost", Scope::Loopback);

const fn special(suffix: &'static str, scope: Scope) -> SpecialName {
    SpecialName { suffix, scope }
}

/// Finds the entry that a lower-case domain falls under. Without one, the domain is public.
///
/// `localhost` counts under any parent too: search lists and hosts files make such names, and they
/// resolve to loopback.
pub(crate) fn special_name(domain: &str) -> Option<&'static SpecialName> {
    if domain.starts_with("localhost.") {
        return Some(LOCALHOST);
    }
    SPECIAL_NAMES
        .iter()
        .find(|special| is_within(domain, special.suffix))
}

fn is_within(domain: &str, suffix: &str) -> bool {
    domain
        .strip_suffix(suffix)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The IANA IPv4 special-purpose address registry, with multicast.
fn of_ipv4(address: Ipv4Addr) -> Scope {
    match address.octets() {
        [127, ..] => Scope::Loopback,          // RFC 1122 3.2.1.3
        [10, ..] => Scope::Private,            // RFC 1918
        [100, 64..=127, ..] => Scope::Private, // RFC 6598, shared by a provider's customers
        [169, 254, ..] => Scope::Private,      // RFC 3927, link-local
        [172, 16..=31, ..] => Scope::Private,  // RFC 1918
        [192, 168, ..] => Scope::Private,      // RFC 1918
        [192, 0, 0, 9 | 10] => Scope::Public,  // RFC 7723, RFC 8155: anycast
        [0, ..] => Scope::Reserved,            // RFC 791 3.2
        [192, 0, 0, _] => Scope::Reserved,     // RFC 6890 2.1
        [192, 0, 2, _] => Scope::Reserved,     // RFC 5737, documentation
        [192, 88, 99, _] => Scope::Reserved,   // RFC 7526, 6to4 relays, deprecated
        [198, 18 | 19, ..] => Scope::Reserved, // RFC 2544, benchmarks
        [198, 51, 100, _] => Scope::Reserved,  // RFC 5737, documentation
        [203, 0, 113, _] => Scope::Reserved,   // RFC 5737, documentation
        [224..=239, ..] => Scope::Reserved,    // RFC 5771, multicast
        [240..=255, ..] => Scope::Reserved,    // RFC 1112 4, and RFC 919 broadcast
        _ => Scope::Public,
    }
}

/// The IANA IPv6 special-purpose address registry, with multicast. IPv4-mapped addresses do not
/// come here.
fn of_ipv6(address: Ipv6Addr) -> Scope {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Scope::Loopback, // RFC 4291 2.5.3
        [0x64, 0xff9b, 1, ..] => Scope::Private,     // RFC 8215, a network's own NAT64
        [0xfc00..=0xfdff, ..] => Scope::Private,     // RFC 4193, unique local
        [0xfe80..=0xfebf, ..] => Scope::Private,     // RFC 4291 2.5.6, link-local
        [0xfec0..=0xfeff, ..] => Scope::Private,     // RFC 3879, site-local, deprecated
        [0x2001, 1, 0, 0, 0, 0, 0, 1..=3] => Scope::Public, // RFC 7723, RFC 8155, RFC 9665: anycast
        [0x2001, 3, ..] => Scope::Public,            // RFC 7450, AMT
        [0x2001, 4, 0x112, ..] => Scope::Public,     // RFC 7535, AS112
        [0x2001, 0x20..=0x2f, ..] => Scope::Public,  // RFC 7343, ORCHIDv2
        [0x2001, 0x30..=0x3f, ..] => Scope::Public,  // RFC 9374, drone remote id
        [0, 0, 0, 0, 0, 0, 0, 0] => Scope::Reserved, // RFC 4291 2.5.2, unspecified
        [0x100, 0, 0, 0 | 1, ..] => Scope::Reserved, // RFC 6666 discard, RFC 9780 dummy
        [0x2001, 0..=0x1ff, ..] => Scope::Reserved,  // RFC 2928, Teredo and other protocols
        [0x2001, 0xdb8, ..] => Scope::Reserved,      // RFC 3849, documentation
        [0x2002, ..] => Scope::Reserved,             // RFC 3056, 6to4
        [0x3fff, 0..=0x0fff, ..] => Scope::Reserved, // RFC 9637, documentation
        [0x5f00, ..] => Scope::Reserved,             // RFC 9602, segment routing
        [0xff00..=0xffff, ..] => Scope::Reserved,    // RFC 4291 2.7, multicast
        _ => Scope::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_documentation, is_verifiable};
    use crate::each::each;

    #[test]
    fn documentation_addresses_are_verifiable_and_other_special_ones_are_not() {
        each(
            [
                ("192.0.2.1", true, true),
                ("198.51.100.1", true, true),
                ("203.0.113.1", true, true),
                ("::ffff:192.0.2.1", true, true),
                ("2001:db8::1", true, true),
                ("3fff:fff::1", true, true),
                ("1.1.1.1", false, true),
                ("2606:4700::1111", false, true),
                ("10.0.0.1", false, false),
                ("127.0.0.1", false, false),
                ("192.0.3.1", false, true),
                ("198.18.0.1", false, false),
                ("3fff:1000::1", false, true),
                ("fe80::1", false, false),
            ],
            |(address, documentation, verifiable)| {
                let address = address.parse().expect("an address");
                assert_eq!(is_documentation(address), documentation, "{address}");
                assert_eq!(is_verifiable(address), verifiable, "{address}");
            },
        );
    }
}
