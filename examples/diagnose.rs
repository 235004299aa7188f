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
//! A line that cannot be read is reported on standard error with its number and has no line in the output; the others are still judged, and
//! the exit code is 1. Empty lines are skipped.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use helo_name::{Diagnosis, Reply, Stage};

fn main() -> io::Result<ExitCode> {
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
            Ok(diagnosis) => writeln!(
                stdout,
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
            )?,
            Err(problem) => {
                eprintln!("line {}: {problem}", number + 1);
                exit = ExitCode::FAILURE;
            }
        }
    }
    stdout.flush()?;
    Ok(exit)
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
