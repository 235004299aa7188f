//! Courier 1.0.16 (Debian 12).
//!
//! 1. The line ends at CR LF only, and at NUL; white space at its end goes. No argument is `502`
//!    (`courier/module.esmtp/courieresmtpd.c:main`).
//! 2. Spaces before the argument are skipped; 255 octets of it are kept, with `_` for white space
//!    and control characters (`ehlo`). As shipped, nothing else is checked.
//! 3. With `BOFHCHECKHELO=1`, at MAIL, unless the client may relay (`courier/submit.C:getsender`,
//!    `checkmx`, `checka`): the client address itself passes. What stands before a comma is looked
//!    up, MX first, A and AAAA if there is none (`libs/rfc1035/rfc1035mxlist.c:domxlistcreate`). A
//!    literal is an address without a tag. An address of an MX, or of the name, must be the
//!    client's: else `517 .. does not match`. No address is `517 .. does not exist`, a DNS failure
//!    `417`, and endless CNAMEs `517` with a text of their own.
//!
//! Names go to the DNS as A-labels and are compared with its answers as U-labels
//! (`rfc1035resolve.c`, `rfc1035reply.c`), so that the answer to an argument in A-labels is
//! overlooked. IPv4 clients are told as IPv4-mapped addresses.

use std::net::{IpAddr, Ipv4Addr};

use crate::dns::{Family, NotKnown, Outcome, Question};
use crate::receivers::idna2003::{Prepared, prepare};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire;
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    Profile {
        name: "courier-default",
        server: "Courier",
        basis: Basis::Syntax,
        judge: shipped,
    },
    Profile {
        name: "courier-strict",
        server: "Courier",
        basis: Basis::Dns,
        judge: check_helo,
    },
];

/// A longer name is not found in an answer (`libs/rfc1035/rfc1035reply.c:rfc1035_replyuncompress`).
const MAX_COMPARED: usize = 254;

/// `helobuf`, less the NUL.
const MAX_NAME: usize = 255;

fn shipped(ehlo: &Ehlo<'_>) -> Predicted {
    Ok(match kept_name(ehlo) {
        Some(_) => accept(ehlo),
        None => refuse_none(),
    })
}

fn check_helo(ehlo: &Ehlo<'_>) -> Predicted {
    let Some(name) = kept_name(ehlo) else {
        return Ok(refuse_none());
    };
    let client = ehlo.client.to_canonical();
    if client.is_loopback() || is_client_text(&name, client) {
        return Ok(accept(ehlo));
    }
    Ok(match find(ehlo, &name)? {
        Match::Client => accept(ehlo),
        Match::Failed => {
            let text =
                wire::concat(&[b"DNS lookup on HELO ", &name, b" failed.  Try again later."]);
            refuse(417, text)
        }
        Match::Missing => refuse(517, wire::concat(&[b"HELO ", &name, b" does not exist."])),
        Match::Others => {
            let client = mapped_text(client);
            let parts: [&[u8]; 4] = [b"HELO ", &name, b" does not match ", client.as_bytes()];
            refuse(517, wire::concat(&parts))
        }
        Match::Recursive => {
            let text = b"RFC 1035 violation: recursive CNAME records for ";
            refuse(517, wire::concat(&[text, &name, b"."]))
        }
    })
}

fn accept(ehlo: &Ehlo<'_>) -> Verdict {
    Verdict::accepted(format!("{} Ok.", ehlo.server.name))
}

fn refuse(code: u16, text: Vec<u8>) -> Verdict {
    Verdict::refused(Stage::Mail, Code(code, None), text)
}

fn refuse_none() -> Verdict {
    Verdict::refused(Stage::Ehlo, Code(502, None), "ESMTP command error")
}

