//! An authoritative DNS server in the process of the test or example that starts it.
//!
//! It speaks real UDP and TCP on one port number, on loopback and chosen by the operating system
//! unless the test says where, and answers from a zone text as a recursive resolver would: aliases
//! are followed, "recursion available" is set.
//!
//! ```text
//! # name              type      value            `#` starts a comment line; TTL 60 for all
//! mail.example.com    A         192.0.2.10       also AAAA, PTR, CNAME, MX (`10 mx.example.com`), TXT
//! *.w.example.com     A         192.0.2.10       every name below w.example.com that does not exist
//! bad.example.com     SERVFAIL  -                for every type
//! empty.example.com   NODATA    -                the name exists and has no records
//! lost.example.com    TIMEOUT   -                read, logged, never answered
//! ```
//!
//! Names are presentation text (RFC 1035, section 5.1): `\DDD` is the byte with that decimal
//! number, `\X` is `X` itself, so a PTR value can carry spaces, CR LF or dots within a label. A
//! name not in the text is NXDOMAIN; a name that has other types only is NODATA.
//!
//! Not promised: zone cuts, DNSSEC, class CH, and empty non-terminals (RFC 8020), which are
//! NXDOMAIN here.

#![allow(
    dead_code,
    reason = "each test and example that includes this file uses a part of it"
)]

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, thread};

use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Edns, Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::{CNAME, MX, PTR, SOA, TXT};
use hickory_server::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::runtime::Runtime;

/// Time to live of every record, in seconds.
pub(crate) const TTL: u32 = 60;

/// The largest UDP payload that the server sends, whatever the client offers: what DNS Flag Day
/// 2020 recommends.
const MAX_UDP_PAYLOAD: u16 = 1232;

/// Longer than any test: connections are closed by the client or with the server.
const TCP_IDLE: Duration = Duration::from_secs(300);

/// Answers may queue on one TCP connection before its reader is waited for.
const TCP_RESPONSE_BUFFER: usize = 32;

/// A running server; dropping it stops it and closes its sockets.
pub(crate) struct DnsServer {
    address: SocketAddr,
    questions: QuestionLog,
    _background: Background,
}

/// Lower-case names without the root dot, and types such as `AAAA`, in the order of arrival.
type QuestionLog = Arc<Mutex<Vec<(String, String)>>>;

impl DnsServer {
    /// Starts a server that answers from `zone` at once.
    pub(crate) fn start(zone: &str) -> Self {
        Self::start_delayed(zone, Duration::ZERO)
    }

    /// Starts a server that answers from `zone`, each answer `delay` after its question.
    pub(crate) fn start_delayed(zone: &str, delay: Duration) -> Self {
        Self::serve(bind_pair(), zone, delay)
    }

    /// Starts a server at an address of this host, port 53 for instance, which other programs ask.
    pub(crate) fn start_at(address: SocketAddr, zone: &str) -> Self {
        let sockets = bind_pair_at(address);
        let sockets = sockets.unwrap_or_else(|error| unreachable!("DNS on {address}: {error}"));
        Self::serve(sockets, zone, Duration::ZERO)
    }

    fn serve((udp, tcp): (UdpSocket, TcpListener), zone: &str, delay: Duration) -> Self {
        let questions = QuestionLog::default();
        let handler = Handler {
            zone: Zone::parse(zone).expect("the zone text is well-formed"),
            delay,
            questions: Arc::clone(&questions),
        };
        let address = udp.local_addr().expect("a bound socket has an address");
        let background = Background::spawn(|| async move {
            let mut server = Server::new(handler);
            server.register_socket(tokio_udp(udp));
            server.register_listener(tokio_tcp(tcp), TCP_IDLE, TCP_RESPONSE_BUFFER);
            // An error here means that the sockets are gone; the questions of the test then time
            // out, which it reports.
            let _ = server.block_until_done().await;
        });
        Self {
            address,
            questions,
            _background: background,
        }
    }

