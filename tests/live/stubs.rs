//! The real systemd-resolved and dnsmasq, on machines of their own making: what a plain resolver
//! gets of them, and what this crate says.
//!
//! `tests/servers/stub` makes the machine of a row and runs [`on_a_machine`] there, in a process of
//! its own. The name server of the world runs in that process, on 192.0.2.53.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use helo_name::dns::{Family, NotKnown, Outcome, Resolver};
use helo_name::policy::Strict;
use helo_name::{HeloName, Resolution};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;

use crate::dns_server::DnsServer;

/// What the world knows.
const WORLD: &str = "
    10.2.0.192.in-addr.arpa    PTR       mail.example.com
    mail.example.com           A         192.0.2.10
    other.example.com          A         192.0.2.77
";

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// In the world there is no such name.
const NOWHERE: &str = "nosuch-host.example.org";
const MAIL: &str = "mail.example.com";

const STUB: &str = "nameserver 127.0.0.53";
const TWO_STUBS: &str = "nameserver 127.0.0.53\nnameserver 127.0.0.54";
const DEBIAN: &str = "127.0.0.1 localhost\n127.0.1.1 mail.example.com mail";
const UPSTREAM: &str = "DNS=192.0.2.53";

/// A machine, and what is heard on it.
struct Row {
    set_up: &'static str,
    host: &'static str,
    resolv_conf: &'static str,
    hosts: &'static str,
    servers: Servers,
    stub: Stub,
    /// The A of the host name and the PTR of 192.0.2.10, as a plain resolver gets them.
    plain: &'static str,
    /// The finding about the host name, iprev, and what `Strict` sends.
    ours: &'static str,
    asked: &'static str,
}

