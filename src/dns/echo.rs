//! Services that echo the asker's address over DNS.
//!
//! Behind NAT and in a container, nothing on this side knows the address that servers see. These
//! services answer with the address that a question comes from. Each must be asked at its own
//! servers: through a resolver it would name the resolver. They are third parties and learn who
//! asked, so none is used unless you ask for it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::dns::family::Family;

/// The port of the DNS.
const PORT: u16 = 53;

/// The record that a service puts the address in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EchoRecord {
    /// A or AAAA.
    Address,
    /// TXT of class CHAOS.
    ChaosText,
    /// TXT.
    Text,
}

/// A service that echoes the asker's address over DNS. The well-known ones are constants; their
/// servers can be replaced.
///
/// The servers of the constants are as published by their operators (2026). The machines that test
/// this crate cannot reach them, so the tests ask servers on loopback that behave like them.
///
/// ```
/// use helo_name::dns::EchoService;
///
/// let own_mirror = EchoService::OPENDNS.with_servers(["192.0.2.53:53".parse().unwrap()]);
/// assert_eq!(own_mirror.name(), "myip.opendns.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoService {
    name: Cow<'static, str>,
    record: EchoRecord,
    servers: Cow<'static, [SocketAddr]>,
}

impl EchoService {
    /// `whoami.akamai.net`, A, at Akamai's ns1-1.akamaitech.net. IPv4 only.
    pub const AKAMAI: Self = Self {
        name: Cow::Borrowed("whoami.akamai.net"),
        record: EchoRecord::Address,
        servers: Cow::Borrowed(&[v4([193, 108, 88, 1])]),
    };

    /// `whoami.cloudflare`, TXT of class CH, at Cloudflare's resolvers
    /// (developers.cloudflare.com/1.1.1.1).
    pub const CLOUDFLARE: Self = Self {
        name: Cow::Borrowed("whoami.cloudflare"),
        record: EchoRecord::ChaosText,
        servers: Cow::Borrowed(&[
            v4([1, 1, 1, 1]),
            v4([1, 0, 0, 1]),
            v6([0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111]),
            v6([0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1001]),
        ]),
    };

    /// `o-o.myaddr.l.google.com`, TXT, at Google's ns1 and ns2.google.com.
    pub const GOOGLE: Self = Self {
        name: Cow::Borrowed("o-o.myaddr.l.google.com"),
        record: EchoRecord::Text,
        servers: Cow::Borrowed(&[
            v4([216, 239, 32, 10]),
            v4([216, 239, 34, 10]),
            v6([0x2001, 0x4860, 0x4802, 0x32, 0, 0, 0, 0xa]),
            v6([0x2001, 0x4860, 0x4802, 0x34, 0, 0, 0, 0xa]),
        ]),
    };

    /// `myip.opendns.com`, A and AAAA, at OpenDNS's resolvers (opendns.com/about/innovations/ipv6
    /// and its setup guide).
    pub const OPENDNS: Self = Self {
        name: Cow::Borrowed("myip.opendns.com"),
        record: EchoRecord::Address,
        servers: Cow::Borrowed(&[
            v4([208, 67, 222, 222]),
            v4([208, 67, 220, 220]),
            v6([0x2620, 0x119, 0x35, 0, 0, 0, 0, 0x35]),
            v6([0x2620, 0x119, 0x53, 0, 0, 0, 0, 0x53]),
        ]),
    };

    /// The well-known services; those for both families come first.
    pub const WELL_KNOWN: [Self; 4] = [Self::OPENDNS, Self::GOOGLE, Self::CLOUDFLARE, Self::AKAMAI];

    /// Replaces the servers that are asked.
    #[must_use]
    pub fn with_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// Returns the name that is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the servers of one family. It is also the family of the address that they echo.
    pub(crate) fn servers(&self, family: Family) -> Vec<SocketAddr> {
        let of_family = self.servers.iter().copied();
        of_family
            .filter(|server| Family::of(server.ip()) == family)
            .collect()
    }

    pub(crate) fn record(&self) -> EchoRecord {
        self.record
    }
}

const fn v4(octets: [u8; 4]) -> SocketAddr {
    let [a, b, c, d] = octets;
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), PORT)
}

const fn v6(groups: [u16; 8]) -> SocketAddr {
    let [a, b, c, d, e, f, g, h] = groups;
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), PORT)
}
