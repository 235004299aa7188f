//! Why a text is not a [`HeloName`](crate::HeloName).

use std::fmt;

use crate::escape::Excerpt;

/// Says which rule a text breaks, where, and what to do about it.
///
/// The message quotes the one bad character, escaped, and never the whole text: it may be hostile or very long.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::name::InvalidHeloNameKind;
///
/// let error = HeloName::parse("web_1.example.com").unwrap_err();
/// assert_eq!(error.kind(), InvalidHeloNameKind::Underscore);
/// assert_eq!(error.offset(), 3);
/// assert_eq!(
///     error.to_string(),
///     "underscore at byte 3: a host name has only letters, digits and hyphens between its dots; \
///      use a name without underscore that exists in DNS",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidHeloName {
    kind: InvalidHeloNameKind,
    offset: usize,
    /// The bad character as UTF-8, or one byte that is not UTF-8; zero length where a rule is not about one character.
    culprit: [u8; 4],
    culprit_len: u8,
}

impl InvalidHeloName {
    /// Takes the culprit out of the text where the rule is about one character.
    pub(super) fn new(kind: InvalidHeloNameKind, offset: usize, text: &[u8]) -> Self {
        let mut error = InvalidHeloName {
            kind,
            offset,
            culprit: [0; 4],
            culprit_len: 0,
        };
        if kind.is_about_a_character() {
            let rest = text.get(offset..).unwrap_or_default();
            let rest = &rest[..rest.len().min(4)];
            let char_len = rest
                .utf8_chunks()
                .next()
                .and_then(|chunk| chunk.valid().chars().next())
                .map(char::len_utf8);
            for (to, from) in error
                .culprit
                .iter_mut()
                .zip(rest.iter().take(char_len.unwrap_or(1)))
            {
                *to = *from;
                error.culprit_len += 1;
            }
        }
        error
    }

    /// Returns the rule that is broken.
    ///
    /// ```
    /// use helo_name::HeloName;
    /// use helo_name::name::InvalidHeloNameKind;
    ///
    /// let error = HeloName::parse("localhost").unwrap_err();
    /// assert_eq!(error.kind(), InvalidHeloNameKind::SingleLabel);
    /// ```
    #[must_use]
    pub const fn kind(&self) -> InvalidHeloNameKind {
        self.kind
    }

    /// Returns the offset of the first byte that breaks the rule.
    ///
    /// ```
    /// use helo_name::HeloName;
    ///
    /// assert_eq!(HeloName::parse("mail..example.com").unwrap_err().offset(), 5);
    /// ```
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for InvalidHeloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InvalidHeloNameKind::*;

        let at = self.offset;
        let culprit = Excerpt::new(&self.culprit[..usize::from(self.culprit_len)]);
        match self.kind {
            BadAddress => write!(
                f,
                "no IP address at byte {at}: brackets hold an IPv4 address, or `IPv6:` and an IPv6 address; \
                 write a host name without brackets"
            ),
            BadCharacter => write!(
                f,
                "character `{culprit}` at byte {at}: a host name has only letters, digits and hyphens between its dots; \
                 remove it"
            ),
            BareAddress => write!(
                f,
                "bare IP address at byte {at}: an address is sent as a literal; write [192.0.2.1] or [IPv6:2001:db8::1]"
            ),
            Control => write!(
                f,
                "control character `{culprit}` at byte {at}: it could end the command line and start another; \
                 find out where it comes from"
            ),
            Empty => f.write_str("the name is empty; give a fully-qualified host name such as mail.example.com"),
            EmptyLabel => write!(f, "empty label at byte {at}: nothing stands before this dot; remove the dot"),
            HyphenAtEdge => write!(
                f,
                "hyphen at byte {at}: a label starts and ends with a letter or digit; remove the hyphen"
            ),
            LabelTooLong => write!(f, "label too long at byte {at}: a label has at most 63 characters; shorten it"),
            LeadingZero => write!(
                f,
                "leading zero at byte {at}: some programs read such a number as octal; write it without the zero"
            ),
            MissingTag => write!(f, "IPv6 address without its tag at byte {at}: write `IPv6:` before the address"),
            NonAscii => write!(
                f,
                "non-ASCII character `{culprit}` at byte {at}: EHLO takes ASCII only (RFC 6531 3.7.1); \
                 write an international name as A-labels (xn--...)"
            ),
            NumericLastLabel => write!(
                f,
                "last label is a number at byte {at}: such a name is taken for an address; \
                 use the fully-qualified host name"
            ),
            SingleLabel => f.write_str(
                "only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the domain, \
                 as in mail.example.com",
            ),
            TextAfterLiteral => write!(f, "text after the address literal at byte {at}: remove what follows the bracket"),
            TooLong => write!(f, "name too long at byte {at}: a name has at most 253 characters; use a shorter one"),
            TrailingDot => write!(f, "trailing dot at byte {at}: a name ends without a dot in SMTP; remove it"),
            UnclosedLiteral => write!(f, "no closing bracket at byte {at}: an address literal ends with `]`; add it"),
            Underscore => write!(
                f,
                "underscore at byte {at}: a host name has only letters, digits and hyphens between its dots; \
                 use a name without underscore that exists in DNS"
            ),
            UnknownTag => write!(
                f,
                "unknown tag at byte {at}: the only tag of an address literal is `IPv6:`; \
                 an IPv4 address is written without tag"
            ),
            WhiteSpace => write!(f, "white space at byte {at}: a name is one word; remove it"),
            ZeroNetwork => write!(
                f,
                "address in 0.0.0.0/8 at byte {at}: it belongs to no host and servers refuse it; \
                 use the address that servers see"
            ),
            ZoneId => write!(
                f,
                "zone identifier at byte {at}: it means something on this machine only; \
                 use a public address without `%`"
            ),
        }
    }
}

