//! What a resolution asks the DNS, each question once, and what it makes of unusual answers.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use helo_name::dns::{Dns, EchoService, NotKnown, Resolver, Zone};
use helo_name::name::InvalidHeloNameKind;
use helo_name::policy::Strict;
use helo_name::resolve::{ReasonKind, ResolveErrorKind, Warning};
use helo_name::verify::{ClientFinding, Finding, Iprev};
use helo_name::{Decision, HeloName, Resolution, Resolve};

use crate::support::each::each;
use crate::support::fault_dns::{Action, FaultServer, Script, Transport};

const CLIENT: &str = "192.0.2.10";
const ARPA: &str = "10.2.0.192.in-addr.arpa";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A resolution that knows nothing of this machine.
fn resolve(resolver: Resolver) -> Resolve<Resolver> {
    Resolve::new(resolver).ignore_environment().ignore_machine()
}

fn asking(server: &FaultServer) -> Resolver {
    Resolver::asking([server.address()])
}

/// `name type` of each question; a probe is below `nx`.
fn questions(server: &FaultServer) -> BTreeSet<String> {
    let distinct = server.distinct_questions().into_iter();
    distinct
        .map(|(name, record_type)| without_label(&format!("{name} {record_type}")))
        .collect()
}

/// Writes `nx` for the random label of a probe (R31).
fn without_label(question: &str) -> String {
    match question.strip_prefix("nx-") {
        Some(probe) => format!("nx{}", &probe[16..]),
        None => question.to_owned(),
    }
}

fn datagrams(server: &FaultServer) -> usize {
    let all = server.questions();
    let by_udp = all.iter().filter(|q| q.transport == Transport::Udp);
    by_udp.count()
}

/// A script whose client address has these PTR names, all of them forward-confirmed.
fn with_ptr_names(names: &[String]) -> Script {
    let zone: String = names
        .iter()
        .map(|name| format!("{name} A {CLIENT}\n"))
        .collect();
    let ptr = Action::ptr_names(names.iter().map(String::as_str));
    FaultServer::script()
        .zone(&format!("{zone}mail.example.com A {CLIENT}"))
        .on(ARPA, "PTR", [ptr])
}

fn others(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("host-{number}.example.com"))
        .collect()
}

#[test]
fn two_questions_and_one_for_each_of_up_to_ten_other_ptr_names() {
    let mail = || vec!["mail.example.com".to_owned()];
    // The host name; the PTR names; the questions.
    #[rustfmt::skip]
    let table = [
        // The only candidate is the PTR name
        (Some("mail.example.com"), mail(), 2),
        (None, mail(), 2),
        // Other PTR names beside it
        (Some("mail.example.com"), [mail(), others(1)].concat(), 3),
        (Some("mail.example.com"), [mail(), others(2)].concat(), 4),
        (Some("mail.example.com"), [mail(), others(10)].concat(), 12),
        (Some("mail.example.com"), [mail(), others(11)].concat(), 12),
        (Some("mail.example.com"), [others(200), mail()].concat(), 12),
        // Other PTR names instead of it
        (Some("mail.example.com"), others(1), 3),
        (Some("mail.example.com"), others(10), 12),
        (Some("mail.example.com"), others(200), 12),
        (None, others(10), 11),
        (None, others(200), 11),
        // A name in two spellings is one
        (None, vec!["mail.example.com".to_owned(), "MAIL.example.COM".to_owned()], 2),
        // Names that are not asked for: not legal, not public
        // Then the host name matches, and no PTR confirms it: two probes (R31)
        (Some("mail.example.com"), vec!["under_score.example.com".to_owned(), "mail.local".to_owned(), "bare".to_owned()], 4),
    ];
    each(table, |(host_name, ptr_names, expected)| {
        let what = format!("{host_name:?}, {} PTR names", ptr_names.len());
        let servers: Vec<FaultServer> =
            (0..3).map(|_| with_ptr_names(&ptr_names).start()).collect();
        let pod =
            "search mail.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";
        let pods_resolv_conf = format!(
            "{pod}nameserver [{}]:{}\n",
            servers[0].address().ip(),
            servers[0].address().port()
        );
        let all = servers.iter().map(FaultServer::address);
        each(
            [
                (
                    "by a pod's resolv.conf",
                    Resolver::from_resolv_conf(pods_resolv_conf),
                ),
                ("three servers", Resolver::asking(all)),
            ],
            |(how, resolver)| {
                let mut resolve = resolve(resolver).client_address(address(CLIENT));
                if let Some(name) = host_name {
                    resolve = resolve.host_name(name);
                }
                let report = resolve.report_blocking();
                assert!(report.name().is_ok(), "{what}, {how}: {report}");
            },
        );
        each(&servers, |server| {
            let asked = questions(server);
            // The first to answer is believed, so a server that is slower may not hear of what
            // follows.
            let is_first = server.address() == servers[0].address();
            assert!(asked.len() <= expected, "{what}: {asked:?}");
            assert!(!is_first || asked.len() == expected, "{what}: {asked:?}");
        });
    });
}

