//! From a raw reply to its words.
//!
//! `<web01>: Helo command rejected: Host isn't known. See https://example.net/.` becomes
//! `^ <name> helo command rejected host isnt known see `: lower case, a space after each word, no
//! apostrophes and no punctuation, so that a phrase is found however a server writes it. Where a
//! clause ends is kept beside the words.
//!
//! Some words are markers. No text can hold them, because its words are letters and digits:
//!
//! - `^`: the beginning.
//! - `<name>`: the name that was sent, or that the server says was sent.
//! - `<address>`: any other IP address.
//! - `<verb>`: with 421, the command at which the server gives up, `(EHLO)`.
//!
//! Links, tests of content filters, and details such as `helo=<mail.example.com>` are left out.

use std::net::IpAddr;
use std::ops::Range;

use crate::smtp::reply::EnhancedCode;

/// How much is read of a reply. Longer replies are nobody's refusal of a name.
const READ: usize = 4096;

/// How much of the name sent is compared: more does not fit into a command (RFC 5321 4.5.3.1.4).
const COMPARED: usize = 512;

/// How many clauses can blame the name.
const CLAUSES: usize = 20;

/// A beginning that is nobody's, the clauses, and what comes after them.
pub(super) const PARTS: usize = CLAUSES + 2;

/// How servers quote the name they were sent: what is before it, its quotes, what is after it.
const ECHOES: &[(&str, char, char, &str)] = &[
    // Postfix smtpd_check.c.
    ("", '<', '>', ": helo command"),
    ("helo command ", '[', ']', " blocked"),
    // Apache James, ResolvableEhloHeloHandler.
    ("optional", '[', ']', " can"),
    // Gmail: `HELO/EHLO argument "name" invalid`.
    ("argument ", '"', '"', ""),
    // Operators: `hostname "srv" is not fully qualified`, `HELO hostname (pc-1) is invalid`.
    ("hostname ", '"', '"', ""),
    ("hostname ", '(', ')', ""),
    ("helo ", '"', '"', ""),
    // ACLs of Exim: vexim2.
    ("impersonating ", '[', ']', ""),
    ("impersonating domain name ", '[', ']', ""),
];

/// What Courier says of SPF before the name that it checked.
const SPF_RESULTS: &[&str] = &["error", "fail", "neutral", "none", "softfail", "unknown"];

/// The words of a reply, and what else it says: names and links are not words.
pub(super) struct Text<'a> {
    pub(super) words: String,
    /// Where each part begins in the words.
    starts: [usize; PARTS],
    parts: usize,
    /// The sender or a recipient is named. Haraka's `[0A1B2C3D-1@host]` is no mailbox.
    pub(super) names_mailbox: bool,
    /// Another server's reply is quoted.
    pub(super) quotes_reply: bool,
    /// A host name is named that is not the one sent: `hostname other.example.org is dynamic`.
    pub(super) names_other: bool,
    /// A detail names the name sent: `(HELO mail.example.com)`.
    pub(super) details_sent: bool,
    /// A link says that SPF was checked for the name: `s=helo`, `scope=helo`.
    pub(super) checks_helo: bool,
    code: u16,
    /// ACLs of Exim at RCPT: `550 HELO_IS_LOCAL_DOMAIN`, which is no test of a content filter.
    is_one_word: bool,
    echo: Option<&'a str>,
    sent: Option<&'a str>,
    /// The last raw word, and how many there were.
    last: &'a str,
    count: usize,
}

/// Returns the lines in lower case, each with a line feed.
pub(super) fn lower_case(lines: &[String]) -> String {
    let size = lines.iter().map(|line| line.len() + 1).sum::<usize>();
    let mut raw = String::with_capacity(size.min(READ + 1));
    for line in lines {
        let room = READ.saturating_sub(raw.len());
        if room == 0 {
            break;
        }
        raw.push_str(cut(line, room));
        raw.push('\n');
    }
    raw.make_ascii_lowercase();
    raw
}

