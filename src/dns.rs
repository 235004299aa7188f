//! Asking the DNS: two questions, and three kinds of answer that are never mixed.
//!
//! [`Dns`] is what the rest of the crate asks. [`Zone`] answers from memory, for tests of a policy without a network;
//! `Resolver` (feature `dns`) asks real name servers. An answer says *found*, *does not exist* (NXDOMAIN or NODATA,
//! RFC 9499), or *not known*: whatever hides the truth (a lost packet, SERVFAIL, no socket) is never reported as
//! "does not exist".
//!
//! This module does not promise that two name servers agree: one inside a network may say other things than the world
//! hears, so an [`Answer`] carries the server it came from.

#[cfg(feature = "dns")]
mod echo;
#[cfg(feature = "dns")]
pub(crate) mod hickory;
mod zone;

#[cfg(feature = "dns")]
pub use echo::EchoService;
#[cfg(feature = "dns")]
pub use hickory::Resolver;
pub use zone::{Question, Zone};

use crate::name::HeloName;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// An address family, and with it the record type that holds its addresses: A or AAAA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4; asked for as A.
    V4,
    /// IPv6; asked for as AAAA.
    V6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Tells the family of an address. An IPv4-mapped address (`::ffff:192.0.2.1`) is IPv4.
    ///
    /// ```
    /// use helo_name::dns::Family;
    /// assert_eq!(Family::of("2001:db8::1".parse().unwrap()), Family::V6);
    /// assert_eq!(Family::of("::ffff:192.0.2.1".parse().unwrap()), Family::V4);
    /// ```
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Gives the record type: `A` or `AAAA`.
    ///
    /// ```
    /// assert_eq!(helo_name::dns::Family::V6.record_type(), "AAAA");
    /// ```
    pub const fn record_type(self) -> &'static str {
        match self {
            Self::V4 => "A",
            Self::V6 => "AAAA",
        }
    }
}

/// Why the DNS gave no answer. None of these says anything about the name that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NotKnown {
    /// A CNAME chain longer than 8, or one that runs in a circle.
    AliasChain,
    /// What came back is no DNS message, or none that fits the question.
    BadMessage,
    /// No name server is configured (no `nameserver` line, no resolv.conf).
    NoNameServer,
    /// No socket, file descriptor or thread was to be had.
    NoSocket,
    /// The server answered REFUSED.
    Refused,
    /// The server answered SERVFAIL, or another code that only says that it could not find out.
    ServFail,
    /// Nobody answered before the deadline.
    Timeout,
    /// The answer was truncated, and TCP gave no whole one.
    Truncated,
    /// The server, or the way to it, refused the connection.
    Unreachable,
}

impl NotKnown {
    /// Gives the kind as a word for logs, in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::dns::NotKnown::ServFail.as_str(), "serv-fail");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AliasChain => "alias-chain",
            Self::BadMessage => "bad-message",
            Self::NoNameServer => "no-name-server",
            Self::NoSocket => "no-socket",
            Self::Refused => "refused",
            Self::ServFail => "serv-fail",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AliasChain => "CNAME chain without end",
            Self::BadMessage => "malformed answer",
            Self::NoNameServer => "no name server configured",
            Self::NoSocket => "no socket",
            Self::Refused => "REFUSED",
            Self::ServFail => "SERVFAIL",
            Self::Timeout => "no answer in time",
            Self::Truncated => "truncated answer, no TCP",
            Self::Unreachable => "name server unreachable",
        })
    }
}

/// What the DNS said: found, does not exist (two ways), or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Gives the outcome as a word for logs, in kebab-case.
    ///
    /// ```
    /// use helo_name::dns::Outcome;
    /// assert_eq!(Outcome::Found(vec!["192.0.2.1"]).as_str(), "found");
    /// assert_eq!(Outcome::<&str>::NxDomain.as_str(), "nx-domain");
    /// ```
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NoData => "no-data",
            Self::NxDomain => "nx-domain",
            Self::NotKnown(_) => "not-known",
        }
    }
}

/// One answer to one question: addresses of a name, or names of an address.
///
/// ```
/// use helo_name::dns::{Answer, Outcome};
/// use std::{net::IpAddr, time::Duration};
///
/// let address: IpAddr = "192.0.2.10".parse().unwrap();
/// let answer = Answer::found(vec![address]).with_ttl(Duration::from_secs(300));
/// assert_eq!(answer.outcome(), &Outcome::Found(vec![address]));
/// assert_eq!(answer.ttl(), Some(Duration::from_secs(300)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    outcome: Outcome<T>,
    aliases: Vec<Box<str>>,
    ttl: Option<Duration>,
    server: Option<SocketAddr>,
}

