//! Why a text is not a [`HeloName`](crate::HeloName).

use std::fmt;

use crate::escape::Excerpt;
use crate::kinds::kinds;

/// Why a text is not a name: which rule it breaks, where, and what to do about it.
///
/// The message quotes the one bad character, escaped, and never the whole text: it may be hostile
/// or very long.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeloName {
    kind: InvalidHeloNameKind,
    offset: usize,
    /// The bad character as UTF-8, or one byte that is not UTF-8; zero length where a rule is not
    /// about one character.
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

impl std::error::Error for InvalidHeloName {}

impl fmt::Display for InvalidHeloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let culprit = Excerpt::new(&self.culprit[..usize::from(self.culprit_len)]);
        let address = match self.offset {
            AFTER_TAG => "IPv6",
            _ => "IP",
        };
        self.kind.explain(f, self.offset, culprit, address)
    }
}

/// Where the address of a literal with a tag begins.
const AFTER_TAG: usize = "[IPv6:".len();

kinds! {
    /// The rule that a text breaks.
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
        /// Brackets around something that is not an IP address: `[mail.example.com]`,
        /// `[192.0.2.256]`.
        BadAddress = "bad-address"
            => "no {address} address at byte {at}: brackets hold an IPv4 address, or `IPv6:` and \
                an IPv6 address; write a host name without brackets";
        /// An ASCII character that no host name has: `a@example.com`, `*.example.com`.
        BadCharacter = "bad-character"
            => "character `{culprit}` at byte {at}: a host name has only letters, digits and \
                hyphens between its dots; remove it";
        /// An IP address without brackets: `192.0.2.1`, `2001:db8::1`.
        BareAddress = "bare-address"
            => "bare IP address at byte {at}: an address is sent as a literal; write [192.0.2.1] \
                or [IPv6:2001:db8::1]";
        /// A control character, CR, LF and NUL among them.
        Control = "control"
            => "control character `{culprit}` at byte {at}: it could end the command line and \
                start another; find out where it comes from";
        /// No text at all.
        Empty = "empty"
            => "the name is empty; give a fully-qualified host name such as mail.example.com";
        /// A label without characters: `mail..example.com`, `.example.com`.
        EmptyLabel = "empty-label"
            => "empty label at byte {at}: two dots in a row, or a leading dot; remove the dot";
        /// A hyphen at the start or end of a label: `-mail.example.com`, `mail-.example.com`.
        HyphenAtEdge = "hyphen-at-edge"
            => "hyphen at byte {at}: a label starts and ends with a letter or digit; remove the \
                hyphen";
        /// A label of more than 63 characters.
        LabelTooLong = "label-too-long"
            => "label too long at byte {at}: a label has at most 63 characters; shorten it";
        /// A literal with a leading zero in an IPv4 number: `[192.0.2.010]`.
        LeadingZero = "leading-zero"
            => "leading zero at byte {at}: some programs read such a number as octal; write it \
                without the zero";
        /// An IPv6 literal without `IPv6:`: `[2001:db8::1]`.
        MissingTag = "missing-tag"
            => "IPv6 address without its tag at byte {at}: write `IPv6:` before the address";
        /// A character outside ASCII, or bytes that are not text: `bücher.example`.
        NonAscii = "non-ascii"
            => "non-ASCII character `{culprit}` at byte {at}: EHLO takes ASCII only (RFC 6531 \
                3.7.1); write an international name as A-labels (xn--...)";
        /// A last label that is a number, decimal or `0x` hexadecimal: `mail.1`, `mail.0x7f`,
        /// `mail.0x`.
        NumericLastLabel = "numeric-last-label"
            => "last label is a number at byte {at}: programs take such a name for an address; use \
                the fully-qualified host name";
        /// A name without dot: `localhost`, `web-01`.
        SingleLabel = "single-label"
            => "only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the \
                domain, as in mail.example.com";
        /// Something after the closing bracket: `[192.0.2.1]:25`.
        TextAfterLiteral = "text-after-literal"
            => "text after the address literal at byte {at}: remove what follows the bracket";
        /// A name of more than 253 characters.
        TooLong = "too-long"
            => "name too long at byte {at}: a name has at most 253 characters; use a shorter one";
        /// A dot at the end of a name: `mail.example.com.`.
        TrailingDot = "trailing-dot"
            => "trailing dot at byte {at}: a name ends without a dot in SMTP; remove it";
        /// An opening bracket without its closing one: `[192.0.2.1`.
        UnclosedLiteral = "unclosed-literal"
            => "no closing bracket at byte {at}: an address literal ends with `]`; add it";
        /// An underscore: `web_1.example.com`.
        Underscore = "underscore"
            => "underscore at byte {at}: a host name has only letters, digits and hyphens between \
                its dots; use a name without underscore that exists in DNS";
        /// A literal with another tag than `IPv6:`: `[IPv4:192.0.2.1]`.
        UnknownTag = "unknown-tag"
            => "unknown tag at byte {at}: the only tag of an address literal is `IPv6:`; write an \
                IPv4 address without a tag";
        /// A space or a tab, around the name or inside.
        WhiteSpace = "white-space"
            => "white space at byte {at}: a name is one word; remove it";
        /// An IPv4 literal in 0.0.0.0/8: `[0.0.0.0]`.
        ZeroNetwork = "zero-network"
            => "address in 0.0.0.0/8 at byte {at}: no host has it, and servers refuse it; use the \
                address that servers see";
        /// An IPv6 address with a zone identifier: `[IPv6:fe80::1%eth0]`.
        ZoneId = "zone-id"
            => "zone id at byte {at}: it means something only on this machine; use a public \
                address without `%`";
    }
    write(explain: at: usize, culprit: Excerpt<'_>, address: &str)
}

impl InvalidHeloNameKind {
    /// Returns whether the message quotes the character at the offset.
    const fn is_about_a_character(self) -> bool {
        matches!(self, Self::BadCharacter | Self::Control | Self::NonAscii)
    }
}
