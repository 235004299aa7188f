//! The fault server does on the wire what its script says: asked by plain sockets, with no resolver
//! between.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hickory_server::proto::op::{Edns, Message, Query};
use hickory_server::proto::rr::{RData, Record};

use crate::support::dns_server::parse_name;
use crate::support::each::each;
use crate::support::fault_dns::{
    Action, ClosedPort, FaultServer, HOSTILE_PTR_NAMES, SilentServer, Tcp, Transport,
};

const MAIL: &str = "mail.example.com";

/// Asked after a question, and always answered: what was not said before it is not going to be
/// said, as answers without a delay leave in the order of the questions.
const FENCE: &str = "fence.example.com";

const ZONE: &str = "
mail.example.com         A      192.0.2.10
fence.example.com        A      192.0.2.99
10.2.0.192.in-addr.arpa  PTR    mail.example.com
";

/// Longer than any answer takes; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

fn question(id: u16, name: &str, record_type: &str) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(
        parse_name(name).unwrap(),
        record_type.parse().unwrap(),
    ));
    message.set_edns(Edns::new());
    message.to_vec().unwrap()
}

fn socket_to(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(server).unwrap();
    socket
}

/// A client of one server that sends a fence after each question.
struct Client {
    server: SocketAddr,
    id: u16,
}

impl Client {
    fn of(server: &FaultServer) -> Self {
        Self {
            server: server.address(),
            id: 0x1000,
        }
    }

    fn next_pair(&mut self, name: &str, record_type: &str) -> (Vec<u8>, Vec<u8>) {
        self.id += 2;
        (
            question(self.id, name, record_type),
            question(self.id + 1, FENCE, "A"),
        )
    }

    /// What a datagram with this question gets.
    fn by_udp(&mut self, name: &str, record_type: &str) -> String {
        let socket = socket_to(self.server);
        let (question, fence) = self.next_pair(name, record_type);
        let mut buffer = [0; 4096];
        socket.send(&question).unwrap();
        socket.send(&fence).unwrap();
        let mut said = "silence".to_owned();
        loop {
            let length = socket.recv(&mut buffer).unwrap();
            if self.is_fence(&buffer[..length]) {
                return said;
            }
            said = describe(&buffer[..length], self.id);
        }
    }

    /// What a connection with this question gets.
    fn by_tcp(&mut self, name: &str, record_type: &str) -> String {
        let mut stream = TcpStream::connect(self.server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (question, fence) = self.next_pair(name, record_type);
        for message in [question, fence] {
            let length = u16::try_from(message.len()).unwrap().to_be_bytes();
            // The server may have closed the connection upon the first message.
            let _ = stream.write_all(&[&length[..], &message].concat());
        }
        match read_frame(&mut stream) {
            None => "closed".to_owned(),
            Some(frame) if self.is_fence(&frame) => "silence".to_owned(),
            Some(frame) => describe(&frame, self.id),
        }
    }

    fn is_fence(&self, message: &[u8]) -> bool {
        message.starts_with(&(self.id + 1).to_be_bytes())
    }
}

fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut frame).ok()?;
    Some(frame)
}

/// A response in words: the code, `TC`, the records of the answer, the type in the authority
/// section.
fn describe(bytes: &[u8], id: u16) -> String {
    let Ok(message) = Message::from_vec(bytes) else {
        assert!(
            bytes.starts_with(&id.to_be_bytes()),
            "garbage is for the one who asked"
        );
        return "garbage".to_owned();
    };
    let mut words = Vec::new();
    if message.metadata.id != id {
        words.push("wrong-id".to_owned());
    }
    words.push(format!("{:?}", message.metadata.response_code));
    if message.metadata.truncation {
        words.push("TC".to_owned());
    }
    words.extend(message.answers.iter().map(in_words));
    words.extend(
        message
            .authorities
            .iter()
            .map(|record| record.record_type().to_string()),
    );
    assert!(
        message.metadata.recursion_available,
        "a recursive resolver says so"
    );
    words.join(" ")
}

/// Aliases with their first labels, for the chain to be seen.
fn in_words(record: &Record) -> String {
    let label =
        |name: &hickory_server::proto::rr::Name| name.to_ascii().replace(".example.com.", "");
    match &record.data {
        RData::CNAME(target) => format!("{}->{}", label(&record.name), label(&target.0)),
        data => format!("{}={data}", label(&record.name)),
    }
}

