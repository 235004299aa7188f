//! How long `resolve()` takes, in round trips to a DNS server on loopback that answers after 20 ms.
//!
//! Every row is a ratio to one raw UDP round trip measured in the same run, so that it holds on any
//! machine; beside it stands the naive plan (`lookup_ip` of the host name, `reverse_lookup`,
//! `lookup_ip` of each PTR name) with hickory's own calls. Numbers are medians.
//!
//! At last many pairs of name and address, against a hand-written loop over hickory's calls in the
//! same run; there the server answers at once, and takes its share of the processors in both.

#[path = "../tests/support"]
mod support {
    pub(crate) mod dns_server;
    pub(crate) mod fault_dns;
}

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use helo_name::dns::Resolver;
use helo_name::verify::{Finding, verify_many};
use helo_name::{HeloName, Resolve};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use support::dns_server::DnsServer;
use support::fault_dns::{Action, ClosedPort, FaultServer, SilentServer};

const DELAY: Duration = Duration::from_millis(20);
const RUNS: usize = 20;
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// A row: what it is about, the host name, and the zone.
struct Case {
    what: &'static str,
    host_name: &'static str,
    zone: String,
}

fn cases() -> Vec<Case> {
    let zone = |ptr_names: &[String]| {
        let mut zone = String::from("host.example.com A 192.0.2.99\n");
        for name in ptr_names {
            zone += &format!("10.2.0.192.in-addr.arpa PTR {name}\n{name} A 192.0.2.10\n");
        }
        zone
    };
    let names = |count: usize| -> Vec<String> {
        (0..count).map(|n| format!("mx{n}.example.com")).collect()
    };
    vec![
        Case {
            what: "PTR is the candidate",
            host_name: "mx0.example.com",
            zone: zone(&names(1)),
        },
        Case {
            what: "PTR is another name",
            host_name: "host.example.com",
            zone: zone(&names(1)),
        },
        Case {
            what: "two other PTR names",
            host_name: "host.example.com",
            zone: zone(&names(2)),
        },
        Case {
            what: "200 PTR names",
            host_name: "host.example.com",
            zone: zone(&names(200)),
        },
    ]
}

fn main() {
    let round_trip = measure(raw_round_trip(&DnsServer::start_delayed(
        "a.example.com A 192.0.2.1",
        DELAY,
    )));
    println!(
        "one raw UDP round trip: {:.1} ms; medians of {RUNS}\n",
        millis(round_trip)
    );
    println!("| plan | resolve() | questions | naive | questions |");
    println!("| --- | --- | --- | --- | --- |");
    for case in cases() {
        let server = DnsServer::start_delayed(&case.zone, DELAY);
        let ours = measure(|| drop(resolve(&case, server.address()).report_blocking()));
        let our_questions = server.questions().len() / (RUNS + 1);
        let before = server.questions().len();
        let naive = measure_some(naive_runs(&case), || naive_plan(&case, server.address()));
        let naive_questions = (server.questions().len() - before) / (naive_runs(&case) + 1);
        let ratio = |time: Duration| time.as_secs_f64() / round_trip.as_secs_f64();
        println!(
            "| {} | {:.2} RTT | {our_questions} | {:.2} RTT | {naive_questions} |",
            case.what,
            ratio(ours),
            ratio(naive)
        );
    }
    println!();
    live_among_others(round_trip);
    blocking_form();
    deadlines();
    many_pairs();
}

fn resolve(case: &Case, server: SocketAddr) -> Resolve<Resolver> {
    HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .host_name(case.host_name)
        .client_address(CLIENT)
        .dns(Resolver::asking([server]))
}

/// The naive plan takes seconds with 200 names.
fn naive_runs(case: &Case) -> usize {
    if case.what.starts_with("200") {
        1
    } else {
        RUNS
    }
}

fn naive_plan(case: &Case, server: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let resolver = hickory(server);
        // The outcomes do not matter here, only the questions and the time.
        let _ = resolver.lookup_ip(format!("{}.", case.host_name)).await;
        if let Ok(names) = resolver.reverse_lookup(CLIENT).await {
            for record in names.answers() {
                if let RData::PTR(name) = &record.data {
                    let _ = resolver.lookup_ip(name.0.clone()).await;
                }
            }
        }
    });
}

