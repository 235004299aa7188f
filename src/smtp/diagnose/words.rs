//! The vocabulary of refusals: what servers say, as tables of phrases, and how phrases are found.
//!
//! A comment on each table says which servers use its words, and at which command. What a table means is said where it is used.

use super::cause::Cause;

/// Holds text as words: lower case, apostrophes dropped, everything but letters and digits one space.
///
/// `HELO/EHLO argument "x" isn't fully-qualified` is ` helo ehlo argument x isnt fully qualified `, so phrases can be compared whatever
/// a server puts between the words.
pub(super) struct Words(String);

impl Words {
    pub(super) fn new(text: &str) -> Self {
        let mut words = String::with_capacity(text.len() + 2);
        words.push(' ');
        for char in text.chars() {
            match char {
                '\'' | '\u{2019}' => {}
                _ if char.is_alphanumeric() => words.extend(char.to_lowercase()),
                _ if words.ends_with(' ') => {}
                _ => words.push(' '),
            }
        }
        if !words.ends_with(' ') {
            words.push(' ');
        }
        Words(words)
    }

    /// Finds a phrase of whole words; with `*` at its end, the last word may go on.
    pub(super) fn has(&self, phrase: &str) -> bool {
        let (phrase, open) = match phrase.strip_suffix('*') {
            Some(phrase) => (phrase, true),
            None => (phrase, false),
        };
        self.0.match_indices(phrase).any(|(at, _)| {
            self.0[..at].ends_with(' ') && (open || self.0[at + phrase.len()..].starts_with(' '))
        })
    }

    pub(super) fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    pub(super) fn all_among(&self, phrases: &[&str]) -> bool {
        let mut words = self.0.split_ascii_whitespace().peekable();
        words.peek().is_some() && words.all(|word| phrases.contains(&word))
    }
}

/// The verbs as words of a text.
pub(super) const VERBS: &[&str] = &["helo", "ehlo"];

/// Words for the thing that `EHLO` carries. At EHLO and HELO they need no verb beside them.
pub(super) const NAME_NOUNS: &[&str] = &[
    "argument*",
    "domain*",
    "dns label*",
    "fqdn",
    "fully qualified",
    "host name*",
    "hostname*",
    "literal*",
    "name",
    "names",
];

/// Words that question who the client is. qpsmtpd, Haraka (`big_company`), Exim ACLs: at EHLO and HELO.
pub(super) const IDENTITY: &[&str] = &[
    "believe",
    "company",
    "forged",
    "impersonat*",
    "localhost",
    "pretend*",
    "who you",
    "you are quotedname",
    "you are not quotedname",
    "not the hostname",
    "not the host name",
    "not the name",
];

/// Claims of the server to be what the client said. vexim and HestiaCP at EHLO, MAIL or RCPT: `192.0.2.25 is _my_ address`.
pub(super) const OWN: &[&str] = &[
    "is my address",
    "is my host*",
    "is my ip",
    "is my name",
    "is our address",
    "is our host*",
    "is our ip",
    "is our name",
];

/// Subjects other than the name. They count where no verb stands beside the complaint.
pub(super) const OTHER_SUBJECTS: &[&str] = &[
    "bad commands",
    "certificate*",
    "client",
    "configur*",
    "connect*",
    "e mail",
    "email",
    "greylist*",
    "ip",
    "license*",
    "listed",
    "mail",
    "mailbox",
    "message*",
    "peer",
    "pipelin*",
    "protocol",
    "rate",
    "recipient*",
    "relay*",
    "remote",
    "sender*",
    "service",
    "spam",
    "synchroni*",
    "timeout",
    "too long",
    "too many",
    "user",
    "your address",
];

/// Words for the state of the server or of the line. With 501 and 504 at EHLO: `501 Server busy`, `504 Timeout waiting for command`.
pub(super) const SERVER_STATE: &[&str] = &[
    "again",
    "authori*",
    "busy",
    "closing",
    "firewall",
    "gateway",
    "later",
    "load",
    "network*",
    "overload*",
    "resource*",
    "server",
    "slow",
    "timed out",
    "tls",
    "unavailable",
    "waiting",
    "you are",
];

/// Subjects that make a clause doubtful even with a verb in it: the verb is one cause of several, or only part of a description.
///
/// policyd-weight at RCPT: `correct HELO and DNS MX settings or to get removed from DNSBLs`; Google at RCPT: `Mail relay denied
/// .. (as obtained from HELO and MAIL FROM)`; content filters at DATA: `invalid header: Received from HELO localhost`.
pub(super) const DOUBTS: &[&str] = &[
    "content filter*",
    "credential*",
    "dkim",
    "dmarc",
    "dnsbls",
    "greylist*",
    "header*",
    "mail from",
    "mx settings",
    "pipelin*",
    "recipient*",
    "relay",
    "relaying",
    "rspamd",
    "score*",
    "sender address",
    "spam",
    "spamassassin",
    "too many",
    "virus",
];