/// What runs on the machine.
enum Servers {
    Resolved(&'static str),
    /// The link has a name server, and resolved has none by itself.
    OfLink(&'static str),
    Dnsmasq(&'static str),
}

enum Stub {
    Bypass,
    Keep,
}

const BEHIND: &str = "asked 192.0.2.53, behind the stub 127.0.0.53";

const ROWS: &[Row] = &[
    Row {
        set_up: "no upstream",
        host: NOWHERE,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved("DNS="),
        stub: Stub::Bypass,
        plain: "192.0.2.10, nosuch-host.example.org",
        ours: "unknown, temperror, try-again",
        asked: "asked 127.0.0.53",
    },
    Row {
        set_up: "two stubs, no upstream",
        host: NOWHERE,
        resolv_conf: TWO_STUBS,
        hosts: "",
        servers: Servers::Resolved("DNS="),
        stub: Stub::Bypass,
        plain: "192.0.2.10, nosuch-host.example.org",
        ours: "unknown, temperror, try-again",
        asked: "asked 127.0.0.53, 127.0.0.54",
    },
    Row {
        set_up: "no upstream, hosts line",
        host: MAIL,
        resolv_conf: STUB,
        hosts: DEBIAN,
        servers: Servers::Resolved("DNS="),
        stub: Stub::Bypass,
        plain: "127.0.1.1, mail.example.com",
        ours: "unknown, temperror, try-again",
        asked: "asked 127.0.0.53",
    },
    Row {
        set_up: "upstream that knows the name",
        host: MAIL,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Bypass,
        plain: "192.0.2.10, mail.example.com",
        ours: "match, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "upstream that does not know the name",
        host: NOWHERE,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Bypass,
        plain: "192.0.2.10, mail.example.com",
        ours: "no-address, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "upstream, hosts line 127.0.1.1",
        host: MAIL,
        resolv_conf: STUB,
        hosts: DEBIAN,
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Bypass,
        plain: "127.0.1.1, mail.example.com",
        ours: "match, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "upstream, two stubs",
        host: NOWHERE,
        resolv_conf: TWO_STUBS,
        hosts: "",
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Bypass,
        plain: "192.0.2.10, mail.example.com",
        ours: "no-address, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "the other stub",
        host: MAIL,
        resolv_conf: "nameserver 127.0.0.54",
        hosts: DEBIAN,
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Bypass,
        plain: "127.0.1.1, mail.example.com",
        ours: "match, pass, mail.example.com",
        asked: "asked 192.0.2.53, behind the stub 127.0.0.54",
    },
    Row {
        set_up: "DNSStubListener=no",
        host: MAIL,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved("DNS=192.0.2.53\nDNSStubListener=no"),
        stub: Stub::Bypass,
        plain: "nothing, nothing",
        ours: "match, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "upstream only per link",
        host: NOWHERE,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::OfLink("192.0.2.53"),
        stub: Stub::Bypass,
        plain: "192.0.2.10, mail.example.com",
        ours: "no-address, pass, mail.example.com",
        asked: BEHIND,
    },
    Row {
        set_up: "the stub is kept, upstream that knows the name",
        host: MAIL,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Keep,
        plain: "192.0.2.10, mail.example.com",
        ours: "match, pass, mail.example.com",
        asked: "asked 127.0.0.53",
    },
    Row {
        set_up: "the stub is kept, upstream that does not know the name",
        host: NOWHERE,
        resolv_conf: STUB,
        hosts: "",
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Keep,
        plain: "192.0.2.10, mail.example.com",
        ours: "unknown, pass, mail.example.com",
        asked: "asked 127.0.0.53",
    },
    Row {
        set_up: "the stub is kept, hosts line 127.0.1.1",
        host: MAIL,
        resolv_conf: STUB,
        hosts: DEBIAN,
        servers: Servers::Resolved(UPSTREAM),
        stub: Stub::Keep,
        plain: "127.0.1.1, mail.example.com",
        ours: "unknown, temperror, try-again",
        asked: "asked 127.0.0.53",
    },
    Row {
        set_up: "dnsmasq with a hosts file",
        host: MAIL,
        resolv_conf: "nameserver 127.0.0.1",
        hosts: DEBIAN,
        servers: Servers::Dnsmasq("--no-resolv --server=192.0.2.53#5353"),
        stub: Stub::Bypass,
        plain: "127.0.1.1, mail.example.com",
        ours: "unknown, temperror, try-again",
        asked: "asked 127.0.0.1",
    },
    Row {
        set_up: "dnsmasq without a resolv.conf line",
        host: MAIL,
        resolv_conf: "search example.com",
        hosts: "127.0.0.1 localhost",
        servers: Servers::Dnsmasq("--no-resolv --server=192.0.2.53#5353"),
        stub: Stub::Bypass,
        plain: "nothing, nothing",
        ours: "match, pass, mail.example.com",
        asked: "asked 127.0.0.1, ::1, no nameserver line in resolv.conf",
    },
];

#[test]
#[ignore = "needs the servers of tests/servers/run"]
fn what_a_machine_makes_up_is_never_a_match() {
    let root = crate::variable("HELO_TEST_RESOLVED");
    let failed: Vec<String> = ROWS
        .iter()
        .enumerate()
        .filter_map(|(number, row)| {
            let output = machine(row, &root, number).output().expect("unshare runs");
            let said = String::from_utf8_lossy(&output.stdout);
            let line = said
                .lines()
                .find(|line| line.starts_with("| "))
                .unwrap_or("nothing");
            println!("{line}");
            let is_good = output.status.success() && said.contains("1 passed");
            (!is_good).then(|| format!("{said}\n{}", String::from_utf8_lossy(&output.stderr)))
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        ROWS.len(),
        failed.join("\n")
    );
}

/// Runs [`on_a_machine`] on the machine of a row.
fn machine(row: &Row, root: &str, number: usize) -> Command {
    let mut command = Command::new("unshare");
    let namespaces = ["--net", "--mount", "--pid", "--uts", "--ipc"];
    command
        .args(namespaces)
        .args(["--fork", "--kill-child", "--mount-proc"]);
    command.args([&crate::variable("HELO_TEST_STUB"), root]);
    command.arg(std::env::current_exe().expect("a test knows its file"));
    command.args(["--exact", "stubs::on_a_machine", "--ignored", "--nocapture"]);
    command.env("HELO_TEST_ROW", number.to_string());
    command
        .env("HOST", row.host)
        .env("HOSTS", row.hosts)
        .env("RESOLV_CONF", row.resolv_conf);
    match row.servers {
        Servers::Resolved(settings) => command.env("RESOLVED", settings),
        Servers::OfLink(server) => command.env("RESOLVED", "DNS=").env("LINK_DNS", server),
        Servers::Dnsmasq(arguments) => command.env("DNSMASQ", arguments),
    };
    let has_upstream = row.asked.contains("behind");
    command.env("UPSTREAM", if has_upstream { "192.0.2.53" } else { "" });
    command
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn on_a_machine() {
    let Ok(number) = std::env::var("HELO_TEST_ROW") else {
        return; // not the child: the test above judges what the child does
    };
    let row = &ROWS[number.parse::<usize>().expect("a number")];
    // dnsmasq asks no server of its own port on its own machine.
    let at = |port| DnsServer::start_at(SocketAddr::from(([192, 0, 2, 53], port)), WORLD);
    let _world = [53, 5353].map(at);
    let (plain, report) = (plain(row.host), ours(row));
    let ours = summary(&report, row.host);
    let asked = report.servers_asked().to_string();
    println!("| {} | {plain} | {ours} | {asked} |", row.set_up);
    assert_eq!(
        (plain.as_str(), ours.as_str(), asked.as_str()),
        (row.plain, row.ours, row.asked),
        "{report}"
    );
    let is_behind = |text: &str| text.contains("behind the stub");
    assert_eq!(
        is_behind(&report.to_string()),
        is_behind(&asked),
        "{report}"
    );
    if matches!(row.stub, Stub::Keep) {
        assert_made_up_is_told_from_heard();
    }
}

/// What the stub has from its upstream stays what it is.
fn assert_made_up_is_told_from_heard() {
    let resolver = Resolver::of_this_machine().keep_stub();
    let heard = |name, family| {
        let answer = pollster::block_on(resolver.addresses(name, family));
        answer.outcome().clone()
    };
    let made_up = Outcome::NotKnown(NotKnown::Synthesised);
    assert_eq!(heard("gone.example.com", Family::V4), Outcome::NxDomain);
    assert_eq!(heard("other.example.com", Family::V6), Outcome::NoData);
    assert_eq!(heard("_gateway", Family::V4), made_up);
    assert_eq!(heard("_outbound", Family::V4), made_up);
}

/// What a resolver gets that asks the servers in resolv.conf.
fn plain(host: &str) -> String {
    let (mut address, mut name) = (None, None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        // hickory does not take a file without a server.
        let Ok(mut builder) = TokioResolver::builder_tokio() else {
            return;
        };
        let options = builder.options_mut();
        options.use_hosts_file = ResolveHosts::Never;
        (options.timeout, options.attempts) = (Duration::from_millis(500), 0);
        let resolver = builder.build().expect("a resolver");
        let found = resolver.ipv4_lookup(format!("{host}.")).await;
        address = found.ok().and_then(|found| first_of(found.answers()));
        let found = resolver.reverse_lookup(CLIENT).await;
        name = found.ok().and_then(|found| first_of(found.answers()));
    });
    [address, name]
        .map(|found| found.unwrap_or_else(|| "nothing".to_owned()))
        .join(", ")
}

fn first_of(records: &[hickory_resolver::proto::rr::Record]) -> Option<String> {
    let text = records.first()?.data.to_string();
    Some(text.trim_end_matches('.').to_owned())
}

fn ours(row: &Row) -> Resolution {
    let resolver = match row.stub {
        Stub::Bypass => Resolver::of_this_machine(),
        Stub::Keep => Resolver::of_this_machine().keep_stub(),
    };
    HeloName::resolve()
        .dns(resolver)
        .ignore_environment()
        .client_address(CLIENT)
        .policy(Strict)
        .report_blocking()
}

/// The finding about the host name, iprev, and what is sent.
fn summary(report: &Resolution, host: &str) -> String {
    let mut considered = report.considered().iter();
    let considered = considered.find(|considered| considered.raw() == host);
    let finding = considered.and_then(|considered| considered.findings().first());
    let finding = finding.map_or("none", |about| about.finding.as_str());
    let iprev = report.clients()[0]
        .iprev()
        .map_or("none", |iprev| iprev.as_str());
    let sent = match report.name() {
        Ok(name) => name.to_string(),
        Err(error) => error.kind().as_str().to_owned(),
    };
    format!("{finding}, {iprev}, {sent}")
}
