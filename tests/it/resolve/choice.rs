//! The builder, from what an operator, a host and the DNS say to the name, its report and its
//! errors.
//!
//! The DNS is a [`Zone`] in memory, and nothing is read from the machine that runs the tests.
//! `real_dns.rs` does the same with packets.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use helo_name::dns::{Answer, Dns, Family, NotKnown, PtrText, Question, Zone};
use helo_name::policy::Judged;
use helo_name::resolve::{ClientOrigin, ResolveErrorKind, Warning};
use helo_name::verify::{ClientFinding, Finding, Iprev};
use helo_name::{Decision, FallbackPolicy, HeloName, Resolution, Resolve, Scope, Source, policy};

use crate::support::each::each;

/// An address for examples: it is looked up as a public one, and never becomes a literal (R5).
const V4: &str = "192.0.2.10";
const V6: &str = "2001:db8::10";

/// Addresses that may become a literal. Nothing is sent to them: the DNS here is in memory.
const PUBLIC_V4: &str = "203.0.114.5";
const PUBLIC_V6: &str = "2600::5";

/// Starts with nothing but what the test says.
fn of<D: Dns>(dns: D) -> Resolve<D> {
    Resolve::new(dns).ignore_environment().ignore_machine()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn server(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), 25)
}

/// A host whose name, address and PTR record agree.
fn agreeing() -> Zone {
    Zone::new()
        .address("mail.example.com", V4)
        .ptr(V4, "mail.example.com")
}

fn planned(report: &Resolution) -> Vec<&str> {
    match report.plan() {
        Ok(plan) => plan.names().map(HeloName::as_str).collect(),
        Err(_) => Vec::new(),
    }
}

fn warned(report: &Resolution) -> Vec<&str> {
    report.warnings().iter().map(Warning::as_str).collect()
}

#[track_caller]
fn assert_report(report: &Resolution, lines: &[&str]) {
    let shown = report.to_string();
    assert_eq!(without_forecasts(&shown), lines, "\n{report}");
}

/// The lines of a report, except those that predict servers' answers: they have a test of their
/// own.
fn without_forecasts(report: &str) -> Vec<&str> {
    let lines = report.lines();
    lines
        .filter(|line| !line.starts_with("forecast: "))
        .collect()
}

#[track_caller]
fn assert_error(report: &Resolution, kind: ResolveErrorKind, message: &str) {
    let error = report.name().unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), kind);
}

// R12: the questions.

/// Resolves, and gives what was asked, sorted.
fn asked(zone: Zone, set: impl FnOnce(Resolve<Arc<Zone>>) -> Resolve<Arc<Zone>>) -> Vec<Question> {
    let zone = Arc::new(zone);
    set(of(Arc::clone(&zone))).report_blocking();
    let mut questions = zone.questions();
    questions.sort();
    questions
}

fn with_ptr_names(zone: Zone, names: impl IntoIterator<Item = String>) -> Zone {
    names
        .into_iter()
        .fold(zone, |zone, name| zone.ptr(V4, &name))
}

#[test]
fn a_host_name_that_is_the_ptr_name_costs_two_questions() {
    let questions = asked(agreeing(), |resolve| {
        resolve.host_name("mail.example.com").client_address(ip(V4))
    });
    let name = HeloName::from_static("mail.example.com");
    assert_eq!(
        questions,
        [
            Question::Addresses(name.as_str().into(), Family::V4),
            Question::Names(ip(V4))
        ]
    );
}

#[test]
fn each_other_ptr_name_costs_one_question_more_up_to_ten() {
    // other PTR names, questions
    let cases = [(0, 2), (1, 3), (9, 11), (10, 12), (11, 12), (200, 12)];
    // The host's own name stands before or behind the others in their order, and is no other either
    // way.
    each(["a.example.com", "z.example.com"], |host| {
        each(cases, |(others, expected)| {
            let names = (0..others).map(|number| format!("host-{number}.example.com"));
            let zone = Zone::new().address(host, V4).ptr(V4, host);
            let questions = asked(with_ptr_names(zone, names), |resolve| {
                resolve.host_name(host).client_address(ip(V4))
            });
            assert_eq!(questions.len(), expected, "{host} and {others} others");
            let distinct: BTreeSet<_> = questions.iter().collect();
            assert_eq!(distinct.len(), expected, "{host} and {others} others");
        });
    });
}

#[test]
fn a_name_from_several_sources_is_asked_for_once() {
    let zone = agreeing()
        .address("mail.example.com", V6)
        .ptr(V6, "mail.example.com");
    let questions = asked(zone, |resolve| {
        resolve
            .configured("mail.example.com")
            .also_derived()
            .host_name("MAIL.example.com.")
            .sender_domain("mail.example.com")
            .client_address(ip(V4))
            .client_address(ip(V6))
    });
    let name = HeloName::from_static("mail.example.com");
    assert_eq!(
        questions,
        [
            Question::Addresses(name.as_str().into(), Family::V4),
            Question::Addresses(name.as_str().into(), Family::V6),
            Question::Names(ip(V4)),
            Question::Names(ip(V6)),
        ]
    );
}

/// Whether a name that cannot exist is asked for (R31).
fn is_probe(question: &Question) -> bool {
    matches!(question, Question::Addresses(name, _) if name.starts_with("nx-"))
}

#[test]
fn without_a_client_address_both_families_are_asked_and_no_ptr() {
    let questions = asked(agreeing(), |resolve| resolve.host_name("mail.example.com"));
    let name = HeloName::from_static("mail.example.com");
    let both = Family::ALL.map(|family| Question::Addresses(name.as_str().into(), family));
    let (probes, asked): (Vec<_>, Vec<_>) = questions.into_iter().partition(is_probe);
    assert_eq!(asked, both);
    assert_eq!(probes.len(), 2, "{probes:?}");
}

