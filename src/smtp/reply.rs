//! What an SMTP server answers: reply code, enhanced status code, text.
//!
//! ```text
//! Reply-line    = *( Reply-code "-" [ textstring ] CRLF )            RFC 5321 4.2
//!                 Reply-code [ SP textstring ] CRLF
//! Reply-code    = %x32-35 %x30-35 %x30-39
//! textstring    = 1*(%d09 / %d32-126)
//! status-code   = class "." subject "." detail                       RFC 3463 2, RFC 2034 4
//! ```
//!
//! Servers send more than the grammar has, so more is read: a bare LF ends a line too, the second
//! digit may be any, and text may hold any byte but LF. Bytes that are not UTF-8 become U+FFFD: the
//! extensions of a 250 are ASCII, and the rest is for people. A [`Reply`] is shown escaped and cut,
//! because its text is the server's and may be hostile.
//!
//! Two replies may have the same text once other bytes were replaced.

use std::fmt;
use std::str::FromStr;

use crate::escape::Excerpt;
use crate::kinds::kinds;

/// One reply of a server, read to its last line.
///
/// ```
/// use helo_name::Reply;
///
/// let bytes = b"504-5.5.2 <web01>: Helo command rejected:\r\n504 5.5.2 need a full hostname\r\n";
/// let reply = Reply::parse(bytes)?;
/// assert_eq!(reply.code(), 504);
/// assert_eq!(reply.enhanced_code().map(|code| code.to_string()).as_deref(), Some("5.5.2"));
/// assert_eq!(reply.lines(), ["<web01>: Helo command rejected:", "need a full hostname"]);
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    /// Never empty; without reply code and enhanced code, without line ends.
    lines: Vec<String>,
}

impl Reply {
    /// Makes a reply of what another client has already parsed.
    ///
    /// If no enhanced code is given, it is read from the beginning of the text. A line with line
    /// ends in it is several lines.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// // As lettre gives it: the enhanced code is still in the text.
    /// let lettre = Reply::from_parts(550, None, ["5.7.1 no", "5.7.1 really"])?;
    /// // As mail-send gives it: three numbers, and the lines in one string.
    /// let mail_send = Reply::from_parts(550, "5.7.1".parse().ok(), ["no\nreally"])?;
    /// assert_eq!(lettre, mail_send);
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The code is not in 200..=599: `100`, `999`.
    pub fn from_parts<I>(
        code: u16,
        enhanced: Option<EnhancedCode>,
        lines: I,
    ) -> Result<Self, InvalidReply>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        if !(200..=599).contains(&code) {
            return Err(InvalidReply::new(InvalidReplyKind::Code, 1));
        }
        let mut split = Vec::new();
        for line in lines {
            split.extend(
                line.as_ref()
                    .split('\n')
                    .map(|line| line.trim_end_matches('\r').to_owned()),
            );
        }
        Ok(Self::new(code, enhanced, split))
    }

    /// Takes the enhanced code off every line that begins with it: servers repeat it.
    pub(super) fn new(code: u16, enhanced: Option<EnhancedCode>, mut lines: Vec<String>) -> Self {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let enhanced = enhanced.filter(|enhanced| enhanced.fits(code)).or_else(|| {
            lines
                .first()
                .and_then(|line| EnhancedCode::at_start(line, code))
                .map(|found| found.0)
        });
        if enhanced.is_some() {
            for line in &mut lines {
                if let Some((found, rest)) = EnhancedCode::at_start(line, code)
                    && Some(found) == enhanced
                {
                    *line = rest.to_owned();
                }
            }
        }
        Reply {
            code,
            enhanced,
            lines,
        }
    }

    /// Returns the reply code, 200 to 599.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert_eq!(Reply::parse(b"220 mx.example.net ESMTP\r\n")?.code(), 220);
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Returns the enhanced status code, if the server sent one whose class fits the reply code.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// let reply = Reply::parse(b"450 4.7.1 <mail.example.com>: Host not found\r\n")?;
    /// let enhanced = reply.enhanced_code().unwrap();
    /// assert_eq!((enhanced.class(), enhanced.subject(), enhanced.detail()), (4, 7, 1));
    ///
    /// assert_eq!(Reply::parse(b"550 2.0.0 odd\r\n")?.enhanced_code(), None);
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn enhanced_code(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// Returns the text of each line, without reply code and enhanced code; there is at least one
    /// line, and it may be empty.
    ///
    /// The text is the server's: print it with [`Display`](fmt::Display) of the reply, or escape
    /// it.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert_eq!(Reply::parse(b"250\r\n")?.lines(), [""]);
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Returns the lines joined by line feeds.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert_eq!(Reply::parse(b"250-one\r\n250 two\r\n")?.text(), "one\ntwo");
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Returns whether the code is 2yz.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert!(Reply::parse(b"250 ok\r\n")?.is_positive());
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code < 300
    }
}

impl fmt::Display for Reply {
    /// Prints the reply on one line, its text escaped and cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        let text = self.lines.join(" ");
        if !text.is_empty() {
            write!(f, " {}", Excerpt::new(text.as_bytes()).up_to(SHOWN))?;
        }
        Ok(())
    }
}

