//! Real mail servers over TCP: what they say to names that this crate finds, and to names that
//! mailers without it send.
//!
//! `tests/servers/run` starts Postfix and Exim and runs these tests on a machine of their own
//! making: a pod with the address 192.0.2.10, whose PTR record is the one thing that names it. The
//! DNS server for both sides runs here, in the test.

#![cfg(all(feature = "dns", feature = "hostname"))]

#[path = "support/dns_server.rs"]
mod dns_server;
#[cfg(feature = "lettre")]
#[path = "../examples/lettre_send.rs"]
#[expect(dead_code, reason = "an example has a main function")]
mod lettre_send;
#[cfg(feature = "lettre")]
#[path = "support/lettre_ways.rs"]
mod lettre_ways;
#[cfg(target_os = "linux")]
#[path = "live/stubs.rs"]
mod stubs;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use dns_server::DnsServer;
use helo_name::smtp::{Cause, HandshakeErrorKind, ReplyParser, Session, Step};
use helo_name::{Diagnosis, Handshake, HeloName, Plan, Reply, Stage};

/// What both sides may know. Only `mail.example.com` has the address from which the tests connect.
const ZONE: &str = "
    10.2.0.192.in-addr.arpa    PTR       mail.example.com
    mail.example.com           A         192.0.2.10
    example.com                MX        10 mail.example.com
    other.example.com          A         192.0.2.77
    shop_mailer.example.com    A         192.0.2.10
    broken.example.com         SERVFAIL  -
";

/// A pod of a Deployment, as the host name of the machine that `tests/servers/inside` makes.
const POD: &str = "mailer-5b8f7d9c4-x2k9q";

/// Greets each server with each name, then says MAIL and RCPT. `accepted` means 250 to RCPT; all
/// others are the first refusal.
///
/// - `postfix-ehlo`: the three checks at EHLO; `postfix-ehlo-550` with
///   `unknown_hostname_reject_code = 550`.
/// - `postfix-rcpt`: the same checks at RCPT, as is the default. `postfix-ptr`: none of them, but
///   the client needs a PTR record.
/// - `exim-syntax`: as Debian ships it; `exim-verify` with `helo_verify_hosts = *`.
const VERDICTS: &str = "
    # the name that this crate finds
    postfix-ehlo      mail.example.com                    rcpt  250  accepted
    postfix-ehlo-550  mail.example.com                    rcpt  250  accepted
    postfix-rcpt      mail.example.com                    rcpt  250  accepted
    postfix-ptr       mail.example.com                    rcpt  250  accepted
    exim-syntax       mail.example.com                    rcpt  250  accepted
    exim-verify       mail.example.com                    rcpt  250  accepted

    # a pod's host name
    postfix-ehlo      mailer-5b8f7d9c4-x2k9q              ehlo  504  not-fqdn
    postfix-ehlo-550  mailer-5b8f7d9c4-x2k9q              ehlo  504  not-fqdn
    postfix-rcpt      mailer-5b8f7d9c4-x2k9q              rcpt  504  not-fqdn
    exim-syntax       mailer-5b8f7d9c4-x2k9q              rcpt  250  accepted
    exim-verify       mailer-5b8f7d9c4-x2k9q              ehlo  550  mismatch-ip

    # underscores: Postfix minds neither, only the missing domain
    postfix-ehlo      shop_mailer_1                       ehlo  504  not-fqdn
    postfix-rcpt      shop_mailer_1                       rcpt  504  not-fqdn
    exim-syntax       shop_mailer_1                       ehlo  501  underscore
    exim-verify       shop_mailer_1                       ehlo  501  underscore
    postfix-ehlo      shop_mailer.example.com             rcpt  250  accepted
    exim-syntax       shop_mailer.example.com             ehlo  501  underscore

    # private literals: Postfix and Exim as shipped take any well-formed one
    postfix-ehlo      [10.0.0.1]                          rcpt  250  accepted
    postfix-rcpt      [10.0.0.1]                          rcpt  250  accepted
    exim-syntax       [10.0.0.1]                          rcpt  250  accepted
    exim-verify       [10.0.0.1]                          ehlo  550  mismatch-ip
    exim-verify       [192.0.2.10]                        rcpt  250  accepted
    exim-verify       [IPv6:fe80::1]                      ehlo  550  mismatch-ip

    # addresses without brackets, and a literal without its tag
    postfix-ehlo      10.0.0.1                            ehlo  504  not-fqdn
    exim-syntax       10.0.0.1                            rcpt  250  accepted
    exim-verify       10.0.0.1                            ehlo  550  mismatch-ip
    postfix-ehlo      [fd00::1]                           ehlo  501  syntax
    postfix-rcpt      [fd00::1]                           rcpt  501  syntax
    exim-syntax       fd00::1                             ehlo  501  syntax

    # names that do not exist
    postfix-ehlo      web01.example.com                   ehlo  450  unresolvable
    postfix-ehlo-550  web01.example.com                   ehlo  550  unresolvable
    postfix-rcpt      web01.example.com                   rcpt  450  unresolvable
    exim-syntax       web01.example.com                   rcpt  250  accepted
    exim-verify       web01.example.com                   ehlo  550  mismatch-ip
    postfix-rcpt      mailer.default.svc.cluster.local    rcpt  450  unresolvable
    postfix-rcpt      localhost                           rcpt  504  not-fqdn
    postfix-rcpt      localhost.localdomain               rcpt  450  unresolvable

    # a name of another host
    postfix-ehlo      other.example.com                   rcpt  250  accepted
    exim-verify       other.example.com                   ehlo  550  mismatch-ip

    # a name whose look-up fails: both say the words of the lasting fault, Postfix at RCPT in each case
    postfix-ehlo      broken.example.com                  rcpt  450  unresolvable
    postfix-rcpt      broken.example.com                  rcpt  450  unresolvable
    exim-verify       broken.example.com                  ehlo  550  mismatch-ip

    # not written as a name
    postfix-ehlo      -web.example.com                    ehlo  501  syntax
    postfix-rcpt      web..example.com                    rcpt  501  syntax
    postfix-rcpt      mail.example.com.                   rcpt  450  unresolvable
    exim-syntax       mail.example.com;id                 ehlo  501  syntax
    exim-syntax       b\u{fc}cher.example                 ehlo  501  syntax
