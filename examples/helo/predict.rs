//! `helo predict`: what well-known mail servers answer to an EHLO argument.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use helo_name::dns::{Dns, Facts, Question, Resolver};
use helo_name::receivers::{Basis, Ehlo, Profile, Server, Verdict};

use crate::notation;
use crate::shared::{Lines, Outcome, ip_address, name_server, until_read};

const DETAILS: &str = r"Without arguments, it reads one a line from standard input.
In an argument, \xNN is a byte, \\ a backslash, \t a tab. \- alone is EHLO without an argument.

It writes one line for each, separated by tabs: the argument, then PROFILE=CODE for each profile.
The servers are said to be mx.lab.example.net, 192.0.2.25 and 2001:db8::25.

Exit codes: 0 when all arguments were read, whatever they are; 1 when reading or writing failed; 2
for wrong options.

Examples:
  helo predict --no-dns mail.example.com web_1
  helo predict --dns 192.0.2.53:53 --client 192.0.2.10 --table mail.example.com";

/// How long a question may take. Servers wait longer, and say the same then.
const PATIENCE: Duration = Duration::from_secs(2);

/// More of a line is not kept.
const LONGEST: usize = 64 * 1024;

/// Predict what well-known mail servers answer to EHLO arguments
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    #[command(flatten)]
    source: Source,
    /// The address that the client connects from
    #[arg(long, value_name = "IP", value_parser = ip_address)]
    #[arg(default_value_t = Ipv4Addr::new(192, 0, 2, 10).into())]
    client: IpAddr,
    /// Write the whole replies, one a line
    #[arg(long)]
    table: bool,
    /// The EHLO arguments; write `--` before one that starts with two hyphens
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct Source {
    /// Ask this name server
    #[arg(long, value_name = "IP:PORT", value_parser = name_server, overrides_with = "no_dns")]
    dns: Option<SocketAddr>,
    /// Ask nobody; only the profiles that look at the syntax alone answer
    #[arg(long, overrides_with = "dns")]
    no_dns: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    until_read(predict(options))
}

fn predict(options: &Options) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let predictor = Predictor::new(options);
    for argument in &options.arguments {
        predictor.predict(argument.as_encoded_bytes(), &mut out)?;
    }
    if options.arguments.is_empty() {
        let mut lines = Lines::new(io::stdin().lock(), LONGEST);
        while let Some(line) = lines.next()? {
            // The file may come from Windows. A CR that is meant is written as an escape.
            let line = line.text.strip_suffix(b"\r").unwrap_or(line.text);
            predictor.predict(line, &mut out)?;
        }
    }
    out.flush()
}

struct Predictor<'a> {
    options: &'a Options,
    /// Without a name server it answers at once, that it does not know.
    dns: Resolver,
    server: Server,
    /// About the client; each argument starts with these.
    facts: Facts,
}

impl<'a> Predictor<'a> {
    fn new(options: &'a Options) -> Self {
        let dns = Resolver::asking(options.source.dns).give_up_after(PATIENCE);
        let mut facts = Facts::new();
        pollster::block_on(dns.learn(Question::Names(options.client), &mut facts));
        Self {
            options,
            dns,
            server: Server::new("mx.lab.example.net")
                .address(Ipv4Addr::new(192, 0, 2, 25).into())
                .address(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x25).into()),
            facts,
        }
    }

    fn predict(&self, escaped: &[u8], out: &mut impl Write) -> io::Result<()> {
        let argument = notation::unescaped(escaped);
        notation::write_escaped(argument.as_deref(), out)?;
        let mut facts = self.facts.clone();
        for profile in self.profiles() {
            let verdict = self.judge(profile, argument.as_deref(), &mut facts);
            match self.options.table {
                false => write!(out, "\t{}={}", profile.name(), verdict.code())?,
                true => write!(out, "\n  {:18}{verdict}", profile.name())?,
            }
        }
        writeln!(out)
    }

    fn profiles(&self) -> impl Iterator<Item = &'static Profile> {
        let has_dns = self.options.source.dns.is_some();
        Profile::all().filter(move |profile| has_dns || profile.basis() == Basis::Syntax)
    }

    /// Asks the profile, and the DNS when the profile asks.
    fn judge(&self, profile: &Profile, argument: Option<&[u8]>, facts: &mut Facts) -> Verdict {
        loop {
            let ehlo = Ehlo {
                argument,
                client: self.options.client,
                server: &self.server,
                facts,
            };
            match profile.judge(&ehlo) {
                Ok(verdict) => return verdict,
                Err(question) => pollster::block_on(self.dns.learn(question, facts)),
            }
        }
    }
}