/// Hickory's own resolver, with the options that one would set.
fn hickory(server: SocketAddr) -> TokioResolver {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    config
        .connections
        .iter_mut()
        .for_each(|connection| connection.port = server.port());
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build().expect("a resolver")
}

fn raw_round_trip(server: &DnsServer) -> impl FnMut() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(server.address()).expect("an address");
    move || {
        // id 1, RD, one question: a.example.com A IN
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\x03com\0\0\x01\0\x01";
        socket.send(question).expect("sent");
        let mut answer = [0; 512];
        let _ = socket.recv(&mut answer).expect("an answer");
    }
}

/// How long it takes to find the server that works among others, in round trips: at most 1.5 are
/// aimed at.
fn live_among_others(round_trip: Duration) {
    let case = &cases()[0];
    let live = DnsServer::start_delayed(&case.zone, DELAY);
    let (silent, mute) = (SilentServer::start(), SilentServer::start());
    let closed = ClosedPort::reserve();
    let servfail = FaultServer::always(Action::ServFail);
    let refused = FaultServer::always(Action::Refused);
    println!("| name servers | resolve() |");
    println!("| --- | --- |");
    for (what, others) in [
        ("silent", vec![silent.address()]),
        ("two silent", vec![silent.address(), mute.address()]),
        ("SERVFAIL", vec![servfail.address()]),
        ("REFUSED", vec![refused.address()]),
        ("closed port", vec![closed.address()]),
    ] {
        let before: Vec<SocketAddr> = others.iter().copied().chain([live.address()]).collect();
        let after: Vec<SocketAddr> = before.iter().rev().copied().collect();
        for (order, servers) in [("then live", before), ("after live", after)] {
            let time = measure(|| {
                let resolver = Resolver::asking(servers.iter().copied());
                let report = resolve(case, live.address())
                    .dns(resolver)
                    .report_blocking();
                assert!(!report.is_provisional(), "{report}");
            });
            let ratio = time.as_secs_f64() / round_trip.as_secs_f64();
            println!("| {what}, {order} | {ratio:.2} RTT |");
        }
    }
    println!();
}

/// What the blocking form adds to the awaited one, with a DNS that answers at once from memory.
fn blocking_form() {
    let zone = || {
        helo_name::dns::Zone::new()
            .address("mail.example.com", "192.0.2.10")
            .ptr("192.0.2.10", "mail.example.com")
    };
    let builder = || {
        Resolve::new(zone())
            .ignore_environment()
            .ignore_machine()
            .client_address(CLIENT)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let awaited = measure(|| drop(runtime.block_on(async { builder().await })));
    let blocking = measure(|| drop(builder().blocking()));
    let inside = measure(|| drop(runtime.block_on(async { builder().blocking() })));
    println!(
        "resolved from memory: awaited in tokio {} µs, blocking {} µs, blocking inside tokio {} µs",
        awaited.as_micros(),
        blocking.as_micros(),
        inside.as_micros()
    );
}

/// A server that never answers: how long after the deadline `resolve()` is back, whatever form it
/// has.
fn deadlines() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let server = silent.local_addr().expect("an address");
    let deadline = Duration::from_millis(200);
    let case = &cases()[0];
    let builder = || resolve(case, server).deadline(deadline);
    let blocking = measure(|| drop(builder().blocking()));
    let awaited = measure(|| drop(pollster::block_on(async { builder().await })));
    let dropped = measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let _ = runtime.block_on(async { builder().await });
        drop(runtime);
    });
    let late = |time: Duration| millis(time.saturating_sub(deadline));
    println!(
        "a silent server, deadline 200 ms: late by {:.1} ms blocking, {:.1} ms awaited, {:.1} ms with the runtime dropped",
        late(blocking),
        late(awaited),
        late(dropped)
    );
}

const PAIRS: usize = 10_000;
const AT_A_TIME: usize = 100;
const ROUNDS: usize = 9;

/// The name and the address of one pair. Nothing is sent to these addresses.
fn pair(number: usize) -> (HeloName, IpAddr) {
    let name = format!("host-{number}.example.com");
    let address = u32::from(Ipv4Addr::new(203, 1, 0, 0)) + number as u32;
    let name = HeloName::parse(&name).expect("a legal name");
    (name, Ipv4Addr::from(address).into())
}

