//! What several servers do with an argument: where the line ends, labels, address literals.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name that fits a DNS message (RFC 1035 2.3.4): 255 octets there, 253 as
/// text.
pub(super) const MAX_DNS_NAME: usize = 253;

/// The longest label (RFC 1035 2.3.4).
pub(super) const MAX_LABEL: usize = 63;

/// A line as most servers read it: up to the first LF.
pub(super) fn until_lf(argument: &[u8]) -> &[u8] {
    let end = argument.iter().position(|&byte| byte == b'\n');
    end.map_or(argument, |end| &argument[..end])
}

/// The same, less the CR of a CR LF. What ends the argument itself is not part of it.
pub(super) fn until_crlf(argument: &[u8]) -> &[u8] {
    let line = until_lf(argument);
    if line.len() < argument.len() {
        line.strip_suffix(b"\r").unwrap_or(line)
    } else {
        line
    }
}

/// A C string: up to the first NUL.
pub(super) fn until_nul(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == 0);
    end.map_or(text, |end| &text[..end])
}

/// C's `isspace`: as [`u8::is_ascii_whitespace`], and the vertical tab.
pub(super) fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Cuts off leading bytes that `unwanted` takes.
pub(super) fn trim_start(text: &[u8], unwanted: impl Fn(u8) -> bool) -> &[u8] {
    let start = text.iter().position(|&byte| !unwanted(byte));
    start.map_or(&[], |start| &text[start..])
}

/// Cuts off trailing bytes that `unwanted` takes.
pub(super) fn trim_end(text: &[u8], unwanted: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().rposition(|&byte| !unwanted(byte));
    end.map_or(&[], |end| &text[..=end])
}

/// The first word, where spaces alone separate words.
pub(super) fn first_word(text: &[u8]) -> &[u8] {
    let is_blank = |byte: u8| byte == b' ';
    let mut words = trim_start(text, is_blank).split(|&byte| is_blank(byte));
    words.next().unwrap_or_default()
}

/// The labels between the dots, empty ones too.
pub(super) fn labels(name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.split(|&byte| byte == b'.')
}

/// Returns whether a DNS message can hold a name.
pub(super) fn fits_dns(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_label = |label: &[u8]| matches!(label.len(), 1..=MAX_LABEL);
    name.len() <= MAX_DNS_NAME && labels(name).all(is_label)
}

/// The text between the bracket that starts an argument and the one that ends it.
pub(super) fn in_brackets(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"[")?.strip_suffix(b"]")
}

/// Cuts off a tag, its letters in any case.
pub(super) fn strip_tag<'a>(text: &'a [u8], tag: &str) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(tag.len())?;
    head.eq_ignore_ascii_case(tag.as_bytes()).then_some(rest)
}

/// `inet_pton(AF_INET)`: four decimal numbers without leading zeros.
pub(super) fn parse_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// `inet_pton(AF_INET6)`: RFC 4291 2.2; `::` may stand for one group.
pub(super) fn parse_ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// Returns whether the text is four numbers of one to three digits.
///
/// ```text
/// quad = 1*3DIGIT 3("." 1*3DIGIT)
/// ```
pub(super) fn is_quad(text: &[u8]) -> bool {
    let is_number =
        |label: &[u8]| matches!(label.len(), 1..=3) && label.iter().all(u8::is_ascii_digit);
    labels(text).count() == 4 && labels(text).all(is_number)
}

/// Joins texts.
pub(super) fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The client address as servers keep it: an IPv4-mapped address is IPv4.
pub(super) fn client_text(client: IpAddr) -> String {
    client.to_canonical().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_and_are_trimmed() {
        assert_eq!(until_lf(b"a\r\nb"), b"a\r");
        assert_eq!(until_crlf(b"a\r\nb"), b"a");
        assert_eq!(until_crlf(b"a\r"), b"a\r");
        assert_eq!(until_nul(b"a\0b"), b"a");
        assert_eq!(trim_start(b" \ta ", is_space), b"a ");
        assert_eq!(trim_end(b" a\x0b\r", is_space), b" a");
        assert_eq!(trim_end(b" ", is_space), b"");
        assert_eq!(first_word(b"  a\t b"), b"a\t");
        assert_eq!(first_word(b" "), b"");
    }

    #[test]
    fn literals_are_taken_apart() {
        assert_eq!(in_brackets(b"[a]"), Some(&b"a"[..]));
        assert_eq!(in_brackets(b"["), None);
        assert_eq!(strip_tag(b"iPv6:::1", "IPv6:"), Some(&b"::1"[..]));
        assert_eq!(strip_tag(b"IPv", "IPv6:"), None);
        assert!(is_quad(b"999.0.02.1"));
        assert!(!is_quad(b"1.2.3.4.5") && !is_quad(b"1..2.3") && !is_quad(b"1.2.3.4444"));
        assert!(parse_ipv4(b"010.0.0.1").is_none());
        assert!(parse_ipv6(b"1:2:3:4:5:6:7::").is_some());
    }
}
