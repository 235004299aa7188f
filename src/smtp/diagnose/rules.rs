//! What follows from the features of a reply: tables of rules.
//!
//! Whose fault it is and which fault it is are two questions, so there are two steps. One table for
//! both would need a row for each pair of a reason to blame the name and a fault of it.
//!
//! 1. [`FACTS`] adds features that follow from others. All rules that fit count.
//! 2. [`FAULT`] decides whether the name is to blame. The first rule that fits decides. One of its
//!    rules asks [`CLAUSE`] about each clause, and the first clause that blames the name decides.
//! 3. [`OURS`] finds the cause in what blames the name and what comes after it; where the words
//!    leave it open, [`KIND`] finds it by the kind of the name. [`OTHERS`] finds the cause of what
//!    is not ours. The first rule that fits decides.
//!
//! What a server's source proves comes before what its words suggest, and that before what command
//! and code leave open. When in doubt, a reply is not ours: [`FAULT`] ends so.
//!
//! To add a rule, add a row, and a recorded reply that it decides. The tests ask for both.

use Fault::{AskClauses, Blames, Clears};
use Verdict::{NotOurs, Ours, OursByKind};

use crate::smtp::diagnose::cause::{Blame, Cause};
use crate::smtp::diagnose::features::{Clause, Features, Found};
use crate::smtp::diagnose::phrases::Feature::{self, *};
use crate::smtp::reply::EnhancedCode;
use crate::smtp::stage::Stage::{self, *};

/// What is known of a reply besides its words.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) stage: Stage,
    pub(super) code: u16,
    pub(super) enhanced: Option<EnhancedCode>,
}

/// The name of a rule, and who says it or demands it.
pub(super) type Why = (&'static str, &'static str);

/// What decided: a rule, and the words that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) why: &'static Why,
    pub(super) words: Option<&'static str>,
}

/// What the rules decide, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) blame: Blame,
    pub(super) cause: Cause,
    /// Why it is, or is not, the name.
    pub(super) fault: Reason,
    /// Why it is this cause; `None` if no rule knows it better.
    pub(super) reason: Option<Reason>,
}

/// One row of a table.
struct Rule<T> {
    why: Why,
    when: When,
    then: T,
}

/// A condition: all of it has to be so. What is empty is always so.
#[derive(Clone, Copy)]
struct When {
    /// The stage is one of these.
    at: &'static [Stage],
    /// The reply code is one of these, or has one of these as its first digit.
    code: &'static [u16],
    /// The enhanced code has this subject, or this subject and detail.
    enhanced: &'static [u16],
    /// The features hold all of these, at least one of these, none of these.
    has: Features,
    any: Features,
    not: Features,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Blames,
    Clears,
    /// The name is to blame when one of the clauses blames it.
    AskClauses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ours(Cause),
    /// The name is to blame; its kind says why.
    OursByKind,
    NotOurs(Cause),
}

/// Decides, and calls `note` with each rule that had a part in it.
pub(super) fn judge(context: Context, mut found: Found, note: &mut impl FnMut(Why)) -> Judgement {
    add_facts(context, &mut found, note);
    let (features, fault) = blamed(context, &found, note);
    let Some(features) = features else {
        let rule = first(OTHERS, context, found.reply, note);
        return Judgement {
            blame: Blame::NotOurs,
            cause: rule.map_or(Cause::NotHelo, |rule| rule.then),
            fault,
            reason: rule.map(|rule| rule.reason(&found, found.reply)),
        };
    };
    let rule = first(OURS, context, features, note);
    let (blame, cause) = match rule.map(|rule| rule.then) {
        Some(Verdict::Ours(cause)) => (Blame::Ours, cause),
        Some(Verdict::NotOurs(cause)) => (Blame::NotOurs, cause),
        Some(Verdict::OursByKind) => {
            let kind = first(KIND, context, features, note);
            (Blame::Ours, kind.map_or(Cause::Syntax, |rule| rule.then))
        }
        None => (Blame::Ours, Cause::PolicyDenied),
    };
    Judgement {
        blame,
        cause,
        fault,
        reason: rule.map(|rule| rule.reason(&found, features)),
    }
}

