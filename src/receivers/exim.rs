//! Exim 4.98.2 (Debian 13); 4.96 (Debian 12) answers `421` to a literal with a zone, and else
//! alike.
//!
//! 1. The line ends at LF, less white space before it; a NUL in it is `501`
//!    (`src/smtp_in.c:smtp_read_command`).
//! 2. White space before the argument is skipped. It must be an address in brackets, with `IPv6:`,
//!    `IPv4:` or no tag, or made of ASCII letters, digits, `.`, `-` and `helo_allow_chars`, else
//!    `501` (`smtp_in.c:check_helo`, `src/string.c:string_is_ip_addressX`).
//! 3. `helo_verify_hosts` on EHLO is `550`, or `451` when the PTR question failed
//!    (`smtp_in.c:smtp_verify_helo`, `smtp_setup_msg`); `verify = helo` in an ACL does the same. A
//!    literal matches when the text after `[` begins with the client address, so one with a tag
//!    never does. A name matches as a name of the client address whose addresses hold it
//!    (`src/host.c:host_name_lookup`), or when its own A or AAAA hold the client address. What is
//!    no name by `check_dns_names_pattern` is not asked for (`src/dns.c:dns_basic_lookup`,
//!    `src/globals.c`).
//!
//! `exim-acl` has `deny !verify = helo` in the ACL for HELO, `exim-delayed` in the one for RCPT,
//! each with a message.

use std::net::IpAddr;

use crate::dns::{Family, PtrText, Question};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire::{self, MAX_DNS_NAME, MAX_LABEL};
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    profile("exim-default", Basis::Syntax, |ehlo| {
        judge(ehlo, "", Check::None)
    }),
    profile("exim-strict", Basis::Dns, |ehlo| {
        judge(ehlo, "", Check::VerifyHosts)
    }),
    profile("exim-acl", Basis::Dns, |ehlo| {
        let (stage, message) = (Stage::Ehlo, "HELO ACL: verify failed");
        judge(ehlo, "", Check::Acl { stage, message })
    }),
    profile("exim-delayed", Basis::Dns, |ehlo| {
        let (stage, message) = (Stage::Rcpt, "HELO verification failed");
        judge(ehlo, "", Check::Acl { stage, message })
    }),
    profile("exim-underscore", Basis::Syntax, |ehlo| {
        judge(ehlo, "_", Check::None)
    }),
];

const fn profile(name: &'static str, basis: Basis, judge: fn(&Ehlo<'_>) -> Predicted) -> Profile {
    Profile {
        name,
        server: "Exim",
        basis,
        judge,
    }
}

/// Where the name is compared with the client.
#[derive(Clone, Copy)]
enum Check {
    Acl { stage: Stage, message: &'static str },
    None,
    VerifyHosts,
}

/// What became of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verified {
    Deferred,
    No,
    Yes,
}

fn judge(ehlo: &Ehlo<'_>, allowed: &str, check: Check) -> Predicted {
    let refuse = |stage, code, text: &str| Ok(Verdict::refused(stage, Code(code, None), text));
    let line = wire::until_lf(ehlo.bytes());
    if line.contains(&0) {
        let text = "NUL characters are not allowed in SMTP commands";
        return refuse(Stage::Ehlo, 501, text);
    }
    let name = wire::trim_start(wire::trim_end(line, wire::is_space), wire::is_space);
    if !is_legal(name, allowed) {
        return refuse(Stage::Ehlo, 501, "Syntactically invalid EHLO argument(s)");
    }
    match check {
        Check::None => {}
        Check::VerifyHosts => {
            let text = "EHLO argument does not match calling host";
            match verify(ehlo, name)? {
                Verified::Yes => {}
                Verified::No => return refuse(Stage::Ehlo, 550, text),
                Verified::Deferred => return refuse(Stage::Ehlo, 451, text),
            }
        }
        Check::Acl { stage, message } => {
            if verify(ehlo, name)? != Verified::Yes {
                return refuse(stage, 550, message);
            }
        }
    }
    greet(ehlo, name)
}

/// `check_helo`
///
/// ```text
/// argument = "[" ["IPv6:" / "IPv4:"] address "]"
///          / 1*( ALPHA / DIGIT / "." / "-" / allowed )
/// ```
fn is_legal(name: &[u8], allowed: &str) -> bool {
    if let [b'[', ..] = name {
        return wire::in_brackets(name).is_some_and(is_address_text);
    }
    let is_legal = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-')
            || allowed.as_bytes().contains(byte)
    };
    !name.is_empty() && name.iter().all(is_legal)
}

