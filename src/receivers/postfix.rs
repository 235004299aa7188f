//! Postfix 3.7.11 (Debian 12); 3.10.13 (Debian 13) answers alike to an argument without a line end.
//!
//! 1. The line ends at LF, less the CRs before it, or after 2048 octets
//!    (`src/global/smtp_stream.c:smtp_get`). Invalid UTF-8 is `500 5.5.2`
//!    (`src/smtpd/smtpd.c:smtpd_proto`); the text ends at NUL.
//! 2. White space separates words, except in `"` and `<>`; they are joined again by single spaces
//!    (`src/smtpd/smtpd_token.c`, `smtpd.c:collapse_args`). No word is `501` (`smtpd.c:ehlo_cmd`).
//! 3. The restrictions, in the order configured, on EHLO or, as shipped, on RCPT
//!    (`src/smtpd/smtpd_check.c:smtpd_check_helo`, `generic_checks`). What begins with `[` is only
//!    checked as a literal (`reject_invalid_hostaddr`, `src/global/valid_mailhost_addr.c`); a name
//!    by `reject_invalid_hostname`, `reject_non_fqdn_hostname` or `reject_unknown_hostname`, in the
//!    same file. The syntax is that of `src/util/valid_hostname.c`.
//! 4. A DNS failure only defers, and a deferral speaks at RCPT always (`DEFER_IF_PERMIT2`). Any A,
//!    AAAA or MX will do, a null MX too; a name that is no host name is not asked for
//!    (`src/dns/dns_lookup.c:dns_lookup_x`).
//!
//! In a text, what is not printable becomes a space (`smtpd_chat.c:smtpd_chat_reply`). By RCPT the
//! name is already stored, and there it is `?`, as are ``space<>()\";@`` (`smtpd.c:ehlo_cmd`).

use crate::dns::{Family, NotKnown, Outcome, Question};
use crate::receivers::profile::{Basis, Code, Ehlo, Predicted, Profile, Verdict};
use crate::receivers::wire::{self, MAX_DNS_NAME, MAX_LABEL};
use crate::smtp::Stage;

pub(super) const PROFILES: &[Profile] = &[
    profile("postfix-default", Basis::Syntax, |ehlo| {
        judge(ehlo, Stage::Rcpt, &[])
    }),
    profile("postfix-invalid", Basis::Syntax, |ehlo| {
        judge(ehlo, Stage::Ehlo, &[Restriction::Invalid])
    }),
    profile("postfix-nonfqdn", Basis::Syntax, |ehlo| {
        judge(ehlo, Stage::Ehlo, &[Restriction::NonFqdn])
    }),
    profile("postfix-unknown", Basis::Dns, |ehlo| {
        judge(ehlo, Stage::Ehlo, &[Restriction::Unknown])
    }),
    profile("postfix-strict", Basis::Dns, |ehlo| {
        judge(ehlo, Stage::Ehlo, &ALL)
    }),
    profile("postfix-delayed", Basis::Dns, |ehlo| {
        judge(ehlo, Stage::Rcpt, &ALL)
    }),
];

const fn profile(name: &'static str, basis: Basis, judge: fn(&Ehlo<'_>) -> Predicted) -> Profile {
    Profile {
        name,
        server: "Postfix",
        basis,
        judge,
    }
}

/// `reject_invalid_helo_hostname`, `reject_non_fqdn_helo_hostname`, `reject_unknown_helo_hostname`.
#[derive(Clone, Copy)]
enum Restriction {
    Invalid,
    NonFqdn,
    Unknown,
}

const ALL: [Restriction; 3] = [
    Restriction::Invalid,
    Restriction::NonFqdn,
    Restriction::Unknown,
];

/// `line_length_limit`, less the verb and a space; the rest of the line is skipped.
const MAX_ARGUMENT: usize = 2048 - 5;

/// `VALID_HOSTNAME_LEN`
const MAX_NAME: usize = 255;

/// Why a restriction refuses, or puts a refusal off until RCPT.
struct Rejection {
    stage: Stage,
    code: Code,
    why: &'static str,
}

fn judge(ehlo: &Ehlo<'_>, stage: Stage, restrictions: &[Restriction]) -> Predicted {
    let line = wire::until_lf(ehlo.bytes());
    let line = line.get(..MAX_ARGUMENT).unwrap_or(line);
    let line = wire::trim_end(line, |byte| byte == b'\r');
    if str::from_utf8(line).is_err() {
        let code = Code(500, Some("5.5.2"));
        let text = "Error: bad UTF-8 syntax";
        return Ok(Verdict::refused(Stage::Ehlo, code, text));
    }
    let mut name = join_words(wire::until_nul(line));
    if name.is_empty() {
        let text = "Syntax: EHLO hostname";
        return Ok(Verdict::refused(Stage::Ehlo, Code(501, None), text));
    }
    if stage == Stage::Rcpt {
        name.iter_mut().for_each(neuter);
    }
    for restriction in restrictions {
        if let Some(rejection) = check(ehlo, &name, stage, *restriction)? {
            return Ok(refuse(&name, &rejection));
        }
    }
    Ok(Verdict::accepted(&*ehlo.server.name))
}

