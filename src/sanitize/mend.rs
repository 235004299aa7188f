//! The repairs: white space, a trailing dot, upper case, U-labels, the spelling of addresses.

use std::net::{IpAddr, Ipv6Addr};

use crate::name::{HeloName, InvalidHeloName, untagged};
use crate::sanitize::repair::{Repair, Sanitized};
#[cfg(feature = "idna")]
use crate::sanitize::unusable::UnusableKind;

/// A label longer than this cannot become an A-label of 63: it has 4 bytes for each. Punycode is
/// quadratic, so such labels must not reach it.
#[cfg(feature = "idna")]
const MAX_RAW_LABEL: usize = 4 * 63;

/// Why a text is no name even when repaired.
#[derive(Debug)]
pub(super) enum Fault {
    /// The rule it breaks; the offset counts from the first byte that is not white space.
    Rule(InvalidHeloName),
    /// What is wrong before or while it is mapped to ASCII.
    #[cfg(feature = "idna")]
    Unicode(UnusableKind),
}

impl From<InvalidHeloName> for Fault {
    fn from(error: InvalidHeloName) -> Self {
        Self::Rule(error)
    }
}

/// Does all repairs. The name need not be public.
pub(super) fn mend(text: &str) -> Result<Sanitized, Fault> {
    let mut repairs = Vec::new();
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        repairs.push(Repair::TrimmedWhiteSpace);
    }
    let name = if trimmed.is_ascii() {
        repair_ascii(trimmed, &mut repairs)?
    } else {
        repair_unicode(trimmed, &mut repairs)?
    };
    Ok(Sanitized { name, repairs })
}

fn repair_ascii(text: &str, repairs: &mut Vec<Repair>) -> Result<HeloName, Fault> {
    let text = without_trailing_dot(text, repairs);
    if let Some(address) = Spelling::of(text) {
        return address.repair(repairs);
    }
    let name = HeloName::parse(text)?;
    if name.as_str() != text {
        repairs.push(Repair::LowerCased);
    }
    Ok(name)
}

fn without_trailing_dot<'a>(text: &'a str, repairs: &mut Vec<Repair>) -> &'a str {
    match text.strip_suffix('.') {
        Some(rest) => {
            repairs.push(Repair::RemovedTrailingDot);
            rest
        }
        None => text,
    }
}

#[cfg(not(feature = "idna"))]
fn repair_unicode(text: &str, _: &mut Vec<Repair>) -> Result<HeloName, Fault> {
    Ok(HeloName::parse(text)?)
}

/// Maps by UTS 46 with STD3 rules. Lengths are left to [`HeloName`].
#[cfg(feature = "idna")]
fn repair_unicode(text: &str, repairs: &mut Vec<Repair>) -> Result<HeloName, Fault> {
    if text.contains(is_quotation_mark) {
        return Err(Fault::Unicode(UnusableKind::InvalidIdn));
    }
    let is_label_too_long = |label: &str| label.len() > MAX_RAW_LABEL;
    if text.len() > MAX_RAW_LABEL && text.split(is_label_separator).any(is_label_too_long) {
        return Err(Fault::Unicode(UnusableKind::LabelTooLong));
    }
    let mut ascii = to_ascii(text).ok_or(Fault::Unicode(UnusableKind::InvalidIdn))?;
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        repairs.push(Repair::LowerCased);
    }
    repairs.push(Repair::ToALabel);
    if ascii.ends_with('.') {
        ascii.pop();
        repairs.push(Repair::RemovedTrailingDot);
    }
    // Full-width digits make an address.
    if let Some(address) = Spelling::of(&ascii) {
        return address.repair(repairs);
    }
    Ok(HeloName::try_from(ascii)?)
}

#[cfg(feature = "idna")]
fn to_ascii(text: &str) -> Option<String> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let ascii = Uts46::new().to_ascii(
        text.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::Check,
        DnsLength::Ignore,
    );
    Some(ascii.ok()?.into_owned())
}

/// The dots of IDNA2003 that UTS 46 maps to a full stop.
#[cfg(feature = "idna")]
fn is_label_separator(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// The curly marks and guillemets. To UTS 46 they are symbols; here they are around a name or in
/// `Anna’s-MacBook`, and part of neither.
pub(super) fn is_quotation_mark(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

/// An address as somebody wrote it.
struct Spelling<'a> {
    address: IpAddr,
    /// The part that is the address.
    text: &'a str,
    wrapping: Wrapping<'a>,
}

enum Wrapping<'a> {
    Bare,
    Brackets,
    BracketsAndTag(&'a str),
}

impl<'a> Spelling<'a> {
    /// Reads `1.1.1.1`, `[1.1.1.1]`, `2606:4700::1111`, `[2606:4700::1111]`, or
    /// `[IPv6:2606:4700::1111]` with a tag in any case.
    fn of(text: &'a str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            return Self::in_brackets(inside.strip_suffix(']')?);
        }
        let address = text.parse().ok()?;
        Some(Self {
            address,
            text,
            wrapping: Wrapping::Bare,
        })
    }

    fn in_brackets(inside: &'a str) -> Option<Self> {
        let Some(text) = untagged(inside) else {
            return Some(Self {
                address: inside.parse().ok()?,
                text: inside,
                wrapping: Wrapping::Brackets,
            });
        };
        Some(Self {
            address: IpAddr::V6(text.parse::<Ipv6Addr>().ok()?),
            text,
            wrapping: Wrapping::BracketsAndTag(&inside[..inside.len() - text.len()]),
        })
    }

    fn repair(self, repairs: &mut Vec<Repair>) -> Result<HeloName, Fault> {
        let name = HeloName::try_from(self.address)?;
        let is_mapped = self.address.to_canonical() != self.address;
        match self.wrapping {
            Wrapping::Bare => repairs.push(Repair::BracketedAddress),
            _ if is_mapped => {}
            Wrapping::Brackets if self.address.is_ipv6() => repairs.push(Repair::AddedTag),
            Wrapping::BracketsAndTag(tag) if tag != "IPv6:" => repairs.push(Repair::CorrectedTag),
            Wrapping::Brackets | Wrapping::BracketsAndTag(_) => {}
        }
        if is_mapped {
            repairs.push(Repair::FoldedMappedAddress);
        } else if !name.as_str().trim_end_matches(']').ends_with(self.text) {
            repairs.push(Repair::RespelledAddress);
        }
        Ok(name)
    }
}
