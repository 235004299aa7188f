//! Why a raw name cannot be used, and what to do about it.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use crate::escape::Excerpt;
use crate::kinds::kinds;
use crate::name::{
    HeloName, InvalidHeloName, InvalidHeloNameKind, Scope, SpecialName, is_documentation,
    special_name,
};
use crate::sanitize::repair::{Repair, Sanitized};

/// Why raw text gives no public name, and what to do instead.
///
/// The message is one line. It quotes at most one character of the raw text, escaped.
///
/// ```
/// let unusable = helo_name::sanitize::sanitize("mail.example.com:25").unwrap_err();
/// assert_eq!(unusable.kind().as_str(), "port");
/// assert_eq!(unusable.suggestion().unwrap(), &"mail.example.com");
/// assert_eq!(
///     unusable.to_string(),
///     "a port is attached (at byte 16); write only the host name; did you mean mail.example.com?"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    kind: UnusableKind,
    evidence: Evidence,
    name: Option<HeloName>,
    repairs: Vec<Repair>,
    suggestion: Option<HeloName>,
}

impl Unusable {
    pub(super) fn new(kind: UnusableKind) -> Self {
        Self {
            kind,
            evidence: Evidence::None,
            name: None,
            repairs: Vec::new(),
            suggestion: None,
        }
    }

    /// Points at the byte where the text goes wrong.
    pub(super) fn at(mut self, offset: usize) -> Self {
        self.evidence = Evidence::Offset(offset);
        self
    }

    /// Points at a character that is not allowed there.
    pub(super) fn at_char(mut self, offset: usize, character: char) -> Self {
        self.evidence = Evidence::Char(offset, character);
        self
    }

    pub(super) fn suggesting(mut self, suggestion: Option<HeloName>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// Counts offsets from the start of the raw text, when `skipped` bytes come before the checked
    /// text.
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
        Self {
            repairs: sanitized.repairs,
            ..Self::of_name(sanitized.name)
        }
    }

    /// Says that a legal name is the domain of a mailbox provider.
    pub(crate) fn mailbox_domain(name: HeloName) -> Self {
        Self {
            name: Some(name),
            ..Self::new(UnusableKind::MailboxDomain)
        }
    }

    /// Says why a legal name is not public.
    pub(crate) fn of_name(name: HeloName) -> Self {
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
            repairs: Vec::new(),
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

    /// Returns the kind of reason.
    ///
    /// ```
    /// use helo_name::sanitize::{UnusableKind, sanitize};
    ///
    /// assert_eq!(sanitize("15b0717dc4c2").unwrap_err().kind(), UnusableKind::ContainerId);
    /// ```
    #[must_use]
    pub fn kind(&self) -> UnusableKind {
        self.kind
    }

    /// Returns the name if it is legal and only not public. It may be right for a server in the
    /// same network.
    ///
    /// ```
    /// use helo_name::sanitize::sanitize;
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
    /// use helo_name::sanitize::{Repair, sanitize};
    ///
    /// assert_eq!(sanitize("10.0.0.1").unwrap_err().repairs(), [Repair::BracketedAddress]);
    /// ```
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Returns the legal and public name that the raw text obviously has. A person must confirm it:
    /// nothing uses it.
    ///
    /// ```
    /// let unusable = helo_name::sanitize::sanitize("https://mail.example.com/login").unwrap_err();
    /// assert_eq!(unusable.suggestion().unwrap().as_str(), "mail.example.com");
    /// ```
    #[must_use]
    pub fn suggestion(&self) -> Option<&HeloName> {
        self.suggestion.as_ref()
    }

    /// Returns the offset in the raw text where it goes wrong, if there is one.
    ///
    /// ```
    /// assert_eq!(helo_name::sanitize::sanitize("shop_mailer_1").unwrap_err().offset(), Some(4));
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

    /// Returns what to do, as a clause without a full stop.
    ///
    /// ```
    /// assert_eq!(
    ///     helo_name::sanitize::sanitize("mail.example.com:25").unwrap_err().remedy(),
    ///     "write only the host name"
    /// );
    /// ```
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.kind.remedy()
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wrong, remedy) = (self.kind.wording(), self.kind.remedy());
        write!(f, "{wrong}{}; {remedy}", self.evidence)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean {name}?"),
            None => Ok(()),
        }
    }
}

impl Error for Unusable {}

/// What of the text shows that it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

