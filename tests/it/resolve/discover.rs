//! Discovering the client address: services on loopback that echo an address, and what may stand in
//! their place.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use helo_name::dns::{EchoService, NotKnown, Question, Resolver, Zone};
use helo_name::resolve::{ClientOrigin, ResolveErrorKind, Warning};
use helo_name::verify::{ClientFinding, Finding, Iprev};
use helo_name::{HeloName, Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;
use crate::support::echo_dns::{Echo, EchoServer};

/// What servers see of this host, and an address that somebody in between has.
const V4: &str = "192.0.2.10";
const OTHER_V4: &str = "198.51.100.53";
const V6: &str = "2001:db8::10";
const OTHER_V6: &str = "2001:db8::53";

/// How late an answer may be on a busy machine.
const SLACK: Duration = Duration::from_millis(1500);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A host whose PTR names lead back to its addresses.
fn confirmed() -> Zone {
    Zone::new()
        .ptr(V4, "mail.example.com")
        .ptr(V6, "mail.example.com")
        .address("mail.example.com", V4)
        .address("mail.example.com", V6)
}

/// Addresses without PTR records, and a host name of which the DNS knows the address.
fn unconfirmed() -> Zone {
    Zone::new()
        .address("host.example.com", V4)
        .address("host.example.com", V6)
}

/// Starts a resolution that knows nothing but what the services say.
fn of(zone: Zone) -> Resolve<Arc<Zone>> {
    of_shared(&Arc::new(zone))
}

fn of_shared(zone: &Arc<Zone>) -> Resolve<Arc<Zone>> {
    Resolve::new(Arc::clone(zone))
        .ignore_environment()
        .ignore_machine()
}

/// The constants of the services, with servers of the test's own in the place of theirs.
struct Services {
    servers: Vec<EchoServer>,
    services: Vec<EchoService>,
}

impl Services {
    /// One server on 127.0.0.1 for each service.
    fn v4(services: impl IntoIterator<Item = (EchoService, Echo)>) -> Self {
        Self::at([ip("127.0.0.1")].into(), services)
    }

    /// One server on each of some loopback addresses for each service.
    fn at(loopback: Vec<IpAddr>, services: impl IntoIterator<Item = (EchoService, Echo)>) -> Self {
        let mut all = Self {
            servers: Vec::new(),
            services: Vec::new(),
        };
        for (service, echo) in services {
            let started: Vec<EchoServer> = loopback
                .iter()
                .map(|&address| EchoServer::start_at(address, echo.clone()))
                .collect();
            let addresses = started.iter().map(EchoServer::address);
            all.services.push(service.with_servers(addresses));
            all.servers.extend(started);
        }
        all
    }

    /// All questions so far, sorted.
    fn questions(&self) -> Vec<String> {
        let mut questions: Vec<String> = self
            .servers
            .iter()
            .flat_map(EchoServer::questions)
            .collect();
        questions.sort();
        questions
    }
}

/// Each service with the server that behaves like it.
fn well_known(seen: IpAddr) -> [(EchoService, Echo); 4] {
    [
        (EchoService::OPENDNS, Echo::OpenDns(seen)),
        (EchoService::GOOGLE, Echo::Google(seen)),
        (EchoService::CLOUDFLARE, Echo::Cloudflare(seen)),
        (EchoService::AKAMAI, Echo::Akamai(seen)),
    ]
}

/// `::1`, or `None` on a machine without IPv6. A machine that has IPv6 and no `::1` must not pass
/// for one without.
fn loopback_v6(test: &str) -> Option<IpAddr> {
    let loopback = IpAddr::V6(Ipv6Addr::LOCALHOST);
    match UdpSocket::bind((loopback, 0)) {
        Ok(_) => Some(loopback),
        Err(error) => {
            let addresses = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
            assert!(
                addresses.is_empty() && UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).is_err(),
                "this machine has IPv6, and [::1] cannot be bound: {error}"
            );
            println!("{test}: this machine has no IPv6, so only IPv4 was tested");
            None
        }
    }
}

fn clients(report: &Resolution) -> Vec<(IpAddr, ClientOrigin)> {
    let clients = report.clients().iter();
    clients
        .map(|client| (client.address(), client.origin()))
        .collect()
}

fn warned(report: &Resolution) -> Vec<&str> {
    report.warnings().iter().map(Warning::as_str).collect()
}