#[test]
fn what_means_nothing_in_public_is_not_asked_for() {
    // R15: such a PTR question would leak to public servers, or hang on them.
    each(
        [
            ("10.0.0.1", "10.0.0.25"),
            ("192.168.1.2", "10.0.0.25"),
            ("172.16.0.1", "8.8.8.8"),
            ("100.64.0.1", "8.8.8.8"),
            ("169.254.1.1", "8.8.8.8"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("fd00::1", "fd00::25"),
            ("fe80::1", "fd00::25"),
            ("::ffff:10.0.0.1", "10.0.0.25"),
            ("0.0.0.0", "8.8.8.8"),
        ],
        |(client, server_address)| {
            let questions = asked(Zone::new(), |resolve| {
                resolve
                    .client_address(ip(client))
                    .server(server(server_address))
            });
            assert_eq!(questions, [], "{client} towards {server_address}");
        },
    );
    each(
        [
            "mail.corp.internal",
            "mailer-0.mailer.shop.svc.cluster.local",
            "localhost.localdomain",
            "localhost",
            "10.0.0.1",
            "[203.0.114.5]",
            "shop_mailer_1",
        ],
        |host| {
            let questions = asked(Zone::new(), |resolve| {
                resolve.host_name(host).configured(host).also_derived()
            });
            assert_eq!(questions, [], "{host}");
        },
    );
}

/// Answers nothing until all expected questions have been asked.
struct Meeting {
    zone: Zone,
    expected: usize,
    arrived: AtomicUsize,
}

impl Meeting {
    async fn wait(&self) {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        poll_fn(|context| {
            if self.arrived.load(Ordering::SeqCst) >= self.expected {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl Dns for Meeting {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        self.wait().await;
        self.zone.forward(name, family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        self.wait().await;
        self.zone.reverse(address).await
    }
}

#[test]
fn questions_that_depend_on_no_answer_go_out_at_once() {
    let meeting = Meeting {
        zone: agreeing()
            .address("mail.example.com", V6)
            .ptr(V6, "mail.example.com"),
        expected: 4,
        arrived: AtomicUsize::new(0),
    };
    let report = of(meeting)
        .host_name("mail.example.com")
        .client_address(ip(V4))
        .client_address(ip(V6))
        .report_blocking();
    assert!(!report.is_provisional(), "{report}");
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

// R14: PTR text is hostile, and its order means nothing.

/// All orders of some names.
fn permutations(names: &[&'static str]) -> Vec<Vec<&'static str>> {
    let Some((first, rest)) = names.split_first() else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, *first);
            all.push(longer);
        }
    }
    all
}

#[test]
fn the_order_of_the_ptr_answer_changes_nothing_but_the_line_that_shows_it() {
    let names = [
        "b.mail.example.org",
        "z.example.com",
        "a.example.org",
        "under_score.example.com",
        "under.score_example.com",
    ];
    each(permutations(&names), |order| {
        let zone = names
            .iter()
            .fold(Zone::new(), |zone, name| zone.address(name, V4));
        let zone = with_ptr_names(zone, order.iter().map(ToString::to_string));
        let report = of(zone)
            .host_name("www.example.com") // has no address, and its domain is preferred nevertheless
            .client_address(ip(V4))
            .report_blocking();
        let shown = report.to_string();
        let lines = without_forecasts(&shown).split_off(1);
        assert_eq!(
            lines,
            [
                r#"host name "www.example.com": A none (NXDOMAIN); reject: it has no A record (no-address)"#,
                r#"PTR of 192.0.2.10 "z.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
                r#"PTR of 192.0.2.10 "a.example.org": A 192.0.2.10; permit: it has the client address (match)"#,
                r#"PTR of 192.0.2.10 "b.mail.example.org": A 192.0.2.10; permit: it has the client address (match)"#,
                r#"PTR of 192.0.2.10 "under.score_example.com": reject: underscore at byte 11: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS (underscore)"#,
                r#"PTR of 192.0.2.10 "under_score.example.com": reject: underscore at byte 5: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS (underscore)"#,
                "warning: client address 192.0.2.10 has 5 PTR records, and some servers compare one of them only; keep one (many-ptr)",
                "chosen: z.example.com from PTR of 192.0.2.10; then a.example.org, b.mail.example.org",
            ],
            "{order:?}"
        );
    });
}

#[test]
fn of_two_hundred_ptr_names_the_same_ten_are_looked_at_in_any_order() {
    let names: Vec<String> = (100..300)
        .map(|number| format!("host-{number}.example.com"))
        .collect();
    let mut backwards = names.clone();
    backwards.reverse();
    let zone = || {
        names
            .iter()
            .fold(Zone::new(), |zone, name| zone.address(name, V4))
    };
    let first_ten: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
    each([names.clone(), backwards], |order| {
        let report = of(with_ptr_names(zone(), order))
            .client_address(ip(V4))
            .report_blocking();
        assert_eq!(planned(&report), first_ten);
        let more = report.considered().last().unwrap();
        assert_eq!(
            more.to_string(),
            r#"PTR of 192.0.2.10, 190 more PTR names: reject: only ten are looked up (not-asked)"#
        );
    });
}

/// Lets one address's PTR answer arrive after everything else that is asked in the meantime.
struct Late {
    zone: Zone,
    address: IpAddr,
}

impl Dns for Late {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        self.zone.forward(name, family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        if address == self.address {
            let mut turns = 100;
            poll_fn(|context| {
                turns -= 1;
                if turns == 0 {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        self.zone.reverse(address).await
    }
}

#[test]
fn which_address_answers_first_does_not_change_the_names_looked_at() {
    let zone = || {
        (10..30).fold(Zone::new(), |zone, number| {
            let name = format!("host-{number}.example.com");
            let zone = if number < 25 {
                zone.ptr(V4, &name)
            } else {
                zone
            };
            let zone = if number > 14 {
                zone.ptr(V6, &name)
            } else {
                zone
            };
            zone.address(&name, V4).address(&name, V6)
        })
    };
    let report = |late| {
        of(Late {
            zone: zone(),
            address: ip(late),
        })
        .client_address(ip(V4))
        .client_address(ip(V6))
        .report_blocking()
        .to_string()
    };
    assert_eq!(report(V4), report(V6));
}

#[test]
fn hostile_ptr_text_is_refused_and_shown_harmless() {
    let long = "a".repeat(300);
    // text, what its line says
    let cases = [
        (
            "mail.example.com\r\nMAIL FROM:<a@example.com>",
            r#""mail.example.com\013\010MAIL\032FROM:<a@example.com>": reject: the PTR record is not a host name (bad-character)"#,
        ),
        (
            "two words.example.com",
            r#""two\032words.example.com": reject: the PTR record is not a host name (bad-character)"#,
        ),
        (
            "under_score.example.com",
            r#""under_score.example.com": reject: underscore at byte 5: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS (underscore)"#,
        ),
        (
            "localhost",
            r#""localhost": reject: only one label: servers want a fully-qualified name (RFC 5321 2.3.5); add the domain, as in mail.example.com (single-label)"#,
        ),
        (
            "mail.corp.internal",
            r#""mail.corp.internal": reject: this name is known only in its own network (under `internal`); configure the public host name, such as mail.example.com (private-name)"#,
        ),
        (
            "192.0.2.10",
            r#""192.0.2.10": reject: the PTR record is not a host name (bare-address)"#,
        ),
        (
            "",
            r#""": reject: the name is empty; give a fully-qualified host name such as mail.example.com (empty)"#,
        ),
        (
            &long,
            r#""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... (300 bytes)": reject: name too long at byte 253: a name has at most 253 characters; use a shorter one (too-long)"#,
        ),
    ];
    each(cases, |(text, line)| {
        let report = of(Zone::new().ptr(V4, text))
            .client_address(ip(V4))
            .report_blocking();
        let considered: Vec<String> = report
            .considered()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(considered, [format!("PTR of 192.0.2.10 {line}")]);
        assert!(report.name().is_err(), "{text:?}");
    });
}

#[test]
fn a_ptr_record_with_an_address_literal_is_no_name() {
    each(
        [(PUBLIC_V4, "[203.0.114.5]"), (PUBLIC_V6, "[IPv6:2600::5]")],
        |(client, text)| {
            let report = of(Zone::new().ptr(client, text))
                .client_address(ip(client))
                .report_blocking();
            let from_ptr = &report.considered()[0];
            assert_eq!(
                (from_ptr.name(), from_ptr.decision()),
                (None, Decision::Reject),
                "{report}"
            );
        },
    );
}

// R16: the words of RFC 8601, and aliases.

#[test]
fn iprev_says_whether_the_names_of_an_address_lead_back_to_it() {
    let alone = || Zone::new().ptr(V4, "mail.example.com");
    let cases = [
        (agreeing(), Some(Iprev::Pass)),
        (
            alone().address("mail.example.com", "192.0.2.11"),
            Some(Iprev::Fail),
        ),
        (alone(), Some(Iprev::Fail)),
        (
            Zone::new().ptr(V4, "under_score.example.com"),
            Some(Iprev::Fail),
        ),
        (
            alone().fails("mail.example.com", NotKnown::ServFail),
            Some(Iprev::TempError),
        ),
        (
            Zone::new().ptr_fails(V4, NotKnown::Timeout),
            Some(Iprev::TempError),
        ),
        (Zone::new(), Some(Iprev::PermError)),
        // One good name is enough.
        (agreeing().ptr(V4, "gone.example.com"), Some(Iprev::Pass)),
        (
            agreeing()
                .ptr(V4, "broken.example.com")
                .fails("broken.example.com", NotKnown::ServFail),
            Some(Iprev::Pass),
        ),
    ];
    each(cases, |(zone, expected)| {
        let report = of(zone).client_address(ip(V4)).report_blocking();
        assert_eq!(report.clients()[0].iprev(), expected, "{report}");
    });
}

#[test]
fn iprev_is_not_said_to_fail_when_not_all_names_were_asked_for() {
    // A configured name is the only one asked for, and the address may well have another that is
    // right.
    let zone = Zone::new()
        .address("mail.example.com", "192.0.2.11")
        .address("mx.example.com", V4)
        .ptr(V4, "mail.example.com")
        .ptr(V4, "mx.example.com");
    let report = of(zone)
        .configured("mail.example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_eq!(report.clients()[0].iprev(), None, "{report}");
}

#[test]
fn an_alias_is_a_warning_and_changes_no_decision() {
    let zone = Zone::new()
        .alias("www.example.com", "mail.example.com")
        .address("mail.example.com", V4)
        .ptr(V4, "www.example.com");
    let report = of(zone)
        .host_name("www.example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR www.example.com; iprev pass",
            r#"host name "www.example.com": A 192.0.2.10 by CNAME mail.example.com; permit: it has the client address (match)"#,
            r#"PTR of 192.0.2.10 "www.example.com": A 192.0.2.10 by CNAME mail.example.com; permit: it has the client address (match)"#,
            "warning: www.example.com is an alias of mail.example.com; servers expect the primary host name (RFC 5321 2.3.5) (alias)",
            "chosen: www.example.com from host name",
        ],
    );
}

#[test]
fn an_alias_chain_without_end_is_not_known_and_never_no_address() {
    let zone = Zone::new()
        .alias("www.example.com", "web.example.com")
        .alias("web.example.com", "www.example.com")
        .ptr(V4, "www.example.com");
    let report = of(zone).client_address(ip(V4)).report_blocking();
    let considered = &report.considered()[0];
    assert_eq!(
        considered.findings(),
        [ClientFinding::new(Some(ip(V4)), Finding::Unknown)]
    );
    assert!(report.is_provisional());
}

// R17: the client address.

#[test]
fn without_a_client_address_nothing_matches() {
    let zone = agreeing().address("mail.example.com", V6);
    let report = of(zone).host_name("mail.example.com").report_blocking();
    assert_report(
        &report,
        &[
            r#"host name "mail.example.com": A 192.0.2.10; AAAA 2001:db8::10; permit: it has a public address (resolves)"#,
            "warning: the address that servers see is not known, so no name could be matched with it; give the client address (no-client-address)",
            "chosen: mail.example.com from host name",
        ],
    );
}

#[test]
fn every_client_address_counts_once_and_none_is_no_call() {
    let report = of(Zone::new())
        .client_address(ip("192.0.2.9"))
        .client_address(ip(V6))
        .client_address(ip("::ffff:192.0.2.10"))
        .client_address(None)
        .report_blocking();
    let addresses: Vec<IpAddr> = report
        .clients()
        .iter()
        .map(|client| client.address())
        .collect();
    assert_eq!(addresses, [ip("192.0.2.9"), ip(V4), ip(V6)]);
}

#[test]
fn a_private_client_address_counts_as_not_known_and_is_said_to_be_useless_in_public() {
    let report = of(agreeing())
        .host_name("mail.example.com")
        .client_address(ip("10.244.1.17"))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 10.244.1.17 (given): not public, so its PTR was not asked for",
            r#"host name "mail.example.com": A 192.0.2.10; AAAA none (NODATA); permit: it has a public address (resolves)"#,
            "warning: client address 10.244.1.17 is not public, so no server outside sees it; give the address that servers see (client-address-not-public)",
            "chosen: mail.example.com from host name",
        ],
    );
}

#[test]
fn the_local_address_towards_the_server_is_the_client_address_where_the_server_can_see_it() {
    let towards = |address: &str| {
        let zone = Arc::new(Zone::new());
        // The machine is asked for the way to the server; a host name is given, and of the rest
        // nothing is looked at.
        let report = Resolve::new(Arc::clone(&zone))
            .ignore_environment()
            .host_name("shop_mailer_1")
            .server(server(address))
            .report_blocking();
        let clients = report.clients().iter();
        let clients: Vec<_> = clients
            .map(|client| (client.address(), client.origin()))
            .collect();
        (clients, zone.questions())
    };
    let (clients, questions) = towards("127.0.0.1");
    assert_eq!(clients, [(ip("127.0.0.1"), ClientOrigin::TowardsServer)]);
    assert!(
        !questions
            .iter()
            .any(|question| matches!(question, Question::Names(_)))
    );
    // Whatever address this machine has, a public server sees no private one.
    let (clients, _) = towards("198.41.0.4");
    let unseen = clients.iter().find(|(address, _)| {
        matches!(
            Scope::of_address(*address),
            Scope::Loopback | Scope::Private
        )
    });
    assert_eq!(unseen, None);
}

// R18: the operator's word.

#[test]
fn a_configured_name_is_the_whole_plan_unless_derived_ones_are_wanted() {
    let zone = || agreeing().address("helo.example.com", V4);
    let alone = of(zone())
        .configured("helo.example.com")
        .host_name("mail.example.com")
        .client_address(ip(V4));
    assert_eq!(planned(&alone.report_blocking()), ["helo.example.com"]);
    let derived = of(zone())
        .configured("helo.example.com")
        .also_derived()
        .host_name("mail.example.com")
        .client_address(ip(V4));
    assert_eq!(
        planned(&derived.report_blocking()),
        ["helo.example.com", "mail.example.com"]
    );
}

#[test]
fn a_configured_name_is_sent_whatever_the_dns_says_and_the_report_says_so() {
    let cases = [
        (
            Zone::new().ptr(V4, "mail.example.com"),
            "none (NXDOMAIN)",
            "it has no A record",
            "no-address",
        ),
        (
            Zone::new()
                .empty("helo.example.com")
                .ptr(V4, "mail.example.com"),
            "none (NODATA)",
            "it has no A record",
            "no-address",
        ),
        (
            Zone::new()
                .address("helo.example.com", "192.0.2.11")
                .ptr(V4, "mail.example.com"),
            "192.0.2.11",
            "none of its addresses is the client address",
            "mismatch",
        ),
        (
            Zone::new()
                .address("helo.example.com", "10.0.0.1")
                .ptr(V4, "mail.example.com"),
            "10.0.0.1",
            "none of its addresses is public",
            "not-public",
        ),
    ];
    each(cases, |(zone, answer, finding, word)| {
        let report = of(zone)
            .configured("helo.example.com")
            .client_address(ip(V4))
            .report_blocking();
        assert_report(
            &report,
            &[
                "client address 192.0.2.10 (given): PTR mail.example.com",
                &format!(
                    r#"configured name "helo.example.com": A {answer}; permit: {finding} ({word})"#
                ),
                &format!("warning: helo.example.com is sent unverified: {finding} (unverified)"),
                "warning: the PTR record of 192.0.2.10 does not name helo.example.com; some servers compare the two (ptr-names-other)",
                "chosen: helo.example.com from configured name",
            ],
        );
    });
}

#[test]
fn a_configured_name_is_repaired_and_the_report_says_how() {
    let report = of(agreeing())
        .configured(" Mail.Example.COM.\n")
        .client_address(ip(V4))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR mail.example.com; iprev pass",
            r#"configured name " Mail.Example.COM.\x0a" is mail.example.com (surrounding white space removed, trailing dot removed, upper case made lower case): A 192.0.2.10; permit: it has the client address (match)"#,
            "chosen: mail.example.com from configured name",
        ],
    );
}

#[test]
fn a_blank_setting_is_none_and_the_report_says_so() {
    each(["", " ", "\t\r\n "], |blank| {
        let report = of(agreeing())
            .configured(blank)
            .client_address(ip(V4))
            .report_blocking();
        assert_report(
            &report,
            &[
                "client address 192.0.2.10 (given): PTR mail.example.com; iprev pass",
                r#"PTR of 192.0.2.10 "mail.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
                "warning: configured name is blank and counts as not set (blank-setting)",
                "chosen: mail.example.com from PTR of 192.0.2.10",
            ],
        );
    });
}

#[test]
fn a_configured_name_that_cannot_be_sent_is_an_error_and_nothing_takes_its_place() {
    // setting, reason, cure
    let cases = [
        (
            "{}",
            "this is a template that was not filled in (at byte 0); find out why, or configure the host name itself",
            "HELO_NAME=mail.example.com",
        ),
        (
            "http://mail.example.net",
            "this is a URL or a path; write only the host name; did you mean mail.example.net?",
            "HELO_NAME=mail.example.net",
        ),
        (
            "mail.example.net:25",
            "a port is attached (at byte 16); write only the host name; did you mean mail.example.net?",
            "HELO_NAME=mail.example.net",
        ),
        (
            "localhost",
            "this is every machine's name for itself; configure the public host name, such as mail.example.com",
            "HELO_NAME=mail.example.com",
        ),
        (
            "shop_mailer_1",
            "a host name has no underscore (at byte 4); configure a name without one; use a hyphen instead only if the DNS has that name",
            "HELO_NAME=mail.example.com",
        ),
        (
            "mail.example.com\r\nMAIL FROM:<a@example.com>",
            r"a control character could end the command and start another (`\x0d` at byte 16); find out where it comes from and write only the host name",
            "HELO_NAME=mail.example.com",
        ),
        (
            "[10.0.0.1]",
            "this address is private, and servers outside see another; configure the name or the address that servers see",
            "HELO_NAME=mail.example.com",
        ),
    ];
    each(cases, |(setting, reason, cure)| {
        let settings = || {
            of(agreeing())
                .configured(setting)
                .host_name("mail.example.com")
                .client_address(ip(V4))
        };
        each(
            [
                settings().report_blocking(),
                settings().also_derived().report_blocking(),
                settings().policy(policy::Submission).report_blocking(),
                settings().policy(policy::Strict).report_blocking(),
            ],
            |report| {
                let error = report.name().unwrap_err();
                assert_eq!(error.kind(), ResolveErrorKind::Configuration, "{report}");
                assert_eq!(error.cure().to_string(), cure);
                let shown = setting.replace('\r', r"\x0d").replace('\n', r"\x0a");
                let message = error.to_string();
                let beginning = format!(
                    r#"the configured EHLO name cannot be sent; configured name "{shown}": {reason}; fix: change the setting, or remove it and set "#
                );
                assert!(message.starts_with(&beginning), "\n{message}\n{beginning}");
            },
        );
    });
}

/// What the tests of `HELO_NAME` run in a process of its own: nobody else's variables may be
/// changed.
#[test]
#[ignore = "run by other tests, as a process with another environment"]
fn child_resolves_with_the_variable_of_its_environment() {
    let configured = std::env::var("TEST_CONFIGURED").ok();
    let report = Resolve::new(agreeing())
        .ignore_machine()
        .configured(configured.as_deref())
        .client_address(ip(V4))
        .report_blocking();
    println!("\nREPORT");
    for line in report.to_string().lines().skip(1) {
        println!("{line}");
    }
    println!("END");
}

/// Resolves in a process with this `HELO_NAME`; gives the report without the line about the client
/// address.
fn with_variable(variable: &OsStr, configured: Option<&str>) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("resolve::choice::child_resolves_with_the_variable_of_its_environment")
        .env("HELO_NAME", variable)
        .env_remove("TEST_CONFIGURED");
    if let Some(name) = configured {
        child.env("TEST_CONFIGURED", name);
    }
    let output = child.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report = text.lines().skip_while(|line| *line != "REPORT").skip(1);
    let report: Vec<&str> = report.take_while(|line| *line != "END").collect();
    let report = report.join("\n");
    let report = without_forecasts(&report).into_iter();
    report.map(str::to_owned).collect()
}

#[test]
fn the_variable_is_the_operators_word_too() {
    assert_eq!(
        with_variable(OsStr::new("Mail.example.com"), None),
        [
            r#"HELO_NAME "Mail.example.com" is mail.example.com (upper case made lower case): A 192.0.2.10; permit: it has the client address (match)"#,
            "chosen: mail.example.com from HELO_NAME",
        ]
    );
}

#[test]
fn a_blank_variable_is_none_and_the_report_says_so() {
    each(["", "  "], |blank| {
        assert_eq!(
            with_variable(OsStr::new(blank), None),
            [
                r#"PTR of 192.0.2.10 "mail.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
                "warning: HELO_NAME is blank and counts as not set (blank-setting)",
                "chosen: mail.example.com from PTR of 192.0.2.10",
            ]
        );
    });
}

#[test]
fn a_configured_name_wins_over_the_variable_and_a_difference_is_a_warning() {
    let chosen = [
        r#"configured name "mail.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
        "chosen: mail.example.com from configured name",
    ];
    let same = with_variable(OsStr::new("MAIL.example.com."), Some("mail.example.com"));
    assert_eq!(same, chosen);
    each(
        [
            ("mx.example.com", "mx.example.com"),
            ("{}", "{}"),
            ("a\r\nb", r"a\x0d\x0ab"),
        ],
        |(variable, shown)| {
            let warning = format!(
                r#"warning: the configured name "mail.example.com" is used; HELO_NAME says "{shown}" (variable-overruled)"#
            );
            let differs = with_variable(OsStr::new(variable), Some("mail.example.com"));
            assert_eq!(differs, [chosen[0], &warning, chosen[1]]);
        },
    );
}

#[test]
fn a_variable_that_cannot_be_sent_is_an_error() {
    let shown = with_variable(OsStr::new("{}"), None);
    assert_eq!(
        shown,
        [
            r#"HELO_NAME "{}": reject: this is a template that was not filled in (at byte 0); find out why, or configure the host name itself (template)"#,
            "no name: the configured EHLO name cannot be sent (configuration); fix: set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example: HELO_NAME=mail.example.com",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_an_error() {
    use std::os::unix::ffi::OsStrExt;

    let shown = with_variable(OsStr::from_bytes(b"caf\xe9.example.com"), None);
    assert_eq!(
        shown[0],
        r#"HELO_NAME "caf\xe9.example.com": reject: the name is not UTF-8 (`\xe9` at byte 3); use an ASCII host name, or write the international name as A-labels (xn--...) (not-utf8)"#
    );
}

// R19: no constant, and an error that helps.

#[test]
fn with_nothing_usable_the_error_lists_every_candidate_and_the_cure() {
    let zone = Zone::new().ptr(V4, "under_score.example.com");
    let report = of(zone)
        .host_name("mailer-5b8f7d9c4-x2k9q")
        .sender_domain("example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_error(
        &report,
        ResolveErrorKind::NoUsableName,
        "no usable EHLO name; \
         host name \"mailer-5b8f7d9c4-x2k9q\": this looks like the name of a Kubernetes pod; configure the name that \
         belongs to the address the cluster sends from: its PTR record; \
         sender domain \"example.com\": it has no A record; \
         PTR of 192.0.2.10 \"under_score.example.com\": underscore at byte 5: a host name has only letters, digits and \
         hyphens between its dots; use a name without underscore that exists in DNS; \
         fix: set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example: HELO_NAME=mail.example.com",
    );
}

#[test]
fn without_any_candidate_the_error_says_so() {
    let report = of(Zone::new()).report_blocking();
    assert_error(
        &report,
        ResolveErrorKind::NoUsableName,
        "no usable EHLO name; there is no candidate; fix: set HELO_NAME to this host's fully-qualified name, for example: \
         HELO_NAME=mail.example.com",
    );
}

#[test]
fn localhost_is_never_invented() {
    let hosts = [
        None,
        Some("localhost"),
        Some("localhost.localdomain"),
        Some("127.0.0.1"),
        Some("[IPv6:::1]"),
    ];
    let policies: [fn() -> Box<dyn FallbackPolicy>; 3] = [
        || Box::new(policy::Strict),
        || Box::new(policy::Standard),
        || Box::new(policy::Submission),
    ];
    each(hosts, |host| {
        each(policies, |policy| {
            each(
                [
                    None,
                    Some(server("8.8.8.8")),
                    Some(server("10.0.0.25")),
                    Some(server("127.0.0.1")),
                ],
                |to| {
                    each([None, Some(ip(V4)), Some(ip("10.0.0.1"))], |client| {
                        let mut resolve = of(Zone::new())
                            .policy(policy())
                            .server(to)
                            .client_address(client)
                            .domain("localdomain");
                        if let Some(host) = host {
                            resolve = resolve.host_name(host);
                        }
                        let report = resolve.report_blocking();
                        let planned = planned(&report);
                        assert!(
                            !planned.iter().any(
                                |name| name.contains("localhost") || name.contains("127.0.0.1")
                            ),
                            "{report}"
                        );
                    });
                },
            );
        });
    });
}

// R20: policies from configuration, and closures.

#[test]
fn a_boxed_policy_decides() {
    each(
        [
            (Box::new(policy::Strict) as Box<dyn FallbackPolicy>, None),
            (Box::new(policy::Standard), Some("mail.example.com")),
        ],
        |(policy, name)| {
            let report = of(Zone::new())
                .configured("mail.example.com")
                .client_address(ip(V4))
                .policy(policy)
                .report_blocking();
            assert_eq!(report.name().ok().map(HeloName::as_str), name);
        },
    );
}

#[test]
fn a_closure_sees_candidate_finding_client_and_server_and_decides() {
    let zone = agreeing()
        .address("mx.example.com", V4)
        .ptr(V4, "mx.example.com");
    let report = of(zone)
        .client_address(ip(V4))
        .server(server("10.0.0.25"))
        .policy_fn(|judged: &Judged<'_>| {
            assert_eq!(judged.client_address(), Some(ip(V4)));
            assert_eq!(judged.server_scope(), Some(Scope::Private));
            assert_eq!(judged.finding(), Finding::Match);
            assert_eq!(judged.source(), Source::Ptr(ip(V4)));
            match judged.name().as_str() {
                "mail.example.com" => Decision::Hold,
                _ => Decision::Permit,
            }
        })
        .report_blocking();
    assert_eq!(planned(&report), ["mx.example.com", "mail.example.com"]);
}

#[test]
fn a_policy_that_rejects_all_leaves_an_error() {
    let report = of(agreeing())
        .host_name("mail.example.com")
        .client_address(ip(V4))
        .policy_fn(|_| Decision::Reject)
        .report_blocking();
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::NoUsableName
    );
}

// R21: the order.

#[test]
fn names_are_planned_in_the_order_of_what_speaks_for_them() {
    let confirmed = |zone: Zone, name: &str| zone.address(name, PUBLIC_V4).ptr(PUBLIC_V4, name);
    // why, zone, host name, plan
    let cases: [(&str, Zone, &str, &[&str]); 8] = [
        (
            "a host name that is also a PTR name stands before other PTR names",
            confirmed(confirmed(Zone::new(), "a.example.com"), "z.example.com"),
            "z.example.com",
            &["z.example.com", "a.example.com"],
        ),
        (
            "a PTR name stands before a host name that only matches",
            confirmed(Zone::new(), "z.example.com").address("a.example.com", PUBLIC_V4),
            "a.example.com",
            &["z.example.com", "a.example.com"],
        ),
        (
            "a host name that mismatches is held behind a PTR name",
            confirmed(Zone::new(), "z.example.com").address("a.example.com", "203.0.114.9"),
            "a.example.com",
            &["z.example.com", "a.example.com"],
        ),
        (
            "the literal comes after a held host name",
            Zone::new().address("a.example.com", "203.0.114.9"),
            "a.example.com",
            &["a.example.com", "[203.0.114.5]"],
        ),
        (
            "a generic name comes after the other permitted ones",
            confirmed(
                confirmed(Zone::new(), "a.example.com"),
                "5.pool.example.com",
            ),
            "5.pool.example.com",
            &["a.example.com", "5.pool.example.com"],
        ),
        (
            "a generic name that verified stands before a held one",
            confirmed(Zone::new(), "5.pool.example.com").address("a.example.com", "203.0.114.9"),
            "a.example.com",
            &["5.pool.example.com", "a.example.com"],
        ),
        (
            "a generic name that is held stands before the literal",
            Zone::new().address("5.pool.example.com", "203.0.114.9"),
            "5.pool.example.com",
            &["5.pool.example.com", "[203.0.114.5]"],
        ),
        (
            "with no name at all there is the literal",
            Zone::new(),
            "shop_mailer_1",
            &["[203.0.114.5]"],
        ),
    ];
    each(cases, |(why, zone, host, plan)| {
        let report = of(zone)
            .host_name(host)
            .client_address(ip(PUBLIC_V4))
            .report_blocking();
        assert_eq!(planned(&report), plan, "{why}\n{report}");
    });
}

#[test]
fn literals_come_last_with_ipv4_before_ipv6() {
    let report = of(Zone::new().address("mail.example.com", "203.0.114.9"))
        .host_name("mail.example.com")
        .client_address(ip(PUBLIC_V6))
        .client_address(ip(PUBLIC_V4))
        .report_blocking();
    assert_eq!(
        planned(&report),
        ["mail.example.com", "[203.0.114.5]", "[IPv6:2600::5]"]
    );
}

#[test]
fn a_generic_name_is_chosen_with_a_warning() {
    let zone = Zone::new()
        .address("203-0-114-5.dyn.example.net", PUBLIC_V4)
        .ptr(PUBLIC_V4, "203-0-114-5.dyn.example.net");
    let report = of(zone).client_address(ip(PUBLIC_V4)).report_blocking();
    assert_report(
        &report,
        &[
            "client address 203.0.114.5 (given): PTR 203-0-114-5.dyn.example.net; iprev pass",
            r#"PTR of 203.0.114.5 "203-0-114-5.dyn.example.net": A 203.0.114.5; permit: it has the client address (match)"#,
            "warning: 203-0-114-5.dyn.example.net looks like an ISP-assigned name (contains four numbers like an address); some servers refuse such names (generic)",
            "chosen: 203-0-114-5.dyn.example.net from PTR of 203.0.114.5",
        ],
    );
}

// Bare host names.

#[test]
fn a_bare_host_name_is_qualified_by_the_given_domain_only() {
    let zone = || Zone::new().address("web.example.com", V4);
    let report = of(zone())
        .host_name("web")
        .domain("example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR none (NXDOMAIN); iprev permerror",
            r#"host name "web": reject: this name has one label, and servers need a fully-qualified one; configure the host name with its domain, such as mail.example.com (single-label)"#,
            r#"host name with the given domain "web.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
            "warning: client address 192.0.2.10 has no PTR record; many servers refuse that whatever the name is; ask whoever provides the address to set one (no-ptr)",
            "chosen: web.example.com from host name with the given domain",
        ],
    );
    let report = of(zone())
        .host_name("web")
        .client_address(ip(V4))
        .report_blocking();
    assert_eq!(report.considered().len(), 1, "{report}");
}

#[test]
fn a_container_or_pod_name_is_never_qualified() {
    each(
        [
            "15b0717dc4c2",
            "mailer-5b8f7d9c4-x2k9q",
            "localhost",
            "10.0.0.1",
            "",
            " ",
        ],
        |host| {
            let report = of(Zone::new())
                .host_name(host)
                .domain("example.com")
                .report_blocking();
            assert_eq!(report.considered().len(), 1, "{host:?}\n{report}");
            assert!(report.name().is_err(), "{host:?}");
        },
    );
}

// R22: literals of private and loopback addresses.

#[test]
fn a_private_literal_is_for_a_private_server_under_submission_only() {
    // client, server, Standard, Submission
    let cases = [
        ("10.0.0.1", Some("10.0.0.25"), None, Some("[10.0.0.1]")),
        ("10.0.0.1", Some("8.8.8.8"), None, None),
        ("10.0.0.1", None, None, None),
        ("10.0.0.1", Some("127.0.0.1"), None, None),
        ("127.0.0.1", Some("127.0.0.1"), None, Some("[127.0.0.1]")),
        ("127.0.0.1", Some("10.0.0.25"), None, None),
        ("::1", Some("::1"), None, Some("[IPv6:::1]")),
    ];
    each(cases, |(client, to, standard, submission)| {
        let resolve = || {
            of(Zone::new())
                .client_address(ip(client))
                .server(to.map(server))
        };
        let name = |report: Resolution| report.into_name().ok().map(String::from);
        let context = format!("{client} towards {to:?}");
        assert_eq!(
            name(resolve().report_blocking()).as_deref(),
            standard,
            "{context}"
        );
        let handed_in = resolve().policy(policy::Submission).report_blocking();
        assert_eq!(name(handed_in).as_deref(), submission, "{context}");
        let strict = resolve().policy(policy::Strict).report_blocking();
        assert_eq!(name(strict), None, "{context}");
    });
}

#[test]
fn a_private_name_that_is_configured_goes_to_a_private_server() {
    let report = of(Zone::new())
        .configured("mail.corp.internal")
        .server(server("10.0.0.25"))
        .client_address(ip("10.0.0.1"))
        .report_blocking();
    assert_eq!(report.name().unwrap(), &"mail.corp.internal");
    assert_eq!(warned(&report), ["unverified"], "{report}");
    let report = of(Zone::new())
        .host_name("mail.corp.internal")
        .server(server("10.0.0.25"))
        .client_address(ip("10.0.0.1"))
        .report_blocking();
    assert!(report.name().is_err(), "{report}");
}

// R23: the DNS does not answer.

#[test]
fn a_configured_name_needs_no_dns_and_is_provisional_without() {
    let before = Instant::now();
    let report = of(Zone::new()
        .fails("mail.example.com", NotKnown::ServFail)
        .ptr_fails(V4, NotKnown::Timeout))
    .configured("mail.example.com")
    .client_address(ip(V4))
    .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR not known (no answer in time); iprev temperror",
            r#"configured name "mail.example.com": A not known (SERVFAIL); permit: the DNS did not say (unknown)"#,
            "warning: mail.example.com is sent unverified: the DNS did not say (unverified)",
            "warning: the choice rests on something the DNS did not say; resolve again within a minute (provisional)",
            "chosen: mail.example.com from configured name, provisional",
        ],
    );
    assert!(report.is_provisional());
    assert!(report.valid_until() <= Instant::now() + Duration::from_secs(60));
    assert!(report.valid_until() >= before);
}

#[test]
fn under_strict_a_configured_name_that_the_dns_is_silent_about_is_worth_another_try() {
    let report = of(Zone::new().fails("mail.example.com", NotKnown::Timeout))
        .configured("mail.example.com")
        .client_address(ip(V4))
        .policy(policy::Strict)
        .report_blocking();
    // The record may well be there.
    assert_error(
        &report,
        ResolveErrorKind::TryAgain,
        "no usable EHLO name until the DNS answers; try again; configured name \"mail.example.com\": the DNS did not \
         say; fix: publish this record: mail.example.com. A 192.0.2.10",
    );
}

#[test]
fn the_literal_stands_in_only_when_the_dns_answered_that_there_is_no_ptr_name() {
    let silent = Zone::new().ptr_fails(PUBLIC_V4, NotKnown::Timeout);
    let unsure = Zone::new()
        .ptr(PUBLIC_V4, "mail.example.com")
        .fails("mail.example.com", NotKnown::ServFail);
    let refuted = Zone::new().ptr(PUBLIC_V4, "mail.example.com");
    let illegal = Zone::new().ptr(PUBLIC_V4, "under_score.example.com");
    let cases: [(Zone, &[&str]); 5] = [
        (silent, &[]),
        (unsure, &["mail.example.com"]),
        (refuted, &["[203.0.114.5]"]),
        (illegal, &["[203.0.114.5]"]),
        (Zone::new(), &["[203.0.114.5]"]),
    ];
    each(cases, |(zone, plan)| {
        let report = of(zone).client_address(ip(PUBLIC_V4)).report_blocking();
        assert_eq!(planned(&report), plan, "{report}");
    });
}

#[test]
fn when_only_what_is_not_known_is_left_the_error_says_to_try_again() {
    let report = of(Zone::new().ptr_fails(V4, NotKnown::Timeout))
        .host_name("shop_mailer_1")
        .client_address(ip(V4))
        .report_blocking();
    assert_error(
        &report,
        ResolveErrorKind::TryAgain,
        "no usable EHLO name until the DNS answers; try again; \
         host name \"shop_mailer_1\": a host name has no underscore (at byte 4); configure a name without one; \
         use a hyphen instead only if the DNS has that name; \
         PTR of 192.0.2.10: the DNS did not say (no answer in time); \
         fix: set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example: HELO_NAME=mail.example.com",
    );
    assert!(report.valid_until() <= Instant::now() + Duration::from_secs(60));
    // A bare name that might be qualified is one of those (the table of `Standard`).
    let report = of(Zone::new().fails("web.example.com", NotKnown::ServFail))
        .host_name("web")
        .domain("example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::TryAgain,
        "{report}"
    );
}

#[test]
fn a_choice_is_provisional_when_something_better_was_not_known() {
    let zone = Zone::new()
        .address("mail.example.com", V4)
        .ptr_fails(V4, NotKnown::Refused);
    let report = of(zone)
        .host_name("mail.example.com")
        .client_address(ip(V4))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR not known (REFUSED); iprev temperror",
            r#"host name "mail.example.com": A 192.0.2.10; permit: it has the client address (match)"#,
            "warning: the choice rests on something the DNS did not say; resolve again within a minute (provisional)",
            "chosen: mail.example.com from host name, provisional",
        ],
    );
}

/// Never answers.
struct Silence;

impl Dns for Silence {
    async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
        std::future::pending().await
    }

    async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
        std::future::pending().await
    }
}

