//! Sends a message by lettre with the name that was found out, and says what a refusal means.
//!
//! ```text
//! cargo run --features lettre --example lettre_send -- HOST:PORT [FROM [TO]]
//! ```
//!
//! The message goes out three times: by lettre's blocking transport, by its asynchronous one, and by its `SmtpConnection`
//! command by command. An error of a transport has the code and the text of the reply, and not the command that it
//! answers; so the stage is `unknown`, and only what the text proves is blamed on the name. Command by command the stage
//! is known, and more can be said. The conversation is in the clear: this is for a server of one's own.
//!
//! One line for each way goes to standard output. Exit code 1 when one was refused, 2 for bad arguments.

use std::error::Error;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use helo_name::{Diagnosis, HeloName, Reply, Stage, policy};
use lettre::message::Mailbox;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, AsyncSmtpTransport, SmtpTransport};
use lettre::{AsyncTransport, Message, Tokio1Executor, Transport};

const TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (server, message) = match read(&arguments) {
        Ok(read) => read,
        Err(wrong) => {
            eprintln!("lettre_send: {wrong}\nusage: lettre_send HOST:PORT [FROM [TO]]");
            return ExitCode::from(2);
        }
    };
    let resolve = HeloName::resolve()
        .server(server)
        .policy(policy::Submission);
    let name = match resolve.blocking() {
        Ok(name) => name,
        Err(error) => {
            eprintln!("lettre_send: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("EHLO {name}");
    let outcomes = [
        ("blocking", blocking(server, &name, &message)),
        (
            "asynchronous",
            on_tokio(asynchronous(server, &name, &message)),
        ),
        ("by hand", by_hand(server, &name, &message)),
    ];
    let mut exit = ExitCode::SUCCESS;
    for (way, outcome) in outcomes {
        match outcome {
            Ok(()) => println!("{way}: sent"),
            Err(failure) => {
                println!("{way}: {failure}");
                exit = ExitCode::FAILURE;
            }
        }
    }
    exit
}

fn read(arguments: &[String]) -> Result<(SocketAddr, Message), Box<dyn Error>> {
    let server = arguments.first().ok_or("no server")?;
    let server = server
        .to_socket_addrs()?
        .next()
        .ok_or("the server has no address")?;
    let mailbox = |index: usize, otherwise: &str| {
        let text = arguments.get(index).map_or(otherwise, String::as_str);
        text.parse::<Mailbox>()
    };
    let message = Message::builder()
        .from(mailbox(1, "sender@example.com")?)
        .to(mailbox(2, "postmaster@example.com")?)
        .subject("helo-name")
        .body("Sent by the example lettre_send.\n".to_owned())?;
    Ok((server, message))
}

/// Why a message was not sent.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it.
    Refused {
        stage: Stage,
        reply: Reply,
        diagnosis: Diagnosis,
    },
    /// There was no reply to judge: no connection, no time, no SMTP.
    Other(smtp::Error),
}

impl Failure {
    /// Judges what lettre says of a command. `source` of its error is the text of the reply.
    fn new(stage: Stage, name: &HeloName, error: smtp::Error) -> Self {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        let reply = error
            .status()
            .map(|code| Reply::from_parts(code.into(), None, [text]));
        match reply {
            Some(Ok(reply)) => Self::Refused {
                stage,
                diagnosis: Diagnosis::of(stage, &reply, Some(name.as_str())),
                reply,
            },
            _ => Self::Other(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused {
                stage,
                reply,
                diagnosis,
            } => {
                let whose = if diagnosis.is_ours() {
                    "the name"
                } else {
                    "not the name"
                };
                let (cause, advice) = (diagnosis.cause(), diagnosis.advice());
                write!(f, "`{reply}` at {stage}: {whose} ({cause}). {advice}")
            }
            Self::Other(error) => write!(f, "{error}"),
        }
    }
}

/// Sends by the blocking transport.
pub(crate) fn blocking(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), Failure> {
    let transport = SmtpTransport::builder_dangerous(server.ip().to_string())
        .port(server.port())
        .hello_name(ClientId::from(name))
        .timeout(Some(TIMEOUT))
        .build();
    match transport.send(message) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Stage::Unknown, name, error)),
    }
}

/// Sends by the asynchronous transport.
pub(crate) async fn asynchronous(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), Failure> {
    let transport =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.ip().to_string())
            .port(server.port())
            .hello_name(ClientId::from(name))
            .timeout(Some(TIMEOUT))
            .build();
    match transport.send(message.clone()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Stage::Unknown, name, error)),
    }
}

pub(crate) fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a socket and a clock are to be had")
        .block_on(future)
}

/// Sends command by command, so that the stage of a refusal is known.
///
/// lettre reads the greeting and says EHLO in one call, so a refusal there may be of either, and its stage is unknown.
pub(crate) fn by_hand(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), Failure> {
    let at = |stage: Stage| move |error| Failure::new(stage, name, error);
    let connection =
        SmtpConnection::connect(server, Some(TIMEOUT), &ClientId::from(name), None, None);
    let mut connection = connection.map_err(at(Stage::Unknown))?;
    let envelope = message.envelope();
    let sent = (|| {
        let mail = Mail::new(envelope.from().cloned(), Vec::new());
        connection.command(mail).map_err(at(Stage::Mail))?;
        for recipient in envelope.to() {
            let rcpt = Rcpt::new(recipient.clone(), Vec::new());
            connection.command(rcpt).map_err(at(Stage::Rcpt))?;
        }
        connection.command(Data).map_err(at(Stage::Data))?;
        connection
            .message(&message.formatted())
            .map_err(at(Stage::Data))?;
        Ok(())
    })();
    // The message is sent or refused, whatever the server says to this.
    let _ = connection.command(Quit);
    sent
}
