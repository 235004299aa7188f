//! DNS servers on loopback that behave like the services that echo the asker's address, and like
//! what may stand in their place.
//!
//! On loopback every asker has a loopback address, so each server is told which address it sees, as
//! if behind NAT. Whatever a service does not know it refuses, so that a question in the wrong
//! name, type or class finds nothing.
//!
//! Not promised: TCP, EDNS, IDs and flags beyond those of a plain answer; what the services answer
//! to other questions.

#![allow(
    dead_code,
    reason = "each test and example that includes this file uses a part of it"
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

use hickory_server::proto::op::{Message, Metadata, Query, ResponseCode};
use hickory_server::proto::rr::rdata::TXT;
use hickory_server::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::dns_server::{Background, Reply, TTL, log_name, tokio_udp};

/// Who answers, and which address it sees.
#[derive(Clone, Debug)]
pub(crate) enum Echo {
    /// A of `whoami.akamai.net`; the name has no AAAA.
    Akamai(IpAddr),
    /// TXT of class CH of `whoami.cloudflare`; class IN is refused.
    Cloudflare(IpAddr),
    /// TXT of `o-o.myaddr.l.google.com`, and beside the address the network for which the asker's
    /// resolver asked.
    Google(IpAddr),
    /// A resolver of the network, which takes what is meant for others: it answers everything with
    /// its own address.
    Intercepting(IpAddr),
    /// NXDOMAIN to everything.
    NxDomain,
    /// A or AAAA of `myip.opendns.com`.
    OpenDns(IpAddr),
    /// Reads, and never answers.
    Silent,
    /// One TXT string for everything.
    Text(&'static str),
}

/// A running server; dropping it stops it and closes its socket.
pub(crate) struct EchoServer {
    address: SocketAddr,
    echo: Arc<Mutex<Echo>>,
    questions: QuestionLog,
    _background: Background,
}

/// Class, type and name of each question (`CH TXT whoami.cloudflare`), in the order of arrival.
type QuestionLog = Arc<Mutex<Vec<String>>>;

impl EchoServer {
    /// Starts a server on 127.0.0.1.
    pub(crate) fn start(echo: Echo) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), echo)
    }

    /// Starts a server on a loopback address.
    pub(crate) fn start_at(loopback: IpAddr, echo: Echo) -> Self {
        let socket = UdpSocket::bind((loopback, 0)).expect("a loopback address has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let questions = QuestionLog::default();
        let echo = Arc::new(Mutex::new(echo));
        let (shared, log) = (Arc::clone(&echo), Arc::clone(&questions));
        let background = Background::spawn(|| async move {
            // An error here means that the socket is gone; the test's questions then time out,
            // which it reports.
            let _ = serve(&shared, tokio_udp(socket), &log).await;
        });
        Self {
            address,
            echo,
            questions,
            _background: background,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers like this from now on.
    pub(crate) fn change_to(&self, echo: Echo) {
        *self.echo.lock().expect("no holder of the echo panics") = echo;
    }

    /// All questions so far: class, type, and the name in lower case without the root dot.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.questions
            .lock()
            .expect("no holder of the log panics")
            .clone()
    }
}

async fn serve(
    echo: &Mutex<Echo>,
    socket: tokio::net::UdpSocket,
    log: &QuestionLog,
) -> io::Result<()> {
    let mut datagram = [0; 4096];
    loop {
        let (length, asker) = socket.recv_from(&mut datagram).await?;
        let Ok(request) = Message::from_vec(&datagram[..length]) else {
            continue;
        };
        let Some(query) = request.queries.first() else {
            continue;
        };
        log.lock()
            .expect("no holder of the log panics")
            .push(format!(
                "{} {} {}",
                query.query_class(),
                query.query_type(),
                log_name(query.name())
            ));
        let reply = echo
            .lock()
            .expect("no holder of the echo panics")
            .reply(query);
        if let Some(reply) = reply {
            let answer = message(&request, query, reply).to_vec();
            socket
                .send_to(&answer.expect("the answer can be encoded"), asker)
                .await?;
        }
    }
}

fn message(request: &Message, query: &Query, reply: Reply) -> Message {
    let mut message = Message::response(request.metadata.id, request.metadata.op_code);
    message.metadata = Metadata::response_from_request(&request.metadata);
    message.metadata.response_code = reply.code;
    message.add_query(query.clone());
    message.answers = reply.answers;
    message.authorities.extend(reply.soa);
    message
}

impl Echo {
    /// `None` for a question that is never answered.
    fn reply(&self, query: &Query) -> Option<Reply> {
        let (name, class) = (query.name(), query.query_class());
        let asks = |wanted: &str, wanted_class| log_name(name) == wanted && class == wanted_class;
        Some(match self {
            Self::Akamai(seen) if asks("whoami.akamai.net", DNSClass::IN) => {
                address_reply(query, *seen)
            }
            Self::OpenDns(seen) if asks("myip.opendns.com", DNSClass::IN) => {
                address_reply(query, *seen)
            }
            Self::Cloudflare(seen) if asks("whoami.cloudflare", DNSClass::CH) => {
                text_reply(query, &[&seen.to_string()])
            }
            Self::Google(seen) if asks("o-o.myaddr.l.google.com", DNSClass::IN) => text_reply(
                query,
                &["edns0-client-subnet 198.51.100.0/24", &seen.to_string()],
            ),
            Self::Intercepting(own) if query.query_type() == RecordType::TXT => {
                text_reply(query, &[&own.to_string()])
            }
            Self::Intercepting(own) => address_reply(query, *own),
            Self::Text(text) => text_reply(query, &[text]),
            Self::NxDomain => Reply::negative(ResponseCode::NXDomain, name),
            Self::Silent => return None,
            Self::Akamai(_) | Self::Cloudflare(_) | Self::Google(_) | Self::OpenDns(_) => {
                Reply::new(ResponseCode::Refused)
            }
        })
    }
}

fn address_reply(query: &Query, address: IpAddr) -> Reply {
    let data = match address {
        IpAddr::V4(address) => RData::A(address.into()),
        IpAddr::V6(address) => RData::AAAA(address.into()),
    };
    if data.record_type() == query.query_type() {
        found(query, vec![data])
    } else {
        Reply::negative(ResponseCode::NoError, query.name())
    }
}

fn text_reply(query: &Query, strings: &[&str]) -> Reply {
    if query.query_type() != RecordType::TXT {
        return Reply::negative(ResponseCode::NoError, query.name());
    }
    let text = |string: &&str| RData::TXT(TXT::new(vec![(*string).to_owned()]));
    found(query, strings.iter().map(text).collect())
}

fn found(query: &Query, data: Vec<RData>) -> Reply {
    let record = |data| {
        let mut record = Record::from_rdata(Name::clone(query.name()), TTL, data);
        record.dns_class = query.query_class();
        record
    };
    Reply {
        answers: data.into_iter().map(record).collect(),
        ..Reply::new(ResponseCode::NoError)
    }
}
