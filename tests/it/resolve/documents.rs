//! What serde writes and reads (feature `serde`): whole documents, so that a field cannot change
//! unseen.

use std::net::IpAddr;

use helo_name::dns::{NotKnown, PtrText, Zone};
use helo_name::name::InvalidHeloNameKind;
use helo_name::resolve::Change;
use helo_name::sanitize::sanitize;
use helo_name::verify::{Finding, verify};
use helo_name::{Diagnosis, HeloName, Reply, Resolution, Resolve, Stage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_str, json, to_string, to_value};

use crate::support::each::each;

/// Takes the forecasts out, which depend on features and on the servers that are known.
fn take_forecasts(document: &mut Value) -> Value {
    std::mem::replace(&mut document["forecasts"], json!([]))
}

/// Writes a value; the time that is left depends on the clock, so it is checked here and set to
/// zero.
fn document(value: &impl Serialize) -> Value {
    fn stop_clock(resolution: &mut Value) {
        if let Some(seconds) = resolution.get_mut("valid_for_seconds") {
            assert!(seconds.as_u64().is_some_and(|left| left > 0), "{seconds}");
            *seconds = json!(0);
        }
    }
    let mut document = to_value(value).expect("JSON takes all of it");
    stop_clock(&mut document);
    if let Some(resolution) = document.get_mut("resolution") {
        stop_clock(resolution);
    }
    document
}

fn resolve(zone: Zone) -> Resolve<Zone> {
    let client: IpAddr = "192.0.2.10".parse().expect("an address");
    Resolve::new(zone)
        .ignore_environment()
        .ignore_machine()
        .client_address(client)
}

fn report(zone: Zone) -> Resolution {
    resolve(zone).host_name("web_1").report_blocking()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    helo_name: HeloName,
    others: Vec<HeloName>,
}