#[test]
fn a_probe_is_asked_only_where_a_decision_rests_on_an_address_that_no_ptr_confirms() {
    let ptr = format!("{ARPA} PTR mail.example.com\n");
    let own = format!("mail.example.com A {CLIENT}\n");
    let other = "mail.example.com A 192.0.2.77\n".to_owned();
    let host = |resolve: Resolve<Resolver>| resolve.host_name("mail.example.com");
    let operators = |resolve: Resolve<Resolver>| resolve.configured("mail.example.com");
    type Told = fn(Resolve<Resolver>) -> Resolve<Resolver>;
    let client = |resolve: Resolve<Resolver>| resolve.client_address(address(CLIENT));
    let strict = |resolve: Resolve<Resolver>| resolve.policy(Strict);
    // the zone, what is told, A, AAAA and PTR questions, probes
    let cases: [(String, &[Told], [usize; 4]); 9] = [
        (
            [ptr.clone(), own.clone()].concat(),
            &[host, client],
            [1, 0, 1, 0],
        ),
        (own.clone(), &[host, client], [3, 0, 1, 2]),
        (own.clone(), &[host], [3, 1, 0, 2]),
        // Nothing was found that could be doubted
        (other, &[host, client], [1, 0, 1, 0]),
        (String::new(), &[host], [1, 1, 0, 0]),
        // The operator's name is sent whatever the DNS says, and strict believes the DNS only
        (own.clone(), &[operators, client], [1, 0, 1, 0]),
        (own.clone(), &[operators], [1, 1, 0, 0]),
        (own.clone(), &[operators, client, strict], [3, 0, 1, 2]),
        (
            "mail.example.com AAAA 2001:db8::10".to_owned(),
            &[host],
            [1, 3, 0, 2],
        ),
    ];
    each(cases, |(zone, told, expected)| {
        let server = FaultServer::script().zone(&zone).start();
        let resolve = told
            .iter()
            .fold(resolve(asking(&server)), |resolve, tell| tell(resolve));
        let _ = resolve.report_blocking();
        let asked = questions(&server);
        let count = |is: &dyn Fn(&&String) -> bool| asked.iter().filter(is).count();
        let counts = [
            count(&|question| question.ends_with(" A")),
            count(&|question| question.ends_with(" AAAA")),
            count(&|question| question.ends_with(" PTR")),
            count(&|question| question.starts_with("nx.")),
        ];
        assert_eq!(counts, expected, "{asked:?}");
    });
}

#[test]
fn a_wildcard_is_a_warning_and_a_resolver_that_answers_everything_proves_nothing() {
    let told = |zone: &str| {
        let server = FaultServer::script().zone(zone).start();
        resolve(asking(&server))
            .host_name("web1.example.com")
            .report_blocking()
    };
    let report = told("*.example.com A 192.0.2.10");
    let name = HeloName::from_static("web1.example.com");
    assert_eq!(report.name().unwrap(), &name);
    assert!(
        report.warnings().contains(&Warning::Wildcard(name)),
        "{report}"
    );
    assert!(!report.is_provisional(), "{report}");

    let report = told("* A 192.0.2.77");
    let error = report.name().unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::TryAgain, "{report}");
    assert!(
        report.warnings().contains(&Warning::AnswersEverything),
        "{report}"
    );
    assert!(
        report
            .to_string()
            .contains("reject: the resolver answers for names that do not exist, too (unknown)\n"),
        "{report}"
    );
}

