//! A DNS server on loopback that fails as told: per question, and per try of that question.
//!
//! ```text
//! let server = FaultServer::script()
//!     .on("mail.example.com", "A", [Action::Drop, Action::Answer])   // the last action repeats
//!     .on("mail.example.com", "AAAA", [Action::NoData.after(Duration::from_millis(20))])
//!     .otherwise(Action::ServFail)                                    // without this: the right answer
//!     .start();
//! ```
//!
//! A try is one datagram with that question; a question over TCP follows up on the action of the
//! last try, and takes the first one if there was none. Right answers come from a zone text as
//! `dns_server` takes it.
//!
//! Beside it stand the servers that are not there: [`ClosedPort`] refuses, [`SilentServer`] reads
//! nothing.
//!
//! Answers without a delay leave in the order of their questions. Not promised: concurrent answers
//! on one TCP connection; they come in the order of the questions, delays included.

#![allow(
    dead_code,
    reason = "each test that includes this file uses a part of it"
)]

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use hickory_server::proto::op::{Edns, Message, Metadata, Query, ResponseCode};
use hickory_server::proto::rr::rdata::{CNAME, PTR};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use hickory_server::proto::serialize::binary::{BinEncodable, BinEncoder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::dns_server::{
    Background, Reply, TTL, Zone, bind_pair, log_name, parse_name, tokio_tcp, tokio_udp,
    udp_payload,
};

/// What is answered where the script gives no zone: one forward-confirmed host.
pub(crate) const DEFAULT_ZONE: &str = "
mail.example.com         A      192.0.2.10
mail.example.com         AAAA   2001:db8::10
www.example.com          CNAME  mail.example.com
10.2.0.192.in-addr.arpa  PTR    mail.example.com
0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mail.example.com
";

/// What the server does with one question.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Another action, later; made by [`Action::after`].
    After(Duration, Box<Action>),
    /// What the zone says.
    Answer,
    /// What another zone says; made by [`Action::answer_from`].
    AnswerFrom(Zone),
    /// What the zone says, with this done to the message. It is sent as it is then, by UDP and TCP
    /// alike.
    Changed(fn(&mut Message)),
    /// This many aliases, `hop-1.` to `hop-n.` put before the name, in one answer; the last one has
    /// the name's records.
    CnameChain(usize),
    /// The name is an alias of `hop-1.` before it, and that is an alias of the name.
    CnameLoop,
    /// No answer.
    Drop,
    /// The right id, and nothing after it that could be decoded.
    Garbage,
    /// The name exists and has no such record.
    NoData,
    NxDomain,
    /// PTR records with these names; made by [`Action::ptr_names`] and its like.
    PtrNames(Vec<Name>),
    Refused,
    ServFail,
    /// Truncated and empty by UDP; by TCP what is given here.
    Truncated(Tcp),
    /// Truncated and empty by UDP; by TCP as [`Action::Changed`].
    TruncatedThen(fn(&mut Message)),
    /// The right answer to a question with another id.
    WrongId,
}

/// What TCP does with a question whose answer was truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tcp {
    /// Takes the question and closes the connection. A refused connection is
    /// [`Script::without_tcp`].
    Closes,
    /// Answers what the zone says.
    Live,
    /// Takes the question and never answers.
    Silent,
}

impl Action {
    /// Does this action `delay` after the question.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }

    /// Answers what `zone` says, for a record that changes from try to try.
    pub(crate) fn answer_from(zone: &str) -> Self {
        Self::AnswerFrom(Zone::parse(zone).expect("the zone text is well-formed"))
    }

    /// Answers with PTR records; names are presentation text with decimal escapes.
    pub(crate) fn ptr_names<'text>(names: impl IntoIterator<Item = &'text str>) -> Self {
        let names = names
            .into_iter()
            .map(|name| parse_name(name).expect("the PTR name is well-formed"));
        Self::PtrNames(names.collect())
    }

    /// Answers with `host-1.example.com` to `host-n.example.com`: 200 of them do not fit UDP.
    pub(crate) fn many_ptr_names(count: usize) -> Self {
        let names: Vec<String> = (1..=count)
            .map(|number| format!("host-{number}.example.com"))
            .collect();
        Self::ptr_names(names.iter().map(String::as_str))
    }

    /// Answers with every name of [`HOSTILE_PTR_NAMES`].
    pub(crate) fn hostile_ptr_names() -> Self {
        Self::ptr_names(HOSTILE_PTR_NAMES)
    }

    /// The whole delay, and the action that it delays.
    fn split_delay(self) -> (Duration, Self) {
        match self {
            Self::After(delay, action) => {
                let (more, action) = action.split_delay();
                (delay + more, action)
            }
            action => (Duration::ZERO, action),
        }
    }
}

