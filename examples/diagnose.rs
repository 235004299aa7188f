//! Tells which replies of mail servers blame the client's name, and what to do.
//!
//! ```text
//! cargo run --example diagnose < replies
//! ```
//!
//! Reads standard input, one reply a line: the stage (greeting, ehlo, helo, starttls, auth, mail, rcpt, data, other, unknown), a tab, the name
//! sent in EHLO or `-` if it is not known, a tab, the whole reply as the server sends it with its lines joined by the two characters `\n`.
//! The code may be missing from the second line on.
//!
//! Writes standard output, one line a reply, tab-separated: `ours` or `not-ours`, the cause, `lasting` or `passing`, the advice.
//!
//! With `--json` (feature `serde`) each output line is a JSON object instead: `line`, the number of the input line, and `diagnosis`.
//!
//! A line that cannot be read is reported on standard error with its number and has no line in the output; the others are still judged, and
//! the exit code is 1; it is 2 for bad arguments. Empty lines are skipped.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use helo_name::{Diagnosis, Reply, Stage};

/// How a diagnosis is written.
enum Output {
    Columns,
    Json,
}

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let output = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Output::Columns,
        ["--json"] if cfg!(feature = "serde") => Output::Json,
        ["--json"] => {
            eprintln!("diagnose: --json needs the feature serde");
            return Ok(ExitCode::from(2));
        }
        _ => {
            eprintln!("usage: diagnose [--json] < REPLIES");
            return Ok(ExitCode::from(2));
        }
    };
    let mut exit = ExitCode::SUCCESS;
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    for (number, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            continue;
        }
        match judge(line) {
            Ok(diagnosis) => match output {
                Output::Columns => write_columns(&diagnosis, &mut stdout)?,
                Output::Json => write_json(number + 1, &diagnosis, &mut stdout)?,
            },
            Err(problem) => {
                eprintln!("line {}: {problem}", number + 1);
                exit = ExitCode::FAILURE;
            }
        }
    }
    stdout.flush()?;
    Ok(exit)
}

fn write_columns(diagnosis: &Diagnosis, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}\t{}\t{}\t{}",
        if diagnosis.is_ours() {
            "ours"
        } else {
            "not-ours"
        },
        diagnosis.cause(),
        if diagnosis.is_lasting() {
            "lasting"
        } else {
            "passing"
        },
        diagnosis.advice(),
    )
}

#[cfg(feature = "serde")]
fn write_json(line: usize, diagnosis: &Diagnosis, out: &mut impl Write) -> io::Result<()> {
    let object = serde_json::json!({ "line": line, "diagnosis": diagnosis });
    writeln!(out, "{object}")
}

#[cfg(not(feature = "serde"))]
fn write_json(_: usize, _: &Diagnosis, _: &mut impl Write) -> io::Result<()> {
    unreachable!("the option is refused")
}

/// Judges one line of input.
fn judge(line: &str) -> Result<Diagnosis, Problem> {
    let mut columns = line.splitn(3, '\t');
    let (Some(stage), Some(sent), Some(reply)) = (columns.next(), columns.next(), columns.next())
    else {
        return Err("a line is stage, tab, name sent or `-`, tab, reply".into());
    };
    Ok(Diagnosis::of(
        stage.parse::<Stage>()?,
        &read(reply)?,
        (sent != "-").then_some(sent),
    ))
}

/// Reads a reply from a log: the code of the first line counts, and the next lines may have it or not.
fn read(reply: &str) -> Result<Reply, Problem> {
    let mut lines = reply.split("\\n");
    let first = lines.next().unwrap_or_default();
    let code = first
        .get(..3)
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or("a reply begins with its code of three digits")?;
    let text = |line: &str| {
        let text = line.strip_prefix(code)?;
        match text.chars().next() {
            None => Some(String::new()),
            Some('-' | ' ' | '\t') => Some(text[1..].to_owned()),
            Some(_) => None,
        }
    };
    let first = text(first).ok_or("behind the reply code stands a space, a hyphen or nothing")?;
    let lines = lines.map(|line| text(line).unwrap_or_else(|| line.to_owned()));
    Ok(Reply::from_parts(
        code.parse()?,
        None,
        std::iter::once(first).chain(lines),
    )?)
}

type Problem = Box<dyn std::error::Error>;