#[test]
fn a_name_comes_back_from_json_and_toml_as_it_went() {
    let names = ["mail.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"];
    each(names, |text| {
        let settings = Settings {
            helo_name: HeloName::parse(text).expect("a legal name"),
            others: names
                .map(|name| HeloName::parse(name).expect("a legal name"))
                .into(),
        };
        let as_json = to_string(&settings).expect("JSON takes names");
        assert_eq!(from_str::<Settings>(&as_json).expect(&as_json), settings);
        assert!(
            as_json.starts_with(&format!(r#"{{"helo_name":"{text}","#)),
            "{as_json}"
        );
        let as_toml = toml::to_string(&settings).expect("TOML takes names");
        assert_eq!(
            toml::from_str::<Settings>(&as_toml).expect(&as_toml),
            settings
        );
    });
}

#[test]
fn a_name_that_is_read_is_canonical() {
    each(
        [
            ("Mail.Example.COM", "mail.example.com"),
            ("[ipv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]"),
            ("[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"),
        ],
        |(text, name)| {
            // Borrowed from the text, and owned because of the escape.
            let plain = format!("\"{text}\"");
            let escaped = plain.replace('.', "\\u002e").replace("::", "\\u003a:");
            assert_eq!(from_str::<HeloName>(&plain).expect(text), name);
            assert_eq!(from_str::<HeloName>(&escaped).expect(text), name);
            let value: HeloName = serde_json::from_value(json!(text)).expect(text);
            assert_eq!(value, name);
        },
    );
}

#[test]
fn a_bad_name_is_refused_with_the_rule_it_breaks() {
    each(
        [
            "web_1.example.com",
            "localhost",
            "mail.example.com\r\nRSET",
            "192.0.2.1",
            "",
        ],
        |text| {
            let rule = HeloName::parse(text).expect_err(text).to_string();
            let error = serde_json::from_value::<HeloName>(json!(text)).expect_err(text);
            assert_eq!(error.to_string(), rule);
            let error = from_str::<HeloName>(&json!(text).to_string()).expect_err(text);
            assert!(error.to_string().starts_with(&rule), "{error}");
        },
    );
    let error = from_str::<HeloName>("25").expect_err("a number is no name");
    assert_eq!(
        error.to_string(),
        "invalid type: integer `25`, expected a fully-qualified host name or an address literal at line 1 column 2"
    );
    let hostile = format!("\"{}\"", "a".repeat(100_000));
    let error = from_str::<HeloName>(&hostile).expect_err("far too long");
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn a_resolution_is_this_document() {
    let zone = Zone::new()
        .address("mail.example.com", "192.0.2.10")
        .ptr("192.0.2.10", "mail.example.com")
        .ptr("192.0.2.10", "bad_1.example.com");
    let answer = |records: Value| {
        json!({
            "outcome": "found",
            "not_known": null,
            "records": records,
            "aliases": [],
            "ttl_seconds": 60,
            "server": null,
        "inside": null,
        })
    };
    let mut ptr = answer(json!(["mail.example.com", "bad_1.example.com"]));
    ptr["address"] = json!("192.0.2.10");
    let mut lookup = answer(json!(["192.0.2.10"]));
    lookup["record_type"] = json!("A");
    let findings = json!([{ "address": "192.0.2.10", "finding": "match" }]);
    let refused = |source: &str, address: Option<&str>, raw: &str, kind: &str, message: String| {
        json!({
            "source": source,
            "source_address": address,
            "raw": raw,
            "name": null,
            "repairs": [],
            "decision": "reject",
            "reason": { "kind": kind, "message": message },
            "findings": [],
            "lookups": [],
        })
    };
    let underscore = sanitize("web_1").expect_err("an underscore").to_string();
    let illegal = HeloName::parse("bad_1.example.com")
        .expect_err("an underscore")
        .to_string();
    let mut document = document(&report(zone));
    take_forecasts(&mut document);
    assert_eq!(
        document,
        json!({
            "name": "mail.example.com",
            "provisional": false,
            "valid_for_seconds": 0,
            "error": null,
            "plan": [{
                "name": "mail.example.com",
                "source": "ptr",
                "source_address": "192.0.2.10",
                "decision": "permit",
                "findings": findings,
            }],
            "clients": [{
                "address": "192.0.2.10",
                "origin": "given",
                "iprev": "pass",
                "ptr": ptr,
            }],
            "considered": [
                refused("host-name", None, "web_1", "underscore", underscore),
                {
                    "source": "ptr",
                    "source_address": "192.0.2.10",
                    "raw": "mail.example.com",
                    "name": "mail.example.com",
                    "repairs": [],
                    "decision": "permit",
                    "reason": { "kind": "match", "message": "it has the client address" },
                    "findings": findings,
                    "lookups": [lookup],
                },
                refused("ptr", Some("192.0.2.10"), "bad_1.example.com", "underscore", illegal),
            ],
            "warnings": [{
                "kind": "many-ptr",
                "message": "client address 192.0.2.10 has 2 PTR records, and some servers compare one of them only; keep one",
                "name": null,
                "address": "192.0.2.10",
                "finding": null,
            }],
            "forecasts": [],
            "name_servers": [],
            "servers_asked": [],
            "families": [{
                "protocol": "ipv4",
                "right": true,
                "addresses": ["192.0.2.10"],
                "name": "mail.example.com",
                "missing": [],
            }],
        })
    );
}

#[cfg(feature = "dns")]
#[test]
fn a_name_server_is_an_address_and_how_it_was_found() {
    use helo_name::dns::{NameServer, ServerOrigin};

    let (address, stub) = ("192.0.2.53:53", "127.0.0.53:53");
    let server = NameServer {
        address: address.parse().unwrap(),
        origin: ServerOrigin::BehindStub(stub.parse().unwrap()),
    };
    assert_eq!(
        serde_json::to_value(server).unwrap(),
        json!({ "address": address, "origin": "behind-stub", "stub": stub })
    );
}

#[test]
fn a_resolution_without_a_name_has_the_error_and_its_cure() {
    let zone = Zone::new().ptr_fails("192.0.2.10", NotKnown::ServFail);
    let resolution = report(zone);
    let error = resolution.name().expect_err("the DNS did not say");
    let document = document(&resolution);
    assert_eq!(document["name"], Value::Null);
    assert_eq!(document["plan"], json!([]));
    assert_eq!(document["clients"][0]["ptr"]["not_known"], "serv-fail");
    assert_eq!(
        document["error"],
        json!({
            "kind": "try-again",
            "message": error.to_string(),
            "cure": {
                "kind": "set-name",
                "message": "set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example",
                "line": "HELO_NAME=mail.example.com",
            },
        })
    );
}

#[test]
fn a_warning_says_its_kind_its_sentence_and_what_it_is_about() {
    let zone = Zone::new().address("mail.example.com", "192.0.2.99");
    let resolution = resolve(zone)
        .configured("mail.example.com")
        .report_blocking();
    let [unverified, no_ptr] = resolution.warnings() else {
        unreachable!("{:?}", resolution.warnings());
    };
    assert_eq!(
        document(&resolution)["warnings"],
        json!([
            {
                "kind": "unverified",
                "message": unverified.to_string(),
                "name": "mail.example.com",
                "address": "192.0.2.10",
                "finding": "mismatch",
            },
            {
                "kind": "no-ptr",
                "message": no_ptr.to_string(),
                "name": null,
                "address": "192.0.2.10",
                "finding": null,
            },
        ])
    );
}

#[cfg(feature = "receivers")]
#[test]
fn a_forecast_is_this_document() {
    let resolution = report(Zone::new());
    let forecasts = resolution.forecasts();
    let [forecast] = forecasts.as_slice() else {
        unreachable!("{:?}", resolution.forecasts());
    };
    let refusal = &forecast.refusals()[0];
    let document = take_forecasts(&mut document(&resolution));
    assert_eq!(
        document[0]["candidate"],
        "host name \"web_1\" from 192.0.2.10"
    );
    assert_eq!(document[0]["accepted"], json!(forecast.accepted()));
    assert_eq!(document[0]["open"], json!(forecast.open()));
    assert_eq!(
        document[0]["refusals"][0],
        json!({
            "server": refusal.server(),
            "profiles": refusal.profiles(),
            "stages": ["EHLO", "RCPT"],
            "reply": refusal.reply(),
        })
    );
    let stage = &document[0]["refusals"][0]["stages"][0];
    assert_eq!(stage.as_str(), Some("EHLO"));
}

#[test]
fn a_resolution_can_be_written_as_toml() {
    let zone = Zone::new()
        .address("mail.example.com", "192.0.2.10")
        .ptr("192.0.2.10", "mail.example.com");
    let text = toml::to_string(&report(zone)).expect("TOML takes a resolution");
    let table: toml::Table = text.parse().expect(&text);
    assert_eq!(table["name"].as_str(), Some("mail.example.com"));
    assert!(!table.contains_key("error"), "{text}");
}

#[test]
fn a_diagnosis_is_this_document() {
    let line = b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found\r\n";
    let reply = Reply::parse(line).expect("a reply");
    let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
    assert_eq!(
        document(&diagnosis),
        json!({
            "ours": true,
            "cause": "unresolvable",
            "lasting": true,
            "another_name_may_help": true,
            "because": "Postfix's class for the name: \"helo command rejected\" \
                (Postfix smtpd_check.c, smtpd_helo_restrictions)",
            "advice": diagnosis.advice(),
        })
    );
    assert_eq!(
        document(&reply),
        json!({
            "code": 450,
            "enhanced_code": "4.7.1",
            "lines": ["<web01.example.com>: Helo command rejected: Host not found"],
        })
    );
    assert_eq!(document(&Stage::Rcpt), "rcpt");
}

#[test]
fn a_verification_is_this_document() {
    let zone = Zone::new().alias("www.example.com", "mail.example.com");
    let name = HeloName::from_static("www.example.com");
    let client = "192.0.2.10".parse().ok();
    let document = document(&pollster::block_on(verify(&zone, &name, client)));
    assert_eq!(
        document,
        json!({
            "name": "www.example.com",
            "address": "192.0.2.10",
            "finding": "no-address",
            "message": "it has no A record",
            "is_ptr_name": false,
            "iprev": "permerror",
            "lookups": [{
                "record_type": "A",
                "outcome": "nx-domain",
                "not_known": null,
                "records": [],
                "aliases": ["mail.example.com"],
                "ttl_seconds": 60,
                "server": null,
        "inside": null,
            }],
            "ptr": {
                "address": "192.0.2.10",
                "outcome": "nx-domain",
                "not_known": null,
                "records": [],
                "aliases": [],
                "ttl_seconds": 60,
                "server": null,
        "inside": null,
            },
        })
    );
}

#[test]
fn a_recheck_holds_its_changes_and_the_later_resolution() {
    let zone = Zone::new().address("mail.example.com", "192.0.2.10");
    let recheck = resolve(zone)
        .configured("mail.example.com")
        .report_blocking()
        .recheck_blocking();
    let document = document(&recheck);
    assert_eq!(document["changes"], json!([]));
    assert_eq!(document["resolution"]["name"], "mail.example.com");
}

#[test]
fn each_kind_of_change_says_what_was_and_what_is() {
    let address: IpAddr = "192.0.2.10".parse().expect("an address");
    let name = HeloName::from_static("mail.example.com");
    let changes = [
        Change::ClientAddresses {
            before: vec![],
            after: vec![address],
        },
        Change::Finding {
            name: name.clone(),
            client: Some(address),
            before: Finding::Match,
            after: Finding::Mismatch,
        },
        Change::Name {
            before: Some(name),
            after: None,
        },
        Change::PtrNames {
            address,
            before: vec![PtrText::new("mail.example.com")],
            after: vec![PtrText::new("evil\r\n")],
        },
    ];
    let expected = [
        json!({ "kind": "client-addresses", "name": null, "address": null, "before": [], "after": ["192.0.2.10"] }),
        json!({
            "kind": "finding", "name": "mail.example.com", "address": "192.0.2.10",
            "before": "match", "after": "mismatch",
        }),
        json!({ "kind": "name", "name": null, "address": null, "before": "mail.example.com", "after": null }),
        json!({
            "kind": "ptr-names", "name": null, "address": "192.0.2.10",
            "before": ["mail.example.com"], "after": ["evil\\013\\010"],
        }),
    ];
    each(changes.iter().zip(expected), |(change, mut expected)| {
        expected["message"] = json!(change.to_string());
        assert_eq!(document(change), expected);
    });
}

#[test]
fn what_sanitize_says_is_this_document() {
    let clean = sanitize("Mail.Example.COM.").expect("a name");
    assert_eq!(
        document(&clean),
        json!({ "name": "mail.example.com", "repairs": ["removed-trailing-dot", "lower-cased"] })
    );
    let unusable = sanitize("mail.example.com:25").expect_err("a port");
    assert_eq!(
        document(&unusable),
        json!({
            "kind": "port",
            "message": unusable.to_string(),
            "offset": 16,
            "name": null,
            "repairs": [],
            "suggestion": "mail.example.com",
        })
    );
    let private = document(&sanitize("10.0.0.1").expect_err("private"));
    assert_eq!(private["name"], "[10.0.0.1]");
    assert_eq!(private["repairs"], json!(["bracketed-address"]));
    let invalid = HeloName::parse("localhost").expect_err("one label");
    assert_eq!(
        document(&invalid),
        json!({ "kind": "single-label", "message": invalid.to_string(), "offset": 0 })
    );
    assert_eq!(document(&InvalidHeloNameKind::SingleLabel), "single-label");
}
