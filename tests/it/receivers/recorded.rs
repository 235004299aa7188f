//! `receivers` against what running servers answered to 367 arguments.
//!
//! See `tests/data/README.md` for the recordings.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use helo_name::dns::{Answer, Dns, Facts, MailExchanger, NotKnown, PtrText, Question};
use helo_name::receivers::{Basis, Ehlo, Profile, Server, Verdict};
use proptest::prelude::*;

use crate::support::each::each;
use crate::support::table;

/// The rows whose prediction differs from the recording, and why.
///
/// When an argument holds a line end, the recording stops at the reply to EHLO.
const WRONG: [(&str, &str, &str); 5] = [
    (
        "postfix-delayed",
        "inject-01",
        "no RCPT was sent after this EHLO",
    ),
    (
        "postfix-delayed",
        "inject-03",
        "no RCPT was sent after this EHLO",
    ),
    (
        "exim-delayed",
        "inject-03",
        "no RCPT was sent after this EHLO",
    ),
    (
        "courier-strict",
        "dns-14",
        "the client gave up before the server's DNS did",
    ),
    (
        "courier-strict-v6",
        "dns-14",
        "the client gave up before the server's DNS did",
    ),
];

/// What is compared: a verdict as text, up to the second reply if the argument held two lines.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    stage: String,
    code: String,
    enhanced: String,
    text: String,
}

impl Told {
    fn of(verdict: &Verdict) -> Self {
        Self {
            stage: verdict
                .stage()
                .map_or("accepted".to_owned(), |stage| stage.as_str().to_uppercase()),
            code: verdict.code().to_string(),
            enhanced: verdict.enhanced().unwrap_or_default().to_owned(),
            text: escape(verdict.text()),
        }
    }
}

/// How many rows of a profile were predicted.
#[derive(Default)]
struct Score {
    rows: usize,
    codes: usize,
    texts: usize,
}

#[test]
fn servers_answer_as_predicted() {
    let arguments = arguments();
    let mut asker = Asker::new();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (profile, verdicts) in recordings() {
        let score = scores.entry(profile.clone()).or_default();
        for (id, notation) in &arguments {
            let recorded = verdicts.of(id, notation);
            let told = Told::of(&asker.ask(&profile, notation));
            let same_code = (&told.stage, &told.code) == (&recorded.stage, &recorded.code);
            score.rows += 1;
            score.codes += usize::from(same_code);
            score.texts += usize::from(told == recorded);
            if told != recorded {
                wrong.push((profile.clone(), id.clone()));
                println!("{profile} {id} {notation}\n    {recorded:?}\n    {told:?}");
            }
        }
    }
    for (profile, score) in &scores {
        let Score { rows, codes, texts } = score;
        println!("{profile:24}{rows:6}{codes:6}{texts:6}");
    }
    let expected: Vec<_> = WRONG
        .iter()
        .map(|(profile, id, _)| ((*profile).to_owned(), (*id).to_owned()))
        .collect();
    assert_eq!(wrong, expected);
}

#[test]
fn a_server_that_judges_syntax_needs_no_dns() {
    let mut asker = Asker::new();
    let mut offline = Asker::new();
    offline.zone = Zone::default();
    let profiles = Profile::all().filter(|profile| profile.basis() == Basis::Syntax);
    each(profiles.map(Profile::name), |profile| {
        each(arguments(), |(id, notation)| {
            let with = asker.ask(profile, &notation);
            let without = offline.ask(profile, &notation);
            assert_eq!(
                (with.stage(), with.code()),
                (without.stage(), without.code()),
                "{profile} {id}"
            );
        });
    });
}

