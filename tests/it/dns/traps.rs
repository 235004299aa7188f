//! What hickory-resolver 0.26's own calls get wrong, one test for each: the plain call is shown to
//! fall into the trap, and this crate not to. A test that fails because the plain call is right by
//! now says that a workaround may go.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use helo_name::dns::{Dns, Family, NotKnown, Outcome, Resolver};
use helo_name::verify::{Finding, verify};
use helo_name::{HeloName, Resolution, Resolve};
use hickory_resolver::config::{
    NameServerConfig, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::{Hosts, TokioResolver};
use tokio::task::JoinSet;

use crate::support::fault_dns::{Action, ClosedPort, FaultServer, SilentServer, Tcp};

const MAIL: HeloName = HeloName::from_static("mail.example.com");
const ARPA: &str = "10.2.0.192.in-addr.arpa";

/// How long one try of a plain call may take, in place of five seconds.
const TRY: Duration = Duration::from_millis(100);

fn client() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

/// hickory's resolver as it comes, except for what is given.
fn plain(
    servers: &[SocketAddr],
    search: &[&str],
    change: impl FnOnce(&mut ResolverOpts),
) -> TokioResolver {
    let configs = servers.iter().map(|server| {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        config
    });
    let search = search.iter().map(|text| Name::from_ascii(text).unwrap());
    let config = ResolverConfig::from_parts(None, search.collect(), configs.collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    change(builder.options_mut());
    builder.build().unwrap()
}

/// Asks the servers one after another, in their order.
fn one_by_one(options: &mut ResolverOpts) {
    options.timeout = TRY;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options.num_concurrent_reqs = 1;
}

/// What this crate makes of `mail.example.com` and the client address.
async fn ours(resolver: Resolver, deadline: Duration) -> Resolution {
    Resolve::new(resolver)
        .ignore_environment()
        .ignore_machine()
        .host_name(MAIL.as_str())
        .client_address(client())
        .deadline(deadline)
        .report()
        .await
}

fn finding(report: &Resolution) -> Finding {
    report.considered()[0].findings()[0].finding
}

/// A machine with other things to do is late once; what takes too long by itself does so each time.
async fn fastest_of_three(test: impl AsyncFn()) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        test().await;
        fastest = fastest.min(started.elapsed());
    }
    fastest
}

/// Longer than anything here takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn trap_1_a_lost_answer_of_one_family_turns_into_no_such_address() {
    for (action, deadline) in [
        (Action::ServFail, PATIENCE),
        (Action::Truncated(Tcp::Closes), PATIENCE),
        (Action::Drop, TRY),
    ] {
        let server = FaultServer::script()
            .on(MAIL.as_str(), "A", [action.clone()])
            .on(MAIL.as_str(), "AAAA", [Action::NoData])
            .start();
        let plain = plain(&[server.address()], &[], |options| options.timeout = TRY);
        let error = plain.lookup_ip("mail.example.com.").await.unwrap_err();
        assert!(error.is_no_records_found(), "{action:?}: {error}");

        let report = ours(Resolver::asking([server.address()]), deadline).await;
        assert_eq!(finding(&report), Finding::Unknown, "{action:?}");
    }
}

#[tokio::test]
async fn trap_2_a_search_suffix_overwrites_the_verdict() {
    let server = FaultServer::script()
        .on(MAIL.as_str(), "A", [Action::ServFail])
        .on(MAIL.as_str(), "AAAA", [Action::ServFail])
        .start();
    let plain = plain(&[server.address()], &["corp.test"], |_| {});
    let error = plain.lookup_ip(MAIL.as_str()).await.unwrap_err();
    assert!(error.is_nx_domain(), "{error}");
    let suffixed = |server: &FaultServer| {
        let asked = server.questions().into_iter();
        asked.filter(|q| q.name.ends_with("corp.test")).count()
    };
    let by_plain = suffixed(&server);
    assert!(by_plain > 0);

    let (ip, port) = (server.address().ip(), server.address().port());
    let text = format!("search corp.test\noptions ndots:5\nnameserver [{ip}]:{port}\n");
    let answer = Resolver::from_resolv_conf(text)
        .forward(&MAIL, Family::V4)
        .await;
    assert_eq!(answer.why_not_known(), Some(NotKnown::ServFail));
    assert_eq!(suffixed(&server), by_plain);
}