kinds! {
    /// The reason why raw text gives no public name.
    ///
    /// ```
    /// use helo_name::sanitize::UnusableKind;
    ///
    /// assert_eq!(UnusableKind::ContainerId.as_str(), "container-id");
    /// assert!(UnusableKind::PrivateAddress.is_legal());
    /// assert!(!UnusableKind::Underscore.is_legal());
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum UnusableKind {
        /// `[192.0.2.256]`, `[IPv6:1::2::3]`, `192.0.2.1/24`, `02:42:ac:11:00:02`.
        BadAddress = "bad-address"
            => "this is not an IP address"
            => "configure a host name such as mail.example.com";
        /// `mail,example.com`, `mail.example.com;`.
        BadCharacter = "bad-character"
            => "a host name has only letters, digits and hyphens between its dots"
            => "write only the host name";
        /// `[mail.example.com]`: brackets are for addresses.
        BracketedName = "bracketed-name"
            => "a host name is in brackets; only addresses are"
            => "write the name without them";
        /// `ip-10-0-0-1.ec2.internal`, `vm1.c.project.internal`, `vm1.internal.cloudapp.net`.
        /// Legal, not public.
        CloudName = "cloud-name"
            => "this is a cloud's internal name"
            => "configure the name that belongs to the public address: its PTR record";
        /// `mailer.shop.svc.cluster.local`. Legal, not public.
        ClusterName = "cluster-name"
            => "this is a Kubernetes name, known only in its cluster"
            => "configure the name that belongs to the address the cluster sends from: \
                its PTR record";
        /// `15b0717dc4c2`, `148ed193b95738`: the id of a container or machine.
        ContainerId = "container-id"
            => "this looks like the id of a container or machine"
            => "configure the public host name, or give it to the container \
                (docker run --hostname)";
        /// A control character inside, CR, LF and NUL among them.
        Control = "control"
            => "a control character could end the command and start another"
            => "find out where it comes from and write only the host name";
        /// `[192.0.2.1]`, an address set aside for examples. Legal, not public.
        DocumentationAddress = "documentation-address"
            => "this address is set aside for examples"
            => "use the address that servers see, or better its PTR name";
        /// Nothing, or white space only.
        Empty = "empty"
            => "the name is empty"
            => "configure a host name such as mail.example.com";
        /// `mail..example.com`, `.example.com`.
        EmptyLabel = "empty-label"
            => "a label is empty"
            => "remove the extra dot";
        /// `-mail.example.com`, `mail-.example.com`.
        HyphenAtEdge = "hyphen-at-edge"
            => "a label starts or ends with a hyphen"
            => "use a name whose labels start and end with a letter or digit";
        /// Unicode that UTS 46 refuses, or labels that become too long.
        InvalidIdn = "invalid-idn"
            => "this is not a valid internationalized name (UTS 46)"
            => "write its A-labels (xn--...), or use an ASCII name";
        /// A label of more than 63 characters.
        LabelTooLong = "label-too-long"
            => "a label has more than 63 characters"
            => "use a shorter name";
        /// `010.0.0.1`.
        LeadingZero = "leading-zero"
            => "a number of the address has a leading zero, which some read as octal"
            => "write it without";
        /// `localhost`, `ip6-localhost`.
        Localhost = "localhost"
            => "this is every machine's name for itself"
            => "configure the public host name, such as mail.example.com";
        /// `127.0.0.1`, `[IPv6:::1]`. Legal, not public.
        LoopbackAddress = "loopback-address"
            => "to the server, a loopback address is the server itself"
            => "configure the public host name, such as mail.example.com";
        /// `localhost.localdomain`, `localhost6.localdomain6`, `app.localhost`. Legal, not public.
        LoopbackName = "loopback-name"
            => "this is a machine's name for itself"
            => "configure the public host name, such as mail.example.com";
        /// `Anna's-MacBook.local`, `Annas-MacBook-Pro`.
        MacName = "mac-name"
            => "this looks like the name of a Mac or another Apple device"
            => "configure the public host name; on macOS `scutil --set HostName` sets one";
        /// `gmail.com`, as the domain of a sender or as a derived name. [`sanitize`](super::sanitize)
        /// does not refuse it. Legal, and public.
        MailboxDomain = "mailbox-domain"
            => "this is the domain of a mailbox provider, and no host of yours has it"
            => "configure a name of the domain whose hosts you run";
        /// `postmaster@example.com`. Nothing is suggested: the domain of a mailbox is not the name
        /// of a host.
        MailAddress = "mail-address"
            => "this is a mail address"
            => "write only the host name";
        /// `Annas-MacBook-Pro.local`. Legal, not public.
        MdnsName = "mdns-name"
            => "this is a local-network name, as macOS, Avahi and some Windows domains use"
            => "configure the public host name, such as mail.example.com";
        /// `bücher.example` when the feature `idna` is off.
        NonAscii = "non-ascii"
            => "EHLO takes ASCII only, and the feature `idna`, which maps other names, \
                is not compiled in"
            => "write the name as A-labels (xn--...)";
        /// Bytes that are not UTF-8.
        NotUtf8 = "not-utf8"
            => "the name is not UTF-8"
            => "use an ASCII host name, or write the international name as A-labels (xn--...)";
        /// `123`, `mail.1`, `127.1`, `192.0.2.256`.
        NumericLastLabel = "numeric-last-label"
            => "the last label is a number, so this is neither a host name nor an IP address"
            => "configure a host name such as mail.example.com";
        /// `hostname`, `unknown`, `null`, `undefined`, `COMPUTERNAME`.
        Placeholder = "placeholder"
            => "this is a placeholder, not a host name"
            => "configure the public host name, such as mail.example.com";
        /// `mailer-5b8f7d9c4-x2k9q`.
        PodName = "pod-name"
            => "this looks like the name of a Kubernetes pod"
            => "configure the name that belongs to the address the cluster sends from: \
                its PTR record";
        /// `mail.example.com:25`.
        Port = "port"
            => "a port is attached"
            => "write only the host name";
        /// `10.0.0.1`, `[IPv6:fe80::1]`. Legal, not public.
        PrivateAddress = "private-address"
            => "this address is private, and servers outside see another"
            => "configure the name or the address that servers see";
        /// `mail.corp`, `mail.lan`. Legal, not public.
        PrivateName = "private-name"
            => "this name is known only in its own network"
            => "configure the public host name, such as mail.example.com";
        /// `'mail.example.com'`, `<mail.example.com>`.
        Quoted = "quoted"
            => "there are quotes or brackets around the name"
            => "write only the host name";
        /// `224.0.0.1`, `[IPv6:::]`. Legal, not public.
        ReservedAddress = "reserved-address"
            => "no host has this address"
            => "configure the name or the address that servers see";
        /// `mail.test`, `mail.onion`. Legal, not public.
        ReservedName = "reserved-name"
            => "no host on the Internet has this name"
            => "configure the public host name, such as mail.example.com";
        /// `1.0.0.10.in-addr.arpa`, `x.ip6.arpa`. Legal, not public.
        ReverseZone = "reverse-zone"
            => "this is where the PTR record is, not what it says"
            => "configure the name that the PTR record gives";
        /// `HELO_NAME=mail.example.com`, `myhostname = mail.example.com`.
        Setting = "setting"
            => "this is a whole setting"
            => "give only its value";
        /// `web-01`.
        SingleLabel = "single-label"
            => "this name has one label, and servers need a fully-qualified one"
            => "configure the host name with its domain, such as mail.example.com";
        /// `$HOSTNAME`, `{}`, `{{ .Host }}`, `%H`, `<?= gethostname() ?>`.
        Template = "template"
            => "this is a template that was not filled in"
            => "find out why, or configure the host name itself";
        /// More than 253 characters as ASCII, or more raw text than can be a name.
        TooLong = "too-long"
            => "this is longer than the 253 characters of a name"
            => "use a shorter name";
        /// `shop_mailer_1`.
        Underscore = "underscore"
            => "a host name has no underscore"
            => "configure a name without one; use a hyphen instead only if the DNS has that name";
        /// `https://mail.example.com`, `mail.example.com/path`, `C:\Windows`.
        Url = "url"
            => "this is a URL or a path"
            => "write only the host name";
        /// White space inside.
        WhiteSpace = "white-space"
            => "there is white space inside the name"
            => "write only one host name";
        /// `mantis.*`, `~^mail`, `_`: what web servers match names with.
        Wildcard = "wildcard"
            => "this is a web server's pattern for names"
            => "configure the name of the mail host itself";
        /// `WIN-6Q3JKLM9P2R`, `DESKTOP-7N10I2X`, `PC1$`, `WORKGROUP\PC1`.
        WindowsName = "windows-name"
            => "this looks like a Windows computer name"
            => "configure the public host name, such as mail.example.com";
        /// `0.0.0.0`.
        ZeroNetwork = "zero-network"
            => "no host has an address in 0.0.0.0/8"
            => "configure the name or the address that servers see";
        /// `fe80::1%eth0`.
        ZoneId = "zone-id"
            => "the address has a zone id, which means something only on this machine"
            => "configure the name or the address that servers see";
    }
    texts(wording, remedy)
}

impl UnusableKind {
    /// Returns whether the name is legal on the wire and refused only because it is not public.
    ///
    /// ```
    /// assert!(helo_name::sanitize::UnusableKind::MdnsName.is_legal());
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

    /// Names what makes such names, if it is known.
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
}

/// Returns whether a name under `internal` is `VM.ZONE.c.PROJECT.internal` or, in older projects,
/// `VM.c.PROJECT.internal`. A project of a domain has that domain after it.
fn is_of_google_cloud(domain: &str) -> bool {
    domain
        .split_once(".c.")
        .is_some_and(|(_, project)| project.ends_with(".internal"))
}