#[track_caller]
fn assert_none_discovered(report: &Resolution, what: impl std::fmt::Debug) {
    assert_eq!(clients(report), [], "{what:?}\n{report}");
    assert!(
        warned(report).contains(&"no-client-address"),
        "{what:?}\n{report}"
    );
}

// What each service answers is understood.

#[test]
fn each_service_alone_is_understood_and_confirmed_by_the_ptr() {
    each(well_known(ip(V4)), |(service, echo)| {
        let name = service.name().to_owned();
        let services = Services::v4([(service, echo)]);
        let report = of(confirmed())
            .discover_client_address(services.services.clone())
            .report_blocking();
        assert_eq!(
            clients(&report),
            [(ip(V4), ClientOrigin::DiscoveredOnce)],
            "{name}\n{report}"
        );
        assert_eq!(report.clients()[0].iprev(), Some(Iprev::Pass), "{name}");
        assert_eq!(report.name().unwrap(), &"mail.example.com", "{name}");
    });
}

#[test]
fn each_service_for_ipv6_is_understood_at_its_ipv6_server() {
    let Some(loopback) = loopback_v6("each_service_for_ipv6_is_understood_at_its_ipv6_server")
    else {
        return;
    };
    each(well_known(ip(V6)).into_iter().take(3), |(service, echo)| {
        let name = service.name().to_owned();
        let services = Services::at(vec![loopback], [(service, echo)]);
        let report = of(confirmed())
            .discover_client_address(services.services.clone())
            .report_blocking();
        assert_eq!(
            clients(&report),
            [(ip(V6), ClientOrigin::DiscoveredOnce)],
            "{name}\n{report}"
        );
        assert_eq!(report.name().unwrap(), &"mail.example.com", "{name}");
    });
}

#[test]
fn each_service_is_asked_its_own_question() {
    let services = Services::v4(well_known(ip(V4)));
    of(confirmed())
        .discover_client_address(services.services.clone())
        .report_blocking();
    // Two that agree are enough: of the others an answer is not waited for, and one may not even
    // have been asked.
    let allowed = [
        "CH TXT whoami.cloudflare",
        "IN A myip.opendns.com",
        "IN A whoami.akamai.net",
        "IN TXT o-o.myaddr.l.google.com",
    ];
    let asked = services.questions();
    assert!(asked.len() >= 2, "{asked:?}");
    assert!(
        asked
            .iter()
            .all(|question| allowed.contains(&question.as_str())),
        "{asked:?}"
    );
}

// Two that agree are believed; one needs its PTR.

#[test]
fn any_two_services_that_agree_are_believed_without_a_ptr() {
    let all = well_known(ip(V4));
    each(0..all.len(), |first| {
        for second in first + 1..all.len() {
            let pair = [all[first].clone(), all[second].clone()];
            let what = [pair[0].0.name().to_owned(), pair[1].0.name().to_owned()];
            let services = Services::v4(pair);
            let report = of(unconfirmed())
                .host_name("host.example.com")
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_eq!(
                clients(&report),
                [(ip(V4), ClientOrigin::Discovered)],
                "{what:?}\n{report}"
            );
            assert_eq!(report.name().unwrap(), &"host.example.com");
            assert_eq!(warned(&report), ["no-ptr"], "{what:?}\n{report}");
        }
    });
}

