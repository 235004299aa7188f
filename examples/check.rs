//! Tells for each raw name on standard input, or each argument, whether it can be sent in EHLO, and why not.
//!
//! ```text
//! $ printf 'Mail.Example.COM.\nshop_mailer_1\n' | cargo run --release --example check
//! ok      mail.example.com        removed-trailing-dot,lower-cased
//! refused underscore      a host name has no underscore (at byte 4); configure a name ...$
//! ```
//!
//! Run over the HELO names of a log, it says which of them are worth a rule. A million lines take a few seconds, and
//! memory does not grow with them.

#[path = "support/notation.rs"]
mod notation;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use helo_name::HeloName;
use helo_name::sanitize::sanitize;

const HELP: &str = r#"Usage: check [--exact] [--json] [NAME...]

Reads one raw name a line from standard input, or takes the arguments, in this notation:
\xNN is a byte, \\ a backslash, \t a tab; \- alone is no name at all.

Writes one line for each, separated by tabs:
  ok       NAME  REPAIRS   the name as sent, and what was repaired (separated by commas), or -
  refused  KIND  MESSAGE   the reason, and what to do

  --exact  take the name as it is, without repairs; it need not be public
  --json   write one JSON object for each instead (needs the feature serde):
           {"ok":{"name":NAME,"repairs":[...]}} or {"refused":{"kind":KIND,"message":MESSAGE,...}}
  --help   show this

Exit code 0 when all lines were read, whatever they hold; 1 when reading or writing failed; 2 for a bad option.
"#;

/// More of a line is not kept: no name is that long, even with each byte written as `\xNN`.
const MAX_LINE: usize = 16 * 1024;

#[derive(Clone, Copy)]
enum Check {
    Exact,
    Sanitized,
}

#[derive(Clone, Copy)]
enum Output {
    Columns,
    Json,
}

fn main() -> ExitCode {
    let mut check = Check::Sanitized;
    let mut output = Output::Columns;
    let mut names = Vec::new();
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--exact") => check = Check::Exact,
            Some("--json") if cfg!(feature = "serde") => output = Output::Json,
            Some("--json") => {
                eprintln!("--json needs the feature serde");
                return ExitCode::from(2);
            }
            Some("--help") => {
                return outcome(io::stdout().write_all(HELP.as_bytes()));
            }
            Some("--") => names.extend(arguments.by_ref()),
            Some(option) if option.starts_with("--") => {
                eprint!(
                    "unknown option {option:?}; write `-- NAME` for a name that starts with two hyphens\n\n{HELP}"
                );
                return ExitCode::from(2);
            }
            _ => names.push(argument),
        }
    }
    let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let done = if names.is_empty() {
        check_lines(io::stdin().lock(), out, check, output)
    } else {
        check_all(&names, out, check, output)
    };
    outcome(done)
}

fn outcome(done: io::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output (`head`) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check_all(
    names: &[OsString],
    mut out: impl Write,
    check: Check,
    output: Output,
) -> io::Result<()> {
    for name in names {
        report(name.as_encoded_bytes(), &mut out, check, output)?;
    }
    out.flush()
}

fn check_lines(
    mut input: impl BufRead,
    mut out: impl Write,
    check: Check,
    output: Output,
) -> io::Result<()> {
    let mut line = Vec::new();
    while read_line(&mut input, &mut line)? {
        report(&line, &mut out, check, output)?;
    }
    out.flush()
}

/// Reads a line without its end; of a longer line than the limit, the start. False at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_empty = true;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(!is_empty);
        }
        is_empty = false;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = MAX_LINE.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn report(escaped: &[u8], out: &mut impl Write, check: Check, output: Output) -> io::Result<()> {
    // No argument at all is an empty name.
    let raw = notation::unescaped(escaped).unwrap_or_default();
    match output {
        Output::Columns => report_columns(&raw, out, check),
        Output::Json => report_json(&raw, out, check),
    }
}

#[cfg(feature = "serde")]
fn report_json(raw: &[u8], out: &mut impl Write, check: Check) -> io::Result<()> {
    use serde_json::json;

    let object = match check {
        Check::Exact => match HeloName::parse_bytes(raw) {
            Ok(name) => json!({ "ok": { "name": name, "repairs": [] } }),
            Err(error) => json!({ "refused": error }),
        },
        Check::Sanitized => match sanitize(raw) {
            Ok(sanitized) => json!({ "ok": sanitized }),
            Err(unusable) => json!({ "refused": unusable }),
        },
    };
    writeln!(out, "{object}")
}

#[cfg(not(feature = "serde"))]
fn report_json(_: &[u8], _: &mut impl Write, _: Check) -> io::Result<()> {
    unreachable!("the option is refused")
}

fn report_columns(raw: &[u8], out: &mut impl Write, check: Check) -> io::Result<()> {
    match check {
        Check::Exact => match HeloName::parse_bytes(raw) {
            Ok(name) => writeln!(out, "ok\t{name}\t-"),
            Err(error) => writeln!(out, "refused\t{}\t{error}", error.kind()),
        },
        Check::Sanitized => match sanitize(raw) {
            Ok(sanitized) => {
                write!(out, "ok\t{}\t", sanitized.name())?;
                write_repairs(sanitized.repairs(), out)
            }
            Err(unusable) => writeln!(out, "refused\t{}\t{unusable}", unusable.kind()),
        },
    }
}

fn write_repairs(repairs: &[helo_name::sanitize::Repair], out: &mut impl Write) -> io::Result<()> {
    let Some((first, others)) = repairs.split_first() else {
        return writeln!(out, "-");
    };
    write!(out, "{}", first.as_str())?;
    for repair in others {
        write!(out, ",{}", repair.as_str())?;
    }
    writeln!(out)
}
