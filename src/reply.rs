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
//! More is taken than the grammar has, because servers send it: a bare LF ends a line too, the second digit may be any,
//! and text may hold any byte but LF. Bytes that are not UTF-8 become U+FFFD: the extensions of a 250 are ASCII, and the rest is for
//! people. A [`Reply`] is shown escaped and cut, because its text is the server's and may be hostile.
//!
//! Not promised: that two replies can be told apart by their text alone once foreign bytes were replaced.

use std::fmt;
use std::str::FromStr;

use crate::escape::Excerpt;

/// Holds one reply of a server, read to its last line.
///
/// ```
/// use helo_name::Reply;
///
/// let reply = Reply::parse(b"504-5.5.2 <web01>: Helo command rejected:\r\n504 5.5.2 need fully-qualified hostname\r\n")?;
/// assert_eq!(reply.code(), 504);
/// assert_eq!(reply.enhanced_code().map(|code| code.to_string()).as_deref(), Some("5.5.2"));
/// assert_eq!(reply.lines(), ["<web01>: Helo command rejected:", "need fully-qualified hostname"]);
/// # Ok::<(), helo_name::InvalidReply>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    /// Never empty; without reply code and enhanced code, without line ends.
    lines: Vec<String>,
}

impl Reply {
    /// Reads the bytes of one whole reply with the usual limits; the last line end may be missing, as in a log.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// let reply = Reply::parse(b"250-mx.example.net\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n")?;
    /// assert_eq!(reply.lines()[1], "PIPELINING");
    /// # Ok::<(), helo_name::InvalidReply>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ReplyParser::push`], and for bytes behind the reply or before its end: `250-mx` alone, `250 ok` twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidReply> {
        let mut parser = ReplyParser::new();
        let mut rest = bytes;
        let reply = match parser.push(&mut rest)? {
            Some(reply) => Some(reply),
            None if parser.line.is_empty() => None,
            None => parser.push(&mut &b"\n"[..])?,
        };
        let Some(reply) = reply else {
            return Err(parser.fail(InvalidReplyKind::Incomplete));
        };
        if rest.is_empty() {
            Ok(reply)
        } else {
            Err(InvalidReply::new(
                InvalidReplyKind::TrailingBytes,
                reply.lines.len(),
            ))
        }
    }

    /// Makes a reply of what another client has parsed already.
    ///
    /// Without an enhanced code it is looked for at the beginning of the text. A line that holds line ends is several lines.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// // As lettre gives it: the enhanced code is still in the text.
    /// let lettre = Reply::from_parts(550, None, ["5.7.1 no", "5.7.1 really"])?;
    /// // As mail-send gives it: three numbers, and the lines in one string.
    /// let mail_send = Reply::from_parts(550, "5.7.1".parse().ok(), ["no\nreally"])?;
    /// assert_eq!(lettre, mail_send);
    /// # Ok::<(), helo_name::InvalidReply>(())
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
    fn new(code: u16, enhanced: Option<EnhancedCode>, mut lines: Vec<String>) -> Self {
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
    /// # Ok::<(), helo_name::InvalidReply>(())
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
    /// let reply = Reply::parse(b"450 4.7.1 <mail.example.com>: Helo command rejected: Host not found\r\n")?;
    /// let enhanced = reply.enhanced_code().unwrap();
    /// assert_eq!((enhanced.class(), enhanced.subject(), enhanced.detail()), (4, 7, 1));
    ///
    /// assert_eq!(Reply::parse(b"550 2.0.0 odd\r\n")?.enhanced_code(), None);
    /// # Ok::<(), helo_name::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn enhanced_code(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// Returns the text of each line, without reply code and enhanced code; there is at least one line, and it may be empty.
    ///
    /// The text is the server's: print it with [`Display`](fmt::Display) of the reply, or escape it.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert_eq!(Reply::parse(b"250\r\n")?.lines(), [""]);
    /// # Ok::<(), helo_name::InvalidReply>(())
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
    /// # Ok::<(), helo_name::InvalidReply>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Tells whether the code is 2yz.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// assert!(Reply::parse(b"250 ok\r\n")?.is_positive());
    /// # Ok::<(), helo_name::InvalidReply>(())
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

/// Holds an enhanced status code of RFC 3463, such as 5.7.1.
///
/// ```
/// use helo_name::EnhancedCode;
///
/// let code: EnhancedCode = "5.7.1".parse()?;
/// assert_eq!((code.class(), code.subject(), code.detail()), (5, 7, 1));
/// assert_eq!(code.to_string(), "5.7.1");
/// assert!("5.7".parse::<EnhancedCode>().is_err());
/// # Ok::<(), helo_name::InvalidReply>(())
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

    /// Returns the subject, 0 to 999: 1 addressing, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
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

    /// Finds the code with which a text begins, and the text behind it.
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

    /// Reads `class "." subject "." detail`: class 2, 4 or 5, the others of one to three digits (RFC 3463 2).
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

/// How many bytes a line of a reply may have with its line end (RFC 5321 4.5.3.1.5).
const MAX_LINE: usize = 512;

/// How many lines a reply may have; no server is known to send half as many.
const MAX_LINES: usize = 100;

/// Reads replies from bytes as they arrive.
///
/// The parser keeps the lines of an unfinished reply, and no byte behind a finished one: those stay with the caller, who
/// has to throw them away before TLS starts.
///
/// ```
/// use helo_name::ReplyParser;
///
/// let mut parser = ReplyParser::new();
/// assert_eq!(parser.push(&mut &b"250-mx.exam"[..])?, None);
///
/// let mut bytes = &b"ple.net\r\n250 HELP\r\n220 ready"[..];
/// let reply = parser.push(&mut bytes)?.expect("the last line is there");
/// assert_eq!(reply.lines(), ["mx.example.net", "HELP"]);
/// assert_eq!(bytes, b"220 ready");
/// # Ok::<(), helo_name::InvalidReply>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReplyParser {
    max_line: usize,
    max_lines: usize,
    code: Option<u16>,
    lines: Vec<String>,
    /// The beginning of a line whose end is not there yet.
    line: Vec<u8>,
}