#[tokio::test]
async fn trap_3_the_timeout_is_for_each_try_of_each_search_name() {
    let server = SilentServer::start();
    let plain = plain(&[server.address()], &["a.test", "b.test"], |options| {
        options.timeout = TRY
    });
    let started = Instant::now();
    plain.lookup_ip(MAIL.as_str()).await.unwrap_err();
    let plain_took = started.elapsed();
    assert!(plain_took > TRY * 8, "{plain_took:?}");

    let ours_took = fastest_of_three(async || {
        ours(Resolver::asking([server.address()]), TRY).await;
    });
    assert!(ours_took.await < TRY * 6);
}

#[tokio::test]
async fn trap_4_behind_a_dead_server_the_next_one_is_never_asked() {
    let (dead, live) = (SilentServer::start(), FaultServer::always(Action::Answer));
    let servers = [dead.address(), live.address()];
    let error = plain(&servers, &[], one_by_one)
        .lookup_ip("mail.example.com.")
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Timeout), "{error}");
    assert_eq!(live.questions().len(), 0);

    let report = ours(Resolver::asking(servers), PATIENCE).await;
    assert_eq!(finding(&report), Finding::Match);
}

#[tokio::test]
async fn trap_5_behind_a_server_that_fails_the_next_one_is_not_asked() {
    for (action, expected) in [
        (Action::ServFail, ResponseCode::ServFail),
        (Action::Refused, ResponseCode::Refused),
    ] {
        let (failing, live) = (
            FaultServer::always(action),
            FaultServer::always(Action::Answer),
        );
        let servers = [failing.address(), live.address()];
        let error = plain(&servers, &[], one_by_one)
            .lookup_ip("mail.example.com.")
            .await
            .unwrap_err();
        assert!(
            matches!(&error, NetError::Dns(DnsError::ResponseCode(code)) if *code == expected),
            "{error}"
        );
        assert_eq!(live.questions().len(), 0);

        let report = ours(Resolver::asking(servers), PATIENCE).await;
        assert_eq!(finding(&report), Finding::Match);
    }
}

#[tokio::test]
async fn trap_6_a_closed_port_takes_as_long_as_a_dead_server() {
    let (closed, live) = (ClosedPort::reserve(), FaultServer::always(Action::Answer));
    let servers = [closed.address(), live.address()];
    let started = Instant::now();
    let error = plain(&servers, &[], one_by_one)
        .lookup_ip("mail.example.com.")
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Timeout), "{error}");
    assert!(started.elapsed() >= TRY * 3);

    let report = ours(Resolver::asking(servers), PATIENCE).await;
    assert_eq!(finding(&report), Finding::Match);
}

#[cfg(unix)]
mod trap_7 {
    use super::*;
    /// Tells the child process which server to ask.
    const SERVER_VARIABLE: &str = "HELO_NAME_TEST_SERVER";

    const NAMES: usize = 200;

    fn name(number: usize) -> String {
        format!("host-{number}.example.com")
    }

