//! From the raw text that a machine or an operator gives for its name to a [`HeloName`], or to the reason why not.
//!
//! What is repaired has one reading only, and each [`Repair`] is reported:
//!
//! | Raw | Name | Repair |
//! | --- | --- | --- |
//! | `mail.example.com\n` | `mail.example.com` | [`TrimmedWhiteSpace`](Repair::TrimmedWhiteSpace) |
//! | `mail.example.com.` | `mail.example.com` | [`RemovedTrailingDot`](Repair::RemovedTrailingDot) |
//! | `Mail.Example.COM` | `mail.example.com` | [`LowerCased`](Repair::LowerCased) |
//! | `bücher.example` | `xn--bcher-kva.example` | [`ToALabel`](Repair::ToALabel), with the feature `idna` |
//! | `1.1.1.1` | `[1.1.1.1]` | [`BracketedAddress`](Repair::BracketedAddress) |
//! | `[2606:4700::1111]` | `[IPv6:2606:4700::1111]` | [`AddedTag`](Repair::AddedTag) |
//! | `[ipv6:2606:4700::1111]` | `[IPv6:2606:4700::1111]` | [`CorrectedTag`](Repair::CorrectedTag) |
//! | `[IPv6:2606:4700:0::1111]` | `[IPv6:2606:4700::1111]` | [`RespelledAddress`](Repair::RespelledAddress) |
//! | `::ffff:1.1.1.1` | `[1.1.1.1]` | [`FoldedMappedAddress`](Repair::FoldedMappedAddress) |
//!
//! Everything else is [`Unusable`]. An underscore never becomes a hyphen, a bare name never gets a domain, and no ASCII
//! character is dropped or replaced: the result would be a name that nobody owns. Of other characters, some are, as
//! UTS 46 has it: `①` is `1`, a full-width dot is a dot, a soft hyphen or byte order mark is nothing.
//!
//! Not asked here: whether the name exists, and whose it is.

mod explain;
mod unusable;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::name::untagged;
use crate::scope::Scope;
use crate::{HeloName, InvalidHeloName};

pub use unusable::{Unusable, UnusableKind};

/// Longer raw text is refused unread. The longest name that can come out has 253 characters; as U-labels in UTF-8, with
/// white space around, it has far less than this.
const MAX_RAW: usize = 1024;

/// A label longer than this cannot become an A-label of 63: it has 4 bytes for each. Punycode is quadratic, so such
/// labels must not reach it.
#[cfg(feature = "idna")]
const MAX_RAW_LABEL: usize = 4 * 63;

/// Turns raw text into a legal and public name, and tells what had to be repaired.
///
/// Raw text is bytes because a host name is: a `&str` will do, and on Unix `OsStrExt::as_bytes` of an `OsStr`. No input
/// makes this panic, and refusing takes no longer for a megabyte than for a kilobyte.
///
/// ```
/// use helo_name::{Repair, sanitize};
///
/// let clean = sanitize("Mail.Example.COM.\n")?;
/// assert_eq!(clean.name().as_str(), "mail.example.com");
/// assert_eq!(
///     clean.repairs(),
///     [Repair::TrimmedWhiteSpace, Repair::RemovedTrailingDot, Repair::LowerCased]
/// );
/// # Ok::<(), helo_name::Unusable>(())
/// ```
///
/// # Errors
///
/// * Illegal, so there is no name: `shop_mailer_1` (underscore), `web-01` (single label), `15b0717dc4c2` (container id),
///   `mail.example.com:25` (port), `{{ .Host }}` (template), `*.example.com` (wildcard), `fe80::1%eth0` (zone).
/// * Legal and not public: `Annas-MacBook-Pro.local`, `ip-10-0-0-1.ec2.internal`, `localhost.localdomain`, `10.0.0.1`.
///   [`Unusable::name`] has the name then, for the case that the server is not public either.
pub fn sanitize(raw: impl AsRef<[u8]>) -> Result<Sanitized, Unusable> {
    sanitize_bytes(raw.as_ref())
}

fn sanitize_bytes(raw: &[u8]) -> Result<Sanitized, Unusable> {
    if raw.len() > MAX_RAW {
        return Err(Unusable::new(UnusableKind::TooLong));
    }
    let text = std::str::from_utf8(raw).map_err(|error| Unusable::not_utf8(raw, error))?;
    match repair(text) {
        Ok(sanitized) if sanitized.name.scope() == Scope::Public => Ok(sanitized),
        Ok(sanitized) => Err(Unusable::not_public(sanitized)),
        Err(fault) => Err(explain::explain(text, &fault)),
    }
}