#[test]
fn no_question_is_asked_twice() {
    let attempt = || {
        let server = with_ptr_names(&others(5)).start();
        let report = resolve(asking(&server))
            .host_name("mail.example.com")
            .sender_domain("mail.example.com")
            .client_address(address(CLIENT))
            .report_blocking();
        assert!(!report.is_provisional(), "{report}");
        (datagrams(&server), questions(&server).len())
    };
    // A datagram is sent again after a third of a second, which a machine with other things to do
    // may let pass.
    let counts: Vec<_> = (0..3).map(|_| attempt()).collect();
    assert!(counts.contains(&(7, 7)), "{counts:?}");
}

/// Servers that lose every datagram, and log it.
fn silent_servers(count: usize) -> Vec<FaultServer> {
    (0..count)
        .map(|_| FaultServer::always(Action::Drop))
        .collect()
}

fn all_datagrams(servers: &[FaultServer]) -> usize {
    servers.iter().map(datagrams).sum()
}

fn asking_all(servers: &[FaultServer]) -> Resolver {
    Resolver::asking(servers.iter().map(FaultServer::address))
        .try_again_after(Duration::from_millis(350))
}

/// Names that are all looked up: that of the host, and of the sender.
fn with_names(resolve: Resolve<Resolver>) -> Resolve<Resolver> {
    resolve
        .configured("mx.example.com")
        .also_derived()
        .host_name("host.example.com")
        .sender_domain("example.net")
}