/// Phrases with which servers ask for the verb itself, when it is missing or comes twice: not a word about the name.
///
/// Postfix, Exim, sendmail, Courier, James, Exchange and Google at MAIL: `send HELO/EHLO first`, `HELO or EHLO required`,
/// `Polite people say HELO first`, `Need HELO or EHLO before MAIL`; Haraka at HELO: `HELO protocol mismatch`. Operators' rules at MAIL
/// and RCPT: `HELO or EHLO not sent`, and of verb or port to use instead, `HELO not permitted, use EHLO`.
pub(super) const ORDER: &[&str] = &[
    "already",
    "before",
    "didnt say",
    "didnt send",
    "duplicate*",
    "expected",
    "first",
    "introduce yourself",
    "mandatory",
    "missing",
    "must issue",
    "must say",
    "must send",
    "must use",
    "need",
    "not done",
    "not given",
    "not issued",
    "not received",
    "not say",
    "not send",
    "not sent",
    "out of",
    "please say",
    "please send",
    "port",
    "protocol mismatch",
    "require",
    "required",
    "sequence",
    "should say",
    "should send",
    "state",
    "twice",
    "use ehlo",
    "without",
];

/// Words that make a text about order one about the name after all: `HELO: fully-qualified name required`.
pub(super) const ORDER_OF_NAME: &[&str] = &[
    "address*",
    "correct",
    "invalid",
    "localhost",
    "proper*",
    "syntax",
    "valid",
];

/// Phrases for a server that does not know the verb. At EHLO and HELO: aiosmtpd as LMTP, Stalwart as LMTP, devices that mask it.
pub(super) const UNSUPPORTED: &[&str] = &[
    "command unknown",
    "lhlo",
    "not implemented",
    "not recognised",
    "not recognized",
    "not supported",
    "not understood",
    "unimplemented",
    "unknown command",
    "unrecognised",
    "unrecognized",
    "unsupported",
];

/// Phrases that ask for TLS or a log-in. Postfix, Exchange, Courier, hMailServer at MAIL and RCPT.
pub(super) const TLS_OR_AUTH: &[&str] = &[
    "auth required",
    "authenticate first",
    "authentication first",
    "authentication is required",
    "authentication needed",
    "authentication required",
    "encryption is required",
    "encryption needed",
    "encryption required",
    "issue a starttls",
    "log in first",
    "login first",
    "must authenticate",
    "must be authenticated",
    "must login",
    "need to authenticate",
    "not authenticated",
    "requires authentication",
    "requires encryption",
    "requires tls",
    "starttls first",
    "starttls is required",
    "starttls mandatory",
    "starttls required",
    "tls is required",
    "tls required",
    "use starttls",
];

/// Words for the PTR of the client's address, which is also what a name "for" or "of" an address is (Exim ACLs). Postfix, sendmail, Haraka, Stalwart, GMX, Microsoft, qpsmtpd, at any command.
pub(super) const PTR: &[&str] = &[
    "address has no hostname",
    "address has no name",
    "fcrdns",
    "find your hostname",
    "forged hostname",
    "forward confirmed",
    "generic dns",
    "hostname for quotedaddress",
    "hostname for your ip",
    "hostname of quotedaddress",
    "ip has no hostname",
    "ip has no name",
    "ip name lookup",
    "name for quotedaddress",
    "name of quotedaddress",
    "names for quotedaddress",
    "names of quotedaddress",
    "ptr",
    "ptrs",
    "quotedaddress does not resolve",
    "quotedaddress doesnt resolve",
    "quotedaddress has no hostname",
    "quotedaddress has no name",
    "rdns",
    "resolve your address",
    "revdns",
    "reverse address",
    "reverse dns",
    "reverse host*",
    "reverse lookup",
    "reverse mapping",
    "reverse name",
    "reverse record",
    "reverse resolution",
    "reversedns",
    "unknown host quotedaddress",
];

/// Words for a PTR that is not there.
pub(super) const PTR_ABSENT: &[&str] = &[
    "missing ptr",
    "missing rdns",
    "missing reverse",
    "no ptr",
    "no rdns",
    "no reverse",
    "without ptr",
    "without rdns",
    "without reverse",
];