impl Default for ReplyParser {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplyParser {
    /// Starts with the usual limits: 512 bytes a line with its end, 100 lines a reply.
    #[must_use]
    pub const fn new() -> Self {
        ReplyParser {
            max_line: MAX_LINE,
            max_lines: MAX_LINES,
            code: None,
            lines: Vec::new(),
            line: Vec::new(),
        }
    }

    /// Takes lines of at most this many bytes, line end included.
    ///
    /// ```
    /// use helo_name::{InvalidReplyKind, ReplyParser};
    ///
    /// let error = ReplyParser::new().max_line(8).push(&mut &b"250 too long\r\n"[..]).unwrap_err();
    /// assert_eq!(error.kind(), InvalidReplyKind::LineTooLong);
    /// ```
    #[must_use]
    pub const fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Takes replies of at most this many lines.
    ///
    /// ```
    /// use helo_name::{InvalidReplyKind, ReplyParser};
    ///
    /// let error = ReplyParser::new().max_lines(1).push(&mut &b"250-one\r\n250 two\r\n"[..]).unwrap_err();
    /// assert_eq!(error.kind(), InvalidReplyKind::TooManyLines);
    /// ```
    #[must_use]
    pub const fn max_lines(mut self, lines: usize) -> Self {
        self.max_lines = lines;
        self
    }

    /// Tells whether the parser stands between two replies: a connection that closes otherwise broke off in one.
    ///
    /// ```
    /// use helo_name::ReplyParser;
    ///
    /// let mut parser = ReplyParser::new();
    /// assert!(parser.is_idle());
    /// assert_eq!(parser.push(&mut &b"250-mx.example.net\r\n"[..])?, None);
    /// assert!(!parser.is_idle());
    /// # Ok::<(), helo_name::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.line.is_empty()
    }

