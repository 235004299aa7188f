//! Why a raw name cannot be used, and what to do about it.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use crate::escape::Excerpt;
use crate::name::{
    HeloName, InvalidHeloName, InvalidHeloNameKind, Scope, SpecialName, is_documentation,
    special_name,
};
use crate::sanitize::repair::{Repair, Repairs, Sanitized};

/// Tells why raw text gives no public name, and what to do instead.
///
/// The message is one line. It quotes at most one character of the raw text, escaped.
///
/// ```
/// let unusable = helo_name::sanitize("mail.example.com:25").unwrap_err();
/// assert_eq!(unusable.kind().as_str(), "port");
/// assert_eq!(unusable.suggestion().unwrap(), &"mail.example.com");
/// assert_eq!(
///     unusable.to_string(),
///     "a port is attached (at byte 16); write the host name alone; did you mean mail.example.com?"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    kind: UnusableKind,
    evidence: Evidence,
    name: Option<HeloName>,
    repairs: Repairs,
    suggestion: Option<HeloName>,
}

impl Unusable {
    pub(super) fn new(kind: UnusableKind) -> Self {
        Self {
            kind,
            evidence: Evidence::None,
            name: None,
            repairs: Repairs::NONE,
            suggestion: None,
        }
    }

    /// Points at the byte where the text goes wrong.
    pub(super) fn at(mut self, offset: usize) -> Self {
        self.evidence = Evidence::Offset(offset);
        self
    }

    /// Points at a character that may not stand there.
    pub(super) fn at_char(mut self, offset: usize, character: char) -> Self {
        self.evidence = Evidence::Char(offset, character);
        self
    }

    pub(super) fn suggesting(mut self, suggestion: Option<HeloName>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// Counts offsets from the start of the raw text, when `skipped` bytes stood before the text looked at.
    pub(super) fn shifted(mut self, skipped: usize) -> Self {
        match &mut self.evidence {
            Evidence::Offset(offset) | Evidence::Char(offset, _) | Evidence::Byte(offset, _) => {
                *offset += skipped
            }
            Evidence::None | Evidence::Domain(_) => {}
        }
        self
    }

    pub(super) fn not_utf8(raw: &[u8], error: Utf8Error) -> Self {
        let offset = error.valid_up_to();
        let byte = raw.get(offset).copied().unwrap_or_default();
        Self {
            evidence: Evidence::Byte(offset, byte),
            ..Self::new(UnusableKind::NotUtf8)
        }
    }

    pub(super) fn not_public(sanitized: Sanitized) -> Self {
        let Sanitized { name, repairs } = sanitized;
        let special = special_name(name.as_str());
        let kind = match (name.address(), special) {
            (Some(address), _) if is_documentation(address) => UnusableKind::DocumentationAddress,
            (Some(address), _) => UnusableKind::of_address(Scope::of_address(address)),
            (None, Some(special)) => UnusableKind::of_domain(name.as_str(), special),
            (None, None) => UnusableKind::ReservedName,
        };
        let evidence = special.map_or(Evidence::None, |special| Evidence::Domain(special.suffix));
        Self {
            kind,
            evidence,
            name: Some(name),
            repairs,
            suggestion: None,
        }
    }

    /// Takes over what the strict parser found.
    pub(super) fn of_rule(error: &InvalidHeloName, text: &str) -> Self {
        let unusable = Self::new(UnusableKind::of_rule(error.kind()));
        let character = text
            .get(error.offset()..)
            .and_then(|rest| rest.chars().next());
        match (unusable.kind, character) {
            (
                UnusableKind::BadCharacter | UnusableKind::Control | UnusableKind::NonAscii,
                Some(character),
            ) => unusable.at_char(error.offset(), character),
            (
                UnusableKind::Empty
                | UnusableKind::SingleLabel
                | UnusableKind::TooLong
                | UnusableKind::ZeroNetwork,
                _,
            ) => unusable,
            _ => unusable.at(error.offset()),
        }
    }

    /// Gives the reason as a value.
    ///
    /// ```
    /// use helo_name::{UnusableKind, sanitize};
    ///
    /// assert_eq!(sanitize("15b0717dc4c2").unwrap_err().kind(), UnusableKind::ContainerId);
    /// ```
    #[must_use]
    pub fn kind(&self) -> UnusableKind {
        self.kind
    }

    /// Gives the name, where it is legal and only not public. Towards a server in the same network it may be right.
    ///
    /// ```
    /// use helo_name::sanitize;
    ///
    /// assert_eq!(sanitize("10.0.0.1").unwrap_err().name().unwrap().as_str(), "[10.0.0.1]");
    /// assert!(sanitize("shop_mailer_1").unwrap_err().name().is_none());
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&HeloName> {
        self.name.as_ref()
    }

    /// Lists what was repaired to get [`name`](Self::name). Empty without a name.
    ///
    /// ```
    /// use helo_name::{Repair, sanitize};
    ///
    /// assert_eq!(sanitize("10.0.0.1").unwrap_err().repairs(), [Repair::BracketedAddress]);
    /// ```
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        self.repairs.as_slice()
    }

