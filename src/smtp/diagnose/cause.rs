//! What a refusal is about, and what an operator can do about it: one row per cause.

use std::fmt;

/// Names what a refusal is about.
///
/// ```
/// use helo_name::Cause;
///
/// assert_eq!(Cause::NotFqdn.as_str(), "not-fqdn");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The name is on a blocklist of domains.
    Blocklisted,
    /// The server does not know the verb: an LMTP server, or a device that hides `EHLO`.
    EhloUnsupported,
    /// The server takes no address literal, or not of this kind.
    LiteralNotAllowed,
    /// The name is `localhost` or another that belongs to every host, or it is the server's own.
    LocalOrOwnName,
    /// The name has no address, or no PTR, that is the client's.
    MismatchIp,
    /// The client's address has no PTR, or none that the server likes.
    NoPtr,
    /// The name has one label only.
    NotFqdn,
    /// Something else: the sender, the recipient, the message, the server itself.
    NotHelo,
    /// The server's operator does not want this name, or names of its kind.
    PolicyDenied,
    /// The SPF record of the name does not permit the client's address.
    SpfHeloFail,
    /// The name, or the command, is not written as the server reads it.
    Syntax,
    /// The server could not judge the name now.
    Temporary,
    /// The server wants TLS or a log-in first.
    TlsOrAuthRequired,
    /// The name holds an underscore.
    Underscore,
    /// The name does not exist in DNS, or has no address.
    Unresolvable,
}

/// Says whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    Ours,
    NotOurs,
}

/// Holds what is said about a cause.
struct Row {
    word: &'static str,
    advice: &'static str,
    /// The advice when the name is not to blame, where that is another one.
    not_ours: Option<&'static str>,
}

impl Cause {
    const fn row(self) -> Row {
        const fn row(word: &'static str, advice: &'static str) -> Row {
            Row {
                word,
                advice,
                not_ours: None,
            }
        }
        match self {
            Cause::Blocklisted => row(
                "blocklisted",
                "Change the name or have it delisted: the name in EHLO is on a blocklist of \
                 domains; ask the list named in the reply.",
            ),
            Cause::EhloUnsupported => row(
                "ehlo-unsupported",
                "Change nothing about the name: the server does not know the verb; check that host \
                 and port are an SMTP server's, not an LMTP server's, and that no firewall \
                 rewrites SMTP.",
            ),
            Cause::LiteralNotAllowed => row(
                "literal-not-allowed",
                "Change the name: send a fully-qualified host name instead of an address literal.",
            ),
            Cause::LocalOrOwnName => row(
                "local-or-own-name",
                "Change the name: send the public name of this host, not localhost and not a name \
                 of the server you talk to.",
            ),
            Cause::MismatchIp => row(
                "mismatch-ip",
                "Change DNS or the egress address: the name in EHLO, its A or AAAA record and the \
                 PTR of the address servers see have to agree.",
            ),
            Cause::NoPtr => row(
                "no-ptr",
                "Change the PTR: ask whoever owns the address servers see for a PTR to a name \
                 whose A or AAAA record is that address; another name in EHLO does not help.",
            ),
            Cause::NotFqdn => row(
                "not-fqdn",
                "Change the name: send a fully-qualified host name, with its domain, such as \
                 mail.example.com.",
            ),
            Cause::NotHelo => row(
                "not-helo",
                "Change nothing about the name: the reply is about something else; read its text.",
            ),
            Cause::PolicyDenied => row(
                "policy-denied",
                "Change the name: the server refuses this one by a rule of its own; send the name \
                 to which the PTR of the egress address points, without numbers of the address in \
                 it.",
            ),
            Cause::SpfHeloFail => row(
                "spf-helo-fail",
                "Change DNS: publish an SPF record at the name in EHLO that permits the egress \
                 address, such as `v=spf1 a -all`.",
            ),
            Cause::Syntax => row(
                "syntax",
                "Change the name: send a host name of letters, digits, hyphens and dots, or an \
                 address literal in brackets with `IPv6:` before an IPv6 address.",
            ),
            Cause::Temporary => Row {
                word: "temporary",
                advice: "Change nothing yet: the server could not look the name up; if it lasts, \
                         check the name servers of its domain in DNS.",
                not_ours: Some(
                    "Change nothing: the server is not ready to judge; try again later.",
                ),
            },
            Cause::TlsOrAuthRequired => row(
                "tls-or-auth-required",
                "Change TLS or AUTH: the server wants STARTTLS or a log-in before this command; \
                 the name is not at fault.",
            ),
            Cause::Underscore => row(
                "underscore",
                "Change the name: send one without underscore that exists in DNS.",
            ),
            Cause::Unresolvable => row(
                "unresolvable",
                "Change DNS or the name: give the name in EHLO an A or AAAA record, or send a name \
                 that has one.",
            ),
        }
    }

    /// Returns the name in kebab case: `not-fqdn`, `not-helo`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().word
    }

    /// Returns what to change, and where.
    pub(super) const fn advice(self, blame: Blame) -> &'static str {
        let row = self.row();
        match (blame, row.not_ours) {
            (Blame::NotOurs, Some(advice)) => advice,
            _ => row.advice,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
