//! Macros in the domains of SPF records (RFC 7208 7).

use std::net::IpAddr;

/// The longest name in presentation form without root dot (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;

/// A text with macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MacroString<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Expand(Expand<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expand<'a> {
    letter: Letter,
    escape: Escape,
    /// How many parts from the right are kept.
    keep: Option<usize>,
    order: Order,
    delimiters: &'a str,
}

/// Whether the letter was in upper case: then the value is escaped for a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Never,
    Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AsItIs,
    Reversed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letter {
    Sender,
    LocalPart,
    SenderDomain,
    Domain,
    Address,
    ValidatedName,
    Version,
    Helo,
}

/// What the letters stand for.
pub(super) struct Values<'a> {
    pub(super) local_part: &'a str,
    pub(super) sender_domain: &'a str,
    pub(super) helo: &'a str,
    pub(super) client: IpAddr,
    pub(super) domain: &'a str,
    pub(super) validated: &'a str,
}

impl<'a> MacroString<'a> {
    /// Reads a text with macros; `None` if one is malformed.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            let (literal, from) = rest.split_at(at);
            parts.push(Part::Literal(literal));
            rest = match from.as_bytes().get(1)? {
                b'%' => push_literal(&mut parts, "%", from),
                b'_' => push_literal(&mut parts, " ", from),
                b'-' => push_literal(&mut parts, "%20", from),
                b'{' => {
                    let (inner, after) = from[2..].split_once('}')?;
                    parts.push(Part::Expand(expand(inner)?));
                    after
                }
                _ => return None,
            };
        }
        parts.push(Part::Literal(rest));
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        parts.retain(|part| *part != Part::Literal(""));
        is_visible.then_some(MacroString { parts })
    }

    /// Reads a domain (RFC 7208 7.1, domain-spec): it ends with a macro, or with a dot and a label
    /// that is no number.
    pub(super) fn domain(text: &'a str) -> Option<Self> {
        let domain = Self::parse(text)?;
        let is_domain = match domain.parts.last()? {
            Part::Expand(_) => true,
            Part::Literal(_) => {
                let text = text.strip_suffix('.').unwrap_or(text);
                let (_, label) = text.rsplit_once('.')?;
                is_top_label(label)
            }
        };
        is_domain.then_some(domain)
    }

    pub(super) fn needs_validated_name(&self) -> bool {
        self.parts.iter().any(
            |part| matches!(part, Part::Expand(expand) if expand.letter == Letter::ValidatedName),
        )
    }

    /// Writes the values in. Labels on the left are cut off a name that is too long.
    pub(super) fn expand(&self, values: &Values<'_>) -> String {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => name.push_str(literal),
                Part::Expand(expand) => name.push_str(&expand.value(values)),
            }
        }
        let name = name.strip_suffix('.').unwrap_or(&name);
        let mut cut = name;
        while cut.len() > MAX_NAME {
            match cut.split_once('.') {
                Some((_, rest)) => cut = rest,
                None => break,
            }
        }
        cut.to_owned()
    }
}

/// Pushes what `%` and a sign stand for, and returns what comes after them.
fn push_literal<'a>(parts: &mut Vec<Part<'a>>, literal: &'a str, from: &'a str) -> &'a str {
    parts.push(Part::Literal(literal));
    &from[2..]
}

fn expand(inner: &str) -> Option<Expand<'_>> {
    let first = inner.chars().next().filter(char::is_ascii)?;
    let letter = match first.to_ascii_lowercase() {
        's' => Letter::Sender,
        'l' => Letter::LocalPart,
        'o' => Letter::SenderDomain,
        'd' => Letter::Domain,
        'i' => Letter::Address,
        'p' => Letter::ValidatedName,
        'v' => Letter::Version,
        'h' => Letter::Helo,
        _ => return None, // c, r and t are for explanations only
    };
    let rest = &inner[1..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    let keep = match digits {
        "" => None,
        _ => Some(digits.parse().unwrap_or(usize::MAX)).filter(|keep| *keep > 0),
    };
    if keep.is_none() && !digits.is_empty() {
        return None;
    }
    let (order, delimiters) = match rest.strip_prefix(['r', 'R']) {
        Some(delimiters) => (Order::Reversed, delimiters),
        None => (Order::AsItIs, rest),
    };
    let is_delimiter = |byte: u8| b".-+,/_=".contains(&byte);
    delimiters.bytes().all(is_delimiter).then_some(Expand {
        letter,
        escape: if first.is_ascii_uppercase() {
            Escape::Url
        } else {
            Escape::Never
        },
        keep,
        order,
        delimiters,
    })
}

impl Expand<'_> {
    fn value(&self, values: &Values<'_>) -> String {
        let raw = match self.letter {
            Letter::Sender => format!("{}@{}", values.local_part, values.sender_domain),
            Letter::LocalPart => values.local_part.to_owned(),
            Letter::SenderDomain => values.sender_domain.to_owned(),
            Letter::Domain => values.domain.to_owned(),
            Letter::Address => dotted(values.client),
            Letter::ValidatedName => values.validated.to_owned(),
            Letter::Version if values.client.is_ipv4() => "in-addr".to_owned(),
            Letter::Version => "ip6".to_owned(),
            Letter::Helo => values.helo.to_owned(),
        };
        let is_delimiter = |c: char| match self.delimiters {
            "" => c == '.',
            delimiters => delimiters.contains(c),
        };
        let mut parts: Vec<&str> = raw.split(is_delimiter).collect();
        if self.order == Order::Reversed {
            parts.reverse();
        }
        let keep = self.keep.unwrap_or(parts.len()).min(parts.len());
        let value = parts[parts.len() - keep..].join(".");
        match self.escape {
            Escape::Never => value,
            Escape::Url => url_escaped(&value),
        }
    }
}

/// Writes an address as the macro `i`: an IPv6 address as its nibbles with dots.
fn dotted(client: IpAddr) -> String {
    match client {
        IpAddr::V4(ipv4) => ipv4.to_string(),
        IpAddr::V6(ipv6) => {
            let octets = ipv6.octets().into_iter();
            let nibbles = octets.flat_map(|octet| [octet >> 4, octet & 0xf]);
            let nibbles: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            nibbles.join(".")
        }
    }
}

/// RFC 3986 2.3: what is not unreserved is escaped.
fn url_escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// RFC 7208 7.1, toplabel: letters, digits and inner hyphens, and not digits alone.
fn is_top_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().any(|byte| !byte.is_ascii_digit())
}
