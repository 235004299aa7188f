//! Finds the best reason why a text is no name.
//!
//! The strict parser says which rule breaks first. Mostly there is more to say: `mail.example.com:25` does not suffer from
//! a bad character, it has a port. The checks below stand in order, the more telling before the more general one, and the
//! first that finds something words the reason.
//!
//! Text comes here at most [`MAX_RAW`](super::MAX_RAW) bytes long, so nothing here needs to be fast.

use std::net::IpAddr;

use super::{Fault, Unusable, UnusableKind as Kind, repair};
use crate::HeloName;
use crate::name::{is_number, untagged};
use crate::scope::Scope;
use crate::shape;

type Check = fn(&str) -> Option<Unusable>;

const CHECKS: &[Check] = &[
    empty,
    control,
    zone_id,
    netbios_account,
    wildcard,
    template,
    placeholder,
    url,
    quoted,
    apostrophe,
    white_space,
    mail_address,
    port,
    bracketed,
    written_address,
    windows_path,
    underscore,
    number,
    single_label,
];

/// Words the reason. The offset counts in the raw text, surrounding white space included.
pub(super) fn explain(raw: &str, fault: &Fault) -> Unusable {
    let skipped = raw.len() - raw.trim_start().len();
    let text = raw.trim();
    CHECKS
        .iter()
        .find_map(|check| check(text))
        .unwrap_or_else(|| by_rule(text, fault))
        .shifted(skipped)
}

fn by_rule(text: &str, fault: &Fault) -> Unusable {
    match fault {
        #[cfg(feature = "idna")]
        Fault::Unicode(kind) => Unusable::new(*kind),
        // What breaks the rule is the mapped text, so the offset is not one of this text.
        #[cfg(feature = "idna")]
        Fault::Rule(error) if !text.is_ascii() => Unusable::new(Kind::of_rule(error.kind())),
        Fault::Rule(error) => Unusable::of_rule(error, text),
    }
}

/// Reads the part of a text that obviously is the name meant. Only a public one is worth suggesting.
fn obvious(part: &str) -> Option<HeloName> {
    repair(part)
        .ok()
        .map(|sanitized| sanitized.name)
        .filter(|name| name.scope() == Scope::Public)
}

fn empty(text: &str) -> Option<Unusable> {
    text.is_empty().then(|| Unusable::new(Kind::Empty))
}

/// A tab separates words, like a space; all else may end or hide a command.
fn control(text: &str) -> Option<Unusable> {
    let (at, character) = text
        .char_indices()
        .find(|(_, c)| c.is_control() && *c != '\t')?;
    Some(Unusable::new(Kind::Control).at_char(at, character))
}

/// `fe80::1%eth0`, also in brackets.
fn zone_id(text: &str) -> Option<Unusable> {
    let (address, _) = text.split_once('%')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    untagged(address)
        .unwrap_or(address)
        .parse::<IpAddr>()
        .ok()?;
    Some(Unusable::new(Kind::ZoneId).at(text.find('%')?))
}

/// `PC1$`: the account of a computer in a Windows domain.
fn netbios_account(text: &str) -> Option<Unusable> {
    let computer = text.strip_suffix('$')?;
    let is_account = !computer.is_empty()
        && computer
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    is_account.then(|| Unusable::new(Kind::WindowsName))
}

/// `{}`, `{{ .Host }}`, `${HOSTNAME}`, `$(hostname)`, `` `hostname` ``, `$HOSTNAME`, `%H`, `%HOSTNAME%`, `<%= host %>`,
/// `__HOSTNAME__`, `@HOSTNAME@`.
fn template(text: &str) -> Option<Unusable> {
    let braces = text.find(['{', '}', '`']).or_else(|| text.find("<%"));
    let at = braces
        .or_else(|| variable(text))
        .or_else(|| enclosed_word(text).map(|_| 0))?;
    Some(Unusable::new(Kind::Template).at(at))
}

/// Finds `$x`, `$(` or `%x`. Percent-encoding (`%2e`) is something else.
fn variable(text: &str) -> Option<usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .find(|at| match text.as_bytes()[*at..] {
            [b'$', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'_' | b'('),
            [b'%', a, b, ..]
                if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && a.is_ascii_digit() =>
            {
                false
            }
            [b'%', next, ..] => next.is_ascii_alphabetic() || next == b'(',
            _ => false,
        })
}

