//! How arguments of any bytes are written in a line: `\xNN` is a byte, `\\` a backslash, `\t` a tab, and `\-` alone is no
//! argument at all. A backslash before anything else stands for itself.

use std::borrow::Cow;

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