#[test]
fn the_deadline_is_kept_whatever_the_dns_does() {
    each([Duration::ZERO, Duration::from_millis(20)], |deadline| {
        let report = of(Silence)
            .host_name("mail.example.com")
            .client_address(ip(V4))
            .deadline(deadline)
            .report_blocking();
        let name = report.name().unwrap();
        assert_eq!(
            name, &"mail.example.com",
            "held, as nothing speaks against it"
        );
        assert!(report.is_provisional());
        assert_eq!(report.clients()[0].iprev(), Some(Iprev::TempError));
    });
}

#[test]
fn what_was_found_before_the_deadline_is_used() {
    /// Answers PTR questions only.
    struct ReverseOnly(Zone);

    impl Dns for ReverseOnly {
        async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
            if name.as_str() == "mail.example.com" {
                return self.0.forward(name, family).await;
            }
            std::future::pending().await
        }

        async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
            self.0.reverse(address).await
        }
    }

    let report = of(ReverseOnly(agreeing().ptr(V4, "slow.example.com")))
        .client_address(ip(V4))
        .deadline(Duration::from_millis(20))
        .report_blocking();
    assert_eq!(planned(&report), ["mail.example.com", "slow.example.com"]);
    assert!(report.is_provisional());
}

// Two families.

#[test]
fn a_name_that_is_right_for_both_addresses_is_preferred() {
    let zone = Zone::new()
        .address("a.example.com", V4)
        .address("both.example.com", V4)
        .address("both.example.com", V6)
        .ptr(V4, "a.example.com")
        .ptr(V4, "both.example.com")
        .ptr(V6, "both.example.com");
    let report = of(zone)
        .host_name("a.example.com")
        .client_address(ip(V4))
        .client_address(ip(V6))
        .report_blocking();
    assert_eq!(planned(&report), ["both.example.com", "a.example.com"]);
    assert_eq!(warned(&report), ["many-ptr"], "{report}");
}

