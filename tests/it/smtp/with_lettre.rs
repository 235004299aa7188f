//! The example `lettre_send`, and two more ways to send by lettre, against a server that follows a
//! script, on loopback.

#[path = "../../../examples/lettre_send.rs"]
#[expect(dead_code, reason = "an example has a main function")]
mod lettre_send;
#[path = "../../support/lettre_ways.rs"]
mod lettre_ways;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use helo_name::smtp::Cause;
use helo_name::{HeloName, Stage};
use lettre::Message;
use lettre_ways::{Failure, asynchronous, blocking, by_hand, on_tokio};

use crate::support::each::each;

/// Takes every command, except those that the script answers otherwise.
struct Server {
    address: SocketAddr,
    heard: Receiver<String>,
}

type Script = &'static [(&'static str, &'static str)];

impl Server {
    fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound socket");
        let (hear, heard) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The client went away: the next one.
                let _ = serve(stream, script, &hear);
            }
        });
        Self { address, heard }
    }

    /// The next line that a client said.
    fn heard(&self) -> String {
        self.heard.recv().expect("the server runs")
    }
}

fn serve(mut stream: TcpStream, script: Script, hear: &Sender<String>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut verb = "CONNECT".to_owned();
    loop {
        let scripted = script.iter().find(|(of, _)| *of == verb);
        let reply = match (scripted, verb.as_str()) {
            (Some((_, reply)), _) => reply,
            (None, "CONNECT") => "220 mx.example.net ESMTP",
            (None, "DATA") => "354 go on",
            (None, "QUIT") => "221 bye",
            (None, _) => "250 ok",
        };
        let is_in_message = verb == "DATA" && reply.starts_with("354");
        stream.write_all(format!("{reply}\r\n").as_bytes())?;
        if verb == "QUIT" || reply.starts_with("421") {
            return Ok(());
        }
        loop {
            let Some(line) = lines.next().transpose()? else {
                return Ok(());
            };
            if is_in_message && line != "." {
                continue;
            }
            verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
            // The test may have heard enough.
            let _ = hear.send(line);
            break;
        }
    }
}

const NAME: HeloName = HeloName::from_static("mail.example.com");

fn message() -> Message {
    Message::builder()
        .from("sender@example.com".parse().expect("a mailbox"))
        .to("postmaster@example.net".parse().expect("a mailbox"))
        .body("text\n".to_owned())
        .expect("a whole message")
}

/// Sends in all three ways.
fn send(server: &Server, name: &HeloName) -> [Result<(), Failure>; 3] {
    let (address, message) = (server.address, message());
    [
        blocking(address, name, &message),
        on_tokio(asynchronous(address, name, &message)),
        by_hand(address, name, &message),
    ]
}

/// What was said of each way: the stage, the cause, and whether it is the name.
fn judgements(script: Script) -> [(Stage, Cause, bool); 3] {
    send(&Server::start(script), &NAME).map(|outcome| match outcome {
        Err(Failure::Refused {
            stage, diagnosis, ..
        }) => (stage, diagnosis.cause(), diagnosis.is_ours()),
        other => unreachable!("{other:?}"),
    })
}

#[test]
fn a_server_hears_the_name_in_each_way() {
    each(
        ["mail.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"],
        |text| {
            let name = HeloName::parse(text).expect("a legal name");
            let server = Server::start(&[]);
            each(send(&server, &name), |sent| {
                sent.expect("the server takes everything");
                assert_eq!(server.heard(), format!("EHLO {text}"));
                let rest = [server.heard(), server.heard(), server.heard()];
                assert_eq!(
                    rest,
                    [
                        "MAIL FROM:<sender@example.com>",
                        "RCPT TO:<postmaster@example.net>",
                        "DATA"
                    ]
                );
                assert_eq!(server.heard(), ".");
                assert_eq!(server.heard(), "QUIT");
            });
        },
    );
}

#[test]
fn a_refusal_that_names_the_verb_is_understood_without_a_stage() {
    let script = &[(
        "RCPT",
        "450 4.7.1 <mail.example.com>: Helo command rejected: Host not found",
    )];
    assert_eq!(
        judgements(script),
        [
            (Stage::Unknown, Cause::Unresolvable, true),
            (Stage::Unknown, Cause::Unresolvable, true),
            (Stage::Rcpt, Cause::Unresolvable, true),
        ]
    );
}

#[test]
fn a_refusal_of_ehlo_may_be_one_of_the_greeting() {
    let script = &[("EHLO", "501 Syntactically invalid HELO argument(s)")];
    assert_eq!(
        judgements(script),
        [(Stage::Unknown, Cause::Syntax, true); 3]
    );
    let script = &[("CONNECT", "554 5.7.1 no service for you")];
    each(judgements(script), |(stage, _, is_ours)| {
        assert_eq!((stage, is_ours), (Stage::Unknown, false));
    });
}

#[test]
fn only_the_stage_proves_what_the_text_leaves_open() {
    // sendmail at MAIL and RCPT, when a milter refused EHLO.
    let script = &[("MAIL", "550 5.0.0 Command rejected")];
    let [blocking, asynchronous, by_hand] = judgements(script);
    assert_eq!([blocking.2, asynchronous.2], [false, false]);
    assert_eq!((by_hand.0, by_hand.2), (Stage::Mail, true));
}

#[test]
fn a_refusal_of_the_message_is_not_the_name() {
    let script = &[(".", "552 5.2.2 mailbox full")];
    let causes = judgements(script).map(|(stage, cause, _)| (stage, cause));
    assert_eq!(
        causes,
        [
            (Stage::Unknown, Cause::NotHelo),
            (Stage::Unknown, Cause::NotHelo),
            (Stage::Data, Cause::NotHelo),
        ]
    );
}

#[test]
fn a_refusal_of_several_lines_keeps_them() {
    let script = &[(
        "RCPT",
        "550-5.7.1 <mail.example.com>: Helo command rejected:\r\n550 5.7.1 Host not found",
    )];
    each(send(&Server::start(script), &NAME), |outcome| {
        let Err(failure @ Failure::Refused { .. }) = outcome else {
            unreachable!("{outcome:?}");
        };
        let Failure::Refused {
            diagnosis, reply, ..
        } = &failure
        else {
            unreachable!();
        };
        assert_eq!(diagnosis.cause(), Cause::Unresolvable, "{reply}");
        let line = failure.to_string();
        assert!(
            line.starts_with(
                "`550 5.7.1 <mail.example.com>: Helo command rejected: Host not found` at "
            ),
            "{line}"
        );
    });
}

#[test]
fn no_connection_is_no_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener.local_addr().expect("a bound socket");
    drop(listener);
    let outcome = blocking(address, &NAME, &message());
    assert!(matches!(outcome, Err(Failure::Other(_))), "{outcome:?}");
}