    #[test]
    fn trap_7_without_sockets_a_name_does_not_exist() {
        let zone: String = (0..NAMES)
            .map(|number| format!("{} A 192.0.2.10\n", name(number)))
            .collect();
        let server = FaultServer::script()
            .zone(&zone)
            .otherwise(Action::Answer.after(Duration::from_millis(20)))
            .start();
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "dns::traps::trap_7::asks_more_than_it_has_sockets",
                "--ignored",
            ])
            .args(["--nocapture", "--test-threads=1"])
            .env(SERVER_VARIABLE, server.address().to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
        let absent = said.lines().find(|line| line.contains("absent"));
        println!("{}", absent.unwrap());
    }

    #[tokio::test]
    #[ignore = "runs in a process of its own, started by the test above"]
    async fn asks_more_than_it_has_sockets() {
        let Ok(server) = std::env::var(SERVER_VARIABLE) else {
            return; // not the child: the test above judges what the child does
        };
        let server: SocketAddr = server.parse().unwrap();
        let (mut by_plain, mut by_ours) = (0, 0);
        for round in 0..10 {
            // The plain call falls for it when one family gets the last socket: with an odd number,
            // or an even one.
            let _held = (round % 2 == 0).then(|| std::fs::File::open("/dev/null"));
            by_plain += absent_by_plain(server).await;
            by_ours += absent_by_ours(server).await;
        }
        println!("absent of {}: plain {by_plain}, ours {by_ours}", NAMES * 10);
        assert!(by_plain > 0);
        assert_eq!(by_ours, 0);
    }

    async fn absent_by_plain(server: SocketAddr) -> usize {
        let resolver = plain(&[server], &[], |_| {});
        let mut asked = JoinSet::new();
        for number in 0..NAMES {
            let resolver = resolver.clone();
            asked.spawn(async move { resolver.lookup_ip(name(number) + ".").await });
        }
        let answers = asked.join_all().await.into_iter();
        answers
            .filter(|answer| matches!(answer, Err(error) if error.is_no_records_found()))
            .count()
    }

    async fn absent_by_ours(server: SocketAddr) -> usize {
        let resolver = Resolver::asking([server]);
        let mut asked = JoinSet::new();
        for number in 0..NAMES {
            let resolver = resolver.clone();
            let name = HeloName::parse(&name(number)).unwrap();
            asked.spawn(async move { resolver.forward(&name, Family::V4).await });
        }
        let answers = asked.join_all().await.into_iter();
        answers
            .filter(|answer| matches!(answer.outcome(), Outcome::NoData | Outcome::NxDomain))
            .count()
    }
}

#[tokio::test]
async fn trap_8_a_line_of_the_hosts_file_overrules_the_dns() {
    // The DNS knows no such name.
    let server = FaultServer::always(Action::NxDomain);
    let mut hosts = Hosts::default();
    let debian = "127.0.1.1 mail.example.com mail\n";
    hosts.read_hosts_conf(debian.as_bytes()).unwrap();
    let mut plain = plain(&[server.address()], &[], |_| {});
    plain.set_hosts(Arc::new(hosts));
    let found = plain.lookup_ip("mail.example.com.").await.unwrap();
    let loopback: IpAddr = "127.0.1.1".parse().unwrap();
    assert_eq!(found.iter().collect::<Vec<_>>(), [loopback]);

    let report = ours(Resolver::asking([server.address()]), PATIENCE).await;
    assert_eq!(finding(&report), Finding::NoAddress);
}

/// The same with the machine's own hosts file, which needs a mount namespace.
#[cfg(target_os = "linux")]
mod trap_8 {
    use std::process::Command;

    use super::*;

    /// Tells the child process which server to ask.
    const SERVER_VARIABLE: &str = "HELO_NAME_TEST_SERVER";

    /// A hosts file as Debian writes it, in a mount namespace of the child's own.
    const WITH_HOSTS_FILE: &str = r#"
        file=$(mktemp) && echo "127.0.1.1 mail.example.com mail" > "$file" &&
        mount --bind "$file" /etc/hosts && rm "$file" && exec "$@""#;

    fn in_namespace() -> Command {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--"]);
        command
    }

    #[test]
    #[ignore = "mounts another hosts file, which not every system lets a user do"]
    fn trap_8_the_hosts_file_of_this_machine_overrules_the_dns() {
        // The DNS knows no such name.
        let server = FaultServer::always(Action::NxDomain);
        let output = in_namespace()
            .args(["sh", "-c", WITH_HOSTS_FILE, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "dns::traps::trap_8::has_its_name_in_the_hosts_file",
                "--ignored",
            ])
            .env(SERVER_VARIABLE, server.address().to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("1 passed"), "{said}");
    }