/// How many bytes of its text a printed reply shows.
const SHOWN: usize = 300;

/// An enhanced status code of RFC 3463, such as 5.7.1.
///
/// ```
/// use helo_name::smtp::EnhancedCode;
///
/// let code: EnhancedCode = "5.7.1".parse()?;
/// assert_eq!((code.class(), code.subject(), code.detail()), (5, 7, 1));
/// assert_eq!(code.to_string(), "5.7.1");
/// assert!("5.7".parse::<EnhancedCode>().is_err());
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedCode {
    /// Returns the class: 2 success, 4 persistent transient failure, 5 permanent failure.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.class
    }

    /// Returns the subject, 0 to 999: 1 addressing, 2 mailbox, 3 mail system, 4 network, 5
    /// protocol, 6 content, 7 policy.
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// Returns the detail, 0 to 999.
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// RFC 2034 4: the class is the first digit of the reply code.
    const fn fits(self, code: u16) -> bool {
        self.class as u16 == code / 100
    }

    /// Finds the code that a text begins with, and the text after it.
    fn at_start(line: &str, code: u16) -> Option<(Self, &str)> {
        let end = line.find([' ', '\t']).unwrap_or(line.len());
        let (first, rest) = line.split_at(end);
        let enhanced: Self = first.parse().ok()?;
        enhanced
            .fits(code)
            .then(|| (enhanced, rest.get(1..).unwrap_or_default()))
    }
}

impl FromStr for EnhancedCode {
    type Err = InvalidReply;

    /// Reads `class "." subject "." detail`: class 2, 4 or 5, the others of one to three digits
    /// (RFC 3463 2).
    ///
    /// # Errors
    ///
    /// Anything else: `5.7`, `3.0.0`, `5.7.1.1`, `5.1234.0`.
    fn from_str(text: &str) -> Result<Self, InvalidReply> {
        fn number(part: &str) -> Option<u16> {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            (digits && matches!(part.len(), 1..=3))
                .then(|| part.parse().ok())
                .flatten()
        }
        let mut parts = text.split('.');
        let mut next = || parts.next();
        match (next(), next(), next(), next()) {
            (Some(class @ ("2" | "4" | "5")), Some(subject), Some(detail), None) => {
                Some((class, number(subject), number(detail)))
            }
            _ => None,
        }
        .and_then(|(class, subject, detail)| {
            Some(EnhancedCode {
                class: class.parse().ok()?,
                subject: subject?,
                detail: detail?,
            })
        })
        .ok_or(InvalidReply::new(InvalidReplyKind::EnhancedCode, 1))
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Why bytes are not a reply. The bytes themselves are not quoted.
///
/// ```
/// use helo_name::Reply;
/// use helo_name::smtp::InvalidReplyKind;
///
/// let error = Reply::parse(b"250-mx.example.net\r\n251 ok\r\n").unwrap_err();
/// assert_eq!(error.kind(), InvalidReplyKind::CodeChanged);
/// assert_eq!(error.line(), 2);
/// assert_eq!(
///     error.to_string(),
///     "line 2 of the reply: its code differs from the line before; close the connection"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidReply {
    kind: InvalidReplyKind,
    line: usize,
}

impl InvalidReply {
    pub(super) const fn new(kind: InvalidReplyKind, line: usize) -> Self {
        InvalidReply { kind, line }
    }

    /// Returns the rule that is broken.
    #[must_use]
    pub const fn kind(&self) -> InvalidReplyKind {
        self.kind
    }

    /// Returns the line of the reply, counted from one.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl std::error::Error for InvalidReply {}

impl fmt::Display for InvalidReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.explain(f, self.line)
    }
}

kinds! {
    /// The rule that an [`InvalidReply`] breaks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum InvalidReplyKind {
        /// A line does not begin with a reply code from 200 to 599 and a space, a hyphen or its
        /// end.
        Code = "code"
            => "line {line} of the reply does not start with a reply code (200-599); \
                is this an SMTP server?";
        /// The lines of one reply have different codes.
        CodeChanged = "code-changed"
            => "line {line} of the reply: its code differs from the line before; \
                close the connection";
        /// A text is not an enhanced status code.
        EnhancedCode = "enhanced-code"
            => "not an enhanced status code: expected class 2, 4 or 5 and two numbers of up to \
                three digits, joined by dots";
        /// The last line is missing.
        Incomplete = "incomplete"
            => "the reply ends before its last line; read on, or treat the connection as closed";
        /// A line is longer than the limit.
        LineTooLong = "line-too-long"
            => "line {line} of the reply: longer than the limit; close the connection";
        /// There are more lines than the limit.
        TooManyLines = "too-many-lines"
            => "line {line} of the reply: more lines than the limit; close the connection";
        /// There are bytes after the reply.
        TrailingBytes = "trailing-bytes"
            => "bytes after line {line}, the last of the reply; give one reply at a time";
    }
    write(explain: line: usize)
}