    /// Gives the legal and public name that the raw text obviously holds. It is for a person to confirm: nothing uses it.
    ///
    /// ```
    /// let unusable = helo_name::sanitize("https://mail.example.com/login").unwrap_err();
    /// assert_eq!(unusable.suggestion().unwrap().as_str(), "mail.example.com");
    /// ```
    #[must_use]
    pub fn suggestion(&self) -> Option<&HeloName> {
        self.suggestion.as_ref()
    }

    /// Gives the byte of the raw text where it goes wrong, where there is one.
    ///
    /// ```
    /// assert_eq!(helo_name::sanitize("shop_mailer_1").unwrap_err().offset(), Some(4));
    /// ```
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match self.evidence {
            Evidence::Offset(offset) | Evidence::Char(offset, _) | Evidence::Byte(offset, _) => {
                Some(offset)
            }
            Evidence::None | Evidence::Domain(_) => None,
        }
    }

    /// Tells what to do, as a clause without full stop.
    ///
    /// ```
    /// assert_eq!(
    ///     helo_name::sanitize("mail.example.com:25").unwrap_err().remedy(),
    ///     "write the host name alone"
    /// );
    /// ```
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.kind.wording().1
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wrong, remedy) = self.kind.wording();
        write!(f, "{wrong}{}; {remedy}", self.evidence)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean {name}?"),
            None => Ok(()),
        }
    }
}

impl Error for Unusable {}

/// What of the text shows that it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    None,
    Byte(usize, u8),
    Char(usize, char),
    Domain(&'static str),
    Offset(usize),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None => Ok(()),
            Self::Byte(offset, byte) => {
                write!(f, " (`{}` at byte {offset})", Excerpt::new(&[byte]))
            }
            Self::Char(offset, character) => {
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).as_bytes();
                write!(f, " (`{}` at byte {offset})", Excerpt::new(bytes))
            }
            Self::Domain(domain) => write!(f, " (under `{domain}`)"),
            Self::Offset(offset) => write!(f, " (at byte {offset})"),
        }
    }
}

