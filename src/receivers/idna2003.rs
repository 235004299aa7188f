//! IDNA2003 (RFC 3490) as libidn 1 applies it, for servers that still do: what becomes of a name on
//! its way to the DNS.
//!
//! Not all of nameprep (RFC 3491), whose tables are larger than the rest of this crate: ranges of
//! characters stand for them. A name made of letters that nobody writes in host names may be put
//! into the wrong class.

use crate::receivers::wire::{self, MAX_LABEL};

/// What a name becomes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Prepared {
    /// It has no A-label form.
    Invalid,
    /// Another name is asked for, and that is not this one again in U-labels.
    Other,
    /// This is asked for, and the name is what becomes of it in U-labels.
    Same(Vec<u8>),
}

/// `idna_to_ascii_8z`, and whether `idna_to_unicode_8z8z` of the result is the name again.
pub(super) fn prepare(name: &[u8]) -> Prepared {
    if name == b"." {
        return Prepared::Same(Vec::new());
    }
    let mut ascii: Vec<u8> = Vec::with_capacity(name.len());
    let mut is_same = true;
    for (index, label) in wire::labels(name.strip_suffix(b".").unwrap_or(name)).enumerate() {
        if index > 0 {
            ascii.push(b'.');
        }
        match prepare_label(label) {
            Prepared::Invalid => return Prepared::Invalid,
            Prepared::Other => is_same = false,
            Prepared::Same(label) => ascii.extend(label),
        }
    }
    if is_same {
        Prepared::Same(ascii)
    } else {
        Prepared::Other
    }
}

fn prepare_label(label: &[u8]) -> Prepared {
    if label.is_ascii() {
        return match label.len() {
            1..=MAX_LABEL if is_a_label(label) => Prepared::Other,
            1..=MAX_LABEL => Prepared::Same(label.to_vec()),
            _ => Prepared::Invalid,
        };
    }
    let Ok(text) = str::from_utf8(label) else {
        return Prepared::Invalid;
    };
    match classify(text) {
        Class::Prohibited => Prepared::Invalid,
        Class::Mapped => Prepared::Other,
        Class::Kept => match encode(text) {
            Some(encoded) if encoded.len() <= MAX_LABEL => Prepared::Same(encoded),
            _ => Prepared::Invalid,
        },
    }
}

/// An A-label that stands for a U-label.
fn is_a_label(label: &[u8]) -> bool {
    let encoded = wire::strip_tag(label, "xn--").map(<[u8]>::to_ascii_lowercase);
    let text = encoded.and_then(|encoded| decode(&encoded));
    text.is_some_and(|text| !text.is_ascii() && classify(&text) == Class::Kept)
}

/// What nameprep does to a label or a character, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Kept,
    Mapped,
    Prohibited,
}

fn classify(label: &str) -> Class {
    let worst = label.chars().map(class_of).max();
    if has_mixed_directions(label) {
        return Class::Prohibited;
    }
    worst.unwrap_or(Class::Kept)
}

