//! Address families and their record types.

use std::net::IpAddr;

/// An address family, and with it the type of its address records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "IPv4 and IPv6 are all there are")]
pub enum Family {
    /// IPv4, with A records.
    V4,
    /// IPv6, with AAAA records.
    V6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Returns the other family.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    /// Returns the family of an address. An IPv4-mapped address (`::ffff:192.0.2.1`) is IPv4.
    ///
    /// ```
    /// use helo_name::dns::Family;
    /// assert_eq!(Family::of("2001:db8::1".parse().unwrap()), Family::V6);
    /// assert_eq!(Family::of("::ffff:192.0.2.1".parse().unwrap()), Family::V4);
    /// ```
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Returns the record type: `A` or `AAAA`.
    ///
    /// ```
    /// assert_eq!(helo_name::dns::Family::V6.record_type(), "AAAA");
    /// ```
    #[must_use]
    pub const fn record_type(self) -> &'static str {
        match self {
            Self::V4 => "A",
            Self::V6 => "AAAA",
        }
    }
}

/// Returns the address that the DNS means: that of an IPv4 host behind NAT64 is the IPv4 address
/// (RFC 6052 2.1, 64:ff9b::/96), and a mapped one too.
pub(crate) fn meant(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ipv6) if ipv6.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = ipv6.octets();
            IpAddr::from([a, b, c, d])
        }
        canonical => canonical,
    }
}
