//! Finds the best reason why a text is no name.
//!
//! The strict parser says which rule breaks first. Usually there is a better reason: the problem of
//! `mail.example.com:25` is not a bad character, but the port. The checks below are in order, the
//! specific before the general, and the first that finds something gives the reason.
//!
//! Text comes here at most [`MAX_RAW`](super::MAX_RAW) bytes long, so nothing here needs to be
//! fast.

use std::net::{IpAddr, Ipv4Addr};

use crate::name::{HeloName, Scope, has_pod_suffix, is_number, looks_like_container_id, untagged};
use crate::sanitize::mend::{Fault, is_quotation_mark, mend};
use crate::sanitize::unusable::{Unusable, UnusableKind as Kind};

type Check = fn(&str) -> Option<Unusable>;

const CHECKS: &[Check] = &[
    empty,
    control,
    zone_id,
    netbios_account,
    wildcard,
    template,
    placeholder,
    setting,
    url,
    mail_address,
    quoted,
    mac_owner,
    white_space,
    port,
    bracketed,
    written_address,
    windows_path,
    underscore,
    number,
    single_label,
];

/// Finds the reason. The offset counts from the start of the raw text, including white space.
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
    let unusable = match fault {
        #[cfg(feature = "idna")]
        Fault::Unicode(kind) => Unusable::new(*kind),
        // The mapped text breaks the rule, so the offset is not one of this text.
        #[cfg(feature = "idna")]
        Fault::Rule(error) if !text.is_ascii() => Unusable::new(Kind::of_rule(error.kind())),
        Fault::Rule(error) => Unusable::of_rule(error, text),
    };
    match unusable.kind() {
        Kind::BadAddress | Kind::BadCharacter | Kind::InvalidIdn | Kind::NonAscii => {
            unusable.suggesting(among_punctuation(text))
        }
        _ => unusable,
    }
}

/// Reads the part of a text that is obviously the name. Only a public one is worth suggesting.
fn obvious(part: &str) -> Option<HeloName> {
    mend(part)
        .ok()
        .map(|sanitized| sanitized.name)
        .filter(|name| name.scope() == Scope::Public)
}

/// Reads the name of `"mail.example.com",`, `mail.example.com;`, `mail.example.com?x=1` or
/// `mail.example.com\n` as well.
///
/// Other characters may replace a dot or hyphen: `mail.example,com` is not `mail.example`.
fn among_punctuation(text: &str) -> Option<HeloName> {
    obvious(text).or_else(|| {
        let inside = text.trim_matches(is_punctuation);
        let name = inside.split(['?', '#', '&', ';', '"', '\\']).next()?;
        obvious(name.trim_end_matches(is_punctuation))
    })
}

/// Not the characters that mean something at the edge of a name: a hyphen belongs to it, and a text
/// with an `@` is not a host.
fn is_punctuation(c: char) -> bool {
    is_quotation_mark(c) || c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '@' | '%')
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
    is_netbios(computer).then(|| Unusable::new(Kind::WindowsName))
}

/// The marks around words in template languages and programs, and function calls.
///
/// | Mark | Seen in |
/// | --- | --- |
/// | `{`, `}` | `{}`, `{{ .Host }}`, `${HOSTNAME}`, `#{host}`, `%{host}` |
/// | `` ` `` | `` `hostname` `` |
/// | `<%`, `<?`, `[%`, `<<` | `<%= host %>`, `<?= gethostname() ?>`, `[% host %]`, `<<HOSTNAME>>` |
/// | `()` | `socket.gethostname()` |
const TEMPLATE_MARKS: &[&str] = &["{", "}", "`", "<%", "<?", "[%", "<<", "()"];

/// The marks on both sides of a word.
const WORD_MARKS: &[(&str, &str)] = &[
    ("__", "__"),
    ("@", "@"),
    ("##", "##"),
    ("!", "!"),
    ("[[", "]]"),
];

