//! Three ways to send by lettre: its blocking transport, its asynchronous one, and its
//! `SmtpConnection` command by command. Only the last knows at which stage a refusal came.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use helo_name::{Diagnosis, HeloName, Reply, Stage};
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::lettre_send::{judge, send};

const TIMEOUT: Duration = Duration::from_secs(10);

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
    fn new(stage: Stage, name: &HeloName, error: smtp::Error) -> Self {
        match judge(stage, name, &error) {
            Some((reply, diagnosis)) => Self::Refused {
                stage,
                reply,
                diagnosis,
            },
            None => Self::Other(error),
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
                let whose = match diagnosis.is_ours() {
                    true => "the name",
                    false => "not the name",
                };
                let (cause, advice) = (diagnosis.cause(), diagnosis.advice());
                write!(f, "`{reply}` at {stage}: {whose} ({cause}). {advice}")
            }
            Self::Other(error) => write!(f, "{error}"),
        }
    }
}

/// Sends by the blocking transport, as the example does.
pub(crate) fn blocking(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), Failure> {
    send(server, name, message).map_err(|error| Failure::new(Stage::Unknown, name, error))
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
    let sent = transport.send(message.clone()).await;
    sent.map(drop)
        .map_err(|error| Failure::new(Stage::Unknown, name, error))
}

pub(crate) fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a socket and a clock are to be had")
        .block_on(future)
}

/// Sends command by command, so that the stage of a refusal is known.
///
/// lettre reads the greeting and says EHLO in one call, so a refusal there may be of either, and
/// its stage is unknown.
pub(crate) fn by_hand(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), Failure> {
    let at = |stage: Stage| move |error| Failure::new(stage, name, error);
    let client = ClientId::from(name);
    let connection = SmtpConnection::connect(server, Some(TIMEOUT), &client, None, None);
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
        let text = message.formatted();
        connection.message(&text).map_err(at(Stage::Data))?;
        Ok(())
    })();
    // The message is sent or refused, whatever the server says to this.
    let _ = connection.command(Quit);
    sent
}