/// Rules read in the sources that no recorded argument or client meets.
#[test]
fn other_rules_are_those_of_the_sources() {
    let mut asker = Asker::new();
    let mut check = |profile, client: &str, notation, expected| {
        let verdict = asker.ask_from(profile, client, notation).to_string();
        assert_eq!(verdict, expected, "{profile} {client} {notation}");
    };

    // OpenSMTPD tells a verb alone from one with a space after it.
    let text = "EHLO 501 5.5.1 Invalid command: EHLO requires domain name";
    check("opensmtpd-default", "192.0.2.10", r"\-", text);

    // Exim compares literals as text, takes a zone, and puts off what hangs on a PTR record it
    // cannot get.
    let text = "accepted 250 mx.lab.example.net Hello [192.0.2.199] [192.0.2.1]";
    check("exim-strict", "192.0.2.1", "[192.0.2.199]", text);
    let text = "accepted 250 mx.lab.example.net Hello client.lab.example.net [192.0.2.10]";
    check("exim-default", "192.0.2.10", "[IPv6:fe80::1%eth0]", text);
    let text = "EHLO 451 EHLO argument does not match calling host";
    check("exim-strict", "192.0.2.14", "nx.lab.example.net", text);
    // Any of the client's names will do.
    let text = "accepted 250 mx.lab.example.net Hello client16.lab.example.net [192.0.2.16]";
    check("exim-strict", "192.0.2.16", "ALIAS16.example.org", text);

    // sendmail knows the loopback addresses as its own, and tells who lies about a name.
    let text = "RCPT 550 5.7.1 <labuser@mx.lab.example.net>... bogus HELO name used: 127.0.0.1";
    check("sendmail-strict", "192.0.2.10", "127.0.0.1", text);
    let text = "accepted 250 mx.lab.example.net Hello other.lab.example.net [192.0.2.12] (may be forged), \
                pleased to meet you";
    check("sendmail-default", "192.0.2.12", "a.example", text);
    let text = "accepted 250 mx.lab.example.net Hello [192.0.2.11], pleased to meet you";
    check("sendmail-default", "192.0.2.11", "a.example", text);

    // qpsmtpd has a list of bad names, takes a zero for nothing, and wants a PTR record.
    let text = "EHLO 550 I do not believe you are aol.com.";
    check("qpsmtpd-default", "192.0.2.10", "aol.com", text);
    let text = "EHLO 501 ehlo requires domain/address - see RFC-2821 4.1.1.1";
    check("qpsmtpd-default", "192.0.2.10", "0", text);
    let text = "EHLO 550 no rDNS for 192.0.2.11";
    check("qpsmtpd-rfc", "192.0.2.11", "noptr.lab.example.net", text);
    let text = "EHLO 550 error getting reverse DNS for 192.0.2.14";
    check("qpsmtpd-rfc", "192.0.2.14", "client.lab.example.net", text);

    // Courier overlooks the answer to an A-label, and tells endless CNAMEs from other failures.
    let name = "xn--mnchen-3ya.wild.lab.example.net";
    let text = format!("MAIL 517 HELO {name} does not exist.");
    check("courier-strict", "192.0.2.10", name, &text);
    let name = "cnameloop.lab.example.net";
    let text = format!("MAIL 517 RFC 1035 violation: recursive CNAME records for {name}.");
    check("courier-strict", "192.0.2.10", name, &text);
    let text = format!("EHLO 450 4.7.1 <{name}>: Helo command rejected: Host not found");
    check("postfix-strict", "192.0.2.10", name, &text);

    // Haraka forgives addresses elsewhere within the client's domain only.
    let text = "EHLO 550 HELO host has no forward DNS match";
    check("haraka-forward", "192.0.2.10", "mail.example.org", text);
}

proptest! {
    #[test]
    fn any_bytes_get_a_verdict(
        argument in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "[-a-z0-9._\\[\\]: \"<>\\\\\r\n\0\u{e9}]{0,80}".prop_map(String::into_bytes),
            "\\[(IPv6:)?[0-9a-f:.%/]{0,40}\\]?".prop_map(String::into_bytes),
            "(xn--[a-z0-9-]{0,12}\\.|\\PC{0,6}\\.){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        let mut asker = Asker::new();
        for profile in Profile::all() {
            let verdict = asker.ask_bytes(profile, "192.0.2.10", Some(&argument));
            prop_assert!(matches!(verdict.code(), 250 | 400..600), "{verdict}");
        }
    }
}

/// All but few rows: names that no DNS message can hold are left out or failed at by each server in
/// its own way.
#[cfg(feature = "dns")]
#[test]
fn a_real_name_server_leads_to_the_same_verdicts() {
    use std::time::Duration;

    use helo_name::dns::Resolver;

    let zone = include_str!("../../data/zone.txt");
    let dns = crate::support::dns_server::DnsServer::start(zone);
    let resolver = Resolver::asking([dns.address()]).give_up_after(Duration::from_millis(150));
    let mut asker = Asker::new();
    asker.resolver = Some(resolver);
    let (mut rows, mut wrong) = (0, Vec::new());
    for (profile, verdicts) in recordings() {
        for (id, notation) in arguments() {
            let recorded = verdicts.of(&id, &notation);
            let told = Told::of(&asker.ask(&profile, &notation));
            rows += 1;
            if (&told.stage, &told.code) != (&recorded.stage, &recorded.code) {
                wrong.push(format!("{profile} {id}"));
            }
        }
    }
    println!("{} of {rows} wrong: {wrong:?}", wrong.len());
    assert!(wrong.len() * 200 <= rows, "{wrong:?}");
}