#[test]
fn a_name_that_is_right_for_one_address_is_sent_with_a_warning_about_the_other() {
    let zone = agreeing()
        .ptr(V6, "six.example.com")
        .address("six.example.com", V6);
    let report = of(zone)
        .client_address(ip(V4))
        .client_address(ip(V6))
        .report_blocking();
    assert_report(
        &report,
        &[
            "client address 192.0.2.10 (given): PTR mail.example.com; iprev pass",
            "client address 2001:db8::10 (given): PTR six.example.com; iprev pass",
            r#"PTR of 192.0.2.10 "mail.example.com": A 192.0.2.10; AAAA none (NODATA); permit: it has the client address (192.0.2.10), it has no AAAA record (2001:db8::10) (match)"#,
            r#"PTR of 2001:db8::10 "six.example.com": A none (NODATA); AAAA 2001:db8::10; permit: it has no A record (192.0.2.10), it has the client address (2001:db8::10) (match)"#,
            "warning: mail.example.com is not right for client address 2001:db8::10: it has no AAAA record (other-address)",
            "warning: the PTR record of 2001:db8::10 does not name mail.example.com; some servers compare the two (ptr-names-other)",
            "from 2001:db8::10: six.example.com",
            "chosen: mail.example.com from PTR of 192.0.2.10; then six.example.com",
        ],
    );
    let plan = report.plan().unwrap();
    let names = |client: &str| -> Vec<String> {
        let plan = plan.for_client(Some(ip(client))).unwrap();
        plan.names().map(ToString::to_string).collect()
    };
    assert_eq!(names(V4), ["mail.example.com"]);
    assert_eq!(names(V6), ["six.example.com"]);
}

