//! How long a resolution is valid, and what a later one says has changed.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use helo_name::dns::{Answer, Dns, EchoService, Family, NotKnown, PtrText, Resolver, Zone};
use helo_name::resolve::{Change, ResolveErrorKind};
use helo_name::verify::Finding;
use helo_name::{HeloName, Resolution, Resolve};
use hickory_server::proto::op::Message;
use hickory_server::proto::rr::RData;

use crate::support::each::each;
use crate::support::echo_dns::{Echo, EchoServer};
use crate::support::fault_dns::{Action, FaultServer};

const CLIENT: &str = "192.0.2.10";
const REVERSE: &str = "10.2.0.192.in-addr.arpa";

/// How much of a life may have gone by on a busy machine before the test looks.
const SLACK: Duration = Duration::from_secs(5);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn of<D: Dns>(dns: D) -> Resolve<D> {
    Resolve::new(dns).ignore_environment().ignore_machine()
}

fn left(report: &Resolution) -> Duration {
    report
        .valid_until()
        .saturating_duration_since(Instant::now())
}

#[track_caller]
fn assert_left(report: &Resolution, seconds: u64, what: &str) {
    let (left, expected) = (left(report), Duration::from_secs(seconds));
    assert!(
        left <= expected && left + SLACK >= expected,
        "{what}: {left:?} left of {expected:?}\n{report}"
    );
}

// valid_until

/// A server whose records live as long as told: A, PTR, and negative answers by SOA TTL and SOA
/// minimum.
fn with_lives(zone: &str) -> FaultServer {
    FaultServer::script()
        .zone(zone)
        .otherwise(Action::Changed(|message| {
            for record in &mut message.answers {
                record.ttl = match &record.data {
                    RData::A(_) => 300,
                    RData::CNAME(_) => 200,
                    _ => 1000,
                };
            }
            for record in &mut message.authorities {
                record.ttl = 100;
                if let RData::SOA(soa) = &mut record.data {
                    soa.minimum = 120;
                }
            }
        }))
        .start()
}

#[test]
fn a_resolution_is_valid_as_long_as_the_shortest_lived_answer() {
    // the zone, host name and client address, seconds
    let cases = [
        ("A alone", "mail.example.com A 192.0.2.10", None, 100), // and the negative answer for AAAA
        (
            "A and PTR",
            "mail.example.com A 192.0.2.10\n10.2.0.192.in-addr.arpa PTR mail.example.com",
            Some(CLIENT),
            300,
        ),
        (
            "a CNAME on the way",
            "mail.example.com CNAME www.example.com\nwww.example.com A 192.0.2.10\n\
             10.2.0.192.in-addr.arpa PTR mail.example.com",
            Some(CLIENT),
            200,
        ),
        ("no PTR", "mail.example.com A 192.0.2.10", Some(CLIENT), 100),
        (
            "no address for another PTR name",
            "mail.example.com A 192.0.2.10\n10.2.0.192.in-addr.arpa PTR mail.example.com\n\
             10.2.0.192.in-addr.arpa PTR gone.example.com",
            Some(CLIENT),
            100,
        ),
    ];
    each(cases, |(what, zone, client, seconds)| {
        let server = with_lives(zone);
        let report = of(Resolver::asking([server.address()]))
            .host_name("mail.example.com")
            .client_address(client.map(ip))
            .report_blocking();
        assert!(!report.is_provisional(), "{what}\n{report}");
        assert_left(&report, seconds, what);
    });
}

#[test]
fn a_negative_answer_lives_as_long_as_its_soa_says_and_a_minute_at_least() {
    // the authority section, seconds
    type Edit = fn(&mut Message);
    let cases: [(&str, Edit, u64); 5] = [
        (
            "its TTL is shorter",
            |message| set_soa(message, 80, 3000),
            80,
        ),
        (
            "its minimum is shorter",
            |message| set_soa(message, 3000, 90),
            90,
        ),
        ("it is short", |message| set_soa(message, 20, 3000), 60),
        ("it is zero", |message| set_soa(message, 0, 0), 60),
        ("there is none", |message| message.authorities.clear(), 60),
    ];
    each(cases, |(what, change, seconds)| {
        let server = FaultServer::script()
            .on(REVERSE, "PTR", [Action::Changed(change)])
            .on(
                "mail.example.com",
                "A",
                [Action::Changed(|message| message.answers[0].ttl = 300)],
            )
            .zone("mail.example.com A 192.0.2.10")
            .start();
        let report = of(Resolver::asking([server.address()]))
            .configured("mail.example.com")
            .client_address(ip(CLIENT))
            .report_blocking();
        assert!(!report.is_provisional(), "{what}\n{report}");
        assert_left(&report, seconds, what);
    });
}

