//! A name that might be sent, and where it came from.

use std::net::IpAddr;

use crate::kinds::kinds;
use crate::name::{HeloName, Scope};

kinds! {
    /// Where a name came from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum Source {
        /// The operator's name, set by [`Resolve::configured`](crate::Resolve::configured).
        Configured = "configured" => "configured name";
        /// The operator's name, in the environment variable `HELO_NAME`.
        Environment = "environment" => "HELO_NAME";
        /// The last resort of a program that many people run behind NAT, set by
        /// [`Resolve::fallback`](crate::Resolve::fallback).
        Fallback = "fallback" => "fallback name";
        /// The host name, dotted as given.
        HostName = "host-name" => "host name";
        /// The address literal of this client address.
        Literal(address: IpAddr) = "literal" => "literal of {address}";
        /// The first line of `/etc/mailname`.
        Mailname = "mailname" => "/etc/mailname";
        /// A PTR name of this client address.
        Ptr(address: IpAddr) = "ptr" => "PTR of {address}";
        /// A bare host name, made fully-qualified.
        Qualified(qualifier: Qualifier) = qualifier.as_str() => "host name {qualifier}";
        /// The domain of the sender, set by
        /// [`Resolve::sender_domain`](crate::Resolve::sender_domain).
        SenderDomain = "sender-domain" => "sender domain";
    }
}

kinds! {
    /// What made a bare host name fully-qualified.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum Qualifier {
        /// The domain given by [`Resolve::domain`](crate::Resolve::domain).
        GivenDomain = "qualified-by-given-domain" => "with the given domain";
        /// The canonical name in the hosts file.
        HostsFile = "qualified-by-hosts-file" => "in the hosts file";
        /// `domain` or `search` in resolv.conf.
        ResolverDomain = "qualified-by-resolver-domain" => "with the resolver's domain";
    }
}

impl Source {
    /// Returns whether the operator set it: such a name is sent or refused, never replaced.
    ///
    /// ```
    /// use helo_name::Source;
    /// assert!(Source::Environment.is_operator());
    /// assert!(!Source::HostName.is_operator());
    /// ```
    #[must_use]
    pub const fn is_operator(self) -> bool {
        matches!(self, Self::Configured | Self::Environment)
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
    /// Makes a candidate of a name and its source.
    #[must_use]
    pub fn new(name: HeloName, source: Source) -> Self {
        Self { name, source }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Returns where the name came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Returns the scope of the name.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.name.scope()
    }
}
