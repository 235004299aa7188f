//! Tells what well-known servers will answer to an EHLO argument, for each argument or each line of standard input.
//!
//! ```text
//! $ cargo run --example receivers -- --no-dns mail.example.com my_host.example.com
//! mail.example.com     postfix-default=250  postfix-invalid=250  exim-default=250 ...
//! my_host.example.com  postfix-default=250  postfix-invalid=250  exim-default=501 ...
//! $ cargo run --example receivers -- --dns 192.0.2.53:53 --client 192.0.2.10 --table mail.example.com
//! ```
//!
//! The servers are said to be mx.lab.example.net, 192.0.2.25 and 2001:db8::25.

#[path = "support/notation.rs"]
mod notation;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufWriter, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use helo_name::dns::{Answer, Facts, NotKnown, Question, Resolver};
use helo_name::receivers::{Basis, Ehlo, Profile, Server, Verdict};

const HELP: &str = r"Usage: receivers (--dns IP:PORT | --no-dns) [--client IP] [--table] [ARGUMENT...]

Reads one EHLO argument a line from standard input, or takes the arguments, in this notation:
\xNN is a byte, \\ a backslash, \t a tab; \- alone is no argument at all.

Writes one line for each, separated by tabs: the argument, then PROFILE=CODE for each profile.

  --client IP    where the client connects from (192.0.2.10)
  --dns IP:PORT  ask this name server
  --no-dns       only the profiles that judge syntax alone
  --table        write the whole replies, one a line
  --help         show this

Exit code 0 when all lines were read, whatever they hold; 1 when reading or writing failed; 2 for a bad option.
";

/// How long a question to the DNS may take; servers wait longer, and say the same then.
const PATIENCE: Duration = Duration::from_secs(2);

/// More of a line is not kept.
const MAX_LINE: u64 = 64 * 1024;

fn main() -> ExitCode {
    let options = match Options::parse(env::args_os().skip(1)) {
        Ok(options) => options,
        Err(Stop::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Wrong(what)) => {
            eprint!("receivers: {what}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output (`head`) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("receivers: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    client: IpAddr,
    /// `None`: ask nobody.
    dns: Option<SocketAddr>,
    layout: Layout,
    arguments: Vec<OsString>,
}

#[derive(Clone, Copy)]
enum Layout {
    Codes,
    Table,
}

/// Why the options give nothing to do.
enum Stop {
    Help,
    Wrong(String),
}

impl Options {
    fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, Stop> {
        let mut client = Ipv4Addr::new(192, 0, 2, 10).into();
        let mut dns = None;
        let mut layout = Layout::Codes;
        let mut arguments = Vec::new();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--client") => client = value(&mut words, "--client")?,
                Some("--dns") => dns = Some(Some(value(&mut words, "--dns")?)),
                Some("--no-dns") => dns = Some(None),
                Some("--table") => layout = Layout::Table,
                Some("--help") => return Err(Stop::Help),
                Some("--") => arguments.extend(words.by_ref()),
                Some(option) if option.starts_with("--") => {
                    let what = format!(
                        "unknown option {option:?}; write `-- ARGUMENT` for one that starts with two hyphens"
                    );
                    return Err(Stop::Wrong(what));
                }
                _ => arguments.push(word),
            }
        }
        let dns = dns.ok_or_else(|| Stop::Wrong("give --dns or --no-dns".to_owned()))?;
        Ok(Self {
            client,
            dns,
            layout,
            arguments,
        })
    }
}

fn value<T: std::str::FromStr>(
    words: &mut impl Iterator<Item = OsString>,
    option: &str,
) -> Result<T, Stop> {
    let word = words.next();
    let parsed = word.as_ref().and_then(|word| word.to_str()?.parse().ok());
    parsed.ok_or_else(|| Stop::Wrong(format!("{option} {}", word.unwrap_or_default().display())))
}

fn run(options: &Options) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let predictor = Predictor::new(options)?;
    if options.arguments.is_empty() {
        let mut input = io::stdin().lock();
        while let Some(line) = read_line(&mut input)? {
            predictor.report(&line, &mut out)?;
        }
    }
    for argument in &options.arguments {
        predictor.report(argument.as_encoded_bytes(), &mut out)?;
    }
    out.flush()
}