/// Asks profiles, and a zone whatever they ask; or a real name server.
struct Asker {
    server: Server,
    facts: Facts,
    zone: Zone,
    #[cfg(feature = "dns")]
    resolver: Option<helo_name::dns::Resolver>,
}

impl Asker {
    fn new() -> Self {
        Self {
            server: Server::new("mx.lab.example.net")
                .address("192.0.2.25".parse().unwrap())
                .address("2001:db8::25".parse().unwrap())
                .recipient("labuser@mx.lab.example.net"),
            facts: Facts::new(),
            zone: Zone::parse(include_str!("../../data/zone.txt")),
            #[cfg(feature = "dns")]
            resolver: None,
        }
    }

    fn answer(&mut self, question: Question) {
        #[cfg(feature = "dns")]
        if let Some(resolver) = &self.resolver {
            return pollster::block_on(resolver.learn(question, &mut self.facts));
        }
        self.zone.answer(question, &mut self.facts);
    }

    /// The ending of a profile's name says where the client is.
    fn ask(&mut self, profile: &str, notation: &str) -> Verdict {
        let (profile, client) = match profile.rsplit_once('-') {
            Some((profile, "v6")) => (profile, "2001:db8::10"),
            Some((profile, "lo")) => (profile, "127.0.0.1"),
            _ => (profile, "192.0.2.10"),
        };
        self.ask_from(profile, client, notation)
    }

    fn ask_from(&mut self, profile: &str, client: &str, notation: &str) -> Verdict {
        let profile = Profile::named(profile).expect("a profile");
        let argument = (notation != r"\-").then(|| table::unescape(notation));
        self.ask_bytes(profile, client, argument.as_deref())
    }

    fn ask_bytes(&mut self, profile: &Profile, client: &str, argument: Option<&[u8]>) -> Verdict {
        loop {
            let attempt = Ehlo {
                argument,
                client: client.parse().unwrap(),
                server: &self.server,
                facts: &self.facts,
            };
            match profile.judge(&attempt) {
                Ok(verdict) => return verdict,
                Err(question) => self.answer(question),
            }
        }
    }
}

/// A zone text as `tests/data/zone.txt` describes it.
#[derive(Default)]
struct Zone(HashMap<String, Vec<(String, String)>>);

/// The records found, the CNAMEs followed, and how it ended.
struct Found {
    values: Vec<String>,
    aliases: Vec<Box<str>>,
    end: End,
}

enum End {
    Fails(NotKnown),
    NoData,
    NxDomain,
}

impl Zone {
    fn parse(text: &str) -> Self {
        let mut records: HashMap<String, Vec<_>> = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.splitn(3, char::is_whitespace);
            let name = fields.next().expect("a name").to_owned();
            let rest = line[name.len()..].trim();
            let (kind, value) = rest.split_once(char::is_whitespace).expect("a value");
            let record = (kind.to_owned(), value.trim().to_owned());
            records.entry(name).or_default().push(record);
        }
        Self(records)
    }

    fn answer(&self, question: Question, facts: &mut Facts) {
        match question {
            Question::Addresses(name, family) => {
                let found = self.ask(&name, family.record_type());
                let answer = found.into_answer(|value| value.parse().expect("an address"));
                facts.insert_addresses(&name, family, answer);
            }
            Question::MailExchangers(name) => {
                let answer = self.ask(&name, "MX").into_answer(exchanger);
                facts.insert_mail_exchangers(&name, answer);
            }
            Question::Names(address) => {
                let found = self.ask(&reverse_name(address), "PTR");
                let answer = found.into_answer(|value| PtrText::new(&value));
                facts.insert_names(address, answer);
            }
            Question::Codes(name) => {
                let found = self.ask(&name, "A");
                let answer = found.into_answer(|value| value.parse().expect("an address"));
                facts.insert_codes(&name, answer);
            }
            Question::Texts(name) => {
                let found = self.ask(&name, "TXT");
                facts.insert_texts(&name, found.into_answer(|value| value.into_bytes().into()));
            }
        }
    }

    fn ask(&self, name: &str, kind: &str) -> Found {
        let mut found = Found {
            values: Vec::new(),
            aliases: Vec::new(),
            end: End::NoData,
        };
        let mut name = name.to_owned();
        loop {
            let Some(records) = self.records(&name) else {
                found.end = End::NxDomain;
                return found;
            };
            let of = |wanted: &str| -> Vec<String> {
                let records = records.iter().filter(|(kind, _)| kind == wanted);
                records.map(|(_, value)| value.clone()).collect()
            };
            if !of("SERVFAIL").is_empty() {
                found.end = End::Fails(NotKnown::ServFail);
            } else if !of("TIMEOUT").is_empty() {
                found.end = End::Fails(NotKnown::Timeout);
            } else if let Some(target) = of("CNAME").pop() {
                found.aliases.push(target.clone().into());
                if found.aliases.len() > 8 {
                    found.end = End::Fails(NotKnown::AliasChain);
                    return found;
                }
                name = target;
                continue;
            }
            found.values = of(kind);
            return found;
        }
    }

    /// The name itself, or the wildcard above it.
    fn records(&self, name: &str) -> Option<&Vec<(String, String)>> {
        let mut above = name;
        let mut records = self.0.get(name);
        while let (None, Some((_, parent))) = (records, above.split_once('.')) {
            records = self.0.get(&format!("*.{parent}"));
            above = parent;
        }
        records
    }
}