    /// Reads bytes up to the end of a reply and takes them off `input`; `None` means that all were read and more are needed.
    ///
    /// # Errors
    ///
    /// What is not a reply (`HTTP/1.1 400`, `250OK`), a code that changes between lines (`250-a`, `251 b`), a line over the
    /// limit, more lines than the limit. The connection is of no use then: where the next reply begins is not known.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, InvalidReply> {
        loop {
            let end = input.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(input.len(), |end| end + 1);
            if self.line.len() + taken > self.max_line {
                return Err(self.fail(InvalidReplyKind::LineTooLong));
            }
            let (head, rest) = input.split_at(taken);
            *input = rest;
            self.line.extend_from_slice(head);
            if end.is_none() {
                return Ok(None);
            }
            if let Some(reply) = self.end_line()? {
                return Ok(Some(reply));
            }
        }
    }

    /// Reads the line that is complete now.
    fn end_line(&mut self) -> Result<Option<Reply>, InvalidReply> {
        let mut line = self.line.as_slice();
        while let [rest @ .., b'\r' | b'\n'] = line {
            line = rest;
        }
        let Some((code, last, text)) = split_line(line) else {
            return Err(self.fail(InvalidReplyKind::Code));
        };
        let text = String::from_utf8_lossy(text).into_owned();
        if self.code.is_some_and(|first| first != code) {
            return Err(self.fail(InvalidReplyKind::CodeChanged));
        }
        if self.lines.len() >= self.max_lines {
            return Err(self.fail(InvalidReplyKind::TooManyLines));
        }
        self.code = Some(code);
        self.lines.push(text);
        self.line.clear();
        Ok(last.then(|| {
            self.code = None;
            Reply::new(code, None, std::mem::take(&mut self.lines))
        }))
    }

    /// Counts from one the line that is being read.
    fn fail(&self, kind: InvalidReplyKind) -> InvalidReply {
        InvalidReply::new(kind, self.lines.len() + 1)
    }
}

/// Splits a line into its code, whether it is the last of its reply, and its text.
fn split_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (
        &[
            first @ b'2'..=b'5',
            second @ b'0'..=b'9',
            third @ b'0'..=b'9',
        ],
        rest,
    ) = line.split_first_chunk()?
    else {
        return None;
    };
    let code = [first, second, third]
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest {
        [] => Some((code, true, rest)),
        [b' ' | b'\t', text @ ..] => Some((code, true, text)),
        [b'-', text @ ..] => Some((code, false, text)),
        _ => None,
    }
}

/// Says why bytes are not a reply; the bytes themselves are not quoted.
///
/// ```
/// use helo_name::{InvalidReplyKind, Reply};
///
/// let error = Reply::parse(b"250-mx.example.net\r\n251 ok\r\n").unwrap_err();
/// assert_eq!(error.kind(), InvalidReplyKind::CodeChanged);
/// assert_eq!(error.line(), 2);
/// assert_eq!(error.to_string(), "line 2 of the reply: its code is not that of the line before; do not use this connection any more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidReply {
    kind: InvalidReplyKind,
    line: usize,
}

impl InvalidReply {
    const fn new(kind: InvalidReplyKind, line: usize) -> Self {
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

impl fmt::Display for InvalidReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InvalidReplyKind::*;

        let line = self.line;
        match self.kind {
            Code => write!(
                f,
                "line {line} of the reply: no reply code from 200 to 599 with a space, a hyphen or nothing behind it; \
                 check that an SMTP server listens there"
            ),
            CodeChanged => write!(
                f,
                "line {line} of the reply: its code is not that of the line before; do not use this connection any more"
            ),
            EnhancedCode => f.write_str(
                "no enhanced status code: it is a class of 2, 4 or 5 and two numbers of up to three digits, joined by dots",
            ),
            Incomplete => f.write_str("the reply ends before its last line; read on, or take the connection as closed"),
            LineTooLong => write!(
                f,
                "line {line} of the reply: longer than the limit; do not use this connection any more"
            ),
            TooManyLines => write!(
                f,
                "line {line} of the reply: more lines than the limit; do not use this connection any more"
            ),
            TrailingBytes => write!(f, "bytes behind line {line}, the last of the reply; give one reply at a time"),
        }
    }
}