/// PTR names that must reach neither a wire nor a log as they are.
pub(crate) const HOSTILE_PTR_NAMES: [&str; 12] = [
    // A second SMTP command, and a second line of a log.
    r"mail.example.com\013\010MAIL\032FROM:<a@example.com>",
    r"mail\010forged\032line.example.com",
    // Other bytes that no host name has.
    r"two\032words.example.com",
    r"nul\000byte.example.com",
    r"escape\027[2J.example.com",
    r"latin\252.example.com",
    r"b\195\188cher.example.com",
    r"under_score.example.com",
    // Structure that is lost when labels are joined by dots.
    r"dot\.in.label.example.com",
    r"192.0.2.10",
    // The longest name that fits, 255 bytes on the wire, and one that takes four characters a byte
    // to print.
    "a23456789012345678901234567890123456789012345678901234567890123.\
     b23456789012345678901234567890123456789012345678901234567890123.\
     c23456789012345678901234567890123456789012345678901234567890123.\
     d2345678901234567890123456789012345678901234567890123456789.x",
    ".",
];

/// How a question arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// One question as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) at: Instant,
    pub(crate) transport: Transport,
    /// Lower case, no root dot.
    pub(crate) name: String,
    /// `"A"`, `"PTR"` and so on.
    pub(crate) record_type: String,
}

/// What a [`FaultServer`] will do.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    acts: HashMap<(Name, RecordType), Act>,
    otherwise: Action,
    zone: Zone,
    port: TcpPort,
}

/// The actions for one question, and how many of them have been dealt.
#[derive(Clone, Debug)]
struct Act {
    actions: Vec<Action>,
    dealt: usize,
}

