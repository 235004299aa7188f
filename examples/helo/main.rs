//! `helo`: the operator's tool for the name that a mail client sends in EHLO.
//!
//! ```text
//! cargo install helo-name --example helo --features serde
//! helo --help
//! ```
//!
//! Each command is a module here; its `--help` says what it reads and writes. Scripts read these
//! formats and exit codes, so they do not change.

mod audit;
mod check;
mod diagnose;
mod explain;
mod greet;
mod json;
mod notation;
mod predict;
mod shared;

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::shared::Stop;

/// The name that a mail client sends in EHLO: which one is right here, and what servers say to it
#[derive(Parser)]
#[command(name = "helo", version, args_override_self = true, after_help = EXAMPLES)]
struct Helo {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  helo explain                     what this machine would send, and why
  helo check localhost web_1       whether these can be sent
  helo predict --no-dns web_1      what well-known servers answer to this name
  helo greet mx.example.net:25     what one server answers to this machine

`helo COMMAND --help` describes the input, the output and the exit codes of a command.";

#[derive(Subcommand)]
enum Command {
    Explain(explain::Options),
    Check(check::Options),
    Audit(audit::Options),
    Diagnose(diagnose::Options),
    Predict(predict::Options),
    Greet(greet::Options),
}

fn main() -> ExitCode {
    let helo = match Helo::try_parse_from(arguments()) {
        Ok(helo) => helo,
        Err(error) => return show(&error),
    };
    let outcome = match helo.command {
        Command::Explain(options) => explain::run(options),
        Command::Check(options) => check::run(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Diagnose(options) => diagnose::run(&options),
        Command::Predict(options) => predict::run(&options),
        Command::Greet(options) => greet::run(options),
    };
    match outcome {
        Ok(code) => code,
        Err(Stop::Usage(what)) => {
            let kind = clap::error::ErrorKind::ValueValidation;
            show(&Helo::command().error(kind, what))
        }
        // The reader of the output (`head`) has seen enough.
        Err(Stop::Io(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(Stop::Io(error)) => {
            eprintln!("helo: {error}");
            ExitCode::FAILURE
        }
        Err(Stop::NoName(error)) => {
            eprintln!("helo: {error}\n{}", error.cure());
            ExitCode::FAILURE
        }
    }
}

/// The arguments for clap, to which every word with a hyphen is an option. A raw name may start
/// with one; as `\x2d` it means the same in the notation of names.
fn arguments() -> impl Iterator<Item = OsString> {
    let command = env::args_os().nth(1);
    let takes_raw_names = command.is_some_and(|command| command == "check" || command == "predict");
    env::args_os().map(move |argument| match argument.to_str() {
        Some(name) if takes_raw_names && is_hyphen_name(name) => {
            format!("\\x2d{}", &name[1..]).into()
        }
        _ => argument,
    })
}

/// Returns whether this is a name such as `-x`, rather than `-`, `-h` or `--option`.
fn is_hyphen_name(argument: &str) -> bool {
    argument.starts_with('-')
        && argument.len() > 1
        && argument != "-h"
        && !argument.starts_with("--")
}

/// Shows the help, or what is wrong with the options.
fn show(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if !error.use_stderr() {
        shared::say(text.trim_end());
        return ExitCode::SUCCESS;
    }
    // It quotes what was given, which must not reach the terminal as a control sequence.
    for line in text.lines() {
        eprintln!("{}", line.replace(char::is_control, "\u{fffd}"));
    }
    ExitCode::from(2)
}
