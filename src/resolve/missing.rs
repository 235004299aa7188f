//! Records that are missing, as lines of a zone file.

use std::fmt;
use std::net::IpAddr;

use crate::dns::Family;
use crate::name::HeloName;

/// A record that would make a name right for a client address.
///
/// `Display` writes it as a line of a zone file: `mail.example.com. A 192.0.2.11`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingRecord {
    /// The address record of the name.
    Address {
        /// The name.
        name: HeloName,
        /// The client address.
        address: IpAddr,
    },
    /// The PTR record of the client address. Whoever provides the address sets it.
    Ptr {
        /// The client address.
        address: IpAddr,
        /// The name.
        name: HeloName,
    },
}

impl MissingRecord {
    /// Returns the client address for which it is missing.
    ///
    /// ```
    /// use helo_name::HeloName;
    /// use helo_name::resolve::MissingRecord;
    ///
    /// let address = "192.0.2.11".parse().unwrap();
    /// let name = HeloName::from_static("mail.example.com");
    /// assert_eq!(MissingRecord::Ptr { address, name }.address(), address);
    /// ```
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        match self {
            Self::Address { address, .. } | Self::Ptr { address, .. } => *address,
        }
    }
}

impl fmt::Display for MissingRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { name, address } => {
                write!(
                    f,
                    "{name}. {} {address}",
                    Family::of(*address).record_type()
                )
            }
            Self::Ptr { address, name } => write!(f, "{}. PTR {name}.", reverse_name(*address)),
        }
    }
}

/// Returns the name that has the PTR record of an address (RFC 1035 3.5, RFC 3596 2.5).
fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(ipv4) => {
            let [a, b, c, d] = ipv4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ipv6) => {
            let nibbles = ipv6.octets().into_iter().rev();
            let nibbles = nibbles.flat_map(|octet| [octet & 0xf, octet >> 4]);
            let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn a_missing_record_is_a_line_of_a_zone_file() {
        const NAME: HeloName = HeloName::from_static("mail.example.com");
        let cases = [
            (
                "192.0.2.11",
                "mail.example.com. A 192.0.2.11",
                "11.2.0.192.in-addr.arpa. PTR mail.example.com.",
            ),
            (
                "2001:db8::10",
                "mail.example.com. AAAA 2001:db8::10",
                "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR \
                 mail.example.com.",
            ),
        ];
        each(cases, |(address, forward, reverse)| {
            let address: IpAddr = address.parse().unwrap();
            let record = MissingRecord::Address {
                name: NAME,
                address,
            };
            assert_eq!(record.to_string(), forward);
            assert_eq!(
                MissingRecord::Ptr {
                    address,
                    name: NAME
                }
                .to_string(),
                reverse
            );
        });
    }
}