";

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn the_resolved_name_passes_every_server_up_to_rcpt() {
    let live = Live::new();
    for &(server, address) in &live.servers {
        let report = HeloName::resolve().server(address).report_blocking();
        let name = report.name().expect("a name");
        assert_eq!(name.as_str(), "mail.example.com", "{report}");
        assert!(!report.is_provisional(), "{report}");

        let (mut connection, session) =
            greet(address, |client| of_plan(report.plan(), client)).expect("a session");
        assert_eq!(session.name(), name, "{server}");
        assert_eq!(session.exchanges().len(), 2, "{server}: one connection");
        assert_eq!(connection.deliver(), (Stage::Rcpt, 250), "{server}");
    }
}

/// Dialogs whose last reply is about something else: the server, the commands, the code of the last
/// reply.
const OTHER_REFUSALS: &[(&str, &[&str], u16)] = &[
    ("postfix-rcpt", &["MAIL FROM:<sender@example.com>"], 503),
    (
        "postfix-ehlo",
        &["EHLO mail.example.com", "RCPT TO:<alice@mx.example.net>"],
        503,
    ),
    ("postfix-ehlo", &["EHLO mail.example.com", "DATA"], 503),
    ("postfix-ehlo", &["EHLO mail.example.com", "STARTTLS"], 502),
    (
        "postfix-ehlo",
        &["EHLO mail.example.com", "AUTH PLAIN AA=="],
        503,
    ),
    (
        "postfix-ehlo",
        &["EHLO mail.example.com", "MAIL FROM:<mail.example.com"],
        501,
    ),
    (
        "postfix-ehlo",
        &[
            "EHLO mail.example.com",
            "MAIL FROM:<>",
            "RCPT TO:<nobody@mail.example.com>",
        ],
        454,
    ),
    (
        "postfix-rcpt",
        &[
            "EHLO mail.example.com",
            "MAIL FROM:<>",
            "RCPT TO:<mallory@mx.example.net>",
        ],
        550,
    ),
    ("exim-syntax", &["MAIL FROM:<sender@example.com>"], 503),
    (
        "exim-syntax",
        &["EHLO mail.example.com", "RCPT TO:<alice@mx.example.net>"],
        503,
    ),
    ("exim-syntax", &["EHLO mail.example.com", "DATA"], 503),
    (
        "exim-syntax",
        &["EHLO mail.example.com", "AUTH PLAIN AA=="],
        503,
    ),
    (
        "exim-syntax",
        &["EHLO mail.example.com", "MAIL FROM:<mail.example.com"],
        501,
    ),
    (
        "exim-syntax",
        &[
            "EHLO mail.example.com",
            "MAIL FROM:<>",
            "RCPT TO:<nobody@mail.example.com>",
        ],
        550,
    ),
    (
        "exim-verify",
        &[
            "EHLO mail.example.com",
            "MAIL FROM:<>",
            "RCPT TO:<mallory@mx.example.net>",
        ],
        550,
    ),
];

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn refusals_of_other_things_are_not_called_ours() {
    let live = Live::new();
    let mut wrong = Vec::new();
    for &(server, commands, code) in OTHER_REFUSALS {
        let mut connection = Connection::open(live.address(server));
        let mut reply = connection.reply();
        for command in commands {
            connection.send(&format!("{command}\r\n"));
            reply = connection.reply();
        }
        let last = commands.last().copied().unwrap_or_default();
        let stage: Stage = last.parse().expect("a verb");
        let diagnosis = Diagnosis::of(stage, &reply, Some("mail.example.com"));
        if diagnosis.is_ours() || reply.code() != code {
            let cause = diagnosis.cause();
            wrong.push(format!(
                "{server} {commands:?} {code}\n    but {cause} of {reply}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn names_are_refused_where_and_why_the_table_says() {
    let live = Live::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in VERDICTS.lines().map(str::trim) {
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = row.split_ascii_whitespace().collect();
        let &[server, name, stage, code, cause] = columns.as_slice() else {
            unreachable!("five columns: {row}");
        };
        let (seen, reply) = first_refusal(live.address(server), name);
        let diagnosis = Diagnosis::of(seen, &reply, Some(name));
        let (ours, seen_cause) = match reply.code() {
            250 => (false, "accepted"),
            _ => (true, diagnosis.cause().as_str()),
        };
        let as_told = seen.as_str() == stage
            && reply.code().to_string() == code
            && seen_cause == cause
            && diagnosis.is_ours() == ours
            && diagnosis.another_name_may_help() == ours;
        if !as_told {
            wrong.push(format!("{row}\n    but {seen} {seen_cause} of {reply}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 40, "{count} rows");
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_name_refused_at_ehlo_is_followed_by_the_next_on_a_new_connection() {
    let live = Live::new();
    for server in ["exim-verify", "postfix-ehlo-550"] {
        let names = ["web01.example.com", "mail.example.com"].map(legal);
        let (mut connection, session) =
            greet(live.address(server), |_| Handshake::new(names)).expect("a session");
        assert_eq!(session.name().as_str(), "mail.example.com", "{server}");
        let stages: Vec<_> = session
            .exchanges()
            .iter()
            .map(|exchange| (exchange.stage(), exchange.reply().code()))
            .collect();
        let greeting = (Stage::Greeting, 220);
        assert_eq!(
            stages,
            [greeting, (Stage::Ehlo, 550), greeting, (Stage::Ehlo, 250)],
            "{server}"
        );
        assert_eq!(connection.deliver(), (Stage::Rcpt, 250), "{server}");
    }
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_name_refused_at_rcpt_is_followed_by_the_next_on_a_new_connection() {
    let live = Live::new();
    let address = live.address("postfix-rcpt");
    let names = ["web01.example.com", "mail.example.com"].map(legal);
    let (mut connection, session) = greet(address, |_| Handshake::new(names)).expect("a session");
    let (stage, reply) = connection.first_refusal();
    assert_eq!((stage, reply.code()), (Stage::Rcpt, 450));

    let step = session.next_name(stage, reply);
    let (mut connection, session) = drive(connection, step).expect("a session");
    assert_eq!(session.name().as_str(), "mail.example.com");
    assert_eq!(connection.deliver(), (Stage::Rcpt, 250));
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn when_every_name_is_refused_the_error_says_what_to_change() {
    let live = Live::new();
    let names = ["web01.example.com", "other.example.com"].map(legal);
    let error = greet(live.address("exim-verify"), |_| Handshake::new(names))
        .err()
        .expect("no session");
    assert_eq!(error.kind(), HandshakeErrorKind::NameRefused);
    assert_eq!(
        error.to_string(),
        "the server refused every name: `550 EHLO argument does not match calling host` to EHLO other.example.com"
    );
    let diagnosis = error.diagnosis().expect("a reply");
    assert!(
        diagnosis
            .advice()
            .starts_with("Change DNS or the egress address:")
    );
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_name_that_postfix_refuses_at_ehlo_with_a_temporary_code_ends_the_attempt() {
    let live = Live::new();
    let names = ["web01.example.com", "mail.example.com"].map(legal);
    let error = greet(live.address("postfix-ehlo"), |_| Handshake::new(names))
        .err()
        .expect("no session");
    assert_eq!(error.kind(), HandshakeErrorKind::Refused);
    // The diagnosis tells more than the code: waiting is of no use, and only the next name remains.
    let diagnosis = error.diagnosis().expect("a reply");
    assert!(diagnosis.is_lasting() && diagnosis.another_name_may_help());
    assert_eq!(error.remaining(), [legal("mail.example.com")]);
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn exim_without_an_answer_about_the_client_refuses_for_now() {
    let live = Live::with_zone("10.2.0.192.in-addr.arpa SERVFAIL -");
    let names = ["web01.example.com", "mail.example.com"].map(legal);
    let error = greet(live.address("exim-verify"), |_| Handshake::new(names))
        .err()
        .expect("no session");
    assert_eq!(error.kind(), HandshakeErrorKind::Refused);
    // The words are those of the lasting fault.
    assert_eq!(
        error.to_string(),
        "the server refused the name with a temporary code: \
         `451 EHLO argument does not match calling host` to EHLO web01.example.com"
    );
    let diagnosis = error.diagnosis().expect("a reply");
    assert_eq!(diagnosis.cause(), Cause::Temporary);
    assert!(diagnosis.is_ours() && !diagnosis.is_lasting());
    assert_eq!(error.remaining().len(), 2);
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_client_without_ptr_is_not_told_to_change_its_name() {
    let live = Live::with_zone("mail.example.com A 192.0.2.10");
    let (stage, reply) = first_refusal(live.address("postfix-ptr"), "mail.example.com");
    assert_eq!((stage, reply.code()), (Stage::Rcpt, 450));
    let diagnosis = Diagnosis::of(stage, &reply, Some("mail.example.com"));
    assert_eq!(diagnosis.cause(), Cause::NoPtr, "{reply}");
    assert!(!diagnosis.is_ours());
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_literal_goes_out_from_its_own_address_only() {
    let live = Live::new();
    let address = live.address("exim-verify");
    let names = ["[192.0.2.77]", "[192.0.2.10]"].map(legal);
    let (mut connection, session) = greet(address, |client| {
        Handshake::new(names).client_address(client)
    })
    .expect("a session");
    assert_eq!(session.name().as_str(), "[192.0.2.10]");
    assert_eq!(connection.deliver(), (Stage::Rcpt, 250));
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn a_server_whose_name_is_sent_to_it_gets_a_warning_before() {
    let live = Live::new();
    let names = ["mx.example.net"].map(legal);
    let (_, session) =
        greet(live.address("exim-syntax"), |_| Handshake::new(names)).expect("a session");
    assert!(session.warning().is_some());
}

/// Runs an example, and returns its exit code and what it printed.
fn example(
    variable_of_path: &str,
    helo_name: Option<&str>,
    arguments: &[&str],
) -> (Option<i32>, String) {
    let output = Command::new(variable(variable_of_path))
        .env_remove("HELO_NAME")
        .envs(helo_name.map(|name| ("HELO_NAME", name)))
        .args(arguments)
        .output()
        .expect("the example runs");
    let text = String::from_utf8(output.stdout).expect("the example prints text");
    (output.status.code(), text)
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn helo_greet_prints_the_dialog_and_the_diagnosis() {
    let live = Live::new();
    let server = live.address("exim-verify").to_string();
    let greet = |names: &[&str]| {
        example(
            "HELO_TEST_HELO",
            None,
            &[&["greet", &server], names].concat(),
        )
    };

    let (code, text) = greet(&[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("C: EHLO mail.example.com\nS: 250-mx.example.net Hello"),
        "{text}"
    );
    assert!(text.contains("C: QUIT\nS: 221 "), "{text}");

    let (code, text) = greet(&["web01.example.com"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("S: 550 EHLO argument does not match calling host\n"),
        "{text}"
    );
    assert!(text.contains("ours, mismatch-ip, lasting\n"), "{text}");

    let (code, text) = greet(&["web01.example.com", "mail.example.com"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("\nC: EHLO ").count(), 2, "{text}");
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn the_example_greet_goes_on_to_the_name_that_is_accepted() {
    let live = Live::new();
    let server = live.address("exim-verify").to_string();
    let greet = |names: &[&str]| example("HELO_TEST_GREET", None, &[&[&*server], names].concat());
    let accepted = (Some(0), "EHLO mail.example.com was accepted\n".to_owned());
    assert_eq!(greet(&["web01.example.com", "mail.example.com"]), accepted);
    assert_eq!(greet(&["web01.example.com"]), (Some(1), String::new()));
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn the_example_lettre_send_is_heard_and_knows_whom_to_blame() {
    let live = Live::new();
    let send = |server: &str, name| {
        let server = live.address(server).to_string();
        example(
            "HELO_TEST_LETTRE_SEND",
            name,
            &[&server, "alice@mx.example.net"],
        )
    };
    for &(server, _) in &live.servers {
        let sent = (Some(0), "EHLO mail.example.com\nsent\n".to_owned());
        assert_eq!(send(server, None), sent, "{server}");
    }
    let (code, text) = send("postfix-rcpt", Some("web01.example.com"));
    let refused = "EHLO web01.example.com\n\
        `450 4.7.1 <web01.example.com>: Helo command rejected: Host not found`: Change ";
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with(refused), "{text}");
}

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn the_example_lettre_family_sends_from_a_local_address_of_the_right_family() {
    let live = Live::new();
    for &(server, address) in &live.servers {
        let sent = format!("EHLO mail.example.com from 192.0.2.10 to {address}\nsent\n");
        let to = [&*address.to_string(), "alice@mx.example.net"];
        let printed = example("HELO_TEST_LETTRE_FAMILY", None, &to);
        assert_eq!(printed, (Some(0), sent), "{server}");
    }
}

#[test]
#[cfg(feature = "lettre")]
#[ignore = "needs the servers of tests/servers/run"]
fn lettre_is_heard_in_each_way_and_its_error_tells_whom_to_blame() {
    use helo_name::policy::Submission;
    use lettre_ways::{asynchronous, blocking, by_hand, on_tokio};

    let live = Live::new();
    let message = lettre::Message::builder()
        .from("sender@example.com".parse().expect("a mailbox"))
        .to("alice@mx.example.net".parse().expect("a mailbox"))
        .body("text\n".to_owned())
        .expect("a whole message");
    let send = |server: &str, configured: Option<&str>| {
        let server = live.address(server);
        let resolve = HeloName::resolve()
            .ignore_environment()
            .configured(configured);
        let name = resolve
            .server(server)
            .policy(Submission)
            .blocking()
            .expect("a name");
        let outcomes = [
            blocking(server, &name, &message),
            on_tokio(asynchronous(server, &name, &message)),
            by_hand(server, &name, &message),
        ];
        (name, outcomes)
    };
    for &(server, _) in &live.servers {
        let (name, outcomes) = send(server, None);
        assert_eq!(name.as_str(), "mail.example.com", "{server}");
        assert!(outcomes.iter().all(Result::is_ok), "{server}: {outcomes:?}");
    }
    let refused = |server: &str, stages: [&str; 3], reply: &str, cause: Cause| {
        let (_, outcomes) = send(server, Some("web01.example.com"));
        for (outcome, stage) in outcomes.into_iter().zip(stages) {
            let text = outcome.expect_err("a refusal").to_string();
            let start = format!("`{reply}` at {stage}: the name ({cause}). ");
            assert!(text.starts_with(&start), "{server}: {text}");
        }
    };
    refused(
        "postfix-rcpt",
        ["unknown", "unknown", "rcpt"],
        "450 4.7.1 <web01.example.com>: Helo command rejected: Host not found",
        Cause::Unresolvable,
    );
    refused(
        "exim-verify",
        ["unknown"; 3],
        "550 EHLO argument does not match calling host",
        Cause::MismatchIp,
    );
}

/// The servers, and the DNS as long as this lives.
struct Live {
    servers: Vec<(&'static str, SocketAddr)>,
    _dns: DnsServer,
}

impl Live {
    fn new() -> Self {
        Self::with_zone(ZONE)
    }

    fn with_zone(zone: &str) -> Self {
        let address = |name: &str| -> SocketAddr { variable(name).parse().expect("an address") };
        let servers = vec![
            ("postfix-ehlo", address("HELO_TEST_POSTFIX_EHLO")),
            ("postfix-ehlo-550", address("HELO_TEST_POSTFIX_EHLO_550")),
            ("postfix-rcpt", address("HELO_TEST_POSTFIX_RCPT")),
            ("postfix-ptr", address("HELO_TEST_POSTFIX_PTR")),
            ("exim-syntax", address("HELO_TEST_EXIM_SYNTAX")),
            ("exim-verify", address("HELO_TEST_EXIM_VERIFY")),
        ];
        let dns = DnsServer::start_at(address("HELO_TEST_DNS"), zone);
        assert_eq!(
            std::fs::read_to_string("/proc/sys/kernel/hostname")
                .expect("Linux")
                .trim(),
            POD,
            "the machine is the one that tests/servers/inside makes"
        );
        Self { servers, _dns: dns }
    }

    fn address(&self, name: &str) -> SocketAddr {
        let found = self.servers.iter().find(|(server, _)| *server == name);
        found.map_or_else(|| unreachable!("no server {name}"), |&(_, address)| address)
    }
}

fn variable(name: &str) -> String {
    let value = std::env::var(name);
    assert!(
        value.is_ok(),
        "{name} is not set: these tests need mail servers; run them as root with `tests/servers/run`"
    );
    value.unwrap_or_default()
}

fn legal(name: &str) -> HeloName {
    HeloName::parse(name).expect("a legal name")
}

fn of_plan(plan: Result<&Plan, helo_name::ResolveError>, client: IpAddr) -> Handshake {
    Handshake::of_plan(plan.expect("a plan"), Some(client))
}

/// Greets a server as a mailer with this crate does; `start` is given the client address.
fn greet(
    server: SocketAddr,
    start: impl FnOnce(IpAddr) -> Handshake,
) -> Result<(Connection, Session), helo_name::smtp::HandshakeError> {
    let mut connection = Connection::open(server);
    let handshake = start(connection.client_address());
    let greeting = connection.reply();
    drive(connection, handshake.on_reply(greeting))
}

fn drive(
    mut connection: Connection,
    mut step: Step,
) -> Result<(Connection, Session), helo_name::smtp::HandshakeError> {
    loop {
        step = match step {
            Step::Done(session) => return Ok((connection, session)),
            Step::Failed(error) => return Err(error),
            Step::Send { line, next } => {
                connection.send(&line);
                next.on_reply(connection.reply())
            }
            Step::Reconnect { quit, next } => {
                connection.send(&quit);
                connection = Connection::open(connection.server);
                next.on_reply(connection.reply())
            }
        };
    }
}

/// Greets a server as a mailer without this crate does, with any text; gives the refusal, or the
/// 250 to RCPT.
fn first_refusal(server: SocketAddr, name: &str) -> (Stage, Reply) {
    let mut connection = Connection::open(server);
    assert_eq!(connection.reply().code(), 220);
    connection.send(&format!("EHLO {name}\r\n"));
    let reply = connection.reply();
    if reply.is_positive() {
        return connection.first_refusal();
    }
    (Stage::Ehlo, reply)
}

struct Connection {
    server: SocketAddr,
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    fn open(server: SocketAddr) -> Self {
        let patience = Duration::from_secs(20);
        let stream = TcpStream::connect_timeout(&server, patience).expect("the server listens");
        let limit = Some(patience);
        stream.set_read_timeout(limit).expect("not zero");
        stream.set_write_timeout(limit).expect("not zero");
        Self {
            server,
            stream,
            unread: Vec::new(),
        }
    }

    fn client_address(&self) -> IpAddr {
        self.stream.local_addr().expect("it is connected").ip()
    }

    fn send(&mut self, line: &str) {
        self.stream
            .write_all(line.as_bytes())
            .expect("the server reads");
    }

    fn reply(&mut self) -> Reply {
        let mut parser = ReplyParser::new();
        loop {
            let mut bytes = self.unread.as_slice();
            let reply = parser.push(&mut bytes).expect("a reply");
            self.unread = bytes.to_vec();
            if let Some(reply) = reply {
                return reply;
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).expect("the server answers");
            assert_ne!(count, 0, "the server closed the connection");
            self.unread.extend_from_slice(&buffer[..count]);
        }
    }

    /// Goes on behind EHLO: the first refusal, or the reply to RCPT.
    fn first_refusal(&mut self) -> (Stage, Reply) {
        self.send("MAIL FROM:<sender@example.com>\r\n");
        let reply = self.reply();
        if !reply.is_positive() {
            return (Stage::Mail, reply);
        }
        self.send("RCPT TO:<alice@mx.example.net>\r\n");
        (Stage::Rcpt, self.reply())
    }

    fn deliver(&mut self) -> (Stage, u16) {
        let (stage, reply) = self.first_refusal();
        (stage, reply.code())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Servers that still wait for a command end at once; none of them has to answer.
        let _: io::Result<()> = self.stream.write_all(b"QUIT\r\n");
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}
