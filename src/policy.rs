//! Decides which candidates may be sent. Three policies are ready to use, and you can write your
//! own.
//!
//! A [`FallbackPolicy`] is asked about every legal candidate before anything is sent. It sees the
//! candidate, the finding about it and the scope of the server; it never sees the network. It
//! answers [`Decision::Permit`], [`Decision::Hold`] (after every permitted name) or
//! [`Decision::Reject`]. A policy does not order the names that it permits.
//!
//! In the tables P is permit, H hold, R reject, and ! adds a warning to the report. The findings
//! are those of [`verify`](crate::verify). [`Standard`] is the default.
//!
//! | | wants | for |
//! | --- | --- | --- |
//! | [`Strict`] | verified names only | an MTA whose mail must not be refused |
//! | [`Standard`] | verified names first, the operator's always | a mailer that delivers by MX |
//! | [`Submission`] | as `Standard`, also sender domains, private literals | mail by a smart host |
//!
//! ```
//! use helo_name::{Candidate, Decision, FallbackPolicy, HeloName, Source};
//! use helo_name::policy::{Judged, Standard};
//! use helo_name::verify::Finding;
//!
//! let candidate = Candidate::new(HeloName::from_static("mail.example.com"), Source::HostName);
//! assert_eq!(Standard.judge(&Judged::new(&candidate, Finding::Match)), Decision::Permit);
//! assert_eq!(Standard.judge(&Judged::new(&candidate, Finding::NoAddress)), Decision::Reject);
//! ```

use std::net::IpAddr;

pub use crate::candidate::{Candidate, Qualifier, Source};
use crate::kinds::kinds;
use crate::name::{HeloName, Scope};
use crate::verify::Finding;

kinds! {
    /// The decision of a policy about a candidate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(clippy::exhaustive_enums, reason = "every name is permitted, held or rejected")]
    pub enum Decision {
        /// It may be sent.
        Permit = "permit";
        /// It may be sent when no permitted name is left.
        Hold = "hold";
        /// It is not sent.
        Reject = "reject";
    }
}

/// What a policy sees: a candidate, a finding about it, and the scope of the server.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    candidate: &'a Candidate,
    finding: Finding,
    client: Option<IpAddr>,
    server: Option<Scope>,
}

impl<'a> Judged<'a> {
    /// Puts a candidate and a finding together. Client address and server are not known.
    #[must_use]
    pub fn new(candidate: &'a Candidate, finding: Finding) -> Self {
        Self {
            candidate,
            finding,
            client: None,
            server: None,
        }
    }

    /// Sets the client address that the finding is about.
    #[must_use]
    pub fn for_client(mut self, client: IpAddr) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the scope of the server's address.
    #[must_use]
    pub fn towards(mut self, server: Scope) -> Self {
        self.server = Some(server);
        self
    }

    /// Returns the candidate.
    #[must_use]
    pub fn candidate(&self) -> &'a Candidate {
        self.candidate
    }

    /// Returns the candidate's name.
    #[must_use]
    pub fn name(&self) -> &'a HeloName {
        self.candidate.name()
    }

    /// Returns where the candidate came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.candidate.source()
    }

    /// Returns what the DNS answers mean.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// Returns the client address that the finding is about, if it is known.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client
    }

    /// Returns the scope of the server's address, if the server is known.
    #[must_use]
    pub fn server_scope(&self) -> Option<Scope> {
        self.server
    }

    /// Returns whether an operator has to know when this candidate is sent: the DNS does not
    /// confirm it. For the literal of the client address there is nothing to look up.
    #[must_use]
    pub fn needs_warning(&self, decision: Decision) -> bool {
        let is_derived_literal = matches!(self.source(), Source::Literal(_));
        decision != Decision::Reject && !self.finding.is_good() && !is_derived_literal
    }
}

/// Decides which candidates may be sent.
///
/// The same question may be asked more than once, and must get the same answer. The answer for a
/// name that the operator configured should be [`Decision::Permit`] or [`Decision::Reject`]; a
/// rejected one is an error, and no other name is sent in its place.
pub trait FallbackPolicy: Send + Sync {
    /// Decides about one candidate and one finding.
    fn judge(&self, judged: &Judged<'_>) -> Decision;
}

impl<P: FallbackPolicy + ?Sized> FallbackPolicy for Box<P> {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        (**self).judge(judged)
    }
}

impl<P: FallbackPolicy + ?Sized> FallbackPolicy for &P {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        (**self).judge(judged)
    }
}