/// One character, by the tables of RFC 3454 that RFC 3491 names: A.1 (unassigned), B.1 and B.2 with
/// NFKC (mapped), C (prohibited).
fn class_of(char: char) -> Class {
    match u32::from(char) {
        // C.2.2 control characters, C.1.2 spaces that NFKC keeps, C.6 and C.7, C.8 and C.9
        // direction and tags
        0x80..=0x9f | 0x6dd | 0x70f | 0x1680 | 0x180e => Class::Prohibited,
        0x200e..=0x200f | 0x2028..=0x202e | 0x206a..=0x206f => Class::Prohibited,
        0x2ff0..=0x2ffb | 0xfff9..=0xffff => Class::Prohibited,
        // C.3 private use, C.4 no characters
        0xe000..=0xf8ff | 0xfdd0..=0xfdef => Class::Prohibited,
        // A.1: of the supplementary planes, Unicode 3.2 has old scripts, music, mathematics and
        // ideographs
        0x10300..=0x1034a | 0x20000..=0x2a6d6 => Class::Kept,
        0x10400..=0x10425 | 0x1d400..=0x1d7ff | 0x2f800..=0x2fa1d => Class::Mapped,
        0x10426..=0x1044d | 0x1d000..=0x1d1dd => Class::Kept,
        0x10000.. => Class::Prohibited,
        // B.1 mapped to nothing
        0xad | 0x34f | 0x1806 | 0x180b..=0x180d | 0x200b..=0x200d => Class::Mapped,
        0x2060..=0x2063 | 0xfe00..=0xfe0f | 0xfeff => Class::Mapped,
        // NFKC: compatibility characters, and marks that combine with the letter before them
        0xa0 | 0xa8 | 0xaa | 0xaf | 0xb2..=0xb5 | 0xb8..=0xba | 0xbc..=0xbe => Class::Mapped,
        0x132..=0x133 | 0x149 | 0x17f | 0x2b0..=0x2b8 | 0x300..=0x345 | 0x37a => Class::Mapped,
        0x3d0..=0x3d6 | 0x1100..=0x11ff | 0x2000..=0x200a | 0x2011 | 0x2017 => Class::Mapped,
        0x2024..=0x2026 | 0x202f | 0x2033..=0x2034 | 0x2047 | 0x205f => Class::Mapped,
        0x2070..=0x208e | 0x2100..=0x214f | 0x2153..=0x217f | 0x2460..=0x24ea => Class::Mapped,
        0x3000 | 0x3002 | 0x3131..=0x318e | 0x3200..=0x33ff => Class::Mapped,
        0xf900..=0xfb06 | 0xfb13..=0xfdcf | 0xfdf0..=0xfefc | 0xff01..=0xffee => Class::Mapped,
        // B.2: letters with a small form, and those that become two. ASCII is compared without
        // case.
        0..=0x7f => Class::Kept,
        0xdf | 0x3c2 => Class::Mapped,
        _ if char.is_uppercase() => Class::Mapped,
        _ => Class::Kept,
    }
}

/// RFC 3454 6: with a letter written from right to left, the first and the last are such,
/// and no letter is written the other way.
fn has_mixed_directions(label: &str) -> bool {
    let is_right_to_left = |char: char| matches!(u32::from(char), 0x5be..=0x7b1 | 0xfb1d..=0xfefc);
    let is_left_to_right = |char: char| char.is_alphabetic() && !is_right_to_left(char);
    label.contains(is_right_to_left)
        && (label.contains(is_left_to_right)
            || !label.starts_with(is_right_to_left)
            || !label.ends_with(is_right_to_left))
}

/// RFC 3492 5
const BASE: u32 = 36;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// The threshold for the digit at `k`: `tmin` 1, `tmax` 26.
fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(1, 26)
}

/// RFC 3492 6.1
fn adapt(delta: u32, points: u32, damp: u32) -> u32 {
    let mut delta = delta / damp;
    delta += delta / points;
    let mut k = 0;
    while delta > 35 * 26 / 2 {
        delta /= 35;
        k += BASE;
    }
    k + 36 * delta / (delta + SKEW)
}

/// RFC 3492 6.2; lower-case digits only. `None` if it is no punycode.
fn decode(encoded: &[u8]) -> Option<String> {
    let split = encoded.iter().rposition(|&byte| byte == b'-');
    let (basic, digits) = split.map_or((&[][..], encoded), |at| {
        (&encoded[..at], &encoded[at + 1..])
    });
    let mut text: Vec<char> = basic.iter().map(|&byte| char::from(byte)).collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let mut digits = digits.iter();
    while !digits.as_slice().is_empty() {
        let old = i;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let digit = digit_value(*digits.next()?)?;
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = threshold(k, bias);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let points = u32::try_from(text.len()).ok()?.checked_add(1)?;
        bias = adapt(i - old, points, if old == 0 { DAMP } else { 2 });
        n = n.checked_add(i / points)?;
        i %= points;
        text.insert(usize::try_from(i).ok()?, char::from_u32(n)?);
        i += 1;
    }
    Some(text.into_iter().collect())
}

