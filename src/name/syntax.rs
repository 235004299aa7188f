//! The grammar of an EHLO argument: RFC 5321 4.1.2 and 4.1.3, as strict as the strictest server.
//!
//! ```text
//! argument   = domain / literal
//! domain     = label 1*( "." label )                     ; at most 253 octets (RFC 1035 2.3.4)
//! label      = let-dig [ *( let-dig / "-" ) let-dig ]    ; at most 63; the last is not a number
//! number     = 1*DIGIT / "0x" *HEXDIG                    ; any case
//! literal    = "[" ( ipv4 / "IPv6:" ipv6 ) "]"           ; the tag in any case
//! ipv4       = four numbers 0..255 without leading zeros ; not in 0.0.0.0/8
//! ipv6       = any spelling of RFC 4291 2.2, without zone
//! ```
//!
//! An offset is that of the first byte that breaks a rule. Length comes first, so hostile input
//! costs nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::name::error::InvalidHeloNameKind as Kind;

/// RFC 1035 2.3.4 allows 255 octets on the DNS wire: 253 as text. OpenSMTPD (glibc's `res_hnok`)
/// refuses more.
const MAX_NAME: usize = 253;

/// RFC 1035 2.3.4. Postfix (`valid_hostname`) and OpenSMTPD refuse more.
const MAX_LABEL: usize = 63;

/// A rule and the offset where it is broken.
pub(super) type Broken = (Kind, usize);

/// What a legal argument is.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A domain in lower case.
    CanonicalDomain,
    /// A domain with upper-case letters.
    Domain,
    /// A literal; an IPv4-mapped address has become the IPv4 address.
    Literal(IpAddr),
}

/// Reads an argument.
pub(super) fn argument(text: &[u8]) -> Result<Form, Broken> {
    if text.len() > MAX_NAME {
        return Err((Kind::TooLong, MAX_NAME));
    }
    if text.first() == Some(&b'[') {
        return literal(text).map(Form::Literal);
    }
    match legal_at_a_glance(text) {
        Some(Case::Lower) => return Ok(Form::CanonicalDomain),
        Some(Case::Mixed) => return Ok(Form::Domain),
        None => {}
    }
    match domain(text) {
        Ok(()) if text.iter().any(u8::is_ascii_uppercase) => Ok(Form::Domain),
        Ok(()) => Ok(Form::CanonicalDomain),
        Err(broken) => Err(bare_address(text).unwrap_or(broken)),
    }
}

/// Whether a domain is canonical already.
enum Case {
    Lower,
    Mixed,
}

/// Recognises nearly all legal domains, with loops that the compiler turns into vector
/// instructions.
///
/// Says nothing about the others: [`domain`] judges those, and names the rule that is broken. A
/// text of at most 63 bytes has no label that is too long; a last label that ends in a letter is no
/// decimal number, and without `0x` anywhere no hexadecimal one.
fn legal_at_a_glance(text: &[u8]) -> Option<Case> {
    let (first, last) = (*text.first()?, *text.last()?);
    if text.len() > MAX_LABEL || !first.is_ascii_alphanumeric() || !last.is_ascii_alphabetic() {
        return None;
    }
    let mut seen = Seen::default();
    if text.len() <= LANES {
        // Filled up with a letter, which may follow the last byte.
        let mut padded = [b'a'; LANES + 1];
        padded.get_mut(..text.len())?.copy_from_slice(text);
        seen.pairs(&padded)?;
    } else {
        let mut rest = text;
        while rest.len() > LANES + 1 {
            seen.pairs(rest)?;
            rest = &rest[LANES..];
        }
        // The last pairs, of which some were seen already.
        seen.pairs(&text[text.len() - (LANES + 1)..])?;
    }
    if is_set(seen.illegal) || !is_set(seen.dot) {
        return None;
    }
    let mixed = is_set(seen.upper) || first.is_ascii_uppercase();
    Some(if mixed { Case::Mixed } else { Case::Lower })
}

/// How many bytes are looked at together.
const LANES: usize = 16;

/// What was seen in each lane: zero for no.
#[derive(Default)]
struct Seen {
    illegal: [u8; LANES],
    upper: [u8; LANES],
    dot: [u8; LANES],
}

