//! `helo audit`: which hosts of a list send a HELO name that the DNS confirms.
//!
//! Each line is written in one piece as soon as it is known, so an interrupted run (Ctrl-C) has
//! written every line that it had finished. Memory does not grow with the number of lines.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use helo_name::HeloName;
use helo_name::dns::{Dns, Resolver, Views};
use helo_name::verify::{Finding, Iprev, Verification, verify_many};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::json::{self, Form, Json};
use crate::shared::{Lines, Outcome, Stop, name_server, outside};

const DETAILS: &str = "\
A line of the input is `NAME<TAB>ADDRESS`: a HELO name and the address it came from. Empty lines
and lines that start with # are skipped.

It writes one line for each, separated by tabs, in the order in which they are known:
  NAME  ADDRESS  FINDING  IPREV  PTR
    FINDING  match, mismatch, no-address, not-public, inside (the PTR names it, and its addresses
             are private here: ask outside), or unknown (the DNS did not say)
    IPREV    whether the PTR names lead back to the address by this name: pass, fail, temperror,
             permerror (there is no PTR record), or - (the PTR names are other names)
    PTR      the names of the address, separated by commas, or -
  line N  -  unreadable  -  REASON
    for line N of the input, if it is no such line

With --json, each line is an object: the verification, or the line's number and why it is
unreadable.

Progress is shown on standard error if that is a terminal.

Exit codes: 0 when all lines match; 1 when some do not, or when reading or writing failed; 2 for
wrong options.

Examples:
  helo audit list.tsv > findings.tsv
  cut -f 2,3 helo.log | sort -u | helo audit --dns 192.0.2.53:53
  helo audit --json list.tsv | grep -v '\"finding\":\"match\"'";

/// How long a question may take: a name whose servers are silent must not hold up the others.
const PATIENCE: Duration = Duration::from_secs(5);

/// No name and address are that long.
const LONGEST: usize = 1024;

/// Check a list of names and addresses: does the DNS confirm them?
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    /// Ask this name server, in place of the machine's own
    #[arg(long, value_name = "IP:PORT", value_parser = name_server)]
    dns: Option<SocketAddr>,
    /// Ask this one outside the network as well, IP:PORT or `public`; its view decides
    #[arg(long, value_name = "SERVER", value_parser = outside)]
    outside: Option<Resolver>,
    /// Check so many at the same time; each takes two sockets for a moment [default: 100]
    #[arg(long, value_name = "N")]
    concurrency: Option<NonZeroUsize>,
    #[command(flatten)]
    json: Json,
    /// The list; without it, standard input
    file: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let form = options.json.form()?;
    let resolver = match options.dns {
        Some(server) => Resolver::asking([server]),
        None => Resolver::of_this_machine(),
    };
    let resolver = resolver.give_up_after(PATIENCE);
    match &options.outside {
        Some(outside) => {
            let outside = outside.clone().give_up_after(PATIENCE);
            check(&Views::new(resolver, outside), options, form)
        }
        None => check(&resolver, options, form),
    }
}

