//! What an operator should know although a name was found.

use crate::candidate::Source;
use crate::escape::Excerpt;
use crate::name::HeloName;
use crate::verify::Finding;
use std::fmt;
use std::net::IpAddr;

/// Something an operator should know, and may have to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The chosen name is an alias (CNAME); RFC 5321 2.3.5 wants the primary host name.
    Alias {
        /// The chosen name.
        name: HeloName,
        /// Where the CNAME leads, as text.
        target: Box<str>,
    },
    /// A setting is there and blank; it counts as not set.
    BlankSetting(Source),
    /// No server outside sees this address: it is private, loopback or reserved.
    ClientAddressNotPublic(IpAddr),
    /// Services that echo the asker's address named different ones, sorted here: none counts, as some of the questions may
    /// have been intercepted.
    DiscoveryDisagrees(Vec<IpAddr>),
    /// One service named this as the client address, and its PTR names do not lead back to it: it does not count, as the
    /// question may have been intercepted.
    DiscoveryUnconfirmed(IpAddr),
    /// The chosen name looks like one that a provider gives to every customer; many servers score that.
    Generic {
        /// The chosen name.
        name: HeloName,
        /// What gives that impression.
        look: String,
    },
    /// An address literal is sent for want of a name; many servers refuse those, most of them refuse IPv6 ones.
    LiteralSent(HeloName),
    /// The address that servers see is not known, so nothing could be matched.
    NoClientAddress,
    /// The client address has no PTR record; many servers refuse that, whatever the name is.
    NoPtr(IpAddr),
    /// The chosen name is not right for this client address.
    OtherAddress {
        /// The chosen name.
        name: HeloName,
        /// The client address.
        address: IpAddr,
        /// What was found about the two.
        finding: Finding,
    },
    /// The choice rests on something that the DNS did not say; resolve again soon.
    Provisional,
    /// The client address has PTR names, and the chosen name is none of them; some servers compare the two.
    PtrNamesOther {
        /// The chosen name.
        name: HeloName,
        /// The client address.
        address: IpAddr,
    },
    /// The name is sent on the operator's or the policy's word, and the DNS does not speak for it.
    Unverified {
        /// The chosen name.
        name: HeloName,
        /// The client address, if it is known.
        client: Option<IpAddr>,
        /// What was found about the two.
        finding: Finding,
    },
    /// The configured name won over a different one in `HELO_NAME`.
    VariableOverruled {
        /// What is configured, escaped and cut.
        configured: String,
        /// What the variable says, escaped and cut.
        variable: String,
    },
}

impl Warning {
    /// Gives the kind as a word for logs, in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::Warning::NoClientAddress.as_str(), "no-client-address");
    /// ```
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Alias { .. } => "alias",
            Self::BlankSetting(_) => "blank-setting",
            Self::ClientAddressNotPublic(_) => "client-address-not-public",
            Self::DiscoveryDisagrees(_) => "discovery-disagrees",
            Self::DiscoveryUnconfirmed(_) => "discovery-unconfirmed",
            Self::Generic { .. } => "generic",
            Self::LiteralSent(_) => "literal-sent",
            Self::NoClientAddress => "no-client-address",
            Self::NoPtr(_) => "no-ptr",
            Self::OtherAddress { .. } => "other-address",
            Self::Provisional => "provisional",
            Self::PtrNamesOther { .. } => "ptr-names-other",
            Self::Unverified { .. } => "unverified",
            Self::VariableOverruled { .. } => "variable-overruled",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias { name, target } => {
                let target = Excerpt::new(target.as_bytes());
                write!(f, "{name} is an alias of {target}; servers expect the primary host name (RFC 5321 2.3.5)")
            }
            Self::BlankSetting(source) => write!(f, "{source} is blank and counts as not set"),
            Self::ClientAddressNotPublic(address) => write!(
                f,
                "client address {address} is not public, so no server outside sees it; give the address that servers see"
            ),
            Self::DiscoveryDisagrees(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "services named different client addresses ({}), so none counts; give the client address",
                    addresses.join(", ")
                )
            }
            Self::DiscoveryUnconfirmed(address) => write!(
                f,
                "one service named {address} as the client address, and nothing confirms it; give the client address"
            ),
            Self::Generic { name, look } => {
                write!(f, "{name} looks like a customer line ({look}); some servers refuse such names")
            }
            Self::LiteralSent(name) => {
                write!(f, "the address literal {name} is sent for want of a name; many servers refuse it; set HELO_NAME")
            }
            Self::NoClientAddress => f.write_str(
                "the address that servers see is not known, so no name could be matched with it; give the client address",
            ),
            Self::NoPtr(address) => write!(
                f,
                "client address {address} has no PTR record; many servers refuse that whatever the name is; \
                 ask whoever provides the address to set one"
            ),
            Self::OtherAddress { name, address, finding } => {
                let why = finding.about(name, Some(*address));
                write!(f, "{name} is not right for client address {address}: {why}")
            }
            Self::Provisional => {
                f.write_str("the choice rests on something the DNS did not say; resolve again within a minute")
            }
            Self::PtrNamesOther { name, address } => {
                write!(f, "the PTR record of {address} does not name {name}; some servers compare the two")
            }
            Self::Unverified {
                name,
                client,
                finding,
            } => {
                let why = finding.about(name, *client);
                write!(f, "{name} is sent unverified: {why}")
            }
            Self::VariableOverruled { configured, variable } => {
                write!(f, "the configured name \"{configured}\" is used; HELO_NAME says \"{variable}\"")
            }
        }
    }
}