impl<T> Answer<T> {
    /// Makes an answer that found records. None at all makes it [`Outcome::NoData`].
    pub fn found(records: Vec<T>) -> Self {
        if records.is_empty() {
            return Self::no_data();
        }
        Self::from(Outcome::Found(records))
    }

    /// Makes the answer "the name exists, and has no such record".
    pub fn no_data() -> Self {
        Self::from(Outcome::NoData)
    }

    /// Makes the answer "the name does not exist".
    pub fn nx_domain() -> Self {
        Self::from(Outcome::NxDomain)
    }

    /// Makes the answer "not known", with the reason.
    pub fn not_known(reason: NotKnown) -> Self {
        Self::from(Outcome::NotKnown(reason))
    }

    /// Adds how long the answer may be used: the smallest TTL on the way, for a negative answer the one of RFC 2308.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Adds the targets of the CNAMEs that were followed, in order, as text.
    #[must_use]
    pub fn with_aliases(mut self, aliases: Vec<Box<str>>) -> Self {
        self.aliases = aliases;
        self
    }

    /// Adds the name server that answered.
    #[must_use]
    pub fn with_server(mut self, server: SocketAddr) -> Self {
        self.server = Some(server);
        self
    }

    /// Tells what the DNS said.
    pub fn outcome(&self) -> &Outcome<T> {
        &self.outcome
    }

    /// Gives the records found, in the order of the answer; none if none were found.
    pub fn records(&self) -> &[T] {
        match &self.outcome {
            Outcome::Found(records) => records,
            Outcome::NoData | Outcome::NxDomain | Outcome::NotKnown(_) => &[],
        }
    }

    /// Gives the targets of the CNAMEs that were followed, in order, as text.
    pub fn aliases(&self) -> &[Box<str>] {
        &self.aliases
    }

    /// Tells how long the answer may be used, if that is known.
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Tells which name server answered, if that is known.
    pub fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// Keeps the records that `convert` takes; if it takes none of those found, there are none of the type asked for.
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
        }
    }

    /// Tells why the DNS did not say, if it did not.
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
        }
    }
}

/// A PTR answer's text: hostile until it is parsed.
///
/// Whoever holds an address writes what they like into its PTR record: spaces, CR LF, 255 octets of anything. The
/// text is kept in presentation form (RFC 1035 5.1, RFC 4343 2.1): no root dot at the end, and each octet in a label
/// that is a dot, a backslash or not printable ASCII as `\DDD`, a quote as `\"`. So it can stand between quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PtrText(Box<str>);

impl PtrText {
    /// Takes text in presentation form. A root dot at the end goes; a quote is escaped, whatever is not printable ASCII
    /// becomes `\DDD`, and so does a backslash that escapes nothing.
    ///
    /// ```
    /// use helo_name::dns::PtrText;
    /// assert_eq!(PtrText::new("mail.example.com.").as_str(), "mail.example.com");
    /// assert_eq!(PtrText::new("evil\r\nQUIT").as_str(), "evil\\013\\010QUIT");
    /// assert_eq!(PtrText::new("x\": permit").as_str(), "x\\\":\\032permit");
    /// ```
    pub fn new(text: &str) -> Self {
        let mut safe = String::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [octet, after @ ..] = rest {
            rest = after;
            match (octet, after) {
                (b'.', []) => {} // of the root
                (b'\\', [escaped, after @ ..]) if escaped.is_ascii_graphic() => {
                    safe.push('\\');
                    safe.push(char::from(*escaped));
                    rest = after;
                }
                (b'\\', _) => push_escape(&mut safe, b'\\'),
                _ => push_octet(&mut safe, *octet),
            }
        }
        Self(safe.into())
    }

    /// Takes the labels as they came off the wire, without the root label.
    ///
    /// ```
    /// use helo_name::dns::PtrText;
    /// let labels: [&[u8]; 2] = [b"a.b c", b"example"];
    /// assert_eq!(PtrText::from_labels(labels).as_str(), "a\\046b\\032c.example");
    /// ```
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut text = String::new();
        for label in labels {
            if !text.is_empty() {
                text.push('.');
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' => push_escape(&mut text, octet),
                    _ => push_octet(&mut text, octet),
                }
            }
        }
        Self(text.into())
    }

    /// Gives the text: printable ASCII only, with escapes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text for a report, cut. It is printable and escaped already.
    pub(crate) fn excerpt(&self) -> String {
        const SHOWN: usize = 80;
        match self.0.get(..SHOWN) {
            Some(beginning) if self.0.len() > SHOWN => {
                format!("{beginning}... ({} bytes)", self.0.len())
            }
            _ => self.0.to_string(),
        }
    }

    /// Parses the text as a name that may be sent.
    ///
    /// # Errors
    ///
    /// Whatever [`HeloName::parse`] refuses: an escape, an underscore, a single label. An address literal is no PTR
    /// name either, and its bracket is refused as a character.
    pub fn to_name(&self) -> Result<HeloName, crate::InvalidHeloName> {
        HeloName::parse_domain(&self.0)
    }
}