fn refuse(name: &[u8], rejection: &Rejection) -> Verdict {
    let mut shown = name.to_vec();
    shown.iter_mut().for_each(blank);
    let why = rejection.why.as_bytes();
    let text = wire::concat(&[b"<", &shown, b">: Helo command rejected: ", why]);
    Verdict::refused(rejection.stage, rejection.code, text)
}

fn blank(byte: &mut u8) {
    if byte.is_ascii_control() {
        *byte = b' ';
    }
}

fn neuter(byte: &mut u8) {
    if byte.is_ascii_control() || b" <>()\\\";@".contains(byte) {
        *byte = b'?';
    }
}

/// Takes the words apart and joins them: white space becomes single spaces, except where it is
/// quoted.
fn join_words(mut text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    loop {
        let word;
        (word, text) = next_word(text);
        if word.is_empty() {
            return joined;
        }
        if !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(word);
    }
}

/// `smtp_next_token`: the next word, and what follows it.
///
/// ```text
/// word   = 1*( quoted / "\" char / char ) / *char "to:" / *char "from:"
/// quoted = DQUOTE .. DQUOTE / "<" .. ">"           ; the end may be missing
/// ```
fn next_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = wire::trim_start(text, wire::is_space);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            _ if wire::is_space(byte) => break,
            b'<' => at += quoted(&text[at..], b'>'),
            b'"' => at += quoted(&text[at..], b'"'),
            b'\\' => at += 2,
            b':' => {
                at += 1;
                if ends_path(&text[..at]) {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    text.split_at(at.min(text.len()))
}

fn ends_path(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"to:") || word.eq_ignore_ascii_case(b"from:")
}

/// `smtp_quoted`: how long the quoted text at the start is. Quotes nest in `<>`.
fn quoted(text: &[u8], last: u8) -> usize {
    let mut wanted = vec![last];
    let mut at = 1;
    while let (Some(&byte), Some(&end)) = (text.get(at), wanted.last()) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            _ if byte == end => {
                wanted.pop();
            }
            b'"' => wanted.push(b'"'),
            b'<' if end == b'>' => wanted.push(b'>'),
            _ => {}
        }
    }
    at.min(text.len())
}

fn check(
    ehlo: &Ehlo<'_>,
    name: &[u8],
    stage: Stage,
    restriction: Restriction,
) -> Result<Option<Rejection>, Question> {
    let rejection = |code, enhanced, why| Rejection {
        stage,
        code: Code(code, Some(enhanced)),
        why,
    };
    if name.starts_with(b"[") {
        let valid = is_address_literal(name);
        return Ok((!valid).then(|| rejection(501, "5.5.2", "invalid ip address")));
    }
    Ok(match restriction {
        Restriction::Invalid => {
            let name = without_root_dot(name);
            let valid = is_host_name(name) || is_address(name);
            (!valid).then(|| rejection(501, "5.5.2", "Invalid name"))
        }
        Restriction::NonFqdn => {
            let name = without_root_dot(name);
            let valid = is_host_name(name) && name.contains(&b'.');
            (!valid).then(|| rejection(504, "5.5.2", "need fully-qualified hostname"))
        }
        Restriction::Unknown => {
            let unknown = |stage| Rejection {
                stage,
                ..rejection(450, "4.7.1", "Host not found")
            };
            match look_up(ehlo, name)? {
                Lookup::Found => None,
                Lookup::NotFound => Some(unknown(stage)),
                Lookup::Retry => Some(unknown(Stage::Rcpt)),
            }
        }
    })
}

/// `DNS_OK` or `DNS_NULLMX`; `DNS_RETRY`; any other.
enum Lookup {
    Found,
    NotFound,
    Retry,
}

fn look_up(ehlo: &Ehlo<'_>, name: &[u8]) -> Result<Lookup, Question> {
    if is_address(name) || !is_host_name(name) || name.len() > MAX_DNS_NAME {
        return Ok(Lookup::NotFound);
    }
    let mut retry = false;
    for family in Family::ALL {
        match ehlo.addresses(name, family)?.outcome() {
            Outcome::Found(_) => return Ok(Lookup::Found),
            Outcome::NotKnown(why) => retry |= is_temporary(*why),
            Outcome::NoData | Outcome::NxDomain => {}
        }
    }
    match ehlo.exchangers(name)?.outcome() {
        Outcome::Found(_) => return Ok(Lookup::Found),
        Outcome::NotKnown(why) => retry |= is_temporary(*why),
        Outcome::NoData | Outcome::NxDomain => {}
    }
    Ok(if retry {
        Lookup::Retry
    } else {
        Lookup::NotFound
    })
}

/// After ten CNAMEs the name is "not found".
fn is_temporary(why: NotKnown) -> bool {
    why != NotKnown::AliasChain
}

/// `dup_if_truncate`: one dot at the end goes, two stay.
fn without_root_dot(name: &[u8]) -> &[u8] {
    match name {
        [before @ .., last, b'.'] if *last != b'.' => &name[..=before.len()],
        _ => name,
    }
}

