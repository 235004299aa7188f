//! The name a client says in `EHLO`: legal and canonical by construction.

use std::borrow::{Borrow, Cow};
use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::name::error::{InvalidHeloName, InvalidHeloNameKind};
use crate::name::syntax::{self, Form};

/// The name an SMTP client sends in `EHLO`: a fully-qualified domain name or an address literal.
///
/// The text is legal for RFC 5321 4.1.2 and 4.1.3 and for the strictest servers, whichever way the
/// value was made: it has at least two labels, at most 253 characters, and no byte but `a-z`,
/// `0-9`, `.` and `-`, or it is a literal in brackets. So it cannot smuggle a line end into a
/// command.
///
/// The text is canonical: domains are lower case; addresses are in the form of RFC 5952 with
/// exactly the tag `IPv6:`; an IPv4-mapped address is the IPv4 literal. Equal names therefore are
/// equal texts.
///
/// Legal does not mean public or existing: `localhost.localdomain` and `[10.0.0.1]` are legal.
///
/// ```
/// use helo_name::HeloName;
///
/// let name = HeloName::parse("Mail.Example.COM")?;
/// assert_eq!(format!("EHLO {name}\r\n"), "EHLO mail.example.com\r\n");
///
/// assert!(HeloName::parse("mail.example.com\r\nMAIL FROM:<evil@example.com>").is_err());
/// # Ok::<(), helo_name::InvalidHeloName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeloName(Cow<'static, str>);

impl HeloName {
    /// Reads a domain or an address literal, in any case and any spelling of the address, and makes
    /// it canonical.
    ///
    /// Nothing is repaired: text that only looks like a name is refused.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert_eq!(HeloName::parse("MX1.example.com")?, "mx1.example.com");
    /// assert_eq!(HeloName::parse("[192.0.2.1]")?, "[192.0.2.1]");
    /// assert_eq!(HeloName::parse("[ipv6:2001:DB8:0:0::1]")?, "[IPv6:2001:db8::1]");
    /// assert_eq!(HeloName::parse("[IPv6:::ffff:192.0.2.1]")?, "[192.0.2.1]");
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says which rule is broken, and where: `localhost` (one label), `mail.example.com.` (trailing
    /// dot), `web_1.example.com` (underscore), `192.0.2.1` (bare address), `[2001:db8::1]` (missing
    /// tag), `bücher.example` (not ASCII), ` mail.example.com` (white space), `mail.1` (last label
    /// is a number), `[0.0.0.0]` (no host's address).
    pub fn parse(text: &str) -> Result<Self, InvalidHeloName> {
        Ok(match form(text.as_bytes())? {
            Form::CanonicalDomain => HeloName(Cow::Owned(text.to_owned())),
            Form::Domain => HeloName(Cow::Owned(text.to_ascii_lowercase())),
            Form::Literal(address) => literal(address),
        })
    }

    /// As [`parse`](Self::parse), and refuses a literal at its bracket: for text that is a name in
    /// the DNS.
    pub(crate) fn parse_domain(text: &str) -> Result<Self, InvalidHeloName> {
        if text.starts_with('[') {
            let kind = InvalidHeloNameKind::BadCharacter;
            return Err(InvalidHeloName::new(kind, 0, text.as_bytes()));
        }
        Self::parse(text)
    }

    /// Reads bytes as [`parse`](Self::parse) reads text: for names from a log, a packet or the
    /// operating system.
    ///
    /// ```
    /// use helo_name::HeloName;
    /// use helo_name::name::InvalidHeloNameKind;
    ///
    /// assert_eq!(HeloName::parse_bytes(b"mail.example.com")?, "mail.example.com");
    ///
    /// let error = HeloName::parse_bytes(b"caf\xe9.example.com").unwrap_err();
    /// assert_eq!((error.kind(), error.offset()), (InvalidHeloNameKind::NonAscii, 3));
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); a byte outside ASCII is refused as such, whether the whole is
    /// UTF-8 or not.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, InvalidHeloName> {
        form(bytes)?;
        // Legal text is ASCII, so nothing is lost.
        Self::parse(&String::from_utf8_lossy(bytes))
    }

    /// Checks a text without making a name: does what [`parse`](Self::parse) does, and allocates
    /// nothing.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert!(HeloName::check("mail.example.com").is_ok());
    /// assert!(HeloName::check("mail").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn check(text: &str) -> Result<(), InvalidHeloName> {
        form(text.as_bytes()).map(|_| ())
    }

    /// Makes a name of a canonical domain in the source code, checked when the program is compiled.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// const NAME: HeloName = HeloName::from_static("mail.example.com");
    /// assert_eq!(NAME, "mail.example.com");
    /// ```
    ///
    /// A bad one does not compile:
    ///
    /// ```compile_fail
    /// const NAME: helo_name::HeloName = helo_name::HeloName::from_static("localhost");
    /// ```
    ///
    /// # Panics
    ///
    /// Called outside a `const`, panics when the text is not a domain in lower case: `localhost`,
    /// `Mail.example.com`, `[192.0.2.1]`.
    #[must_use]
    pub const fn from_static(domain: &'static str) -> Self {
        assert!(
            syntax::is_canonical_domain(domain.as_bytes()),
            "not a fully-qualified domain name in lower case"
        );
        HeloName(Cow::Borrowed(domain))
    }

    /// Returns the text as it goes on the wire.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert_eq!(HeloName::parse("MAIL.example.com")?.as_str(), "mail.example.com");
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text, without copying it where it is owned.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert_eq!(HeloName::parse("mail.example.com")?.into_string(), "mail.example.com");
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// Returns whether this is a domain: `HELO` takes nothing else (RFC 5321 4.1.1.1).
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert!(HeloName::parse("mail.example.com")?.is_domain());
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn is_domain(&self) -> bool {
        !self.is_literal()
    }

    /// Returns whether this is an address literal.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert!(HeloName::parse("[192.0.2.1]")?.is_literal());
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.0.starts_with('[')
    }

    /// Returns the address of a literal; a domain has none.
    ///
    /// ```
    /// use helo_name::HeloName;
    /// use std::net::IpAddr;
    ///
    /// let literal = HeloName::parse("[192.0.2.1]")?;
    /// assert_eq!(literal.address(), Some(IpAddr::from([192, 0, 2, 1])));
    /// assert_eq!(HeloName::parse("mail.example.com")?.address(), None);
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match syntax::argument(self.0.as_bytes()) {
            Ok(Form::Literal(address)) => Some(address),
            _ => None,
        }
    }

    /// Returns the labels of a domain from left to right; a literal has none.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// let name = HeloName::parse("mail.example.com")?;
    /// assert_eq!(name.labels().collect::<Vec<_>>(), ["mail", "example", "com"]);
    /// assert_eq!(name.labels().next_back(), Some("com"));
    /// assert_eq!(HeloName::parse("[192.0.2.1]")?.labels().count(), 0);
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.is_domain()
            .then(|| self.0.split('.'))
            .into_iter()
            .flatten()
    }
}

