//! What a network says inside, and what the world sees: two real DNS servers.

use std::net::IpAddr;
use std::time::Duration;

use helo_name::dns::{Resolver, Views};
use helo_name::policy::Strict;
use helo_name::resolve::Cure;
use helo_name::verify::{Finding, verify_many};
use helo_name::{HeloName, Resolve};

use crate::support::dns_server::DnsServer;

const CLIENT: &str = "192.0.2.10";
const NAME: HeloName = HeloName::from_static("mail.example.com");
const PTR: &str = "10.2.0.192.in-addr.arpa PTR mail.example.com";

fn server(address: &str) -> DnsServer {
    DnsServer::start(&format!("{PTR}\nmail.example.com A {address}"))
}

fn asking(server: &DnsServer) -> Resolver {
    Resolver::asking([server.address()])
}

fn client() -> IpAddr {
    CLIENT.parse().unwrap()
}

#[test]
fn the_view_from_outside_decides_and_the_report_shows_both() {
    let (inside, outside) = (server("10.0.0.5"), server(CLIENT));
    let resolve = || {
        Resolve::new(asking(&inside))
            .ignore_machine()
            .ignore_environment()
            .host_name("mail.example.com")
            .client_address(client())
            .policy(Strict)
    };
    let error = resolve().blocking().unwrap_err();
    assert_eq!(error.cure(), &Cure::AskOutside(NAME));
    assert!(
        error.to_string().ends_with(
            "fix: mail.example.com has only private addresses inside this network; set this in the \
             program: outside resolver: one beyond this network, such as 1.1.1.1"
        ),
        "{error}"
    );

    let report = resolve().outside(asking(&outside)).report_blocking();
    assert_eq!(report.name().unwrap(), &NAME);
    let line = format!(
        "host name \"mail.example.com\": A 10.0.0.5 inside, 192.0.2.10 outside from {}; permit: it \
         has the client address (match)\n",
        outside.address()
    );
    assert!(report.to_string().contains(&line), "{report}");
    // Both are asked the same, and nothing twice.
    assert_eq!(outside.questions().len(), 2, "{:?}", outside.questions());
    let later = report.recheck_blocking();
    assert!(later.changes().is_empty(), "{:?}", later.changes());
    assert_eq!(outside.questions().len(), 4);
}

#[test]
fn a_list_is_checked_from_outside_too() {
    let (inside, outside) = (server("10.0.0.5"), server(CLIENT));
    let finding = |outside: Option<&DnsServer>| {
        let pairs = [(NAME, client())];
        pollster::block_on(async {
            match outside {
                Some(outside) => {
                    let views = Views::new(asking(&inside), asking(outside));
                    verify_many(&views, pairs).next().await.unwrap().finding()
                }
                None => verify_many(&asking(&inside), pairs)
                    .next()
                    .await
                    .unwrap()
                    .finding(),
            }
        })
    };
    assert_eq!(finding(None), Finding::Inside);
    assert_eq!(finding(Some(&outside)), Finding::Match);
}

#[test]
fn both_views_take_the_time_of_one() {
    let delay = Duration::from_millis(150);
    let zone = format!("{PTR}\nmail.example.com A {CLIENT}");
    let inside = DnsServer::start_delayed(&zone, delay);
    let outside = DnsServer::start_delayed(&zone, delay);
    let start = std::time::Instant::now();
    let report = Resolve::new(asking(&inside))
        .outside(asking(&outside))
        .ignore_machine()
        .ignore_environment()
        .host_name("mail.example.com")
        .client_address(client())
        .report_blocking();
    assert_eq!(report.name().unwrap(), &NAME);
    assert!(start.elapsed() < delay * 2, "{:?}", start.elapsed());
}
