//! The grammar of SPF records (RFC 7208 4.5, 4.6, 5, 6, 12). A record is read whole before anything
//! is asked: one fault in it is an error, wherever it is.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::spf::macros::MacroString;

/// A record: what is tried in order, and where to go on when nothing matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) directives: Vec<Directive<'a>>,
    pub(super) redirect: Option<Modifier<'a>>,
}

/// A mechanism, and the result if it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive<'a> {
    /// As it is in the record.
    pub(super) text: &'a str,
    pub(super) qualifier: Qualifier,
    pub(super) mechanism: Mechanism<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Modifier<'a> {
    pub(super) text: &'a str,
    pub(super) domain: MacroString<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mechanism<'a> {
    All,
    Include(MacroString<'a>),
    A(Option<MacroString<'a>>, Lengths),
    Mx(Option<MacroString<'a>>, Lengths),
    Ptr(Option<MacroString<'a>>),
    Ip4(Ipv4Addr, u8),
    Ip6(Ipv6Addr, u8),
    Exists(MacroString<'a>),
}

/// How many bits of an address have to be the same, in each family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) v4: u8,
    pub(super) v6: u8,
}

/// Returns the text after the version, if a TXT record is one of SPF (RFC 7208 4.5).
pub(super) fn spf_terms(text: &[u8]) -> Option<&[u8]> {
    let (version, rest) = text.split_at_checked("v=spf1".len())?;
    let is_whole = matches!(rest, [] | [b' ', ..]);
    (version.eq_ignore_ascii_case(b"v=spf1") && is_whole).then_some(rest)
}

impl<'a> Record<'a> {
    /// Reads the terms; the error is the term at fault.
    pub(super) fn parse(terms: &'a [u8]) -> Result<Self, &'a [u8]> {
        let mut record = Record::default();
        let mut explanations = 0;
        for term in terms
            .split(|byte| *byte == b' ')
            .filter(|term| !term.is_empty())
        {
            let fault = || term;
            let text = std::str::from_utf8(term).map_err(|_| term)?;
            match modifier(text) {
                Some(("redirect", domain)) => {
                    let domain = MacroString::domain(domain).ok_or_else(fault)?;
                    if record.redirect.replace(Modifier { text, domain }).is_some() {
                        return Err(term);
                    }
                }
                Some(("exp", domain)) => {
                    MacroString::domain(domain).ok_or_else(fault)?;
                    explanations += 1;
                    if explanations > 1 {
                        return Err(term);
                    }
                }
                Some((_, value)) => {
                    MacroString::parse(value).ok_or_else(fault)?;
                }
                None => record.directives.push(directive(text).ok_or_else(fault)?),
            }
        }
        Ok(record)
    }
}

/// Splits `name=value`. The names that mean something come in lower case.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let is_rest = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.bytes().all(is_rest) {
        return None;
    }
    let known = ["redirect", "exp"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    Some((known.unwrap_or(name), value))
}

fn directive(text: &str) -> Option<Directive<'_>> {
    let (qualifier, rest) = match text.as_bytes().first()? {
        b'+' => (Qualifier::Pass, &text[1..]),
        b'-' => (Qualifier::Fail, &text[1..]),
        b'~' => (Qualifier::SoftFail, &text[1..]),
        b'?' => (Qualifier::Neutral, &text[1..]),
        _ => (Qualifier::Pass, text),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, argument) = rest.split_at(end);
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if argument.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(MacroString::domain(argument.strip_prefix(':')?)?),
        "a" => {
            let (domain, lengths) = domain_and_lengths(argument)?;
            Mechanism::A(domain, lengths)
        }
        "mx" => {
            let (domain, lengths) = domain_and_lengths(argument)?;
            Mechanism::Mx(domain, lengths)
        }
        "ptr" if argument.is_empty() => Mechanism::Ptr(None),
        "ptr" => Mechanism::Ptr(Some(MacroString::domain(argument.strip_prefix(':')?)?)),
        "ip4" => {
            let (address, bits) = network(argument.strip_prefix(':')?, 32)?;
            Mechanism::Ip4(address.parse().ok()?, bits)
        }
        "ip6" => {
            let (address, bits) = network(argument.strip_prefix(':')?, 128)?;
            Mechanism::Ip6(address.parse().ok()?, bits)
        }
        "exists" => Mechanism::Exists(MacroString::domain(argument.strip_prefix(':')?)?),
        _ => return None,
    };
    Some(Directive {
        text,
        qualifier,
        mechanism,
    })
}

/// Reads `[":" domain-spec] ["/" bits] ["//" bits]`.
fn domain_and_lengths(argument: &str) -> Option<(Option<MacroString<'_>>, Lengths)> {
    let (argument, v6) = match split_bits(argument, "//") {
        Some((before, bits)) => (before, length(bits, 128)?),
        None => (argument, 128),
    };
    let (argument, v4) = match split_bits(argument, "/") {
        Some((before, bits)) => (before, length(bits, 32)?),
        None => (argument, 32),
    };
    let domain = match argument {
        "" => None,
        _ => Some(MacroString::domain(argument.strip_prefix(':')?)?),
    };
    Some((domain, Lengths { v4, v6 }))
}

/// Splits off digits at the end, after a mark.
fn split_bits<'a>(argument: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let before = argument.trim_end_matches(|c: char| c.is_ascii_digit());
    let bits = &argument[before.len()..];
    Some((before.strip_suffix(mark)?, bits))
}

/// Reads `address ["/" bits]`.
fn network(argument: &str, most: u8) -> Option<(&str, u8)> {
    match argument.split_once('/') {
        Some((address, bits)) => Some((address, length(bits, most)?)),
        None => Some((argument, most)),
    }
}

/// Reads a number of bits: no leading zero, and no more than the address has.
fn length(bits: &str, most: u8) -> Option<u8> {
    let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero = bits.len() > 1 && bits.starts_with('0');
    let number = bits.parse().ok().filter(|number| *number <= most)?;
    (is_number && !has_zero).then_some(number)
}