fn digit_value(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

/// RFC 3492 6.3, after `xn--`; `None` if a number grows too large.
fn encode(text: &str) -> Option<Vec<u8>> {
    let basic: Vec<u8> = text.bytes().filter(u8::is_ascii).collect();
    let mut encoded = [b"xn--", &basic[..]].concat();
    if !basic.is_empty() {
        encoded.push(b'-');
    }
    let first = u32::try_from(basic.len()).ok()?;
    let (mut n, mut delta, mut bias, mut done) = (INITIAL_N, 0_u32, INITIAL_BIAS, first);
    while let Some(next) = text
        .chars()
        .map(u32::from)
        .filter(|&point| point >= n)
        .min()
    {
        delta = delta.checked_add((next - n).checked_mul(done + 1)?)?;
        n = next;
        for point in text.chars().map(u32::from) {
            if point < n {
                delta = delta.checked_add(1)?;
            } else if point == n {
                push_number(&mut encoded, delta, bias);
                bias = adapt(delta, done + 1, if done == first { DAMP } else { 2 });
                delta = 0;
                done += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(encoded)
}

/// Writes a number in digits of growing weight.
fn push_number(encoded: &mut Vec<u8>, mut number: u32, bias: u32) {
    let digit = |value: u32| b"abcdefghijklmnopqrstuvwxyz0123456789"[value as usize % 36];
    let mut k = BASE;
    loop {
        let threshold = threshold(k, bias);
        if number < threshold {
            return encoded.push(digit(number));
        }
        let base = BASE - threshold;
        encoded.push(digit(threshold + (number - threshold) % base));
        number = (number - threshold) / base;
        k += BASE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn punycode_goes_both_ways() {
        each(
            [
                ("m\u{fc}nchen", "mnchen-3ya"),
                ("\u{fc}", "tda"),
                ("\u{43f}\u{43e}\u{447}\u{442}\u{430}", "80a1acny"),
                ("\u{4f8b}\u{3048}", "r8jz45g"),
            ],
            |(text, encoded)| {
                let encoded = format!("xn--{encoded}");
                assert_eq!(encode(text).as_deref(), Some(encoded.as_bytes()), "{text}");
                assert_eq!(decode(&encoded.as_bytes()[4..]).as_deref(), Some(text));
            },
        );
        each(["99999999", "a!", "zzzzzzzz"], |text| {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        });
    }

    #[test]
    fn names_are_kept_mapped_or_refused() {
        let same = |ascii: &str| Prepared::Same(ascii.as_bytes().to_vec());
        each(
            [
                ("Mail.example.com.", same("Mail.example.com")),
                (".", same("")),
                ("b\u{fc}cher.example", same("xn--bcher-kva.example")),
                ("xn--bcher-kva.example", Prepared::Other),
                ("xn--ls8h.example", same("xn--ls8h.example")),
                ("B\u{fc}cher.example", same("xn--Bcher-kva.example")),
                ("B\u{dc}CHER.example", Prepared::Other),
                ("a\u{200d}b.example", Prepared::Other),
                ("a\u{202e}b.example", Prepared::Invalid),
                ("\u{1f4a9}.example", Prepared::Invalid),
                ("a..b", Prepared::Invalid),
                ("\u{645}\u{62b}\u{627}\u{644}", same("xn--mgbh0fb")),
                ("a\u{645}", Prepared::Invalid),
            ],
            |(name, prepared)| {
                assert_eq!(prepare(name.as_bytes()), prepared, "{name}");
            },
        );
        assert_eq!(prepare(b"\xff"), Prepared::Invalid);
    }
}