#[test]
fn at_most_64_datagrams_leave_for_a_client_address() {
    // How many servers; whether the first of them answers; how many datagrams there are at least.
    let table = [(1, false, 4), (2, false, 8), (3, false, 12), (3, true, 14)];
    let play = |count, answers| {
        let mut servers = silent_servers(count);
        if answers {
            servers[0] = with_ptr_names(&others(11)).start();
        }
        let report = with_names(resolve(asking_all(&servers)))
            .client_address(address(CLIENT))
            .deadline(Duration::from_millis(2500))
            .report_blocking();
        assert_ne!(report.is_provisional(), answers, "{report}");
        all_datagrams(&servers)
    };
    let played: Vec<_> = thread::scope(|scope| {
        let play = |count, answers| scope.spawn(move || play(count, answers));
        let all: Vec<_> = table.iter().map(|row| play(row.0, row.1)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    each(table.into_iter().zip(played), |(row, sent)| {
        let (count, answers, least) = row;
        assert!(
            (least..=64).contains(&sent),
            "{count} servers, {answers}: {sent} datagrams"
        );
    });
}

#[test]
fn the_datagrams_to_services_that_echo_an_address_count_too() {
    let servers = silent_servers(3);
    let echo = silent_servers(3);
    let at: Vec<_> = echo.iter().map(FaultServer::address).collect();
    let services = EchoService::WELL_KNOWN.map(|service| service.with_servers(at.clone()));
    let report = with_names(resolve(asking_all(&servers)))
        .discover_client_address(services)
        .deadline(Duration::from_millis(2000))
        .report_blocking();
    assert!(report.is_provisional(), "{report}");
    let (services, servers) = (all_datagrams(&echo), all_datagrams(&servers));
    assert!(services >= 12 && servers >= 6, "{services} and {servers}");
    assert!(services + servers <= 64, "{services} and {servers}");
}

#[test]
fn two_client_addresses_may_have_twice_as_many_datagrams() {
    let attempt = || {
        let mut servers = silent_servers(3);
        servers[0] = with_ptr_names(&others(11)).start();
        let report = with_names(resolve(asking_all(&servers)))
            .client_address(address(CLIENT))
            .client_address(address("2001:db8::10"))
            .deadline(Duration::from_millis(2500))
            .report_blocking();
        assert!(!report.is_provisional(), "{report}");
        all_datagrams(&servers)
    };
    // On a machine with other things to do, the answer may come before all servers are asked.
    let counts: Vec<_> = (0..3).map(|_| attempt()).collect();
    assert!(counts.iter().all(|&sent| sent <= 128), "{counts:?}");
    assert!(counts.iter().any(|&sent| sent > 64), "{counts:?}");
}

#[test]
fn a_name_from_two_sources_is_one_question() {
    // By a zone in memory, as hickory would make one datagram of two questions that are asked at
    // once.
    let zone = Arc::new(
        Zone::new()
            .address("mail.example.com", CLIENT)
            .ptr(CLIENT, "mail.example.com"),
    );
    let _ = Resolve::new(Arc::clone(&zone))
        .ignore_environment()
        .ignore_machine()
        .host_name("mail.example.com")
        .sender_domain("mail.example.com")
        .client_address(address(CLIENT))
        .report_blocking();
    assert_eq!(zone.questions().len(), 2);
}

#[test]
fn a_server_named_twice_is_asked_once() {
    let server = FaultServer::script().start();
    let resolver = Resolver::asking([server.address(), server.address()]);
    pollster::block_on(resolver.reverse(address(CLIENT)));
    assert_eq!(datagrams(&server), 1);
}

#[test]
fn each_family_has_its_own_questions_and_no_other() {
    let server = FaultServer::script().start();
    let report = resolve(asking(&server))
        .host_name("mail.example.com")
        .client_address(address(CLIENT))
        .client_address(address("2001:db8::10"))
        .report_blocking();
    assert!(!report.is_provisional(), "{report}");
    let arpa_v6 = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR";
    let expected = [
        "mail.example.com A",
        "mail.example.com AAAA",
        "10.2.0.192.in-addr.arpa PTR",
        arpa_v6,
    ];
    assert_eq!(questions(&server), expected.map(str::to_owned).into());
}

#[test]
fn no_ptr_is_asked_of_an_address_that_is_not_public() {
    each(
        [
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ],
        |client| {
            let server = FaultServer::script().start();
            let report = resolve(asking(&server))
                .host_name("mail.example.com")
                .client_address(address(client))
                .report_blocking();
            assert_eq!(report.clients()[0].reverse(), None, "{client}");
            let asked = questions(&server);
            // It counts as not known (R17), so both families of the name matter.
            let expected = [
                "mail.example.com A",
                "mail.example.com AAAA",
                "nx.example.com A",
                "nx.net A",
            ];
            assert_eq!(asked, expected.map(str::to_owned).into(), "{client}");
        },
    );
}

#[test]
fn a_name_that_means_nothing_in_public_is_not_asked_for() {
    each(
        [
            "mail.local",
            "mail.corp.internal",
            "mail.localhost",
            "[192.0.2.10]",
        ],
        |name| {
            let server = FaultServer::script().start();
            let _ = resolve(asking(&server))
                .configured(name)
                .client_address(address(CLIENT))
                .report_blocking();
            assert_eq!(questions(&server), [format!("{ARPA} PTR")].into(), "{name}");
        },
    );
}

// ---- Unusual answers ----

fn report(zone: &str, host_name: &str) -> Resolution {
    let server = FaultServer::script().zone(zone).start();
    resolve(asking(&server))
        .host_name(host_name)
        .client_address(address(CLIENT))
        .report_blocking()
}

#[test]
fn a_name_whose_address_is_a_loopback_address_never_verifies() {
    // What Debian writes into the hosts file, in the DNS.
    let report = report("mail.example.com A 127.0.1.1", "mail.example.com");
    let considered = &report.considered()[0];
    let client = Some(address(CLIENT));
    assert_eq!(
        considered.findings(),
        [ClientFinding::new(client, Finding::Unknown)]
    );
    let answer = &considered.lookups()[0].answer;
    assert_eq!(answer.why_not_known(), Some(NotKnown::Synthesised));
    assert_ne!(considered.decision(), Decision::Permit);
    assert!(
        report.name().is_err() || report.is_provisional(),
        "{report}"
    );
}

#[test]
fn an_underscore_ptr_name_is_compared_and_refused_by_itself() {
    let zone = "
        mail.example.com A 192.0.2.10
        10.2.0.192.in-addr.arpa PTR under_score.example.com
        10.2.0.192.in-addr.arpa PTR mail.example.com";
    let report = report(zone, "mail.example.com");
    let names = report.clients()[0].reverse().unwrap().answer.records();
    assert!(
        names
            .iter()
            .any(|name| name.as_str() == "under_score.example.com")
    );
    let mut considered = report.considered().iter();
    let refused = considered
        .find(|c| c.raw() == "under_score.example.com")
        .unwrap();
    let kind = refused.reason().kind();
    assert_eq!(kind, ReasonKind::Illegal(InvalidHeloNameKind::Underscore));
    assert_eq!(report.name().unwrap().as_str(), "mail.example.com");
    assert_eq!(report.clients()[0].iprev(), Some(Iprev::Pass));
    assert!(!report.is_provisional());
}

#[test]
fn an_ipv4_mapped_address_is_the_ipv4_address() {
    let server = FaultServer::script().start();
    let report = resolve(asking(&server))
        .host_name("mail.example.com")
        .client_address(address("::ffff:192.0.2.10"))
        .report_blocking();
    let client = Some(address(CLIENT));
    assert_eq!(
        report.considered()[0].findings(),
        [ClientFinding::new(client, Finding::Match)]
    );
    let expected = [format!("{ARPA} PTR"), "mail.example.com A".to_owned()];
    assert_eq!(questions(&server), expected.into());
}

#[test]
fn an_alias_is_followed_and_reported_wherever_the_answer_ends() {
    let whole = Action::Answer;
    // An authoritative server says where the alias leads, and no more.
    let cut = Action::Changed(|message| message.answers.truncate(1));
    each([(whole, 2), (cut, 3)], |(action, expected_questions)| {
        let server = FaultServer::script()
            .on("www.example.com", "A", [action])
            .start();
        let report = resolve(asking(&server))
            .host_name("www.example.com")
            .configured("www.example.com")
            .client_address(address(CLIENT))
            .report_blocking();
        let considered = &report.considered()[0];
        assert_eq!(considered.findings()[0].finding, Finding::Match, "{report}");
        let aliases = considered.lookups()[0].answer.aliases();
        assert_eq!(aliases, [Box::from("mail.example.com")]);
        let is_alias = |warning: &Warning| matches!(warning, Warning::Alias { .. });
        assert!(report.warnings().iter().any(is_alias), "{report}");
        assert_eq!(questions(&server).len(), expected_questions);
    });
}

#[test]
fn a_ptr_behind_an_alias_is_found_and_nothing_to_report() {
    // RFC 2317: a network smaller than /24 is delegated by CNAMEs.
    let zone = "
        mail.example.com A 192.0.2.10
        10.2.0.192.in-addr.arpa CNAME 10.0/27.2.0.192.in-addr.arpa
        10.0/27.2.0.192.in-addr.arpa PTR mail.example.com";
    let whole = Action::Answer;
    let cut = Action::Changed(|message| message.answers.truncate(1));
    each([whole, cut], |action| {
        let server = FaultServer::script()
            .zone(zone)
            .on(ARPA, "PTR", [action])
            .start();
        let report = resolve(asking(&server))
            .client_address(address(CLIENT))
            .report_blocking();
        assert_eq!(report.name().unwrap().as_str(), "mail.example.com");
        assert_eq!(report.clients()[0].iprev(), Some(Iprev::Pass));
        assert_eq!(report.warnings(), []);
    });
}

#[test]
fn a_ptr_name_with_private_addresses_only_is_held_as_the_world_may_see_others() {
    // The name of the machine behind NAT, as its own network's DNS knows it.
    #[rustfmt::skip]
    let table = [
        ("mail.example.com A 10.0.0.5", Finding::Inside, Decision::Hold),
        ("mail.example.com A 100.64.0.5\nmail.example.com A 10.0.0.5", Finding::Inside, Decision::Hold),
        ("mail.example.com A 10.0.0.5\nmail.example.com A 198.51.100.1", Finding::Mismatch, Decision::Reject),
        ("mail.example.com A 240.0.0.1", Finding::NotPublic, Decision::Reject),
    ];
    each(table, |(addresses, expected, decision)| {
        let zone = format!("{addresses}\n{ARPA} PTR mail.example.com");
        let report = report(&zone, "mail.example.com");
        assert_eq!(report.clients()[0].iprev(), Some(Iprev::Fail), "{report}");
        let ptr_name = &report.considered()[1];
        assert_eq!(ptr_name.findings()[0].finding, expected, "{report}");
        assert_eq!(ptr_name.decision(), decision, "{report}");
    });
}
