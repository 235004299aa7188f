//! Reads replies from bytes as they arrive.

use crate::smtp::reply::{InvalidReply, InvalidReplyKind, Reply};

/// How many bytes a line of a reply may have with its line end (RFC 5321 4.5.3.1.5).
const MAX_LINE: usize = 512;

/// How many lines a reply may have; no server is known to send half as many.
const MAX_LINES: usize = 100;

/// Reads replies from bytes as they arrive.
///
/// The parser keeps the lines of an unfinished reply. Bytes after a finished one stay with the
/// caller, who has to discard them before TLS starts.
///
/// ```
/// use helo_name::smtp::ReplyParser;
///
/// let mut parser = ReplyParser::new();
/// assert_eq!(parser.push(&mut &b"250-mx.exam"[..])?, None);
///
/// let mut bytes = &b"ple.net\r\n250 HELP\r\n220 ready"[..];
/// let reply = parser.push(&mut bytes)?.expect("the last line is there");
/// assert_eq!(reply.lines(), ["mx.example.net", "HELP"]);
/// assert_eq!(bytes, b"220 ready");
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
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
    /// Starts with the usual limits: 512 bytes in a line with its end, 100 lines in a reply.
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
    /// use helo_name::smtp::{InvalidReplyKind, ReplyParser};
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
    /// use helo_name::smtp::{InvalidReplyKind, ReplyParser};
    ///
    /// let mut bytes = &b"250-one\r\n250 two\r\n"[..];
    /// let error = ReplyParser::new().max_lines(1).push(&mut bytes).unwrap_err();
    /// assert_eq!(error.kind(), InvalidReplyKind::TooManyLines);
    /// ```
    #[must_use]
    pub const fn max_lines(mut self, lines: usize) -> Self {
        self.max_lines = lines;
        self
    }

    /// Returns whether the parser is between two replies. If not, a connection that closes broke
    /// off inside one.
    ///
    /// ```
    /// use helo_name::smtp::ReplyParser;
    ///
    /// let mut parser = ReplyParser::new();
    /// assert!(parser.is_idle());
    /// assert_eq!(parser.push(&mut &b"250-mx.example.net\r\n"[..])?, None);
    /// assert!(!parser.is_idle());
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.line.is_empty()
    }

    /// Reads bytes up to the end of a reply and takes them off `input`; `None` means that all were
    /// read and more are needed.
    ///
    /// # Errors
    ///
    /// A line that is not a reply (`HTTP/1.1 400`, `250OK`), a code that changes between lines
    /// (`250-a`, `251 b`), a line over the limit, more lines than the limit. Then close the
    /// connection: where the next reply begins is not known. The parser takes the bad line off
    /// `input`, keeps nothing of the invalid reply, and reads the first reply of a new connection.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, InvalidReply> {
        loop {
            let end = input.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(input.len(), |end| end + 1);
            let (head, rest) = input.split_at(taken);
            *input = rest;
            if self.line.len() + taken > self.max_line {
                return Err(self.fail(InvalidReplyKind::LineTooLong));
            }
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

    /// Counts from one the line that is being read, and forgets the reply.
    fn fail(&mut self, kind: InvalidReplyKind) -> InvalidReply {
        let line = self.lines.len() + 1;
        self.code = None;
        self.lines.clear();
        self.line.clear();
        InvalidReply::new(kind, line)
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

impl Reply {
    /// Reads the bytes of one whole reply with the usual limits; the last line end may be missing,
    /// as in a log.
    ///
    /// ```
    /// use helo_name::Reply;
    ///
    /// let reply = Reply::parse(b"250-mx.example.net\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n")?;
    /// assert_eq!(reply.lines()[1], "PIPELINING");
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ReplyParser::push`]; also for a reply without its end (`250-mx` alone), and for bytes
    /// after it (`250 ok` twice).
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
                reply.lines().len(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    /// Line ends are written as in Rust; the parts are code, enhanced code, lines joined by `|`.
    #[test]
    fn replies_are_read_as_servers_send_them() {
        each(
            [
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
                // Enhanced codes: taken off every line that repeats them, and only in the class of
                // the reply code.
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
            ],
            |(bytes, code, enhanced, lines)| {
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
            },
        );
    }

    #[test]
    fn what_is_not_one_reply_is_refused_with_its_line() {
        use InvalidReplyKind::*;

        let long = [b"250 ".to_vec(), vec![b'a'; 507], b"\r\n".to_vec()].concat();
        let endless = b"250-a\r\n".repeat(200);
        each(
            [
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
            ],
            |(bytes, kind, line)| {
                let error = Reply::parse(bytes).expect_err("not a reply");
                assert_eq!((error.kind(), error.line()), (kind, line), "{bytes:?}");
            },
        );
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_read() {
        let line = [b"250 ".to_vec(), vec![b'a'; 506], b"\r\n".to_vec()].concat();
        assert_eq!(line.len(), MAX_LINE);
        assert!(Reply::parse(&line).is_ok());
        let reply = [b"250-a\r\n".repeat(99), b"250 a\r\n".to_vec()].concat();
        assert_eq!(
            Reply::parse(&reply).map(|reply| reply.lines().len()),
            Ok(MAX_LINES)
        );
    }

    #[test]
    fn any_cut_of_the_bytes_gives_the_same_reply() {
        let bytes = b"550-5.7.1 one\r\n550-5.7.1 two\n550 5.7.1 three\r\n";
        let whole = Reply::parse(bytes).expect("a reply");
        each(1..bytes.len(), |size| {
            let mut parser = ReplyParser::new();
            let replies: Vec<Reply> = bytes
                .chunks(size)
                .filter_map(|mut chunk| parser.push(&mut chunk).expect("no error"))
                .collect();
            assert_eq!(replies, std::slice::from_ref(&whole), "pieces of {size}");
            assert!(parser.is_idle());
        });
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
    fn an_invalid_reply_spoils_no_later_one() {
        let long = [b'2'; MAX_LINE + 1];
        let endless = b"250-a\r\n".repeat(MAX_LINES + 1);
        each(
            [
                &b"250-a\r\n251 b\r\n"[..],
                b"250-a\r\nHTTP/1.1 400\r\n",
                b"250OK\r\n",
                &long,
                &endless,
            ],
            |bad| {
                let mut parser = ReplyParser::new();
                let mut rest = bad;
                assert!(parser.push(&mut rest).is_err());
                assert!(rest.len() < bad.len(), "who reads on would never end");
                assert!(parser.is_idle());
                let reply = parser.push(&mut &b"220 mx.example.net\r\n"[..]);
                assert_eq!(reply, Ok(Reply::parse(b"220 mx.example.net").ok()));
            },
        );
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
        each([0, 199, 600, 999], |code| {
            assert!(Reply::from_parts(code, None, ["x"]).is_err());
        });
        let none: [&str; 0] = [];
        assert_eq!(
            Reply::from_parts(250, None, none).map(|reply| reply.lines().to_vec()),
            Ok(vec![String::new()])
        );
        let odd = Reply::from_parts(450, "5.7.1".parse().ok(), ["4.7.1 no"]).expect("a reply");
        assert_eq!(odd.enhanced_code(), "4.7.1".parse().ok());
        assert_eq!(odd.text(), "no");
    }
}
