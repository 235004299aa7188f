//! The tests' own DNS server, asked through hickory-resolver as the library asks.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{ResolverBuilder, TokioResolver};

use crate::support::dns_server::{DnsServer, Zone, parse_name};
use crate::support::each::each;

const ZONE: &str = r"
# name                     type      value
mail.example.com           A         192.0.2.10
mail.example.com           AAAA      2001:db8::10
mail.example.com           MX        10 mx.example.com
nullmx.example.com         MX        0 .
text.example.com           TXT       two words
www.example.com            CNAME     web.example.com
web.example.com            CNAME     mail.example.com
dangling.example.com       CNAME     gone.example.com
loop.example.com           CNAME     pool.example.com
pool.example.com           CNAME     loop.example.com
empty.example.com          NODATA    -
broken.example.com         SERVFAIL  -
lost.example.com           TIMEOUT   -
*.wild.example.com         A         192.0.2.11
real.wild.example.com      AAAA      2001:db8::11
10.2.0.192.in-addr.arpa    PTR       mail.example.com
10.2.0.192.in-addr.arpa    PTR       other_name.example.com
11.2.0.192.in-addr.arpa    PTR       a\032b\013\010QUIT\255.example.com
";

fn builder(server: SocketAddr) -> ResolverBuilder<TokioRuntimeProvider> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder
}

fn resolver(server: SocketAddr) -> TokioResolver {
    builder(server).build().unwrap()
}

async fn ask(server: &DnsServer, name: &str, record_type: RecordType) -> Result<Lookup, NetError> {
    let name = parse_name(name).unwrap();
    resolver(server.address()).lookup(name, record_type).await
}

/// The answers as text: `owner type data`.
fn answers(lookup: &Lookup) -> Vec<String> {
    let records = lookup.answers().iter();
    records
        .map(|record| format!("{} {} {}", record.name, record.record_type(), record.data))
        .collect()
}

fn negative(result: Result<Lookup, NetError>) -> (ResponseCode, Option<u32>) {
    match result.unwrap_err() {
        NetError::Dns(DnsError::NoRecordsFound(none)) => (none.response_code, none.negative_ttl),
        other => unreachable!("not a negative answer: {other:?}"),
    }
}

#[tokio::test]
async fn records_are_found_and_every_question_is_logged() {
    let server = DnsServer::start(ZONE);
    for (name, record_type, expected) in [
        (
            "mail.example.com",
            RecordType::A,
            "mail.example.com. A 192.0.2.10",
        ),
        (
            "MAIL.example.com",
            RecordType::AAAA,
            "mail.example.com. AAAA 2001:db8::10",
        ),
        (
            "mail.example.com",
            RecordType::MX,
            "mail.example.com. MX 10 mx.example.com.",
        ),
        (
            "nullmx.example.com",
            RecordType::MX,
            "nullmx.example.com. MX 0 .",
        ),
        (
            "text.example.com",
            RecordType::TXT,
            "text.example.com. TXT two words",
        ),
    ] {
        let lookup = ask(&server, name, record_type).await.unwrap();
        assert_eq!(answers(&lookup), [expected]);
    }
    let asked = [
        ("mail", "A"),
        ("mail", "AAAA"),
        ("mail", "MX"),
        ("nullmx", "MX"),
        ("text", "TXT"),
    ];
    assert_eq!(
        server.questions(),
        asked.map(|(label, record_type)| (format!("{label}.example.com"), record_type.to_owned()))
    );
}

#[tokio::test]
async fn nxdomain_and_nodata_are_told_apart() {
    let server = DnsServer::start(ZONE);
    for (name, code) in [
        ("nobody.example.com", ResponseCode::NXDomain),
        ("empty.example.com", ResponseCode::NoError),
        ("text.example.com", ResponseCode::NoError),
        ("dangling.example.com", ResponseCode::NXDomain),
    ] {
        let result = ask(&server, name, RecordType::A).await;
        assert_eq!(negative(result), (code, Some(60)), "{name}");
    }
}

#[tokio::test]
async fn an_address_has_two_ptr_names() {
    let server = DnsServer::start(ZONE);
    let address = "192.0.2.10".parse::<std::net::IpAddr>().unwrap();
    let lookup = resolver(server.address())
        .reverse_lookup(address)
        .await
        .unwrap();
    assert_eq!(
        answers(&lookup),
        [
            "10.2.0.192.in-addr.arpa. PTR mail.example.com.",
            "10.2.0.192.in-addr.arpa. PTR other_name.example.com.",
        ]
    );
}

