//! `helo greet`: greets a mail server, and says whether the name is to blame if it refuses.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use helo_name::smtp::{Exchange, InvalidReply, ReplyParser, Step};
use helo_name::{Handshake, HeloName, Reply};

use crate::diagnose::words;
use crate::shared::{Outcome, ip_address, say};

const DETAILS: &str = "\
It prints the dialog, `C:` for what this side says and `S:` for what the server says, and after a
refusal the diagnosis. It sends no mail: it ends with QUIT.

Exit codes: 0 when a session was open; 1 when the server refused or did not answer, or when there is
no name to send; 2 for wrong options.

Examples:
  helo greet mx.example.net:25
  helo greet mx.example.net:25 web01.example.com mail.example.com";

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(30);

/// How long a reply may take. RFC 5321 4.5.3.2 gives a mail queue 5 minutes; here somebody waits.
const REPLY: Duration = Duration::from_secs(30);

/// Greet a mail server, and explain a refusal; no mail is sent
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    /// The address that the server sees, if it is not that of the socket
    #[arg(long, value_name = "IP", value_parser = ip_address)]
    client_address: Option<IpAddr>,
    /// The server to greet
    #[arg(value_name = "HOST:PORT", value_parser = host_and_port)]
    server: String,
    /// What to send in EHLO, and what to send next if that is refused; without any, what this
    /// machine would send
    #[arg(value_name = "NAME")]
    names: Vec<HeloName>,
}

fn host_and_port(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':').map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("give HOST:PORT, as in mx.example.net:25"),
    }
}

pub(crate) fn run(options: Options) -> Outcome {
    let mut dialog = Dialog::connect(&options.server)?;
    let client_address = match options.client_address {
        Some(address) => address,
        None => dialog.stream.get_ref().local_addr()?.ip(),
    };
    let handshake = if options.names.is_empty() {
        let report = HeloName::resolve()
            .server(dialog.server)
            .client_address(options.client_address)
            .report_blocking();
        let plan = report.plan()?;
        let names: Vec<&str> = plan.names().map(HeloName::as_str).collect();
        say(format_args!("plan: {}", names.join(", ")));
        Handshake::of_plan(plan, Some(client_address))
    } else {
        Handshake::new(options.names).client_address(client_address)
    };
    let step = dialog.answer(handshake);
    Ok(greet(dialog, step)?)
}

/// Does what the handshake says until there is a session, or no hope of one.
fn greet(mut dialog: Dialog, mut step: Step) -> io::Result<ExitCode> {
    loop {
        step = match step {
            Step::Send { line, next } => {
                if let Some(warning) = next.warning() {
                    say(format_args!("warning: {warning}"));
                }
                dialog.say(&line);
                dialog.answer(next)
            }
            Step::Reconnect { quit, next } => {
                dialog.quit(&quit);
                dialog = Dialog::open(dialog.server)?;
                dialog.answer(next)
            }
            Step::Done(session) => {
                dialog.quit("QUIT\r\n");
                explain(session.exchanges());
                say(format_args!(
                    "session: {} {}",
                    session.verb(),
                    session.name()
                ));
                return Ok(ExitCode::SUCCESS);
            }
            Step::Failed(error) => {
                if let Some(quit) = error.quit() {
                    dialog.quit(quit);
                }
                explain(error.exchanges());
                match error.source() {
                    Some(reason) => say(format_args!("no session: {error} ({reason})")),
                    None => say(format_args!("no session: {error}")),
                }
                return Ok(ExitCode::FAILURE);
            }
        };
    }
}

/// Prints what each refusal means.
fn explain(exchanges: &[Exchange]) {
    let refusals = exchanges
        .iter()
        .filter(|exchange| exchange.reply().code() >= 400);
    for exchange in refusals {
        let diagnosis = exchange.diagnosis();
        let (whose, time) = words(&diagnosis);
        say(format_args!("refused: {exchange}"));
        say(format_args!("  {whose}, {}, {time}", diagnosis.cause()));
        say(format_args!("  {}", diagnosis.advice()));
    }
}

/// A connection whose every line is printed.
struct Dialog {
    server: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Dialog {
    /// Looks the server up as the operating system does, and connects to the first address that
    /// answers.
    fn connect(server: &str) -> io::Result<Self> {
        let mut outcome = Err(io::Error::other("the server's name has no address"));
        for address in server.to_socket_addrs()? {
            outcome = Self::open(address);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn open(server: SocketAddr) -> io::Result<Self> {
        say(format_args!("connecting to {server}"));
        let stream = TcpStream::connect_timeout(&server, CONNECT)?;
        stream.set_write_timeout(Some(REPLY))?;
        let stream = BufReader::new(stream);
        Ok(Self { server, stream })
    }

    fn say(&mut self, line: &str) {
        say(format_args!("C: {}", line.trim_end()));
        // If nobody listens any more, the reply fails too.
        let _ = self.stream.get_mut().write_all(line.as_bytes());
    }

    fn quit(&mut self, line: &str) {
        self.say(line);
        // The server may close without a word.
        let _ = self.reply();
    }

    /// Hands the next reply to the handshake.
    fn answer(&mut self, handshake: Handshake) -> Step {
        match self.reply() {
            Ok(reply) => handshake.on_reply(reply),
            Err(NoReply::Closed) => handshake.on_closed(),
            Err(NoReply::Invalid(error)) => handshake.on_invalid(error),
        }
    }

    /// Reads and prints one reply.
    fn reply(&mut self) -> Result<Reply, NoReply> {
        let deadline = Instant::now() + REPLY;
        let mut parser = ReplyParser::new();
        let mut heard = Vec::new();
        let outcome = loop {
            let input = self.input(deadline).unwrap_or_default();
            if input.is_empty() {
                break Err(NoReply::Closed);
            }
            let mut rest = input;
            let parsed = parser.push(&mut rest);
            let taken = input.len() - rest.len();
            heard.extend_from_slice(&input[..taken]);
            self.stream.consume(taken);
            match parsed {
                Ok(Some(reply)) => break Ok(reply),
                Ok(None) => {}
                Err(error) => break Err(NoReply::Invalid(error)),
            }
        };
        for line in heard.split_inclusive(|&byte| byte == b'\n') {
            say(format_args!("S: {}", Shown(line.trim_ascii_end())));
        }
        if let Err(NoReply::Closed) = outcome {
            say("-- the server closed the connection, or was silent too long");
        }
        outcome
    }

    /// Waits until the deadline for what the server sends. Nothing is the end.
    fn input(&mut self, deadline: Instant) -> io::Result<&[u8]> {
        let Some(left) = deadline.checked_duration_since(Instant::now()) else {
            return Ok(&[]);
        };
        // A timeout of zero would mean none.
        let left = left.max(Duration::from_millis(1));
        self.stream.get_ref().set_read_timeout(Some(left))?;
        self.stream.fill_buf()
    }
}

enum NoReply {
    Closed,
    Invalid(InvalidReply),
}

/// Text of the server: printable ASCII as it is, the rest as `\xNN`, and at most one line of it.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LIMIT: usize = 200;
        for &byte in self.0.iter().take(LIMIT) {
            match byte {
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > LIMIT {
            f.write_str("...")?;
        }
        Ok(())
    }
}