/// Names the reason why raw text gives no public name.
///
/// ```
/// use helo_name::UnusableKind;
///
/// assert_eq!(UnusableKind::ContainerId.as_str(), "container-id");
/// assert!(UnusableKind::PrivateAddress.is_legal());
/// assert!(!UnusableKind::Underscore.is_legal());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnusableKind {
    /// `[192.0.2.256]`, `[IPv6:1::2::3]`, `192.0.2.1/24`, `02:42:ac:11:00:02`.
    BadAddress,
    /// `mail,example.com`, `mail.example.com;`.
    BadCharacter,
    /// `[mail.example.com]`: brackets are for addresses.
    BracketedName,
    /// `ip-10-0-0-1.ec2.internal`, `vm1.c.project.internal`, `vm1.internal.cloudapp.net`. Legal, not public.
    CloudName,
    /// `mailer.shop.svc.cluster.local`. Legal, not public.
    ClusterName,
    /// `15b0717dc4c2`, `148ed193b95738`: the id of a container or machine.
    ContainerId,
    /// A control character inside, CR, LF and NUL among them.
    Control,
    /// `[192.0.2.1]`, an address set aside for examples. Legal, not public.
    DocumentationAddress,
    /// Nothing, or white space only.
    Empty,
    /// `mail..example.com`, `.example.com`.
    EmptyLabel,
    /// `-mail.example.com`, `mail-.example.com`.
    HyphenAtEdge,
    /// Unicode that UTS 46 refuses, or labels that become too long.
    InvalidIdn,
    /// A label of more than 63 characters.
    LabelTooLong,
    /// `010.0.0.1`.
    LeadingZero,
    /// `localhost`, `ip6-localhost`.
    Localhost,
    /// `127.0.0.1`, `[IPv6:::1]`. Legal, not public.
    LoopbackAddress,
    /// `localhost.localdomain`, `localhost6.localdomain6`, `app.localhost`. Legal, not public.
    LoopbackName,
    /// `Anna's-MacBook.local`, `Annas-MacBook-Pro`.
    MacName,
    /// `postmaster@example.com`. Nothing is suggested: the domain of a mailbox is not the name of a host.
    MailAddress,
    /// `Annas-MacBook-Pro.local`. Legal, not public.
    MdnsName,
    /// `bücher.example` when the feature `idna` is off.
    NonAscii,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// `123`, `mail.1`, `127.1`, `192.0.2.256`.
    NumericLastLabel,
    /// `hostname`, `unknown`, `null`, `undefined`, `COMPUTERNAME`.
    Placeholder,
    /// `mailer-5b8f7d9c4-x2k9q`.
    PodName,
    /// `mail.example.com:25`.
    Port,
    /// `10.0.0.1`, `[IPv6:fe80::1]`. Legal, not public.
    PrivateAddress,
    /// `mail.corp`, `mail.lan`. Legal, not public.
    PrivateName,
    /// `'mail.example.com'`, `<mail.example.com>`.
    Quoted,
    /// `224.0.0.1`, `[IPv6:::]`. Legal, not public.
    ReservedAddress,
    /// `mail.test`, `mail.onion`. Legal, not public.
    ReservedName,
    /// `1.0.0.10.in-addr.arpa`, `x.ip6.arpa`. Legal, not public.
    ReverseZone,
    /// `HELO_NAME=mail.example.com`, `myhostname = mail.example.com`.
    Setting,
    /// `web-01`.
    SingleLabel,
    /// `$HOSTNAME`, `{}`, `{{ .Host }}`, `%H`, `<?= gethostname() ?>`.
    Template,
    /// More than 253 characters as ASCII, or more raw text than can be a name.
    TooLong,
    /// `shop_mailer_1`.
    Underscore,
    /// `https://mail.example.com`, `mail.example.com/path`, `C:\Windows`.
    Url,
    /// White space inside.
    WhiteSpace,
    /// `mantis.*`, `~^mail`, `_`: what web servers match names with.
    Wildcard,
    /// `WIN-6Q3JKLM9P2R`, `DESKTOP-7N10I2X`, `PC1$`, `WORKGROUP\PC1`.
    WindowsName,
    /// `0.0.0.0`.
    ZeroNetwork,
    /// `fe80::1%eth0`.
    ZoneId,
}

