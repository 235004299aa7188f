//! What the DNS answers: found, does not exist (NXDOMAIN or NODATA, RFC 9499), or not known.

use std::net::SocketAddr;
use std::time::Duration;

use crate::kinds::kinds;

/// The longest CNAME chain that is followed; a longer one is [`NotKnown::AliasChain`].
pub(crate) const MAX_ALIASES: usize = 8;

kinds! {
    /// Why the DNS did not answer. This says nothing about the name that was asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum NotKnown {
        /// A CNAME chain longer than 8, or a circle.
        AliasChain = "alias-chain" => "endless CNAME chain";
        /// The answer is not a DNS message, or does not fit the question.
        BadMessage = "bad-message" => "malformed answer";
        /// No name server is configured (no `nameserver` line, no resolv.conf).
        NoNameServer = "no-name-server" => "no name server configured";
        /// There was no free file descriptor, memory or thread for a socket.
        NoSocket = "no-socket" => "no socket";
        /// The server answered REFUSED.
        Refused = "refused" => "REFUSED";
        /// The server answered SERVFAIL, or another code that says only that it could not find out.
        ServFail = "serv-fail" => "SERVFAIL";
        /// The answer was made up on this machine: by the stub of systemd-resolved, or from a hosts
        /// file. The world may see something else.
        Synthesised = "synthesised" => "made up on this machine";
        /// Nobody answered before the deadline.
        Timeout = "timeout" => "no answer in time";
        /// Nothing was sent, as the questions before it had used up the datagrams that one
        /// resolution may send.
        TooManyQuestions = "too-many-questions" => "too many questions";
        /// The answer was truncated, and the whole was not available by TCP.
        Truncated = "truncated" => "truncated answer, no TCP";
        /// There is no way to the server, or nothing listens there.
        Unreachable = "unreachable" => "name server unreachable";
        /// This resolver cannot ask that.
        Unsupported = "unsupported" => "not supported by this resolver";
        /// The file that names the name servers could not be read.
        Unreadable = "unreadable" => "resolv.conf cannot be read";
        /// The file that names the name servers has addresses, and none of them can be asked.
        UnusableServer = "unusable-server" => "no name server with a usable address";
    }
}

/// What the DNS said: found, does not exist (two ways), or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the DNS has no other answers (RFC 9499)"
)]
pub enum Outcome<T> {
    /// Records of the type asked for; at least one, in the order of the answer.
    Found(Vec<T>),
    /// The name exists and has no record of this type (RFC 9499, "NODATA").
    NoData,
    /// The name does not exist (RFC 8020: and nothing below it).
    NxDomain,
    /// The DNS did not say.
    NotKnown(NotKnown),
}

impl<T> Outcome<T> {
    /// Returns the records found, in the order of the answer; empty if none were found.
    #[must_use]
    pub fn records(&self) -> &[T] {
        match self {
            Self::Found(records) => records,
            Self::NoData | Self::NxDomain | Self::NotKnown(_) => &[],
        }
    }

    /// Returns the outcome as a word for logs, in kebab-case.
    ///
    /// ```
    /// use helo_name::dns::Outcome;
    /// assert_eq!(Outcome::Found(vec!["192.0.2.1"]).as_str(), "found");
    /// assert_eq!(Outcome::<&str>::NxDomain.as_str(), "nx-domain");
    /// ```
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NoData => "no-data",
            Self::NxDomain => "nx-domain",
            Self::NotKnown(_) => "not-known",
        }
    }
}

/// The answer to one question, with the server that gave it and how long it may be used.
///
/// ```
/// use helo_name::dns::{Answer, NotKnown, Outcome};
/// use std::{net::IpAddr, time::Duration};
///
/// let address: IpAddr = "192.0.2.10".parse().unwrap();
/// let answer = Answer::found(vec![address])
///     .with_aliases(vec!["host.example.com".into()])
///     .with_ttl(Duration::from_secs(300))
///     .with_server("192.0.2.53:53".parse().unwrap());
/// assert_eq!(answer.outcome(), &Outcome::Found(vec![address]));
/// assert_eq!(answer.records(), [address]);
/// assert_eq!(answer.ttl(), Some(Duration::from_secs(300)));
///
/// let silence = Answer::<IpAddr>::not_known(NotKnown::Timeout);
/// assert_eq!(silence.why_not_known(), Some(NotKnown::Timeout));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    outcome: Outcome<T>,
    aliases: Vec<Box<str>>,
    ttl: Option<Duration>,
    server: Option<SocketAddr>,
    inside: Option<Box<Outcome<T>>>,
    view: View,
}

/// Where an answer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// Of the only resolver there is.
    Only,
    /// Of the resolver outside the network.
    Outside,
}

impl<T> Answer<T> {
    /// Makes an answer with records; without any, it is [`Outcome::NoData`].
    #[must_use]
    pub fn found(records: Vec<T>) -> Self {
        if records.is_empty() {
            return Self::no_data();
        }
        Self::from(Outcome::Found(records))
    }