#[test]
fn one_answer_counts_when_its_ptr_names_lead_back_and_not_otherwise() {
    let confirmed_behind_ten = (0..9).fold(confirmed(), |zone, n| {
        zone.ptr(V4, &format!("a{n}.example.com"))
    });
    // what the PTR of the address says, the zone, whether the address counts
    let cases = [
        ("leads back", confirmed(), true),
        ("leads back by its tenth name", confirmed_behind_ten, true),
        ("does not exist", unconfirmed(), false),
        (
            "leads elsewhere",
            unconfirmed()
                .ptr(V4, "mail.example.com")
                .address("mail.example.com", OTHER_V4),
            false,
        ),
        (
            "leads to a name that does not exist",
            unconfirmed().ptr(V4, "mail.example.com"),
            false,
        ),
        (
            "leads to a name of which nothing is known",
            unconfirmed()
                .ptr(V4, "mail.example.com")
                .fails("mail.example.com", NotKnown::ServFail),
            false,
        ),
        (
            "is not known",
            unconfirmed().ptr_fails(V4, NotKnown::Timeout),
            false,
        ),
        (
            "is no legal name",
            unconfirmed().ptr(V4, "mail_1.example.com"),
            false,
        ),
    ];
    each(cases, |(ptr, zone, counts)| {
        let services = Services::v4([
            (EchoService::OPENDNS, Echo::OpenDns(ip(V4))),
            (EchoService::GOOGLE, Echo::NxDomain),
        ]);
        let report = of(zone)
            .host_name("host.example.com")
            .discover_client_address(services.services.clone())
            .report_blocking();
        let warning = Warning::DiscoveryUnconfirmed(ip(V4));
        if counts {
            let once = [(ip(V4), ClientOrigin::DiscoveredOnce)];
            assert_eq!(clients(&report), once, "the PTR {ptr}\n{report}");
            assert!(!report.warnings().contains(&warning), "the PTR {ptr}");
        } else {
            assert_none_discovered(&report, ptr);
            assert!(
                report.warnings().contains(&warning),
                "the PTR {ptr}\n{report}"
            );
            // Without a client address, the host name is judged by its own addresses.
            let host = &report.considered()[0];
            assert_eq!(
                host.findings(),
                [ClientFinding::new(None, Finding::Resolves)],
                "the PTR {ptr}"
            );
            assert_eq!(report.considered().len(), 1, "no PTR name counts\n{report}");
        }
    });
}

#[test]
fn with_a_configured_name_one_answer_is_confirmed_by_its_ptr_all_the_same() {
    let services = Services::v4([(EchoService::OPENDNS, Echo::OpenDns(ip(V4)))]);
    let zone = confirmed().address("helo.example.com", V4);
    let report = of(zone)
        .configured("helo.example.com")
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_eq!(
        clients(&report),
        [(ip(V4), ClientOrigin::DiscoveredOnce)],
        "{report}"
    );
    let considered = report.considered();
    assert_eq!(
        considered.len(),
        1,
        "the configured name is the only candidate"
    );
    assert_eq!(
        considered[0].findings(),
        [ClientFinding::new(Some(ip(V4)), Finding::Match)]
    );
}

#[test]
fn a_service_that_fails_does_not_keep_the_others_from_agreeing() {
    each(
        [
            Echo::Silent,
            Echo::NxDomain,
            Echo::Text("no address at all"),
            Echo::Text("edns0-client-subnet 198.51.100.0/24"),
            Echo::OpenDns(ip(V4)), // refuses the question of another service
        ],
        |failing| {
            let services = Services::v4([
                (EchoService::GOOGLE, failing.clone()),
                (EchoService::OPENDNS, Echo::OpenDns(ip(V4))),
                (EchoService::AKAMAI, Echo::Akamai(ip(V4))),
            ]);
            let report = of(unconfirmed())
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_eq!(
                clients(&report),
                [(ip(V4), ClientOrigin::Discovered)],
                "{failing:?}\n{report}"
            );
        },
    );
}

// Interception.

#[test]
fn two_services_that_disagree_give_no_address_and_the_report_names_both() {
    // Even where the PTR of the one in between leads back to it, as that of a provider's resolver
    // does.
    let zone = confirmed()
        .ptr(OTHER_V4, "resolver.example.net")
        .address("resolver.example.net", OTHER_V4);
    let services = Services::v4([
        (EchoService::OPENDNS, Echo::Intercepting(ip(OTHER_V4))),
        (EchoService::CLOUDFLARE, Echo::Cloudflare(ip(V4))),
    ]);
    let report = of(zone)
        .host_name("mailer-5b8f7d9c4-x2k9q")
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_none_discovered(&report, "they disagree");
    let mut disagreeing = [ip(V4), ip(OTHER_V4)];
    disagreeing.sort();
    assert!(
        report
            .warnings()
            .contains(&Warning::DiscoveryDisagrees(disagreeing.into())),
        "{report}"
    );
    assert!(
        report.to_string().contains(
            "warning: services named different client addresses (192.0.2.10, 198.51.100.53), so none counts; \
             give the client address (discovery-disagrees)"
        ),
        "{report}"
    );
}

