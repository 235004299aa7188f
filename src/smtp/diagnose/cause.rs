//! What a refusal is about, and what an operator can do about it: one row per cause.

use crate::kinds::kinds;

kinds! {
    /// What a refusal is about.
    ///
    /// ```
    /// use helo_name::smtp::Cause;
    ///
    /// assert_eq!(Cause::NotFqdn.as_str(), "not-fqdn");
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Cause {
        /// The name is on a blocklist of domains.
        Blocklisted = "blocklisted"
            => "Change the name or have it delisted: the name in EHLO is on a blocklist of \
                domains; ask the list named in the reply.";
        /// The client's address is on a list, in ill repute, or assigned dynamically.
        ClientListed = "client-listed"
            => "Change nothing about the name unless it is a bad one: the client's address is on \
                a list, in ill repute or dynamic; ask the list or server that the reply names, \
                and know that a bad EHLO alone can put an address on a list (Spamhaus CSS, XBL).";
        /// The server does not know the verb: an LMTP server, or a device that hides `EHLO`.
        EhloUnsupported = "ehlo-unsupported"
            => "Change nothing about the name: the server does not know the verb; check that \
                host and port are an SMTP server's, not an LMTP server's, and that no firewall \
                rewrites SMTP.";
        /// The server takes no address literal, or not of this kind.
        LiteralNotAllowed = "literal-not-allowed"
            => "Change the name: send a fully-qualified host name instead of an address literal.";
        /// The name is `localhost` or another that belongs to every host, or it is the server's own.
        LocalOrOwnName = "local-or-own-name"
            => "Change the name: send the public name of this host, not localhost and not a name \
                of the server you talk to.";
        /// The name has no address, or no PTR, that is the client's.
        MismatchIp = "mismatch-ip"
            => "Change DNS or the egress address: the name in EHLO, its A or AAAA record and the \
                PTR of the address servers see have to agree.";
        /// The client's address has no PTR, or none that the server likes.
        NoPtr = "no-ptr"
            => "Change the PTR: ask whoever owns the address servers see for a PTR to a name \
                whose A or AAAA record is that address; another name in EHLO does not help.";
        /// The name has one label only.
        NotFqdn = "not-fqdn"
            => "Change the name: send a fully-qualified host name, with its domain, such as \
                mail.example.com.";
        /// Something else: the sender, the recipient, the message, the server itself.
        NotHelo = "not-helo"
            => "Change nothing about the name: the reply is about something else; read its text.";
        /// The server's operator does not want this name, or names of its kind.
        PolicyDenied = "policy-denied"
            => "Change the name: the server refuses this one by a rule of its own; send the name \
                to which the PTR of the egress address points, without numbers of the address in \
                it.";
        /// The SPF record of the name does not permit the client's address.
        SpfHeloFail = "spf-helo-fail"
            => "Change DNS: publish an SPF record at the name in EHLO that permits the egress \
                address, such as `v=spf1 a -all`.";
        /// The name, or the command, is not written as the server reads it.
        Syntax = "syntax"
            => "Change the name: send a host name of letters, digits, hyphens and dots, or an \
                address literal in brackets with `IPv6:` before an IPv6 address.";
        /// The server could not judge the name now.
        Temporary = "temporary"
            => "Change nothing yet: the server could not look the name up; if it lasts, check \
                the name servers of its domain in DNS.";
        /// The server wants TLS or a log-in first.
        TlsOrAuthRequired = "tls-or-auth-required"
            => "Change TLS or AUTH: the server wants STARTTLS or a log-in before this command; \
                the name is not at fault.";
        /// The name holds an underscore.
        Underscore = "underscore"
            => "Change the name: send one without underscore that exists in DNS.";
        /// The name does not exist in DNS, or has no address.
        Unresolvable = "unresolvable"
            => "Change DNS or the name: give the name in EHLO an A or AAAA record, or send a \
                name that has one.";
    }
    texts(advice)
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    Ours,
    NotOurs,
}

impl Cause {
    /// Returns what to change, and where.
    pub(super) const fn advice_for(self, blame: Blame) -> &'static str {
        match (self, blame) {
            (Self::Temporary, Blame::NotOurs) => {
                "Change nothing: the server is not ready to judge; try again later."
            }
            _ => self.advice(),
        }
    }
}