/// Holds a legal and public name, and what was repaired to get it.
///
/// ```
/// let clean = helo_name::sanitize("mail.example.com")?;
/// assert!(clean.repairs().is_empty());
/// assert_eq!(clean.into_name(), "mail.example.com");
/// # Ok::<(), helo_name::Unusable>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitized {
    name: HeloName,
    repairs: Repairs,
}

impl Sanitized {
    /// Returns the name.
    ///
    /// ```
    /// assert_eq!(helo_name::sanitize("MAIL.example.com")?.name().as_str(), "mail.example.com");
    /// # Ok::<(), helo_name::Unusable>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Takes the name out.
    ///
    /// ```
    /// let name: helo_name::HeloName = helo_name::sanitize("MAIL.example.com")?.into_name();
    /// # Ok::<(), helo_name::Unusable>(())
    /// ```
    #[must_use]
    pub fn into_name(self) -> HeloName {
        self.name
    }

    /// Lists what was repaired, in the order it was done. Empty when the raw text is the name.
    ///
    /// ```
    /// use helo_name::{Repair, sanitize};
    ///
    /// assert_eq!(sanitize("1.1.1.1")?.repairs(), [Repair::BracketedAddress]);
    /// # Ok::<(), helo_name::Unusable>(())
    /// ```
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        self.repairs.as_slice()
    }
}

/// Names one thing that was changed in a raw name.
///
/// ```
/// use helo_name::Repair;
///
/// assert_eq!(Repair::LowerCased.as_str(), "lower-cased");
/// assert_eq!(Repair::LowerCased.to_string(), "upper case made lower case");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Repair {
    /// `[2606:4700::1111]`, an IPv6 address without the tag of RFC 5321 section 4.1.3.
    AddedTag,
    /// `1.1.1.1`, an address without brackets.
    BracketedAddress,
    /// `[ipv6:2606:4700::1111]`: RFC 5321 takes any case, some servers only `IPv6:`.
    CorrectedTag,
    /// `[IPv6:::ffff:1.1.1.1]`, an IPv4-mapped address, as a dual-stack socket gives it.
    FoldedMappedAddress,
    /// `Mail.Example.COM`.
    LowerCased,
    /// `mail.example.com.`, a name as DNS writes it.
    RemovedTrailingDot,
    /// `[IPv6:2606:4700:0::1111]`, an IPv6 address not in the form of RFC 5952.
    RespelledAddress,
    /// `bücher.example`, mapped by UTS 46: labels that stay Unicode become A-labels. None has to: `①②.com` is mapped to
    /// `12.com`, and a byte order mark to nothing.
    ToALabel,
    /// `mail.example.com` with a line end, as in `/etc/mailname`.
    TrimmedWhiteSpace,
}

impl Repair {
    /// Gives the repair's name in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::Repair::ToALabel.as_str(), "to-a-label");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddedTag => "added-tag",
            Self::BracketedAddress => "bracketed-address",
            Self::CorrectedTag => "corrected-tag",
            Self::FoldedMappedAddress => "folded-mapped-address",
            Self::LowerCased => "lower-cased",
            Self::RemovedTrailingDot => "removed-trailing-dot",
            Self::RespelledAddress => "respelled-address",
            Self::ToALabel => "to-a-label",
            Self::TrimmedWhiteSpace => "trimmed-white-space",
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddedTag => "tag IPv6: added",
            Self::BracketedAddress => "address put in brackets",
            Self::CorrectedTag => "tag written as IPv6:",
            Self::FoldedMappedAddress => "IPv4-mapped address written as IPv4",
            Self::LowerCased => "upper case made lower case",
            Self::RemovedTrailingDot => "trailing dot removed",
            Self::RespelledAddress => "IPv6 address written as in RFC 5952",
            Self::ToALabel => "Unicode mapped to ASCII by UTS 46",
            Self::TrimmedWhiteSpace => "surrounding white space removed",
        })
    }
}

/// The repairs of one name, in place of a `Vec`: most names need none, and refusals must not allocate.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Repairs {
    done: [Repair; Repairs::MAX],
    count: usize,
}

impl Repairs {
    /// White space and dot, and then two about an address or two about a domain.
    const MAX: usize = 4;

    const NONE: Self = Self {
        done: [Repair::AddedTag; Self::MAX],
        count: 0,
    };

    fn add(&mut self, repair: Repair) {
        if let Some(slot) = self.done.get_mut(self.count) {
            *slot = repair;
            self.count += 1;
        }
    }

    fn as_slice(&self) -> &[Repair] {
        self.done.get(..self.count).unwrap_or_default()
    }
}

