//! What a name looks like: the id of a container or machine, a Kubernetes pod, or one row of a
//! provider's address list.
//!
//! All of this is guessing by pattern. It explains a refusal or moves a name down the order; it
//! never makes a legal name illegal.

use std::fmt;

use crate::name::helo_name::HeloName;

/// Returns whether a label looks like the id of a container or machine: 12 hex digits as Docker and
/// Podman set the host name, the full 64, 14 as Fly.io sets it, 17 after `i-` as EC2 does, or a
/// UUID as Heroku and Cloud Foundry do.
///
/// A letter must be among the 12: Docker draws again when the short id is a number
/// (`stringid.GenerateRandomID`), and 14 digits are a date with its time. And a digit: twelve
/// letters are a word, or made up.
pub(crate) fn looks_like_container_id(label: &str) -> bool {
    if label.len() == 36 {
        return label.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && label.split('-').all(is_hex);
    }
    let (id, is_long_enough) = match label.strip_prefix("i-") {
        Some(id) => (id, id.len() == 17),
        None => (label, matches!(label.len(), 12 | 14 | 64)),
    };
    is_long_enough
        && is_hex(id)
        && id.bytes().any(|b| b.is_ascii_lowercase())
        && id.bytes().any(|b| b.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether a label ends as Kubernetes ends the names of pods.
///
/// | Owner | Suffix | Seen as |
/// | --- | --- | --- |
/// | Deployment | `-` hash `-` five | `mailer-5b8f7d9c4-x2k9q` |
/// | CronJob | `-` minutes since 1970 `-` five | `report-29123456-bcdfg` |
/// | DaemonSet, Job | `-` five | `node-agent-x2k9q` |
///
/// The five are drawn from letters and digits that spell no words, and the hash is a number spelled
/// with some of them (`k8s.io/apimachinery/pkg/util/rand`). The five alone are believed only when a
/// letter follows a digit: `-https`, `-smtps` and `-srv24` are how people name hosts. That misses
/// one DaemonSet pod in three, which then is a bare name like any other.
pub(crate) fn has_pod_suffix(label: &str) -> bool {
    let Some((owner, five)) = label.rsplit_once('-') else {
        return false;
    };
    if five.len() != 5 || owner.is_empty() {
        return false;
    }
    let before = owner.rsplit_once('-').filter(|(app, _)| !app.is_empty());
    match before {
        Some((_, hash)) if is_template_hash(hash) => {
            five.bytes().all(|b| b.is_ascii_alphanumeric())
        }
        Some((_, hash)) if is_minutes(hash) => five.bytes().all(is_wordless),
        _ => five.bytes().all(is_wordless) && has_letter_after_digit(five),
    }
}

/// The decimal digits of a 32-bit hash, each spelled by one of ten characters. Fewer than six
/// digits are too rare to be worth a false alarm, and letters alone (`-bcdfbcdf-`) as well.
fn is_template_hash(text: &str) -> bool {
    (6..=10).contains(&text.len())
        && text
            .bytes()
            .all(|b| matches!(b, b'4'..=b'9' | b'b' | b'c' | b'd' | b'f'))
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_minutes(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_wordless(byte: u8) -> bool {
    b"bcdfghjklmnpqrstvwxz2456789".contains(&byte)
}

fn has_letter_after_digit(text: &str) -> bool {
    text.bytes()
        .skip_while(|b| !b.is_ascii_digit())
        .any(|b| b.is_ascii_lowercase())
}

/// Why a name looks as if a provider made it from the address, rather than a person for a mail
/// server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generic {
    /// Four groups of digits joined by `.`, `-` or `x`.
    FourNumbers,
    /// Eight hex digits in a row.
    HexRun,
    /// A word for how customers are connected.
    Word(&'static str),
}

impl fmt::Display for Generic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FourNumbers => f.write_str("contains four numbers like an address"),
            Self::HexRun => f.write_str("contains eight hex digits in a row"),
            Self::Word(word) => write!(
                f,
                "contains the word \"{word}\", as dial-up and customer names do"
            ),
        }
    }
}

/// Returns why a domain looks generic, if it does. Filters and operators score such names
/// (HestiaCP's `acl_check_mail`, Rspamd's `hfilter`), most of them even when the name verifies. A
/// literal is not a domain, so never generic.
pub(crate) fn generic_reason(name: &HeloName) -> Option<Generic> {
    if name.is_literal() {
        return None;
    }
    let domain = name.as_str();
    if has_four_numbers(domain) {
        return Some(Generic::FourNumbers);
    }
    if has_hex_run(domain) {
        return Some(Generic::HexRun);
    }
    connection_word(domain).map(Generic::Word)
}

/// As HestiaCP's `\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3}`, and with `x` as some providers join
/// them.
fn has_four_numbers(domain: &str) -> bool {
    let mut groups = 0;
    let mut digits = 0;
    for byte in domain.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            // A longer number in the middle cannot be an octet; its last three digits may be the
            // first one.
            b'.' | b'-' | b'x' if digits > 3 => (groups, digits) = (1, 0),
            b'.' | b'-' | b'x' if digits > 0 => (groups, digits) = (groups + 1, 0),
            _ => (groups, digits) = (0, 0),
        }
        if groups >= 3 && digits > 0 {
            return true;
        }
    }
    false
}

/// As HestiaCP's `[0-9a-f]{8}`.
fn has_hex_run(domain: &str) -> bool {
    let mut run = 0;
    for byte in domain.bytes() {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run == 8 {
            return true;
        }
    }
    false
}