/// Words of comparing two names or addresses.
pub(super) const COMPARE: &[&str] = &[
    "agree",
    "agrees",
    "correspond*",
    "differ*",
    "equal*",
    "fail",
    "fails",
    "identical",
    "inconsistent",
    "match*",
    "mismatch*",
    "same",
];

/// Words that refuse and say no more.
pub(super) const REFUSAL: &[&str] = &[
    "access",
    "administrative",
    "administratively",
    "allowed",
    "by",
    "command",
    "denied",
    "due",
    "for",
    "local",
    "not",
    "permitted",
    "policy",
    "prohibited",
    "prohibition",
    "reason",
    "reasons",
    "refused",
    "reject",
    "rejected",
    "site",
    "sorry",
    "to",
];

/// Words that say no, with which a later command's clause about the verb becomes a complaint.
pub(super) const NEGATIVE: &[&str] = &[
    "bad",
    "ban",
    "banned",
    "block*",
    "bogus",
    "denied",
    "deny",
    "disallowed",
    "dynamic",
    "error",
    "fail*",
    "fake",
    "forbidden",
    "forged",
    "not",
    "prohibit*",
    "refuse*",
    "reject*",
    "spoof*",
    "suspicious",
    "unacceptable",
    "wrong",
];

/// One row of the table of causes: what is looked for in the words of a reply that is ours.
pub(super) struct Row {
    pub(super) cause: Cause,
    pub(super) phrases: &'static [&'static str],
}

/// Which fault the words name; the first row that fits decides, so what is exact stands before what is general.
///
/// The servers are those that say it at EHLO or HELO when checks are not delayed, else at the command given.
pub(super) const CAUSES: &[Row] = &[
    // Stalwart at EHLO; policyd-spf at RCPT; Courier BOFHSPFHELO at MAIL.
    Row {
        cause: Cause::SpfHeloFail,
        phrases: &["sender policy framework", "spf"],
    },
    // Postfix reject_rhsbl_helo, Microsoft 365: RCPT.
    Row {
        cause: Cause::Blocklisted,
        phrases: &[
            "black list*",
            "blacklist*",
            "block list*",
            "blocked using",
            "blocklist*",
            "dnsbl",
            "is listed",
            "listed at",
            "listed by",
            "listed in",
            "listed on",
            "rbl",
            "rhsbl",
            "spamhaus",
            "surbl",
        ],
    },
    // Postfix reject_invalid_helo_hostname on a literal: RCPT.
    Row {
        cause: Cause::Syntax,
        phrases: &["invalid ip address"],
    },
    Row {
        cause: Cause::Underscore,
        phrases: &["underscore*"],
    },
    // Postfix reject_non_fqdn_helo_hostname: RCPT; Exim ACLs: MAIL, RCPT; Haraka, qpsmtpd.
    Row {
        cause: Cause::NotFqdn,
        phrases: &[
            "a dot",
            "dns label*",
            "fqdn",
            "full hostname",
            "full host name",
            "fully qualified",
            "no dot*",
            "non fqdn",
            "one dot",
            "single label",
            "unqualified",
        ],
    },
    // Exim ACLs and mail-tester texts: the name exists, elsewhere.
    Row {
        cause: Cause::MismatchIp,
        phrases: &[
            "point to your",
            "resolve back",
            "resolve to your",
            "resolve to the",
            "resolves to",
        ],
    },
    // Postfix reject_unknown_helo_hostname: RCPT; Courier: MAIL; James: MAIL, RCPT; policyd-weight: RCPT; mox, qpsmtpd, Haraka.
    Row {
        cause: Cause::Unresolvable,
        phrases: &[
            "can not be found",
            "cannot achieve",
            "cannot be found",
            "cannot find",
            "cname",
            "could not find",
            "did not resolve",
            "no aaaa",
            "no valid a",
            "no valid aaaa",
            "no valid mx",
            "not in dns",
            "dns server reply",
            "does not exist",
            "doesnt exist",
            "dont exist",
            "no a or",
            "no a record*",
            "no address*",
            "no dns",
            "no mx",
            "no such",
            "no valid dns",
            "non existent",
            "non existing",
            "nonexistent",
            "not exist",
            "not found",
            "not resolv*",
            "nxdomain",
            "cannot resolve",
            "cant resolve",
            "couldnt resolve",
            "doesnt resolve",
            "fails to resolve",
            "unable to resolve",
            "unknown host*",
            "unresolv*",
        ],
    },
    // Exim helo_verify_hosts, hMailServer (RCPT), Courier (MAIL), maddy (MAIL), Haraka, qpsmtpd.
    Row {
        cause: Cause::MismatchIp,
        phrases: &[
            "differ*",
            "doesnt match",
            "doesnt point",
            "dont match",
            "fcrdns",
            "forged ip*",
            "inconsistent",
            "mismatch*",
            "must match",
            "no dns match",
            "no forward dns match",
            "no match*",
            "not agree",
            "not correspond*",
            "not equal",
            "not in the same",
            "not match*",
            "not point",
            "not the host name",
            "not the hostname",
            "not the name",
            "not the same",
            "should match",
            "verification failed",
            "verify fail*",
        ],
    },
    // iRedMail: RCPT. Names of others, which the next row would take for the server's own.
    Row {
        cause: Cause::PolicyDenied,
        phrases: &["another", "believe", "company", "who you say"],
    },
    // Exim ACLs, iRedMail (RCPT), qpsmtpd.
    Row {
        cause: Cause::LocalOrOwnName,
        phrases: &[
            "identify itself",
            "impersonat*",
            "local domain",
            "local host",
            "localhost",
            "my address",
            "my domain",
            "my host*",
            "my ip",
            "my name",
            "my own",
            "not me",
            "not us",
            "to be me",
            "to be us",
            "our address",
            "our domain",
            "our host*",
            "our ip",
            "our name",
            "our own",
            "own domain",
            "own host*",
            "own ip",
            "own name",
            "yourself",
        ],
    },
];

