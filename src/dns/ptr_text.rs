//! The text of PTR and MX records, untrusted until it is parsed.

use std::fmt;

use crate::name::{HeloName, InvalidHeloName};

/// The text of a PTR record, untrusted until it is parsed.
///
/// The owner of an address can write anything into its PTR record: spaces, CR LF, 255 octets of any
/// kind. The text is kept in presentation form (RFC 1035 5.1, RFC 4343 2.1): no root dot at the
/// end, and each octet in a label that is a dot, a backslash or not printable ASCII as `\DDD`, a
/// quote as `\"`. So it is safe between quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PtrText(Box<str>);

impl PtrText {
    /// Reads text in presentation form. A root dot at the end is dropped, a quote is escaped, and
    /// an octet that is not printable ASCII becomes `\DDD`, as does a backslash that escapes
    /// nothing.
    ///
    /// ```
    /// use helo_name::dns::PtrText;
    /// assert_eq!(PtrText::new("mail.example.com.").as_str(), "mail.example.com");
    /// assert_eq!(PtrText::new("evil\r\nQUIT").as_str(), "evil\\013\\010QUIT");
    /// assert_eq!(PtrText::new("x\": permit").as_str(), "x\\\":\\032permit");
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut safe = String::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [octet, after @ ..] = rest {
            rest = after;
            match (octet, after) {
                (b'.', []) => {} // the root dot
                (b'\\', [escaped, after @ ..]) if escaped.is_ascii_graphic() => {
                    safe.push('\\');
                    safe.push(char::from(*escaped));
                    rest = after;
                }
                (b'\\', _) => push_escape(&mut safe, b'\\'),
                _ => push_octet(&mut safe, *octet),
            }
        }
        Self(safe.into())
    }

    /// Reads the labels of a DNS message, without the root label.
    ///
    /// ```
    /// use helo_name::dns::PtrText;
    /// let labels: [&[u8]; 2] = [b"a.b c", b"example"];
    /// assert_eq!(PtrText::from_labels(labels).as_str(), "a\\046b\\032c.example");
    /// ```
    #[must_use]
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut text = String::new();
        for label in labels {
            if !text.is_empty() {
                text.push('.');
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' => push_escape(&mut text, octet),
                    _ => push_octet(&mut text, octet),
                }
            }
        }
        Self(text.into())
    }

    /// Returns the text: printable ASCII only, with escapes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text for a report, cut. It is printable and escaped already.
    pub(crate) fn excerpt(&self) -> String {
        const SHOWN: usize = 80;
        match self.0.get(..SHOWN) {
            Some(beginning) if self.0.len() > SHOWN => {
                format!("{beginning}... ({} bytes)", self.0.len())
            }
            _ => self.0.to_string(),
        }
    }

    /// Parses the text as a name that may be sent.
    ///
    /// # Errors
    ///
    /// If [`HeloName::parse`] refuses the text: an escape, an underscore, a single label. A literal
    /// is not a PTR name, and is refused at its bracket.
    pub fn to_name(&self) -> Result<HeloName, InvalidHeloName> {
        HeloName::parse_domain(&self.0)
    }
}

/// An MX record: a host that takes mail for a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "RFC 1035 3.3.9 has these fields")]
pub struct MailExchanger {
    /// Hosts with smaller numbers are tried first (RFC 5321 5.1).
    pub preference: u16,
    /// The name of the host, in the form of [`PtrText`]; empty for a null MX (RFC 7505).
    pub host: Box<str>,
}

fn push_octet(text: &mut String, octet: u8) {
    match octet {
        b'"' => text.push_str(r#"\""#),
        b'!'..=b'~' => text.push(char::from(octet)),
        _ => push_escape(text, octet),
    }
}

fn push_escape(text: &mut String, octet: u8) {
    use fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(text, "\\{octet:03}");
}

#[cfg(test)]
mod tests {
    use super::PtrText;
    use crate::each::each;

    #[test]
    fn ptr_text_cannot_close_its_quotes_and_is_a_name_only_without_escapes() {
        each(
            [
                ("mail.example.com.", "mail.example.com", true),
                (r#"x": permit.example"#, r#"x\":\032permit.example"#, false),
                (r#"x\": permit.example"#, r#"x\":\032permit.example"#, false),
                (r#""mail.example.com""#, r#"\"mail.example.com\""#, false),
                (r#"mail.example.com""#, r#"mail.example.com\""#, false),
                (r"mail.example.com\", r"mail.example.com\092", false),
                (r"mail.example.com\\", r"mail.example.com\\", false),
                (r"mail.example.com\.", r"mail.example.com\.", false),
                (r"mail\046example.com", r"mail\046example.com", false),
            ],
            |(text, kept, is_name)| {
                let ptr = PtrText::new(text);
                assert_eq!(ptr.as_str(), kept);
                assert_eq!(PtrText::new(kept), ptr);
                assert_eq!(ptr.to_name().is_ok(), is_name, "{kept}");
            },
        );
        let labels: [&[u8]; 2] = [br#"x":"#, b"example"];
        let ptr = PtrText::from_labels(labels);
        assert_eq!(ptr.as_str(), r#"x\":.example"#);
        assert!(ptr.to_name().is_err());
    }
}
