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

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufWriter, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use helo_name::dns::{Answer, Family, NotKnown};
use helo_name::receivers::{Attempt, Basis, Facts, Profile, Question, Server, Verdict};

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
    Ok(Some(line))
}

struct Predictor {
    server: Server,
    client: IpAddr,
    layout: Layout,
    dns: Option<name_server::NameServer>,
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
            dns: options.dns.map(name_server::NameServer::open).transpose()?,
            facts: Facts::new(),
        };
        let mut facts = Facts::new();
        predictor.answer(Question::Names(options.client), &mut facts);
        predictor.facts = facts;
        Ok(predictor)
    }

    fn report(&self, escaped: &[u8], out: &mut impl Write) -> io::Result<()> {
        let argument = unescaped(escaped);
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
            let attempt = Attempt {
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
            (Some(dns), question) => dns.answer(question, facts),
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

/// Asks one name server by hickory, without its cache, hosts file and names that it knows by itself.
mod name_server {
    use super::{Answer, Facts, Family, NotKnown, Question};
    use helo_name::dns::PtrText;
    use helo_name::receivers::MailExchanger;
    use hickory_resolver::config::{NameServerConfig, ResolverOpts};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
    use hickory_resolver::net::{DnsError, NetError};
    use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
    use hickory_resolver::proto::rr::{Name, RData, RecordType};
    use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::runtime::Runtime;

    /// How long a question may take, and how long the longest CNAME chain is.
    const TIMEOUT: Duration = Duration::from_secs(2);
    const MAX_ALIASES: usize = 8;

    pub(super) struct NameServer {
        runtime: Runtime,
        pool: NameServerPool<TokioRuntimeProvider>,
    }

    /// A record's data, and the CNAMEs on the way to it.
    type Found = Answer<RData>;

    impl NameServer {
        pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
            let mut config = NameServerConfig::udp_and_tcp(address.ip());
            for connection in &mut config.connections {
                connection.port = address.port();
            }
            let mut options = ResolverOpts::default();
            options.timeout = TIMEOUT;
            let context = PoolContext::new(options, TlsConfig::new().map_err(io::Error::other)?);
            let provider = TokioRuntimeProvider::default();
            Ok(Self {
                runtime: tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?,
                pool: NameServerPool::from_config([config], Arc::new(context), provider),
            })
        }

        pub(super) fn answer(&self, question: Question, facts: &mut Facts) {
            match question {
                Question::Addresses(name, family) => {
                    let record_type = match family {
                        Family::V4 => RecordType::A,
                        Family::V6 => RecordType::AAAA,
                    };
                    let answer = self.ask(parse_name(&name), record_type);
                    let answer = convert(answer, |data| data.ip_addr());
                    facts.insert_addresses(&name, family, answer);
                }
                Question::MailExchangers(name) => {
                    let answer = self.ask(parse_name(&name), RecordType::MX);
                    facts.insert_mail_exchangers(&name, convert(answer, exchanger));
                }
                Question::Names(address) => {
                    let answer = self.ask(Some(Name::from(address)), RecordType::PTR);
                    let answer = convert(answer, |data| match data {
                        RData::PTR(name) => Some(text_of(&name.0)),
                        _ => None,
                    });
                    facts.insert_names(address, answer);
                }
            }
        }

        fn ask(&self, name: Option<Name>, record_type: RecordType) -> Found {
            let Some(mut name) = name else {
                return Answer::not_known(NotKnown::BadMessage);
            };
            name.set_fqdn(true);
            let query = Query::query(name.clone(), record_type);
            let mut options = DnsRequestOptions::default();
            options.use_edns = true;
            let asked = self.pool.lookup(query, options);
            match self.runtime.block_on(asked.first_answer()) {
                Ok(response) => read(&response, name, record_type),
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => negative(none.response_code),
                Err(NetError::Timeout) => Answer::not_known(NotKnown::Timeout),
                Err(_) => Answer::not_known(NotKnown::ServFail),
            }
        }
    }

    /// Follows the CNAMEs in a response.
    fn read(response: &DnsResponse, mut name: Name, record_type: RecordType) -> Found {
        let mut aliases = Vec::new();
        while let Some(target) = alias_of(response, &name) {
            name = target;
            aliases.push(text_of(&name).as_str().into());
            if aliases.len() > MAX_ALIASES {
                return Answer::not_known(NotKnown::AliasChain).with_aliases(aliases);
            }
        }
        let records = response
            .answers
            .iter()
            .filter(|record| record.name == name && record.record_type() == record_type);
        let records: Vec<RData> = records.map(|record| record.data.clone()).collect();
        let answer = if records.is_empty() {
            negative(response.response_code)
        } else {
            Answer::found(records)
        };
        answer.with_aliases(aliases)
    }

    fn negative<T>(code: ResponseCode) -> Answer<T> {
        match code {
            ResponseCode::NoError => Answer::no_data(),
            ResponseCode::NXDomain => Answer::nx_domain(),
            _ => Answer::not_known(NotKnown::ServFail),
        }
    }

    fn alias_of(response: &DnsResponse, name: &Name) -> Option<Name> {
        let mut records = response.answers.iter();
        records.find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some(target.0.clone()),
            _ => None,
        })
    }

    fn convert<T>(answer: Found, take: impl Fn(&RData) -> Option<T>) -> Answer<T> {
        let aliases = answer.aliases().to_vec();
        let found: Vec<T> = answer.records().iter().filter_map(take).collect();
        let converted = match answer.outcome() {
            helo_name::dns::Outcome::Found(_) => Answer::found(found),
            helo_name::dns::Outcome::NoData => Answer::no_data(),
            helo_name::dns::Outcome::NxDomain => Answer::nx_domain(),
            helo_name::dns::Outcome::NotKnown(why) => Answer::not_known(*why),
        };
        converted.with_aliases(aliases)
    }

    fn exchanger(data: &RData) -> Option<MailExchanger> {
        match data {
            RData::MX(mx) => Some(MailExchanger {
                preference: mx.preference,
                host: text_of(&mx.exchange).as_str().into(),
            }),
            _ => None,
        }
    }

    fn text_of(name: &Name) -> PtrText {
        PtrText::from_labels(name.iter())
    }

    /// Undoes `\DDD`; none if a label is empty or too long for the DNS.
    fn parse_name(text: &str) -> Option<Name> {
        let labels = text.split('.').filter(|_| !text.is_empty());
        let labels: Option<Vec<Vec<u8>>> = labels.map(parse_label).collect();
        Name::from_labels(labels?).ok()
    }

    fn parse_label(label: &str) -> Option<Vec<u8>> {
        let mut parts = label.split('\\');
        let mut octets = parts.next()?.as_bytes().to_vec();
        for part in parts {
            let (digits, plain) = part.split_at_checked(3)?;
            octets.push(digits.parse().ok()?);
            octets.extend_from_slice(plain.as_bytes());
        }
        Some(octets)
    }
}

/// Undoes the escape notation; `\-` alone is none. A backslash before anything else stands for itself.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    if text == br"\-" {
        return None;
    }
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = first_byte(rest) {
        raw.push(byte);
        rest = after;
    }
    Some(raw)
}

fn first_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', b'x', high, low, rest @ ..]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
        {
            Some((hex(*high) * 16 + hex(*low), rest))
        }
        [b'\\', b'\\', rest @ ..] => Some((b'\\', rest)),
        [b'\\', b't', rest @ ..] => Some((b'\t', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
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