/// `{{ .Host }}` and its like, `$HOSTNAME`, `$(hostname)`, `%H`, `%HOSTNAME%`, `%(host)s`,
/// `__HOSTNAME__`, `@@HOSTNAME@@`, `@HOSTNAME@.example.com`, `[[hostname]]`,
/// `<hostname>.example.com`, `ENV['HOSTNAME']`.
fn template(text: &str) -> Option<Unusable> {
    let at = TEMPLATE_MARKS
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .or_else(|| variable(text))
        .or_else(|| enclosed_word(text))
        .or_else(|| blank(text))
        .or_else(|| subscript(text))?;
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

/// Finds a word between two marks, as the whole text or as one label of it.
fn enclosed_word(text: &str) -> Option<usize> {
    let is_enclosed = |part: &&str| {
        WORD_MARKS
            .iter()
            .find_map(|(open, close)| part.strip_prefix(open)?.strip_suffix(close))
            .is_some_and(|word| word.contains(char::is_alphabetic) && !word.contains(':'))
    };
    let mut parts = std::iter::once(text).chain(text.split('.'));
    text.find(parts.find(is_enclosed)?)
}

/// Finds a word between `<` and `>` next to other text, as manuals mark a blank. If the whole text
/// is in them, it is a name or a placeholder, and with `</` it is XML.
fn blank(text: &str) -> Option<usize> {
    let (before, rest) = text.split_once('<')?;
    let (word, after) = rest.split_once('>')?;
    let is_word = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let is_beside = !(before.is_empty() && after.is_empty());
    (is_word && is_beside && !rest.contains("</")).then_some(before.len())
}

/// Finds `["` or `['` after something; at the start it opens a list.
fn subscript(text: &str) -> Option<usize> {
    ["[\"", "['"]
        .iter()
        .find_map(|mark| text.find(mark))
        .filter(|at| *at > 0)
}

/// `mantis.*`, `*:80`, nginx's `~^mail` and `_`, Apache's `_default_:443`,
/// `(mail|mx)[0-9]+\.example\.com`.
fn wildcard(text: &str) -> Option<Unusable> {
    const PATTERNS: &[&str] = &[
        "*", "^", "|", "(?", ".+", "\\.", "\\d+", "\\w+", "[0-9", "[a-z",
    ];
    let part = PATTERNS.iter().filter_map(|part| text.find(part)).min();
    let at = part.or_else(|| {
        let is_catch_all = text == "_"
            || text.starts_with('~') && !text.starts_with("~/")
            || text.starts_with("_default_");
        is_catch_all.then_some(0)
    })?;
    Some(Unusable::new(Kind::Wildcard).at(at))
}

/// Words that programs, images and manuals write in place of the name.
const PLACEHOLDERS: &[&str] = &[
    "changeit",
    "changeme",
    "computername",
    "default",
    "domain",
    "domainname",
    "dummy",
    "ehlo",
    "ehloname",
    "empty",
    "example",
    "false",
    "fqdn",
    "fixme",
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
    "placeholder",
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
    "xxx",
];

/// A word in place of a name, however it is dressed up: `your-hostname`, `<HOSTNAME_HERE>`,
/// `(none)`, which is what Linux says before anybody has set a name; or what JavaScript makes of an
/// object.
fn placeholder(text: &str) -> Option<Unusable> {
    const LONGEST: usize = 40;
    if text == "[object Object]" {
        return Some(Unusable::new(Kind::Placeholder));
    }
    let is_one_word = !text.contains(['.', ':', '@']);
    if text.len() > LONGEST || !text.is_ascii() || !is_one_word {
        return None;
    }
    let mut letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.make_ascii_lowercase();
    let mut word = letters.strip_suffix("here").unwrap_or(&letters);
    for prefix in ["please", "insert", "enter", "your", "my", "the", "some"] {
        word = word.strip_prefix(prefix).unwrap_or(word);
    }
    PLACEHOLDERS
        .contains(&word)
        .then(|| Unusable::new(Kind::Placeholder))
}

/// `HELO_NAME=mail.example.com`, `export HELO_NAME="mail.example.com"`, `"helo":
/// "mail.example.com",`, `<hostname>mail.example.com</hostname>`.
fn setting(text: &str) -> Option<Unusable> {
    let (at, value) = assignment(text).or_else(|| element(text))?;
    Some(
        Unusable::new(Kind::Setting)
            .at(at)
            .suggesting(among_punctuation(value)),
    )
}

/// Finds `=` or `: ` after the name of a setting; returns its place and the value. Of several
/// (`Environment=NAME=value`) the last counts.
fn assignment(text: &str) -> Option<(usize, &str)> {
    let (at, value) = match text.rsplit_once('=') {
        Some((name, value)) => (name.len(), value),
        // A line of words with a colon is a message.
        None => text
            .split_once(": ")
            .filter(|(_, value)| !value.trim().contains(char::is_whitespace))
            .map(|(name, value)| (name.len(), value))?,
    };
    let name = &text[..at];
    let is_setting = name.contains(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || " \t_-.=\"'".contains(c))
        && value.contains(char::is_alphanumeric);
    is_setting.then_some((at, value.trim()))
}

/// Finds the text of an XML element.
fn element(text: &str) -> Option<(usize, &str)> {
    let (tag, rest) = text.strip_prefix('<')?.split_once('>')?;
    let (value, _) = rest.split_once("</")?;
    Some((tag.len() + 1, value.trim()))
}

/// `https://mail.example.com`, `//host`, `host/path`, `/etc/hostname`. An address with a prefix
/// length is not a URL.
fn url(text: &str) -> Option<Unusable> {
    let slash = text.find('/')?;
    if let Some(address) = network(text) {
        return Some(
            Unusable::new(Kind::BadAddress)
                .at(slash)
                .suggesting(obvious(address)),
        );
    }
    let (scheme, after_scheme) = text.split_once("//").unwrap_or(("", text));
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    // Without a scheme, `user@example.com/x` is a mailbox and more.
    if scheme.is_empty() && authority.contains('@') {
        return Some(Unusable::new(Kind::Url));
    }
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host_and_port(host).map_or(host, |(host, _)| host);
    Some(Unusable::new(Kind::Url).suggesting(obvious(host)))
}

/// Takes the address off `192.0.2.0/24`, `[2001:db8::1]/64` or `192.0.2.1/255.255.255.0`.
fn network(text: &str) -> Option<&str> {
    let (address, prefix_len) = text.split_once('/')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let prefix_len = prefix_len.trim_end_matches(']');
    if prefix_len.parse::<u8>().is_err() && prefix_len.parse::<Ipv4Addr>().is_err() {
        return None;
    }
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
    Some(Unusable::new(Kind::Quoted).suggesting(among_punctuation(inside)))
}

/// `Anna's MacBook`, `Anna's-Mini.local`: macOS names a computer after its user.
fn mac_owner(text: &str) -> Option<Unusable> {
    let label = text.to_lowercase();
    if !looks_like_mac(&label) && !label.ends_with(".local") {
        return None;
    }
    let (at, _) = text.match_indices(['\'', '\u{2019}']).find(|(at, mark)| {
        text[..*at].ends_with(char::is_alphanumeric)
            && text[at + mark.len()..].starts_with(char::is_alphanumeric)
    })?;
    Some(Unusable::new(Kind::MacName).at(at))
}

fn white_space(text: &str) -> Option<Unusable> {
    text.find(char::is_whitespace)
        .map(|at| Unusable::new(Kind::WhiteSpace).at(at))
}

/// `user@example.com`, `Anna <anna@example.com>`. Its domain is no suggestion: no host of the
/// user's is named `gmail.com`.
fn mail_address(text: &str) -> Option<Unusable> {
    let address = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'))
        .map_or(text, |(_, address)| address);
    let (local_part, host) = address.rsplit_once('@')?;
    let is_whole = !local_part.is_empty()
        && host.contains(char::is_alphanumeric)
        && !address.contains(char::is_whitespace);
    is_whole.then(|| Unusable::new(Kind::MailAddress))
}

fn port(text: &str) -> Option<Unusable> {
    let (host, _) = host_and_port(text)?;
    Some(
        Unusable::new(Kind::Port)
            .at(host.len())
            .suggesting(among_punctuation(host)),
    )
}

/// Splits `host:25`, `host.example:smtp` and `[address]:25`. Text with more colons is an IPv6
/// address or nothing.
fn host_and_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_host = !host.is_empty() && (host.ends_with(']') || !host.contains([':', '[']));
    // The name of a service counts only after a dotted host: `smtp:mail` may be anything.
    let is_port = port.bytes().all(|b| b.is_ascii_digit())
        || host.contains('.') && port.bytes().all(|b| b.is_ascii_lowercase());
    (is_host && is_port).then_some((host, port))
}

