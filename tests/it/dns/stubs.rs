//! Answers that were made up on this machine (R10), by servers on loopback: one that stands in for
//! the stub of systemd-resolved, one that has read a hosts file.

use std::net::{IpAddr, SocketAddr};

use helo_name::dns::{
    Answer, Dns, Facts, Family, NameServer, NotKnown, Question, Resolver, ServerOrigin, Zone,
};
use helo_name::verify::{Finding, Iprev, find, verify};
use helo_name::{HeloName, Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;
use crate::support::fault_dns::{Action, FaultServer};

const MAIL: HeloName = HeloName::from_static("mail.example.org");

fn client() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

fn report(dns: impl Dns + 'static) -> Resolution {
    Resolve::new(dns)
        .ignore_environment()
        .ignore_machine()
        .host_name(MAIL.as_str())
        .client_address(client())
        .report_blocking()
}

#[test]
fn a_loopback_address_in_an_answer_is_no_evidence_whoever_says_so() {
    let cases: [(&str, Finding); 7] = [
        ("A 127.0.1.1", Finding::Unknown),
        ("A 127.0.0.1", Finding::Unknown),
        // The other lines of the same hosts file
        ("A 127.0.1.1; A 192.0.2.10", Finding::Unknown),
        ("A 192.0.2.10; A 127.0.1.1", Finding::Unknown),
        ("A 192.0.2.10", Finding::Match),
        ("A 192.0.2.77", Finding::Mismatch),
        ("A 0.0.0.0", Finding::NotPublic),
    ];
    each(cases, |(records, finding)| {
        let lines = records
            .split("; ")
            .map(|record| format!("{MAIL} {record}\n"));
        let text: String =
            lines.collect::<String>() + "10.2.0.192.in-addr.arpa PTR " + MAIL.as_str();
        let server = DnsServer::start(&text);
        let report = report(Resolver::asking([server.address()]));
        let host = &report.considered()[0];
        assert_eq!(host.findings()[0].finding, finding, "{records}\n{report}");
        let iprev = match finding {
            Finding::Match => Iprev::Pass,
            Finding::Unknown => Iprev::TempError,
            _ => Iprev::Fail,
        };
        assert_eq!(report.clients()[0].iprev(), Some(iprev), "{records}");
    });
}

#[test]
fn a_program_that_brings_its_own_dns_is_told_the_same() {
    let zone = || {
        Zone::new()
            .address(MAIL.as_str(), "127.0.1.1")
            .ptr("192.0.2.10", MAIL.as_str())
    };
    let checked = pollster::block_on(verify(&zone(), &MAIL, Some(client())));
    assert_eq!(checked.finding(), Finding::Unknown);
    assert_ne!(checked.iprev(), Some(Iprev::Pass));
    let shown = report(zone()).to_string();
    assert!(
        shown.contains("A not known (made up on this machine)"),
        "{shown}"
    );

    let mut facts = Facts::new();
    let answer = Answer::found(vec!["127.0.1.1".parse().unwrap()]);
    facts.insert_addresses(MAIL.as_str(), Family::V4, answer);
    // Not even for who would be at that address
    each(["192.0.2.10", "127.0.1.1"], |client| {
        let finding = find(&MAIL, client.parse().ok(), &facts);
        assert_eq!(finding, Finding::Unknown, "{client}");
    });
    assert_eq!(find(&MAIL, None, &facts), Finding::Unknown);
}

#[test]
fn a_server_that_knows_better_is_heard_beside_one_with_a_hosts_file() {
    let hosts = DnsServer::start("mail.example.org A 127.0.1.1");
    let slow = FaultServer::script()
        .on(
            MAIL.as_str(),
            "A",
            [Action::answer_from("mail.example.org A 192.0.2.10")],
        )
        .start();
    let resolver = Resolver::asking([hosts.address(), slow.address()]);
    let answer = pollster::block_on(resolver.forward(&MAIL, Family::V4));
    assert_eq!(answer.records(), [client()]);
    assert_eq!(answer.server(), Some(slow.address()));
}

#[test]
fn every_kind_of_question_is_told_what_was_made_up() {
    let server = DnsServer::start("mail.example.org A 127.0.1.1");
    let resolver = Resolver::asking([server.address()]);
    let mut facts = Facts::new();
    let question = Question::Addresses(MAIL.as_str().into(), Family::V4);
    pollster::block_on(resolver.learn(question, &mut facts));
    let learned = facts.addresses(MAIL.as_str(), Family::V4).unwrap();
    assert_eq!(learned.why_not_known(), Some(NotKnown::Synthesised));
    let asked = pollster::block_on(resolver.addresses(MAIL.as_str(), Family::V4));
    assert_eq!(asked.why_not_known(), Some(NotKnown::Synthesised));
    assert_eq!(asked.server(), Some(server.address()));
}

#[test]
fn the_report_has_the_servers_and_how_they_were_found_as_data() {
    let server = DnsServer::start("mail.example.org A 192.0.2.10");
    let address = server.address();
    let origin = ServerOrigin::Given;
    let asked = report(Resolver::asking([address]));
    let given = NameServer { address, origin };
    assert_eq!(asked.servers_asked().servers(), [given]);
    assert!(asked.servers_asked().problems().is_empty());

    let text = format!(
        "nameserver x\nnameserver [{}]:{}\n",
        address.ip(),
        address.port()
    );
    let listed = report(Resolver::from_resolv_conf(text));
    let origin = ServerOrigin::ResolvConf;
    let in_file = NameServer { address, origin };
    assert_eq!(listed.servers_asked().servers(), [in_file]);
    let warnings = listed.warnings().iter().map(ToString::to_string);
    assert!(
        warnings
            .into_iter()
            .any(|warning| warning
                == "name server \"x\" cannot be asked; fix the line in resolv.conf"),
        "{listed}"
    );
}

#[test]
fn without_a_line_for_it_a_server_on_this_machine_is_asked() {
    each(
        ["", "search example.com\n", "# nameserver 192.0.2.53\n"],
        |text| {
            let servers = Resolver::from_resolv_conf(text).name_servers();
            let defaults: [SocketAddr; 2] =
                ["127.0.0.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()];
            assert_eq!(servers, defaults, "{text:?}");
        },
    );
}

#[test]
fn addresses_that_cannot_be_asked_are_a_reason_of_their_own() {
    let answer = pollster::block_on(
        Resolver::from_resolv_conf("nameserver fe80::1%nosuchzone\n").forward(&MAIL, Family::V4),
    );
    assert_eq!(answer.why_not_known(), Some(NotKnown::UnusableServer));
    let link = Resolver::from_resolv_conf("nameserver fe80::1%lo\nnameserver fe80::2%7\n");
    let servers = link.name_servers();
    #[cfg(target_os = "linux")]
    assert_eq!(servers[0].to_string(), "[fe80::1%1]:53");
    assert_eq!(servers.last().unwrap().to_string(), "[fe80::2%7]:53");
}