    #[tokio::test]
    #[ignore = "runs in a process of its own, started by the test above"]
    async fn has_its_name_in_the_hosts_file() {
        let Ok(server) = std::env::var(SERVER_VARIABLE) else {
            return; // not the child: the test above judges what the child does
        };
        let server: SocketAddr = server.parse().unwrap();
        let found = plain(&[server], &[], |_| {})
            .lookup_ip("mail.example.com.")
            .await
            .unwrap();
        let loopback: IpAddr = "127.0.1.1".parse().unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), [loopback]);

        let report = ours(Resolver::asking([server]), PATIENCE).await;
        assert_eq!(finding(&report), Finding::NoAddress);
        // Not even for who would be at that address.
        let checked = verify(&Resolver::asking([server]), &MAIL, Some(loopback)).await;
        assert_eq!(checked.finding(), Finding::NoAddress);
    }
}

#[tokio::test]
async fn trap_9_a_ptr_name_with_an_underscore_cannot_be_asked_for() {
    let server = FaultServer::script()
        .on(
            ARPA,
            "PTR",
            [Action::ptr_names([
                "under_score.example.com",
                MAIL.as_str(),
            ])],
        )
        .start();
    let plain = plain(&[server.address()], &[], |_| {});
    let error = plain
        .lookup_ip("under_score.example.com.")
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Proto(_)), "{error}");

    let resolver = Resolver::asking([server.address()]);
    let answer = resolver.reverse(client()).await;
    assert_eq!(answer.records()[0].as_str(), "under_score.example.com");
    let report = ours(resolver, PATIENCE).await;
    assert_eq!(report.name().unwrap(), &MAIL);
    assert_eq!(finding(&report), Finding::Match);
}

#[tokio::test]
async fn trap_10_an_address_as_text_or_ipv4_mapped_asks_for_something_else() {
    let server = FaultServer::script().start();
    let plain = plain(&[server.address()], &[], |_| {});
    let mapped: IpAddr = "::ffff:192.0.2.10".parse().unwrap();
    plain.reverse_lookup("192.0.2.10").await.unwrap_err();
    plain.reverse_lookup(mapped).await.unwrap_err();
    let asked: Vec<String> = server.questions().into_iter().map(|q| q.name).collect();
    assert!(asked.contains(&"192.0.2.10".to_owned()), "{asked:?}");
    assert!(
        asked
            .iter()
            .any(|name| name.ends_with("f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa")),
        "{asked:?}"
    );

    let resolver = Resolver::asking([server.address()]);
    for address in [client(), mapped] {
        let answer = resolver.reverse(address).await;
        assert_eq!(answer.records()[0].as_str(), MAIL.as_str());
    }
}

#[tokio::test]
async fn trap_11_some_names_are_answered_without_asking_anybody() {
    let server = FaultServer::always(Action::NxDomain);
    let plain = plain(&[server.address()], &[], |_| {});
    let other: IpAddr = "192.0.2.77".parse().unwrap();
    let loopback: IpAddr = "127.0.0.1".parse().unwrap();
    for (name, invented) in [("192.0.2.77", other), ("mail.localhost.", loopback)] {
        let found = plain.lookup_ip(name).await.unwrap();
        assert!(found.iter().any(|address| address == invented), "{name}");
    }
    plain.reverse_lookup(loopback).await.unwrap();
    assert_eq!(server.questions().len(), 0);

    let resolver = Resolver::asking([server.address()]);
    for (name, expected) in [
        (HeloName::from_static("mail.localhost"), Finding::NotPublic),
        (HeloName::try_from(other).unwrap(), Finding::Mismatch),
    ] {
        let checked = verify(&resolver, &name, Some(client())).await;
        assert_eq!(checked.finding(), expected, "{name}");
    }
    let answer = resolver.reverse(loopback).await;
    assert_eq!(answer.outcome(), &Outcome::NxDomain);
}

