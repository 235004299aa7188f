//! `helo explain`: the name that this machine would send in EHLO, and why.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use helo_name::dns::Resolver;
use helo_name::policy::{Standard, Strict, Submission};
use helo_name::{HeloName, Resolve};

use crate::json::{self, Form, Json};
use crate::shared::{Outcome, Stop, ip_address, name_server, outside, say};

const DETAILS: &str = "\
The report goes to standard output. Its last line is `EHLO NAME`. If there is no usable name, the
reasons and the line of configuration that would fix it go to standard error.

With --json, standard output is the report as one JSON document on one line. The name is its field
`name`, which is null if there is none.

Exit codes: 0 for a name, 1 for none, 2 for wrong options.

Examples:
  helo explain
  helo explain --client-address 192.0.2.10
  helo explain --configured mail.example.com --policy strict
  helo explain --outside public
  helo explain | tail -n 1";

/// Say which name this machine would send in EHLO, and why
#[derive(clap::Args)]
#[command(after_help = DETAILS)]
pub(crate) struct Options {
    /// The name that the operator wants, in place of the variable HELO_NAME
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    configured: Option<String>,
    /// The address that servers see; give it once for IPv4 and once for IPv6
    #[arg(long, value_name = "IP", value_parser = ip_address)]
    client_address: Vec<IpAddr>,
    /// The host name, in place of the operating system's
    #[arg(long, value_name = "RAW", allow_hyphen_values = true)]
    host_name: Option<OsString>,
    /// The server that mail goes to; nothing is sent there
    #[arg(long, value_name = "HOST:PORT")]
    server: Option<String>,
    /// The domain of the sender, a candidate under --policy submission
    #[arg(long, value_name = "DOMAIN", allow_hyphen_values = true)]
    sender_domain: Option<String>,
    /// The last resort of a program behind NAT, sent under --policy submission only
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    fallback: Option<String>,
    /// Ask this name server only
    #[arg(long, value_name = "IP:PORT", value_parser = name_server)]
    dns: Option<SocketAddr>,
    /// Ask this one outside the network as well, IP:PORT or `public`; its view decides
    #[arg(long, value_name = "SERVER", value_parser = outside)]
    outside: Option<Resolver>,
    /// Which names may be sent [default: standard]
    #[arg(long)]
    policy: Option<Policy>,
    /// How long everything may take
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    #[arg(allow_hyphen_values = true)]
    deadline: Duration,
    #[command(flatten)]
    json: Json,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Policy {
    Strict,
    Standard,
    Submission,
}

pub(crate) fn run(options: Options) -> Outcome {
    let form = options.json.form()?;
    let outside = options.outside.clone();
    let resolve = resolve(options)?;
    let report = match outside {
        Some(outside) => resolve.outside(outside).report_blocking(),
        None => resolve.report_blocking(),
    };
    match form {
        Form::Json => say(json::document(&report)),
        Form::Text => say(&report),
    }
    let name = report.name()?;
    if let Form::Text = form {
        say(format_args!("EHLO {name}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn resolve(options: Options) -> Result<Resolve<Resolver>, Stop> {
    let mut resolve = HeloName::resolve()
        .configured(options.configured.as_deref())
        .sender_domain(options.sender_domain.as_deref())
        .fallback(options.fallback.as_deref())
        .deadline(options.deadline);
    for address in options.client_address {
        resolve = resolve.client_address(address);
    }
    if let Some(raw) = options.host_name {
        resolve = resolve.host_name(raw);
    }
    if let Some(server) = options.dns {
        resolve = resolve.dns(Resolver::asking([server]));
    }
    resolve = match options.policy {
        Some(Policy::Strict) => resolve.policy(Strict),
        Some(Policy::Standard) => resolve.policy(Standard),
        Some(Policy::Submission) => resolve.policy(Submission),
        None => resolve,
    };
    match options.server {
        Some(server) => Ok(resolve.server(look_up(&server, options.deadline)?)),
        None => Ok(resolve),
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok();
    let deadline = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    deadline.ok_or("give a number of seconds, as in 5 or 0.5")
}

/// Looks the server up as a mailer would, by the operating system, which may take much longer than
/// the deadline.
fn look_up(server: &str, deadline: Duration) -> Result<SocketAddr, Stop> {
    let (found, answer) = mpsc::channel();
    let name = server.to_owned();
    thread::spawn(move || {
        let address = name.to_socket_addrs().ok().and_then(|mut all| all.next());
        // After the deadline nobody receives it.
        let _ = found.send(address);
    });
    let address = answer.recv_timeout(deadline).ok().flatten();
    address.ok_or_else(|| {
        let what = format!("--server {server}: give HOST:PORT, and a host that can be found");
        Stop::Usage(what)
    })
}