/// Names the rule that a text breaks.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::name::InvalidHeloNameKind;
///
/// let kind = HeloName::parse("mail.example.com\r\nDATA").unwrap_err().kind();
/// assert_eq!(kind, InvalidHeloNameKind::Control);
/// assert_eq!(kind.as_str(), "control");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidHeloNameKind {
    /// Brackets hold something else than an IP address: `[mail.example.com]`, `[192.0.2.256]`.
    BadAddress,
    /// An ASCII character that stands in no host name: `a@example.com`, `*.example.com`.
    BadCharacter,
    /// An IP address without brackets: `192.0.2.1`, `2001:db8::1`.
    BareAddress,
    /// A control character, CR, LF and NUL among them.
    Control,
    /// No text at all.
    Empty,
    /// A label without characters: `mail..example.com`, `.example.com`.
    EmptyLabel,
    /// A hyphen at the start or end of a label: `-mail.example.com`, `mail-.example.com`.
    HyphenAtEdge,
    /// A label of more than 63 characters.
    LabelTooLong,
    /// A literal with a leading zero in an IPv4 number: `[192.0.2.010]`.
    LeadingZero,
    /// An IPv6 literal without `IPv6:`: `[2001:db8::1]`.
    MissingTag,
    /// A character outside ASCII, or bytes that are no text: `bücher.example`.
    NonAscii,
    /// A last label that is a number, decimal or `0x` hexadecimal: `mail.1`, `mail.0x7f`, `mail.0x`.
    NumericLastLabel,
    /// A name without dot: `localhost`, `web-01`.
    SingleLabel,
    /// Something after the closing bracket: `[192.0.2.1]:25`.
    TextAfterLiteral,
    /// A name of more than 253 characters.
    TooLong,
    /// A dot at the end of a name: `mail.example.com.`.
    TrailingDot,
    /// An opening bracket without its closing one: `[192.0.2.1`.
    UnclosedLiteral,
    /// An underscore: `web_1.example.com`.
    Underscore,
    /// A literal with another tag than `IPv6:`: `[IPv4:192.0.2.1]`.
    UnknownTag,
    /// A space or a tab, around the name or inside.
    WhiteSpace,
    /// An IPv4 literal in 0.0.0.0/8: `[0.0.0.0]`.
    ZeroNetwork,
    /// An IPv6 address with a zone identifier: `[IPv6:fe80::1%eth0]`.
    ZoneId,
}

impl InvalidHeloNameKind {
    /// Returns the variant's name in kebab-case, for logs and tables.
    ///
    /// ```
    /// use helo_name::name::InvalidHeloNameKind;
    ///
    /// assert_eq!(InvalidHeloNameKind::TrailingDot.as_str(), "trailing-dot");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadAddress => "bad-address",
            Self::BadCharacter => "bad-character",
            Self::BareAddress => "bare-address",
            Self::Control => "control",
            Self::Empty => "empty",
            Self::EmptyLabel => "empty-label",
            Self::HyphenAtEdge => "hyphen-at-edge",
            Self::LabelTooLong => "label-too-long",
            Self::LeadingZero => "leading-zero",
            Self::MissingTag => "missing-tag",
            Self::NonAscii => "non-ascii",
            Self::NumericLastLabel => "numeric-last-label",
            Self::SingleLabel => "single-label",
            Self::TextAfterLiteral => "text-after-literal",
            Self::TooLong => "too-long",
            Self::TrailingDot => "trailing-dot",
            Self::UnclosedLiteral => "unclosed-literal",
            Self::Underscore => "underscore",
            Self::UnknownTag => "unknown-tag",
            Self::WhiteSpace => "white-space",
            Self::ZeroNetwork => "zero-network",
            Self::ZoneId => "zone-id",
        }
    }

    /// Tells whether the message quotes the character at the offset.
    const fn is_about_a_character(self) -> bool {
        matches!(self, Self::BadCharacter | Self::Control | Self::NonAscii)
    }
}

impl fmt::Display for InvalidHeloNameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