    /// Where it listens, by UDP and TCP alike.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All questions so far: the name in lower case without the root dot, and the type (`"A"`).
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        self.questions
            .lock()
            .expect("no holder of the log panics")
            .clone()
    }
}

/// A runtime with a thread of its own, so that a server runs under plain tests, tokio and any other
/// executor alike.
pub(crate) struct Background(Option<Runtime>);

impl Background {
    /// Calls `start` within the runtime and drives the future it returns.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(
        start: impl FnOnce() -> F,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dns-server")
            .enable_all()
            .build()
            .expect("a runtime can be built");
        runtime.spawn(start());
        Self(Some(runtime))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which tokio forbids within another runtime: a
        // plain thread may. Waiting for it means that the port is closed when the owner's `drop`
        // returns.
        let runtime = self.0.take();
        let _ = thread::spawn(move || drop(runtime)).join();
    }
}

/// Binds UDP and TCP on one port that the operating system chooses; the port of one may be taken in
/// the other.
pub(crate) fn bind_pair() -> (UdpSocket, TcpListener) {
    (0..100)
        .find_map(|_| bind_pair_at((Ipv4Addr::LOCALHOST, 0).into()).ok())
        .expect("some port is free for UDP and TCP")
}

fn bind_pair_at(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let udp = UdpSocket::bind(address)?;
    let tcp = TcpListener::bind(udp.local_addr()?)?;
    Ok((udp, tcp))
}

/// Hands a socket to tokio; to be called within a runtime.
pub(crate) fn tokio_udp(socket: UdpSocket) -> tokio::net::UdpSocket {
    socket
        .set_nonblocking(true)
        .expect("a socket can be made non-blocking");
    tokio::net::UdpSocket::from_std(socket).expect("the runtime takes the socket")
}

/// Hands a listener to tokio; to be called within a runtime.
pub(crate) fn tokio_tcp(listener: TcpListener) -> tokio::net::TcpListener {
    listener
        .set_nonblocking(true)
        .expect("a listener can be made non-blocking");
    tokio::net::TcpListener::from_std(listener).expect("the runtime takes the listener")
}

/// How questions and logs write a name: lower case, no root dot.
pub(crate) fn log_name(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

/// The size that a UDP answer may have, by the client's offer (512 without one, RFC 1035, section
/// 4.2.1).
pub(crate) fn udp_payload(offer: Option<&Edns>) -> u16 {
    offer.map_or(512, |edns| edns.max_payload().clamp(512, MAX_UDP_PAYLOAD))
}

struct Handler {
    zone: Zone,
    delay: Duration,
    questions: QuestionLog,
}

impl Handler {
    async fn handle(&self, request: &Request, mut responses: impl ResponseHandler) -> ResponseInfo {
        let reply = self.reply(request);
        tokio::time::sleep(self.delay).await;
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.recursion_available = true;
        let silent = ResponseInfo::from(Header {
            metadata,
            counts: HeaderCounts::default(),
        });
        let Some(reply) = reply else {
            return silent;
        };
        metadata.response_code = reply.code;

        let mut edns = Edns::new();
        edns.set_max_payload(udp_payload(request.edns.as_ref()));
        let mut builder = MessageResponseBuilder::from_message_request(request);
        if request.edns.is_some() {
            builder.edns(&edns);
        }
        let response = builder.build(metadata, &reply.answers, [], &reply.soa, []);
        // The client may have gone away in the meantime, and the server does not mind.
        responses.send_response(response).await.unwrap_or(silent)
    }

    /// `None` for a question that is never answered.
    fn reply(&self, request: &Request) -> Option<Reply> {
        let Ok(info) = request.request_info() else {
            return Some(Reply::new(ResponseCode::FormErr));
        };
        let (name, record_type) = (
            Name::from(info.query.name().clone()),
            info.query.query_type(),
        );
        self.questions
            .lock()
            .expect("no holder of the log panics")
            .push((log_name(&name), record_type.to_string()));
        match info.query.query_class() {
            DNSClass::IN => self.zone.ask(&name, record_type),
            _ => Some(Reply::new(ResponseCode::Refused)),
        }
    }
}

/// Written as `async_trait` would expand it, for a crate less.
impl RequestHandler for Handler {
    fn handle_request<'handler, 'request, 'future, R, T>(
        &'handler self,
        request: &'request Request,
        response_handle: R,
    ) -> Pin<Box<dyn Future<Output = ResponseInfo> + Send + 'future>>
    where
        'handler: 'future,
        'request: 'future,
        R: ResponseHandler + 'future,
        T: Time + 'future,
        Self: 'future,
    {
        Box::pin(self.handle(request, response_handle))
    }
}