#[test]
fn one_intercepted_service_is_outvoted_by_two_that_agree() {
    each(0..3, |order| {
        let mut pairs = vec![
            (EchoService::OPENDNS, Echo::Intercepting(ip(OTHER_V4))),
            (EchoService::CLOUDFLARE, Echo::Cloudflare(ip(V4))),
            (EchoService::AKAMAI, Echo::Akamai(ip(V4))),
        ];
        pairs.rotate_left(order);
        let services = Services::v4(pairs);
        let report = of(unconfirmed())
            .discover_client_address(services.services.clone())
            .report_blocking();
        assert_eq!(
            clients(&report),
            [(ip(V4), ClientOrigin::Discovered)],
            "{report}"
        );
    });
}

#[test]
fn one_intercepted_answer_alone_is_not_believed() {
    let services = Services::v4([
        (EchoService::OPENDNS, Echo::Intercepting(ip(OTHER_V4))),
        (EchoService::GOOGLE, Echo::Silent),
    ]);
    let report = of(confirmed())
        .deadline(Duration::from_millis(600))
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_none_discovered(&report, "intercepted");
    assert_eq!(
        report.warnings()[0],
        Warning::DiscoveryUnconfirmed(ip(OTHER_V4)),
        "{report}"
    );
}

#[test]
fn two_servers_of_one_service_are_one_voice() {
    let first = EchoServer::start(Echo::OpenDns(ip(V4)));
    let second = EchoServer::start(Echo::OpenDns(ip(V4)));
    let service = EchoService::OPENDNS.with_servers([first.address(), second.address()]);
    let report = of(unconfirmed())
        .discover_client_address([service])
        .report_blocking();
    assert_none_discovered(&report, "one service");
}

// What no server outside can see is refused.

#[test]
fn a_private_or_special_address_is_refused_even_if_all_agree() {
    each(
        [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ],
        |address| {
            let services = Services::v4(well_known(ip(address)));
            let report = of(confirmed())
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_none_discovered(&report, address);
        },
    );
    let Some(loopback) = loopback_v6("a_private_or_special_address_is_refused_even_if_all_agree")
    else {
        return;
    };
    each(
        [
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ],
        |address| {
            let services = Services::at(vec![loopback], well_known(ip(address)));
            let report = of(confirmed())
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_none_discovered(&report, address);
        },
    );
}

#[test]
fn an_address_of_the_other_family_is_refused() {
    let services = Services::v4([
        (EchoService::GOOGLE, Echo::Google(ip(V6))),
        (EchoService::CLOUDFLARE, Echo::Cloudflare(ip(V6))),
    ]);
    let report = of(confirmed())
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_none_discovered(&report, V6);
    // An IPv4-mapped address is an IPv4 one.
    let services = Services::v4([
        (EchoService::GOOGLE, Echo::Google(ip("::ffff:192.0.2.10"))),
        (EchoService::CLOUDFLARE, Echo::Cloudflare(ip(V4))),
    ]);
    let report = of(unconfirmed())
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_eq!(clients(&report), [(ip(V4), ClientOrigin::Discovered)]);
}

#[test]
fn text_that_is_no_address_is_skipped() {
    each(
        [
            "",
            " ",
            "192.0.2.10:53",
            "192.0.2.10/32",
            "192.0.2.010",
            "[192.0.2.10]",
            "mail.example.com",
            "192.0.2.10\r\nQUIT",
        ],
        |text| {
            let services = Services::v4([
                (EchoService::GOOGLE, Echo::Text(text)),
                (EchoService::CLOUDFLARE, Echo::Text(text)),
            ]);
            let report = of(confirmed())
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_none_discovered(&report, text);
        },
    );
}

// Each family on its own; what is given wins.