#[test]
fn each_fault_is_on_the_wire_what_it_says() {
    const RIGHT: &str = "NoError mail=192.0.2.10";
    const OTHER: &str = "NoError mail=192.0.2.11";
    const WRONG_ID: &str = "wrong-id NoError mail=192.0.2.10";
    const CHAIN: &str = "NoError mail->hop-1.mail hop-1.mail->hop-2.mail hop-2.mail=192.0.2.10";
    const LOOP: &str = "NoError mail->hop-1.mail hop-1.mail->mail";
    let other = || Action::answer_from("mail.example.com A 192.0.2.11");
    // The actions; what the first tries by UDP get; what TCP gets afterwards.
    #[rustfmt::skip]
    let table: Vec<(Vec<Action>, &[&str], &str)> = vec![
        // Answers
        (vec![Action::Answer], &[RIGHT, RIGHT], RIGHT),
        (vec![other()], &[OTHER], OTHER),
        (vec![Action::Changed(|message| message.answers.clear())], &["NoError"], "NoError"),
        // No answer
        (vec![Action::Drop], &["silence", "silence", "silence"], "silence"),
        // Errors
        (vec![Action::ServFail], &["ServFail"], "ServFail"),
        (vec![Action::Refused], &["Refused"], "Refused"),
        // Negative answers, whatever the zone says
        (vec![Action::NxDomain], &["NXDomain SOA"], "NXDomain SOA"),
        (vec![Action::NoData], &["NoError SOA"], "NoError SOA"),
        // Truncation
        (vec![Action::Truncated(Tcp::Live)], &["NoError TC", "NoError TC"], RIGHT),
        (vec![Action::Truncated(Tcp::Closes)], &["NoError TC"], "closed"),
        (vec![Action::Truncated(Tcp::Silent)], &["NoError TC"], "silence"),
        // Nonsense
        (vec![Action::WrongId], &[WRONG_ID], WRONG_ID),
        (vec![Action::Garbage], &["garbage"], "garbage"),
        // Aliases
        (vec![Action::CnameChain(0)], &[RIGHT], RIGHT),
        (vec![Action::CnameChain(2)], &[CHAIN], CHAIN),
        (vec![Action::CnameLoop], &[LOOP], LOOP),
        // Another action per try, the last one repeats
        (vec![Action::Drop, Action::Drop, Action::Answer], &["silence", "silence", RIGHT, RIGHT], RIGHT),
        (vec![Action::ServFail, Action::Answer], &["ServFail", RIGHT, RIGHT], RIGHT),
        (vec![Action::NxDomain, other(), Action::Refused], &["NXDomain SOA", OTHER, "Refused"], "Refused"),
        // TCP belongs to the last try and is not counted
        (vec![Action::Truncated(Tcp::Closes), Action::Answer], &["NoError TC"], "closed"),
        (vec![Action::ServFail, Action::Answer], &[], "ServFail"),
    ];
    each(table, |(actions, by_udp, by_tcp)| {
        let what = format!("{actions:?}");
        let server = FaultServer::script()
            .zone(ZONE)
            .on(MAIL, "A", actions)
            .start();
        let mut client = Client::of(&server);
        for (number, expected) in by_udp.iter().enumerate() {
            assert_eq!(
                client.by_udp(MAIL, "A"),
                *expected,
                "try {number} of {what}"
            );
        }
        assert_eq!(client.by_tcp(MAIL, "A"), by_tcp, "{what}");
    });
}

#[test]
fn a_delayed_answer_comes_no_earlier_than_its_delay() {
    let delay = Duration::from_millis(50);
    let server = FaultServer::always(Action::Answer.after(delay));
    let socket = socket_to(server.address());
    socket.send(&question(1, MAIL, "A")).unwrap();
    socket.recv(&mut [0; 512]).unwrap();
    assert!(server.questions()[0].at.elapsed() >= delay);
}

#[test]
fn a_delayed_answer_does_not_hold_up_others() {
    let never = PATIENCE * 2;
    let server = FaultServer::script()
        .zone(ZONE)
        .on(MAIL, "A", [Action::Answer.after(never)])
        .start();
    assert_eq!(Client::of(&server).by_udp(MAIL, "A"), "silence");
}

#[test]
fn two_hundred_ptr_names_come_truncated_by_udp_and_whole_by_tcp() {
    const ARPA: &str = "10.2.0.192.in-addr.arpa";
    let server = FaultServer::script()
        .zone(ZONE)
        .on(ARPA, "PTR", [Action::many_ptr_names(200)])
        .start();
    let mut client = Client::of(&server);
    let by_udp = client.by_udp(ARPA, "PTR");
    assert!(
        by_udp.starts_with("NoError TC 10.2.0.192.in-addr.arpa.=host-1.example.com."),
        "{by_udp}"
    );
    let by_tcp = client.by_tcp(ARPA, "PTR");
    assert_eq!(by_tcp.matches("=host-").count(), 200);
    assert!(by_tcp.ends_with("=host-200.example.com."), "{by_tcp}");
}