#[tokio::test]
async fn a_ptr_name_carries_hostile_bytes() {
    let server = DnsServer::start(ZONE);
    let lookup = ask(&server, "11.2.0.192.in-addr.arpa", RecordType::PTR)
        .await
        .unwrap();
    let RData::PTR(name) = &lookup.answers()[0].data else {
        unreachable!("not a PTR record: {lookup:?}");
    };
    assert_eq!(name.0.iter().next(), Some(&b"a b\r\nQUIT\xff"[..]));
}

#[tokio::test]
async fn a_cname_chain_is_followed_into_the_answer() {
    let server = DnsServer::start(ZONE);
    let lookup = ask(&server, "www.example.com", RecordType::A)
        .await
        .unwrap();
    assert_eq!(
        answers(&lookup),
        [
            "www.example.com. CNAME web.example.com.",
            "web.example.com. CNAME mail.example.com.",
            "mail.example.com. A 192.0.2.10",
        ]
    );
    assert_eq!(server.questions().len(), 1);
}

#[test]
fn a_cname_loop_is_answered_once_around() {
    let zone = Zone::parse(ZONE).unwrap();
    let reply = zone
        .ask(&parse_name("loop.example.com").unwrap(), RecordType::A)
        .unwrap();
    let owners: Vec<String> = reply
        .answers
        .iter()
        .map(|record| record.name.to_ascii())
        .collect();
    assert_eq!(owners, ["loop.example.com.", "pool.example.com."]);
    assert_eq!(reply.code, ResponseCode::NoError);
}

#[tokio::test]
async fn servfail_is_an_error_and_no_negative_answer() {
    let server = DnsServer::start(ZONE);
    let error = ask(&server, "broken.example.com", RecordType::A)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail))
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_lost_question_is_logged_and_never_answered() {
    let server = DnsServer::start(ZONE);
    let mut builder = builder(server.address());
    builder.options_mut().timeout = Duration::from_millis(50);
    builder.options_mut().attempts = 0;
    let name = Name::from_ascii("lost.example.com.").unwrap();
    let error = builder
        .build()
        .unwrap()
        .lookup(name, RecordType::A)
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Timeout), "{error:?}");
    assert!(
        server
            .questions()
            .contains(&("lost.example.com".to_owned(), "A".to_owned()))
    );
}

#[tokio::test]
async fn a_wildcard_answers_below_its_name_where_nothing_else_exists() {
    let server = DnsServer::start(ZONE);
    let lookup = ask(&server, "any.wild.example.com", RecordType::A)
        .await
        .unwrap();
    assert_eq!(answers(&lookup), ["any.wild.example.com. A 192.0.2.11"]);
    let lookup = ask(&server, "deep.below.wild.example.com", RecordType::A)
        .await
        .unwrap();
    assert_eq!(
        answers(&lookup),
        ["deep.below.wild.example.com. A 192.0.2.11"]
    );
    for (name, code) in [
        ("real.wild.example.com", ResponseCode::NoError),
        ("below.real.wild.example.com", ResponseCode::NXDomain),
        ("wild.example.com", ResponseCode::NXDomain),
    ] {
        assert_eq!(
            negative(ask(&server, name, RecordType::A).await).0,
            code,
            "{name}"
        );
    }
}

#[tokio::test]
async fn two_hundred_ptr_names_arrive_over_tcp_after_truncation() {
    let mut zone = String::new();
    for number in 0..200 {
        writeln!(
            zone,
            "12.2.0.192.in-addr.arpa PTR host-{number}.example.com"
        )
        .unwrap();
    }
    let server = DnsServer::start(&zone);
    let lookup = ask(&server, "12.2.0.192.in-addr.arpa", RecordType::PTR)
        .await
        .unwrap();
    assert_eq!(lookup.answers().len(), 200);
    assert!(
        server.questions().len() >= 2,
        "once by UDP, once by TCP: {:?}",
        server.questions()
    );
}

#[test]
fn a_server_runs_under_any_executor_and_its_port_is_free_after_drop() {
    let server = DnsServer::start(ZONE);
    let address = server.address();
    assert!(std::net::TcpListener::bind(address).is_err());
    pollster::block_on(async move { drop(server) });
    std::net::TcpListener::bind(address).unwrap();
}

#[test]
fn a_bad_zone_line_is_named() {
    each(
        [
            ("mail.example.com", "no type"),
            ("mail.example.com A", "no value"),
            ("mail.example.com A 192.0.2", "not an IPv4 address"),
            ("mail.example.com HINFO x", "unknown type HINFO"),
            ("a..b A 192.0.2.1", "an empty label"),
            (r"a\25 A 192.0.2.1", "a bad escape"),
            (r"a\256 A 192.0.2.1", "a bad escape"),
        ],
        |(line, why)| {
            assert_eq!(Zone::parse(line).unwrap_err(), format!("{line:?}: {why}"));
        },
    );
}
