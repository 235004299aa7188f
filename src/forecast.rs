//! What well-known servers would answer to the candidates, as far as the DNS answers of the
//! resolution tell.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::dns::{Answer, Facts, Family};
use crate::escape::{Excerpt, list};
use crate::name::HeloName;
use crate::policy::Decision;
use crate::receivers::{Basis, Ehlo, Profile, Server, Verdict};
use crate::resolve::{Considered, Resolution, Warning};
use crate::smtp::Stage;
use crate::verify::Finding;

/// How many candidates are forecast.
const MOST: usize = 10;

/// The server that the forecast is for. No rule here depends on its name, unless a client gives
/// itself the same.
const SERVER: &str = "mx.example.net";

/// Stands for the argument in a reply.
const ARGUMENT: &str = "..";

/// What well-known servers would answer to a candidate.
///
/// The profiles are those of [`receivers`](crate::receivers). Nothing more is asked: a profile is
/// open if it depends on an answer that the resolution did not need (an MX record, the other
/// family).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    what: String,
    accepted: usize,
    open: Vec<&'static str>,
    refusals: Vec<Refusal>,
}

/// A reply with which a server would refuse a candidate, in one or several of its configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    server: &'static str,
    profiles: Vec<&'static str>,
    stages: Vec<Stage>,
    reply: String,
}

impl Forecast {
    /// Returns the candidate, as a report line has it.
    #[must_use]
    pub fn candidate(&self) -> &str {
        &self.what
    }

    /// Returns how many profiles would accept it.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Returns the profiles whose answer depends on more than is known.
    #[must_use]
    pub fn open(&self) -> &[&'static str] {
        &self.open
    }

    /// Returns the refusals; equal replies of one server are grouped.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    fn add(&mut self, profile: &Profile, verdict: &Verdict, argument: &[u8]) {
        let reply = reply_without(verdict, argument);
        let alike = self
            .refusals
            .iter_mut()
            .find(|refusal| refusal.server == profile.server() && refusal.reply == reply);
        match alike {
            Some(refusal) => {
                refusal.profiles.push(profile.name());
                let is_new = |stage: &Stage| !refusal.stages.contains(stage);
                if let Some(stage) = verdict.stage().filter(is_new) {
                    refusal.stages.push(stage);
                }
            }
            None => self.refusals.push(Refusal {
                server: profile.server(),
                profiles: vec![profile.name()],
                stages: verdict.stage().into_iter().collect(),
                reply,
            }),
        }
    }
}

impl Refusal {
    /// Returns the server, as in `Postfix`.
    #[must_use]
    pub fn server(&self) -> &'static str {
        self.server
    }

    /// Returns the profiles, as in `postfix-nonfqdn`.
    #[must_use]
    pub fn profiles(&self) -> &[&'static str] {
        &self.profiles
    }

    /// Returns the commands that may get this reply.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Returns the reply in one line: code, enhanced code, text with `..` for the argument; escaped
    /// and cut.
    #[must_use]
    pub fn reply(&self) -> &str {
        &self.reply
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages: Vec<String> = self.stages.iter().map(|stage| stage.verb()).collect();
        let all = Profile::all().filter(|profile| profile.server() == self.server);
        write!(
            f,
            "{} ({} of {}) {} (at {})",
            self.server,
            self.profiles.len(),
            all.count(),
            self.reply,
            stages.join(" or ")
        )
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Profile::all().count();
        write!(
            f,
            "{}: accepted by {} of {all} profiles",
            self.what, self.accepted
        )?;
        if !self.open.is_empty() {
            write!(f, ", not known: {}", self.open.join(" "))?;
        }
        if !self.refusals.is_empty() {
            write!(f, "; refused by {}", list(&self.refusals))?;
        }
        Ok(())
    }
}

impl Resolution {
    /// Returns what well-known servers would answer: for the chosen name first, then for the
    /// refused candidates.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    ///
    /// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
    /// let report = Resolve::new(zone).configured("mail.example.com").report_blocking();
    /// assert!(report.forecasts()[0].accepted() > 0);
    /// ```
    #[must_use]
    pub fn forecasts(&self) -> Vec<Forecast> {
        let client = self.clients().first().map(|client| client.address());
        let known = self.seen_by_the_world();
        let chosen = self.plan().ok().map(|plan| plan.first().name());
        let is_chosen = |considered: &&Considered| chosen.is_some() && considered.name() == chosen;
        let is_refused = |considered: &&Considered| considered.decision() == Decision::Reject;
        let considered = || self.considered().iter();
        let first = considered().find(is_chosen);
        let others = considered().filter(|other| is_refused(other) && !is_chosen(other));
        let forecast = |considered: &Considered| {
            let argument = considered.argument()?;
            Some(judge(considered, argument, client, &known))
        };
        let told = first.into_iter().chain(others).take(MOST);
        told.filter_map(forecast).collect()
    }

