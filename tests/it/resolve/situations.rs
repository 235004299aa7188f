//! Situations of real hosts, each with the name that should go out: asked of a real DNS server.

use std::net::IpAddr;

use helo_name::dns::Resolver;
use helo_name::policy::{Standard, Strict, Submission};
use helo_name::{Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;

/// Situations that no rule covers yet.
const NOT_YET: &[&str] = &[];

/// A block of the file: what the DNS has, what the host is told, and what should come of it.
#[derive(Default)]
struct Situation<'a> {
    title: &'a str,
    zone: String,
    arguments: Vec<&'a str>,
    wanted: &'a str,
}

fn situations(text: &str) -> Vec<Situation<'_>> {
    let mut situations: Vec<Situation<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((mark, rest)) = line.split_once(' ') else {
            continue;
        };
        if mark == "=" {
            situations.push(Situation {
                title: rest,
                ..Situation::default()
            });
            continue;
        }
        let situation = situations.last_mut().expect("a title comes first");
        match mark {
            "z" => situation.zone.push_str(&format!("{}\n", zone_line(rest))),
            "a" => situation.arguments = rest.split(' ').collect(),
            "w" => situation.wanted = rest,
            other => unreachable!("no mark: {other}"),
        }
    }
    situations
}

/// The server wants a value after each type.
fn zone_line(line: &str) -> String {
    match line.split(' ').count() {
        2 => format!("{line} -"),
        _ => line.to_owned(),
    }
}

impl Situation<'_> {
    fn resolve(&self, server: &DnsServer) -> Resolution {
        let mut resolve = Resolve::new(Resolver::asking([server.address()]))
            .ignore_environment()
            .ignore_machine();
        for option in self.arguments.chunks(2) {
            let &[name, value] = option else {
                unreachable!("an option without value: {option:?}");
            };
            resolve = match name {
                "--client-address" => {
                    resolve.client_address(value.parse::<IpAddr>().expect("an address"))
                }
                "--configured" => resolve.configured(value),
                "--host-name" => resolve.host_name(value),
                "--policy" if value == "standard" => resolve.policy(Standard),
                "--policy" if value == "strict" => resolve.policy(Strict),
                "--policy" if value == "submission" => resolve.policy(Submission),
                "--sender-domain" => resolve.sender_domain(value),
                "--server" => resolve.server(value.parse().ok()),
                _ => unreachable!("no option of a situation: {name} {value}"),
            };
        }
        resolve.report_blocking()
    }

    fn check(&self) -> Result<(), String> {
        let server = DnsServer::start(&self.zone);
        let report = self.resolve(&server);
        let came = match report.name() {
            Ok(name) => format!("EHLO {name}"),
            Err(error) => format!("none {}", error.kind()),
        };
        if came == self.wanted {
            return Ok(());
        }
        Err(format!("{}\n{report}\nwanted {}", self.title, self.wanted))
    }

    fn is_not_yet(&self) -> bool {
        NOT_YET.iter().any(|id| self.title.starts_with(id))
    }
}

#[test]
fn the_name_that_should_go_out_goes_out() {
    let text = [
        include_str!("../../data/situations.txt"),
        include_str!("../../data/situations-world.txt"),
    ]
    .join("\n");
    let all = situations(&text);
    assert!(all.len() > 20, "{} situations", all.len());
    each(all, |situation| {
        let checked = situation.check();
        if situation.is_not_yet() {
            let title = situation.title;
            assert!(
                checked.is_err(),
                "{title}: it comes out right; take it off the list"
            );
            return;
        }
        assert!(checked.is_ok(), "{}", checked.unwrap_err());
    });
}