/// A closure as a policy; made by [`Resolve::policy_fn`](crate::Resolve::policy_fn).
pub(crate) struct PolicyFn<F>(pub(crate) F);

impl<F: Fn(&Judged<'_>) -> Decision + Send + Sync> FallbackPolicy for PolicyFn<F> {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        (self.0)(judged)
    }
}

/// Permits only verified names.
///
/// | `Strict` | Match | Resolves | Inside | Unknown | Mismatch | NotPublic | NoAddress |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | configured, HELO_NAME | P | R | R | R | R | R | R |
/// | PTR name | P | R | R | R | R | R | R |
/// | host name, `/etc/mailname`, dotted as given | P | R | R | R | R | R | R |
/// | host name, qualified (hosts file, resolver's or given domain) | P | R | R | R | R | R | R |
/// | sender domain | P | R | R | R | R | R | R |
/// | fallback name | R | R | R | R | R | R | R |
/// | literal of the public client address | R | R | R | R | R | R | R |
///
/// An operator's literal must be the client address; a derived one is never sent. Where the DNS did
/// not say, the error is of the kind "try again", also for a configured name. A name or literal
/// that is not public is rejected.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct Strict;

impl FallbackPolicy for Strict {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        let is_public = judged.candidate.scope() == Scope::Public;
        match (judged.source(), judged.finding) {
            (Source::Fallback | Source::Literal(_), _) => Decision::Reject,
            (_, Finding::Match) if is_public => Decision::Permit,
            _ => Decision::Reject,
        }
    }
}

/// Prefers verified names, and trusts the operator.
///
/// | `Standard` | Match | Resolves | Inside | Unknown | Mismatch | NotPublic | NoAddress |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | configured, HELO_NAME | P | P | P! | P! | P! | P! | P! |
/// | PTR name | P | R | H | H | R | R | R |
/// | host name, `/etc/mailname`, dotted as given | P | P | H | H | H | R | R |
/// | host name, qualified (hosts file, resolver's or given domain) | P | H | H | R | R | R | R |
/// | sender domain | R | R | R | R | R | R | R |
/// | fallback name | R | R | R | R | R | R | R |
/// | literal of the public client address | H | H | H | H | H | H | H |
///
/// A configured name that is not public (`mail.corp.internal`) is permitted, with a warning,
/// towards a private or loopback server, and rejected otherwise. A loopback literal is for a
/// loopback server; a private literal needs [`Submission`].
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct Standard;

impl FallbackPolicy for Standard {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        match judged.source() {
            Source::Configured | Source::Environment => {
                judge_operators(judged, PrivateLiterals::Never)
            }
            // A private name needs `Submission` (R22).
            _ if judged.name().is_domain() && judged.candidate.scope() != Scope::Public => {
                Decision::Reject
            }
            Source::HostName | Source::Mailname => match judged.finding {
                Finding::Match | Finding::Resolves => Decision::Permit,
                Finding::Inside | Finding::Unknown | Finding::Mismatch => Decision::Hold,
                Finding::NotPublic | Finding::NoAddress => Decision::Reject,
            },
            Source::Literal(_) => match judged.candidate.scope() {
                Scope::Public => Decision::Hold,
                Scope::Loopback | Scope::Private | Scope::Reserved => Decision::Reject,
            },
            Source::Ptr(_) => match judged.finding {
                Finding::Match => Decision::Permit,
                Finding::Inside | Finding::Unknown => Decision::Hold,
                _ => Decision::Reject,
            },
            Source::Qualified(_) => match judged.finding {
                Finding::Match => Decision::Permit,
                Finding::Resolves | Finding::Inside => Decision::Hold,
                _ => Decision::Reject,
            },
            Source::Fallback | Source::SenderDomain => Decision::Reject,
        }
    }
}

/// As [`Standard`], for mail to your own provider or smart host, which knows the client by its
/// password or its network rather than by its name.
///
/// | `Submission` | Match | Resolves | Inside | Unknown | Mismatch | NotPublic | NoAddress |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | configured, HELO_NAME | P | P | P! | P! | P! | P! | P! |
/// | PTR name | P | R | H | H | R | R | R |
/// | host name, `/etc/mailname`, dotted as given | P | P | H | H | H | R | R |
/// | host name, qualified (hosts file, resolver's or given domain) | P | H | H | R | R | R | R |
/// | sender domain | P | H | H | H | R | R | R |
/// | fallback name | H | H | H | H | H | H | H |
/// | literal of the public client address | H | H | H | H | H | H | H |
/// | private host name, towards a private server | P | R | R | R | R | R | R |
/// | private literal, towards a private server | H | H | H | H | H | H | H |
/// | loopback literal, towards a loopback server | H | H | H | H | H | H | H |
///
/// The sender domain must be one whose hosts you run, never a user's mailbox domain: no one else
/// may say `EHLO gmail.com`. A configured private literal is permitted towards a private server.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct Submission;

