//! What holds for all bytes, as functions that panic where it does not: for the fuzz targets and
//! for proptest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use helo_name::{HeloName, Scope};
use hickory_proto::rr::Name;
use rustls_pki_types::DnsName;

/// `HeloName::parse` takes exactly the grammar, and what it takes as a domain, the crates take that
/// look it up and verify it. A refusal is one short line.
pub(crate) fn parse(bytes: &[u8]) {
    let parsed = HeloName::parse_bytes(bytes);
    assert_eq!(parsed.is_ok(), is_argument(bytes), "{parsed:?}");
    if let Ok(text) = str::from_utf8(bytes) {
        assert_eq!(HeloName::parse(text), parsed);
        assert_eq!(HeloName::try_from(text.to_owned()), parsed);
        assert_eq!(HeloName::check(text), parsed.clone().map(drop));
    }
    match parsed {
        Ok(name) => {
            assert_is_safe(&name);
            if name.is_domain() {
                let peer = Name::from_ascii(name.as_str()).expect("hickory takes the domain");
                assert_eq!(peer.to_ascii(), name.as_str());
                DnsName::try_from(name.as_str()).expect("rustls takes the domain");
            }
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}");
            assert_is_a_short_line(&error.to_string());
        }
    }
}

/// What `sanitize` gives back is a public name that it would not change again; a refusal is one
/// short line.
pub(crate) fn sanitize(bytes: &[u8]) {
    match helo_name::sanitize::sanitize(bytes) {
        Ok(sanitized) => {
            let name = sanitized.name();
            assert_is_safe(name);
            assert_eq!(HeloName::parse(name.as_str()).as_ref(), Ok(name));
            assert_eq!(name.scope(), Scope::Public);
            let again =
                helo_name::sanitize::sanitize(name.as_str()).expect("a sanitized name is clean");
            assert_eq!((again.name(), again.repairs()), (name, &[][..]));
            // Nothing is repaired in silence.
            assert_eq!(
                sanitized.repairs().is_empty(),
                bytes == name.as_str().as_bytes()
            );
        }
        Err(unusable) => {
            assert_is_a_short_line(&unusable.to_string());
            assert!(
                unusable.offset().is_none_or(|offset| offset <= bytes.len()),
                "{unusable}"
            );
            assert_eq!(unusable.name().is_some(), unusable.kind().is_legal());
            if let Some(name) = unusable.name() {
                assert_is_safe(name);
                assert_ne!(name.scope(), Scope::Public);
            }
            if let Some(name) = unusable.suggestion() {
                assert_is_safe(name);
                assert_eq!(name.scope(), Scope::Public);
            }
        }
    }
}

/// A name printed and parsed again is the same name, and so is a domain in upper case.
pub(crate) fn round_trip(bytes: &[u8]) {
    let Ok(name) = HeloName::parse_bytes(bytes) else {
        return;
    };
    let printed = name.to_string();
    assert_eq!(HeloName::parse(&printed).as_ref(), Ok(&name));
    if let Some(address) = name.address() {
        assert_eq!(HeloName::try_from(address).as_ref(), Ok(&name));
    } else {
        let upper = name.as_str().to_ascii_uppercase();
        assert_eq!(HeloName::parse(&upper).as_ref(), Ok(&name));
        assert_eq!(name.as_str().as_bytes(), bytes.to_ascii_lowercase());
    }
}

/// Reads the grammar of an argument slowly and with the means of `std`, as the yardstick of the
/// fast reading.
fn is_argument(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(is_address),
        None => is_domain(text),
    })
}

fn is_address(text: &str) -> bool {
    let address = match text.split_at_checked("IPv6:".len()) {
        Some((tag, ipv6)) if tag.eq_ignore_ascii_case("IPv6:") => {
            ipv6.parse::<Ipv6Addr>().map(|ipv6| ipv6.to_canonical())
        }
        _ => text.parse::<Ipv4Addr>().map(IpAddr::V4),
    };
    // 0.0.0.0/8 is nobody's. An IPv6 address of 253 bytes does not exist, so its length needs no
    // check.
    address.is_ok_and(|address| !matches!(address, IpAddr::V4(ipv4) if ipv4.octets()[0] == 0))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| {
        let label = label.to_ascii_lowercase();
        let hexadecimal = label.strip_prefix("0x");
        label.bytes().all(|byte| byte.is_ascii_digit())
            || hexadecimal.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.len() <= 253
        && text.split('.').all(is_label)
        && text
            .rsplit_once('.')
            .is_some_and(|(_, last)| !is_number(last))
}

/// Asserts what a name promises to whoever writes it into a command.
fn assert_is_safe(name: &HeloName) {
    let text = name.as_str();
    let untagged = match text.strip_prefix("[IPv6:") {
        Some(ipv6) => ipv6,
        None => text.strip_prefix('[').unwrap_or(text),
    };
    let bare = if name.is_literal() {
        untagged
            .strip_suffix(']')
            .expect("a literal ends with a bracket")
    } else {
        text
    };
    assert!(
        bare.bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b':' | b'-')),
        "{text:?}"
    );
    assert!(text.len() <= 253, "{text:?}");
}

/// Asserts that a message can be logged: no control character, nothing of which there is much.
fn assert_is_a_short_line(message: &str) {
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.len() < 400, "{message:?}");
}