/// What a zone says to one question: the parts of a response that it decides.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) code: ResponseCode,
    pub(crate) answers: Vec<Record>,
    /// For the authority section of a negative answer (RFC 2308).
    pub(crate) soa: Option<Record>,
}

impl Reply {
    pub(crate) fn new(code: ResponseCode) -> Self {
        Self {
            code,
            answers: Vec::new(),
            soa: None,
        }
    }

    /// NXDOMAIN, or NODATA with `NoError`, for `name`.
    pub(crate) fn negative(code: ResponseCode, name: &Name) -> Self {
        Self {
            soa: Some(soa_above(name)),
            ..Self::new(code)
        }
    }
}

/// The SOA record that says how long a negative answer about `name` may be kept. There are no zone
/// cuts here, so the name's parent stands for the zone.
fn soa_above(name: &Name) -> Record {
    let apex = name.base_name();
    let soa = SOA::new(Name::root(), Name::root(), 1, 3600, 600, 86_400, TTL);
    Record::from_rdata(apex, TTL, RData::SOA(soa))
}

/// A parsed zone text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zone(HashMap<Name, Node>);

/// What the zone text says of one name.
#[derive(Clone, Debug, Default)]
struct Node {
    records: Vec<RData>,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    ServFail,
    Timeout,
}

impl Zone {
    /// Parses a zone text.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, and why.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut zone = Self::default();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            zone.add(line).map_err(|why| format!("{line:?}: {why}"))?;
        }
        Ok(zone)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let (name, rest) = line.split_once(char::is_whitespace).ok_or("no type")?;
        let (kind, value) = rest
            .trim()
            .split_once(char::is_whitespace)
            .ok_or("no value")?;
        let node = self.0.entry(parse_name(name)?.to_lowercase()).or_default();
        match kind {
            "NODATA" => {}
            "SERVFAIL" => node.fault = Some(Fault::ServFail),
            "TIMEOUT" => node.fault = Some(Fault::Timeout),
            _ => node.records.push(parse_data(kind, value.trim())?),
        }
        Ok(())
    }

    /// Answers a question as a recursive resolver would; `None` is `TIMEOUT` in the zone text.
    pub(crate) fn ask(&self, name: &Name, record_type: RecordType) -> Option<Reply> {
        let mut name = name.to_lowercase();
        let mut seen = HashSet::new();
        let mut answers = Vec::new();
        // Each turn follows one CNAME; a name seen before closes a loop.
        while seen.insert(name.clone()) {
            let Some(node) = self.node(&name) else {
                return Some(Reply {
                    answers,
                    ..Reply::negative(ResponseCode::NXDomain, &name)
                });
            };
            match node.fault {
                Some(Fault::ServFail) => return Some(Reply::new(ResponseCode::ServFail)),
                Some(Fault::Timeout) => return None,
                None => {}
            }
            let (records, alias) = node.select(record_type);
            if records.is_empty() && alias.is_none() {
                return Some(Reply {
                    answers,
                    ..Reply::negative(ResponseCode::NoError, &name)
                });
            }
            answers.extend(
                records
                    .into_iter()
                    .map(|data| Record::from_rdata(name.clone(), TTL, data)),
            );
            match alias {
                Some(target) => name = target.to_lowercase(),
                None => break,
            }
        }
        Some(Reply {
            answers,
            ..Reply::new(ResponseCode::NoError)
        })
    }

    /// The name itself, or the wildcard at its closest encloser (RFC 4592).
    fn node(&self, name: &Name) -> Option<&Node> {
        if let Some(node) = self.0.get(name) {
            return Some(node);
        }
        let mut below = name.clone();
        while !below.is_root() {
            let encloser = below.base_name();
            let wildcard = self.0.get(&below.into_wildcard());
            if wildcard.is_some() || self.0.contains_key(&encloser) {
                return wildcard;
            }
            below = encloser;
        }
        None
    }
}