/// Words for access lines and address pools, from Rspamd's `hfilter` and the lists of Postfix
/// users. Sorted.
const CONNECTION_WORDS: &[&str] = &[
    "adsl",
    "broadband",
    "cable",
    "catv",
    "cust",
    "customer",
    "customers",
    "dhcp",
    "dial",
    "dialin",
    "dialup",
    "dip",
    "dsl",
    "dyn",
    "dynamic",
    "dynip",
    "ftth",
    "gprs",
    "homeuser",
    "kabel",
    "lte",
    "modem",
    "nat",
    "pool",
    "pools",
    "ppp",
    "pppoe",
    "sdsl",
    "umts",
    "unused",
    "vdsl",
    "wifi",
    "wlan",
    "xdsl",
];

/// Finds a whole word between dots, hyphens and digits. The last two labels are the provider's own
/// name (`cable.example`), not the host's, and are left out.
fn connection_word(domain: &str) -> Option<&'static str> {
    let mut ends = domain.rmatch_indices('.').map(|(at, _)| at);
    let host = &domain[..ends.nth(1)?];
    host.split(|c: char| !c.is_ascii_lowercase())
        .find_map(|part| CONNECTION_WORDS.iter().copied().find(|word| *word == part))
}

#[cfg(test)]
mod tests {
    use super::{Generic, generic_reason, has_pod_suffix, looks_like_container_id};
    use crate::each::each;
    use crate::name::helo_name::HeloName;

    #[test]
    fn the_id_of_a_container_or_machine_is_hex_digits_of_a_known_length_or_a_uuid() {
        each(
            [
                "15b0717dc4c2",
                "c93fcab98fcb",
                "e3b0c44298fc",
                "a00000000000",
                "148ed193b95738",
                "3d8d9930f77e98",
                "i-0123456789abcdef0",
                "0b1e6f2c-3d4a-4b5c-8d6e-7f8091a2b3c4",
                &"0123456789abcdef".repeat(4),
            ],
            |label| {
                assert!(looks_like_container_id(label), "{label}");
            },
        );
        each(
            [
                "",
                "123456789012",
                "20250101120000",
                "deadbeefdecade",
                "i-15b0717dc4c2",
                "15b0717dc4c",
                "15b0717dc4c2a",
                "15b0717dc4cg",
                "15B0717DC4C2",
                "mail",
            ],
            |label| {
                assert!(!looks_like_container_id(label), "{label}");
            },
        );
    }

    #[test]
    fn a_pod_name_ends_as_its_owner_makes_it() {
        each(
            [
                // Deployment
                "sim-app-5b8f7d9c4-x2k9q",
                "jellyfin-584fc76664-spsh2",
                "web-7d4b9c6f5-x2x9z",
                "mailer-7f9c6d5b8d-abcde",
                "a-66b6c48dd5-7s4z2",
                // CronJob
                "report-29123456-bcdfg",
                // DaemonSet, Job
                "node-agent-x2k9q",
                "a-7s4z2",
            ],
            |label| {
                assert!(has_pod_suffix(label), "{label}");
            },
        );
        each(
            [
                "",
                "-",
                "mail",
                "-x2k9q",
                "x2k9q",
                // Words and numbered hosts.
                "mx-proxy",
                "mx-https",
                "mx-smtps",
                "mx-srv24",
                "mx-vps42",
                "mx-25242",
                "mail-eu-paris",
                "backup-20250101-paris",
                // StatefulSet: nothing tells it from a numbered host.
                "mailer-0",
                // The hash or the five are of the wrong length or alphabet.
                "web-5b8f-spshh",
                "web-5b8f7d9c4-x2k9",
                "web-5a8f7d9c4-spshh",
                "ip-10-0-0-1",
            ],
            |label| {
                assert!(!has_pod_suffix(label), "{label}");
            },
        );
    }

    #[test]
    fn a_generic_name_holds_an_address_or_a_word_for_access_lines() {
        use Generic::{FourNumbers, HexRun, Word};

        each(
            [
                // Four numbers.
                ("192-0-2-10.dyn.example.net", Some(FourNumbers)),
                ("192.0.2.10.example.net", Some(FourNumbers)),
                ("192x0x2x10.example.net", Some(FourNumbers)),
                (
                    "ec2-203-0-113-25.compute-1.amazonaws.com",
                    Some(FourNumbers),
                ),
                ("static.192-0-2-10.example.net", Some(FourNumbers)),
                ("12345-1-2-3.example.net", Some(FourNumbers)),
                ("1-2-3.example.net", None),
                ("1-2-a-3-4.example.net", None),
                ("1-2--3-4.example.net", None),
                ("2025-10001-2-3.example.net", None),
                // Eight hex digits.
                ("fb8ca5e4ccd2.infogene.fr", Some(HexRun)),
                ("c000020a.example.net", Some(HexRun)),
                ("host192000002010.example.net", Some(HexRun)),
                ("p200300c1.example.net", Some(HexRun)),
                ("c00002.example.net", None),
                ("decade.facade.example.net", None),
                // Words.
                ("pool-10.example.net", Some(Word("pool"))),
                ("dhcp12.example.net", Some(Word("dhcp"))),
                ("a.dyn.example.net", Some(Word("dyn"))),
                ("12adsl.example.net", Some(Word("adsl"))),
                ("nat-10.example.net", Some(Word("nat"))),
                ("carpool.example.net", None),
                ("national.example.net", None),
                ("mail.cable.example", None),
                ("mail.dyn.com", None),
                ("mail.example.com", None),
                ("mx1.example.com", None),
                // A literal is no domain.
                ("[203.0.113.25]", None),
            ],
            |(name, reason)| {
                let name = HeloName::parse(name).expect("a name");
                assert_eq!(generic_reason(&name), reason, "{name}");
            },
        );
    }
}