fn check(dns: &impl Dns, options: &Options, form: Form) -> Outcome {
    let (input, length) = open(options.file.as_deref())?;
    let report = Report {
        form,
        progress: progress(length),
        written: Cell::new(0),
        exit: Cell::new(ExitCode::SUCCESS),
    };
    let mut pairs = Pairs {
        lines: Lines::new(input, LONGEST),
        report: &report,
        failed: Ok(()),
    };
    let mut checks = verify_many(dns, &mut pairs);
    if let Some(concurrency) = options.concurrency {
        checks = checks.concurrency(concurrency.get());
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
    Ok(report.exit.get())
}

/// Returns the input, and how many bytes it has if that is known.
fn open(path: Option<&Path>) -> Result<(Box<dyn BufRead>, Option<u64>), Stop> {
    match path {
        None => Ok((Box::new(io::stdin().lock()), None)),
        Some(path) if path.as_os_str() == "-" => Err(Stop::Usage(
            "give no file to read standard input".to_owned(),
        )),
        Some(path) => {
            let file = File::open(path)?;
            let length = file.metadata().ok().filter(|file| file.is_file());
            Ok((
                Box::new(BufReader::new(file)),
                length.map(|file| file.len()),
            ))
        }
    }
}

/// Returns a bar as long as the file, or a count of lines. It is drawn on a terminal only.
fn progress(length: Option<u64>) -> ProgressBar {
    let style = match length {
        Some(_) => ProgressStyle::with_template("{wide_bar} {percent} %, {msg} lines, {elapsed}"),
        None => ProgressStyle::with_template("{msg} lines, {elapsed}"),
    };
    ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Reads pairs as they are asked for, and reports the lines that are unreadable. A slow input holds
/// back what is finished.
struct Pairs<'a> {
    lines: Lines<Box<dyn BufRead>>,
    report: &'a Report,
    failed: io::Result<()>,
}

impl Iterator for Pairs<'_> {
    type Item = (HeloName, IpAddr);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_pair().unwrap_or_else(|error| {
            self.failed = Err(error);
            None
        })
    }
}

impl Pairs<'_> {
    fn next_pair(&mut self) -> io::Result<Option<(HeloName, IpAddr)>> {
        while let Some(line) = self.lines.next()? {
            self.report.progress.inc(line.length);
            let text = line.text.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let read = match line.is_cut {
                true => Err(format!("it is longer than {LONGEST} bytes")),
                false => pair(text),
            };
            match read {
                Ok(pair) => return Ok(Some(pair)),
                Err(why) => self.report.unreadable(line.number, &why)?,
            }
        }
        Ok(None)
    }
}

fn pair(line: &[u8]) -> Result<(HeloName, IpAddr), String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let (name, address) = line.split_once('\t').ok_or("it has no tab")?;
    let name = HeloName::parse(name).map_err(|why| why.to_string())?;
    let address = address.parse().map_err(|_| "after the tab is no address")?;
    Ok((name, address))
}

/// Writes the findings.
struct Report {
    form: Form,
    progress: ProgressBar,
    written: Cell<u64>,
    exit: Cell<ExitCode>,
}

impl Report {
    fn checked(&self, checked: &Verification) -> io::Result<()> {
        if checked.finding() != Finding::Match {
            self.exit.set(ExitCode::FAILURE);
        }
        self.write(&match self.form {
            Form::Json => json::value(checked).to_string(),
            Form::Text => columns(checked),
        })
    }

    fn unreadable(&self, line: u64, why: &str) -> io::Result<()> {
        self.exit.set(ExitCode::FAILURE);
        self.write(&match self.form {
            Form::Json => json!({ "line": line, "unreadable": why }).to_string(),
            Form::Text => format!("line {line}\t-\tunreadable\t-\t{why}"),
        })
    }

    fn write(&self, line: &str) -> io::Result<()> {
        // Standard output is flushed at each line end. On a terminal the bar must make room.
        let mut out = io::stdout().lock();
        let line = format!("{line}\n");
        match out.is_terminal() {
            true => self.progress.suspend(|| out.write_all(line.as_bytes()))?,
            false => out.write_all(line.as_bytes())?,
        }
        self.written.set(self.written.get() + 1);
        self.progress.set_message(self.written.get().to_string());
        Ok(())
    }
}

fn columns(checked: &Verification) -> String {
    let address = checked.client_address();
    format!(
        "{}\t{}\t{}\t{}\t{}",
        checked.name(),
        address.map_or("-".to_owned(), |address| address.to_string()),
        checked.finding().as_str(),
        checked.iprev().map_or("-", Iprev::as_str),
        ptr_names(checked),
    )
}

/// The PTR names, separated by commas; a comma in a name is escaped as other odd octets are.
fn ptr_names(checked: &Verification) -> String {
    let names = checked
        .reverse()
        .map_or(&[][..], |reverse| reverse.answer.records());
    if names.is_empty() {
        return "-".to_owned();
    }
    let escaped = names.iter().map(|name| name.as_str().replace(',', "\\044"));
    escaped.collect::<Vec<_>>().join(",")
}