impl Node {
    /// The records that answer for this type at this name, and the alias to follow, if they are a
    /// CNAME.
    fn select(&self, record_type: RecordType) -> (Vec<RData>, Option<&Name>) {
        let of_type = |wanted| -> Vec<RData> {
            let records = self.records.iter();
            records
                .filter(|data| data.record_type() == wanted)
                .cloned()
                .collect()
        };
        let exact = of_type(record_type);
        let alias = self.records.iter().find_map(|data| match data {
            RData::CNAME(CNAME(target)) => Some(target),
            _ => None,
        });
        match alias {
            Some(target) if exact.is_empty() => (of_type(RecordType::CNAME), Some(target)),
            _ => (exact, None),
        }
    }
}

fn parse_data(kind: &str, value: &str) -> Result<RData, String> {
    match kind {
        "A" => Ok(RData::A(value.parse().map_err(|_| "not an IPv4 address")?)),
        "AAAA" => Ok(RData::AAAA(
            value.parse().map_err(|_| "not an IPv6 address")?,
        )),
        "CNAME" => Ok(RData::CNAME(CNAME(parse_name(value)?))),
        "MX" => parse_mx(value),
        "PTR" => Ok(RData::PTR(PTR(parse_name(value)?))),
        "TXT" => Ok(RData::TXT(TXT::new(vec![value.to_owned()]))),
        _ => Err(format!("unknown type {kind}")),
    }
}

fn parse_mx(value: &str) -> Result<RData, String> {
    let (preference, exchange) = value.split_once(char::is_whitespace).ok_or("no exchange")?;
    let preference = preference
        .parse()
        .map_err(|_| "the preference is not a number")?;
    Ok(RData::MX(MX::new(preference, parse_name(exchange.trim())?)))
}

/// Reads presentation text as a fully-qualified name, with or without its root dot. hickory's own
/// parser takes the digits of `\DDD` as octal and refuses bytes above 127.
///
/// # Errors
///
/// An empty label (`a..b`), a label over 63 bytes, a name over 255 bytes, an escape cut short or
/// above 255.
pub(crate) fn parse_name(text: &str) -> Result<Name, String> {
    if text == "." {
        return Ok(Name::root());
    }
    let mut labels = vec![Vec::new()];
    let mut rest = text
        .strip_suffix('.')
        .filter(|head| !head.ends_with('\\'))
        .unwrap_or(text)
        .as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'.' => labels.push(Vec::new()),
            b'\\' => {
                let (byte, tail) = parse_escape(tail).ok_or("a bad escape")?;
                labels.last_mut().ok_or("no label")?.push(byte);
                rest = tail;
            }
            byte => labels.last_mut().ok_or("no label")?.push(*byte),
        }
    }
    if labels.iter().any(Vec::is_empty) {
        return Err("an empty label".to_owned());
    }
    Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|why| why.to_string())
}

/// Reads what follows a backslash: `DDD` or one byte that is not a digit.
fn parse_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [first, ..] if first.is_ascii_digit() => {
            let (digits, rest) = text.split_at_checked(3)?;
            let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
            Some((number, rest))
        }
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}
