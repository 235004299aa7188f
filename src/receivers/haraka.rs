//! Haraka 3.3.4 with haraka-plugin-helo.checks 1.1.3 (npm).
//!
//! 1. A line of more than 512 octets with its LF is `521`, and the connection is closed
//!    (`connection.js:_process_data`, `config/connection.ini`).
//! 2. A CR within the line, and U+2028 or U+2029, make it no command: `500`
//!    (`connection.js:process_line`). The argument is the first word, and spaces alone separate
//!    words; none is `501`, and so is a control character in it (`cmd_ehlo`).
//! 3. As shipped, no check refuses, be the plugin loaded (`haraka-shipped`) or not
//!    (`haraka-default`). `haraka-forward` has `reject.forward_dns` (`index.js:valid_hostname`,
//!    `rdns_match`, `forward_dns`): a name, not a literal, must be valid, that is printable ASCII
//!    with a dot, and have an organizational domain; its addresses, if it has any, must hold the
//!    client's, or its organizational domain be that of the client's PTR name. Else it is `550`; a
//!    timeout is `450`, and any other DNS failure passes.
//!
//! The plugin skips private clients unless told otherwise; here it is told otherwise.

use std::net::IpAddr;

use crate::dns::{Family, NotKnown, Question};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::suffix::organizational_domain;
use crate::receivers::wire;
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    profile("haraka-default", Basis::Syntax, judge),
    profile("haraka-shipped", Basis::Syntax, judge),
    profile("haraka-forward", Basis::Dns, judge_forward),
];

const fn profile(name: &'static str, basis: Basis, judge: fn(&Ehlo<'_>) -> Predicted) -> Profile {
    Profile {
        name,
        server: "Haraka",
        basis,
        judge,
    }
}

/// `max.line_length`, less the verb, a space and CR LF.
const MAX_ARGUMENT: usize = 512 - 5 - 2;

fn judge(ehlo: &Ehlo<'_>) -> Predicted {
    match check_syntax(ehlo) {
        Ok(_) => greet(ehlo),
        Err(verdict) => Ok(verdict),
    }
}

fn judge_forward(ehlo: &Ehlo<'_>) -> Predicted {
    let name = match check_syntax(ehlo) {
        Ok(name) => name,
        Err(verdict) => return Ok(verdict),
    };
    match check_forward(ehlo, name)? {
        Some(verdict) => Ok(verdict),
        None => greet(ehlo),
    }
}

fn refuse(code: u16, text: &str) -> Verdict {
    Verdict::refused(Stage::Ehlo, Code(code, None), text)
}

/// Returns the first word, or the refusal.
fn check_syntax<'a>(ehlo: &Ehlo<'a>) -> Result<&'a [u8], Verdict> {
    let line = wire::until_lf(ehlo.bytes());
    if line.len() > MAX_ARGUMENT {
        return Err(refuse(521, "Command line too long"));
    }
    let text = wire::until_crlf(ehlo.bytes());
    if has_line_terminator(text) {
        return Err(refuse(500, "Unrecognized command"));
    }
    let name = wire::first_word(text);
    if name.is_empty() {
        let text = "EHLO requires domain/address - see RFC-2821 4.1.1.1";
        return Err(refuse(501, text));
    }
    if name.iter().any(u8::is_ascii_control) {
        return Err(refuse(501, "EHLO syntax error - see RFC-2821 4.1.1.1"));
    }
    Ok(name)
}

/// What `.` in a regular expression of JavaScript does not match; CR, U+2028 and U+2029 are left of
/// it.
fn has_line_terminator(text: &[u8]) -> bool {
    let is_separator = |window: &[u8]| matches!(window, [0xe2, 0x80, 0xa8 | 0xa9]);
    text.contains(&b'\r') || text.windows(3).any(is_separator)
}

/// `forward_dns`, with what it knows from `valid_hostname` and `rdns_match`.
fn check_forward(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Option<Verdict>, Question> {
    if is_address_literal(name) {
        return Ok(None);
    }
    let Some(domain) = valid_domain(name) else {
        let text = "Invalid HELO host cannot achieve forward DNS match";
        return Ok(Some(refuse(550, text)));
    };
    let addresses = match look_up(ehlo, name)? {
        Ok(addresses) => addresses,
        Err(NotKnown::Timeout) => {
            let text = "DNS timeout resolving your HELO hostname";
            return Ok(Some(refuse(450, text)));
        }
        Err(_) => return Ok(None),
    };
    let client = ehlo.client.to_canonical();
    if addresses.is_empty() || addresses.contains(&client) {
        return Ok(None);
    }
    let own = ehlo.names(client)?.records().first();
    let own_domain = own.and_then(|own| organizational_domain(own.as_str()));
    if own_domain.is_some_and(|own| own == domain) {
        return Ok(None);
    }
    Ok(Some(refuse(550, "HELO host has no forward DNS match")))
}

/// `valid_hostname`: gives the organizational domain of a valid name.
fn valid_domain(name: &[u8]) -> Option<String> {
    let text = str::from_utf8(name).ok()?;
    let is_printable = name.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable || !name.contains(&b'.') {
        return None;
    }
    organizational_domain(text)
}

/// The addresses of a name, or why there is none.
type Addresses = Result<Vec<IpAddr>, NotKnown>;

/// `get_a_records`: A and AAAA. A name that no DNS message holds has no address. A failure that is
/// neither NXDOMAIN, NODATA nor SERVFAIL counts when there is no address.
fn look_up(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Addresses, Question> {
    let mut addresses = Vec::new();
    let mut failure = None;
    if !wire::fits_dns(name) {
        return Ok(Ok(addresses));
    }
    for family in Family::ALL {
        let answer = ehlo.addresses(name, family)?;
        addresses.extend_from_slice(answer.records());
        let why = answer.why_not_known();
        failure = failure.or(why.filter(|why| *why != NotKnown::ServFail));
    }
    Ok(match failure {
        Some(why) if addresses.is_empty() => Err(why),
        _ => Ok(addresses),
    })
}

/// `is_ip_literal`: the tag is `IPv6:` in just this case, and may stand before IPv4, which may have
/// leading zeros.
fn is_address_literal(name: &[u8]) -> bool {
    let Some(address) = wire::in_brackets(name) else {
        return false;
    };
    let address = address.strip_prefix(b"IPv6:").unwrap_or(address);
    let is_octet = |label: &[u8]| label.len() < 3 || label <= b"255".as_slice();
    let is_ipv4 = wire::is_quad(address) && wire::labels(address).all(is_octet);
    is_ipv4 || wire::parse_ipv6(address).is_some()
}

/// The client goes by the first name of its address, confirmed or not
/// (`connection.js:ehlo_respond`, `get_remote`).
fn greet(ehlo: &Ehlo<'_>) -> Predicted {
    let client = wire::client_text(ehlo.client);
    let names = ehlo.names(ehlo.client)?.records();
    let host = names.first().map(|name| format!("{} ", name.as_str()));
    let host = host.unwrap_or_default();
    let server = &ehlo.server.name;
    let text = format!("{server} Hello {host}[{client}], Haraka is at your service.");
    Ok(Verdict::accepted(text))
}