impl Act {
    fn next(&mut self, transport: Transport) -> Action {
        // What TCP is asked is the truncated try again, not another one.
        if transport == Transport::Udp || self.dealt == 0 {
            self.dealt = self.actions.len().min(self.dealt + 1);
        }
        self.actions[self.dealt - 1].clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TcpPort {
    Open,
    Refuses,
}

impl Script {
    /// Does these actions, one per try, when asked for `record_type` of `name`; the last one
    /// repeats.
    pub(crate) fn on(
        mut self,
        name: &str,
        record_type: &str,
        actions: impl IntoIterator<Item = Action>,
    ) -> Self {
        let name = parse_name(name)
            .expect("the name is well-formed")
            .to_lowercase();
        let record_type = record_type.parse().expect("the type is known");
        let actions: Vec<Action> = actions.into_iter().collect();
        assert!(!actions.is_empty(), "a question needs at least one action");
        self.acts
            .insert((name, record_type), Act { actions, dealt: 0 });
        self
    }

    /// Does this for all other questions, in place of the right answer.
    pub(crate) fn otherwise(mut self, action: Action) -> Self {
        self.otherwise = action;
        self
    }

    /// Takes right answers from this zone text instead of [`DEFAULT_ZONE`].
    pub(crate) fn zone(mut self, text: &str) -> Self {
        self.zone = Zone::parse(text).expect("the zone text is well-formed");
        self
    }

    /// Refuses connections by TCP.
    pub(crate) fn without_tcp(mut self) -> Self {
        self.port = TcpPort::Refuses;
        self
    }

    /// Starts the server; dropping it stops it.
    pub(crate) fn start(self) -> FaultServer {
        let (udp, tcp) = match self.port {
            TcpPort::Open => {
                let (udp, listener) = bind_pair();
                (udp, TcpEnd::Listens(listener))
            }
            TcpPort::Refuses => {
                let (udp, socket) = reserve_pair();
                (udp, TcpEnd::Refuses(socket))
            }
        };
        let address = udp.local_addr().expect("a bound socket has an address");
        let stage = Arc::new(Stage {
            script: Mutex::new(self),
            questions: Mutex::default(),
        });
        let background = Background::spawn(|| serve(Arc::clone(&stage), udp, tcp));
        FaultServer {
            address,
            stage,
            _background: background,
        }
    }
}

/// A running server; dropping it stops it and closes its sockets.
pub(crate) struct FaultServer {
    address: SocketAddr,
    stage: Arc<Stage>,
    _background: Background,
}

impl FaultServer {
    /// Begins a script that answers everything right.
    pub(crate) fn script() -> Script {
        Script {
            acts: HashMap::new(),
            otherwise: Action::Answer,
            zone: Zone::parse(DEFAULT_ZONE).expect("the default zone is well-formed"),
            port: TcpPort::Open,
        }
    }

    /// Does one thing with all questions.
    pub(crate) fn always(action: Action) -> Self {
        Self::script().otherwise(action).start()
    }

    /// Where it listens, by UDP and TCP alike.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All questions so far, each try of each, in the order of arrival.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.stage.questions().clone()
    }

    /// The names and types asked so far, each once however often it was tried.
    pub(crate) fn distinct_questions(&self) -> BTreeSet<(String, String)> {
        let questions = self.questions().into_iter();
        questions
            .map(|question| (question.name, question.record_type))
            .collect()
    }
}

/// An address where nothing listens. The port stays taken while this lives, so that no other test
/// can get it.
pub(crate) struct ClosedPort {
    /// Connected to itself: datagrams of others are refused as for a port that is closed.
    udp: UdpSocket,
    /// Bound and not listening.
    _tcp: TcpSocket,
}

impl ClosedPort {
    pub(crate) fn reserve() -> Self {
        let (udp, tcp) = reserve_pair();
        let address = udp.local_addr().expect("a bound socket has an address");
        udp.connect(address)
            .expect("a socket can be connected to itself");
        Self { udp, _tcp: tcp }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.udp
            .local_addr()
            .expect("a bound socket has an address")
    }
}

/// A server that takes datagrams and connections, reads nothing and never answers.
pub(crate) struct SilentServer {
    udp: UdpSocket,
    _tcp: TcpListener,
}

impl SilentServer {
    pub(crate) fn start() -> Self {
        let (udp, tcp) = bind_pair();
        Self { udp, _tcp: tcp }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.udp
            .local_addr()
            .expect("a bound socket has an address")
    }
}

/// Binds one port for UDP and TCP, and does not listen by TCP: connections are refused.
fn reserve_pair() -> (UdpSocket, TcpSocket) {
    (0..100)
        .find_map(|_| try_reserve_pair().ok())
        .expect("some port is free for UDP and TCP")
}

fn try_reserve_pair() -> io::Result<(UdpSocket, TcpSocket)> {
    let udp = UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let tcp = TcpSocket::new_v4()?;
    tcp.bind(udp.local_addr()?)?;
    Ok((udp, tcp))
}

enum TcpEnd {
    Listens(TcpListener),
    /// Held, so that nobody else listens there.
    Refuses(TcpSocket),
}

async fn serve(stage: Arc<Stage>, udp: UdpSocket, tcp: TcpEnd) {
    let by_udp = serve_udp(Arc::clone(&stage), udp);
    match tcp {
        TcpEnd::Listens(listener) => {
            tokio::join!(by_udp, serve_tcp(stage, listener));
        }
        TcpEnd::Refuses(_held) => by_udp.await,
    }
}

async fn serve_udp(stage: Arc<Stage>, socket: UdpSocket) {
    let socket = Arc::new(tokio_udp(socket));
    let mut buffer = [0; 4096];
    loop {
        // An error here is that of an earlier answer, to a client that has gone away.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        // Dealt before the next datagram is read, so that tries are counted in the order of
        // arrival.
        let Some((delay, turn)) = stage.take_turn(&buffer[..length], Transport::Udp) else {
            continue;
        };
        let answer = answer_datagram(Arc::clone(&stage), turn, Arc::clone(&socket), client);
        if delay.is_zero() {
            // In the order of the questions, so that a test can tell "not answered" from "not yet".
            answer.await;
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                answer.await;
            });
        }
    }
}

async fn answer_datagram(
    stage: Arc<Stage>,
    turn: Turn,
    socket: Arc<tokio::net::UdpSocket>,
    client: SocketAddr,
) {
    if let Step::Send(answer) = stage.play(&turn) {
        // The client may have gone away.
        let _ = socket.send_to(&answer, client).await;
    }
}