/// Returns the beginning of a text, at most this many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut ends = (0..=bytes.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Returns the error that Exim's summary at DATA is about.
///
/// Exim smtp_in.c, when all RCPTs of a pipeline have failed alike: `503-All RCPT commands were
/// rejected with this error:`, then that error, then `503 Valid RCPT command must precede DATA`.
pub(super) fn summed_up(raw: &str) -> Option<&str> {
    let (_, error) = raw.split_once("rcpt commands were rejected with this error:")?;
    let end = error.find("valid rcpt command must precede data");
    Some(&error[..end.unwrap_or(error.len())])
}

impl<'a> Text<'a> {
    /// Reads a raw text in lower case. It came with this code, to a client that sent this name.
    pub(super) fn new(raw: &'a str, code: u16, sent: Option<&'a str>) -> Self {
        let mut text = Text {
            words: String::with_capacity(raw.len() + 64),
            starts: [0; PARTS],
            parts: 1,
            names_mailbox: false,
            quotes_reply: false,
            names_other: false,
            details_sent: false,
            checks_helo: false,
            code,
            is_one_word: !raw.trim().contains([' ', '\n']),
            echo: quoted_name(raw).or_else(|| name_after_word(raw)),
            sent: sent.map(|name| cut(name, COMPARED)),
            last: "",
            count: 0,
        };
        text.push("^");
        text.end_clause();
        text.read(raw);
        text
    }

