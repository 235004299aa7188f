//! Checks which hosts of a list send a HELO name that the DNS confirms.
//!
//! ```text
//! $ cut -f 2,3 helo.log | sort -u | cargo run --release --example audit -- --dns 192.0.2.53:53 > findings.tsv
//! $ head -2 findings.tsv
//! mail.example.com        192.0.2.10      match       pass       mail.example.com
//! old.example.com         192.0.2.11      no-address  -          mail.example.org
//! ```
//!
//! Each line is written as soon as it is known, in one piece, so that what is interrupted (Ctrl-C) has written every line
//! it had finished. Memory does not grow with the number of lines.

use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Seek, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use helo_name::HeloName;
use helo_name::dns::Resolver;
use helo_name::verify::{Finding, Iprev, Verification, verify_many};
use indicatif::{ProgressBar, ProgressStyle};

const HELP: &str = "\
usage: audit [OPTION]... [FILE]

Reads `name<TAB>address` lines from FILE, or from standard input: a HELO name and the address it came from. Empty lines
and lines that start with # are skipped. Writes one line for each, separated by tabs, in the order in which they are known:
  NAME  ADDRESS  FINDING  IPREV  PTR     FINDING: match, mismatch, no-address, not-public or unknown (the DNS did not say);
                                         IPREV: whether the PTR names lead back to the address by this name: pass, fail,
                                         temperror, permerror (no PTR), or - (they are other names)
                                         PTR: the names of the address, separated by commas, or -
  line N -        unreadable  -   WHY     for line N, which is no such line

  --dns IP:PORT        ask this name server, in place of the machine's own
  --concurrency N      check so many at the same time (100); each takes two sockets for a moment
  --json               write one JSON object for each line instead (needs the feature serde): the verification, or
                       an object with the line number and why it is unreadable
  --help               show this

Progress is shown on standard error, if that is a terminal.
Exit code 0 when all lines match; 1 when some do not, or reading or writing failed; 2 for bad arguments.";

/// How long a question may take: a name whose servers are silent must not hold up the others for long.
const PATIENCE: Duration = Duration::from_secs(5);

/// More of a line is not kept: no name and address are that long.
const MAX_LINE: u64 = 1024;

struct Options {
    resolver: Resolver,
    concurrency: Option<usize>,
    input: Input,
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Json,
    Tsv,
}

enum Input {
    File(OsString),
    Standard,
}

fn main() -> ExitCode {
    let options = match options(env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(what) => {
            eprintln!("audit: {what}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(Outcome::AllMatch) => ExitCode::SUCCESS,
        Ok(Outcome::SomeDoNot) => ExitCode::FAILURE,
        // Whoever reads the output (`head`) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("audit: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` when only help is wanted.
fn options(mut arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut options = Options {
        resolver: Resolver::of_this_machine().give_up_after(PATIENCE),
        concurrency: None,
        input: Input::Standard,
        output: Output::Tsv,
    };
    while let Some(argument) = arguments.next() {
        let mut value = |option: &str| {
            let value = arguments.next().and_then(|value| value.into_string().ok());
            value.ok_or(format!("{option} needs a value"))
        };
        match argument.to_str() {
            Some("--help") => return Ok(None),
            Some(option @ "--dns") => {
                let server = value(option)?.parse::<SocketAddr>();
                let server = server.map_err(|_| "--dns needs IP:PORT, such as 192.0.2.53:53")?;
                options.resolver = Resolver::asking([server]).give_up_after(PATIENCE);
            }
            Some(option @ "--concurrency") => {
                let number = value(option)?.parse().ok().filter(|number| *number > 0);
                options.concurrency = Some(number.ok_or("--concurrency needs a number from 1")?);
            }
            Some("--json") if cfg!(feature = "serde") => options.output = Output::Json,
            Some("--json") => return Err("--json needs the feature serde".to_owned()),
            Some(option) if option.starts_with('-') => {
                return Err(format!("unknown option {option:?}"));
            }
            _ if matches!(options.input, Input::File(_)) => {
                return Err("more than one file".to_owned());
            }
            _ => options.input = Input::File(argument),
        }
    }
    Ok(Some(options))
}

/// What a run amounts to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AllMatch,
    SomeDoNot,
}

fn run(options: Options) -> io::Result<Outcome> {
    let (input, length) = open(&options.input)?;
    let report = Report {
        output: options.output,
        progress: progress(length),
        written: Cell::new(0),
        outcome: Cell::new(Outcome::AllMatch),
    };
    let mut pairs = Pairs {
        input,
        read: 0,
        is_cut: false,
        report: &report,
        failed: Ok(()),
    };
    let mut checks = verify_many(&options.resolver, &mut pairs);
    if let Some(concurrency) = options.concurrency {
        checks = checks.concurrency(concurrency);
    }
    pollster::block_on(async {
        while let Some(checked) = checks.next().await {
            report.checked(&checked)?;
        }
        Ok::<(), io::Error>(())
    })?;
    drop(checks);
    pairs.failed?;
    report.progress.finish_and_clear();
    Ok(report.outcome.get())
}

/// The input, and how many bytes it has, if that is known.
fn open(input: &Input) -> io::Result<(Box<dyn BufRead>, Option<u64>)> {
    match input {
        Input::Standard => Ok((Box::new(io::stdin().lock()), None)),
        Input::File(path) => {
            let mut file = File::open(path)?;
            // Of a pipe the end is not known.
            let length = file.seek(io::SeekFrom::End(0)).ok();
            if length.is_some() {
                file.rewind()?;
            }
            Ok((Box::new(BufReader::new(file)), length))
        }
    }
}

/// The bar is as long as the file. It shows on a terminal only.
fn progress(length: Option<u64>) -> ProgressBar {
    let (progress, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "{wide_bar} {percent} %, {msg} lines, {elapsed}",
        ),
        None => (ProgressBar::no_length(), "{msg} lines, {elapsed}"),
    };
    // The templates are as good as the style that stands without them.
    match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}

/// Reads pairs as they are asked for, and reports the lines that hold none. A slow input holds back what is finished.
struct Pairs<'a> {
    input: Box<dyn BufRead>,
    read: u64,
    /// Whether the last line was too long.
    is_cut: bool,
    report: &'a Report,
    failed: io::Result<()>,
}

impl Iterator for Pairs<'_> {
    type Item = (HeloName, IpAddr);

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_pair() {
            Ok(pair) => pair,
            Err(error) => {
                self.failed = Err(error);
                None
            }
        }
    }
}

