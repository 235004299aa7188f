//! qpsmtpd 0.94 (Debian 12) with its plugin `helo`; Perl's Net::DNS asks.
//!
//! 1. The line ends at LF, less one CR before it (`lib/Qpsmtpd/TcpServer.pm:read_input`). The
//!    argument is the first word, and spaces alone separate words; none, or `0`, is `501`
//!    (`lib/Qpsmtpd/SMTP.pm:ehlo`, `Command.pm:parse`).
//! 2. The tests of the policy in their order; the first that fails is `550`, and the connection is
//!    closed (`plugins/helo:populate_tests`, `helo_handler`):
//!    - lenient (the default): `is_in_badhelo` with the list shipped (`config.sample/badhelo`),
//!      `invalid_localhost`, `is_forged_literal`, `is_plain_ip`;
//!    - rfc, besides: `is_not_fqdn`, `no_forward_dns`, `no_reverse_dns`;
//!    - strict, besides: `is_address_literal`, `no_matching_dns`.
//!
//! Only A is asked for, so that no IPv6 client has a forward match. A failure of the DNS about the
//! argument lets it pass, as does a name that Net::DNS cannot write: the plugin dies on it, and the
//! next one is called (`Net::DNS::Domain:new`, `lib/Qpsmtpd.pm:run_continuation`).

use std::net::IpAddr;

use crate::dns::{Family, NotKnown, Outcome, Question};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire::{self, MAX_LABEL};
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    profile("qpsmtpd-default", Basis::Syntax, |ehlo| {
        judge(ehlo, Policy::Lenient)
    }),
    profile("qpsmtpd-rfc", Basis::Dns, |ehlo| judge(ehlo, Policy::Rfc)),
    profile("qpsmtpd-strict", Basis::Dns, |ehlo| {
        judge(ehlo, Policy::Strict)
    }),
];

const fn profile(name: &'static str, basis: Basis, judge: fn(&Ehlo<'_>) -> Predicted) -> Profile {
    Profile {
        name,
        server: "qpsmtpd",
        basis,
        judge,
    }
}

/// Each has the tests of those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Policy {
    Lenient,
    Rfc,
    Strict,
}

/// `config.sample/badhelo`
const BAD_HELO: [&str; 2] = ["aol.com", "yahoo.com"];

/// What a test says: nothing, or why it refuses.
type Complaint = Option<String>;

fn judge(ehlo: &Ehlo<'_>, policy: Policy) -> Predicted {
    let name = wire::first_word(wire::until_crlf(ehlo.bytes()));
    if matches!(name, b"" | b"0") {
        let text = "ehlo requires domain/address - see RFC-2821 4.1.1.1";
        return Ok(Verdict::refused(Stage::Ehlo, Code(501, None), text));
    }
    match complain(ehlo, policy, name)? {
        Some(why) => Ok(Verdict::refused(Stage::Ehlo, Code(550, None), why)),
        None => greet(ehlo),
    }
}

fn complain(ehlo: &Ehlo<'_>, policy: Policy, name: &[u8]) -> Result<Complaint, Question> {
    let why = complain_of_syntax(ehlo, policy, name);
    match policy {
        Policy::Rfc | Policy::Strict if why.is_none() => complain_of_dns(ehlo, policy, name),
        _ => Ok(why),
    }
}

/// `no_forward_dns`, `no_reverse_dns`; with strict `is_address_literal` and `no_matching_dns`
fn complain_of_dns(ehlo: &Ehlo<'_>, policy: Policy, name: &[u8]) -> Result<Complaint, Question> {
    let forward = match ask_forward(ehlo, name)? {
        Forward::Dies => return Ok(None),
        Forward::Missing(why) => return Ok(Some(why.into())),
        forward => forward,
    };
    let reverse = match ask_reverse(ehlo, name)? {
        Reverse::Missing(why) => return Ok(Some(why)),
        reverse => reverse,
    };
    let is_strict = policy == Policy::Strict;
    if is_strict && quad_literal(name).is_some() {
        let why = "RFC 2821 allows an address literal, but we do not";
        return Ok(Some(why.into()));
    }
    let matches = matches!(forward, Forward::Match) || matches!(reverse, Reverse::Match);
    Ok((is_strict && !matches).then(|| "That HELO hostname fails FCrDNS".into()))
}