impl Seen {
    /// Looks at the first 16 pairs of neighbours. No branch depends on a byte.
    #[inline(always)]
    fn pairs(&mut self, text: &[u8]) -> Option<()> {
        let before: &[u8; LANES] = text.first_chunk()?;
        let bytes: &[u8; LANES] = text.get(1..)?.first_chunk()?;
        for lane in 0..LANES {
            let (before, byte) = (before[lane], bytes[lane]);
            let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
            let digit = byte.wrapping_sub(b'0') < 10;
            let (hyphen, dot) = (byte == b'-', byte == b'.');
            // No edge of a label is a hyphen, and no label is empty.
            let inside = (before != b'.') & !((before == b'-') & dot);
            let hexadecimal = (before == b'0') & ((byte | 0x20) == b'x');
            let legal = (letter | digit | ((hyphen | dot) & inside)) & !hexadecimal;
            self.illegal[lane] |= if legal { 0 } else { 0xff };
            self.upper[lane] |= if byte.wrapping_sub(b'A') < 26 {
                0xff
            } else {
                0
            };
            self.dot[lane] |= if dot { 0xff } else { 0 };
        }
        Some(())
    }
}

fn is_set(lanes: [u8; LANES]) -> bool {
    u128::from_ne_bytes(lanes) != 0
}

/// Returns whether `text` is a domain without upper-case letters.
pub(super) const fn is_canonical_domain(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        if text[at].is_ascii_uppercase() {
            return false;
        }
        at += 1;
    }
    domain(text).is_ok()
}

/// Checks a domain byte by byte: one refusal per rule.
const fn domain(text: &[u8]) -> Result<(), Broken> {
    if text.is_empty() {
        return Err((Kind::Empty, 0));
    }
    if text.len() > MAX_NAME {
        return Err((Kind::TooLong, MAX_NAME));
    }
    let mut label = 0; // where the current label starts
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' if at == label => return Err((Kind::HyphenAtEdge, at)),
            b'-' => {}
            b'.' if at == label => return Err((Kind::EmptyLabel, at)),
            b'.' if text[at - 1] == b'-' => return Err((Kind::HyphenAtEdge, at - 1)),
            b'.' if at + 1 == text.len() => return Err((Kind::TrailingDot, at)),
            b'.' => label = at + 1,
            b'_' => return Err((Kind::Underscore, at)),
            other => return Err((outside_grammar(other), at)),
        }
        if at >= label + MAX_LABEL {
            return Err((Kind::LabelTooLong, at));
        }
        at += 1;
    }
    if text[at - 1] == b'-' {
        return Err((Kind::HyphenAtEdge, at - 1));
    }
    if label == 0 {
        return Err((Kind::SingleLabel, 0));
    }
    if is_number(text.split_at(label).1) {
        return Err((Kind::NumericLastLabel, label));
    }
    Ok(())
}

/// Names the rule against a byte that neither a domain nor a literal may have.
const fn outside_grammar(byte: u8) -> Kind {
    match byte {
        b' ' | b'\t' => Kind::WhiteSpace,
        0..b' ' | 0x7f => Kind::Control,
        0x80.. => Kind::NonAscii,
        _ => Kind::BadCharacter,
    }
}

/// Returns whether a label is what address parsers take for a number. RFC 1912 2.1 warns of `0xe`;
/// `0x` alone is a number to URLs (WHATWG, "ends in a number") and to rustls-pki-types.
pub(crate) const fn is_number(label: &[u8]) -> bool {
    let hexadecimal = label.len() >= 2 && label[0] == b'0' && label[1].eq_ignore_ascii_case(&b'x');
    let mut at = if hexadecimal { 2 } else { 0 };
    while at < label.len() {
        if !(label[at].is_ascii_digit() || hexadecimal && label[at].is_ascii_hexdigit()) {
            return false;
        }
        at += 1;
    }
    !label.is_empty()
}

/// Reads a literal; the text starts with a bracket.
fn literal(text: &[u8]) -> Result<IpAddr, Broken> {
    let outside = |byte: &u8| !matches!(byte, b'!'..=b'~');
    if let Some(at) = text.iter().position(outside) {
        return Err((outside_grammar(text[at]), at));
    }
    let Some(end) = text.iter().position(|&byte| byte == b']') else {
        return Err((Kind::UnclosedLiteral, text.len()));
    };
    if end + 1 < text.len() {
        return Err((Kind::TextAfterLiteral, end + 1));
    }
    // Printable ASCII throughout, so it is a `str`.
    let inner = std::str::from_utf8(&text[1..end]).map_err(|_| (Kind::BadAddress, 1))?;
    let (address, start) = match untagged(inner) {
        Some(ipv6) => {
            let start = 1 + inner.len() - ipv6.len();
            (parse_ipv6(ipv6, start)?.to_canonical(), start)
        }
        None if inner.contains(':') => {
            parse_ipv6(inner, 1).map_err(|broken| {
                if is_tagged(inner) {
                    (Kind::UnknownTag, 1)
                } else {
                    broken
                }
            })?;
            return Err((Kind::MissingTag, 1));
        }
        None => match inner.parse::<Ipv4Addr>() {
            Ok(ipv4) => (IpAddr::V4(ipv4), 1),
            Err(_) => {
                return Err(leading_zero(inner)
                    .map_or((Kind::BadAddress, 1), |at| (Kind::LeadingZero, 1 + at)));
            }
        },
    };
    // Postfix (`valid_mailhost_literal`) refuses these; 0.0.0.0 itself means "this host", which
    // says nothing to others.
    if let IpAddr::V4(ipv4) = address
        && ipv4.octets()[0] == 0
    {
        return Err((Kind::ZeroNetwork, start));
    }
    Ok(address)
}

