//! A client written by hand: greets a server with the first name that it accepts. Run it with
//! `cargo run --example greet -- mx.example.net:25 web01.example.com mail.example.com`.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

use helo_name::smtp::{ReplyParser, Step};
use helo_name::{Handshake, HeloName};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().ok_or("usage: greet HOST:PORT NAME...")?;
    let names: Result<Vec<HeloName>, _> = arguments.map(|name| name.parse()).collect();
    let mut stream = connect(&server)?;
    let mut step = answer(&mut stream, "", Handshake::new(names?));
    loop {
        step = match step {
            Step::Send { line, next } => answer(&mut stream, &line, next),
            Step::Reconnect { quit, next } => {
                stream.get_mut().write_all(quit.as_bytes())?;
                stream = connect(&server)?;
                answer(&mut stream, "", next)
            }
            Step::Done(session) => {
                println!("{} {} was accepted", session.verb(), session.name());
                return Ok(stream.get_mut().write_all(b"QUIT\r\n")?); // instead of MAIL
            }
            Step::Failed(error) => {
                let advice = error.diagnosis().map(|refusal| refusal.advice());
                eprintln!("{error}. {}", advice.unwrap_or_default());
                std::process::exit(1);
            }
        };
    }
}

fn connect(server: &str) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30)))?;
    Ok(BufReader::new(stream))
}

/// Says the line, reads the reply, and asks the handshake what to do next.
fn answer(stream: &mut BufReader<TcpStream>, line: &str, handshake: Handshake) -> Step {
    let _ = stream.get_mut().write_all(line.as_bytes()); // if this fails, so does the reply
    let mut parser = ReplyParser::new();
    while let Ok(input @ [_, ..]) = stream.fill_buf() {
        let mut rest = input;
        let parsed = parser.push(&mut rest);
        let taken = input.len() - rest.len();
        stream.consume(taken);
        match parsed {
            Ok(None) => {}
            Ok(Some(reply)) => return handshake.on_reply(reply),
            Err(error) => return handshake.on_invalid(error),
        }
    }
    handshake.on_closed()
}