/// Reads a line without its end; of a longer line than the limit, the start. None at the end of the input.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() {
        input.skip_until(b'\n')?;
    }
    // A file from Windows; a CR that is meant is written as an escape.
    line.pop_if(|last| *last == b'\r');
    Ok(Some(line))
}

struct Predictor {
    server: Server,
    client: IpAddr,
    layout: Layout,
    dns: Option<Resolver>,
    /// About the client; each argument starts with these.
    facts: Facts,
}

impl Predictor {
    fn new(options: &Options) -> io::Result<Self> {
        let server = Server::new("mx.lab.example.net");
        let mut predictor = Self {
            server: server
                .address(Ipv4Addr::new(192, 0, 2, 25).into())
                .address(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x25])),
            client: options.client,
            layout: options.layout,
            dns: options
                .dns
                .map(|server| Resolver::asking([server]).give_up_after(PATIENCE)),
            facts: Facts::new(),
        };
        let mut facts = Facts::new();
        predictor.answer(Question::Names(options.client), &mut facts);
        predictor.facts = facts;
        Ok(predictor)
    }

    fn report(&self, escaped: &[u8], out: &mut impl Write) -> io::Result<()> {
        let argument = notation::unescaped(escaped);
        write_escaped(argument.as_deref(), out)?;
        let mut facts = self.facts.clone();
        for profile in self.profiles() {
            let verdict = self.judge(profile, argument.as_deref(), &mut facts);
            match self.layout {
                Layout::Codes => write!(out, "\t{}={}", profile.name(), verdict.code())?,
                Layout::Table => write!(out, "\n  {:18}{verdict}", profile.name())?,
            }
        }
        writeln!(out)
    }

    fn profiles(&self) -> impl Iterator<Item = &'static Profile> {
        let with_dns = self.dns.is_some();
        Profile::all().filter(move |profile| with_dns || profile.basis() == Basis::Syntax)
    }

    /// Asks the profile, and the DNS whatever it asks.
    fn judge(&self, profile: &Profile, argument: Option<&[u8]>, facts: &mut Facts) -> Verdict {
        loop {
            let attempt = Ehlo {
                argument,
                client: self.client,
                server: &self.server,
                facts,
            };
            match profile.judge(&attempt) {
                Ok(verdict) => return verdict,
                Err(question) => self.answer(question, facts),
            }
        }
    }

    fn answer(&self, question: Question, facts: &mut Facts) {
        match (&self.dns, question) {
            (Some(dns), question) => pollster::block_on(dns.learn(question, facts)),
            (None, Question::Addresses(name, family)) => {
                facts.insert_addresses(&name, family, unknown());
            }
            (None, Question::MailExchangers(name)) => {
                facts.insert_mail_exchangers(&name, unknown());
            }
            (None, Question::Names(address)) => facts.insert_names(address, unknown()),
        }
    }
}

fn unknown<T>() -> Answer<T> {
    Answer::not_known(NotKnown::NoNameServer)
}

/// Writes an argument in the notation in which it is read.
fn write_escaped(argument: Option<&[u8]>, out: &mut impl Write) -> io::Result<()> {
    let Some(bytes) = argument else {
        return write!(out, r"\-");
    };
    for (index, &byte) in bytes.iter().enumerate() {
        let is_edge = index == 0 || index + 1 == bytes.len();
        match byte {
            b'\\' => write!(out, r"\\")?,
            b'\t' => write!(out, r"\t")?,
            b' ' if is_edge => write!(out, r"\x20")?,
            b' '..=b'~' => out.write_all(&[byte])?,
            _ => write!(out, r"\x{byte:02x}")?,
        }
    }
    Ok(())
}