impl Pairs<'_> {
    fn next_pair(&mut self) -> io::Result<Option<(HeloName, IpAddr)>> {
        while let Some(line) = self.next_line()? {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match pair(line) {
                _ if self.is_cut => {
                    let why = format!("it is longer than {MAX_LINE} bytes");
                    self.report.unreadable(self.read, &why)?;
                }
                Ok(pair) => return Ok(Some(pair)),
                Err(why) => self.report.unreadable(self.read, &why)?,
            }
        }
        Ok(None)
    }

    /// Of a line beyond the limit, the start, and a note that it is cut.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut start = self.input.by_ref().take(MAX_LINE);
        let mut length = start.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(None);
        }
        let rest = match line.ends_with(b"\n") {
            true => 0,
            false => self.input.skip_until(b'\n')?,
        };
        self.is_cut = rest > 0;
        length += rest;
        self.read += 1;
        self.report.progress.inc(length as u64);
        Ok(Some(line))
    }
}

fn pair(line: &[u8]) -> Result<(HeloName, IpAddr), String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let (name, address) = line.split_once('\t').ok_or("it has no tab")?;
    let name = HeloName::parse(name).map_err(|why| why.to_string())?;
    let address = address.parse().map_err(|_| "after the tab is no address")?;
    Ok((name, address))
}

/// Writes findings, a line in one piece.
struct Report {
    output: Output,
    progress: ProgressBar,
    written: Cell<u64>,
    outcome: Cell<Outcome>,
}

impl Report {
    fn checked(&self, checked: &Verification) -> io::Result<()> {
        if checked.finding() != Finding::Match {
            self.outcome.set(Outcome::SomeDoNot);
        }
        if self.output == Output::Json {
            return self.write(&json_of(checked));
        }
        let address = checked.client_address();
        self.write(&format!(
            "{}\t{}\t{}\t{}\t{}\n",
            checked.name(),
            address.map_or("-".to_owned(), |address| address.to_string()),
            checked.finding().as_str(),
            checked.iprev().map_or("-", Iprev::as_str),
            ptr_names(checked)
        ))
    }

    fn unreadable(&self, line: u64, why: &str) -> io::Result<()> {
        self.outcome.set(Outcome::SomeDoNot);
        self.write(&match self.output {
            Output::Json => json_of_unreadable(line, why),
            Output::Tsv => format!("line {line}\t-\tunreadable\t-\t{why}\n"),
        })
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        // Standard output is flushed at each line end. On a terminal the bar must make room.
        if out.is_terminal() {
            self.progress.suspend(|| out.write_all(line.as_bytes()))?;
        } else {
            out.write_all(line.as_bytes())?;
        }
        self.written.set(self.written.get() + 1);
        self.progress.set_message(self.written.get().to_string());
        Ok(())
    }
}

#[cfg(feature = "serde")]
fn json_of(checked: &Verification) -> String {
    format!("{}\n", serde_json::json!(checked))
}

#[cfg(feature = "serde")]
fn json_of_unreadable(line: u64, why: &str) -> String {
    format!(
        "{}\n",
        serde_json::json!({ "line": line, "unreadable": why })
    )
}

/// Without the feature the option is refused.
#[cfg(not(feature = "serde"))]
fn json_of(_: &Verification) -> String {
    String::new()
}

#[cfg(not(feature = "serde"))]
fn json_of_unreadable(_: u64, _: &str) -> String {
    String::new()
}

/// The PTR names, separated by commas; one in a name is escaped as other odd octets are.
fn ptr_names(checked: &Verification) -> String {
    let names = checked
        .reverse()
        .map_or(&[][..], |reverse| reverse.answer.records());
    if names.is_empty() {
        return "-".to_owned();
    }
    let names: Vec<String> = names
        .iter()
        .map(|name| name.as_str().replace(',', "\\044"))
        .collect();
    names.join(",")
}
