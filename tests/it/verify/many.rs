//! Ten thousand names through one resolver: all answered, none wrong, few open files, little
//! memory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use helo_name::HeloName;
use helo_name::dns::{Answer, Dns, Family, PtrText, Resolver, Zone};
use helo_name::verify::{Finding, Iprev, verify_many};

use crate::support::dns_server::DnsServer;

const PAIRS: u32 = 10_000;

/// What the child process may use at its peak, the harness of the tests included.
const MEMORY_KB: u64 = 24 * 1024;

/// The name and the address of one pair. Nothing is sent to these addresses.
fn pair(number: u32) -> (HeloName, IpAddr) {
    let name = format!("host-{number}.example.com");
    (HeloName::parse(&name).unwrap(), address(number))
}

fn address(number: u32) -> IpAddr {
    let first = u32::from(Ipv4Addr::new(203, 1, 0, 0));
    Ipv4Addr::from(first + number).into()
}

/// What is to be found about a pair: each kind in turn.
fn expected(number: u32) -> (Finding, Option<Iprev>) {
    match number % 8 {
        0 => (Finding::NoAddress, Some(Iprev::PermError)),
        1 => (Finding::Mismatch, Some(Iprev::Fail)),
        2 => (Finding::Match, Some(Iprev::PermError)),
        3 => (Finding::Match, None), // PTR names that are others
        4 => (Finding::Inside, Some(Iprev::Fail)),
        _ => (Finding::Match, Some(Iprev::Pass)),
    }
}

fn zone() -> String {
    let mut zone = String::new();
    for number in 0..PAIRS {
        let IpAddr::V4(own) = address(number) else {
            unreachable!("the addresses are IPv4");
        };
        let [a, b, c, d] = own.octets();
        let forward = match number % 8 {
            0 => None,
            1 => Some("192.0.2.1".to_owned()),
            4 => Some("10.0.0.1".to_owned()),
            _ => Some(own.to_string()),
        };
        if let Some(forward) = forward {
            writeln!(zone, "host-{number}.example.com A {forward}").unwrap();
        }
        let reverse = match number % 8 {
            0 | 2 => None,
            3 => Some(format!("other-{number}.example.com")),
            _ => Some(format!("host-{number}.example.com")),
        };
        if let Some(reverse) = reverse {
            writeln!(zone, "{d}.{c}.{b}.{a}.in-addr.arpa PTR {reverse}").unwrap();
        }
    }
    zone
}

#[test]
fn ten_thousand_pairs_are_all_answered_and_none_wrong_with_few_files_and_little_memory() {
    let server = DnsServer::start(&zone());
    let output = Command::new("sh")
        .args(["-c", r#"ulimit -n 1024; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("verify::many::child_verifies_the_pairs_at_the_server_of_its_environment")
        .env("TEST_DNS_SERVER", server.address().to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    let told = |what: &str| {
        let value = said.lines().find_map(|line| line.strip_prefix(what));
        value.unwrap_or_else(|| panic!("the child did not tell {what}: {said}"))
    };
    println!("of {PAIRS} pairs, findings: {}", told("findings: "));
    println!("open files at most: {}", told("open files at most: "));
    assert_eq!(told("open files at most: "), "1024");
    // Only Linux tells.
    if let Ok(peak) = told("peak memory, kB: ").parse::<u64>() {
        println!("peak memory of the child: {:.1} MB", peak as f64 / 1024.0);
        assert!(peak <= MEMORY_KB, "{peak} kB");
    }
}

#[test]
#[ignore = "run by another test, as a process with few files"]
fn child_verifies_the_pairs_at_the_server_of_its_environment() {
    let server: SocketAddr = std::env::var("TEST_DNS_SERVER").unwrap().parse().unwrap();
    let resolver = Resolver::asking([server]);
    let mut findings: BTreeMap<&str, u32> = BTreeMap::new();
    let mut seen = vec![false; PAIRS as usize];
    let mut checks = verify_many(&resolver, (0..PAIRS).map(pair));
    pollster::block_on(async {
        while let Some(checked) = checks.next().await {
            let label = checked.name().labels().next().unwrap();
            let number: u32 = label.strip_prefix("host-").unwrap().parse().unwrap();
            assert_eq!(checked.client_address(), Some(address(number)));
            assert_eq!(
                (checked.finding(), checked.iprev()),
                expected(number),
                "{checked:?}"
            );
            let before = std::mem::replace(&mut seen[number as usize], true);
            assert!(!before, "{number} came twice");
            *findings.entry(checked.finding().as_str()).or_default() += 1;
        }
    });
    assert!(seen.iter().all(|seen| *seen));
    println!("\nfindings: {findings:?}");
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    // The soft limit is the fourth word.
    let files = files.and_then(|line| line.split_whitespace().nth(3));
    println!("open files at most: {}", files.unwrap_or("1024"));
    println!(
        "peak memory, kB: {}",
        peak_memory_kb().unwrap_or("unknown".to_owned())
    );
}

fn peak_memory_kb() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

/// Counts how many questions are open at the same time.
#[derive(Default)]
struct Counting {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Counting {
    async fn question(&self) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(open, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Dns for Counting {
    async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
        self.question().await;
        Answer::nx_domain()
    }

    async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
        self.question().await;
        Answer::nx_domain()
    }
}

#[tokio::test]
async fn no_more_pairs_are_checked_at_a_time_than_asked_for() {
    // how many at a time, how many questions are open then
    for (concurrency, open) in [(Some(0), 2), (Some(1), 2), (Some(7), 14), (None, 200)] {
        let dns = Counting::default();
        let mut checks = verify_many(&dns, (0..300).map(pair));
        if let Some(concurrency) = concurrency {
            checks = checks.concurrency(concurrency);
        }
        let mut count = 0;
        while checks.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 300);
        assert_eq!(dns.most.load(Ordering::SeqCst), open, "{concurrency:?}");
    }
}

#[test]
fn pairs_are_taken_as_they_are_needed_and_a_dropped_wait_loses_none() {
    let zone = Zone::new();
    let taken = AtomicUsize::new(0);
    let pairs = (0..1000).map(|number| {
        taken.fetch_add(1, Ordering::SeqCst);
        pair(number)
    });
    let mut checks = verify_many(&zone, pairs).concurrency(10);
    assert_eq!(taken.load(Ordering::SeqCst), 0);
    drop(checks.next()); // never polled
    let mut count = 0;
    while let Some(checked) = pollster::block_on(checks.next()) {
        count += 1;
        assert!(taken.load(Ordering::SeqCst) <= count + 10);
        assert_eq!(checked.finding(), Finding::NoAddress);
    }
    assert_eq!(count, 1000);
}