    /// Returns where the beginning, each clause and the rest are in the words.
    pub(super) fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let end = |at| {
            if at < self.parts {
                self.starts[at]
            } else {
                self.words.len()
            }
        };
        (0..self.parts).map(move |at| self.starts[at]..end(at + 1))
    }

    /// Returns how many of the parts are clauses.
    pub(super) fn clauses(&self) -> usize {
        (self.parts - 1).min(CLAUSES)
    }

    /// Returns whether the name that the server repeats is the one sent, if both are known.
    pub(super) fn echoes_sent(&self) -> Option<bool> {
        Some(is_same_name(self.echo?, self.sent?))
    }

    /// Returns the name sent, or else the one the server repeats.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.sent.or(self.echo)
    }

    /// Reads what is around the quoted name, and the name.
    fn read(&mut self, raw: &'a str) {
        let mut from = 0;
        for (at, echo) in self
            .echo
            .map(|echo| raw.match_indices(echo))
            .into_iter()
            .flatten()
        {
            let end = at + echo.len();
            if at > from && is_quoted(&raw[..at], &raw[end..]) {
                self.read_words(&raw[from..at - 1]);
                self.push("<name>");
                from = end + 1;
            }
        }
        self.read_words(&raw[from..]);
    }

    fn read_words(&mut self, raw: &'a str) {
        if raw.starts_with('\n') {
            self.end_clause();
        }
        let mut rest = raw;
        while let Some(word @ Word { text, next, .. }) = Word::first(rest) {
            rest = next;
            // `(HELO mail.example.com [192.0.2.1])` is a detail, as in a trace header.
            let is_detail = !word.is_plain
                && matches!(text, "(helo" | "(ehlo" | "(helo:" | "(ehlo:")
                && next.starts_with(' ')
                && next_word(next).is_none_or(|(next, _)| next != "was");
            if is_detail {
                let name = next_word(next).map_or("", |(name, _)| bare(name));
                self.details_sent |= self.sent.is_some_and(|sent| is_same_name(name, sent));
            }
            let is_read = !is_detail && self.read_word(word);
            self.take_note(word);
            if next.starts_with('\n') || (is_read && text.ends_with('.') && !next.is_empty()) {
                self.end_clause();
            }
        }
    }

    /// Reads a word, or leaves it out and returns false.
    fn read_word(&mut self, word: Word) -> bool {
        let Word { is_plain, next, .. } = word;
        let word = word.text;
        if is_plain {
            if word == "because" {
                self.end_clause();
            }
            self.names_other |= self.last == "hostname" && self.is_other_label(word, next);
            let is_sent = self
                .sent
                .is_some_and(|sent| sent.eq_ignore_ascii_case(word));
            if is_sent && word != "localhost" && self.names_next() {
                self.push("<name>");
            } else {
                self.push_joined(word);
            }
            return true;
        }
        let bare = bare(word);
        if self.is_name(bare) || (self.is_marked(word, bare) && self.is_sent(bare)) {
            self.push("<name>");
        } else if (word.contains(':') && word.contains("://"))
            || (word.contains('=') && word.contains("helo="))
            || (is_test(word) && !self.is_one_word && !is_joined(bare))
        {
            return false;
        } else if is_address(bare) {
            self.push("<address>");
        } else if self.code == 421 && (word.contains("(ehlo)") || word.contains("(helo)")) {
            self.push("<verb>");
        } else {
            // Microsoft 365 ends with its own name: `Invalid domain name [AM0.. .outlook.com]`.
            self.names_other |= self.sent.is_some()
                && self.names_next()
                && !word.starts_with('[')
                && looks_like_name(bare);
            self.push_plain(word);
            return true;
        }
        if word.ends_with(';') {
            self.end_clause();
        }
        true
    }

    /// Returns whether a word is the name sent or repeated.
    fn is_name(&self, word: &str) -> bool {
        // Without its brackets, the literal that was sent is the client's address.
        let sent_literal = self.sent.is_some_and(|sent| sent.starts_with('['));
        let is_same = |name: &Option<&str>| name.is_some_and(|name| is_same_name(word, name));
        looks_like_name(word)
            && !(sent_literal && !word.starts_with('[') && is_address(word))
            && [self.echo, self.sent].iter().any(is_same)
    }

    /// Returns whether a word is the name sent.
    fn is_sent(&self, word: &str) -> bool {
        self.sent.is_some_and(|sent| is_same_name(word, sent))
    }

    /// Returns whether a word after `hostname` is a name without dots that was not sent:
    /// `hostname other is not FQDN`.
    fn is_other_label(&self, word: &str, next: &str) -> bool {
        const NO_NAMES: &[&str] = &["it", "or", "that", "this", "which", "you", "your"];
        let is_subject = next_word(next).is_some_and(|(next, _)| matches!(next, "is" | "has"));
        is_subject && self.sent.is_some() && !self.is_sent(word) && !NO_NAMES.contains(&word)
    }

    /// Returns whether quotes around a word, or the word before it, mark it as a name.
    fn is_marked(&self, word: &str, bare: &str) -> bool {
        let quotes = ['"', '\'', '(', '<', '[', '`'];
        (word.len() >= bare.len() + 2 && word.starts_with(quotes)) || self.names_next()
    }

    /// Returns whether the last word announces a name: `hostname web01 is not fully qualified`.
    fn names_next(&self) -> bool {
        const ANNOUNCING: &[&str] = &["be", "domain", "ehlo", "helo", "host", "hostname", "name"];
        ANNOUNCING.contains(&self.last.trim_end_matches([':', ',']))
            || self.last.ends_with("/helo")
            || self.last.ends_with("/ehlo")
    }

    fn take_note(&mut self, word: Word<'a>) {
        if !word.is_plain {
            self.take_note_of_signs(word.text);
        }
        self.last = word.text;
        self.count += 1;
    }

    fn take_note_of_signs(&mut self, word: &str) {
        self.names_mailbox |= word.contains('@') && !word.starts_with('[');
        self.checks_helo |=
            word.contains('=') && (word.contains("s=helo") || word.contains("scope=helo"));
        self.quotes_reply |=
            quotes_code(self.last, word) || (self.count > 1 && quotes_enhanced(self.last, word));
    }

    fn push(&mut self, word: &str) {
        self.words.push_str(word);
        self.words.push(' ');
    }

    /// Pushes a word of letters, and takes the verb off a word it is joined to: `helohost`.
    fn push_joined(&mut self, word: &str) {
        match word.split_at_checked("helo".len()) {
            Some((verb @ ("helo" | "ehlo"), rest)) if PARTS_OF_JOINED.contains(&rest) => {
                self.push(verb);
                self.push(rest);
            }
            _ => self.push(word),
        }
    }

    fn push_plain(&mut self, raw: &str) {
        for c in raw.chars() {
            match c {
                '\'' | '\u{2019}' => {}
                _ if c.is_ascii_alphanumeric() => self.words.push(c),
                _ if c.is_alphanumeric() => self.words.extend(c.to_lowercase()),
                _ => self.end_word(),
            }
            if c == ';' {
                self.end_clause();
            }
        }
        self.end_word();
        self.split_joined();
        // Policy services of Postfix: `<user@example.net>: Recipient address rejected: ..`. That
        // beginning says nothing.
        if raw == "rejected:" && self.words.ends_with(" recipient address rejected ") {
            self.parts = 1;
            self.end_clause();
        }
    }

    /// Takes the verb off the last word, if it is joined to it.
    fn split_joined(&mut self) {
        let words = self.words.trim_end();
        let start = words.rfind(' ').map_or(0, |space| space + 1);
        if let Some((verb @ ("helo" | "ehlo"), rest)) = words[start..].split_at_checked(4)
            && PARTS_OF_JOINED.contains(&rest)
        {
            let at = start + verb.len();
            self.words.insert(at, ' ');
        }
    }

    fn end_word(&mut self) {
        if !self.words.ends_with(' ') {
            self.words.push(' ');
        }
    }

    /// Begins a new part, unless the last one has no words yet.
    fn end_clause(&mut self) {
        if self.parts < PARTS && self.starts[self.parts - 1] < self.words.len() {
            self.starts[self.parts] = self.words.len();
            self.parts += 1;
        }
    }
}

