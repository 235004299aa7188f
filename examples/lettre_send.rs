//! Sends a message by lettre with the chosen name, and says what a refusal means.
//!
//! `cargo run --features lettre --example lettre_send -- HOST:PORT [TO]`, in the clear, so to your
//! own server.

use std::error::Error;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use helo_name::policy::Submission;
use helo_name::smtp::HandshakeErrorKind::Closed;
use helo_name::{Diagnosis, HeloName, Reply, Stage};
use lettre::transport::smtp::{self, SmtpTransport, extension::ClientId};
use lettre::{Message, Transport};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().ok_or("usage: HOST:PORT [TO]")?;
    let server = server.to_socket_addrs()?.next().ok_or("no address")?;
    let to = arguments.next();
    let message = Message::builder()
        .from("sender@example.com".parse()?)
        .to(to.as_deref().unwrap_or("postmaster@example.com").parse()?)
        .body("Sent by the example lettre_send.\n".to_owned())?;

    let resolve = HeloName::resolve().server(server).policy(Submission);
    let name = resolve.blocking()?;
    println!("EHLO {name}");
    let Err(error) = send(server, &name, &message) else {
        println!("sent");
        return Ok(ExitCode::SUCCESS);
    };
    // The transport does not say which command was refused.
    match judge(Stage::Unknown, &name, &error) {
        Some((reply, diagnosis)) => println!("`{reply}`: {}", diagnosis.advice()),
        None if error.is_response() => println!("{error}: {}", Closed(Stage::Unknown)), // no reply
        None => println!("{error}"),
    }
    Ok(ExitCode::FAILURE)
}

pub(crate) fn send(
    server: SocketAddr,
    name: &HeloName,
    message: &Message,
) -> Result<(), smtp::Error> {
    let transport = SmtpTransport::builder_dangerous(server.ip().to_string())
        .port(server.port())
        .hello_name(ClientId::from(name))
        .build();
    transport.send(message).map(drop)
}

/// Returns the server's reply and what it means, or `None` if there was no reply.
pub(crate) fn judge(at: Stage, name: &HeloName, error: &smtp::Error) -> Option<(Reply, Diagnosis)> {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let reply = Reply::from_parts(error.status()?.into(), None, [text]).ok()?;
    let diagnosis = Diagnosis::of(at, &reply, Some(name.as_str()));
    Some((reply, diagnosis))
}