/// Adds what follows from the features.
fn add_facts(context: Context, found: &mut Found, note: &mut impl FnMut(Why)) {
    if matches!(context.stage, Ehlo | Helo) {
        found.imply(Hello, Verb);
    }
    let mut facts = Features::NONE;
    for rule in FACTS.iter().filter(|rule| rule.fits(context, found.reply)) {
        note(rule.why);
        facts = facts.and(Features::of(&[rule.then]));
    }
    found.add(facts);
}

/// Returns the features of what blames the name, and why it does or does not.
fn blamed(
    context: Context,
    found: &Found,
    note: &mut impl FnMut(Why),
) -> (Option<Features>, Reason) {
    for rule in FAULT.iter().filter(|rule| rule.fits(context, found.reply)) {
        let (features, reason) = match rule.then {
            Fault::Blames => (Some(found.reply), rule.reason(found, found.reply)),
            Fault::Clears => (None, rule.reason(found, found.reply)),
            Fault::AskClauses => match blaming_clause(context, found, note) {
                Some((clause, rule)) => (Some(clause.onwards), rule.reason(found, clause.own)),
                None => continue,
            },
        };
        note(rule.why);
        return (features, reason);
    }
    let doubt = Reason {
        why: &("no rule blames the name", "in doubt, it is not the name"),
        words: None,
    };
    (None, doubt)
}

/// Returns the first clause that blames the name, and the rule that says so.
fn blaming_clause(
    context: Context,
    found: &Found,
    note: &mut impl FnMut(Why),
) -> Option<(Clause, &'static Rule<Fault>)> {
    found.clauses().iter().find_map(|clause| {
        let rule = first(CLAUSE, context, clause.own, note)?;
        matches!(rule.then, Fault::Blames).then_some((*clause, rule))
    })
}

/// Returns the first rule that fits.
fn first<T>(
    table: &'static [Rule<T>],
    context: Context,
    features: Features,
    note: &mut impl FnMut(Why),
) -> Option<&'static Rule<T>> {
    let rule = table.iter().find(|rule| rule.fits(context, features))?;
    note(rule.why);
    Some(rule)
}

impl<T: 'static> Rule<T> {
    /// Returns the rule, and the longest of the words that it asks for.
    fn reason(&'static self, found: &Found, features: Features) -> Reason {
        let asked = self.when.has.and(self.when.any);
        Reason {
            why: &self.why,
            words: found.words_for(asked.common(features)),
        }
    }

    fn fits(&self, context: Context, features: Features) -> bool {
        let When {
            at,
            code,
            enhanced,
            has,
            any,
            not,
        } = self.when;
        let is_code = |want: &u16| context.code == *want || context.code / 100 == *want;
        let is_enhanced = |it: EnhancedCode| [it.subject(), it.detail()].starts_with(enhanced);
        features.has_all(has)
            && (any == Features::NONE || features.has_any(any))
            && !features.has_any(not)
            && (at.is_empty() || at.contains(&context.stage))
            && (code.is_empty() || code.iter().any(is_code))
            && (enhanced.is_empty() || context.enhanced.is_some_and(is_enhanced))
    }
}

impl When {
    const ALWAYS: Self = When {
        at: &[],
        code: &[],
        enhanced: &[],
        has: Features::NONE,
        any: Features::NONE,
        not: Features::NONE,
    };
}