/// Words that are joined to the verb: `HeloHost`, `helo_host`, `bad_helo`.
const PARTS_OF_JOINED: &[&str] = &[
    "address", "arg", "argument", "bad", "check", "command", "domain", "error", "fqdn", "host",
    "hostname", "illegal", "invalid", "name", "rejected", "string", "value", "wrong",
];

/// Returns whether underscores join the verb and words about it: `invalid_helo_name`.
fn is_joined(word: &str) -> bool {
    word.split('_').all(|part| {
        let rest = part.strip_prefix("helo").or(part.strip_prefix("ehlo"));
        rest == Some("") || PARTS_OF_JOINED.contains(&rest.unwrap_or(part))
    })
}

/// A raw word.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    /// It has only letters of ASCII, as most words.
    is_plain: bool,
    /// What comes after it; begins with white space.
    next: &'a str,
}

impl<'a> Word<'a> {
    fn first(text: &'a str) -> Option<Self> {
        let text = text.trim_ascii_start();
        let bytes = text.as_bytes();
        let is_letter = |at: &usize| bytes.get(*at).is_some_and(u8::is_ascii_lowercase);
        let letters = (0..bytes.len()).take_while(is_letter).count();
        let more = bytes[letters..].iter();
        let end = letters + more.take_while(|byte| !byte.is_ascii_whitespace()).count();
        let (text, next) = text.split_at(end);
        (end > 0).then_some(Word {
            text,
            is_plain: letters == end,
            next,
        })
    }
}

/// Splits off the first word. The rest begins with the white space after it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let end = text.bytes().position(|byte| byte.is_ascii_whitespace());
    (!text.is_empty()).then(|| text.split_at(end.unwrap_or(text.len())))
}

/// Returns a word without the punctuation around it.
fn bare(word: &str) -> &str {
    let is_around = |c| matches!(c, '(' | ')' | '<' | '>' | '"' | '\'' | ',' | ';' | ':');
    let word = word.trim_matches(is_around);
    word.strip_suffix('.').unwrap_or(word)
}

/// Returns whether a colon, or a verb of speech, and a reply code follow each other.
///
/// Gateways at RCPT and DATA: `next hop failed: 501 Syntactically invalid HELO argument(s)`.
fn quotes_code(last: &str, word: &str) -> bool {
    is_reply_code(word.split('-').next().unwrap_or_default())
        && (last.ends_with(':') || matches!(last, "answered" | "replied" | "returned"))
}

/// Returns whether a reply code and an enhanced code follow each other.
///
/// forwardemail.net at DATA: `response=504 5.5.2 <mx1>: Helo command rejected`. Postfix
/// reject_unverified_recipient: `host .. said: 504 5.5.2 <mx1>: Helo command rejected`.
fn quotes_enhanced(last: &str, word: &str) -> bool {
    is_reply_code(last.rsplit(['=', ':', '(']).next().unwrap_or_default())
        && word.parse::<EnhancedCode>().is_ok()
}

fn is_reply_code(word: &str) -> bool {
    let is_digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.len() == 3 && word.starts_with(['4', '5']) && is_digits
}

/// Returns whether a word names a test of a content filter. SpamAssassin: `FH_HELO_EQ_D_D_D_D`.
fn is_test(word: &str) -> bool {
    let parts = ["helo_", "_helo", "rdns_", "_rdns"];
    word.contains('_') && parts.iter().any(|part| word.contains(part))
}