#[test]
fn each_family_is_discovered_on_its_own() {
    let Some(loopback) = loopback_v6("each_family_is_discovered_on_its_own") else {
        return;
    };
    let both = |v4: [&str; 2], v6: [&str; 2]| {
        let service = |service: EchoService, echo: fn(IpAddr) -> Echo, at: usize| {
            let servers = [
                EchoServer::start(echo(ip(v4[at]))),
                EchoServer::start_at(loopback, echo(ip(v6[at]))),
            ];
            let service = service.with_servers(servers.iter().map(EchoServer::address));
            (servers, service)
        };
        let (first, opendns) = service(EchoService::OPENDNS, Echo::OpenDns, 0);
        let (second, google) = service(EchoService::GOOGLE, Echo::Google, 1);
        let report = of(unconfirmed())
            .discover_client_address([opendns, google])
            .report_blocking();
        drop((first, second));
        report
    };
    let v4 = (ip(V4), ClientOrigin::Discovered);
    let v6 = (ip(V6), ClientOrigin::Discovered);
    // what OpenDNS and Google say by IPv4 and by IPv6, what counts
    let cases = [
        ([V4, V4], [V6, V6], vec![v4, v6]),
        ([V4, OTHER_V4], [V6, V6], vec![v6]),
        ([V4, V4], [V6, OTHER_V6], vec![v4]),
        ([V4, OTHER_V4], [V6, OTHER_V6], vec![]),
        ([V4, V4], ["fd00::1", "fd00::1"], vec![v4]),
    ];
    each(cases, |(by_v4, by_v6, expected)| {
        let report = both(by_v4, by_v6);
        assert_eq!(clients(&report), expected, "{by_v4:?} {by_v6:?}\n{report}");
    });
}

#[test]
fn a_given_address_wins_and_its_family_is_not_asked_for() {
    let services = Services::v4([
        (EchoService::OPENDNS, Echo::OpenDns(ip(OTHER_V4))),
        (EchoService::GOOGLE, Echo::Google(ip(OTHER_V4))),
    ]);
    let report = of(confirmed())
        .client_address(ip(V4))
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_eq!(clients(&report), [(ip(V4), ClientOrigin::Given)]);
    assert_eq!(services.questions(), [""; 0]);

    let Some(loopback) = loopback_v6("a_given_address_wins_and_its_family_is_not_asked_for") else {
        return;
    };
    let by_v6 = Services::at(vec![loopback], well_known(ip(V6)).into_iter().take(3));
    let all = services.services.iter().chain(&by_v6.services).cloned();
    let report = of(confirmed())
        .client_address(ip(V4))
        .discover_client_address(all)
        .report_blocking();
    assert_eq!(
        clients(&report),
        [
            (ip(V4), ClientOrigin::Given),
            (ip(V6), ClientOrigin::Discovered)
        ]
    );
    assert_eq!(services.questions(), [""; 0]);
}

#[test]
fn nobody_is_asked_unless_it_is_called() {
    let services = Services::v4(well_known(ip(V4)));
    let zone = Arc::new(confirmed());
    let report = of_shared(&zone).report_blocking();
    assert_none_discovered(&report, "not called");
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::NoUsableName
    );
    assert_eq!(zone.questions(), []);
    assert_eq!(services.questions(), [""; 0]);
    // Nor for a setting that is no name at all: then nobody is asked anything.
    let report = of_shared(&zone)
        .configured("shop_mailer_1")
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::Configuration
    );
    assert_eq!(zone.questions(), []);
    assert_eq!(services.questions(), [""; 0]);
}

// How they are asked.

#[test]
fn the_services_are_never_asked_through_the_configured_resolver() {
    let services = Services::v4(well_known(ip(V4)));
    let resolver = DnsServer::start(
        "10.2.0.192.in-addr.arpa PTR mail.example.com
         mail.example.com A 192.0.2.10
         myip.opendns.com A 198.51.100.53
         whoami.akamai.net A 198.51.100.53",
    );
    let report = HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .dns(Resolver::asking([resolver.address()]))
        .discover_client_address(services.services.clone())
        .report_blocking();
    assert_eq!(clients(&report), [(ip(V4), ClientOrigin::Discovered)]);
    assert_eq!(report.name().unwrap(), &"mail.example.com");
    let mut asked = resolver.questions();
    asked.sort();
    let question = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    assert_eq!(
        asked,
        [
            question("10.2.0.192.in-addr.arpa", "PTR"),
            question("mail.example.com", "A")
        ]
    );
}

