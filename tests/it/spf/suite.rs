//! The public test suite of RFC 7208. It is not part of the repository: where it is missing, the
//! test says so.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use helo_name::dns::{Answer, Facts, MailExchanger, NotKnown, PtrText, Question};
use helo_name::spf::{CheckHost, SpfVerdict};
use serde_json::Value;

use crate::support::each::each;

/// A zone of the suite: for each name a list of records, or `TIMEOUT`.
struct Zone<'a>(&'a serde_json::Map<String, Value>);

enum Said {
    Nothing,
    Timeout,
    Records(Vec<Value>),
}

impl Zone<'_> {
    fn node(&self, name: &str) -> Option<&Value> {
        // A name with spaces comes with escapes.
        let is_same = |(other, _): &(&String, &Value)| {
            PtrText::new(other).as_str().eq_ignore_ascii_case(name)
        };
        self.0.iter().find(is_same).map(|(_, node)| node)
    }

    /// Follows CNAMEs, and finds the records of a type. A record `SPF` is a TXT record, too, unless
    /// the name has one of its own.
    fn find(&self, name: &str, kind: &str) -> Said {
        let mut at = name.to_owned();
        for _ in 0..9 {
            let Some(node) = self.node(&at) else {
                return Said::Nothing;
            };
            let Some(records) = node.as_array() else {
                return Said::Timeout;
            };
            let of = |kind: &str| -> Vec<Value> {
                let values = records.iter().filter_map(|record| record.get(kind));
                values.cloned().collect()
            };
            if let Some(Value::String(target)) = of("CNAME").first() {
                at = target.trim_end_matches('.').to_owned();
                continue;
            }
            let mut found = of(kind);
            if kind == "TXT" && found.is_empty() {
                found = of("SPF");
            }
            found.retain(|value| value != "NONE");
            let is_silent = records.iter().any(|record| record == "TIMEOUT");
            return match (found.is_empty(), is_silent) {
                (true, true) => Said::Timeout,
                (true, false) => Said::Nothing,
                (false, _) => Said::Records(found),
            };
        }
        Said::Timeout
    }

    fn answer<T>(&self, name: &str, kind: &str, read: impl Fn(&Value) -> T) -> Answer<T> {
        match self.find(name, kind) {
            Said::Nothing => Answer::no_data(),
            Said::Timeout => Answer::not_known(NotKnown::Timeout),
            Said::Records(records) => Answer::found(records.iter().map(read).collect()),
        }
    }

    fn learn(&self, question: Question, facts: &mut Facts) {
        match question {
            Question::Addresses(name, family) => {
                let read = |value: &Value| text(value).parse().expect("an address");
                let answer = self.answer(&name, family.record_type(), read);
                facts.insert_addresses(&name, family, answer);
            }
            Question::Codes(name) => {
                let read = |value: &Value| text(value).parse().expect("an address");
                facts.insert_codes(&name, self.answer(&name, "A", read));
            }
            Question::MailExchangers(name) => {
                let answer = self.answer(&name, "MX", |value| MailExchanger {
                    preference: value[0].as_u64().expect("a preference") as u16,
                    host: PtrText::new(&text(&value[1])).as_str().into(),
                });
                facts.insert_mail_exchangers(&name, answer);
            }
            Question::Names(address) => {
                let name = reverse_name(address);
                facts.insert_names(
                    address,
                    self.answer(&name, "PTR", |value| PtrText::new(&text(value))),
                );
            }
            Question::Texts(name) => {
                // The suite writes octets as characters of Latin-1.
                let octets =
                    |value: &Value| -> Box<[u8]> { text(value).chars().map(|c| c as u8).collect() };
                facts.insert_texts(&name, self.answer(&name, "TXT", octets));
            }
        }
    }

    fn check(&self, check: &CheckHost) -> SpfVerdict {
        let mut facts = Facts::new();
        let mut asked = BTreeSet::new();
        loop {
            match check.judge(&facts) {
                Ok(verdict) => return verdict,
                Err(questions) => {
                    for question in questions {
                        assert!(asked.insert(question.clone()), "asked twice: {question}");
                        self.learn(question, &mut facts);
                    }
                }
            }
        }
    }
}

/// A text, or the strings of one.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(strings) => strings.iter().map(text).collect(),
        other => unreachable!("no text: {other}"),
    }
}

fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(ipv4) => {
            let [a, b, c, d] = ipv4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ipv6) => {
            let nibbles = ipv6.octets().into_iter().rev();
            let nibbles = nibbles.flat_map(|octet| [octet & 0xf, octet >> 4]);
            let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    }
}

#[test]
fn the_public_suite_comes_out_as_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/spf/rfc7208.json");
    let Ok(suite) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: the public suite of RFC 7208 is not here");
        return;
    };
    let sections: Vec<Value> = serde_json::from_str(&suite).expect("JSON");
    let mut rows = Vec::new();
    for section in &sections {
        let zone = section["zone"].as_object().expect("a zone");
        let tests = section["tests"].as_array().expect("tests");
        rows.extend(tests.iter().map(|test| (Zone(zone), test)));
    }
    assert_eq!(rows.len(), 203);
    each(rows, |(zone, test)| {
        let client: IpAddr = text(&test["host"]).parse().expect("an address");
        let sender = test["mailfrom"].as_str().unwrap_or_default();
        let check = CheckHost::of_sender(client, &text(&test["helo"]), sender);
        let verdict = zone.check(&check);
        let results = test["results"].as_array().expect("results");
        let is_right = results.iter().any(|it| it == verdict.result().as_str());
        assert!(is_right, "{}: {verdict}, should be {results:?}", test["id"]);
    });
}