fn set_soa(message: &mut Message, ttl: u32, minimum: u32) {
    for record in &mut message.authorities {
        record.ttl = ttl;
        if let RData::SOA(soa) = &mut record.data {
            soa.minimum = minimum;
        }
    }
}

#[test]
fn no_life_is_longer_than_a_day_and_none_that_is_provisional_than_a_minute() {
    let long = |message: &mut Message| {
        for record in &mut message.answers {
            record.ttl = 604_800;
        }
    };
    let start = || {
        FaultServer::script()
            .on("mail.example.com", "A", [Action::Changed(long)])
            .on(REVERSE, "PTR", [Action::Changed(long)])
            .on("broken.example.com", "A", [Action::ServFail])
            .on("gone.example.com", "A", [Action::NxDomain])
    };
    let resolve = |server: &FaultServer, host_name: &str| {
        of(Resolver::asking([server.address()]))
            .host_name(host_name)
            .client_address(ip(CLIENT))
            .report_blocking()
    };
    let server = start().start();
    let report = resolve(&server, "mail.example.com");
    assert_left(&report, 86_400, "a week's TTL");
    let report = resolve(&server, "broken.example.com");
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    assert!(report.is_provisional(), "{report}");
    assert_left(&report, 60, "provisional");
    // An error has a life, too: somebody may set a record.
    let server = start().on(REVERSE, "PTR", [Action::NoData]).start();
    let report = resolve(&server, "shop_mailer_1");
    let error = report.name().unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::NoUsableName);
    assert_left(&report, 60, "an error");
    // Nothing was asked: nothing to wait for.
    let report = of(Zone::new())
        .configured("[203.0.114.5]")
        .report_blocking();
    assert_left(&report, 86_400, "no question");
}

// recheck

/// A DNS whose zone may be replaced while it is in use.
#[derive(Clone)]
struct Changing(Arc<Mutex<Arc<Zone>>>);

impl Changing {
    fn new(zone: Zone) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(zone))))
    }

    fn replace(&self, zone: Zone) {
        *self.0.lock().unwrap() = Arc::new(zone);
    }

    fn now(&self) -> Arc<Zone> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

impl Dns for Changing {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        self.now().forward(name, family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        self.now().reverse(address).await
    }
}

fn agreeing() -> Zone {
    Zone::new()
        .address("mail.example.com", CLIENT)
        .ptr(CLIENT, "mail.example.com")
}

/// The lines that a log gets.
fn shown(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| format!("{change} ({})", change.as_str());
    changes.iter().map(line).collect()
}

