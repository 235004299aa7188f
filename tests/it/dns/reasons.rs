//! Why nothing is known: each reason is told from the others, and soon (R40).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use helo_name::HeloName;
use helo_name::dns::{Dns, Family, NotKnown, Resolver};

use crate::support::each::each;
use crate::support::fault_dns::{Action, ClosedPort, FaultServer, SilentServer};

const MAIL: HeloName = HeloName::from_static("mail.example.com");

/// What "at once" means for a server that is not there.
const SOON: Duration = Duration::from_secs(1);

/// Asks these servers, and returns why nothing is known, and after which time.
fn ask(servers: impl IntoIterator<Item = SocketAddr>) -> (Option<NotKnown>, Duration) {
    let resolver = Resolver::asking(servers).give_up_after(Duration::from_secs(2));
    let start = Instant::now();
    let answer = pollster::block_on(resolver.forward(&MAIL, Family::V4));
    (answer.why_not_known(), start.elapsed())
}

#[test]
fn a_closed_port_of_this_machine_is_told_within_a_second() {
    let (closed, other) = (ClosedPort::reserve(), ClosedPort::reserve());
    let (reason, taken) = ask([closed.address(), other.address()]);
    assert_eq!(reason, Some(NotKnown::Unreachable));
    assert!(taken < SOON, "{taken:?}");
}

#[test]
fn the_reason_that_says_most_is_told() {
    let (closed, silent) = (ClosedPort::reserve(), SilentServer::start());
    let failing = FaultServer::always(Action::ServFail);
    let refusing = FaultServer::always(Action::Refused);
    let (closed, silent) = (closed.address(), silent.address());
    // The servers; the reason; whether it takes the whole time.
    #[rustfmt::skip]
    let table = [
        (vec![], NotKnown::NoNameServer),
        (vec![closed], NotKnown::Unreachable),
        (vec![refusing.address()], NotKnown::Refused),
        (vec![failing.address()], NotKnown::ServFail),
        (vec![closed, refusing.address()], NotKnown::Unreachable),
        (vec![silent], NotKnown::Timeout),
    ];
    each(table, |(servers, expected)| {
        let is_silent = servers == [silent];
        let (reason, taken) = ask(servers.clone());
        assert_eq!(reason, Some(expected), "{servers:?}");
        assert_eq!(taken < SOON, !is_silent, "{servers:?}: {taken:?}");
    });
}

/// The reasons that need a machine of their own making.
#[cfg(target_os = "linux")]
mod in_namespaces {
    use std::process::Command;

    use super::*;
    use crate::support::dns_server::DnsServer;

    /// Tells the child process which server to ask, and which to start before.
    const SERVER_VARIABLE: &str = "HELO_NAME_TEST_SERVER";
    const START_VARIABLE: &str = "HELO_NAME_TEST_START";

    /// What is done to a network without anything; the server; what its machine says.
    #[rustfmt::skip]
    const TABLE: &[(&str, &str, &str)] = &[
        // No route, as before the network is up
        ("true", "192.0.2.53:53", "Some(Unreachable) soon"),
        ("true", "127.0.0.1:53", "Some(Unreachable) soon"),
        ("true", "[2001:db8::53]:53", "Some(Unreachable) soon"),
        ("true", "[::1]:53", "Some(Unreachable) soon"),
        ("ip link set lo up", "192.0.2.53:53", "Some(Unreachable) soon"),
        ("ip link set lo up", "[2001:db8::53]:53", "Some(Unreachable) soon"),
        ("ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6", "[::1]:53", "Some(Unreachable) soon"),
        // Routes that say no: EHOSTUNREACH, EACCES, EINVAL
        ("ip link set lo up && ip route add unreachable 192.0.2.0/24", "192.0.2.53:53", "Some(Unreachable) soon"),
        ("ip link set lo up && ip route add prohibit 192.0.2.0/24", "192.0.2.53:53", "Some(Unreachable) soon"),
        ("ip link set lo up && ip route add blackhole 192.0.2.0/24", "192.0.2.53:53", "Some(Unreachable) soon"),
        // A closed port
        ("ip link set lo up", "127.0.0.1:53", "Some(Unreachable) soon"),
        ("ip link set lo up", "[::1]:53", "Some(Unreachable) soon"),
        // Addresses that nobody can ask
        ("ip link set lo up", "0.0.0.0:0", "Some(Unreachable) soon"),
        ("ip link set lo up", "[fe80::1]:53", "Some(Unreachable) soon"),
        ("ip link set lo up", "[fe80::1%99]:53", "Some(Unreachable) soon"),
        // Too few descriptors
        ("ip link set lo up && ulimit -n 5", "127.0.0.1:53", "Some(NoSocket) soon"),
        // A link-local server is asked through its interface
        ("ip link set lo up && ip -6 address add fe80::1/64 dev lo nodad && export HELO_NAME_TEST_START=[fe80::1%1]:53", "[fe80::1%1]:53", "None soon"),
        ("ip link set lo up && export HELO_NAME_TEST_START=[::1]:53", "[::1]:53", "None soon"),
    ];

    #[test]
    #[ignore = "makes networks, which not every system lets a user do"]
    fn each_state_of_the_network_has_its_reason() {
        each(TABLE, |(network, server, expected)| {
            let script = format!("{network} && exec \"$@\"");
            let output = Command::new("unshare")
                .args(["--user", "--map-root-user", "--net", "--mount", "--"])
                .args(["sh", "-c", &script, "sh"])
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", "dns::reasons::in_namespaces::asks_one_server"])
                .args(["--ignored", "--nocapture", "--test-threads=1"])
                .env(SERVER_VARIABLE, server)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            let expected = format!("says: {expected}\n");
            assert!(
                said.contains(&expected),
                "{network}, {server}: {said}{errors}"
            );
        });
    }

    #[test]
    #[ignore = "runs in a process of its own, started by the test above"]
    fn asks_one_server() {
        let Ok(server) = std::env::var(SERVER_VARIABLE) else {
            return;
        };
        let zone = "mail.example.com A 192.0.2.10";
        let own = std::env::var(START_VARIABLE).ok();
        let own = own.map(|address| DnsServer::start_at(address.parse().unwrap(), zone));
        let (reason, taken) = ask([server.parse().unwrap()]);
        let when = if taken < SOON { "soon" } else { "late" };
        println!("says: {reason:?} {when}");
        drop(own);
    }
}