/// Ten thousand pairs, 100 at a time, by `verify_many` and by hand, in turn.
fn many_pairs() {
    let mut zone = String::new();
    for number in 0..PAIRS {
        let (name, address) = pair(number);
        let IpAddr::V4(v4) = address else { continue };
        let [a, b, c, d] = v4.octets();
        zone += &format!("{name} A {v4}\n{d}.{c}.{b}.{a}.in-addr.arpa PTR {name}\n");
    }
    let server = DnsServer::start(&zone);
    let address = server.address();
    let one_thread = tokio::runtime::Builder::new_current_thread;
    let threads = tokio::runtime::Builder::new_multi_thread;
    let (mut ours, mut on_one, mut on_many) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| verify_pairs(address)));
        on_one.push(timed(|| verify_by_hand(address, one_thread())));
        on_many.push(timed(|| verify_by_hand(address, threads())));
    }
    println!("\n{PAIRS} pairs, {AT_A_TIME} at a time; medians of {ROUNDS} in turn\n");
    println!("| loop | pairs a second | how many times as fast verify_many is (least to most) |");
    println!("| --- | --- | --- |");
    println!("| verify_many | {:.0} | |", per_second(&ours));
    for (what, by_hand) in [
        ("hickory by hand, one thread", on_one),
        ("hickory by hand, tokio's threads", on_many),
    ] {
        let mut ratios: Vec<f64> = ours
            .iter()
            .zip(&by_hand)
            .map(|(ours, by_hand)| by_hand.as_secs_f64() / ours.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "| {what} | {:.0} | {:.2} ({:.2} to {:.2}) |",
            per_second(&by_hand),
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1]
        );
    }
}

fn per_second(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    PAIRS as f64 / times[times.len() / 2].as_secs_f64()
}

fn timed(run: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    let matching = run();
    assert_eq!(matching, PAIRS, "all pairs match");
    start.elapsed()
}

fn verify_pairs(server: SocketAddr) -> usize {
    let resolver = Resolver::asking([server]);
    let mut checks = verify_many(&resolver, (0..PAIRS).map(pair)).concurrency(AT_A_TIME);
    let mut matching = 0;
    pollster::block_on(async {
        while let Some(checked) = checks.next().await {
            matching += usize::from(checked.finding() == Finding::Match && checked.is_ptr_name());
        }
    });
    matching
}

/// What one would write without this crate: one A and one PTR question each, at the same time.
fn verify_by_hand(server: SocketAddr, mut runtime: tokio::runtime::Builder) -> usize {
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let resolver = hickory(server);
        let mut pairs = (0..PAIRS).map(pair);
        let mut checks = tokio::task::JoinSet::new();
        let mut matching = 0;
        loop {
            while checks.len() < AT_A_TIME
                && let Some((name, address)) = pairs.next()
            {
                checks.spawn(verify_one_by_hand(resolver.clone(), name, address));
            }
            match checks.join_next().await {
                Some(matches) => matching += usize::from(matches.expect("no check panics")),
                None => return matching,
            }
        }
    })
}

async fn verify_one_by_hand(resolver: TokioResolver, name: HeloName, address: IpAddr) -> bool {
    let (forward, reverse) = tokio::join!(
        resolver.ipv4_lookup(format!("{name}.")),
        resolver.reverse_lookup(address)
    );
    let (Ok(forward), Ok(reverse)) = (forward, reverse) else {
        return false;
    };
    let has_address = forward.answers().iter().any(|record| match &record.data {
        RData::A(found) => IpAddr::V4(found.0) == address,
        _ => false,
    });
    let has_name = reverse.answers().iter().any(|record| match &record.data {
        RData::PTR(found) => found.0.to_ascii().trim_end_matches('.') == name.as_str(),
        _ => false,
    });
    has_address && has_name
}

fn measure(run: impl FnMut()) -> Duration {
    measure_some(RUNS, run)
}

/// The median of some runs, after one that does not count.
fn measure_some(runs: usize, mut run: impl FnMut()) -> Duration {
    run();
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
