//! A DNS server on loopback that sends what it likes, byte by byte.
//!
//! `fault_dns` fails as servers fail; this one attacks. It reads a question, and a trick says which
//! datagrams answer it, and from where; or what TCP does.

#![allow(
    dead_code,
    reason = "each test that includes this file uses a part of it"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::dns_server::bind_pair;

/// A question as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) from: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Asked {
    /// The id that an answer needs.
    pub(crate) fn id(&self) -> u16 {
        u16::from_be_bytes([self.bytes[0], self.bytes[1]])
    }

    /// The question section.
    pub(crate) fn question(&self) -> &[u8] {
        let mut end = 12;
        while self.bytes[end] != 0 {
            end += 1 + usize::from(self.bytes[end]);
        }
        &self.bytes[12..end + 5]
    }

    /// An answer with these records: NOERROR, recursion available.
    pub(crate) fn answer(&self, records: &[Vec<u8>]) -> Vec<u8> {
        let count = u16::try_from(records.len()).unwrap_or(u16::MAX);
        self.message(0x8180, count, &records.concat())
    }

    /// An answer with these flags and this number of records, whatever the records are.
    pub(crate) fn message(&self, flags: u16, count: u16, records: &[u8]) -> Vec<u8> {
        let header = [self.id(), flags, 1, count, 0, 0];
        let header: Vec<u8> = header.into_iter().flat_map(u16::to_be_bytes).collect();
        [&header, self.question(), records].concat()
    }
}

/// A pointer to the name of the question.
pub(crate) const ASKED_NAME: &[u8] = &[0xc0, 12];

/// A record of class IN, its owner as it goes on the wire.
pub(crate) fn record(owner: &[u8], record_type: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("the data of a record is short");
    let mut bytes = owner.to_vec();
    bytes.extend(record_type.to_be_bytes());
    bytes.extend(1u16.to_be_bytes());
    bytes.extend(ttl.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(data);
    bytes
}

/// A name on the wire, uncompressed; a label may hold any octet.
pub(crate) fn wire(labels: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in labels {
        bytes.push(u8::try_from(label.len()).expect("a label is short"));
        bytes.extend(*label);
    }
    bytes.push(0);
    bytes
}

/// A datagram that answers, and the socket it comes from.
pub(crate) enum Sent {
    /// From the address and port that was asked.
    Here(Vec<u8>),
    /// From another port of the same address.
    OtherPort(Vec<u8>),
    /// From another address, and the port that was asked.
    OtherAddress(Vec<u8>),
}

/// What UDP does with a question.
pub(crate) type Trick = fn(&Asked) -> Vec<Sent>;

/// What TCP does with a question.
#[derive(Clone, Copy)]
pub(crate) enum ByTcp {
    /// Takes it, and answers with this.
    Answers(fn(&Asked) -> Vec<u8>),
    /// Is not there.
    Refuses,
    /// Sends the length and a part of the message, and then nothing.
    Stalls,
}

/// A running server; it stops when it is dropped.
pub(crate) struct HostileServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
}

impl HostileServer {
    pub(crate) fn start(trick: Trick, by_tcp: ByTcp) -> Self {
        let (udp, tcp) = bind_pair();
        let address = udp.local_addr().expect("a bound socket has an address");
        let server = Self {
            address,
            asked: Arc::default(),
            is_over: Arc::default(),
        };
        let (asked, is_over) = (Arc::clone(&server.asked), Arc::clone(&server.is_over));
        thread::spawn(move || serve_udp(&udp, trick, &asked, &is_over));
        let is_over = Arc::clone(&server.is_over);
        match by_tcp {
            // The listener is dropped, and connections are refused.
            ByTcp::Refuses => {}
            _ => drop(thread::spawn(move || serve_tcp(&tcp, by_tcp, &is_over))),
        }
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The datagrams that came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no holder panics").clone()
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

/// How often a thread looks whether the server was dropped.
const LOOK: Duration = Duration::from_millis(20);

fn serve_udp(socket: &UdpSocket, trick: Trick, asked: &Mutex<Vec<Asked>>, is_over: &AtomicBool) {
    let own = socket.local_addr().expect("a bound socket has an address");
    let other_port = UdpSocket::bind("127.0.0.1:0").expect("some port is free");
    // Where loopback has one address only, nothing is sent from another.
    let other_address = UdpSocket::bind(("127.0.0.2", own.port())).ok();
    socket
        .set_read_timeout(Some(LOOK))
        .expect("a time can be set");
    let mut buffer = [0; 4096];
    while !is_over.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let question = Asked {
            from,
            bytes: buffer[..length].to_vec(),
        };
        asked
            .lock()
            .expect("no holder panics")
            .push(question.clone());
        for sent in trick(&question) {
            // The client may have gone away.
            let _ = match sent {
                Sent::Here(bytes) => socket.send_to(&bytes, from),
                Sent::OtherPort(bytes) => other_port.send_to(&bytes, from),
                Sent::OtherAddress(bytes) => match &other_address {
                    Some(socket) => socket.send_to(&bytes, from),
                    None => Ok(0),
                },
            };
        }
    }
}

fn serve_tcp(listener: &TcpListener, by_tcp: ByTcp, is_over: &Arc<AtomicBool>) {
    listener
        .set_nonblocking(true)
        .expect("a listener can be made non-blocking");
    while !is_over.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, from)) => {
                let is_over = Arc::clone(is_over);
                // An error is the end of that connection and nothing else.
                thread::spawn(move || serve_connection(stream, from, by_tcp, &is_over).ok());
            }
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn serve_connection(
    mut stream: TcpStream,
    from: SocketAddr,
    by_tcp: ByTcp,
    is_over: &AtomicBool,
) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes)?;
    let asked = Asked { from, bytes };
    match by_tcp {
        ByTcp::Answers(answer) => {
            let message = answer(&asked);
            let length = u16::try_from(message.len()).map_err(std::io::Error::other)?;
            stream.write_all(&[&length.to_be_bytes(), message.as_slice()].concat())?;
        }
        ByTcp::Stalls => {
            stream.write_all(&[&[1, 0], &asked.answer(&[])[..20]].concat())?;
            while !is_over.load(Ordering::SeqCst) {
                thread::sleep(LOOK);
            }
        }
        ByTcp::Refuses => {}
    }
    Ok(())
}