/// A zone before and after, and what is said to have changed.
struct Case {
    what: &'static str,
    before: Zone,
    after: Zone,
    changes: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            what: "nothing",
            before: agreeing(),
            after: agreeing(),
            changes: &[],
        },
        Case {
            what: "the host has another address",
            before: agreeing(),
            after: Zone::new()
                .address("mail.example.com", "192.0.2.11")
                .ptr(CLIENT, "mail.example.com"),
            changes: &["mail.example.com for 192.0.2.10: match, now mismatch (finding)"],
        },
        Case {
            what: "the PTR names another host",
            before: agreeing(),
            after: agreeing()
                .address("new.example.com", CLIENT)
                .ptr(CLIENT, "new.example.com"),
            changes: &[
                "PTR of 192.0.2.10: mail.example.com, now mail.example.com, new.example.com (ptr-names)",
            ],
        },
        Case {
            what: "the name is gone and another is there",
            before: agreeing(),
            after: Zone::new()
                .address("new.example.com", CLIENT)
                .ptr(CLIENT, "new.example.com"),
            changes: &[
                "name: mail.example.com, now new.example.com (name)",
                "PTR of 192.0.2.10: mail.example.com, now new.example.com (ptr-names)",
                "mail.example.com for 192.0.2.10: match, now no-address (finding)",
            ],
        },
        Case {
            what: "all is gone",
            before: agreeing(),
            after: Zone::new(),
            changes: &[
                "name: mail.example.com, now none (name)",
                "PTR of 192.0.2.10: mail.example.com, now none (ptr-names)",
                "mail.example.com for 192.0.2.10: match, now no-address (finding)",
            ],
        },
        Case {
            what: "a name came",
            before: Zone::new(),
            after: agreeing(),
            changes: &[
                "name: none, now mail.example.com (name)",
                "PTR of 192.0.2.10: none, now mail.example.com (ptr-names)",
                "mail.example.com for 192.0.2.10: no-address, now match (finding)",
            ],
        },
        Case {
            what: "the order of the PTR names",
            before: agreeing()
                .ptr(CLIENT, "b.example.com")
                .ptr(CLIENT, "a.example.com"),
            after: agreeing()
                .ptr(CLIENT, "a.example.com")
                .ptr(CLIENT, "b.example.com"),
            changes: &[],
        },
        Case {
            what: "the DNS does not know the name for the moment",
            before: agreeing(),
            after: agreeing().fails("mail.example.com", NotKnown::ServFail),
            changes: &[],
        },
        Case {
            what: "the DNS does not know the PTR for the moment",
            before: agreeing(),
            after: agreeing().ptr_fails(CLIENT, NotKnown::Timeout),
            changes: &[],
        },
        Case {
            what: "the DNS knows nothing for the moment",
            before: agreeing(),
            after: agreeing()
                .fails("mail.example.com", NotKnown::Timeout)
                .ptr_fails(CLIENT, NotKnown::Timeout),
            changes: &[],
        },
        Case {
            what: "the DNS knows again what it did not know",
            before: agreeing().fails("mail.example.com", NotKnown::Timeout),
            after: agreeing(),
            changes: &[],
        },
    ]
}

#[test]
fn what_changed_in_the_dns_is_said_and_what_it_did_not_say_is_not() {
    each(cases(), |case| {
        let dns = Changing::new(case.before);
        let report = of(dns.clone())
            .host_name("mail.example.com")
            .client_address(ip(CLIENT))
            .report_blocking();
        dns.replace(case.after);
        let later = report.recheck_blocking();
        assert_eq!(
            shown(later.changes()),
            case.changes,
            "{}\n{report}\n\n{}",
            case.what,
            later.resolution()
        );
    });
}

#[tokio::test]
async fn the_awaited_form_says_the_same() {
    for case in cases() {
        let dns = Changing::new(case.before);
        let report = of(dns.clone())
            .host_name("mail.example.com")
            .client_address(ip(CLIENT))
            .report()
            .await;
        dns.replace(case.after);
        let later = report.recheck().await;
        assert_eq!(shown(later.changes()), case.changes, "{}", case.what);
    }
}

#[test]
fn a_name_from_the_ptr_is_not_gone_because_the_dns_is_silent() {
    let resolve = |dns: &Changing, host_name: &str| {
        of(dns.clone())
            .host_name(host_name)
            .client_address(ip(CLIENT))
            .report_blocking()
    };
    let silent = || {
        Zone::new()
            .fails("mail.example.com", NotKnown::Timeout)
            .ptr_fails(CLIENT, NotKnown::Timeout)
            .address("host.example.com", "192.0.2.99")
    };
    // The host name cannot be sent. Later there is no name at all, for the time being.
    let dns = Changing::new(agreeing());
    let report = resolve(&dns, "shop_mailer_1");
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    dns.replace(silent());
    let later = report.recheck_blocking();
    let error = later.resolution().name().unwrap_err();
    assert_eq!(error.kind(), ResolveErrorKind::TryAgain);
    assert_eq!(later.changes(), []);
    // A second-rate host name that comes first only as long as the PTR is not known.
    let dns = Changing::new(agreeing().address("host.example.com", "192.0.2.99"));
    let report = resolve(&dns, "host.example.com");
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    dns.replace(silent());
    let later = report.recheck_blocking();
    assert_eq!(later.resolution().name().unwrap(), &"host.example.com");
    assert!(later.resolution().is_provisional());
    assert_eq!(later.changes(), []);
    // And from there, once the DNS answers again.
    dns.replace(
        agreeing()
            .address("host.example.com", CLIENT)
            .ptr(CLIENT, "host.example.com"),
    );
    let settled = later.resolution().recheck_blocking();
    assert_eq!(
        shown(settled.changes()),
        ["host.example.com for 192.0.2.10: mismatch, now match (finding)"]
    );
}