/// `is_in_badhelo`, `invalid_localhost`, `is_forged_literal`, `is_plain_ip`, and from rfc on
/// `is_not_fqdn`
fn complain_of_syntax(ehlo: &Ehlo<'_>, policy: Policy, name: &[u8]) -> Complaint {
    let client = wire::client_text(ehlo.client);
    let is_name = |bad: &&str| bad.as_bytes().eq_ignore_ascii_case(name);
    if BAD_HELO.iter().any(is_name) {
        let name = String::from_utf8_lossy(name);
        return Some(format!("I do not believe you are {name}."));
    }
    if name.eq_ignore_ascii_case(b"localhost") && client != "127.0.0.1" {
        return Some("You are not localhost".into());
    }
    if quad_literal(name).is_some_and(|address| address != client.as_bytes()) {
        return Some("Forged IPs not accepted here".into());
    }
    if wire::is_quad(name) {
        return Some("Plain IP is invalid HELO hostname (RFC 2821)".into());
    }
    if policy == Policy::Lenient || quad_literal(name).is_some() {
        return None;
    }
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if !name.contains(&b'.') {
        return Some("HELO name is not fully qualified. Read RFC 2821".into());
    }
    if !name.iter().all(is_legal) {
        return Some("HELO name contains invalid FQDN characters. Read RFC 1035".into());
    }
    None
}

/// The only literal it knows: four short numbers in brackets.
fn quad_literal(name: &[u8]) -> Option<&[u8]> {
    wire::in_brackets(name).filter(|address| wire::is_quad(address))
}

/// What `no_forward_dns` finds.
enum Forward {
    Dies,
    Match,
    Missing(&'static str),
    Other,
}

fn ask_forward(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Forward, Question> {
    if quad_literal(name).is_some() {
        return Ok(Forward::Other);
    }
    let name = wire::trim_end(name, |byte| byte == b'.');
    let is_label = |label: &[u8]| matches!(label.len(), 1..=MAX_LABEL);
    if !name.is_empty() && !wire::labels(name).all(is_label) {
        return Ok(Forward::Dies);
    }
    let answer = ehlo.addresses(name, Family::V4)?;
    let has_alias = !answer.aliases().is_empty();
    Ok(match answer.outcome() {
        Outcome::Found(addresses) if addresses.iter().any(|ip| is_near(*ip, ehlo.client)) => {
            Forward::Match
        }
        Outcome::Found(_) => Forward::Other,
        Outcome::NotKnown(NotKnown::AliasChain) => {
            Forward::Missing("HELO hostname did not resolve")
        }
        Outcome::NoData | Outcome::NxDomain if has_alias => {
            Forward::Missing("HELO hostname did not resolve")
        }
        Outcome::NxDomain => Forward::Missing("HELO hostname does not exist"),
        Outcome::NoData | Outcome::NotKnown(_) => Forward::Other,
    })
}

/// `check_ip_match`: the client's address, or one in its /24.
fn is_near(address: IpAddr, client: IpAddr) -> bool {
    match (address, client.to_canonical()) {
        (IpAddr::V4(address), IpAddr::V4(client)) => address.octets()[..3] == client.octets()[..3],
        (address, client) => address == client,
    }
}

/// What `no_reverse_dns` finds.
enum Reverse {
    Match,
    Missing(String),
    Other,
}

fn ask_reverse(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Reverse, Question> {
    let client = wire::client_text(ehlo.client);
    let answer = ehlo.names(ehlo.client)?;
    Ok(match answer.outcome() {
        Outcome::Found(names) if names.iter().any(|own| is_related(own.as_str(), name)) => {
            Reverse::Match
        }
        Outcome::Found(_) => Reverse::Other,
        Outcome::NxDomain => Reverse::Missing(format!("no rDNS for {client}")),
        Outcome::NoData | Outcome::NotKnown(_) => {
            Reverse::Missing(format!("error getting reverse DNS for {client}"))
        }
    })
}

/// `check_name_match`: the same name, or the same last two labels.
fn is_related(own: &str, name: &[u8]) -> bool {
    let name = wire::trim_end(name, |byte| byte == b'.');
    let last_two = |name| -> Vec<Vec<u8>> {
        let last = wire::labels(name).rev().take(2);
        last.map(<[u8]>::to_ascii_lowercase).collect()
    };
    own.contains('.') && last_two(own.as_bytes()) == last_two(name)
}

/// Greets by the first name of the client address, confirmed or not (`TcpServer.pm:tcpenv`).
fn greet(ehlo: &Ehlo<'_>) -> Predicted {
    let client = wire::client_text(ehlo.client);
    let names = ehlo.names(ehlo.client)?.records();
    let host = names
        .first()
        .map_or_else(|| format!("[{client}]"), |name| name.as_str().into());
    let text = format!("{} Hi {host} [{client}]", ehlo.server.name);
    Ok(Verdict::accepted(text))
}