#[tokio::test]
async fn trap_12_two_hundred_ptr_names_mean_four_hundred_questions() {
    let naive = FaultServer::script()
        .on(ARPA, "PTR", [Action::many_ptr_names(200)])
        .start();
    let plain = plain(&[naive.address()], &[], |_| {});
    for record in plain.reverse_lookup(client()).await.unwrap().answers() {
        if let RData::PTR(name) = &record.data {
            let _ = plain.lookup_ip(name.0.clone()).await;
        }
    }
    let by_plain = naive.distinct_questions().len();
    assert_eq!(by_plain, 401);

    let server = FaultServer::script()
        .on(ARPA, "PTR", [Action::many_ptr_names(200)])
        .start();
    ours(Resolver::asking([server.address()]), PATIENCE).await;
    // None of the ten names has the client address: then two probes ask whether the host name
    // exists by itself (R31).
    assert_eq!(server.distinct_questions().len(), 12 + 2);
}

#[cfg(unix)]
#[tokio::test]
async fn trap_13_one_bad_line_of_resolv_conf_loses_all_servers_and_edns_is_off() {
    use hickory_resolver::system_conf::parse_resolv_conf;

    // 30 names fit 1,232 bytes, which is what EDNS offers, and not the 512 without it.
    let server = FaultServer::script()
        .on(ARPA, "PTR", [Action::many_ptr_names(30)])
        .start();
    let search = format!("search {}.test\n", "x".repeat(64));
    assert!(parse_resolv_conf(format!("{search}nameserver 192.0.2.53\n")).is_err());
    let (_, options) = parse_resolv_conf("nameserver 192.0.2.53\n").unwrap();
    let plain = plain(&[server.address()], &[], |own| own.edns0 = options.edns0);
    plain.reverse_lookup(client()).await.unwrap();
    let by_tcp = || {
        let all = server.questions().into_iter();
        all.filter(|q| q.transport == crate::support::fault_dns::Transport::Tcp)
            .count()
    };
    assert_eq!(by_tcp(), 1);

    let (ip, port) = (server.address().ip(), server.address().port());
    let text = format!("{search}nameserver [{ip}]:{port}\n");
    let answer = Resolver::from_resolv_conf(text).reverse(client()).await;
    assert_eq!(answer.records().len(), 30);
    assert_eq!(by_tcp(), 1);
}

#[tokio::test]
async fn trap_14_only_a_deadline_around_everything_bounds_a_busy_connection() {
    // 32 questions wait on the one TCP connection; for all others it is busy. That answer is not
    // counted as a try by hickory's retries; its pool keeps it to itself, and the tries of the
    // others add up as in trap 3.
    const QUESTIONS: usize = 100;
    let server = FaultServer::always(Action::Truncated(Tcp::Silent));
    let resolver = plain(&[server.address()], &[], |options| options.timeout = TRY);
    let started = Instant::now();
    let mut asked = JoinSet::new();
    for number in 0..QUESTIONS {
        let resolver = resolver.clone();
        let name = format!("host-{number}.example.com.");
        asked.spawn(async move { resolver.ipv4_lookup(name).await.map(drop).unwrap_err() });
    }
    asked.join_all().await;
    assert!(started.elapsed() >= TRY * 3);

    let ours_took = fastest_of_three(async || {
        let resolver = Resolver::asking([server.address()]);
        let mut asked = JoinSet::new();
        for _ in 0..QUESTIONS {
            asked.spawn(ours(resolver.clone(), TRY));
        }
        let reports = asked.join_all().await;
        assert!(
            reports
                .iter()
                .all(|report| finding(report) == Finding::Unknown)
        );
    });
    assert!(ours_took.await < TRY * 6);
}

#[test]
fn trap_15_a_release_with_a_known_hole_is_not_used() {
    // RUSTSEC-2026-0119 is fixed in 0.26.1.
    let version = hickory_resolver::version();
    let numbers: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!(numbers >= vec![0, 26, 1], "{version}");
}
