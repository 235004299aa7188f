//! sendmail 8.17.1.9 (Debian 12).
//!
//! 1. Whatever follows an LF in the same packet is `554 5.5.0` (`sendmail/srvrsmtp.c`, the check
//!    before a command). NUL ends the text, and white space before the argument is skipped.
//! 2. Nothing left is `501 5.0.0`; so are more than 256 octets, another character than ASCII
//!    letters, digits and `[].-_#:`, and anything after white space (`srvrsmtp.c`, `CMDEHLO`;
//!    `sendmail/conf.h:MAXNAME`).
//! 3. With `FEATURE(block_bad_helo)` and `delay_checks`, at RCPT, unless the client may relay: the
//!    server's own name or address, and anything without a dot inside, is `550 5.7.1`
//!    (`cf/m4/proto.m4`, `_BLOCK_BAD_HELO_`). `IPv6:` and an address passes without brackets only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::{Family, Question};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire;
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    Profile {
        name: "sendmail-default",
        server: "sendmail",
        basis: Basis::Syntax,
        judge: shipped,
    },
    Profile {
        name: "sendmail-strict",
        server: "sendmail",
        basis: Basis::Syntax,
        judge: block_bad_helo,
    },
];

/// `MAXNAME`
const MAX_NAME: usize = 256;

fn shipped(ehlo: &Ehlo<'_>) -> Predicted {
    match check_syntax(ehlo) {
        Ok(_) => greet(ehlo),
        Err(verdict) => Ok(verdict),
    }
}

fn block_bad_helo(ehlo: &Ehlo<'_>) -> Predicted {
    let name = match check_syntax(ehlo) {
        Ok(name) => name,
        Err(verdict) => return Ok(verdict),
    };
    if ehlo.client.to_canonical().is_loopback() || !is_bogus(ehlo, name) {
        return greet(ehlo);
    }
    let recipient = ehlo.server.recipient.as_bytes();
    let text = wire::concat(&[b"<", recipient, b">... bogus HELO name used: ", name]);
    Ok(Verdict::refused(
        Stage::Rcpt,
        Code(550, Some("5.7.1")),
        text,
    ))
}

/// Returns the name that is kept, or the refusal.
fn check_syntax<'a>(ehlo: &Ehlo<'a>) -> Result<&'a [u8], Verdict> {
    let refuse = |code, enhanced, text: &str| {
        Err(Verdict::refused(
            Stage::Ehlo,
            Code(code, Some(enhanced)),
            text,
        ))
    };
    let argument = ehlo.bytes();
    if argument.contains(&b'\n') {
        return refuse(554, "5.5.0", "SMTP protocol error");
    }
    let text = wire::until_nul(wire::trim_end(argument, |byte| byte == b'\r'));
    let text = wire::trim_start(text, wire::is_space);
    if text.is_empty() {
        return refuse(501, "5.0.0", "EHLO requires domain address");
    }
    let name = wire::trim_end(text, wire::is_space);
    if text.len() > MAX_NAME || !name.iter().copied().all(is_legal) {
        return refuse(501, "5.0.0", "Invalid domain name");
    }
    Ok(name)
}

fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"[].-_#:".contains(&byte)
}

fn is_bogus(ehlo: &Ehlo<'_>, name: &[u8]) -> bool {
    let inner = name.get(1..name.len().saturating_sub(1));
    let has_inner_dot = inner.is_some_and(|inner| inner.contains(&b'.'));
    let is_tagged = wire::strip_tag(name, "IPv6:").is_some_and(|rest| !rest.is_empty());
    is_own(ehlo, name) || !(has_inner_dot || is_tagged)
}

/// Class `w` holds the server's names, and its addresses and those of the loopback interface in
/// brackets. The argument is tried with brackets and without.
fn is_own(ehlo: &Ehlo<'_>, name: &[u8]) -> bool {
    let server = ehlo.server;
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let mut addresses = server.addresses.iter().chain(&loopback);
    let bracketed = wire::in_brackets(name).unwrap_or(name);
    server.name.as_bytes().eq_ignore_ascii_case(name)
        || addresses.any(|own| is_address_text(bracketed, *own))
}

/// IPv6 with its tag, shortened or in full: class `w` has both, from before and after the
/// configuration was read.
fn is_address_text(text: &[u8], own: IpAddr) -> bool {
    let short = match own {
        IpAddr::V4(own) => format!("[{own}]"),
        IpAddr::V6(own) => format!("[IPv6:{own}]"),
    };
    let is = |own: &str| {
        wire::in_brackets(own.as_bytes()).is_some_and(|own| own.eq_ignore_ascii_case(text))
    };
    is(&short) || is(&literal(own))
}

/// The client is named as `$_` is (`sendmail/daemon.c:getauthinfo`).
fn greet(ehlo: &Ehlo<'_>) -> Predicted {
    let (server, client) = (&ehlo.server.name, client_name(ehlo)?);
    let text = format!("{server} Hello {client}, pleased to meet you");
    Ok(Verdict::accepted(text))
}

fn client_name(ehlo: &Ehlo<'_>) -> Result<String, Question> {
    let client = ehlo.client.to_canonical();
    let literal = literal(client);
    let names = ehlo.names(client)?.records();
    let Some(name) = names.first().map(|name| name.as_str()) else {
        return Ok(literal);
    };
    let family = Family::of(client);
    let addresses = ehlo.addresses(name.as_bytes(), family)?;
    let forged = if addresses.records().contains(&client) {
        ""
    } else {
        " (may be forged)"
    };
    Ok(format!("{name} {literal}{forged}"))
}

/// An IPv6 address is written in full.
fn literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:x}"));
            format!("[IPv6:{}]", groups.join(":"))
        }
    }
}
