//! How arguments of any bytes are written in a line: `\xNN` is a byte, `\\` a backslash, `\t` a
//! tab, and `\-` alone is no argument at all. A backslash before anything else means itself.

use std::borrow::Cow;
use std::io::{self, Write};

/// Undoes the notation; `None` for `\-` alone.
pub(crate) fn unescaped(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if text == br"\-" {
        return None;
    }
    if !text.contains(&b'\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = first_byte(rest) {
        raw.push(byte);
        rest = after;
    }
    Some(Cow::Owned(raw))
}

fn first_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', b'x', high, low, rest @ ..]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
        {
            Some((hex(*high) * 16 + hex(*low), rest))
        }
        [b'\\', b'\\', rest @ ..] => Some((b'\\', rest)),
        [b'\\', b't', rest @ ..] => Some((b'\t', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Writes an argument in the notation.
pub(crate) fn write_escaped(argument: Option<&[u8]>, out: &mut impl Write) -> io::Result<()> {
    let Some(bytes) = argument else {
        return write!(out, r"\-");
    };
    for (index, &byte) in bytes.iter().enumerate() {
        let is_edge = index == 0 || index + 1 == bytes.len();
        match byte {
            b'\\' => write!(out, r"\\")?,
            b'\t' => write!(out, r"\t")?,
            b' ' if is_edge => write!(out, r"\x20")?,
            b' '..=b'~' => out.write_all(&[byte])?,
            _ => write!(out, r"\x{byte:02x}")?,
        }
    }
    Ok(())
}