async fn serve_tcp(stage: Arc<Stage>, listener: TcpListener) {
    let listener = tokio_tcp(listener);
    loop {
        match listener.accept().await {
            // An error is the end of that connection and nothing else.
            Ok((stream, _)) => drop(tokio::spawn(serve_connection(Arc::clone(&stage), stream))),
            // A test may have used up the file descriptors; UDP has to go on meanwhile.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn serve_connection(stage: Arc<Stage>, mut stream: TcpStream) -> io::Result<()> {
    loop {
        let mut question = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut question).await?;
        let Some((delay, turn)) = stage.take_turn(&question, Transport::Tcp) else {
            return Ok(());
        };
        tokio::time::sleep(delay).await;
        match stage.play(&turn) {
            Step::Close => return Ok(()),
            Step::Send(answer) => {
                let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
                stream
                    .write_all(&[&length.to_be_bytes(), answer.as_slice()].concat())
                    .await?;
            }
            Step::Silence => {}
        }
    }
}

/// What runs and what it has seen.
struct Stage {
    script: Mutex<Script>,
    questions: Mutex<Vec<Question>>,
}

/// A question and the action dealt to it.
struct Turn {
    request: Message,
    query: Query,
    transport: Transport,
    action: Action,
}

/// What goes to the wire.
enum Step {
    Close,
    Send(Vec<u8>),
    Silence,
}

impl Stage {
    fn questions(&self) -> MutexGuard<'_, Vec<Question>> {
        self.questions.lock().expect("no holder of the log panics")
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no holder of the script panics")
    }

    /// Logs the question and deals its action and the delay of that; `None` for what is no
    /// question.
    fn take_turn(&self, request: &[u8], transport: Transport) -> Option<(Duration, Turn)> {
        let request = Message::from_vec(request).ok()?;
        let query = request.queries.first()?.clone();
        self.questions().push(Question {
            at: Instant::now(),
            transport,
            name: log_name(&query.name),
            record_type: query.query_type.to_string(),
        });
        let (delay, action) = self.script().deal(&query, transport).split_delay();
        let turn = Turn {
            request,
            query,
            transport,
            action,
        };
        Some((delay, turn))
    }

    fn play(&self, turn: &Turn) -> Step {
        turn.step(&self.script().zone)
    }
}

impl Script {
    fn deal(&mut self, query: &Query, transport: Transport) -> Action {
        let name = query.name.to_lowercase();
        let record_type = query.query_type;
        // A resolver that follows an alias itself asks for the hop; that belongs to the name it was
        // made for.
        let scripted = if self.acts.contains_key(&(name.clone(), record_type)) {
            name
        } else {
            hop_origin(&name)
        };
        match self.acts.get_mut(&(scripted, record_type)) {
            Some(act) => act.next(transport),
            None => self.otherwise.clone(),
        }
    }
}

impl Turn {
    fn step(&self, zone: &Zone) -> Step {
        match (&self.action, self.transport) {
            (Action::After(..), _) => unreachable!("the delay has been split off"),
            (Action::Answer, _) => self.say(zone),
            (Action::AnswerFrom(other), _) => self.say(other),
            (Action::Changed(change), _) => self.say_changed(zone, *change),
            (Action::CnameChain(hops), _) => self.say_aliases(zone, *hops),
            (Action::CnameLoop, _) => self.send(&self.cname_loop()),
            (Action::Drop, _) => Step::Silence,
            (Action::Garbage, _) => Step::Send(self.garbage()),
            (Action::NoData, _) => {
                self.send(&Reply::negative(ResponseCode::NoError, &self.query.name))
            }
            (Action::NxDomain, _) => {
                self.send(&Reply::negative(ResponseCode::NXDomain, &self.query.name))
            }
            (Action::PtrNames(names), _) => self.send(&self.ptr_records(names)),
            (Action::Refused, _) => self.send(&Reply::new(ResponseCode::Refused)),
            (Action::ServFail, _) => self.send(&Reply::new(ResponseCode::ServFail)),
            (Action::Truncated(_) | Action::TruncatedThen(_), Transport::Udp) => {
                self.send_truncated()
            }
            (Action::TruncatedThen(change), Transport::Tcp) => self.say_changed(zone, *change),
            (Action::Truncated(Tcp::Live), Transport::Tcp) => self.say(zone),
            (Action::Truncated(Tcp::Closes), Transport::Tcp) => Step::Close,
            (Action::Truncated(Tcp::Silent), Transport::Tcp) => Step::Silence,
            (Action::WrongId, _) => self.say_with_wrong_id(zone),
        }
    }

    fn ask(&self, zone: &Zone) -> Option<Reply> {
        zone.ask(&self.query.name, self.query.query_type)
    }

    fn say(&self, zone: &Zone) -> Step {
        self.ask(zone)
            .map_or(Step::Silence, |reply| self.send(&reply))
    }

    fn say_changed(&self, zone: &Zone, change: fn(&mut Message)) -> Step {
        self.ask(zone).map_or(Step::Silence, |reply| {
            let mut message = self.message(&reply);
            change(&mut message);
            Step::Send(self.encode(&message))
        })
    }