/// What it stores and looks up; none if there is no argument.
fn kept_name(ehlo: &Ehlo<'_>) -> Option<Vec<u8>> {
    let argument = ehlo.bytes();
    let end = argument.windows(2).position(|pair| pair == b"\r\n");
    let line = wire::until_nul(&argument[..end.unwrap_or(argument.len())]);
    let line = wire::trim_end(line, wire::is_space);
    let name = wire::trim_start(line, |byte| byte == b' ');
    let kept = name.get(..MAX_NAME).unwrap_or(name).iter();
    let kept = kept.map(|&byte| if byte <= b' ' { b'_' } else { byte });
    (!line.is_empty()).then(|| kept.collect())
}

/// `ipcmp`: the argument is the client address as text, be it IPv4-mapped or not.
fn is_client_text(name: &[u8], client: IpAddr) -> bool {
    let name = wire::strip_tag(name, "::ffff:").unwrap_or(name);
    name.eq_ignore_ascii_case(client.to_string().as_bytes())
}

fn mapped_text(client: IpAddr) -> String {
    match client {
        IpAddr::V4(client) => format!("::ffff:{client}"),
        IpAddr::V6(client) => client.to_string(),
    }
}

/// What the addresses of a name are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Client,
    Failed,
    Missing,
    Others,
    Recursive,
}

/// `checkmx`
fn find(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Match, Question> {
    let client = ehlo.client.to_canonical();
    let host = name.split(|&byte| byte == b',').next().unwrap_or(name);
    if parse_address(host).is_some() {
        return Ok(Match::Missing);
    }
    if host.starts_with(b"[") {
        let address = wire::in_brackets(host).and_then(parse_address);
        return Ok(address.map_or(Match::Missing, |address| compare(&[address], client)));
    }
    let exchangers = match ask_exchangers(ehlo, host)? {
        Ok(exchangers) => exchangers,
        Err(found) => return Ok(found),
    };
    if exchangers.is_empty() {
        let addresses = ask_addresses(ehlo, host)?;
        return Ok(addresses.map_or_else(|found| found, |addresses| compare(&addresses, client)));
    }
    match find_exchangers(ehlo, &exchangers)? {
        // The name's own addresses may still do (`checka`).
        Match::Others => Ok(match ask_addresses(ehlo, name)? {
            Ok(addresses) if addresses.contains(&client) => Match::Client,
            Err(Match::Failed) => Match::Failed,
            Ok(_) | Err(_) => Match::Others,
        }),
        found => Ok(found),
    }
}

fn compare(addresses: &[IpAddr], client: IpAddr) -> Match {
    if addresses.contains(&client) {
        Match::Client
    } else {
        Match::Others
    }
}

/// Names of mail exchangers, or what it comes to without them.
type Exchangers = Result<Vec<Box<str>>, Match>;

/// Addresses of a name, at least one, or what it comes to without them.
type Addresses = Result<Vec<IpAddr>, Match>;

/// The hosts of the MX records; none if there are no such records.
fn ask_exchangers(ehlo: &Ehlo<'_>, host: &[u8]) -> Result<Exchangers, Question> {
    let host = match prepare(host) {
        Prepared::Invalid => return Ok(Err(Match::Failed)),
        Prepared::Other => return Ok(Err(Match::Missing)),
        Prepared::Same(host) if host.len() > MAX_COMPARED => return Ok(Err(Match::Missing)),
        Prepared::Same(host) => host,
    };
    let answer = ehlo.exchangers(&host)?;
    Ok(match answer.outcome() {
        Outcome::Found(found) => Ok(found.iter().map(|found| found.host.clone()).collect()),
        Outcome::NoData | Outcome::NxDomain => Ok(Vec::new()),
        Outcome::NotKnown(why) => Err(failure(*why)),
    })
}

fn failure(why: NotKnown) -> Match {
    match why {
        NotKnown::AliasChain => Match::Recursive,
        _ => Match::Failed,
    }
}

/// `add_arecords` for each host. The root, of a null MX, has no address.
fn find_exchangers(ehlo: &Ehlo<'_>, hosts: &[Box<str>]) -> Result<Match, Question> {
    let client = ehlo.client.to_canonical();
    let mut all = Vec::new();
    let mut failed = 0;
    for host in hosts.iter().filter(|host| !host.is_empty()) {
        match ask_addresses(ehlo, host.as_bytes())? {
            Ok(addresses) => all.extend(addresses),
            Err(Match::Failed) => failed += 1,
            Err(Match::Recursive) => return Ok(Match::Recursive),
            Err(_) => {}
        }
    }
    Ok(match (all.is_empty(), failed == hosts.len()) {
        (true, true) => Match::Failed,
        (true, false) => Match::Missing,
        (false, _) => compare(&all, client),
    })
}

/// AAAA and A; a failure counts when both fail.
fn ask_addresses(ehlo: &Ehlo<'_>, host: &[u8]) -> Result<Addresses, Question> {
    let host = match prepare(host) {
        Prepared::Invalid => return Ok(Err(Match::Failed)),
        Prepared::Other => return Ok(Err(Match::Missing)),
        Prepared::Same(host) => host,
    };
    let mut addresses = Vec::new();
    let mut failures = Vec::new();
    for family in [Family::V6, Family::V4] {
        let answer = ehlo.addresses(&host, family)?;
        addresses.extend_from_slice(answer.records());
        failures.extend(answer.why_not_known());
    }
    if failures.contains(&NotKnown::AliasChain) {
        return Ok(Err(Match::Recursive));
    }
    Ok(match (addresses.is_empty(), failures.len()) {
        (false, _) => Ok(addresses),
        (true, 2) => Err(Match::Failed),
        (true, _) => Err(Match::Missing),
    })
}

/// `rfc1035_aton`: IPv6, or IPv4 in one to four numbers, octal after a zero, the last one for all
/// octets that are left.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let number = parse_ipv4(text).map(|number| IpAddr::from(Ipv4Addr::from(number)));
    number.or_else(|| Some(IpAddr::from(wire::parse_ipv6(text)?).to_canonical()))
}