/// `valid_hostname`
///
/// ```text
/// name  = label *("." label)                  ; at most 255 octets, and not digits and dots alone
/// label = word / word *(word / "-") word      ; at most 63 octets
/// word  = ALPHA / DIGIT / "_"
/// ```
fn is_host_name(name: &[u8]) -> bool {
    name.len() <= MAX_NAME
        && wire::labels(name).all(is_host_label)
        && name.iter().any(|byte| !matches!(byte, b'0'..=b'9' | b'.'))
}

fn is_host_label(label: &[u8]) -> bool {
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    matches!(label.len(), 1..=MAX_LABEL)
        && label.iter().all(is_legal)
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

/// `reject_invalid_hostaddr` and `valid_mailhost_addr`: `[`, an IPv4 address, or `IPv6:` and an
/// IPv6 address, `]`.
fn is_address_literal(text: &[u8]) -> bool {
    let Some(address) = wire::in_brackets(text) else {
        return false;
    };
    match wire::strip_tag(address, "IPv6:") {
        Some(address) => is_ipv6(address),
        None => is_ipv4(address),
    }
}

/// `valid_hostaddr`
fn is_address(text: &[u8]) -> bool {
    if text.contains(&b':') {
        is_ipv6(text)
    } else {
        is_ipv4(text)
    }
}

/// `valid_ipv4_hostaddr`: leading zeros are legal; network 0 is not, except `0.0.0.0`.
fn is_ipv4(text: &[u8]) -> bool {
    let is_zero = |label: &[u8]| label.iter().all(|&byte| byte == b'0');
    let mut labels = wire::labels(text);
    let first_is_fine = labels.next().is_some_and(|first| !is_zero(first)) || labels.all(is_zero);
    wire::labels(text).count() == 4 && wire::labels(text).all(is_octet) && first_is_fine
}

fn is_octet(label: &[u8]) -> bool {
    let value = str::from_utf8(label).map(str::parse::<u64>);
    label.iter().all(u8::is_ascii_digit) && matches!(value, Ok(Ok(0..=255)))
}

/// `valid_ipv6_hostaddr`: counts fields rather than groups, so seven groups may do for eight, and
/// `::` is not always one.
fn is_ipv6(text: &[u8]) -> bool {
    let mut rest = text;
    let mut field = 0;
    let mut null_field = 0;
    let mut group = 0;
    loop {
        match rest {
            [] => return field >= 2 && (group > 0 || null_field == field - 1),
            [b'.', ..] => {
                let start = text.len() - rest.len() - group;
                return (2..=6).contains(&field) && is_ipv4(&text[start..]);
            }
            [b':', after @ ..] => {
                let is_lone = after.first().is_some_and(u8::is_ascii_alphanumeric);
                if field == 0 && group == 0 && is_lone {
                    return false;
                }
                field += 1;
                if field > 7 || (after.starts_with(b":") && null_field > 0) {
                    return false;
                }
                if after.starts_with(b":") {
                    null_field = field;
                }
                group = 0;
                rest = after;
            }
            _ => {
                group = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count();
                if !(1..=4).contains(&group) {
                    return false;
                }
                rest = &rest[group..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn words_are_joined_by_single_spaces() {
        each(
            [
                (&b"  a\tb \r c "[..], &b"a b c"[..]),
                (b"<a  b> c", b"<a  b> c"),
                (b"\"a  \\\"  b\"  c", b"\"a  \\\"  b\" c"),
                (b"to:x From:y", b"to: x From: y"),
                (b"a\\  b", b"a\\  b"),
                (b"<a", b"<a"),
                (b"\\", b"\\"),
                (b"", b""),
            ],
            |(text, joined)| {
                assert_eq!(join_words(text), joined);
            },
        );
    }

    #[test]
    fn addresses_are_counted_by_fields() {
        each(
            [
                "::",
                "::1",
                "1::",
                "1:2:3:4:5:6:7",
                "1:2:3",
                "::ffff:1.2.3.4",
                "1:2:3:4:5:6:7:8",
            ],
            |valid| {
                assert!(is_ipv6(valid.as_bytes()), "{valid}");
            },
        );
        each(
            [
                "",
                ":",
                ":1",
                "1:",
                "1:2:3:4:5:6:7::",
                "::1::",
                "12345::",
                "::g",
                "1:1.2.3.4",
            ],
            |invalid| {
                assert!(!is_ipv6(invalid.as_bytes()), "{invalid}");
            },
        );
        each(
            ["0.0.0.0", "00.0.0.0", "0192.0.2.1", "255.255.255.255"],
            |valid| {
                assert!(is_ipv4(valid.as_bytes()), "{valid}");
            },
        );
        each(
            ["0.0.0.1", "1.2.3", "1.2.3.256", "1.2.3.4.", "", "1..2.3"],
            |invalid| {
                assert!(!is_ipv4(invalid.as_bytes()), "{invalid}");
            },
        );
    }
}