/// An MX record: a host that takes mail for a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailExchanger {
    /// Smaller numbers are tried first.
    pub preference: u16,
    /// Its name as text, as [`PtrText`] has it; empty for a null MX (RFC 7505).
    pub host: Box<str>,
}

fn push_octet(text: &mut String, octet: u8) {
    match octet {
        b'"' => text.push_str(r#"\""#),
        b'!'..=b'~' => text.push(char::from(octet)),
        _ => push_escape(text, octet),
    }
}

fn push_escape(text: &mut String, octet: u8) {
    use fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(text, "\\{octet:03}");
}

/// Asks the DNS. Implement it to resolve by your own resolver, and hand that to [`Resolve::dns`](crate::Resolve::dns).
///
/// An implementation asks absolute names only (no search list), never reads the hosts file, follows CNAMEs, and gives
/// up by itself in bounded time; [`resolve`](crate::Resolve) stops waiting at its own deadline whatever happens. Its
/// futures must not need one particular runtime to be polled on, or must be awaited on it.
///
/// ```
/// use helo_name::dns::{Answer, Dns, Family, NotKnown, PtrText};
/// use helo_name::HeloName;
/// use std::net::IpAddr;
///
/// /// Knows nothing, like a machine without a network.
/// struct Offline;
///
/// impl Dns for Offline {
///     async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
///         Answer::not_known(NotKnown::Timeout)
///     }
///     async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
///         Answer::not_known(NotKnown::Timeout)
///     }
/// }
/// ```
pub trait Dns: Send + Sync {
    /// Asks for the addresses of a domain in one family: one question, A or AAAA.
    fn forward(
        &self,
        name: &HeloName,
        family: Family,
    ) -> impl Future<Output = Answer<IpAddr>> + Send;

    /// Asks for the names of an address: one question, PTR. A CNAME on the way (RFC 2317) is followed.
    fn reverse(&self, address: IpAddr) -> impl Future<Output = Answer<PtrText>> + Send;

    /// Names the servers that are asked, for an operator who has to find out why they are silent. None unless they are
    /// known.
    fn name_servers(&self) -> Vec<SocketAddr> {
        Vec::new()
    }
}

impl<D: Dns + ?Sized> Dns for &D {
    fn forward(
        &self,
        name: &HeloName,
        family: Family,
    ) -> impl Future<Output = Answer<IpAddr>> + Send {
        (**self).forward(name, family)
    }

    fn reverse(&self, address: IpAddr) -> impl Future<Output = Answer<PtrText>> + Send {
        (**self).reverse(address)
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        (**self).name_servers()
    }
}

impl<D: Dns + ?Sized> Dns for Arc<D> {
    fn forward(
        &self,
        name: &HeloName,
        family: Family,
    ) -> impl Future<Output = Answer<IpAddr>> + Send {
        (**self).forward(name, family)
    }

    fn reverse(&self, address: IpAddr) -> impl Future<Output = Answer<PtrText>> + Send {
        (**self).reverse(address)
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        (**self).name_servers()
    }
}

#[cfg(test)]
mod tests {
    use super::PtrText;

    #[test]
    fn ptr_text_cannot_end_the_quotes_it_stands_in_and_is_a_name_only_without_escapes() {
        for (text, kept, is_name) in [
            ("mail.example.com.", "mail.example.com", true),
            (r#"x": permit.example"#, r#"x\":\032permit.example"#, false),
            (r#"x\": permit.example"#, r#"x\":\032permit.example"#, false),
            (r#""mail.example.com""#, r#"\"mail.example.com\""#, false),
            (r#"mail.example.com""#, r#"mail.example.com\""#, false),
            (r"mail.example.com\", r"mail.example.com\092", false),
            (r"mail.example.com\\", r"mail.example.com\\", false),
            (r"mail.example.com\.", r"mail.example.com\.", false),
            (r"mail\046example.com", r"mail\046example.com", false),
        ] {
            let ptr = PtrText::new(text);
            assert_eq!(ptr.as_str(), kept);
            assert_eq!(PtrText::new(kept), ptr);
            assert_eq!(ptr.to_name().is_ok(), is_name, "{kept}");
        }
        let labels: [&[u8]; 2] = [br#"x":"#, b"example"];
        let ptr = PtrText::from_labels(labels);
        assert_eq!(ptr.as_str(), r#"x\":.example"#);
        assert!(ptr.to_name().is_err());
    }
}