impl FallbackPolicy for Submission {
    fn judge(&self, judged: &Judged<'_>) -> Decision {
        match (judged.source(), judged.finding) {
            (Source::Configured | Source::Environment, _) => {
                judge_operators(judged, PrivateLiterals::ToPrivateServers)
            }
            (_, Finding::Match) if is_private_towards_private(judged) => Decision::Permit,
            (Source::Fallback, _) => Decision::Hold,
            (Source::SenderDomain, Finding::Match) => Decision::Permit,
            (Source::SenderDomain, Finding::Resolves | Finding::Inside | Finding::Unknown) => {
                Decision::Hold
            }
            (Source::Literal(_), _) => match (judged.candidate.scope(), judged.server) {
                (Scope::Public, _)
                | (Scope::Private, Some(Scope::Private))
                | (Scope::Loopback, Some(Scope::Loopback)) => Decision::Hold,
                _ => Decision::Reject,
            },
            _ => Standard.judge(judged),
        }
    }
}

/// Returns whether a name that means something in a private network goes to a server there.
fn is_private_towards_private(judged: &Judged<'_>) -> bool {
    let is_private = judged.candidate.scope() == Scope::Private;
    judged.name().is_domain() && is_private && judged.server == Some(Scope::Private)
}

/// Where a private literal may go (R22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PrivateLiterals {
    Never,
    ToPrivateServers,
}