impl fmt::Debug for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// Why a text is no name even when repaired.
#[derive(Debug)]
enum Fault {
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
fn repair(text: &str) -> Result<Sanitized, Fault> {
    let mut repairs = Repairs::NONE;
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        repairs.add(Repair::TrimmedWhiteSpace);
    }
    let name = if trimmed.is_ascii() {
        repair_ascii(trimmed, &mut repairs)?
    } else {
        repair_unicode(trimmed, &mut repairs)?
    };
    Ok(Sanitized { name, repairs })
}

fn repair_ascii(text: &str, repairs: &mut Repairs) -> Result<HeloName, Fault> {
    let text = without_trailing_dot(text, repairs);
    if let Some(address) = Spelling::of(text) {
        return address.repair(repairs);
    }
    let name = HeloName::parse(text)?;
    if name.as_str() != text {
        repairs.add(Repair::LowerCased);
    }
    Ok(name)
}

fn without_trailing_dot<'a>(text: &'a str, repairs: &mut Repairs) -> &'a str {
    match text.strip_suffix('.') {
        Some(rest) => {
            repairs.add(Repair::RemovedTrailingDot);
            rest
        }
        None => text,
    }
}

#[cfg(not(feature = "idna"))]
fn repair_unicode(text: &str, _: &mut Repairs) -> Result<HeloName, Fault> {
    Ok(HeloName::parse(text)?)
}

/// Maps by UTS 46 with STD3 rules. Lengths are left to [`HeloName`].
#[cfg(feature = "idna")]
fn repair_unicode(text: &str, repairs: &mut Repairs) -> Result<HeloName, Fault> {
    if text.contains(is_quotation_mark) {
        return Err(Fault::Unicode(UnusableKind::InvalidIdn));
    }
    let is_label_too_long = |label: &str| label.len() > MAX_RAW_LABEL;
    if text.len() > MAX_RAW_LABEL && text.split(is_label_separator).any(is_label_too_long) {
        return Err(Fault::Unicode(UnusableKind::LabelTooLong));
    }
    let mut ascii = to_ascii(text).ok_or(Fault::Unicode(UnusableKind::InvalidIdn))?;
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        repairs.add(Repair::LowerCased);
    }
    repairs.add(Repair::ToALabel);
    if ascii.ends_with('.') {
        ascii.pop();
        repairs.add(Repair::RemovedTrailingDot);
    }
    // Full-width digits make an address.
    if let Some(address) = Spelling::of(&ascii) {
        return address.repair(repairs);
    }
    Ok(HeloName::try_from(ascii)?)
}

/// Maps non-ASCII text into one allocation that is large enough for most names.
#[cfg(feature = "idna")]
fn to_ascii(text: &str) -> Option<String> {
    use idna::uts46::{AsciiDenyList, ErrorPolicy, Hyphens, ProcessingSuccess, Uts46};

    let mut ascii = String::with_capacity(text.len() + "xn--".len() * 4);
    let done = Uts46::new().process(
        text.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::Check,
        ErrorPolicy::FailFast,
        |_, _, _| false,
        &mut ascii,
        None,
    );
    // Only ASCII passes through.
    matches!(done, Ok(ProcessingSuccess::WroteToSink)).then_some(ascii)
}

/// The dots of IDNA2003 that UTS 46 maps to a full stop.
#[cfg(feature = "idna")]
fn is_label_separator(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// The curly marks and guillemets. UTS 46 takes them for symbols; here they stand round a name or in `Anna’s-MacBook`, and
/// belong to neither.
fn is_quotation_mark(c: char) -> bool {
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
    /// Reads `1.1.1.1`, `[1.1.1.1]`, `2606:4700::1111`, `[2606:4700::1111]`, or `[IPv6:2606:4700::1111]` with a tag in
    /// any case.
    fn of(text: &'a str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            return Self::in_brackets(inside.strip_suffix(']')?);
        }
        // Most names are told from addresses by one byte.
        let last = text.as_bytes().last()?;
        if !(last.is_ascii_hexdigit() || *last == b':') {
            return None;
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

    fn repair(self, repairs: &mut Repairs) -> Result<HeloName, Fault> {
        let name = HeloName::try_from(self.address)?;
        let is_mapped = self.address.to_canonical() != self.address;
        match self.wrapping {
            Wrapping::Bare => repairs.add(Repair::BracketedAddress),
            _ if is_mapped => {}
            Wrapping::Brackets if self.address.is_ipv6() => repairs.add(Repair::AddedTag),
            Wrapping::BracketsAndTag(tag) if tag != "IPv6:" => repairs.add(Repair::CorrectedTag),
            Wrapping::Brackets | Wrapping::BracketsAndTag(_) => {}
        }
        if is_mapped {
            repairs.add(Repair::FoldedMappedAddress);
        } else if !name.as_str().trim_end_matches(']').ends_with(self.text) {
            repairs.add(Repair::RespelledAddress);
        }
        Ok(name)
    }
}