/// Which fault the words name when nothing of [`CAUSES`] fits; the name decides between the kinds of syntax, see [`Said::syntax`].
///
/// Every server at EHLO and HELO; Exim ACLs and iRedMail at MAIL and RCPT.
pub(super) const SYNTAX: &[&str] = &[
    "address required",
    "bare ip",
    "domain required",
    "empty",
    "format",
    "hostname required",
    "malformed",
    "missing",
    "name required",
    "non rfc compliant",
    "not rfc compliant",
    "parameter*",
    "plain ip",
    "raw ip",
    "requires",
    "syntactically",
    "syntax",
];

/// Words that say no more than "wrong". s-qmail says one about a name its operator does not want, so 5.7.z goes first.
pub(super) const WRONG: &[&str] = &[
    "bad",
    "bogus",
    "illegal",
    "incorrect",
    "invalid",
    "not valid",
    "wrong",
];

/// Words for an operator's rule.
pub(super) const POLICY: &[&str] = &[
    "denied",
    "disallowed",
    "forbidden",
    "not accepted",
    "not allowed",
    "not permitted",
    "prohibit*",
    "refused",
    "reject*",
];

/// Words of a look-up. A 4yz that says "later" is about the name only if one of them stands beside (Haraka, Courier, Stalwart).
pub(super) const LOOKUP: &[&str] = &[
    "dns",
    "look up",
    "lookup*",
    "resol*",
    "servfail",
    "spf",
    "timed out",
    "timeout",
];

/// Words of a fault that may pass.
pub(super) const PASSING: &[&str] = &[
    "again",
    "come back",
    "deferred",
    "delay*",
    "greylist*",
    "later",
    "minutes",
    "retry",
    "seconds",
    "servfail",
    "temporar*",
    "timed out",
    "timeout",
    "wait",
];

/// Phrases that tell a lasting fault of DNS, so that "try again" behind them means: once it is repaired. Postfix and policy services at RCPT.
pub(super) const NOT_IN_DNS: &[&str] = &[
    "did not resolve",
    "does not exist",
    "does not resolve",
    "doesnt exist",
    "doesnt resolve",
    "domain not found",
    "host not found",
    "not in dns",
    "nxdomain",
    "unknown host",
];

/// Words with which even [`NOT_IN_DNS`] says no more than that a look-up failed. Haraka, Stalwart, Exim ACLs, Courier.
pub(super) const LOOKUP_FAILED: &[&str] = &[
    "could not",
    "failure",
    "servfail",
    "temporar*",
    "timed out",
    "timeout",
];

/// Phrases for a name that is an address. qpsmtpd policy=strict, Exim ACLs: EHLO, RCPT.
pub(super) const IS_ADDRESS: &[&str] = &[
    "bare ip",
    "ip as",
    "ip address as",
    "ip addresses as",
    "is a ip",
    "is an ip",
    "ip address not",
    "ip addresses not",
    "numeric",
    "plain ip",
    "raw ip",
    "use an ip",
];

/// Phrases for a name with an address in it, or for one that is an address: the name tells. HestiaCP at MAIL, Exim ACLs at EHLO and RCPT.
pub(super) const HOLDS_ADDRESS: &[&str] = &[
    "contains a ip",
    "contains an ip",
    "contains ip",
    "ip address in",
    "ip addresses in",
    "ip in",
];
