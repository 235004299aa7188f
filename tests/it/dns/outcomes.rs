//! What a name server says is read as found, NODATA, NXDOMAIN or not known, and never as another of
//! them.

use std::net::IpAddr;

use helo_name::HeloName;
use helo_name::dns::{Answer, Dns, Family, NotKnown, Outcome, Resolver};
use hickory_server::proto::op::{Message, Query, ResponseCode};
use hickory_server::proto::rr::rdata::{CNAME, NS, SOA};
use hickory_server::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::support::each::each;
use crate::support::fault_dns::{Action, FaultServer, Tcp};

const MAIL: HeloName = HeloName::from_static("mail.example.com");

fn address() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn ask(server: &FaultServer) -> Answer<IpAddr> {
    let resolver = Resolver::asking([server.address()]);
    pollster::block_on(resolver.forward(&MAIL, Family::V4))
}

fn say(message: &mut Message, code: ResponseCode) {
    message.answers.clear();
    message.metadata.response_code = code;
}

fn add_soa(message: &mut Message, owner: &str) {
    let soa = SOA::new(Name::root(), Name::root(), 1, 3600, 600, 86_400, 60);
    message
        .authorities
        .push(Record::from_rdata(name(owner), 60, RData::SOA(soa)));
}

fn add_ns(message: &mut Message, owner: &str) {
    let server = RData::NS(NS(name("ns.example.net.")));
    message
        .authorities
        .push(Record::from_rdata(name(owner), 60, server));
}

/// The name becomes an alias of `target`, and that is all there is.
fn be_alias(message: &mut Message, target: &str) {
    say(message, ResponseCode::NoError);
    let alias = RData::CNAME(CNAME(name(target)));
    message
        .answers
        .push(Record::from_rdata(name("mail.example.com."), 60, alias));
}