    fn say_with_wrong_id(&self, zone: &Zone) -> Step {
        self.ask(zone).map_or(Step::Silence, |reply| {
            let mut message = self.message(&reply);
            message.metadata.id = !message.metadata.id;
            Step::Send(self.encode(&message))
        })
    }

    fn say_aliases(&self, zone: &Zone, hops: usize) -> Step {
        let origin = hop_origin(&self.query.name);
        zone.ask(&origin, self.query.query_type)
            .map_or(Step::Silence, |end| {
                self.send(&self.behind_aliases(end, &origin, hops))
            })
    }

    /// Puts the aliases before what the zone says of their origin, from the hop that was asked for
    /// on.
    fn behind_aliases(&self, mut end: Reply, origin: &Name, hops: usize) -> Reply {
        let first = hop_number(&self.query.name).unwrap_or(0);
        let aliases =
            (first..hops).map(|number| alias(hop(origin, number), hop(origin, number + 1)));
        let last = hop(origin, hops);
        for record in end
            .answers
            .iter_mut()
            .filter(|record| record.name == *origin)
        {
            record.name = last.clone();
        }
        end.answers.splice(0..0, aliases);
        end
    }

    fn cname_loop(&self) -> Reply {
        let origin = hop_origin(&self.query.name);
        let other = hop(&origin, 1);
        let (asked, target) = if self.query.name == other {
            (other, origin)
        } else {
            (origin, other)
        };
        Reply {
            answers: vec![alias(asked.clone(), target.clone()), alias(target, asked)],
            ..Reply::new(ResponseCode::NoError)
        }
    }

    fn ptr_records(&self, names: &[Name]) -> Reply {
        let data = names.iter().map(|name| RData::PTR(PTR(name.clone())));
        Reply {
            answers: data
                .map(|data| Record::from_rdata(self.query.name.clone(), TTL, data))
                .collect(),
            ..Reply::new(ResponseCode::NoError)
        }
    }

    fn send(&self, reply: &Reply) -> Step {
        Step::Send(self.encode(&self.message(reply)))
    }

    fn send_truncated(&self) -> Step {
        let mut message = self.message(&Reply::new(ResponseCode::NoError));
        message.metadata.truncation = true;
        Step::Send(self.encode(&message))
    }

    /// The header promises sections that are not there.
    fn garbage(&self) -> Vec<u8> {
        let id = self.request.metadata.id.to_be_bytes();
        // The flags of an ordinary response, for the client to get past them.
        [&id[..], &[0x81, 0x80], &[0xff; 40]].concat()
    }

    fn message(&self, reply: &Reply) -> Message {
        let mut message =
            Message::response(self.request.metadata.id, self.request.metadata.op_code);
        message.metadata = Metadata::response_from_request(&self.request.metadata);
        message.metadata.recursion_available = true;
        message.metadata.response_code = reply.code;
        message.add_query(self.query.clone());
        message.answers.clone_from(&reply.answers);
        message.authorities.extend(reply.soa.clone());
        if self.request.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(udp_payload(self.request.edns.as_ref()));
            message.set_edns(edns);
        }
        message
    }

    /// Encodes what fits; the encoder sets the truncation bit for the rest.
    fn encode(&self, message: &Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = BinEncoder::new(&mut bytes);
        encoder.set_max_size(match self.transport {
            Transport::Tcp => u16::MAX,
            Transport::Udp => udp_payload(self.request.edns.as_ref()),
        });
        message
            .emit(&mut encoder)
            .expect("a header and a question fit");
        bytes
    }
}

fn alias(name: Name, target: Name) -> Record {
    Record::from_rdata(name, TTL, RData::CNAME(CNAME(target)))
}

/// The name after `number` aliases; none is the name itself.
fn hop(origin: &Name, number: usize) -> Name {
    match number {
        0 => origin.clone(),
        _ => origin
            .prepend_label(format!("hop-{number}"))
            .expect("there is room for one more label"),
    }
}

fn hop_number(name: &Name) -> Option<usize> {
    let label = name.iter().next()?.to_ascii_lowercase();
    let label = std::str::from_utf8(&label).ok()?;
    label.strip_prefix("hop-")?.parse().ok()
}

/// The name whose alias this is, or this name.
fn hop_origin(name: &Name) -> Name {
    match hop_number(name) {
        Some(_) => name.base_name(),
        None => name.clone(),
    }
}