#[test]
fn a_literal_belongs_to_its_address() {
    let zone = Zone::new()
        .address("mail.example.com", PUBLIC_V4)
        .ptr(PUBLIC_V4, "mail.example.com");
    let report = of(zone)
        .client_address(ip(PUBLIC_V4))
        .client_address(ip(PUBLIC_V6))
        .report_blocking();
    assert_eq!(planned(&report), ["mail.example.com", "[IPv6:2600::5]"]);
    let plan = report.plan().unwrap();
    let names = |client: Option<&str>| -> Vec<String> {
        let plan = plan.for_client(client.map(ip)).unwrap();
        plan.names().map(ToString::to_string).collect()
    };
    assert_eq!(names(Some(PUBLIC_V4)), ["mail.example.com"]);
    assert_eq!(names(Some(PUBLIC_V6)), ["[IPv6:2600::5]"]);
    assert_eq!(names(Some("::ffff:203.0.114.5")), ["mail.example.com"]);
    assert_eq!(names(None), ["mail.example.com"]);
}

// The sender's domain.

#[test]
fn the_sender_domain_counts_under_submission_only_unless_it_verifies() {
    let matching = || Zone::new().address("example.org", V4);
    let silent = || Zone::new().fails("example.org", NotKnown::Timeout);
    let elsewhere = || Zone::new().address("example.org", "192.0.2.11");
    // zone, is the client address known, and the decisions of Strict, Standard, Submission
    use Decision::{Hold, Permit, Reject};
    let cases = [
        (matching(), Some(V4), [Permit, Reject, Permit]),
        (matching(), None, [Reject, Reject, Hold]),
        (silent(), Some(V4), [Reject, Reject, Hold]),
        (elsewhere(), Some(V4), [Reject, Reject, Reject]),
        (Zone::new(), Some(V4), [Reject, Reject, Reject]),
    ];
    each(cases, |(zone, client, decisions)| {
        let zone = Arc::new(zone);
        let policies: [Box<dyn FallbackPolicy>; 3] = [
            Box::new(policy::Strict),
            Box::new(policy::Standard),
            Box::new(policy::Submission),
        ];
        each(policies.into_iter().zip(decisions), |(policy, decision)| {
            let report = of(Arc::clone(&zone))
                .sender_domain("example.org")
                .client_address(client.map(ip))
                .policy(policy)
                .report_blocking();
            let considered = &report.considered()[0];
            assert_eq!(considered.source(), Source::SenderDomain);
            assert_eq!(considered.decision(), decision, "{report}");
        });
    });
}

