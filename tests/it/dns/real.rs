//! The builder with the real [`Resolver`]: packets to servers on loopback, under several executors
//! and under none.
//!
//! What the rules make of the answers is in `resolve.rs`; here it counts that answers arrive,
//! whatever runs the future, and that a server that fails ends in a named reason before the
//! deadline.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use helo_name::dns::{NotKnown, Outcome, Resolver};
use helo_name::resolve::ResolveErrorKind;
use helo_name::verify::{ClientFinding, Finding, Iprev};
use helo_name::{HeloName, Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;
use crate::support::fault_dns::{Action, ClosedPort, FaultServer, SilentServer, Tcp, Transport};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// The PTR question for [`CLIENT`].
const REVERSE: &str = "10.2.0.192.in-addr.arpa";

const ZONE: &str = "
mail.example.com         A    192.0.2.10
10.2.0.192.in-addr.arpa  PTR  mail.example.com
";

/// What no test takes unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A deadline that a server which does not answer runs into.
const SHORT: Duration = Duration::from_millis(200);

/// How much later than [`SHORT`] the end may come on a machine with much else to do.
const GENEROUS: Duration = Duration::from_secs(5);

/// Asks these servers, and reads nothing from the machine that runs the tests.
fn asking(servers: impl IntoIterator<Item = SocketAddr>) -> Resolve<Resolver> {
    HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .client_address(CLIENT)
        .dns(Resolver::asking(servers))
}

/// Does something on a thread of its own, and fails when it has not ended after `limit`.
#[track_caller]
fn within<T: Send + 'static>(limit: Duration, act: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, end) = mpsc::channel();
    thread::spawn(move || done.send(act()));
    end.recv_timeout(limit)
        .expect("it ends in time, and does not panic")
}

fn why_no_ptr(report: &Resolution) -> Option<NotKnown> {
    let reverse = report.clients()[0].reverse().unwrap();
    reverse.answer.why_not_known()
}

// Executors.