/// `[mail.example.com]`, `[IPv4:192.0.2.1]`, `[192.0.2.256]`.
fn bracketed(text: &str) -> Option<Unusable> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if let Some(address) = tagged_as_ipv4(inside) {
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
    is_name.then(|| Unusable::new(Kind::BracketedName).suggesting(among_punctuation(inside)))
}

/// `IPv6:2606:4700::1111` and `IPv4:1.1.1.1` without brackets, and colons and hex digits that are
/// no address.
fn written_address(text: &str) -> Option<Unusable> {
    let address = untagged(text).or_else(|| tagged_as_ipv4(text));
    let is_like_ipv6 =
        text.matches(':').count() > 1 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    let suggestion = address.and_then(obvious);
    (address.is_some() || is_like_ipv6)
        .then(|| Unusable::new(Kind::BadAddress).suggesting(suggestion))
}

/// Takes off a tag that RFC 5321 does not have.
fn tagged_as_ipv4(text: &str) -> Option<&str> {
    let (tag, address) = text.split_once(':')?;
    tag.eq_ignore_ascii_case("IPv4").then_some(address)
}

/// `C:\Windows` and `\\server\share` are paths, `WORKGROUP\PC1` is a computer with its domain.
fn windows_path(text: &str) -> Option<Unusable> {
    let is_path = match text.as_bytes() {
        [b'\\', b'\\', ..] => true,
        [drive, b':', b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    };
    if is_path {
        return Some(Unusable::new(Kind::Url));
    }
    let (domain, computer) = text.split_once('\\')?;
    let is_computer = (domain == "." || is_netbios(domain)) && is_netbios(computer);
    is_computer.then(|| Unusable::new(Kind::WindowsName))
}

/// A NetBIOS name may hold more, and never a dot in practice.
fn is_netbios(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
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

/// Says what kind of machine has this bare name. Other bare names are left to the rules.
fn single_label(text: &str) -> Option<Unusable> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.contains('.') {
        return None;
    }
    let label = text.to_ascii_lowercase();
    let kind = if is_localhost(&label) {
        Kind::Localhost
    } else if looks_like_container_id(&label) {
        Kind::ContainerId
    } else if has_pod_suffix(&label) {
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

/// What Windows set-up makes: a word and random characters; and `Anna-PC`, as older versions
/// proposed.
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

/// The start of a name, and how many characters follow. The hyphen of `DESKTOP-` gets lost on the
/// way in some clients.
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