fn parse_ipv4(text: &[u8]) -> Option<u32> {
    let numbers: Option<Vec<u32>> = wire::labels(text).map(parse_number).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 4)?;
    let (&last, before) = numbers.split_last()?;
    let room = 8 * (4 - before.len());
    let fits = before.iter().all(|&octet| octet <= 255) && (room == 32 || last < 1 << room);
    let high = before
        .iter()
        .zip([24, 16, 8])
        .map(|(octet, shift)| octet << shift);
    fits.then(|| high.fold(last, |address, octet| address | octet))
}

/// A number that does not fit is cut to 32 bits.
fn parse_number(text: &[u8]) -> Option<u32> {
    let base = if text.starts_with(b"0") { 8 } else { 10 };
    let digits = text.iter().map(|&byte| char::from(byte).to_digit(base));
    let mut value = (!text.is_empty()).then_some(0_u32)?;
    for digit in digits {
        value = value.wrapping_mul(base).wrapping_add(digit?);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::parse_address;
    use crate::each::each;

    #[test]
    fn addresses_may_have_fewer_and_octal_numbers() {
        each(
            [
                ("127.1", Some("127.0.0.1")),
                ("1.2.3", Some("1.2.0.3")),
                ("010.0.0.1", Some("8.0.0.1")),
                ("3221225994", Some("192.0.2.10")),
                ("::ffff:192.0.2.10", Some("192.0.2.10")),
                ("1.2.3.256", None),
                ("256.1", None),
                ("0xc0.0.2.10", None),
                ("09", None),
                ("1.2.3.4.5", None),
                ("", None),
            ],
            |(text, address)| {
                let address = address.map(|address| address.parse().unwrap());
                assert_eq!(parse_address(text.as_bytes()), address, "{text}");
            },
        );
    }
}