// How long the choice may be used.

#[test]
fn the_choice_may_be_used_as_long_as_the_shortest_answer_it_rests_on() {
    struct Lives(Duration);

    impl Dns for Lives {
        async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
            Answer::found(vec![ip(V4)]).with_ttl(self.0)
        }

        async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
            Answer::found(vec![PtrText::new("mail.example.com")])
                .with_ttl(Duration::from_secs(7200))
        }
    }

    // TTL in seconds, and how long that makes the choice good
    for (ttl, good) in [(300, 300), (7200, 7200), (86_400, 7200), (1_000_000, 7200)] {
        let before = Instant::now();
        let report = of(Lives(Duration::from_secs(ttl)))
            .client_address(ip(V4))
            .report_blocking();
        let after = Instant::now();
        let good = Duration::from_secs(good);
        assert!(
            (before + good..=after + good).contains(&report.valid_until()),
            "{ttl}"
        );
    }
}

// Warnings.

#[test]
fn the_last_warning_names_the_address_without_ptr() {
    let zone = Zone::new()
        .alias("dsl.a.example.com", "b.example.com")
        .address("b.example.com", V6);
    let report = of(zone)
        .configured("dsl.a.example.com")
        .client_address(ip(V4))
        .client_address(ip(V6))
        .report_blocking();
    assert_eq!(
        warned(&report),
        ["other-address", "generic", "alias", "no-ptr", "no-ptr"],
        "{report}"
    );
    let last = report.warnings().last().unwrap();
    assert_eq!(*last, Warning::NoPtr(ip(V6)));
    assert_eq!(
        last.to_string(),
        "client address 2001:db8::10 has no PTR record; many servers refuse that whatever the name is; \
         ask whoever provides the address to set one"
    );
}