/// Names the rule that an [`InvalidReply`] breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidReplyKind {
    /// A line does not begin with a reply code from 200 to 599 and a space, a hyphen or its end.
    Code,
    /// The lines of one reply have different codes.
    CodeChanged,
    /// A text is not an enhanced status code.
    EnhancedCode,
    /// The last line is missing.
    Incomplete,
    /// A line is longer than the limit.
    LineTooLong,
    /// There are more lines than the limit.
    TooManyLines,
    /// Something stands behind the reply.
    TrailingBytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line ends are written as in Rust; the parts are code, enhanced code, lines joined by `|`.
    #[test]
    fn replies_are_read_as_servers_send_them() {
        for (bytes, code, enhanced, lines) in [
            (&b"250 ok\r\n"[..], 250, "", "ok"),
            // No text, with and without the space.
            (b"250\r\n", 250, "", ""),
            (b"250 \r\n", 250, "", ""),
            (b"250-\r\n250\r\n", 250, "", "|"),
            // Bare LF, several CR, no line end at all.
            (b"250-a\n250 b\n", 250, "", "a|b"),
            (b"250 ok\r\r\n", 250, "", "ok"),
            (b"250 ok", 250, "", "ok"),
            // A tab for the space; digits that RFC 5321 does not have.
            (b"250\tok\r\n", 250, "", "ok"),
            (b"599 odd\r\n", 599, "", "odd"),
            (b"577 odd\r\n", 577, "", "odd"),
            // 8-bit text: UTF-8 stays, other bytes are replaced.
            ("550 caf\u{e9}\r\n".as_bytes(), 550, "", "caf\u{e9}"),
            (b"550 caf\xe9\r\n", 550, "", "caf\u{fffd}"),
            (b"550 nul \0 esc \x1b[1m\r\n", 550, "", "nul \0 esc \x1b[1m"),
            // Enhanced codes: taken off every line that repeats them, and only in the class of the reply code.
            (b"550 5.7.1 no\r\n", 550, "5.7.1", "no"),
            (b"550-5.7.1 no\r\n550 5.7.1 no!\r\n", 550, "5.7.1", "no|no!"),
            (b"550-5.7.1 no\r\n550 see\r\n", 550, "5.7.1", "no|see"),
            (
                b"550-5.7.1 no\r\n550 5.7.2 see\r\n",
                550,
                "5.7.1",
                "no|5.7.2 see",
            ),
            (b"550 5.7.1\r\n", 550, "5.7.1", ""),
            (b"550 5.7.506 no\r\n", 550, "5.7.506", "no"),
            (b"550 4.7.1 no\r\n", 550, "", "4.7.1 no"),
            (b"550 5.7.1: no\r\n", 550, "", "5.7.1: no"),
            (b"550 5.7 no\r\n", 550, "", "5.7 no"),
            (b"550 5.7.1.1 no\r\n", 550, "", "5.7.1.1 no"),
            (b"550  5.7.1 no\r\n", 550, "", " 5.7.1 no"),
            (b"554 5.6.7.8 is listed\r\n", 554, "", "5.6.7.8 is listed"),
            (b"220 2.2.2 ok\r\n", 220, "2.2.2", "ok"),
        ] {
            let reply = Reply::parse(bytes).expect("a reply");
            assert_eq!(reply.code(), code, "{bytes:?}");
            assert_eq!(
                reply
                    .enhanced_code()
                    .map_or(String::new(), |code| code.to_string()),
                enhanced,
                "{bytes:?}"
            );
            assert_eq!(reply.lines().join("|"), lines, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_one_reply_is_refused_with_its_line() {
        use InvalidReplyKind::*;

        let long = [b"250 ".to_vec(), vec![b'a'; 507], b"\r\n".to_vec()].concat();
        let endless = b"250-a\r\n".repeat(200);
        for (bytes, kind, line) in [
            (&b""[..], Incomplete, 1),
            (b"\r\n", Code, 1),
            (b"ok\r\n", Code, 1),
            (b"25 ok\r\n", Code, 1),
            (b"250OK\r\n", Code, 1),
            (b"2500 ok\r\n", Code, 1),
            (b" 250 ok\r\n", Code, 1),
            (b"199 ok\r\n", Code, 1),
            (b"600 ok\r\n", Code, 1),
            (b"HTTP/1.1 400 Bad Request\r\n", Code, 1),
            (b"\x16\x03\x01\x02\x00\n", Code, 1),
            (b"250-a\r\nb\r\n", Code, 2),
            (b"250-a\r\n251 b\r\n", CodeChanged, 2),
            (b"250-a\r\n", Incomplete, 2),
            (b"250 a\r\n250 b\r\n", TrailingBytes, 1),
            (&long, LineTooLong, 1),
            (&endless, TooManyLines, 101),
        ] {
            let error = Reply::parse(bytes).expect_err("not a reply");
            assert_eq!((error.kind(), error.line()), (kind, line), "{bytes:?}");
        }
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_read() {
        let line = [b"250 ".to_vec(), vec![b'a'; 506], b"\r\n".to_vec()].concat();
        assert_eq!(line.len(), MAX_LINE);
        assert!(Reply::parse(&line).is_ok());
        let reply = [b"250-a\r\n".repeat(99), b"250 a\r\n".to_vec()].concat();
        assert_eq!(
            Reply::parse(&reply).map(|reply| reply.lines.len()),
            Ok(MAX_LINES)
        );
    }

    #[test]
    fn any_cut_of_the_bytes_gives_the_same_reply() {
        let bytes = b"550-5.7.1 one\r\n550-5.7.1 two\n550 5.7.1 three\r\n";
        let whole = Reply::parse(bytes).expect("a reply");
        for size in 1..bytes.len() {
            let mut parser = ReplyParser::new();
            let replies: Vec<Reply> = bytes
                .chunks(size)
                .filter_map(|mut chunk| parser.push(&mut chunk).expect("no error"))
                .collect();
            assert_eq!(replies, std::slice::from_ref(&whole), "pieces of {size}");
            assert!(parser.is_idle());
        }
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_kept() {
        let mut parser = ReplyParser::new();
        let mut error = None;
        for _ in 0..1000 {
            if let Err(found) = parser.push(&mut &[b'2'; 100][..]) {
                error = Some(found.kind());
                break;
            }
        }
        assert_eq!(error, Some(InvalidReplyKind::LineTooLong));
        assert!(parser.line.len() <= MAX_LINE);
    }

    #[test]
    fn a_printed_reply_is_one_line_escaped_and_cut() {
        let reply = Reply::parse(b"550-5.7.1 bad\x1b[31m\r\n550 5.7.1 name\r\n").expect("a reply");
        assert_eq!(reply.to_string(), r"550 5.7.1 bad\x1b[31m name");
        let reply = Reply::from_parts(550, None, ["a".repeat(100_000)]).expect("a reply");
        assert!(reply.to_string().len() < 400);
        assert_eq!(
            Reply::parse(b"250\r\n")
                .map(|reply| reply.to_string())
                .as_deref(),
            Ok("250")
        );
    }

    #[test]
    fn parts_of_other_clients_are_taken() {
        for code in [0, 199, 600, 999] {
            assert!(Reply::from_parts(code, None, ["x"]).is_err());
        }
        let none: [&str; 0] = [];
        assert_eq!(
            Reply::from_parts(250, None, none).map(|reply| reply.lines),
            Ok(vec![String::new()])
        );
        let odd = Reply::from_parts(450, "5.7.1".parse().ok(), ["4.7.1 no"]).expect("a reply");
        assert_eq!(odd.enhanced_code(), "4.7.1".parse().ok());
        assert_eq!(odd.text(), "no");
    }
}
