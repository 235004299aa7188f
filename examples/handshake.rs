//! Greets a mail server, and says whether the name is to blame if it does not go well.
//!
//! ```text
//! cargo run --example handshake -- mx.example.net:25
//! cargo run --example handshake -- mx.example.net:25 web01.example.com mail.example.com
//! ```
//!
//! Without names it sends what this machine would send. Prints the dialog, `C:` for what this side says and `S:` for the server,
//! and after a refusal the diagnosis. Sends no mail: it ends with QUIT. Exit code 0 when a session was open, 1 when the server
//! refused or could not be talked to, or there is no name to send, 2 for bad arguments.

use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use helo_name::smtp::{Exchange, InvalidReply, ReplyParser, Step};
use helo_name::{Handshake, HeloName, Reply};

const USAGE: &str = "\
usage: handshake [--client-address IP] HOST:PORT [NAME]...
  HOST:PORT            the server to greet
  NAME                 what to send in EHLO, and what to send next if that is refused; without any, what this machine would send
  --client-address IP  the address that the server sees, if it is not that of the socket";

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(30);

/// How long a reply may take. RFC 5321 4.5.3.2 gives a mail queue 5 minutes; here somebody is waiting.
const REPLY: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let order = match Order::of(std::env::args_os().skip(1)) {
        Ok(order) => order,
        Err(Stop::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Wrong(what)) => {
            eprintln!("handshake: {what}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match order.carry_out() {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("handshake: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What the arguments ask for.
struct Order {
    server: String,
    names: Vec<HeloName>,
    client_address: Option<IpAddr>,
}

/// Why the arguments give nothing to do.
enum Stop {
    Help,
    Wrong(String),
}

impl Order {
    fn of(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, Stop> {
        let mut server = None;
        let mut names = Vec::new();
        let mut client_address = None;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            if matches!(&*text, "-h" | "--help") {
                return Err(Stop::Help);
            }
            if text == "--client-address" {
                let value = arguments.next().unwrap_or_default();
                let value = value.to_string_lossy();
                let address = value.parse().map_err(|_| {
                    Stop::Wrong(format!(
                        "--client-address {}: want an IP address",
                        Shown(value.as_bytes())
                    ))
                })?;
                client_address = Some(address);
            } else if server.is_none() && text.starts_with("--") {
                return Err(Stop::Wrong(format!(
                    "unknown option {}",
                    Shown(text.as_bytes())
                )));
            } else if server.is_none() {
                server = Some(text.into_owned());
            } else {
                // The error quotes the name, escaped and cut.
                let name =
                    HeloName::parse(&text).map_err(|error| Stop::Wrong(error.to_string()))?;
                names.push(name);
            }
        }
        let server = server.ok_or_else(|| Stop::Wrong("want HOST:PORT".to_owned()))?;
        let port = server.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            return Err(Stop::Wrong(format!(
                "{}: want HOST:PORT",
                Shown(server.as_bytes())
            )));
        }
        Ok(Self {
            server,
            names,
            client_address,
        })
    }

    fn carry_out(self) -> Result<ExitCode, Box<dyn Error>> {
        let mut dialog = Dialog::connect(&self.server)?;
        let own_address = dialog.stream.local_addr()?.ip();
        let client_address = self.client_address.unwrap_or(own_address);
        let handshake = if self.names.is_empty() {
            let report = HeloName::resolve()
                .server(dialog.server)
                .client_address(self.client_address)
                .report_blocking();
            let plan = report
                .plan()
                .map_err(|error| format!("{error}\n{}", error.cure()))?;
            let names: Vec<&str> = plan.names().map(HeloName::as_str).collect();
            println!("plan: {}", names.join(", "));
            Handshake::of_plan(plan, Some(client_address))
        } else {
            Handshake::new(self.names).client_address(client_address)
        };
        let step = dialog.answer(handshake);
        Ok(greet(dialog, step)?)
    }
}

/// Does what the handshake says until there is a session, or none to be had.
fn greet(mut dialog: Dialog, mut step: Step) -> io::Result<ExitCode> {
    loop {
        step = match step {
            Step::Send { line, next } => {
                if let Some(warning) = next.warning() {
                    println!("warning: {warning}");
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
                println!("session: {} {}", session.verb(), session.name());
                return Ok(ExitCode::SUCCESS);
            }
            Step::Failed(error) => {
                if let Some(quit) = error.quit() {
                    dialog.quit(quit);
                }
                explain(error.exchanges());
                match std::error::Error::source(&error) {
                    Some(reason) => println!("no session: {error} ({reason})"),
                    None => println!("no session: {error}"),
                }
                return Ok(ExitCode::FAILURE);
            }
        };
    }
}

/// Prints what every refusal means.
fn explain(exchanges: &[Exchange]) {
    for exchange in exchanges {
        if exchange.reply().code() < 400 {
            continue;
        }
        let diagnosis = exchange.diagnosis();
        let blame = if diagnosis.is_ours() {
            "ours"
        } else {
            "not ours"
        };
        let time = if diagnosis.is_lasting() {
            "lasting"
        } else {
            "passing"
        };
        println!("refused: {exchange}");
        println!("  {blame}, {}, {time}", diagnosis.cause());
        println!("  {}", diagnosis.advice());
    }
}

/// A connection whose every line is printed.
struct Dialog {
    server: SocketAddr,
    stream: TcpStream,
    /// What the server sent behind the last reply.
    unread: Vec<u8>,
}

impl Dialog {
    /// Looks the server up as the operating system does, and connects to the first address that answers.
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
        println!("connecting to {server}");
        let stream = TcpStream::connect_timeout(&server, CONNECT)?;
        stream.set_write_timeout(Some(REPLY))?;
        Ok(Self {
            server,
            stream,
            unread: Vec::new(),
        })
    }

    fn say(&mut self, line: &str) {
        println!("C: {}", line.trim_end());
        // Where nobody listens any more, the reply fails too.
        let _ = self.stream.write_all(line.as_bytes());
    }

    fn quit(&mut self, line: &str) {
        self.say(line);
        // The server may close without a word.
        let _ = self.reply();
    }

    /// Gives the next reply to the handshake.
    fn answer(&mut self, handshake: Handshake) -> Step {
        match self.reply() {
            Ok(reply) => handshake.on_reply(reply),
            Err(Silence::Closed) => handshake.on_closed(),
            Err(Silence::Invalid(error)) => handshake.on_invalid(error),
        }
    }

    /// Reads and prints one reply.
    fn reply(&mut self) -> Result<Reply, Silence> {
        let deadline = Instant::now() + REPLY;
        let mut parser = ReplyParser::new();
        let mut printed = Vec::new();
        loop {
            let mut rest = self.unread.as_slice();
            let parsed = parser.push(&mut rest);
            let taken = self.unread.len() - rest.len();
            printed.extend(self.unread.drain(..taken));
            match parsed {
                Ok(None) => {}
                Ok(Some(reply)) => {
                    print_reply(&printed);
                    return Ok(reply);
                }
                Err(error) => {
                    print_reply(&printed);
                    return Err(Silence::Invalid(error));
                }
            }
            if self.read(deadline).is_none() {
                print_reply(&printed);
                println!("-- the server closed the connection, or was silent too long");
                return Err(Silence::Closed);
            }
        }
    }

    /// Reads what there is until the deadline; `None` when nothing comes any more.
    fn read(&mut self, deadline: Instant) -> Option<()> {
        let left = deadline.checked_duration_since(Instant::now())?;
        // A timeout of zero would mean none.
        let left = left.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).ok()?;
        let mut buffer = [0; 4096];
        let count = self
            .stream
            .read(&mut buffer)
            .ok()
            .filter(|&count| count > 0)?;
        self.unread.extend_from_slice(&buffer[..count]);
        Some(())
    }
}

/// Why there is no reply.
enum Silence {
    Closed,
    Invalid(InvalidReply),
}

fn print_reply(bytes: &[u8]) {
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        println!("S: {}", Shown(line.trim_ascii_end()));
    }
}

/// Shows text of others: printable ASCII as it is, all else as `\xNN`, and no more than a line of it.
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