fn enclosed_word(text: &str) -> Option<&str> {
    ["__", "@", "##"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark))
        .filter(|word| word.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// `mantis.*`, `*:80`, nginx's `~^mail` and `_`, Apache's `_default_:443`.
fn wildcard(text: &str) -> Option<Unusable> {
    let at = text.find(['*', '^']).or_else(|| {
        let is_catch_all =
            text == "_" || text.starts_with(['~', '^']) || text.starts_with("_default_");
        is_catch_all.then_some(0)
    })?;
    Some(Unusable::new(Kind::Wildcard).at(at))
}

/// Words that programs, images and manuals write where the name should stand.
const PLACEHOLDERS: &[&str] = &[
    "changeit",
    "changeme",
    "computername",
    "default",
    "domain",
    "domainname",
    "ehlo",
    "ehloname",
    "empty",
    "example",
    "false",
    "fqdn",
    "fullyqualifieddomainname",
    "helo",
    "heloname",
    "host",
    "hostname",
    "localhostname",
    "machinename",
    "mailhostname",
    "na",
    "name",
    "nan",
    "nil",
    "nodename",
    "none",
    "noname",
    "novalue",
    "notset",
    "null",
    "replaceme",
    "server",
    "servername",
    "smtphostname",
    "tbd",
    "todo",
    "true",
    "undef",
    "undefined",
    "unknown",
    "unset",
    "void",
];

/// A word in place of a name, however it is dressed up: `your-hostname`, `<HOSTNAME>`, `(none)`, which is what Linux says
/// before anybody has set a name; or what JavaScript makes of an object.
fn placeholder(text: &str) -> Option<Unusable> {
    const LONGEST: usize = 40;
    if text == "[object Object]" {
        return Some(Unusable::new(Kind::Placeholder));
    }
    let is_one_word = !text.contains(['.', ':', '@', '[']);
    if text.len() > LONGEST || !text.is_ascii() || !is_one_word {
        return None;
    }
    let mut word: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    word.make_ascii_lowercase();
    let bare = ["your", "my", "the", "some"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))
        .unwrap_or(&word);
    PLACEHOLDERS
        .contains(&bare)
        .then(|| Unusable::new(Kind::Placeholder))
}

/// `https://mail.example.com`, `//host`, `host/path`, `/etc/hostname`. An address with a prefix length is not a URL.
fn url(text: &str) -> Option<Unusable> {
    let slash = text.find('/')?;
    if let Some(address) = network(text) {
        return Some(
            Unusable::new(Kind::BadAddress)
                .at(slash)
                .suggesting(obvious(address)),
        );
    }
    let after_scheme = text.split_once("//").map_or(text, |(_, rest)| rest);
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host_and_port(host).map_or(host, |(host, _)| host);
    Some(Unusable::new(Kind::Url).suggesting(obvious(host)))
}

/// Takes the address off `192.0.2.0/24` or `[2001:db8::1/64]`.
fn network(text: &str) -> Option<&str> {
    let inside = text.trim_start_matches('[').trim_end_matches(']');
    let (address, prefix_len) = inside.split_once('/')?;
    prefix_len.parse::<u8>().ok()?;
    untagged(address)
        .unwrap_or(address)
        .parse::<IpAddr>()
        .ok()?;
    Some(address)
}

const QUOTES: &[(char, char)] = &[
    ('\'', '\''),
    ('"', '"'),
    ('(', ')'),
    ('<', '>'),
    ('\u{2018}', '\u{2019}'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{ab}', '\u{bb}'),
];

fn quoted(text: &str) -> Option<Unusable> {
    let inside = QUOTES
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))?;
    Some(Unusable::new(Kind::Quoted).suggesting(obvious(inside)))
}

/// `Anna's MacBook`: macOS names a computer after its user.
fn apostrophe(text: &str) -> Option<Unusable> {
    let at = text.find(['\'', '\u{2019}'])?;
    Some(Unusable::new(Kind::MacName).at(at))
}

fn white_space(text: &str) -> Option<Unusable> {
    text.find(char::is_whitespace)
        .map(|at| Unusable::new(Kind::WhiteSpace).at(at))
}

fn mail_address(text: &str) -> Option<Unusable> {
    let (local_part, host) = text.rsplit_once('@')?;
    let is_whole = !local_part.is_empty() && !host.is_empty();
    is_whole.then(|| Unusable::new(Kind::MailAddress).suggesting(obvious(host)))
}

fn port(text: &str) -> Option<Unusable> {
    let (host, _) = host_and_port(text)?;
    Some(
        Unusable::new(Kind::Port)
            .at(host.len())
            .suggesting(obvious(host)),
    )
}

/// Splits `host:25`, `host.example:smtp` and `[address]:25`. Text with more colons is an IPv6 address or nothing.
fn host_and_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_host = !host.is_empty() && (host.ends_with(']') || !host.contains([':', '[']));
    // A service by its name is told only after a dotted host: `smtp:mail` may be anything.
    let is_port = port.bytes().all(|b| b.is_ascii_digit())
        || host.contains('.') && port.bytes().all(|b| b.is_ascii_lowercase());
    (is_host && is_port).then_some((host, port))
}