impl Found {
    fn into_answer<T>(self, parse: impl Fn(String) -> T) -> Answer<T> {
        let answer = match self.end {
            _ if !self.values.is_empty() => {
                Answer::found(self.values.into_iter().map(parse).collect())
            }
            End::Fails(why) => Answer::not_known(why),
            End::NoData => Answer::no_data(),
            End::NxDomain => Answer::nx_domain(),
        };
        answer.with_aliases(self.aliases)
    }
}

fn exchanger(value: String) -> MailExchanger {
    let (preference, host) = value.split_once(' ').expect("a preference");
    MailExchanger {
        preference: preference.parse().expect("a number"),
        host: host.trim_end_matches('.').into(),
    }
}

fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let octets = address.octets().into_iter().rev();
            let nibbles = octets.map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4));
            nibbles.collect::<String>() + "ip6.arpa"
        }
    }
}

/// What one server answered: groups of alike answers, and one for all arguments that no group
/// names.
#[derive(Default)]
struct Verdicts {
    by_id: HashMap<String, [&'static str; 4]>,
    others: [&'static str; 4],
}

impl Verdicts {
    fn of(&self, id: &str, notation: &str) -> Told {
        let [stage, code, enhanced, text] = self.by_id.get(id).unwrap_or(&self.others);
        let text = text.replace("{}", notation);
        let first = text.split(" // then ").next().unwrap_or_default();
        Told {
            stage: (*stage).to_owned(),
            code: (*code).to_owned(),
            enhanced: (*enhanced).to_owned(),
            text: first.to_owned(),
        }
    }
}

/// Profiles in the order of the file.
fn recordings() -> Vec<(String, Verdicts)> {
    let mut recordings: Vec<(String, Verdicts)> = Vec::new();
    for line in include_str!("../../data/receivers.tsv").lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [profile, stage, code, enhanced, text, ids] = fields[..] else {
            unreachable!("six columns");
        };
        if recordings.last().is_none_or(|(last, _)| last != profile) {
            recordings.push((profile.to_owned(), Verdicts::default()));
        }
        let (_, verdicts) = recordings.last_mut().expect("just pushed");
        let verdict = [stage, code, enhanced, text];
        match ids {
            "*" => verdicts.others = verdict,
            _ => verdicts.by_id.extend(expand(ids).map(|id| (id, verdict))),
        }
    }
    assert!(!recordings.is_empty());
    recordings
}

/// `case-03,04 dns-11` is `case-03`, `case-04` and `dns-11`.
fn expand(ids: &str) -> impl Iterator<Item = String> {
    ids.split(' ').flat_map(|group| {
        let (class, numbers) = group.split_once('-').expect("a class");
        numbers
            .split(',')
            .map(move |number| format!("{class}-{number}"))
    })
}

/// Ids and arguments, the latter in the notation of the file.
fn arguments() -> Vec<(String, String)> {
    let lines = include_str!("../../data/names.tsv").lines().skip(1);
    let arguments: Vec<_> = lines
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let id = fields.next().expect("an id");
            (id, fields.next().expect("an argument"))
        })
        .collect();
    assert!(!arguments.is_empty());
    arguments
}

/// Turns bytes into the notation of the data.
fn escape(bytes: &[u8]) -> String {
    let escaped = bytes.iter().map(|byte| match byte {
        b'\\' => r"\\".to_owned(),
        b'\t' => r"\t".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!(r"\x{byte:02x}"),
    });
    escaped.collect()
}