#[test]
fn an_error_is_followed_by_the_warning_about_ptr_too() {
    let report = of(Zone::new()).client_address(ip(V4)).report_blocking();
    assert!(report.name().is_err());
    assert_eq!(warned(&report), ["no-ptr"]);
}

// Any bytes as a host name.

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;

    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(unix)]
#[test]
fn a_hostile_host_name_is_refused_with_a_reason_and_the_ptr_name_is_sent() {
    let huge = [b'a'; 1 << 20];
    let cases: [(&[u8], &str); 7] = [
        (
            b"caf\xe9.example.com",
            r#""caf\xe9.example.com": reject: the name is not UTF-8 (`\xe9` at byte 3); use an ASCII host name, or write the international name as A-labels (xn--...) (not-utf8)"#,
        ),
        (
            b"\xff\xfe",
            r#""\xff\xfe": reject: the name is not UTF-8 (`\xff` at byte 0); use an ASCII host name, or write the international name as A-labels (xn--...) (not-utf8)"#,
        ),
        (
            b"a\r\nQUIT",
            r#""a\x0d\x0aQUIT": reject: a control character could end the command and start another (`\x0d` at byte 1); find out where it comes from and write only the host name (control)"#,
        ),
        (
            b"mail\0.example.com",
            r#""mail\x00.example.com": reject: a control character could end the command and start another (`\x00` at byte 4); find out where it comes from and write only the host name (control)"#,
        ),
        (
            b"",
            r#""": reject: the name is empty; configure a host name such as mail.example.com (empty)"#,
        ),
        (
            b"\x1b[31mred.example.com",
            r#""\x1b[31mred.example.com": reject: a control character could end the command and start another (`\x1b` at byte 0); find out where it comes from and write only the host name (control)"#,
        ),
        (
            &huge,
            r#""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... (1048576 bytes)": reject: this is longer than the 253 characters of a name; use a shorter name (too-long)"#,
        ),
    ];
    each(cases, |(bytes, line)| {
        let report = of(agreeing())
            .host_name(os_string(bytes))
            .domain("example.com")
            .client_address(ip(V4))
            .report_blocking();
        assert_eq!(
            report.considered()[0].to_string(),
            format!("host name {line}")
        );
        assert_eq!(report.name().unwrap(), &"mail.example.com");
    });
}