#[test]
fn silent_services_leave_half_of_the_deadline_to_the_names() {
    let services = Services::v4(well_known(ip(V4)).map(|(service, _)| (service, Echo::Silent)));
    // A name server that takes its time: at the end of the deadline it could say nothing any more.
    let resolver =
        DnsServer::start_delayed("host.example.com A 192.0.2.10", Duration::from_millis(50));
    let deadline = Duration::from_millis(1600);
    let start = Instant::now();
    let report = HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .dns(Resolver::asking([resolver.address()]))
        .host_name("host.example.com")
        .deadline(deadline)
        .discover_client_address(services.services.clone())
        .report_blocking();
    let elapsed = start.elapsed();
    assert_none_discovered(&report, "silent");
    let mut asked = services.questions();
    asked.dedup(); // a datagram without an answer is sent again
    assert_eq!(asked.len(), 4, "{asked:?}");
    let host = &report.considered()[0];
    assert_eq!(
        host.findings(),
        [ClientFinding::new(None, Finding::Resolves)],
        "{report}"
    );
    assert_eq!(report.name().unwrap(), &"host.example.com");
    assert!(
        elapsed >= deadline / 2 && elapsed < deadline + SLACK,
        "{elapsed:?}"
    );
}

#[test]
fn the_deadline_holds_when_services_and_name_server_are_silent() {
    let services = Services::v4(well_known(ip(V4)).map(|(service, _)| (service, Echo::Silent)));
    let name_server = EchoServer::start(Echo::Silent);
    let deadline = Duration::from_millis(400);
    let start = Instant::now();
    let report = HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .host_name("host.example.com")
        .dns(Resolver::asking([name_server.address()]))
        .deadline(deadline)
        .discover_client_address(services.services.clone())
        .report_blocking();
    let elapsed = start.elapsed();
    assert_none_discovered(&report, "silent");
    assert!(report.is_provisional(), "{report}");
    assert!(elapsed < deadline + SLACK, "{elapsed:?}");
}

#[test]
fn what_silent_services_might_have_said_is_not_taken_for_no() {
    let services = Services::v4(well_known(ip(V4)).map(|(service, _)| (service, Echo::Silent)));
    let silent = |host_name: &str, zone: Zone| {
        of(zone)
            .host_name(host_name)
            .deadline(Duration::from_millis(200))
            .discover_client_address(services.services.clone())
            .report_blocking()
    };
    // The name rests on its own addresses alone, for the time being.
    let report = silent("host.example.com", unconfirmed());
    assert_eq!(report.name().unwrap(), &"host.example.com");
    assert!(report.is_provisional(), "{report}");
    // A pod's name cannot be sent. The PTR name of the address that no service named could.
    let report = silent("mailer-5b8f7d9c4-x2k9q", confirmed());
    assert_eq!(
        report.name().unwrap_err().kind(),
        ResolveErrorKind::TryAgain
    );
}

#[tokio::test]
async fn discovery_works_inside_a_runtime_too() {
    let services = Services::v4(well_known(ip(V4)));
    let report = of(confirmed())
        .discover_client_address(services.services.clone())
        .report()
        .await;
    assert_eq!(clients(&report), [(ip(V4), ClientOrigin::Discovered)]);
}

#[test]
fn the_report_says_that_the_address_was_discovered() {
    let one = [(EchoService::OPENDNS, Echo::OpenDns(ip(V4)))];
    let two = well_known(ip(V4)).into_iter().take(2).collect();
    each(
        [
            (
                one.into(),
                "client address 192.0.2.10 (discovered, one service and its PTR): PTR mail.example.com; iprev pass",
            ),
            (
                two,
                "client address 192.0.2.10 (discovered, two services agree): PTR mail.example.com; iprev pass",
            ),
        ],
        |(services, line)| {
            let services: Vec<(EchoService, Echo)> = services;
            let services = Services::v4(services);
            let report = of(confirmed())
                .discover_client_address(services.services.clone())
                .report_blocking();
            assert_eq!(report.to_string().lines().next(), Some(line));
        },
    );
}

#[test]
fn an_unconfirmed_address_is_asked_for_its_ptr_once_and_then_forgotten() {
    let services = Services::v4([(EchoService::OPENDNS, Echo::OpenDns(ip(V4)))]);
    let zone = Arc::new(unconfirmed());
    of_shared(&zone)
        .host_name("host.example.com")
        .discover_client_address(services.services.clone())
        .report_blocking();
    let mut questions = zone.questions();
    questions.sort();
    let host = HeloName::from_static("host.example.com");
    let forward = |family| Question::Addresses(host.as_str().into(), family);
    let [v4, v6] = helo_name::dns::Family::ALL.map(forward);
    // Two probes follow, as no PTR record confirms the name (R31).
    questions.retain(|question| !question.to_string().starts_with("nx-"));
    assert_eq!(questions, [v4, v6, Question::Names(ip(V4))]);
}