    /// The answers that a server elsewhere would get, too: those that are known, without addresses
    /// inside the network, and without those of a resolver that answers everything.
    fn seen_by_the_world(&self) -> Facts {
        let mut facts = self.facts().clone().without_not_known();
        let answers_everything = self.warnings().contains(&Warning::AnswersEverything);
        let is_inside = |considered: &Considered| {
            let mut findings = considered.findings().iter();
            findings.any(|about| about.finding == Finding::Inside)
        };
        let unseen = self.considered().iter();
        for considered in unseen.filter(|considered| answers_everything || is_inside(considered)) {
            for (name, family) in considered
                .name()
                .into_iter()
                .flat_map(|name| Family::ALL.into_iter().map(move |family| (name, family)))
            {
                facts.take_addresses(name.as_str(), family);
            }
        }
        facts
    }
}

fn judge(
    considered: &Considered,
    argument: &[u8],
    client: Option<IpAddr>,
    facts: &Facts,
) -> Forecast {
    let server = Server::new(SERVER);
    let address = client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    // A server that judges by syntax looks the client up for its greeting only, so any answer will
    // do.
    let mut for_syntax = facts.clone();
    for_syntax.insert_names(address, Answer::nx_domain());
    let mut forecast = Forecast {
        what: what(considered, client),
        accepted: 0,
        open: Vec::new(),
        refusals: Vec::new(),
    };
    for profile in Profile::all() {
        let ehlo = Ehlo {
            argument: Some(argument),
            client: address,
            server: &server,
            facts: match profile.basis() {
                Basis::Dns => facts,
                Basis::Syntax => &for_syntax,
            },
        };
        // Without a client address nothing can be said that depends on it.
        let is_open = client.is_none() && profile.basis() == Basis::Dns;
        match profile.judge(&ehlo) {
            Ok(_) if is_open => forecast.open.push(profile.name()),
            Ok(verdict) if verdict.is_accepted() => forecast.accepted += 1,
            Ok(verdict) => forecast.add(profile, &verdict, argument),
            Err(_) => forecast.open.push(profile.name()),
        }
    }
    forecast
}

/// What is judged: the name if there is one, otherwise the raw text; and the client address.
fn what(considered: &Considered, client: Option<IpAddr>) -> String {
    let text = considered.name().map_or(considered.raw(), HeloName::as_str);
    let what = format!("{} \"{text}\"", considered.source());
    match client {
        Some(address) => format!("{what} from {address}"),
        None => what,
    }
}

/// The reply, with `..` for what was sent, so that alike replies are the same and hostile text is
/// not repeated.
fn reply_without(verdict: &Verdict, argument: &[u8]) -> String {
    let text = String::from_utf8_lossy(verdict.text());
    let argument = String::from_utf8_lossy(argument);
    let text = without_word(&text, &argument);
    let enhanced = verdict
        .enhanced()
        .map_or(String::new(), |enhanced| format!("{enhanced} "));
    format!(
        "{} {enhanced}{}",
        verdict.code(),
        Excerpt::new(text.as_bytes()).up_to(120)
    )
}

/// Replaces whole words with `..`: a host called `host` must not damage `hostname`.
fn without_word(text: &str, word: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || "-._".contains(character);
    let mut rest = text;
    let mut result = String::with_capacity(text.len());
    while let Some(at) = rest.find(word).filter(|_| !word.is_empty()) {
        let (before, from) = rest.split_at(at);
        let after = &from[word.len()..];
        result.push_str(before);
        // A full stop may follow, but no further label.
        let end = after.strip_prefix('.').unwrap_or(after);
        let is_alone = !result.ends_with(is_part) && !end.starts_with(is_part);
        result.push_str(if is_alone { ARGUMENT } else { word });
        rest = after;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::without_word;
    use crate::each::each;

    #[test]
    fn what_was_sent_is_left_out_where_it_stands_alone() {
        let cases = [
            (
                "<host>: need fully-qualified hostname",
                "host",
                "<..>: need fully-qualified hostname",
            ),
            ("HELO e does not exist.", "e", "HELO .. does not exist."),
            (
                "HELO e does not resolve e.",
                "e",
                "HELO .. does not resolve ...",
            ),
            (
                "postmaster@mx.example.net",
                "mx",
                "postmaster@mx.example.net",
            ),
            ("bogus HELO name used: mx", "mx", "bogus HELO name used: .."),
            ("nothing", "", "nothing"),
        ];
        each(cases, |(text, word, expected)| {
            assert_eq!(without_word(text, word), expected, "{text}");
        });
    }
}