impl UnusableKind {
    /// Gives the kind in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::UnusableKind::PodName.as_str(), "pod-name");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadAddress => "bad-address",
            Self::BadCharacter => "bad-character",
            Self::BracketedName => "bracketed-name",
            Self::CloudName => "cloud-name",
            Self::ClusterName => "cluster-name",
            Self::ContainerId => "container-id",
            Self::Control => "control",
            Self::DocumentationAddress => "documentation-address",
            Self::Empty => "empty",
            Self::EmptyLabel => "empty-label",
            Self::HyphenAtEdge => "hyphen-at-edge",
            Self::InvalidIdn => "invalid-idn",
            Self::LabelTooLong => "label-too-long",
            Self::LeadingZero => "leading-zero",
            Self::Localhost => "localhost",
            Self::LoopbackAddress => "loopback-address",
            Self::LoopbackName => "loopback-name",
            Self::MacName => "mac-name",
            Self::MailAddress => "mail-address",
            Self::MdnsName => "mdns-name",
            Self::NonAscii => "non-ascii",
            Self::NotUtf8 => "not-utf8",
            Self::NumericLastLabel => "numeric-last-label",
            Self::Placeholder => "placeholder",
            Self::PodName => "pod-name",
            Self::Port => "port",
            Self::PrivateAddress => "private-address",
            Self::PrivateName => "private-name",
            Self::Quoted => "quoted",
            Self::ReservedAddress => "reserved-address",
            Self::ReservedName => "reserved-name",
            Self::ReverseZone => "reverse-zone",
            Self::Setting => "setting",
            Self::SingleLabel => "single-label",
            Self::Template => "template",
            Self::TooLong => "too-long",
            Self::Underscore => "underscore",
            Self::Url => "url",
            Self::WhiteSpace => "white-space",
            Self::Wildcard => "wildcard",
            Self::WindowsName => "windows-name",
            Self::ZeroNetwork => "zero-network",
            Self::ZoneId => "zone-id",
        }
    }

    /// Tells whether the name is legal on the wire and refused only because it is not public.
    ///
    /// ```
    /// assert!(helo_name::UnusableKind::MdnsName.is_legal());
    /// ```
    #[must_use]
    pub const fn is_legal(self) -> bool {
        matches!(
            self,
            Self::CloudName
                | Self::ClusterName
                | Self::DocumentationAddress
                | Self::LoopbackAddress
                | Self::LoopbackName
                | Self::MdnsName
                | Self::PrivateAddress
                | Self::PrivateName
                | Self::ReservedAddress
                | Self::ReservedName
                | Self::ReverseZone
        )
    }

    const fn of_address(scope: Scope) -> Self {
        match scope {
            Scope::Loopback => Self::LoopbackAddress,
            Scope::Private => Self::PrivateAddress,
            Scope::Public | Scope::Reserved => Self::ReservedAddress,
        }
    }

    /// Names the thing that makes such names, where there is one.
    fn of_domain(domain: &str, special: &SpecialName) -> Self {
        match (special.suffix, special.scope) {
            ("ec2.internal" | "compute.internal" | "internal.cloudapp.net", _) => Self::CloudName,
            ("novalocal" | "openstacklocal", _) => Self::CloudName,
            ("internal", _) if is_of_google_cloud(domain) => Self::CloudName,
            ("cluster.local" | "svc", _) => Self::ClusterName,
            ("local", _) => Self::MdnsName,
            ("in-addr.arpa" | "ip6.arpa", _) => Self::ReverseZone,
            (_, Scope::Loopback) => Self::LoopbackName,
            (_, Scope::Private) => Self::PrivateName,
            (_, Scope::Public | Scope::Reserved) => Self::ReservedName,
        }
    }

    pub(super) const fn of_rule(rule: InvalidHeloNameKind) -> Self {
        use InvalidHeloNameKind as Rule;
        match rule {
            Rule::BadAddress
            | Rule::BareAddress
            | Rule::MissingTag
            | Rule::TextAfterLiteral
            | Rule::UnclosedLiteral
            | Rule::UnknownTag => Self::BadAddress,
            Rule::BadCharacter => Self::BadCharacter,
            Rule::Control => Self::Control,
            Rule::Empty => Self::Empty,
            Rule::EmptyLabel | Rule::TrailingDot => Self::EmptyLabel,
            Rule::HyphenAtEdge => Self::HyphenAtEdge,
            Rule::LabelTooLong => Self::LabelTooLong,
            Rule::LeadingZero => Self::LeadingZero,
            Rule::NonAscii => Self::NonAscii,
            Rule::NumericLastLabel => Self::NumericLastLabel,
            Rule::SingleLabel => Self::SingleLabel,
            Rule::TooLong => Self::TooLong,
            Rule::Underscore => Self::Underscore,
            Rule::WhiteSpace => Self::WhiteSpace,
            Rule::ZeroNetwork => Self::ZeroNetwork,
            Rule::ZoneId => Self::ZoneId,
        }
    }

    /// What is wrong, so that the evidence can follow; and what to do.
    const fn wording(self) -> (&'static str, &'static str) {
        match self {
            Self::BadAddress => (
                "this is no IP address",
                "configure a host name such as mail.example.com",
            ),
            Self::BadCharacter => (
                "a host name has only letters, digits and hyphens between its dots",
                "write the host name alone",
            ),
            Self::BracketedName => ("brackets stand round a name", "write the name without them"),
            Self::CloudName => (
                "this is the cloud's name for the inside of its network",
                "configure the name that belongs to the public address: its PTR record",
            ),
            Self::ClusterName => (
                "this is a Kubernetes name, known in its cluster only",
                "configure the name that belongs to the address the cluster sends from: its PTR record",
            ),
            Self::ContainerId => (
                "this looks like the id of a container or machine",
                "configure the public host name, or give it to the container (docker run --hostname)",
            ),
            Self::Control => (
                "a control character could end the command and start another",
                "find out where it comes from and write the host name alone",
            ),
            Self::DocumentationAddress => (
                "this address is set aside for examples",
                "use the address that servers see, or better its PTR name",
            ),
            Self::Empty => (
                "the name is empty",
                "configure a host name such as mail.example.com",
            ),
            Self::EmptyLabel => ("a label is empty", "remove the extra dot"),
            Self::HyphenAtEdge => (
                "a label starts or ends with a hyphen",
                "use a name whose labels start and end with a letter or digit",
            ),
            Self::InvalidIdn => (
                "this is no valid internationalized name (UTS 46)",
                "write its A-labels (xn--...), or use an ASCII name",
            ),
            Self::LabelTooLong => ("a label has more than 63 characters", "use a shorter name"),
            Self::LeadingZero => (
                "a number of the address has a leading zero, which some read as octal",
                "write it without",
            ),
            Self::Localhost => (
                "this is every machine's name for itself",
                "configure the public host name, such as mail.example.com",
            ),
            Self::LoopbackAddress => (
                "a loopback address means the server itself to a server",
                "configure the public host name, such as mail.example.com",
            ),
            Self::LoopbackName => (
                "this is a machine's name for itself",
                "configure the public host name, such as mail.example.com",
            ),
            Self::MacName => (
                "this looks like the name of a Mac or another Apple device",
                "configure the public host name; on macOS `scutil --set HostName` sets one",
            ),
            Self::MailAddress => ("this is a mail address", "write the host name alone"),
            Self::MdnsName => (
                "this is a name for the local network only, as macOS, Avahi and some Windows domains make them",
                "configure the public host name, such as mail.example.com",
            ),
            Self::NonAscii => (
                "EHLO takes ASCII only, and the feature `idna`, which maps other names, is not compiled in",
                "write the name as A-labels (xn--...)",
            ),
            Self::NotUtf8 => (
                "the name is not UTF-8",
                "use an ASCII host name, or write the international name as A-labels (xn--...)",
            ),
            Self::NumericLastLabel => (
                "the last label is a number, so this is no host name, and no IP address either",
                "configure a host name such as mail.example.com",
            ),
            Self::Placeholder => (
                "this is a word in place of a name",
                "configure the public host name, such as mail.example.com",
            ),
            Self::PodName => (
                "this looks like the name of a Kubernetes pod",
                "configure the name that belongs to the address the cluster sends from: its PTR record",
            ),
            Self::Port => ("a port is attached", "write the host name alone"),
            Self::PrivateAddress => (
                "this address is private, and servers outside see another",
                "configure the name or the address that servers see",
            ),
            Self::PrivateName => (
                "this name is known in its own network only",
                "configure the public host name, such as mail.example.com",
            ),
            Self::Quoted => (
                "quotes or brackets stand round the name",
                "write the host name alone",
            ),
            Self::ReservedAddress => (
                "this address belongs to no host",
                "configure the name or the address that servers see",
            ),
            Self::ReservedName => (
                "no host on the Internet has this name",
                "configure the public host name, such as mail.example.com",
            ),
            Self::ReverseZone => (
                "this is where the PTR record stands, not what it says",
                "configure the name that the PTR record gives",
            ),
            Self::Setting => (
                "a setting stands here with its name",
                "write the value alone",
            ),
            Self::SingleLabel => (
                "this name has one label, and servers need a fully-qualified one",
                "configure the host name with its domain, such as mail.example.com",
            ),
            Self::Template => (
                "this is a template that was not filled in",
                "find out why, or configure the host name itself",
            ),
            Self::TooLong => (
                "this is longer than the 253 characters of a name",
                "use a shorter name",
            ),
            Self::Underscore => (
                "a host name has no underscore",
                "configure a name without; one with a hyphen instead only if DNS has it",
            ),
            Self::Url => ("this is a URL or a path", "write the host name alone"),
            Self::WhiteSpace => (
                "white space stands inside the name",
                "write one host name and nothing else",
            ),
            Self::Wildcard => (
                "this is a pattern that a web server matches names with",
                "configure the name of the mail host itself",
            ),
            Self::WindowsName => (
                "this looks like a Windows computer name",
                "configure the public host name, such as mail.example.com",
            ),
            Self::ZeroNetwork => (
                "no host has an address in 0.0.0.0/8",
                "configure the name or the address that servers see",
            ),
            Self::ZoneId => (
                "a zone stands after the address, and means something on this machine only",
                "configure the name or the address that servers see",
            ),
        }
    }
}

/// Tells whether a name under `internal` is `VM.ZONE.c.PROJECT.internal` or, in older projects, `VM.c.PROJECT.internal`.
/// A project of a domain has that domain after it.
fn is_of_google_cloud(domain: &str) -> bool {
    domain
        .split_once(".c.")
        .is_some_and(|(_, project)| project.ends_with(".internal"))
}

impl fmt::Display for UnusableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