/// R18: the operator's name is sent as it is, or refused loudly: it is refused where no server
/// could understand it.
fn judge_operators(judged: &Judged<'_>, private_literals: PrivateLiterals) -> Decision {
    let is_literal = judged.name().is_literal();
    match (judged.candidate.scope(), judged.server) {
        (Scope::Public, _) => Decision::Permit,
        (_, Some(Scope::Private | Scope::Loopback)) if !is_literal => Decision::Permit,
        (Scope::Loopback, Some(Scope::Loopback)) => Decision::Permit,
        (Scope::Private, Some(Scope::Private))
            if private_literals == PrivateLiterals::ToPrivateServers =>
        {
            Decision::Permit
        }
        _ => Decision::Reject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    /// Reads the decision table of a policy from its docs: rows of a name and one cell per finding.
    fn table(policy: &str) -> Vec<(&'static str, Vec<&'static str>)> {
        let docs = include_str!("policy.rs");
        let heading = format!("/// | `{policy}` |");
        let mut rows = docs.lines().skip_while(|line| !line.starts_with(&heading));
        let cells = |line: &'static str| -> Vec<&'static str> {
            line.trim_start_matches("/// |")
                .trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect()
        };
        let findings: Vec<_> = cells(rows.next().expect("the heading")).split_off(1);
        let words = [
            "Match",
            "Resolves",
            "Inside",
            "Unknown",
            "Mismatch",
            "NotPublic",
            "NoAddress",
        ];
        assert_eq!(findings, words, "{policy}");
        let body = rows.skip(1).take_while(|line| line.starts_with("/// |"));
        body.map(cells)
            .map(|mut row| (row.remove(0), row))
            .collect()
    }

    /// The candidates that a row of the tables is about, and the server they are judged for.
    fn candidates(row: &str) -> Vec<(&'static str, Source, Option<Scope>)> {
        use Scope::{Loopback, Private};
        use Source::{
            Configured, Environment, Fallback, HostName, Literal, Mailname, Ptr, Qualified,
            SenderDomain,
        };
        let client = IpAddr::from([203, 0, 114, 5]);
        let of = |source| ("mail.example.com", source, None);
        match row {
            "configured, HELO_NAME" => vec![
                of(Configured),
                of(Environment),
                ("mail.corp.internal", Configured, Some(Private)),
                ("mail.corp.internal", Environment, Some(Loopback)),
            ],
            "PTR name" => vec![of(Ptr(client))],
            "host name, `/etc/mailname`, dotted as given" => {
                vec![of(HostName), ("mail.example.com", Mailname, Some(Private))]
            }
            "host name, qualified (hosts file, resolver's or given domain)" => vec![
                of(Qualified(Qualifier::HostsFile)),
                of(Qualified(Qualifier::ResolverDomain)),
                of(Qualified(Qualifier::GivenDomain)),
            ],
            "sender domain" => vec![("example.com", SenderDomain, None)],
            "fallback name" => vec![("client.example.com", Fallback, None)],
            "literal of the public client address" => {
                vec![("[203.0.114.5]", Literal(client), None)]
            }
            "private host name, towards a private server" => [HostName, Mailname]
                .map(|source| ("app1.corp.internal", source, Some(Private)))
                .into(),
            "private literal, towards a private server" => {
                let address = IpAddr::from([10, 0, 0, 1]);
                vec![("[10.0.0.1]", Literal(address), Some(Private))]
            }
            "loopback literal, towards a loopback server" => {
                let address = IpAddr::from([127, 0, 0, 1]);
                vec![("[127.0.0.1]", Literal(address), Some(Loopback))]
            }
            other => unreachable!("a row that no test knows: {other}"),
        }
    }

    fn check(name: &str, policy: &dyn FallbackPolicy) {
        let table = table(name);
        assert!(!table.is_empty(), "{name}");
        for (row, cells) in table {
            assert_eq!(cells.len(), Finding::ALL.len(), "{name}: {row}");
            for (text, source, server) in candidates(row) {
                let candidate =
                    Candidate::new(HeloName::parse(text).expect("a legal name"), source);
                // Under Strict only public names can match.
                if name == "Strict" && candidate.scope() != Scope::Public {
                    continue;
                }
                each(Finding::ALL.iter().zip(&cells), |(&finding, cell)| {
                    let mut judged = Judged::new(&candidate, finding);
                    judged.server = server;
                    let decision = policy.judge(&judged);
                    let shown = match decision {
                        Decision::Permit if judged.needs_warning(decision) => "P!",
                        Decision::Permit => "P",
                        Decision::Hold => "H",
                        Decision::Reject => "R",
                    };
                    assert_eq!(shown, *cell, "{name}: {row}: {text}: {finding:?}");
                });
            }
        }
    }

    #[test]
    fn each_policy_decides_as_the_table_in_its_docs_says() {
        check("Strict", &Strict);
        check("Standard", &Standard);
        check("Submission", &Submission);
    }

    #[test]
    fn literals_and_names_that_are_not_public_go_where_they_are_understood() {
        use Decision::{Permit, Reject};
        use Scope::{Loopback, Private, Public};
        // name, server, Standard, Submission
        let cases: &[(&str, Option<Scope>, Decision, Decision)] = &[
            ("[10.0.0.1]", None, Reject, Reject),
            ("[10.0.0.1]", Some(Public), Reject, Reject),
            ("[10.0.0.1]", Some(Private), Reject, Permit),
            ("[10.0.0.1]", Some(Loopback), Reject, Reject),
            ("[127.0.0.1]", Some(Private), Reject, Reject),
            ("[127.0.0.1]", Some(Loopback), Permit, Permit),
            ("[192.0.2.1]", Some(Private), Reject, Reject),
            ("mail.local", None, Reject, Reject),
            ("mail.local", Some(Public), Reject, Reject),
            ("mail.local", Some(Private), Permit, Permit),
            ("mail.local", Some(Loopback), Permit, Permit),
        ];
        each(cases, |(text, server, standard, submission)| {
            let candidate = Candidate::new(
                HeloName::parse(text).expect("a legal name"),
                Source::Configured,
            );
            let mut judged = Judged::new(&candidate, Finding::NotPublic);
            judged.server = *server;
            assert_eq!(
                Standard.judge(&judged),
                *standard,
                "Standard {text} {server:?}"
            );
            assert_eq!(
                Submission.judge(&judged),
                *submission,
                "Submission {text} {server:?}"
            );
            assert_eq!(Strict.judge(&judged), Reject, "Strict {text} {server:?}");
        });
    }

    #[test]
    fn a_boxed_policy_and_a_closure_are_policies() {
        let candidate = Candidate::new(
            HeloName::from_static("mail.example.com"),
            Source::Configured,
        );
        let judged = Judged::new(&candidate, Finding::Unknown);
        let boxed: Box<dyn FallbackPolicy> = Box::new(Strict);
        assert_eq!(boxed.judge(&judged), Decision::Reject);
        assert_eq!(
            PolicyFn(|_: &Judged<'_>| Decision::Hold).judge(&judged),
            Decision::Hold
        );
    }
}