/// `[mail.example.com]`, `[IPv4:192.0.2.1]`, `[192.0.2.256]`.
fn bracketed(text: &str) -> Option<Unusable> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if let Some((_, address)) = inside
        .split_once(':')
        .filter(|(tag, _)| tag.eq_ignore_ascii_case("IPv4"))
    {
        return Some(
            Unusable::new(Kind::BadAddress)
                .at(1)
                .suggesting(obvious(address)),
        );
    }
    let last = inside.rsplit('.').next()?;
    let is_name = !inside.contains(':')
        && !is_number(last.as_bytes())
        && inside.contains(char::is_alphabetic);
    is_name.then(|| Unusable::new(Kind::BracketedName).suggesting(obvious(inside)))
}

/// `IPv6:2606:4700::1111` without brackets, and colons and hex digits that are no address.
fn written_address(text: &str) -> Option<Unusable> {
    let address = untagged(text);
    let is_like_ipv6 =
        text.matches(':').count() > 1 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    let suggestion = address.and_then(obvious);
    (address.is_some() || is_like_ipv6)
        .then(|| Unusable::new(Kind::BadAddress).suggesting(suggestion))
}

/// `WORKGROUP\PC1`.
fn windows_path(text: &str) -> Option<Unusable> {
    text.contains('\\')
        .then(|| Unusable::new(Kind::WindowsName))
}

fn underscore(text: &str) -> Option<Unusable> {
    text.find('_')
        .map(|at| Unusable::new(Kind::Underscore).at(at))
}

/// `123`, `0x7f000001`, `127.1`, `192.0.2.256`, `010.0.0.1`.
fn number(text: &str) -> Option<Unusable> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let labels = || text.split('.');
    if labels().count() == 4
        && labels().all(is_octet)
        && labels().any(|label| label.len() > 1 && label.starts_with('0'))
    {
        return Some(Unusable::new(Kind::LeadingZero));
    }
    if text.parse::<IpAddr>().is_ok() {
        return None;
    }
    let is_plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let last = labels()
        .next_back()
        .filter(|last| is_plain && is_number(last.as_bytes()))?;
    Some(Unusable::new(Kind::NumericLastLabel).at(text.len() - last.len()))
}

fn is_octet(label: &str) -> bool {
    is_decimal(label) && label.trim_start_matches('0').len() <= 3
}

fn is_decimal(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit())
}

/// Says what kind of machine has this bare name. Other names without a dot are left to the rules.
fn single_label(text: &str) -> Option<Unusable> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.contains('.') {
        return None;
    }
    let label = text.to_ascii_lowercase();
    let kind = if is_localhost(&label) {
        Kind::Localhost
    } else if shape::looks_like_container_id(&label) {
        Kind::ContainerId
    } else if shape::has_pod_suffix(&label) {
        Kind::PodName
    } else if looks_like_windows(&label) {
        Kind::WindowsName
    } else if looks_like_mac(&label) {
        Kind::MacName
    } else {
        return None;
    };
    Some(Unusable::new(kind))
}

/// The names that hosts files give to loopback addresses.
fn is_localhost(label: &str) -> bool {
    matches!(
        label,
        "localhost"
            | "localhost4"
            | "localhost6"
            | "ip6-localhost"
            | "ip6-loopback"
            | "loopback"
            | "localdomain"
    )
}

/// What Windows set-up makes: a word and random characters; and `Anna-PC`, as older versions proposed.
fn looks_like_windows(label: &str) -> bool {
    let is_made_by_setup = |&(start, random_len): &(&str, usize)| {
        label.strip_prefix(start).is_some_and(|random| {
            random.len() == random_len && random.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    };
    let is_of_an_owner = |end: &&str| {
        label
            .strip_suffix(*end)
            .is_some_and(|owner| !owner.is_empty())
    };
    WINDOWS_STARTS.iter().any(is_made_by_setup) || ["-pc", "-пк", "-ПК"].iter().any(is_of_an_owner)
}

/// The start of a name, and how many characters follow. The hyphen of `DESKTOP-` gets lost on the way in some clients.
const WINDOWS_STARTS: &[(&str, usize)] = &[
    ("desktop-", 7),
    ("desktop", 7),
    ("ec2amaz-", 7),
    ("laptop-", 8),
    ("win-", 11),
];

fn looks_like_mac(label: &str) -> bool {
    [
        "macbook",
        "imac",
        "ipad",
        "iphone",
        "mac-mini",
        "mac-pro",
        "mac-studio",
        "macmini",
        "macpro",
    ]
    .iter()
    .any(|model| label.contains(model))
}