fn is_address_text(text: &[u8]) -> bool {
    if let Some(address) = wire::strip_tag(text, "IPv6:") {
        return family_of(address) == Some(Family::V6);
    }
    if let Some(address) = wire::strip_tag(text, "IPv4:") {
        return family_of(address) == Some(Family::V4);
    }
    family_of(text).is_some()
}

/// `string_is_ip_address`: an IPv6 address may have a zone of printable characters, if only an
/// empty one.
fn family_of(text: &[u8]) -> Option<Family> {
    let mut parts = text.splitn(2, |&byte| byte == b'%');
    let address = parts.next()?;
    let zone = parts.next();
    let is_zone = |zone: &[u8]| {
        zone.iter()
            .all(|&byte| byte.is_ascii_graphic() && byte != b'/')
    };
    if !zone.is_none_or(is_zone) {
        return None;
    }
    if address.contains(&b':') {
        return wire::parse_ipv6(address).map(|_| Family::V6);
    }
    let is_plain = zone.is_none() && wire::parse_ipv4(address).is_some();
    is_plain.then_some(Family::V4)
}

/// `smtp_verify_helo`
fn verify(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Verified, Question> {
    let client = ehlo.client.to_canonical();
    if let Some(literal) = name.strip_prefix(b"[") {
        let matches = literal.starts_with(wire::client_text(client).as_bytes());
        return Ok(if matches { Verified::Yes } else { Verified::No });
    }
    let names = client_names(ehlo)?;
    let is_name = |own: &PtrText| own.as_str().as_bytes().eq_ignore_ascii_case(name);
    if names.iter().flatten().any(|own| is_name(own)) || holds(ehlo, name, client)? {
        return Ok(Verified::Yes);
    }
    Ok(match names {
        Some(_) => Verified::No,
        None => Verified::Deferred,
    })
}

/// `host_name_lookup`: the names of the client address whose addresses hold it; `None` if that
/// could not be found out.
fn client_names<'a>(ehlo: &Ehlo<'a>) -> Result<Option<Vec<&'a PtrText>>, Question> {
    let client = ehlo.client.to_canonical();
    let answer = ehlo.names(client)?;
    if answer.why_not_known().is_some() {
        return Ok(None);
    }
    let mut names = Vec::new();
    for name in answer.records() {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let text = name.as_str().as_bytes();
        if text.iter().copied().all(is_legal) && holds(ehlo, text, client)? {
            names.push(name);
        }
    }
    Ok(Some(names))
}

/// `host_find_bydns` with A and AAAA: do the addresses of a name hold the client's?
fn holds(ehlo: &Ehlo<'_>, name: &[u8], client: IpAddr) -> Result<bool, Question> {
    if !is_dns_name(name) || family_of(name).is_some() {
        return Ok(false);
    }
    let answer = ehlo.addresses(name, Family::of(client))?;
    Ok(answer.records().contains(&client))
}

/// `check_dns_names_pattern`, and what fits a DNS message.
///
/// ```text
/// name  = label *("." label) ["."]
/// label = word / word *( word / "-" / "/" ) word
/// word  = ALPHA / DIGIT / "_"
/// ```
fn is_dns_name(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_label = |label: &[u8]| {
        matches!(label.len(), 1..=MAX_LABEL)
            && label
                .iter()
                .all(|byte| is_word(byte) || matches!(byte, b'-' | b'/'))
            && label.first().is_some_and(is_word)
            && label.last().is_some_and(is_word)
    };
    name.len() <= MAX_DNS_NAME && wire::labels(name).all(is_label)
}

/// Debian's configuration has `host_lookup = *`. Without a name of the client the argument stands
/// in its place.
fn greet(ehlo: &Ehlo<'_>, name: &[u8]) -> Predicted {
    let names = client_names(ehlo)?.unwrap_or_default();
    let known = names.first().map(|name| name.as_str().to_ascii_lowercase());
    let host = known.as_ref().map_or(name, |name| name.as_bytes());
    let client = wire::client_text(ehlo.client);
    let server = ehlo.server.name.as_bytes();
    let text = wire::concat(&[server, b" Hello ", host, b" [", client.as_bytes(), b"]"]);
    Ok(Verdict::accepted(text))
}