#[test]
fn an_alias_target_with_a_line_end_does_not_forge_a_line_of_the_report() {
    let long = "x".repeat(2000);
    each(
        ["evil\r\nchosen: evil.example.net", "\x1b[2J", &long],
        |target| {
            let zone = Zone::new()
                .alias("mail.example.com", target)
                .address(target, V4)
                .ptr(V4, "mail.example.com");
            let report = of(zone).client_address(ip(V4)).report_blocking();
            assert_eq!(warned(&report), ["alias"]);
            assert_harmless(&report);
        },
    );
}

/// Checks what holds for each report: a line is a line, short enough for a log, and each name can
/// be sent.
#[track_caller]
fn assert_harmless(report: &Resolution) {
    const LONGEST: usize = 1200;
    let shown = report.to_string();
    let expected = report.clients().len() + report.considered().len() + report.warnings().len() + 1;
    let forecasts = shown
        .split('\n')
        .filter(|line| line.starts_with("forecast: "));
    let lines = shown.split('\n').count() - forecasts.count();
    let asked = usize::from(!report.name_servers().is_empty());
    assert_eq!(lines, expected + asked, "{shown:?}");
    for line in shown.split('\n') {
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{line:?}"
        );
        // The error lists all candidates in one line, so it may be as long as they are together.
        let limit = match line.split_once(": ") {
            Some(("no name", _)) => LONGEST * expected,
            // Up to a dozen replies, each with 120 bytes of text, of which each may show as `\xNN`.
            Some(("forecast", _)) => LONGEST + 12 * 4 * 120,
            _ => LONGEST,
        };
        assert!(line.len() <= limit, "{} bytes: {line}", line.len());
    }
    for name in planned(report) {
        let plain = name.replacen("IPv6:", "", 1);
        assert!(
            plain.bytes().all(
                |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b':' | b'[' | b']' | b'-')
            ),
            "{name:?}"
        );
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Text that is nearly a name, and text that is nothing like it.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "[a-zA-Z0-9._:\\[\\]%{}$*/@ \\\\-]{0,80}".prop_map(String::into_bytes),
            "([a-z0-9-]{1,70}\\.){0,6}[a-z0-9-]{1,12}\\.?".prop_map(String::into_bytes),
            "\\[(IPv6:)?[0-9a-f.:]{0,40}\\]".prop_map(String::into_bytes),
            "\\PC{0,60}".prop_map(String::into_bytes),
            "(mail\\.example\\.com)?[\\r\\n\\x00 \\t]{0,3}(MAIL FROM:<a@b>)?"
                .prop_map(String::into_bytes),
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        hostile().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    proptest! {
        // The seeds of failures go nowhere: a case worth keeping is a line of a table above.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_host_name_ptr_text_or_setting_panics_or_reaches_the_wire_or_the_log_as_it_is(
            host in hostile(),
            domain in proptest::option::of(text()),
            configured in proptest::option::of(text()),
            sender in proptest::option::of(text()),
            pointers in proptest::collection::vec(text(), 0..16),
            target in text(),
            client in prop_oneof![Just(PUBLIC_V4), Just(PUBLIC_V6), Just(V4), Just("10.0.0.1"), Just("::1")],
            to in prop_oneof![Just(None), Just(Some(server("10.0.0.25"))), Just(Some(server("::1")))],
        ) {
            let zone = pointers.iter().fold(Zone::new(), |zone, pointer| {
                zone.ptr(client, pointer).address(pointer, client)
            });
            let zone = zone
                .ptr(client, "mail.example.com")
                .alias("mail.example.com", &target)
                .address(&target, client);
            let report = of(zone)
                .host_name(os_string(&host))
                .domain(domain.as_deref())
                .configured(configured.as_deref())
                .also_derived()
                .sender_domain(sender.as_deref())
                .client_address(ip(client))
                .server(to)
                .policy(policy::Submission)
                .report_blocking();
            assert_harmless(&report);
        }

        #[test]
        fn labels_of_any_octets_are_refused_or_a_name(
            labels in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..63), 0..8),
        ) {
            struct Pointer(PtrText);

            impl Dns for Pointer {
                async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
                    Answer::found(vec![ip(V4)])
                }

                async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
                    Answer::found(vec![self.0.clone()])
                }
            }

            let pointer = PtrText::from_labels(labels.iter().map(Vec::as_slice));
            let report = of(Pointer(pointer)).client_address(ip(V4)).report_blocking();
            assert_harmless(&report);
        }
    }
}
