//! A name that might be sent, and where it came from.

use crate::name::HeloName;
use crate::name::Scope;
use std::fmt;
use std::net::IpAddr;

/// Where a name came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The operator's word, by [`Resolve::configured`](crate::Resolve::configured).
    Configured,
    /// The operator's word, in the environment variable `HELO_NAME`.
    Environment,
    /// The host name as it is: dotted.
    HostName,
    /// The address literal of this client address.
    Literal(IpAddr),
    /// The first line of `/etc/mailname`.
    Mailname,
    /// A PTR name of this client address.
    Ptr(IpAddr),
    /// A bare host name, made fully-qualified.
    Qualified(Qualifier),
    /// The domain of the sender, by [`Resolve::sender_domain`](crate::Resolve::sender_domain).
    SenderDomain,
}

/// What made a bare host name fully-qualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Qualifier {
    /// The domain given by [`Resolve::domain`](crate::Resolve::domain).
    GivenDomain,
    /// The canonical name in the hosts file.
    HostsFile,
    /// `domain` or `search` in resolv.conf.
    ResolverDomain,
}

impl Source {
    /// Tells whether the operator named it: what they say is sent or refused, never replaced.
    ///
    /// ```
    /// use helo_name::Source;
    /// assert!(Source::Environment.is_operator());
    /// assert!(!Source::HostName.is_operator());
    /// ```
    pub const fn is_operator(self) -> bool {
        matches!(self, Self::Configured | Self::Environment)
    }

    /// Gives the source as a word for logs, in kebab-case, without an address.
    ///
    /// ```
    /// assert_eq!(helo_name::Source::Ptr("192.0.2.1".parse().unwrap()).as_str(), "ptr");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Environment => "environment",
            Self::HostName => "host-name",
            Self::Literal(_) => "literal",
            Self::Mailname => "mailname",
            Self::Ptr(_) => "ptr",
            Self::Qualified(Qualifier::GivenDomain) => "qualified-by-given-domain",
            Self::Qualified(Qualifier::HostsFile) => "qualified-by-hosts-file",
            Self::Qualified(Qualifier::ResolverDomain) => "qualified-by-resolver-domain",
            Self::SenderDomain => "sender-domain",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("configured name"),
            Self::Environment => f.write_str("HELO_NAME"),
            Self::HostName => f.write_str("host name"),
            Self::Literal(address) => write!(f, "literal of {address}"),
            Self::Mailname => f.write_str("/etc/mailname"),
            Self::Ptr(address) => write!(f, "PTR of {address}"),
            Self::Qualified(Qualifier::GivenDomain) => {
                f.write_str("host name with the given domain")
            }
            Self::Qualified(Qualifier::HostsFile) => f.write_str("host name in the hosts file"),
            Self::Qualified(Qualifier::ResolverDomain) => {
                f.write_str("host name with the resolver's domain")
            }
            Self::SenderDomain => f.write_str("sender domain"),
        }
    }
}

/// A legal name that might be sent, and where it came from.
///
/// ```
/// use helo_name::{Candidate, HeloName, Source};
///
/// let candidate = Candidate::new(HeloName::from_static("mail.example.com"), Source::HostName);
/// assert_eq!(candidate.name().as_str(), "mail.example.com");
/// assert_eq!(candidate.source(), Source::HostName);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    name: HeloName,
    source: Source,
}

impl Candidate {
    /// Makes a candidate.
    pub fn new(name: HeloName, source: Source) -> Self {
        Self { name, source }
    }

    /// Gives the name.
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Tells where the name came from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Tells whether the name means anything in public.
    pub fn scope(&self) -> Scope {
        self.name.scope()
    }
}
