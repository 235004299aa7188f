//! OpenSMTPD 7.6.0p1 on glibc (Debian 13); 6.8.0p2 (Debian 12) answers alike.
//!
//! 1. The line ends at LF, less the CR before it. Whatever follows in the same packet is `500
//!    5.5.1`, and the connection is closed (`usr.sbin/smtpd/smtp_session.c:smtp_io`).
//! 2. No space after the verb is `501 5.5.1`; white space before the argument is skipped, and NUL
//!    ends it (`smtp_command`, `smtp_check_ehlo`).
//! 3. A literal or a host name, else `501 5.5.4` (`usr.sbin/smtpd/util.c:valid_domainpart`). Debian
//!    links glibc's `res_hnok`, not the one that comes with it: the name must fit a DNS message,
//!    and may not begin with a hyphen (`resolv/res-name-checking.c`, `resolv/ns_name_pton.c`).

use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire::{self, MAX_DNS_NAME, MAX_LABEL};
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[Profile {
    name: "opensmtpd-default",
    server: "OpenSMTPD",
    basis: Basis::Syntax,
    judge,
}];

/// `SMTPD_MAXDOMAINPARTSIZE`, less the NUL.
const MAX_NAME: usize = 255;

fn judge(ehlo: &Ehlo<'_>) -> Predicted {
    let Some(argument) = ehlo.argument else {
        let text = "Invalid command: EHLO requires domain name";
        return Ok(refuse(Code(501, Some("5.5.1")), text));
    };
    if argument.contains(&b'\n') {
        let text = "Invalid command: Pipelining not supported";
        return Ok(refuse(Code(500, Some("5.5.1")), text));
    }
    let name = wire::trim_start(wire::until_nul(argument), wire::is_space);
    if !is_domain(name) {
        let text = "Invalid command arguments: Invalid domain name";
        return Ok(refuse(Code(501, Some("5.5.4")), text));
    }
    Ok(greet(ehlo, name))
}

fn refuse(code: Code, text: &str) -> Verdict {
    Verdict::refused(Stage::Ehlo, code, text)
}

fn greet(ehlo: &Ehlo<'_>, name: &[u8]) -> Verdict {
    let server = ehlo.server.name.as_bytes();
    let client = wire::client_text(ehlo.client);
    let parts: [&[u8]; 6] = [
        server,
        b" Hello ",
        name,
        b" [",
        client.as_bytes(),
        b"], pleased to meet you",
    ];
    Verdict::accepted(wire::concat(&parts))
}

/// `valid_domainpart`
fn is_domain(name: &[u8]) -> bool {
    match name {
        [b'[', ..] => is_address_literal(name),
        [.., b'.'] => false,
        _ => matches!(name.len(), 1..=MAX_NAME) && is_host_name(name),
    }
}

/// `[IPv6:` in any case or `[`, an address of either family, and the only `]`.
fn is_address_literal(text: &[u8]) -> bool {
    let Some(address) = wire::in_brackets(text) else {
        return false;
    };
    let address = wire::strip_tag(address, "IPv6:").unwrap_or(address);
    wire::parse_ipv6(address).is_some() || wire::parse_ipv4(address).is_some()
}

/// `res_hnok`: an escape stands for its character, a dot within a label included.
///
/// ```text
/// name  = label *("." label)             ; at most 253 octets
/// label = 1*63( ALPHA / DIGIT / "-" / "_" )  ; the first one does not begin with "-"
/// ```
fn is_host_name(name: &[u8]) -> bool {
    let Some(labels) = unescape(name) else {
        return false;
    };
    let octets: usize = labels.iter().map(|label| label.len() + 1).sum();
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label =
        |label: &Vec<u8>| matches!(label.len(), 1..=MAX_LABEL) && label.iter().all(is_legal);
    name.iter().all(u8::is_ascii_graphic)
        && octets <= MAX_DNS_NAME + 1
        && labels.iter().all(is_label)
        && !labels.iter().take(1).any(|first| first.starts_with(b"-"))
}

/// `ns_name_pton`: labels, with `\DDD` and `\X` undone; `None` if an escape is cut off or too
/// large.
fn unescape(name: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut labels = vec![Vec::new()];
    let mut rest = name;
    while let Some((octet, after)) = next_octet(rest)? {
        rest = after;
        match octet {
            Octet::Separator => labels.push(Vec::new()),
            Octet::Plain(byte) => labels.last_mut()?.push(byte),
        }
    }
    Some(labels)
}

enum Octet {
    Plain(u8),
    Separator,
}

type NextOctet<'a> = Option<(Octet, &'a [u8])>;

/// The next octet, or the end; `None` is an error.
fn next_octet(text: &[u8]) -> Option<NextOctet<'_>> {
    Some(match text {
        [] => None,
        [b'.', rest @ ..] => Some((Octet::Separator, rest)),
        [b'\\', b'0'..=b'9', ..] => {
            let (digits, rest) = text[1..].split_at_checked(3)?;
            let value = str::from_utf8(digits).ok()?.parse().ok()?;
            Some((Octet::Plain(value), rest))
        }
        [b'\\', byte, rest @ ..] => Some((Octet::Plain(*byte), rest)),
        [b'\\'] => return None,
        [byte, rest @ ..] => Some((Octet::Plain(*byte), rest)),
    })
}

#[cfg(test)]
mod tests {
    use super::is_host_name;
    use crate::each::each;

    #[test]
    fn escapes_stand_for_their_characters() {
        each(["a", "a-", "b.-a", "_", r"A\PC1", r"a\065b"], |valid| {
            assert!(is_host_name(valid.as_bytes()), "{valid}");
        });
        each(
            [
                "-a", r"\-a", "a..b", "", r"a\", r"a\06", r"a\999", r"a\.b", "a b",
            ],
            |invalid| {
                assert!(!is_host_name(invalid.as_bytes()), "{invalid}");
            },
        );
    }
}