#[tokio::test(flavor = "multi_thread")]
async fn it_is_awaited_on_a_runtime_with_several_threads() {
    let server = DnsServer::start(ZONE);
    let name = asking([server.address()]).await.unwrap();
    assert_eq!(name, "mail.example.com");
    let report = asking([server.address()]).report().await;
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[tokio::test(flavor = "current_thread")]
async fn it_is_awaited_on_a_runtime_with_one_thread() {
    let server = DnsServer::start(ZONE);
    let name = asking([server.address()]).await.unwrap();
    assert_eq!(name, "mail.example.com");
    let report = asking([server.address()]).report().await;
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[test]
fn it_is_awaited_on_a_runtime_without_sockets_and_timers() {
    let server = DnsServer::start(ZONE);
    let silent = SilentServer::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let name = runtime.block_on(asking([server.address()]).into_future());
    assert_eq!(name.unwrap(), "mail.example.com");
    let late = runtime.block_on(asking([silent.address()]).deadline(SHORT).into_future());
    assert_eq!(late.unwrap_err().kind(), ResolveErrorKind::TryAgain);
}

#[test]
fn it_is_awaited_without_tokio() {
    let server = DnsServer::start(ZONE);
    let name = pollster::block_on(asking([server.address()]).into_future());
    assert_eq!(name.unwrap(), "mail.example.com");
    let report = pollster::block_on(asking([server.address()]).report());
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[test]
fn it_blocks_a_plain_thread() {
    let server = DnsServer::start(ZONE);
    let name = asking([server.address()]).blocking();
    assert_eq!(name.unwrap(), "mail.example.com");
    let report = asking([server.address()]).report_blocking();
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_blocks_a_thread_of_a_runtime() {
    let server = DnsServer::start(ZONE);
    assert_eq!(
        asking([server.address()]).blocking().unwrap(),
        "mail.example.com"
    );
    let address = server.address();
    let elsewhere = tokio::task::spawn_blocking(move || asking([address]).report_blocking());
    assert_eq!(
        elsewhere.await.unwrap().name().unwrap(),
        &"mail.example.com"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn it_blocks_the_only_thread_of_a_runtime() {
    let server = DnsServer::start(ZONE);
    assert_eq!(
        asking([server.address()]).blocking().unwrap(),
        "mail.example.com"
    );
    let report = asking([server.address()]).report_blocking();
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_futures_may_be_sent_to_another_thread() {
    let server = DnsServer::start(ZONE);
    let name = tokio::spawn(asking([server.address()]).into_future());
    let report = tokio::spawn(asking([server.address()]).report());
    assert_eq!(name.await.unwrap().unwrap(), "mail.example.com");
    assert_eq!(report.await.unwrap().name().unwrap(), &"mail.example.com");
}

#[test]
fn a_resolver_outlives_the_runtime_it_was_first_used_on() {
    let server = DnsServer::start(ZONE);
    let resolver = Resolver::asking([server.address()]);
    each(0..2, |_| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let resolve = asking([]).dns(resolver.clone());
        let name = runtime.block_on(resolve.into_future());
        assert_eq!(name.unwrap(), "mail.example.com");
    });
    let name = asking([]).dns(resolver).blocking();
    assert_eq!(name.unwrap(), "mail.example.com");
}

// Ends before the end.

#[test]
fn a_future_dropped_half_way_hangs_nobody() {
    let script = FaultServer::script().on(REVERSE, "PTR", [Action::Drop, Action::Answer]);
    let server = script.start();
    let address = server.address();
    let name = within(PATIENCE, move || {
        let resolver = Resolver::asking([address]);
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut half = pin!(asking([]).dns(resolver.clone()).report());
            assert!(matches!(half.as_mut().poll(&mut context), Poll::Pending));
        }
        // The resolver has lost nothing by it.
        asking([]).dns(resolver).blocking()
    });
    assert_eq!(name.unwrap(), "mail.example.com");
}

#[test]
fn a_runtime_dropped_half_way_hangs_nobody() {
    let silent = SilentServer::start();
    let address = silent.address();
    within(PATIENCE, move || {
        for threads in [1, 2] {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(threads)
                .build()
                .unwrap();
            let (started, start) = mpsc::channel();
            let waiting = runtime.spawn(async move {
                started.send(()).unwrap();
                asking([address]).deadline(Duration::MAX).report().await
            });
            start.recv().unwrap();
            drop(runtime);
            drop(waiting);
        }
    });
}

// Servers that fail.

#[test]
fn a_server_that_fails_gives_a_named_reason() {
    let servers = [
        (
            "SERVFAIL",
            FaultServer::always(Action::ServFail),
            NotKnown::ServFail,
        ),
        (
            "REFUSED",
            FaultServer::always(Action::Refused),
            NotKnown::Refused,
        ),
        (
            "truncated",
            FaultServer::always(Action::Truncated(Tcp::Closes)),
            NotKnown::Truncated,
        ),
        (
            "CNAME loop",
            FaultServer::always(Action::CnameLoop),
            NotKnown::AliasChain,
        ),
        (
            "CNAME chain",
            FaultServer::always(Action::CnameChain(9)),
            NotKnown::AliasChain,
        ),
    ];
    each(&servers, |(what, server, reason)| {
        let report = asking([server.address()])
            .deadline(PATIENCE)
            .report_blocking();
        assert_eq!(why_no_ptr(&report), Some(*reason), "{what}\n{report}");
        let error = report.name().unwrap_err();
        assert_eq!(error.kind(), ResolveErrorKind::TryAgain, "{what}");
        assert!(
            error.to_string().contains(&format!(
                "PTR of 192.0.2.10: the DNS did not say ({reason})"
            )),
            "{error}"
        );
    });
}

#[test]
fn a_server_that_fails_does_not_hold_up_beyond_the_deadline() {
    let (closed, silent) = (ClosedPort::reserve(), SilentServer::start());
    let failing = FaultServer::always(Action::ServFail);
    each(
        [closed.address(), silent.address(), failing.address()],
        |address| {
            let report = within(SHORT + GENEROUS, move || {
                asking([address]).deadline(SHORT).report_blocking()
            });
            assert!(why_no_ptr(&report).is_some(), "{report}");
            assert_eq!(report.clients()[0].iprev(), Some(Iprev::TempError));
            assert_eq!(
                report.name().unwrap_err().kind(),
                ResolveErrorKind::TryAgain
            );
            let configured = within(SHORT + GENEROUS, move || {
                asking([address])
                    .configured("mail.example.com")
                    .deadline(SHORT)
                    .report_blocking()
            });
            assert_eq!(configured.name().unwrap(), &"mail.example.com");
            assert!(configured.is_provisional());
        },
    );
}

#[test]
fn silence_is_no_answer_in_time() {
    let silent = SilentServer::start();
    let report = asking([silent.address()]).deadline(SHORT).report_blocking();
    let address = silent.address();
    assert_eq!(
        report.to_string(),
        format!(
            "client address 192.0.2.10 (given): PTR not known (no answer in time); iprev temperror\n\
         name servers asked: {address}\n\
         no name: no usable EHLO name until the DNS answers; try again (try-again); fix: \
         set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example: HELO_NAME=mail.example.com"
        )
    );
}

#[test]
fn a_closed_port_is_no_answer_either() {
    let closed = ClosedPort::reserve();
    let report = asking([closed.address()]).deadline(SHORT).report_blocking();
    // Whether the refusal reaches the socket at all is up to the operating system.
    assert!(
        matches!(
            why_no_ptr(&report),
            Some(NotKnown::Timeout | NotKnown::NoSocket | NotKnown::Unreachable)
        ),
        "{report}"
    );
}

#[test]
fn without_a_name_server_nothing_is_known() {
    let report = asking([]).host_name("mail.example.com").report_blocking();
    assert_eq!(why_no_ptr(&report), Some(NotKnown::NoNameServer));
    assert_eq!(
        report.considered()[0].findings(),
        [ClientFinding::new(Some(CLIENT), Finding::Unknown)]
    );
    assert!(report.is_provisional());
    let error = asking([]).blocking().unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::TryAgain);
    assert_eq!(
        error.to_string(),
        "no usable EHLO name until the DNS answers; try again; PTR of 192.0.2.10: the DNS did not say (no name server \
         configured); fix: set HELO_NAME to this host's fully-qualified name, whose A record is 192.0.2.10, for example: \
         HELO_NAME=mail.example.com"
    );
}

#[test]
fn one_server_that_answers_is_enough() {
    let (closed, silent) = (ClosedPort::reserve(), SilentServer::start());
    let server = DnsServer::start(ZONE);
    let all = [closed.address(), silent.address(), server.address()];
    // The others are given up after 15 seconds; nobody waits for that.
    let report = within(GENEROUS, move || {
        asking(all).deadline(PATIENCE).report_blocking()
    });
    assert!(!report.is_provisional(), "{report}");
    assert_eq!(report.name().unwrap(), &"mail.example.com");
}

#[test]
fn a_lost_packet_and_a_failure_that_passes_are_not_the_end() {
    each([Action::Drop, Action::ServFail], |first| {
        let server = FaultServer::script()
            .on(REVERSE, "PTR", [first, Action::Answer])
            .start();
        let report = asking([server.address()])
            .deadline(PATIENCE)
            .report_blocking();
        assert_eq!(report.name().unwrap(), &"mail.example.com");
        assert!(!report.is_provisional());
    });
}

// Answers.

#[test]
fn the_report_says_what_was_found_and_which_server_said_so() {
    let server = DnsServer::start(ZONE);
    let report = asking([server.address()])
        .host_name("mailer-5b8f7d9c4-x2k9q")
        .report_blocking();
    let from = server.address();
    let shown = report.to_string();
    let lines = shown.lines().filter(|line| !line.starts_with("forecast: "));
    assert_eq!(
        lines.collect::<Vec<_>>().join("\n"),
        format!(
            "client address 192.0.2.10 (given): PTR mail.example.com from {from}; iprev pass\n\
             host name \"mailer-5b8f7d9c4-x2k9q\": reject: this looks like the name of a Kubernetes pod; configure the \
             name that belongs to the address the cluster sends from: its PTR record (pod-name)\n\
             PTR of 192.0.2.10 \"mail.example.com\": A 192.0.2.10 from {from}; permit: it has the client address \
             (match)\n\
             chosen: mail.example.com from PTR of 192.0.2.10"
        )
    );
    assert_eq!(
        server.questions(),
        [
            (REVERSE.to_owned(), "PTR".to_owned()),
            ("mail.example.com".to_owned(), "A".to_owned()),
        ]
    );
}

#[test]
fn names_are_asked_for_as_they_are_without_a_search_list() {
    let server = DnsServer::start(ZONE);
    asking([server.address()])
        .host_name("gone.example.com")
        .report_blocking();
    let mut questions = server.questions();
    questions.sort();
    questions.dedup();
    let names: Vec<&str> = questions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [REVERSE, "gone.example.com", "mail.example.com"]);
    assert_eq!(server.questions().len(), 3);
}

#[test]
fn an_alias_is_followed_and_said() {
    let server = DnsServer::start(
        "
        www.example.com          CNAME  web.example.com
        web.example.com          CNAME  mail.example.com
        mail.example.com         A      192.0.2.10
        10.2.0.192.in-addr.arpa  PTR    www.example.com
        ",
    );
    let report = asking([server.address()]).report_blocking();
    assert_eq!(report.name().unwrap(), &"www.example.com");
    let lookup = &report.considered()[0].lookups()[0];
    assert_eq!(
        lookup.answer.aliases(),
        ["web.example.com".into(), "mail.example.com".into()]
    );
}

#[test]
fn a_ptr_record_behind_an_alias_is_a_normal_one() {
    // RFC 2317: how a part of a /24 is delegated.
    let server = DnsServer::start(
        "
        10.2.0.192.in-addr.arpa       CNAME  10.8-15.2.0.192.in-addr.arpa
        10.8-15.2.0.192.in-addr.arpa  PTR    mail.example.com
        mail.example.com              A      192.0.2.10
        ",
    );
    let report = asking([server.address()]).report_blocking();
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    assert_eq!(report.warnings(), []);
    assert_eq!(report.clients()[0].iprev(), Some(Iprev::Pass));
}

#[test]
fn an_underscore_in_a_ptr_record_is_refused_with_its_reason() {
    let server = DnsServer::start(
        "
        10.2.0.192.in-addr.arpa  PTR  shop_mailer.example.com
        shop_mailer.example.com  A    192.0.2.10
        ",
    );
    let report = asking([server.address()]).report_blocking();
    assert_eq!(
        report.considered()[0].to_string(),
        "PTR of 192.0.2.10 \"shop_mailer.example.com\": reject: underscore at byte 4: a host name has only letters, \
         digits and hyphens between its dots; use a name without underscore that exists in DNS (underscore)"
    );
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::NoUsableName
    );
    assert_eq!(
        server.questions().len(),
        1,
        "an illegal name is not asked for"
    );
}

#[test]
fn octets_of_a_ptr_record_that_are_no_text_are_written_as_escapes() {
    let server = DnsServer::start(
        r"
        10.2.0.192.in-addr.arpa  PTR  a\032b\013\010QUIT\255.example.com
        10.2.0.192.in-addr.arpa  PTR  dot\046in.label.example.com
        10.2.0.192.in-addr.arpa  PTR  back\092slash.example.com
        ",
    );
    let report = asking([server.address()]).report_blocking();
    let reverse = report.clients()[0].reverse().unwrap();
    let mut texts: Vec<&str> = reverse
        .answer
        .records()
        .iter()
        .map(|text| text.as_str())
        .collect();
    texts.sort_unstable();
    assert_eq!(
        texts,
        [
            r"a\032b\013\010QUIT\255.example.com",
            r"back\092slash.example.com",
            r"dot\046in.label.example.com",
        ]
    );
    assert!(report.name().is_err(), "{report}");
}

#[test]
fn hostile_ptr_records_reach_neither_the_wire_nor_the_log_as_they_are() {
    let server = FaultServer::script()
        .on(REVERSE, "PTR", [Action::hostile_ptr_names()])
        .start();
    let report = asking([server.address()]).report_blocking();
    let shown = report.to_string();
    let forecasts = shown.lines().filter(|line| line.starts_with("forecast: "));
    assert_eq!(
        shown.lines().count() - forecasts.count(),
        1 + report.considered().len() + report.warnings().len() + 1
    );
    assert!(
        shown
            .bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
        "{shown}"
    );
    let asked = server.distinct_questions();
    assert!(
        asked.iter().all(|(name, _)| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        }),
        "{asked:?}"
    );
}

#[test]
fn two_hundred_ptr_names_come_by_tcp_and_ten_are_confirmed() {
    let server = FaultServer::script()
        .on(REVERSE, "PTR", [Action::many_ptr_names(200)])
        .on(
            "host-100.example.com",
            "A",
            [Action::answer_from("host-100.example.com A 192.0.2.10")],
        )
        .start();
    let report = asking([server.address()]).report_blocking();
    let reverse = report.clients()[0].reverse().unwrap();
    assert_eq!(reverse.answer.records().len(), 200);
    let by_tcp = server.questions();
    assert!(
        by_tcp
            .iter()
            .any(|question| question.transport == Transport::Tcp && question.record_type == "PTR")
    );
    assert_eq!(server.distinct_questions().len(), 11);
    // host-1, host-10, host-100, ... are the first ten by the alphabet.
    assert_eq!(report.name().unwrap(), &"host-100.example.com");
}

#[test]
fn negative_answers_are_told_apart_and_from_none_at_all() {
    let script = FaultServer::script().zone(
        "
        mail.example.com         A         192.0.2.10
        10.2.0.192.in-addr.arpa  PTR       mail.example.com
        10.2.0.192.in-addr.arpa  PTR       empty.example.com
        10.2.0.192.in-addr.arpa  PTR       gone.example.com
        10.2.0.192.in-addr.arpa  PTR       broken.example.com
        10.2.0.192.in-addr.arpa  PTR       loop.example.com
        empty.example.com        NODATA    -
        ",
    );
    let server = script
        .on("broken.example.com", "A", [Action::ServFail])
        .on("loop.example.com", "A", [Action::CnameLoop])
        .start();
    let report = asking([server.address()])
        .deadline(PATIENCE)
        .report_blocking();
    let found = |name: &str| {
        let mut all = report.considered().iter();
        let considered = all.find(|considered| considered.raw() == name).unwrap();
        let outcome = considered.lookups()[0].answer.outcome().clone();
        (outcome, considered.findings()[0].finding)
    };
    assert_eq!(
        found("mail.example.com"),
        (Outcome::Found(vec![CLIENT]), Finding::Match)
    );
    assert_eq!(
        found("empty.example.com"),
        (Outcome::NoData, Finding::NoAddress)
    );
    assert_eq!(
        found("gone.example.com"),
        (Outcome::NxDomain, Finding::NoAddress)
    );
    assert_eq!(
        found("broken.example.com"),
        (Outcome::NotKnown(NotKnown::ServFail), Finding::Unknown)
    );
    assert_eq!(
        found("loop.example.com"),
        (Outcome::NotKnown(NotKnown::AliasChain), Finding::Unknown)
    );
    assert!(report.is_provisional());
}

#[test]
fn an_address_without_a_ptr_record_is_told_from_one_that_nobody_knows_of() {
    let none = DnsServer::start("10.2.0.192.in-addr.arpa NODATA -");
    let report = asking([none.address()]).report_blocking();
    assert_eq!(
        report.clients()[0].reverse().unwrap().answer.outcome(),
        &Outcome::NoData
    );
    let unknown = DnsServer::start("other.example.com A 192.0.2.11");
    let report = asking([unknown.address()]).report_blocking();
    assert_eq!(
        report.clients()[0].reverse().unwrap().answer.outcome(),
        &Outcome::NxDomain
    );
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::NoUsableName
    );
}