/// Checks bytes and turns a broken rule into the public error.
fn form(text: &[u8]) -> Result<Form, InvalidHeloName> {
    syntax::argument(text).map_err(|(kind, offset)| InvalidHeloName::new(kind, offset, text))
}

/// Writes the literal of an address that is canonical and not in 0.0.0.0/8.
fn literal(address: IpAddr) -> HeloName {
    fn write(address: IpAddr, to: &mut impl Write) -> fmt::Result {
        match address {
            IpAddr::V4(ipv4) => write!(to, "[{ipv4}]"),
            IpAddr::V6(ipv6) => write!(to, "[IPv6:{ipv6}]"),
        }
    }
    // Written twice, first for its length, so that the one allocation is exact. Neither writer
    // fails.
    let mut length = Length(0);
    let _ = write(address, &mut length);
    let mut text = String::with_capacity(length.0);
    let _ = write(address, &mut text);
    HeloName(Cow::Owned(text))
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

impl FromStr for HeloName {
    type Err = InvalidHeloName;

    fn from_str(text: &str) -> Result<Self, InvalidHeloName> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for HeloName {
    type Error = InvalidHeloName;

    fn try_from(text: &str) -> Result<Self, InvalidHeloName> {
        Self::parse(text)
    }
}

impl TryFrom<String> for HeloName {
    type Error = InvalidHeloName;

    /// Keeps the string: a domain is made lower case in place.
    fn try_from(mut text: String) -> Result<Self, InvalidHeloName> {
        match form(text.as_bytes())? {
            Form::CanonicalDomain => {}
            Form::Domain => text.make_ascii_lowercase(),
            Form::Literal(address) => return Ok(literal(address)),
        }
        Ok(HeloName(Cow::Owned(text)))
    }
}

impl TryFrom<IpAddr> for HeloName {
    type Error = InvalidHeloName;

    /// Makes the literal of an address; only 0.0.0.0/8 is refused.
    fn try_from(address: IpAddr) -> Result<Self, InvalidHeloName> {
        match address.to_canonical() {
            IpAddr::V4(ipv4) if ipv4.octets()[0] == 0 => Err(InvalidHeloName::new(
                InvalidHeloNameKind::ZeroNetwork,
                0,
                b"",
            )),
            address => Ok(literal(address)),
        }
    }
}

impl TryFrom<Ipv4Addr> for HeloName {
    type Error = InvalidHeloName;

    fn try_from(address: Ipv4Addr) -> Result<Self, InvalidHeloName> {
        Self::try_from(IpAddr::V4(address))
    }
}

impl TryFrom<Ipv6Addr> for HeloName {
    type Error = InvalidHeloName;

    fn try_from(address: Ipv6Addr) -> Result<Self, InvalidHeloName> {
        Self::try_from(IpAddr::V6(address))
    }
}

impl From<HeloName> for String {
    fn from(name: HeloName) -> String {
        name.into_string()
    }
}

impl AsRef<str> for HeloName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for HeloName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for HeloName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for HeloName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for HeloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for HeloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeloName").field(&self.as_str()).finish()
    }
}