#[test]
fn hostile_ptr_names_arrive_byte_for_byte() {
    const ARPA: &str = "10.2.0.192.in-addr.arpa";
    let server = FaultServer::always(Action::hostile_ptr_names());
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let question = question(7, ARPA, "PTR");
    let length = u16::try_from(question.len()).unwrap().to_be_bytes();
    stream
        .write_all(&[&length[..], &question].concat())
        .unwrap();
    let message = Message::from_vec(&read_frame(&mut stream).unwrap()).unwrap();
    let names: Vec<_> = message
        .answers
        .iter()
        .map(|record| match &record.data {
            RData::PTR(name) => name.0.clone(),
            other => unreachable!("not a PTR record: {other:?}"),
        })
        .collect();
    assert_eq!(
        names,
        HOSTILE_PTR_NAMES.map(|text| parse_name(text).unwrap())
    );
    assert_eq!(names[0].iter().next_back(), Some(&b"com>"[..]));
    assert!(
        names[0]
            .iter()
            .any(|label| label == b"com\r\nMAIL FROM:<a@example")
    );
    // `len` leaves the root's byte out.
    assert_eq!(names.iter().map(|name| name.len() + 1).max(), Some(255));
}

#[test]
fn a_hop_that_is_asked_for_itself_follows_the_script_of_its_name() {
    let server = FaultServer::script()
        .zone(ZONE)
        .on(
            MAIL,
            "A",
            [
                Action::CnameChain(2),
                Action::CnameChain(2),
                Action::CnameLoop,
            ],
        )
        .start();
    let mut client = Client::of(&server);
    each(
        [
            (
                "hop-1.mail.example.com",
                "NoError hop-1.mail->hop-2.mail hop-2.mail=192.0.2.10",
            ),
            ("hop-2.mail.example.com", "NoError hop-2.mail=192.0.2.10"),
            (
                "hop-1.mail.example.com",
                "NoError hop-1.mail->mail mail->hop-1.mail",
            ),
        ],
        |(name, expected)| {
            assert_eq!(client.by_udp(name, "A"), expected);
        },
    );
}

#[test]
fn other_questions_get_the_default_action() {
    let server = FaultServer::script()
        .on(FENCE, "A", [Action::answer_from(ZONE)])
        .on(MAIL, "AAAA", [Action::Answer])
        .otherwise(Action::Refused)
        .start();
    let mut client = Client::of(&server);
    each(
        [
            (MAIL, "AAAA", "NoError mail=2001:db8::10"),
            ("MAIL.Example.COM", "AAAA", "NoError mail=2001:db8::10"),
            (MAIL, "A", "Refused"),
            ("other.example.com", "AAAA", "Refused"),
        ],
        |(name, record_type, expected)| {
            assert_eq!(
                client.by_udp(name, record_type),
                expected,
                "{name} {record_type}"
            );
        },
    );
}

#[test]
fn each_question_is_logged_with_its_time_and_transport() {
    let started = Instant::now();
    let server = FaultServer::script()
        .zone(ZONE)
        .on(MAIL, "A", [Action::Drop])
        .start();
    let mut client = Client::of(&server);
    client.by_udp("Mail.Example.com", "A");
    client.by_udp(MAIL, "A");
    client.by_tcp(MAIL, "A");
    let questions = server.questions();
    let seen: Vec<_> = questions
        .iter()
        .map(|question| {
            (
                question.transport,
                question.name.as_str(),
                question.record_type.as_str(),
            )
        })
        .collect();
    let (udp, tcp) = (Transport::Udp, Transport::Tcp);
    assert_eq!(
        seen,
        [
            (udp, MAIL, "A"),
            (udp, FENCE, "A"),
            (udp, MAIL, "A"),
            (udp, FENCE, "A"),
            (tcp, MAIL, "A"),
            (tcp, FENCE, "A")
        ]
    );
    assert!(questions.is_sorted_by_key(|question| question.at));
    assert!(questions[0].at >= started);
    assert_eq!(server.distinct_questions().len(), 2);
}

#[test]
fn a_server_without_tcp_answers_by_udp_only() {
    let server = FaultServer::script().zone(ZONE).without_tcp().start();
    assert_eq!(
        Client::of(&server).by_udp(MAIL, "A"),
        "NoError mail=192.0.2.10"
    );
    let error = TcpStream::connect(server.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_closed_port_refuses_by_udp_and_tcp() {
    let port = ClosedPort::reserve();
    let error = TcpStream::connect(port.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let socket = socket_to(port.address());
    socket.send(&question(1, MAIL, "A")).unwrap();
    let error = socket.recv(&mut [0; 512]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_silent_server_takes_questions_and_says_nothing() {
    let server = SilentServer::start();
    TcpStream::connect(server.address()).unwrap();
    let socket = socket_to(server.address());
    socket.send(&question(1, MAIL, "A")).unwrap();
    socket.set_nonblocking(true).unwrap();
    // A refusal would be pending by now: loopback delivers within the call that sends.
    let error = socket.recv(&mut [0; 512]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}