#[test]
fn a_recheck_keeps_the_settings_and_can_be_rechecked() {
    let dns = Changing::new(agreeing());
    let mut report = of(dns.clone())
        .configured("mail.example.com")
        .client_address(ip(CLIENT))
        .report_blocking();
    each(0..3, |round| {
        let moved = round % 2 == 0;
        dns.replace(Zone::new().address(
            "mail.example.com",
            if moved { "192.0.2.11" } else { CLIENT },
        ));
        let later = report.recheck_blocking();
        assert!(
            later.changes().contains(&Change::Finding {
                name: HeloName::from_static("mail.example.com"),
                client: Some(ip(CLIENT)),
                before: if moved {
                    Finding::Match
                } else {
                    Finding::Mismatch
                },
                after: if moved {
                    Finding::Mismatch
                } else {
                    Finding::Match
                },
            }),
            "{:?}",
            later.changes()
        );
        report = later.into_resolution();
        // What the operator configured is sent as configured.
        assert_eq!(report.name().unwrap(), &"mail.example.com");
    });
}

#[test]
fn a_silent_name_server_changes_nothing_and_is_not_waited_for_beyond_the_deadline() {
    let server = FaultServer::script()
        .on("mail.example.com", "A", [Action::Answer, Action::Drop])
        .on(REVERSE, "PTR", [Action::Answer, Action::Drop])
        .start();
    let report = of(Resolver::asking([server.address()]))
        .host_name("mail.example.com")
        .client_address(ip(CLIENT))
        .deadline(Duration::from_millis(500))
        .report_blocking();
    assert!(!report.is_provisional(), "{report}");
    let start = Instant::now();
    let later = report.recheck_blocking();
    let elapsed = start.elapsed();
    assert_eq!(later.changes(), []);
    assert!(
        later.resolution().is_provisional(),
        "{}",
        later.resolution()
    );
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[test]
fn a_host_that_was_renumbered_is_noticed_through_packets() {
    let moved = "mail.example.com A 192.0.2.11\n11.2.0.192.in-addr.arpa PTR mail.example.com";
    let server = FaultServer::script()
        .on(
            "mail.example.com",
            "A",
            [Action::Answer, Action::answer_from(moved)],
        )
        .on(REVERSE, "PTR", [Action::Answer, Action::answer_from(moved)])
        .start();
    let report = of(Resolver::asking([server.address()]))
        .host_name("mail.example.com")
        .client_address(ip(CLIENT))
        .report_blocking();
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    let later = report.recheck_blocking();
    assert_eq!(
        shown(later.changes()),
        [
            "PTR of 192.0.2.10: mail.example.com, now none (ptr-names)",
            "mail.example.com for 192.0.2.10: match, now mismatch (finding)",
        ]
    );
}

#[test]
fn another_discovered_address_is_a_change_and_silent_services_are_none() {
    let zone = || {
        agreeing()
            .address("other.example.com", "192.0.2.11")
            .ptr("192.0.2.11", "other.example.com")
    };
    let seen = |address: &str| [Echo::OpenDns(ip(address)), Echo::Akamai(ip(address))];
    let changes = |after: [Echo; 2]| {
        let servers = seen(CLIENT).map(EchoServer::start);
        let services = [EchoService::OPENDNS, EchoService::AKAMAI].into_iter();
        let services = services.zip(&servers);
        let report = of(zone())
            .deadline(Duration::from_millis(1000))
            .discover_client_address(
                services.map(|(service, server)| service.with_servers([server.address()])),
            )
            .report_blocking();
        assert_eq!(report.name().unwrap(), &"mail.example.com", "{report}");
        for (server, echo) in servers.iter().zip(after) {
            server.change_to(echo);
        }
        shown(report.recheck_blocking().changes())
    };
    assert_eq!(changes(seen(CLIENT)), [""; 0]);
    assert_eq!(
        changes(seen("192.0.2.11")),
        [
            "name: mail.example.com, now other.example.com (name)",
            "client addresses: 192.0.2.10, now 192.0.2.11 (client-addresses)",
        ]
    );
    assert_eq!(changes([Echo::Silent, Echo::Silent]), [""; 0]);
    // One that is silent leaves the other unconfirmed, or not: here its PTR confirms the same
    // address.
    let [opendns, _] = seen(CLIENT);
    assert_eq!(changes([opendns, Echo::Silent]), [""; 0]);
}