/// Returns whether a word is an address, with or without brackets.
fn is_address(word: &str) -> bool {
    let word = word.trim_start_matches('[').trim_end_matches(']');
    word.contains(['.', ':']) && word.parse::<IpAddr>().is_ok()
}

/// Returns whether a word may be a domain or a literal.
fn looks_like_name(word: &str) -> bool {
    if let Some(literal) = word.strip_prefix('[') {
        return literal.contains(['.', ':']);
    }
    let (_, right) = word.split_once('.').unwrap_or_default();
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !word.contains(['@', '/'])
        && !right.is_empty()
}

/// Finds the name that a raw text says was sent, by its quotes.
fn quoted_name(raw: &str) -> Option<&str> {
    raw.match_indices(['<', '[', '"', '('])
        .find_map(|(at, quote)| {
            ECHOES.iter().find_map(|(before, open, close, after)| {
                if quote.as_bytes()[0] != *open as u8 || !raw[..at].ends_with(before) {
                    return None;
                }
                let (name, rest) = raw[at + 1..].split_once(*close)?;
                (rest.starts_with(after) && !name.contains(*open)).then_some(name)
            })
        })
}

/// Finds the name that a raw text says was sent, after the verb or after a result of SPF.
///
/// sendmail: `bogus HELO name used: name`. ACLs of Exim: `(HELO was name)`. policyd-weight: `Your
/// HELO: name,`. Courier: `HELO name does not match`, `SPF fail name: Address does not pass`.
fn name_after_word(raw: &str) -> Option<&str> {
    // Most replies have none of these words.
    if !["helo", "ehlo", "spf"]
        .iter()
        .any(|word| raw.contains(word))
    {
        return None;
    }
    let mut rest = raw;
    while let Some((word, next)) = next_word(rest) {
        rest = next;
        let name = match word.trim_start_matches('(') {
            "helo" if next.starts_with(" name used: ") => {
                return next[" name used: ".len()..].lines().next();
            }
            "helo" | "ehlo" | "helo:" | "ehlo:" => match next_word(next) {
                Some(("was", next)) => next_word(next),
                name => name,
            },
            "spf" => next_word(next)
                .filter(|(result, _)| SPF_RESULTS.contains(result))
                .and_then(|(_, next)| next_word(next)),
            _ => None,
        };
        let name = name.map(|(name, _)| bare(name));
        if name.is_some_and(looks_like_name) {
            return name;
        }
    }
    None
}

fn is_quoted(before: &str, after: &str) -> bool {
    let quotes = [('<', '>'), ('[', ']'), ('"', '"')];
    let is_around = |(open, close)| before.ends_with(open) && after.starts_with(close);
    quotes.into_iter().any(is_around)
}

/// Compares a repeated name with the one sent: without case, brackets and punctuation at its ends.
///
/// Postfix writes `?` for each of `<>()\";@` and space, Courier `_` for a space. Very long names
/// are repeated cut.
fn is_same_name(echo: &str, sent: &str) -> bool {
    const CUT: usize = 64;
    let (mut echo, mut sent) = (comparable(echo), comparable(sent));
    let mut length = 0;
    loop {
        match (echo.next(), sent.next()) {
            (None, None) => return true,
            (None, Some(_)) => return length >= CUT,
            (echo, sent) if echo == sent => length += 1,
            _ => return false,
        }
    }
}

fn comparable(name: &str) -> impl Iterator<Item = u8> {
    fn byte(c: char) -> Option<u8> {
        match c {
            '[' | ']' => None,
            '<' | '>' | '(' | ')' | '\\' | '"' | ';' | '@' | '?' | '_' => Some(b'?'),
            _ if c.is_ascii_graphic() => Some(c.to_ascii_lowercase() as u8),
            _ => Some(b'?'),
        }
    }
    let is_end = |c| matches!(byte(c), None | Some(b'?' | b'.' | b',' | b':' | b'\''));
    let mut last = None;
    name.trim_matches(is_end)
        .chars()
        .filter_map(byte)
        .filter(move |byte| {
            let is_repeated = *byte == b'?' && last == Some(b'?');
            last = Some(*byte);
            !is_repeated
        })
}