/// `"name", at [stages], code [codes], enhanced [subject, detail], has [all], any [one], not [none]
/// => then, "source";`
macro_rules! rules {
    ($(#[$doc:meta])* $table:ident: $then:ty;
        $($name:literal $(, $key:ident $value:expr)* => $verdict:expr, $source:literal;)*) => {
        $(#[$doc])*
        const $table: &[Rule<$then>] = &[$(Rule {
            why: ($name, $source),
            when: When { $($key: rules!(@$key $value),)* ..When::ALWAYS },
            then: $verdict,
        }),*];
    };
    (@has $value:expr) => { Features::of(&$value) };
    (@any $value:expr) => { Features::of(&$value) };
    (@not $value:expr) => { Features::of(&$value) };
    (@$key:ident $value:expr) => { &$value };
}

rules! {
    /// What follows from the command, the code and the words of a reply.
    FACTS: Feature;
    "502 to the verb", at [Ehlo, Helo], code [502]
        => UnknownVerb, "RFC 5321 4.2.4";
    "500 to the verb", at [Ehlo, Helo], code [500], not [Syntax]
        => UnknownVerb, "RFC 5321 4.2.4; not Qsmtp's `500 5.5.2 command syntax error`";
    "a command, or the verb, is not known", at [Ehlo, Helo], has [Unsupported],
        any [Command, Verb], not [Parameter]
        => UnknownVerb, "RFC 5321 4.2.2: `500 Syntax error, command unrecognized`";
    "in a log, the verb is not known", at [Unknown], code [500, 502], has [Unsupported, Verb]
        => UnknownVerb, "aiosmtpd LMTP: `500 Error: command \"EHLO\" not recognized`";
    "it may pass", code [4], has [Passing], not [NotInDns]
        => MayPass, "RFC 5321 4.2.1; `Host not found` stays so, whatever follows";
    "a matter of policy", enhanced [7]
        => ByPolicy, "RFC 3463 3.8: X.7.Z";
}

rules! {
    /// Whether the name is to blame. Where no rule fits, it is not.
    FAULT: Fault;
    "the greeting", at [Greeting]
        => Clears, "RFC 5321 4.3.1: the server speaks before it hears a name";
    "a code for something else", code [503, 521, 523, 530, 534, 535, 538]
        => Clears, "RFC 5321 4.2.3 (503), RFC 7504 (521), RFC 4954 6 (530 to 538)";
    "the mail system", enhanced [3]
        => Clears, "RFC 3463 3.4; Postfix, a broken map: 4.3.5 Server configuration error";
    "commands before the server was ready", has [Pipelining]
        => Clears, "Postfix reject_unauth_pipelining, in whatever class it is listed; OpenSMTPD";
    "another server's reply", has [QuotesReply]
        => Clears, "forwardemail.net; Postfix reject_unverified_recipient; Exim callouts";
    "another name than the one sent", has [EchoOther]
        => Clears, "a relay that passes on what the next server said to it";
    "another server", has [OtherServer], not [EchoSent]
        => Clears, "Exim verify.c, callouts: `Response: 550 ..`";
    "Postfix's class for the name", has [PostfixHelo]
        => Blames, "Postfix smtpd_check.c, smtpd_helo_restrictions";
    "Google's relay gives up at EHLO", code [421], has [GoogleRelay]
        => Blames, "smtp-relay.gmail.com, to EHLO localhost";
    "Postfix's class for a listed client", has [PostfixOther, Listed]
        => Clears, "Postfix reject_rbl_client, whatever name its text repeats";
    "Postfix's classes for something else", has [PostfixOther], not [VerbName]
        => Clears, "Postfix smtpd_check.c, SMTPD_NAME_CLIENT, SMTPD_NAME_SENDER";
    "TLS or a log-in first", any [TlsOrAuth, LogIn], not [Doubt, Spf]
        => Clears, "Postfix reject_plaintext_session; Exchange; Courier";
    "EHLO is not known", has [UnknownVerb]
        => Clears, "RFC 5321 4.2.4; LMTP servers";
    "a clause with the verb", has [Verb]
        => AskClauses, "most servers name the verb";
    "the name of another host", has [OtherName], not [Name, EchoSent, Verb]
        => Clears, "operators: `550 hostname other.example.org has no A record`";
    "who the client says it is", has [Claim], not [Doubt, Mailbox]
        => Blames, "operators: `553 You are claiming to be localhost.localdomain`";
    "what the name is or lacks", at [Ehlo, Helo], has [NameIs],
        not [Doubt, Mailbox, Ptr, Unrelated]
        => Blames, "operators: `550 hostname mail.example.com has no A record`";
    "a full name is wanted", at [Ehlo, Helo], code [5], has [NotFqdn], any [Must, Negative],
        not [Client, Doubt, Mailbox, Ptr]
        => Blames, "no other name is known then: `550 Sender host name must be a FQDN`";
    "your hostname, and the name as a detail", has [YourName, Mismatch, DetailSent],
        not [Mailbox, Ptr, Unrelated]
        => Blames, "operators: `550 hostname of your server does not match its IP (HELO ..)`";
    "a sentence about the name", has [AboutName], not [Doubt]
        => Blames, "maddy; ACLs of Exim";
    "the PTR of the address", has [Ptr], not [Identity]
        => Clears, "Postfix, sendmail, Haraka, Stalwart, GMX, Microsoft 365";
    "SPF at EHLO", at [Ehlo, Helo], has [Spf], not [OtherSubject, Mailbox]
        => Blames, "Stalwart spf-ehlo";
    "SPF at EHLO, of the name", at [Ehlo, Helo], has [Spf, Name], not [Mailbox, EchoOther]
        => Blames, "milter-greylist: `550 sender mail.example.com SPF record not found`";
    "SPF with a link about HELO", has [Spf, HeloScope]
        => Blames, "policyd-spf; Debian's exim4-config";
    "Courier names the name", at [Mail], code [417, 517], has [CourierName], not [Mailbox]
        => Blames, "Courier BOFHSPFHELO, and RFC 1035 violations";
    "a milter refused EHLO", at [Mail, Rcpt], enhanced [0, 0], has [CommandRejected]
        => Blames, "sendmail; a milter that refuses MAIL or RCPT gets 5.7.1";
    "a later command", at [Starttls, Auth, Mail, Rcpt, Data, Other, Unknown]
        => Clears, "Exim `550 Administrative prohibition`, about anything";
    "the look-up of the name failed", code [450, 451, 452], has [Name, Lookup, Passing],
        not [Doubt, OtherSubject, Mailbox]
        => Blames, "operators: `450 mail.example.com: DNS timeout, try again`";
    "not now", code [4]
        => Clears, "RFC 5321 4.2.1";
    "no to the name", has [Name], not [OtherSubject, Mailbox],
        any [Negative, Wrong, Bogus, Spelling, Spf, Listed, NotFqdn, Unresolvable, OtherIdentity,
            Mismatch, LocalOrOwn]
        => Blames, "operators: `550 mail.example.com rejected`";
    "the client's name and address do not match", has [YourName, Mismatch], not [Unrelated]
        => Blames, "operators: `550 Your hostname does not match your IP address`";
    "the argument, with a word for it", code [501, 504], any [NameNoun, Identity, Syntax],
        not [Unrelated]
        => Blames, "RFC 5321 4.2.2; mox: `501 5.5.2 bad syntax: ip is not ipv4`";
    "the argument, and no other subject", code [501, 504],
        not [Unrelated, OtherSubject, ServerState]
        => Blames, "RFC 5321 4.2.2; IIS: `501 5.5.4 Invalid Address`";
    "no, and no more", has [OnlyRefusal]
        => Blames, "Exim acl_smtp_helo: `550 Administrative prohibition`; hMailServer";
    "a word for the name, and no other subject", any [NameNoun, Identity, Syntax],
        not [OtherSubject, Mailbox]
        => Blames, "Haraka: `550 Host names have more than one DNS label`; qpsmtpd";
}

rules! {
    /// Whether a clause blames the name. Where no rule fits, it does not.
    CLAUSE: Fault;
    "no verb", not [Verb]
        => Clears, "OpenSMTPD filters: `550 EHLO: no reverse DNS` is one clause";
    "a doubtful subject", has [Doubt]
        => Clears, "policyd-weight: `.. correct HELO and DNS MX settings or ..`";
    "a header of the message", at [Starttls, Auth, Data, Other, Unknown], has [Received]
        => Clears, "content filters at DATA: `Received line says HELO localhost`";
    "the order of commands", has [Order], not [NameNoun, OrderOfName]
        => Clears, "Postfix: `503 5.5.1 Error: send HELO/EHLO first`";
    "in a clause, the PTR of the address", has [Ptr], not [Compare, Identity]
        => Clears, "OpenSMTPD filters: `550 EHLO: no reverse DNS`";
    "the PTR or the name", has [Ptr, Or]
        => Clears, "operators: `no reverse DNS, or HELO does not match it`";
    "at EHLO", at [Ehlo, Helo]
        => Blames, "ACLs of Exim: `550 Gave HELO/EHLO as \"friend\"`";
    "no, or a fault", any [Negative, Must, Wrong, Bogus, Spelling, Spf, Listed, NotFqdn,
            Unresolvable, OtherIdentity, Mismatch, LocalOrOwn, Syntax, IsAddress]
        => Blames, "Courier, hMailServer, James and ACLs of Exim at MAIL and RCPT";
    "a look-up in the clause may pass", has [Lookup, Passing]
        => Blames, "Haraka: `450 DNS timeout resolving your HELO hostname`";
}

rules! {
    /// Which fault of the name. Where no rule fits, the server refuses it by a rule of its own.
    OURS: Verdict;
    "Google's relay takes no local name", code [421], has [GoogleRelay]
        => Ours(Cause::LocalOrOwnName), "smtp-relay.gmail.com, to EHLO localhost";
    "a look-up that may pass", has [Lookup, MayPass]
        => Ours(Cause::Temporary), "Haraka: `450 DNS timeout resolving your HELO hostname`";
    "the words of the lasting fault", code [451], has [CallingHost]
        => Ours(Cause::Temporary), "Exim helo_verify_hosts, look-up deferred";
    "try again, and no look-up", has [MayPass]
        => NotOurs(Cause::Temporary), "Postfix, `defer` in smtpd_helo_restrictions";
    "bogus, and no dot", has [Bogus, SingleLabel], not [Local]
        => Ours(Cause::NotFqdn), "sendmail block_bad_helo";
    "bogus, and a literal of IPv6", has [Bogus, Ipv6Literal]
        => Ours(Cause::LiteralNotAllowed), "sendmail block_bad_helo";
    "bogus", has [Bogus]
        => Ours(Cause::LocalOrOwnName), "sendmail block_bad_helo: a name of its own";
    "bad HELO", enhanced [7, 506]
        => Ours(Cause::LocalOrOwnName), "Microsoft 365, to who uses the server's name";
    "a character, and it is an underscore", has [Spelling, Underscore]
        => Ours(Cause::Underscore), "qpsmtpd policy=rfc";
    "a character, or the spelling of an address", has [Spelling]
        => Ours(Cause::Syntax), "Haraka; Postfix: `invalid ip address`";
    "SPF", has [Spf]
        => Ours(Cause::SpfHeloFail), "Stalwart; policyd-spf; Courier";
    "a blocklist", has [Listed]
        => Ours(Cause::Blocklisted), "Postfix reject_rhsbl_helo; Microsoft 365";
    "no domain", has [NotFqdn]
        => Ours(Cause::NotFqdn), "Postfix reject_non_fqdn_helo_hostname; ACLs of Exim";
    "another address", has [Elsewhere], not [Ptr]
        => Ours(Cause::MismatchIp), "operators: `550 HELO name does not resolve to your IP`";
    "not in DNS", has [Unresolvable]
        => Ours(Cause::Unresolvable), "Postfix reject_unknown_helo_hostname; Courier";
    "somebody else's name", has [OtherIdentity]
        => Ours(Cause::PolicyDenied), "iRedMail; Haraka host_mismatch, big_company";
    "name and address do not match", has [Mismatch]
        => Ours(Cause::MismatchIp), "Exim helo_verify_hosts; hMailServer; Courier";
    "everybody's name or the server's", has [LocalOrOwn]
        => Ours(Cause::LocalOrOwnName), "iRedMail; ACLs of Exim; qpsmtpd";
    "no literals", has [LiteralWord], any [Negative, Literal]
        => Ours(Cause::LiteralNotAllowed), "qpsmtpd policy=strict";
    "an address, and it is a literal", any [IsAddress, HoldsAddress], has [Literal]
        => Ours(Cause::LiteralNotAllowed), "Vesta: `Helo name contains a ip address`";
    "an address without brackets", has [IsAddress]
        => Ours(Cause::Syntax), "ACLs of Exim: `Helo name contains a bare IP address`";
    "an address, and it has no brackets", has [HoldsAddress, BareAddress]
        => Ours(Cause::Syntax), "HestiaCP and Vesta, whose pattern fits 192.0.2.1 too";
    "an address in the name", has [HoldsAddress]
        => Ours(Cause::PolicyDenied), "HestiaCP: `Helo name contains an IP address`";
    "the syntax", has [Syntax]
        => OursByKind, "Exim, sendmail, OpenSMTPD, James, Stalwart at EHLO";
    "wrong, and the name has no dot", has [Wrong, SingleLabel], not [Local]
        => Ours(Cause::NotFqdn), "iRedAPD and postfwd: `invalid helo 'localdesk'`";
    "wrong, and not by policy", has [Wrong], not [ByPolicy]
        => OursByKind, "Postfix: `501 5.5.2 Invalid name`; s-qmail says it of a policy";
    "a code for the syntax", code [500, 501, 502, 504], not [ByPolicy, PolicyWord]
        => OursByKind, "RFC 5321 4.2.2";
    "a policy, and the name is local", has [Local]
        => Ours(Cause::LocalOrOwnName), "Postfix: `454 4.7.1 <localhost>: .. Access denied`";
}

rules! {
    /// Which fault the kind of the name is. Where no rule fits, it is the syntax.
    KIND: Cause;
    "a literal", has [Literal]
        => Cause::LiteralNotAllowed, "OpenSMTPD of 2013, James, Stalwart";
    "no dot", has [SingleLabel]
        => Cause::NotFqdn, "Stalwart: `550 5.5.0 Invalid EHLO domain`";
    "a local name", has [Local]
        => Cause::LocalOrOwnName, "MagicSpam: `HELO argument [localhost.localdomain] is malformed`";
    "an underscore", has [Underscore]
        => Cause::Underscore, "Exim: `501 Syntactically invalid EHLO argument(s)`; mox";
}

rules! {
    /// What it is when it is not ours. Where no rule fits, it has nothing to do with the name.
    OTHERS: Cause;
    "Postfix's class for the name, not now", code [4], has [PostfixHelo, Passing]
        => Cause::Temporary, "Postfix, its own tables: `451 4.3.0 Temporary lookup failure`";
    "what another server said", any [QuotesReply, OtherServer]
        => Cause::NotHelo, "Postfix reject_unverified_recipient; Exim callouts";
    "pipelining", has [Pipelining]
        => Cause::NotHelo, "OpenSMTPD: `500 5.5.1 Invalid command: Pipelining not supported`";
    "a code for TLS or a log-in", code [523, 530, 538]
        => Cause::TlsOrAuthRequired, "RFC 4954 6, RFC 3207 4, RFC 5248";
    "no log-in before this command", at [Greeting, Ehlo, Helo, Starttls, Mail, Rcpt, Data, Other],
        code [535]
        => Cause::TlsOrAuthRequired, "Courier at MAIL; at AUTH 535 is a wrong password";
    "TLS or a log-in", has [TlsOrAuth], not [Doubt, Spf]
        => Cause::TlsOrAuthRequired, "Postfix reject_plaintext_session; Exchange";
    "a log-in is wanted", has [LogInFirst]
        => Cause::TlsOrAuthRequired, "HestiaCP: `550 smtp auth required`; RFC 4954 6";
    "the verb is not known", has [UnknownVerb]
        => Cause::EhloUnsupported, "RFC 5321 4.2.4; LMTP servers";
    "the score of a content filter", has [Score]
        => Cause::NotHelo, "SpamAssassin; the PTR is one cause of several";
    "the address is on a list", has [Listed, Client], not [DomainList, Mailbox]
        => Cause::ClientListed, "Postfix: `Client host [..] blocked using zen.spamhaus.org`";
    "the address is blocked", has [Blocked, Client], not [Mailbox, Spf]
        => Cause::ClientListed, "Comcast: `554 Blocked - see ..`; operators: `Your IP is blocked`";
    "a list, and no mail yet", at [Greeting, Ehlo, Helo, Auth], has [Listed],
        not [Mailbox, Unrelated, Doubt]
        => Cause::ClientListed, "operators: `550 blacklisted for bruteforce cracking attempt`";
    "a list of addresses", has [AddressList], not [DomainList]
        => Cause::ClientListed, "RFC 5782 2.1: a DNSBL lists addresses";
    "a policy service, of the address", has [PolicyService, Client], any [Listed, Repute]
        => Cause::ClientListed, "iRedAPD: `Recipient address rejected: Server IP address has ..`";
    "no PTR", has [Ptr]
        => Cause::NoPtr, "Postfix, sendmail, Haraka, Stalwart, GMX, Microsoft 365";
    "reverse DNS failed", enhanced [7, 25]
        => Cause::NoPtr, "RFC 7372 3.3: X.7.25; maddy";
    "no to what comes from the address", code [5], has [FromAddress], not [Mailbox]
        => Cause::ClientListed, "Yahoo: `553 5.7.2 [TSS06] All messages from 192.0.2.10 will be ..`";
    "no to the address before it says anything", at [Greeting], code [5], any [Client, DynamicAddress],
        not [Unrelated]
        => Cause::ClientListed, "T-Online: `554 IP=192.0.2.10 - A problem occurred. .. (BL)`";
    "the address is dynamic or in ill repute", has [Client], any [DynamicAddress, Repute],
        not [Mailbox]
        => Cause::ClientListed, "Gmail: `The IP you're using .. is not authorized to send ..`";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::smtp::diagnose::phrases::{CITED, RECORDED, Said};
    use crate::smtp::diagnose::text::{Text, lower_case, summed_up};
    use crate::smtp::reply::Reply;

    /// Rules that decide no recorded reply, and stay for what their source says.
    const UNRECORDED: &[&str] = &[
        "in a log, the verb is not known",
        "another server",
        "an address, and it has no brackets",
    ];

    /// Returns the stage, the name sent and the reply of each recorded row.
    fn recorded() -> Vec<(Stage, Option<String>, Reply)> {
        let read = |file: &str| {
            let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&path).expect(&path);
            let rows = text.lines().skip(1).filter(|row| !row.is_empty());
            let rows = rows.map(|row| row.split('\t').map(str::to_owned).collect());
            rows.collect::<Vec<Vec<String>>>()
        };
        let sent = |name: &str| (name != "-").then(|| name.to_owned());
        let mut all = Vec::new();
        let files = [
            "replies.tsv",
            "replies-derived.tsv",
            "replies-3.tsv",
            "replies-4.tsv",
        ];
        for row in files.map(read).concat() {
            let reply = Reply::from_parts(
                row[3].parse().expect(&row[0]),
                row[4].parse().ok(),
                row[5].split("\\n"),
            );
            let stage = row[1].parse().expect(&row[0]);
            all.push((stage, sent(&row[2]), reply.expect(&row[0])));
        }
        for row in read("replies-2.tsv") {
            let (code, text) = row[3].split_at(3);
            let lines = text.split("\\n");
            let lines = lines.map(|line| line.strip_prefix(code).unwrap_or(line));
            let lines = lines.map(|line| line.trim_start_matches([' ', '-']));
            let reply = Reply::from_parts(code.parse().expect(&row[0]), None, lines);
            let stage = row[1].parse().expect(&row[0]);
            all.push((stage, sent(&row[2]), reply.expect(&row[0])));
        }
        all
    }

    /// Calls with the context and the text of each recorded reply.
    fn each_recorded(mut call: impl FnMut(Context, &Text)) {
        for (stage, sent, reply) in recorded() {
            let raw = lower_case(reply.lines());
            let summary = summed_up(&raw).filter(|_| matches!(stage, Data | Unknown));
            let (raw, stage, code) = match summary {
                Some(error) => (error, Rcpt, 550),
                None => (raw.as_str(), stage, reply.code()),
            };
            let context = Context {
                stage,
                code,
                enhanced: reply.enhanced_code(),
            };
            call(context, &Text::new(raw, code, sent.as_deref()));
        }
    }

    fn names<T>(table: &[Rule<T>]) -> Vec<&'static str> {
        table.iter().map(|rule| rule.why.0).collect()
    }

    fn words(said: &[Said]) -> impl Iterator<Item = &'static str> {
        let rows = said.iter().flat_map(|(_, rows)| *rows);
        rows.flat_map(|(_, phrases)| *phrases).copied()
    }

    #[test]
    fn every_phrase_is_there_once_and_is_recorded_or_cited() {
        let mut seen = BTreeSet::new();
        let mut all = words(RECORDED).chain(words(CITED));
        assert_eq!(all.find(|phrase| !seen.insert(*phrase)), None);

        let mut texts = String::new();
        each_recorded(|_, text| texts += &format!(" {}", text.words));
        let is_recorded = |phrase: &&str| match phrase.strip_suffix('*') {
            Some(open) => texts.contains(&format!(" {open}")),
            None => texts.contains(&format!(" {phrase} ")),
        };
        let (_, unheard): (Vec<&str>, Vec<&str>) = words(RECORDED).partition(is_recorded);
        let heard: Vec<&str> = words(CITED).filter(is_recorded).collect();
        assert_eq!(
            (unheard, heard),
            (vec![], vec![]),
            "to be in the other table"
        );
    }

    #[test]
    fn every_rule_decides_a_recorded_reply_or_is_listed() {
        let mut seen = BTreeSet::new();
        each_recorded(|context, text| {
            if context.code >= 400 {
                judge(context, Found::new(text), &mut |(name, _)| {
                    seen.insert(name);
                });
            }
        });
        let tables = [
            names(FACTS),
            names(FAULT),
            names(CLAUSE),
            names(OURS),
            names(KIND),
            names(OTHERS),
        ];
        let unheard = tables
            .concat()
            .into_iter()
            .filter(|name| !seen.contains(name));
        assert_eq!(unheard.collect::<Vec<_>>(), UNRECORDED);
        assert_eq!(
            seen.len() + UNRECORDED.len(),
            tables.concat().len(),
            "a name is there twice"
        );
    }

    /// Notes which rule wins over which other that fits too and decides otherwise.
    fn note_overlaps<T: PartialEq + 'static>(
        overlaps: &mut BTreeSet<String>,
        table: &[Rule<T>],
        context: Context,
        features: Features,
    ) {
        let mut fitting = table.iter().filter(|rule| rule.fits(context, features));
        let Some(first) = fitting.next() else {
            return;
        };
        for other in fitting.filter(|other| other.then != first.then) {
            overlaps.insert(format!("{} > {}", first.why.0, other.why.0));
        }
    }

    /// `tests/data/overlaps.txt` has each pair of rules that fit one recorded reply and decide
    /// otherwise, the one that wins first. Whoever adds a rule sees there what it changes.
    #[test]
    fn rules_that_fit_the_same_reply_are_written_down() {
        let mut overlaps = BTreeSet::new();
        each_recorded(|context, text| {
            if context.code < 400 {
                return;
            }
            let mut found = Found::new(text);
            add_facts(context, &mut found, &mut |_| ());
            let reply = found.reply;
            note_overlaps(&mut overlaps, FAULT, context, reply);
            match judge(context, Found::new(text), &mut |_| ()).blame {
                Blame::Ours => note_overlaps(&mut overlaps, OURS, context, reply),
                Blame::NotOurs => note_overlaps(&mut overlaps, OTHERS, context, reply),
            }
        });
        let path = format!("{}/tests/data/overlaps.txt", env!("CARGO_MANIFEST_DIR"));
        let written = std::fs::read_to_string(&path).expect("the list of overlaps");
        let written: BTreeSet<String> = written.lines().map(str::to_owned).collect();
        let new: Vec<&String> = overlaps.difference(&written).collect();
        let gone: Vec<&String> = written.difference(&overlaps).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "to add: {new:#?}\nto delete: {gone:#?}"
        );
    }

    /// Returns whether an earlier condition holds wherever a later one does.
    fn covers(earlier: When, later: When) -> bool {
        let is_at = |it: &Stage| earlier.at.contains(it);
        let is_code = |it: &u16| earlier.code.contains(it) || earlier.code.contains(&(it / 100));
        (earlier.at.is_empty() || (!later.at.is_empty() && later.at.iter().all(is_at)))
            && (earlier.code.is_empty()
                || (!later.code.is_empty() && later.code.iter().all(is_code)))
            && later.enhanced.starts_with(earlier.enhanced)
            && later.has.has_all(earlier.has)
            && later.not.has_all(earlier.not)
            && (earlier.any == Features::NONE
                || later.has.has_any(earlier.any)
                || (later.any != Features::NONE && earlier.any.has_all(later.any)))
    }

    fn unreachable<T>(table: &[Rule<T>]) -> Vec<&'static str> {
        let hides = |later: usize| {
            table[..later]
                .iter()
                .any(|it| covers(it.when, table[later].when))
        };
        (0..table.len())
            .filter(|at| hides(*at))
            .map(|at| table[at].why.0)
            .collect()
    }

    #[test]
    fn no_rule_is_unreachable() {
        let unreachable = [
            unreachable(FAULT),
            unreachable(CLAUSE),
            unreachable(OURS),
            unreachable(KIND),
            unreachable(OTHERS),
        ];
        assert!(unreachable.concat().is_empty(), "{unreachable:?}");
    }
}
