//! `helo diagnose`: which replies of mail servers blame the client's name, and what to do.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::iter;
use std::process::ExitCode;

use helo_name::{Diagnosis, Reply, Stage};
use serde_json::json;

use crate::json::{self, Form, Json};
use crate::shared::{Lines, Outcome};

const DETAILS: &str = r#"A line of standard input is a reply, in three columns separated by tabs:
  STAGE  greeting, ehlo, helo, starttls, auth, mail, rcpt, data, other or unknown
  NAME   the name that was sent in EHLO, or - if it is not known
  REPLY  the whole reply, its lines joined by the two characters \n; the code may be missing from
         the second line on
Empty lines are skipped.

It writes one line for each, separated by tabs: `ours` or `not-ours`, the cause, `lasting` or
`passing`, and the advice.

With --why, two more columns: why the name is or is not to blame, and why it is this cause, or -.
Each is a rule, the words it found, and its source; all of it is this tool's own text.

With --json, each line is an object: `line`, the number of the input line, and `diagnosis`.

A line that cannot be read is reported on standard error, with its number.

Exit codes: 0 when all lines were read; 1 when some could not be read, or when reading or writing
failed; 2 for wrong options.

Examples:
  helo diagnose < replies.tsv
  printf 'rcpt\tweb_1\t450 4.7.1 <web_1>: Helo command rejected: Host not found\n' |
    helo diagnose"#;

/// Read replies of mail servers: is the name to blame?
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    #[command(flatten)]
    json: Json,
    /// Say which rule decided, which words it found, and where it comes from
    #[arg(long)]
    why: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let form = options.json.form()?;
    let mut exit = ExitCode::SUCCESS;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut lines = Lines::new(io::stdin().lock(), usize::MAX);
    while let Some(line) = lines.next()? {
        let text = String::from_utf8_lossy(line.text);
        let text = text.trim_end_matches('\r');
        if text.is_empty() {
            continue;
        }
        match (judge(text), form) {
            (Ok(diagnosis), Form::Text) if options.why => {
                writeln!(out, "{}\t{}", columns(&diagnosis), why(&diagnosis))?;
            }
            (Ok(diagnosis), Form::Text) => writeln!(out, "{}", columns(&diagnosis))?,
            (Ok(diagnosis), Form::Json) => {
                let diagnosis = json::value(&diagnosis);
                writeln!(
                    out,
                    "{}",
                    json!({ "line": line.number, "diagnosis": diagnosis })
                )?;
            }
            (Err(problem), _) => {
                eprintln!("line {}: {problem}", line.number);
                exit = ExitCode::FAILURE;
            }
        }
    }
    out.flush()?;
    Ok(exit)
}

fn columns(diagnosis: &Diagnosis) -> String {
    let (whose, time) = words(diagnosis);
    let whose = whose.replace(' ', "-");
    let (cause, advice) = (diagnosis.cause(), diagnosis.advice());
    format!("{whose}\t{cause}\t{time}\t{advice}")
}

fn why(diagnosis: &Diagnosis) -> String {
    let cause = diagnosis.because_of_cause();
    let cause = cause.map_or_else(|| "-".to_owned(), |because| because.to_string());
    format!("{}\t{cause}", diagnosis.because())
}

/// Returns whose fault it is, and whether that lasts.
pub(crate) fn words(diagnosis: &Diagnosis) -> (&'static str, &'static str) {
    let whose = match diagnosis.is_ours() {
        true => "ours",
        false => "not ours",
    };
    let time = match diagnosis.is_lasting() {
        true => "lasting",
        false => "passing",
    };
    (whose, time)
}

fn judge(line: &str) -> Result<Diagnosis, Box<dyn Error>> {
    let columns: Vec<&str> = line.splitn(3, '\t').collect();
    let &[stage, sent, reply] = columns.as_slice() else {
        return Err("a line is stage, tab, name sent or `-`, tab, reply".into());
    };
    let stage: Stage = stage.parse()?;
    let sent = (sent != "-").then_some(sent);
    Ok(Diagnosis::of(stage, &read(reply)?, sent))
}

/// Reads a reply from a log: the code of the first line counts, and the next lines may lack it.
fn read(reply: &str) -> Result<Reply, Box<dyn Error>> {
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
    let first =
        text(first).ok_or("the reply code must be followed by a space, a hyphen or nothing")?;
    let lines = lines.map(|line| text(line).unwrap_or_else(|| line.to_owned()));
    Ok(Reply::from_parts(
        code.parse()?,
        None,
        iter::once(first).chain(lines),
    )?)
}