#[test]
fn what_a_server_says_is_read_as_one_of_four() {
    use NotKnown::*;
    use Outcome::{Found, NoData, NotKnown as Not, NxDomain};

    let found = || Found(vec![address()]);
    // What the server does with `mail.example.com A`; how that is read.
    #[rustfmt::skip]
    let table: Vec<(&str, Action, Outcome<IpAddr>)> = vec![
        // Found
        ("an answer", Action::Answer, found()),
        ("an answer by TCP", Action::Truncated(Tcp::Live), found()),
        ("behind eight aliases", Action::CnameChain(8), found()),
        ("an answer that lacks EDNS", Action::Changed(|m| m.edns = None), found()),
        ("FORMERR to EDNS only", Action::Changed(|m| if m.edns.take().is_some() { say(m, ResponseCode::FormErr) }), found()),
        ("NOTIMP to EDNS only", Action::Changed(|m| if m.edns.take().is_some() { say(m, ResponseCode::NotImp) }), found()),
        // NODATA (RFC 2308 2.2), with and without SOA
        ("NODATA", Action::NoData, NoData),
        ("NODATA, bare", Action::Changed(|m| say(m, ResponseCode::NoError)), NoData),
        ("NODATA, SOA and NS", Action::Changed(|m| { say(m, ResponseCode::NoError); add_soa(m, "example.com."); add_ns(m, "example.com."); }), NoData),
        ("NODATA, SOA of the root", Action::Changed(|m| { say(m, ResponseCode::NoError); add_soa(m, "."); }), NoData),
        ("NODATA behind an alias", Action::Changed(|m| { be_alias(m, "web.example.net."); add_soa(m, "example.net."); }), NoData),
        // NXDOMAIN, with and without SOA
        ("NXDOMAIN", Action::NxDomain, NxDomain),
        ("NXDOMAIN, bare", Action::Changed(|m| say(m, ResponseCode::NXDomain)), NxDomain),
        ("NXDOMAIN behind an alias", Action::Changed(|m| { be_alias(m, "web.example.net."); m.metadata.response_code = ResponseCode::NXDomain; add_soa(m, "example.net."); }), NxDomain),
        // Errors: they say nothing about the name
        ("SERVFAIL", Action::ServFail, Not(ServFail)),
        ("REFUSED", Action::Refused, Not(Refused)),
        ("FORMERR", Action::Changed(|m| say(m, ResponseCode::FormErr)), Not(ServFail)),
        ("NOTAUTH", Action::Changed(|m| say(m, ResponseCode::NotAuth)), Not(ServFail)),
        ("BADVERS, whose low bits are NOERROR's", Action::Changed(|m| say(m, ResponseCode::BADVERS)), Not(ServFail)),
        ("code 12", Action::Changed(|m| say(m, ResponseCode::Unknown(12))), Not(ServFail)),
        ("code 3841", Action::Changed(|m| say(m, ResponseCode::Unknown(3841))), Not(ServFail)),
        // Referrals: the server has to be asked elsewhere
        ("referral down", Action::Changed(|m| { say(m, ResponseCode::NoError); add_ns(m, "example.com."); }), Not(BadMessage)),
        ("referral up, lame", Action::Changed(|m| { say(m, ResponseCode::NoError); add_ns(m, "."); }), Not(BadMessage)),
        // A negative answer about another zone is about another name
        ("NODATA, SOA of elsewhere", Action::Changed(|m| { say(m, ResponseCode::NoError); add_soa(m, "example.net."); }), Not(BadMessage)),
        ("NXDOMAIN, SOA of elsewhere", Action::Changed(|m| { say(m, ResponseCode::NXDomain); add_soa(m, "example.net."); }), Not(BadMessage)),
        // Contradictions and nonsense
        ("NXDOMAIN, and a record", Action::Changed(|m| m.metadata.response_code = ResponseCode::NXDomain), Not(BadMessage)),
        ("a record without data", Action::Changed(|m| m.answers[0].data = RData::Update0(RecordType::A)), Not(BadMessage)),
        ("a record of another name", Action::Changed(|m| m.answers[0].name = name("other.example.com.")), Not(BadMessage)),
        ("a record of another type", Action::Changed(|m| m.answers[0].data = RData::NS(NS(name("a.example.")))), Not(BadMessage)),
        ("a record of another class", Action::Changed(|m| m.answers[0].dns_class = DNSClass::CH), Not(BadMessage)),
        ("garbage", Action::Garbage, Not(BadMessage)),
        // Truncated, and TCP has no whole answer
        ("TCP closes", Action::Truncated(Tcp::Closes), Not(Truncated)),
        // Aliases without end
        ("nine aliases", Action::CnameChain(9), Not(AliasChain)),
        ("aliases in a circle", Action::CnameLoop, Not(AliasChain)),
    ];
    let mut wrong = Vec::new();
    for (what, action, expected) in table {
        let server = FaultServer::script()
            .on("mail.example.com", "A", [action])
            .start();
        let answer = ask(&server);
        if *answer.outcome() != expected {
            wrong.push(format!("{what}: {:?}, not {expected:?}", answer.outcome()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_alias_into_a_zone_that_the_server_does_not_speak_for_is_asked_on() {
    // An authoritative server may add its own SOA, which is no word about the target.
    each([ResponseCode::NoError, ResponseCode::NXDomain], |code| {
        let own_soa: fn(&mut Message) = match code {
            ResponseCode::NoError => |m| {
                be_alias(m, "web.example.net.");
                add_soa(m, "example.com.");
            },
            _ => |m| {
                be_alias(m, "web.example.net.");
                m.metadata.response_code = ResponseCode::NXDomain;
                add_soa(m, "example.com.");
            },
        };
        let server = FaultServer::script()
            .zone("mail.example.com A 192.0.2.11\nweb.example.net A 192.0.2.10")
            .on("mail.example.com", "A", [Action::Changed(own_soa)])
            .start();
        let answer = ask(&server);
        assert_eq!(answer.records(), [address()], "{code}");
        assert_eq!(answer.aliases(), [Box::from("web.example.net")]);
    });
}

#[test]
fn a_truncated_answer_without_tcp_is_not_known() {
    let server = FaultServer::script()
        .otherwise(Action::Truncated(Tcp::Live))
        .without_tcp()
        .start();
    assert_eq!(ask(&server).why_not_known(), Some(NotKnown::Truncated));
}

#[test]
fn an_answer_by_tcp_to_another_question_is_not_known() {
    fn turn_to_another(message: &mut Message) {
        say(message, ResponseCode::NXDomain);
        message.queries = vec![Query::query(name("other.example.com."), RecordType::A)];
    }
    // By UDP, hickory waits on for the right one.
    let server = FaultServer::script()
        .otherwise(Action::TruncatedThen(turn_to_another))
        .start();
    assert_eq!(ask(&server).why_not_known(), Some(NotKnown::BadMessage));
}

#[test]
fn the_longest_name_can_be_asked() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(longest.len(), 253);
    let server = FaultServer::script()
        .zone(&format!("{longest} A 192.0.2.10"))
        .start();
    let resolver = Resolver::asking([server.address()]);
    let longest = HeloName::parse(&longest).unwrap();
    let answer = pollster::block_on(resolver.forward(&longest, Family::V4));
    assert_eq!(answer.records(), [address()]);
}