/// Takes the tag `IPv6:`, in any case, off.
pub(crate) fn untagged(inner: &str) -> Option<&str> {
    let (tag, rest) = inner.split_at_checked("IPv6:".len())?;
    tag.eq_ignore_ascii_case("IPv6:").then_some(rest)
}

/// Returns whether the text before the first colon is a tag rather than a group of an address.
fn is_tagged(inner: &str) -> bool {
    let tag = inner.split(':').next().unwrap_or_default();
    tag.bytes().any(|byte| !byte.is_ascii_hexdigit())
}

fn parse_ipv6(text: &str, start: usize) -> Result<Ipv6Addr, Broken> {
    match text.parse::<Ipv6Addr>() {
        Ok(address) => Ok(address),
        Err(_) => Err(match text.find('%') {
            Some(at) if text[..at].parse::<Ipv6Addr>().is_ok() => (Kind::ZoneId, start + at),
            _ => (Kind::BadAddress, start),
        }),
    }
}

/// Finds the first leading zero in a text that would be an IPv4 address without such zeros.
fn leading_zero(text: &str) -> Option<usize> {
    let (mut first, mut start, mut numbers) = (None, 0, 0);
    for number in text.split('.') {
        let significant = number.trim_start_matches('0');
        let fits = significant.is_empty() || significant.parse::<u8>().is_ok();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || !fits {
            return None;
        }
        if number.len() > 1 && number.starts_with('0') {
            first = first.or(Some(start));
        }
        start += number.len() + 1;
        numbers += 1;
    }
    first.filter(|_| numbers == 4)
}

/// Recognises an address that lacks its brackets, so that the refusal says so instead of blaming a
/// dot or a colon.
fn bare_address(text: &[u8]) -> Option<Broken> {
    let text = std::str::from_utf8(text).ok()?;
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some((Kind::BareAddress, 0));
    }
    if !text.contains(':') {
        return None;
    }
    let address = untagged(text).unwrap_or(text);
    match parse_ipv6(address, text.len() - address.len()) {
        Ok(_) => Some((Kind::BareAddress, 0)),
        Err(zone @ (Kind::ZoneId, _)) => Some(zone),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts at the edges of the grammar, and of the lengths where the fast loops change their way.
    fn nearly_a_domain() -> impl Strategy<Value = String> {
        let label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,9}[a-zA-Z0-9])?|[a-z]{60,64}|[0-9]{1,3}\
                     |0[xX][0-9a-fA-F]{0,4}";
        prop_oneof![
            4 => prop::collection::vec(label, 0..8).prop_map(|labels| labels.join(".")),
            2 => (prop::collection::vec(label, 1..6), any::<prop::sample::Index>(), any::<char>()).prop_map(
                |(labels, at, inserted)| {
                    let mut text = labels.join(".");
                    text.insert(at.index(text.len() + 1), inserted);
                    text
                }
            ),
            2 => "[aZ0x.-]{0,40}",
            1 => "[a.]{55,70}",
            1 => "[a-z0-9._ -]{0,20}",
            1 => "([a-z]{50}\\.){4}[a-z]{45,55}",
            1 => any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn the_glance_at_a_domain_agrees_with_the_rules(text in nearly_a_domain()) {
            let text = text.as_bytes();
            let lower = !text.iter().any(u8::is_ascii_uppercase);
            match legal_at_a_glance(text) {
                Some(case) => {
                    prop_assert_eq!(domain(text), Ok(()));
                    prop_assert_eq!(matches!(case, Case::Lower), lower);
                }
                None => {
                    // Only long names and those that end in a digit or hold `0x` need the second
                    // look.
                    let plain = text.len() <= MAX_LABEL
                        && text.last().is_some_and(u8::is_ascii_alphabetic)
                        && !text.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"0x"));
                    prop_assert!(!plain || domain(text).is_err());
                }
            }
        }

        #[test]
        fn a_static_name_follows_the_rules_of_parse(text in nearly_a_domain()) {
            let text = text.as_bytes();
            prop_assert_eq!(is_canonical_domain(text), matches!(argument(text), Ok(Form::CanonicalDomain)));
        }
    }
}