    /// Makes the answer "the name exists, and has no such record".
    #[must_use]
    pub fn no_data() -> Self {
        Self::from(Outcome::NoData)
    }

    /// Makes the answer "the name does not exist".
    #[must_use]
    pub fn nx_domain() -> Self {
        Self::from(Outcome::NxDomain)
    }

    /// Makes the answer "not known", with the reason.
    #[must_use]
    pub fn not_known(reason: NotKnown) -> Self {
        Self::from(Outcome::NotKnown(reason))
    }

    /// Sets how long the answer may be used: the smallest TTL on the way, or the TTL of a negative
    /// answer (RFC 2308 5).
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets the targets of the CNAMEs that were followed, in order, as text.
    #[must_use]
    pub fn with_aliases(mut self, aliases: Vec<Box<str>>) -> Self {
        self.aliases = aliases;
        self
    }

    /// Sets the name server that answered.
    #[must_use]
    pub fn with_server(mut self, server: SocketAddr) -> Self {
        self.server = Some(server);
        self
    }

    /// Returns what the DNS said.
    #[must_use]
    pub fn outcome(&self) -> &Outcome<T> {
        &self.outcome
    }

    /// Returns the records found, in the order of the answer; empty if none were found.
    #[must_use]
    pub fn records(&self) -> &[T] {
        self.outcome.records()
    }

    /// Returns the targets of the CNAMEs that were followed, in order, as text.
    #[must_use]
    pub fn aliases(&self) -> &[Box<str>] {
        &self.aliases
    }

    /// Returns how long the answer may be used, if that is known.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Returns the name server that answered, if it is known.
    #[must_use]
    pub fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// Returns what a resolver inside the network said, where it said something else
    /// ([`Views`](super::Views)).
    #[must_use]
    pub fn inside(&self) -> Option<&Outcome<T>> {
        self.inside.as_deref()
    }

    /// Keeps what was said inside, if it differs. What is not known there is no difference, and
    /// neither is the order of the records.
    pub(super) fn unlike(mut self, inside: &Self) -> Self
    where
        T: Clone + Ord,
    {
        let sorted = |answer: &Self| {
            let mut records = answer.records().to_vec();
            records.sort();
            records
        };
        let is_same =
            self.outcome.as_str() == inside.outcome.as_str() && sorted(&self) == sorted(inside);
        if !is_same && !inside.is_not_known() {
            self.inside = Some(Box::new(inside.outcome.clone()));
        }
        self
    }

    /// Marks the answer as the view from outside.
    pub(super) fn seen_outside(mut self) -> Self {
        self.view = View::Outside;
        self
    }

    /// Returns whether it is the view from outside: the world sees the same.
    pub(crate) fn is_seen_outside(&self) -> bool {
        self.view == View::Outside
    }

    /// Keeps the records that `convert` accepts. If it accepts none, there is no record of the type
    /// asked for.
    #[cfg_attr(
        not(feature = "dns"),
        expect(dead_code, reason = "used by the real resolver")
    )]
    pub(crate) fn filter_map<U>(self, convert: impl FnMut(T) -> Option<U>) -> Answer<U> {
        let outcome = match self.outcome {
            Outcome::Found(records) => {
                Answer::found(records.into_iter().filter_map(convert).collect()).outcome
            }
            Outcome::NoData => Outcome::NoData,
            Outcome::NxDomain => Outcome::NxDomain,
            Outcome::NotKnown(reason) => Outcome::NotKnown(reason),
        };
        Answer {
            outcome,
            aliases: self.aliases,
            ttl: self.ttl,
            server: self.server,
            inside: None,
            view: self.view,
        }
    }

    /// Keeps who answered and by which aliases, and drops what was said.
    pub(super) fn into_not_known(self, reason: NotKnown) -> Self {
        let outcome = match self.outcome {
            Outcome::NotKnown(reason) => Outcome::NotKnown(reason),
            Outcome::Found(_) | Outcome::NoData | Outcome::NxDomain => Outcome::NotKnown(reason),
        };
        Self {
            outcome,
            ttl: None,
            ..self
        }
    }

    /// Returns whether the outcome is [`Outcome::NotKnown`].
    pub(crate) fn is_not_known(&self) -> bool {
        self.why_not_known().is_some()
    }

    /// Returns why the outcome is [`Outcome::NotKnown`], if it is.
    #[must_use]
    pub fn why_not_known(&self) -> Option<NotKnown> {
        match self.outcome {
            Outcome::NotKnown(reason) => Some(reason),
            Outcome::Found(_) | Outcome::NoData | Outcome::NxDomain => None,
        }
    }
}

impl<T> From<Outcome<T>> for Answer<T> {
    fn from(outcome: Outcome<T>) -> Self {
        Self {
            outcome,
            aliases: Vec::new(),
            ttl: None,
            server: None,
            inside: None,
            view: View::Only,
        }
    }
}
