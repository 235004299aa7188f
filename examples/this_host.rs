//! What this very machine would send in `EHLO`, and why.
//!
//! The report goes to standard output; its last line is `EHLO name`. Exit code 1 when there is no usable name: then the
//! reasons and the one line of configuration that would cure it are on standard error. Exit code 2 for bad arguments.
//!
//! With `--json` (feature `serde`) standard output is the report as one JSON document on one line, and nothing else; the
//! name is its field `name`, null when there is none.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use helo_name::dns::Resolver;
use helo_name::{FallbackPolicy, HeloName, Resolution, Resolve, policy};

const USAGE: &str = "\
usage: this_host [OPTION VALUE]...
  --configured NAME       the operator's word, in place of the variable HELO_NAME
  --client-address IP     the address that servers see; once for IPv4, once for IPv6
  --host-name RAW         in place of the operating system's host name
  --server HOST:PORT      where mail goes to; nothing is sent there
  --sender-domain DOMAIN  a candidate under --policy submission
  --dns IP:PORT           ask this name server only
  --policy strict|standard|submission
  --deadline SECONDS      how long everything may take (5)
  --json                  the report as one JSON document, in place of all lines (needs the feature serde)";

/// The options that take a value.
const OPTIONS: [&str; 8] = [
    "--configured",
    "--client-address",
    "--host-name",
    "--server",
    "--sender-domain",
    "--dns",
    "--policy",
    "--deadline",
];

/// How the report is written.
#[derive(Clone, Copy, PartialEq)]
enum Output {
    Json,
    Lines,
}

fn main() -> ExitCode {
    let (resolve, output) = match arguments(std::env::args_os().skip(1)) {
        Ok(settings) => settings,
        Err(Stop::Help) => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        Err(Stop::Wrong(what)) => {
            eprintln!("this_host: {what}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let report = resolve.report_blocking();
    say(&match output {
        Output::Json => json(&report),
        Output::Lines => report.to_string(),
    });
    match report.name() {
        Ok(name) => {
            if output == Output::Lines {
                say(&format!("EHLO {name}"));
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("this_host: {error}\n{}", error.cure());
            ExitCode::FAILURE
        }
    }
}

/// Writes a line; whoever reads no further (`head`) has seen enough.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

#[cfg(feature = "serde")]
fn json(report: &Resolution) -> String {
    serde_json::to_string(report).expect("all keys of a report are strings")
}

#[cfg(not(feature = "serde"))]
fn json(_: &Resolution) -> String {
    unreachable!("the option is refused")
}

/// Why the arguments give nothing to do.
enum Stop {
    Help,
    Wrong(String),
}

fn arguments(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<(Resolve<Resolver>, Output), Stop> {
    let mut resolve = HeloName::resolve();
    let mut output = Output::Lines;
    let mut deadline = Duration::from_secs(5);
    let mut server = None;
    while let Some(option) = arguments.next() {
        let option = option.to_string_lossy().into_owned();
        if matches!(option.as_str(), "-h" | "--help") {
            return Err(Stop::Help);
        }
        if option == "--json" {
            if !cfg!(feature = "serde") {
                return Err(Stop::Wrong("--json needs the feature serde".to_owned()));
            }
            output = Output::Json;
            continue;
        }
        if !OPTIONS.contains(&option.as_str()) {
            let shown = option.escape_debug();
            return Err(Stop::Wrong(format!("unknown option {shown}")));
        }
        let value = arguments.next();
        let raw =
            value.ok_or_else(|| Stop::Wrong(format!("{} needs a value", option.escape_debug())))?;
        if option == "--host-name" {
            resolve = resolve.host_name(raw);
            continue;
        }
        let text = raw.into_string();
        let text = text.map_err(|raw| wrong(&option, &raw.to_string_lossy(), "no UTF-8"))?;
        resolve = match option.as_str() {
            "--configured" => resolve.configured(text.as_str()),
            "--client-address" => resolve.client_address(address(&option, &text)?),
            "--server" => {
                server = Some(text);
                resolve
            }
            "--sender-domain" => resolve.sender_domain(text.as_str()),
            "--dns" => {
                let server = text.parse::<SocketAddr>();
                let server =
                    server.map_err(|_| wrong(&option, &text, "want IP:PORT, as 192.0.2.53:53"))?;
                resolve.dns(Resolver::asking([server]))
            }
            "--policy" => resolve.policy(policy(&option, &text)?),
            "--deadline" => {
                deadline = seconds(&option, &text)?;
                resolve.deadline(deadline)
            }
            _ => resolve, // `OPTIONS` holds no other
        };
    }
    match server {
        Some(server) => {
            let server = server_address("--server", &server, deadline)?;
            Ok((resolve.server(server), output))
        }
        None => Ok((resolve, output)),
    }
}

fn wrong(option: &str, value: &str, want: &str) -> Stop {
    let shown: String = value
        .chars()
        .take(60)
        .flat_map(char::escape_debug)
        .collect();
    Stop::Wrong(format!("{option} \"{shown}\": {want}"))
}

fn address(option: &str, text: &str) -> Result<IpAddr, Stop> {
    text.parse()
        .map_err(|_| wrong(option, text, "want an IP address"))
}

fn policy(option: &str, text: &str) -> Result<Box<dyn FallbackPolicy>, Stop> {
    match text {
        "strict" => Ok(Box::new(policy::Strict)),
        "standard" => Ok(Box::new(policy::Standard)),
        "submission" => Ok(Box::new(policy::Submission)),
        _ => Err(wrong(option, text, "want strict, standard or submission")),
    }
}

fn seconds(option: &str, text: &str) -> Result<Duration, Stop> {
    let seconds = text.parse::<f64>().ok();
    let deadline = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    deadline.ok_or_else(|| wrong(option, text, "want a number of seconds, as 5 or 0.5"))
}

/// Looks the server up as a mailer would, by the operating system, which may take much longer than the deadline.
fn server_address(option: &str, text: &str, deadline: Duration) -> Result<SocketAddr, Stop> {
    let (found, answer) = mpsc::channel();
    let name = text.to_owned();
    thread::spawn(move || {
        let address = name.to_socket_addrs().ok().and_then(|mut all| all.next());
        // Nobody listens any more when the deadline has passed.
        let _ = found.send(address);
    });
    let address = answer.recv_timeout(deadline).ok().flatten();
    address.ok_or_else(|| wrong(option, text, "want HOST:PORT, and a host that can be found"))
}
