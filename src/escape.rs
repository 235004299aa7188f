//! Prints untrusted text.
//!
//! Host names, PTR records and server replies are hostile input. Whatever a message, a report or a
//! log line quotes from them goes through [`Excerpt`]: it has no control byte, it is short, and it
//! cannot close the quotes around it.

use std::fmt::{self, Write};

/// How many bytes an excerpt shows by default: about one line of a terminal.
const DEFAULT_LIMIT: usize = 80;

/// Displays the beginning of `bytes`: printable ASCII as it is, a quote, backtick or backslash
/// escaped with a backslash, any other byte as `\xNN`.
///
/// Longer text is cut, and then the length of the whole follows: `aaaa... (65536 bytes)`.
#[derive(Clone, Copy)]
pub(crate) struct Excerpt<'a> {
    bytes: &'a [u8],
    limit: usize,
}

impl<'a> Excerpt<'a> {
    /// Shows at most 80 bytes.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Excerpt {
            bytes,
            limit: DEFAULT_LIMIT,
        }
    }

    /// Shows at most `limit` bytes.
    pub(crate) const fn up_to(self, limit: usize) -> Self {
        Excerpt { limit, ..self }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.bytes.get(..self.limit).unwrap_or(self.bytes);
        for &byte in shown {
            match byte {
                b'"' | b'`' | b'\\' => write!(f, r"\{}", char::from(byte))?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, r"\x{byte:02x}")?,
            }
        }
        if shown.len() < self.bytes.len() {
            write!(f, "... ({} bytes)", self.bytes.len())?;
        }
        Ok(())
    }
}

/// Returns the items, separated by commas.
pub(crate) fn list(items: &[impl fmt::Display]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::Excerpt;
    use crate::each::each;

    #[test]
    fn printable_ascii_stays_and_all_else_is_escaped() {
        each(
            [
                (&b""[..], ""),
                (b"mail.example.com", "mail.example.com"),
                (b"a b~", "a b~"),
                (br"WORKGROUP\PC1", r"WORKGROUP\\PC1"),
                (br#"x": permit"#, r#"x\": permit"#),
                (b"ok` to EHLO a", r"ok\` to EHLO a"),
                (br#"x\": permit"#, r#"x\\\": permit"#),
                (b"a\r\nMAIL FROM:<>", r"a\x0d\x0aMAIL FROM:<>"),
                (b"\0\t\x1b[31m\x7f", r"\x00\x09\x1b[31m\x7f"),
                ("b\u{fc}cher".as_bytes(), r"b\xc3\xbccher"),
                (b"\xff", r"\xff"),
            ],
            |(bytes, shown)| {
                assert_eq!(Excerpt::new(bytes).to_string(), shown);
            },
        );
    }

    #[test]
    fn long_text_is_cut_and_its_length_said() {
        assert_eq!(Excerpt::new(&[b'a'; 80]).to_string(), "a".repeat(80));
        assert_eq!(
            Excerpt::new(&[b'a'; 81]).to_string(),
            "a".repeat(80) + "... (81 bytes)"
        );
        assert_eq!(
            Excerpt::new(&[0; 65536]).to_string(),
            r"\x00".repeat(80) + "... (65536 bytes)"
        );
    }
}
