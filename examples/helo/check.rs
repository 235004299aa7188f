//! `helo check`: which raw names can be sent in EHLO, and why the others cannot.
//!
//! Over the HELO names of a log it finds the ones worth a rule. A million lines take a few seconds,
//! and memory does not grow with them.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use helo_name::HeloName;
use helo_name::sanitize::{Repair, sanitize};
use serde_json::json;

use crate::json::{self, Form, Json};
use crate::notation;
use crate::shared::{Lines, Outcome, until_read};

const DETAILS: &str = r#"Without names, it reads one raw name a line from standard input.
In a name, \xNN is a byte, \\ a backslash, \t a tab. \- alone is no name at all.

It writes one line for each name, separated by tabs:
  ok       NAME  REPAIRS   the name as it is sent, and what was repaired (separated by commas), or -
  refused  KIND  MESSAGE   the reason, and what to do

With --json, each line is an object:
  {"ok":{"name":NAME,"repairs":[...]}} or {"refused":{"kind":KIND,"message":MESSAGE,...}}

Exit codes: 0 when all names were read, whatever they are; 1 when reading or writing failed; 2 for
wrong options.

Examples:
  helo check mail.example.com web_1 localhost
  cut -f 2 helo.log | sort -u | helo check | grep ^refused
  helo check -- --odd-name"#;

/// No name is that long, even with each byte written as `\xNN`.
const LONGEST: usize = 16 * 1024;

/// Check raw names: can they be sent in EHLO?
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    /// Take each name as it is, without repairs; it need not be public
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    json: Json,
    /// The names; write `--` before one that starts with two hyphens
    #[arg(value_name = "NAME")]
    names: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let write: fn(&[u8], &mut Out) -> io::Result<()> = match (options.json.form()?, options.exact) {
        (Form::Text, false) => sanitized,
        (Form::Text, true) => exact,
        (Form::Json, false) => sanitized_json,
        (Form::Json, true) => exact_json,
    };
    until_read(check(&options.names, write))
}

type Out = BufWriter<io::StdoutLock<'static>>;

fn check(names: &[OsString], write: fn(&[u8], &mut Out) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    // No name at all is an empty one.
    let mut check =
        |escaped: &[u8]| write(&notation::unescaped(escaped).unwrap_or_default(), &mut out);
    for name in names {
        check(name.as_encoded_bytes())?;
    }
    if names.is_empty() {
        let mut lines = Lines::new(io::stdin().lock(), LONGEST);
        while let Some(line) = lines.next()? {
            check(line.text)?;
        }
    }
    out.flush()
}

fn sanitized(raw: &[u8], out: &mut Out) -> io::Result<()> {
    match sanitize(raw) {
        Ok(sanitized) => {
            write!(out, "ok\t{}\t", sanitized.name())?;
            write_repairs(sanitized.repairs(), out)
        }
        Err(unusable) => writeln!(out, "refused\t{}\t{unusable}", unusable.kind()),
    }
}

fn write_repairs(repairs: &[Repair], out: &mut Out) -> io::Result<()> {
    let Some((first, others)) = repairs.split_first() else {
        return writeln!(out, "-");
    };
    write!(out, "{}", first.as_str())?;
    for repair in others {
        write!(out, ",{}", repair.as_str())?;
    }
    writeln!(out)
}

fn exact(raw: &[u8], out: &mut Out) -> io::Result<()> {
    match HeloName::parse_bytes(raw) {
        Ok(name) => writeln!(out, "ok\t{name}\t-"),
        Err(error) => writeln!(out, "refused\t{}\t{error}", error.kind()),
    }
}

fn sanitized_json(raw: &[u8], out: &mut Out) -> io::Result<()> {
    let object = match sanitize(raw) {
        Ok(sanitized) => json!({ "ok": json::value(&sanitized) }),
        Err(unusable) => json!({ "refused": json::value(&unusable) }),
    };
    writeln!(out, "{object}")
}

fn exact_json(raw: &[u8], out: &mut Out) -> io::Result<()> {
    let object = match HeloName::parse_bytes(raw) {
        Ok(name) => json!({ "ok": { "name": name.as_str(), "repairs": [] } }),
        Err(error) => json!({ "refused": json::value(&error) }),
    };
    writeln!(out, "{object}")
}
