//! Was it our name? What a server's refusal means, whenever it comes.
//!
//! Most servers judge the name later than they hear it: Postfix says `Helo command rejected` at RCPT, Courier and the ACLs
//! of Exim at MAIL, sendmail at RCPT. And most refusals near the name are about something else. [`Diagnosis::of`] takes the
//! command, the reply and the name, and goes through these questions in this order:
//!
//! 1. Can the reply be about the name at all? No before it was said, no with a code or a subject that tells otherwise (503, TLS, AUTH, another
//!    server's reply quoted, an echoed name that is not the one sent).
//! 2. Does it say what it is about: the verb, the name, its SPF record? The subject decides, not the code and hardly the enhanced code:
//!    5.5.2 and 5.7.1 are shared by everything.
//! 3. At EHLO and HELO itself: is there anything else the server can mean?
//! 4. If it is ours: which fault, from the words, and where the words leave it open, from the name.
//!
//! When in doubt the answer is "not ours": a mailer that blames its name wrongly changes what worked.
//!
//! Words are compared without case and punctuation, see `Words`; names, addresses and links that are quoted do not count as words.
//!
//! Not promised: that an operator's own words are understood in any language.

mod cause;
mod words;

use std::borrow::Cow;
use std::net::IpAddr;

pub use cause::Cause;
use words::{
    CAUSES, COMPARE, DOUBTS, HOLDS_ADDRESS, IDENTITY, IS_ADDRESS, LOOKUP, LOOKUP_FAILED,
    NAME_NOUNS, NEGATIVE, NOT_IN_DNS, ORDER, ORDER_OF_NAME, OTHER_SUBJECTS, OWN, PASSING, POLICY,
    PTR, PTR_ABSENT, REFUSAL, SERVER_STATE, SYNTAX, TLS_OR_AUTH, UNSUPPORTED, VERBS, WRONG, Words,
};

use crate::name::HeloName;
use crate::smtp::reply::{EnhancedCode, Reply};
use crate::smtp::stage::Stage;

/// Tells whether a reply blames the client's name, and what to do.
///
/// ```
/// use helo_name::{Diagnosis, Reply, Stage};
/// use helo_name::smtp::Cause;
///
/// // Postfix, three commands after EHLO, with a code that says "try again": it will never get better by itself.
/// let reply = Reply::parse(b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found\r\n")?;
/// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
/// assert!(diagnosis.is_ours());
/// assert!(diagnosis.is_lasting());
/// assert!(diagnosis.another_name_may_help());
/// assert_eq!(diagnosis.cause(), Cause::Unresolvable);
///
/// // The same words about the sender.
/// let reply = Reply::parse(b"450 4.1.8 <me@web01.example.com>: Sender address rejected: Domain not found\r\n")?;
/// assert!(!Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com")).is_ours());
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnosis {
    cause: Cause,
    blame: Blame,
    code: Code,
}

/// Says whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    Ours,
    NotOurs,
}

/// Says what the first digit of the reply code promises (RFC 5321 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Permanent,
    Transient,
}

impl Diagnosis {
    /// Judges the reply to the command `stage` for a client that has said `name_sent`, in `EHLO` or `HELO`, if that is known.
    ///
    /// A reply that refuses nothing is "not ours".
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// // The quoted name is that of another server further on.
    /// let reply = Reply::parse(b"504 5.5.2 <mx1>: Helo command rejected: need fully-qualified hostname\r\n")?;
    /// assert!(Diagnosis::of(Stage::Data, &reply, Some("mx1")).is_ours());
    /// assert!(!Diagnosis::of(Stage::Data, &reply, Some("mail.example.com")).is_ours());
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    pub fn of(stage: Stage, reply: &Reply, name_sent: Option<&str>) -> Self {
        let said = Said::new(stage, reply, name_sent);
        let (blame, cause) = match reply.code() {
            400..=599 => said.judge(),
            _ => (Blame::NotOurs, Cause::NotHelo),
        };
        Diagnosis {
            cause,
            blame,
            code: if reply.code() >= 500 {
                Code::Permanent
            } else {
                Code::Transient
            },
        }
    }

    /// Tells whether the name is to blame: another name could make the same connection succeed.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self.blame, Blame::Ours)
    }

    /// Returns what the refusal is about.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// Tells whether waiting is of no use.
    ///
    /// A fault of the name is lasting even when the code is 4yz, unless the server only failed to look the name up; all
    /// else is what its code says.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        match self.blame {
            Blame::Ours => !matches!(self.cause, Cause::Temporary),
            Blame::NotOurs => matches!(self.code, Code::Permanent),
        }
    }

    /// Tells whether to try the next name now: the name is to blame, and not only a look-up that failed.
    #[must_use]
    pub const fn another_name_may_help(&self) -> bool {
        self.is_ours() && self.is_lasting()
    }

    /// Returns one sentence for the operator: what to change, and where.
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// let reply = Reply::parse(b"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]\r\n")?;
    /// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, None);
    /// assert!(diagnosis.advice().starts_with("Change the PTR:"));
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match (self.cause, self.blame) {
            (Cause::Temporary, Blame::NotOurs) => cause::TRY_LATER,
            (cause, _) => cause.advice(),
        }
    }
}

/// How much of a reply is judged; longer ones are nobody's refusal of a name.
const JUDGED: usize = 4096;

/// Stands for a quoted name in the words.
const QUOTED: &str = " quotedname ";

/// Stands for a quoted address that is not the name.
const ADDRESS: &str = " quotedaddress ";

/// Tells whether the reply answers the very command that carries the name.
const fn says_the_name(stage: Stage) -> bool {
    matches!(stage, Stage::Ehlo | Stage::Helo)
}

/// Holds what there is to judge.
struct Said<'a> {
    stage: Stage,
    code: u16,
    enhanced: Option<EnhancedCode>,
    sent: Option<&'a str>,
    /// The text in lower case with line feeds between its lines.
    raw: String,
    /// The name that the server repeats as the client's.
    echo: Option<String>,
    /// All words, without names and links.
    words: Words,
    /// The words of each clause, without names and links, and of the text from there on.
    clauses: Vec<(Words, Words)>,
}

impl<'a> Said<'a> {
    fn new(stage: Stage, reply: &Reply, sent: Option<&'a str>) -> Self {
        let mut raw = String::new();
        for line in reply.lines() {
            let room = JUDGED.saturating_sub(raw.len());
            if room == 0 {
                break;
            }
            raw.extend(
                line.chars()
                    .take(room)
                    .map(|char| char.to_ascii_lowercase()),
            );
            raw.push('\n');
        }
        let (stage, code) = match without_summary(&raw) {
            Some(error) => {
                raw = error;
                (Stage::Rcpt, 550)
            }
            None => (stage, reply.code()),
        };
        let echo = echoed_name(&raw).map(str::to_owned);
        // Postfix and Google name the command so at which they give up.
        let judged = match code {
            421 => Cow::Owned(raw.replace("(ehlo)", "").replace("(helo)", "")),
            _ => Cow::Borrowed(&raw),
        };
        let plain = without_names(&judged, echo.as_deref(), sent);
        Said {
            stage,
            code,
            enhanced: reply.enhanced_code(),
            sent,
            echo,
            words: Words::new(&plain),
            clauses: clauses(&plain),
            raw,
        }
    }

    /// Answers the questions of the module's documentation in their order.
    fn judge(&self) -> (Blame, Cause) {
        if !self.can_be_about_name() {
            return (Blame::NotOurs, self.other_cause());
        }
        let Some(words) = self.complaint() else {
            return (Blame::NotOurs, self.other_cause());
        };
        let cause = self.cause(words);
        if self.is_transient()
            && cause != Cause::Temporary
            && self.words.has_any(PASSING)
            && !Self::is_not_in_dns(&self.words)
            && !self.is_google()
        {
            // "Try again" without a look-up is the server's own matter.
            return (Blame::NotOurs, Cause::Temporary);
        }
        (Blame::Ours, cause)
    }

    /// Tells whether DNS has answered that the name is not there; what follows is advice.
    fn is_not_in_dns(words: &Words) -> bool {
        words.has_any(NOT_IN_DNS) && !words.has_any(LOOKUP_FAILED)
    }

    const fn is_transient(&self) -> bool {
        self.code < 500
    }

    fn mentions_verb(words: &Words) -> bool {
        words.has_any(VERBS)
    }

    /// Tells whether the text has Postfix's class for rules in `smtpd_helo_restrictions`, at EHLO or, delayed, at RCPT.
    fn is_postfix_helo(&self) -> bool {
        self.words.has("helo command rejected") || self.words.has("helo command quotedname blocked")
    }

    /// Google's relay names the command at which it gave up: `421-4.7.0 Try again later, closing connection. (EHLO)`. Its other replies of
    /// this form say what else is wrong: `421-4.7.0 IP not in whitelist for RCPT domain, closing connection. (EHLO)`.
    fn is_google(&self) -> bool {
        self.code == 421
            && (self.raw.contains("(ehlo)") || self.raw.contains("(helo)"))
            && self.raw.trim_start().starts_with("try again later")
    }

    fn can_be_about_name(&self) -> bool {
        // Nothing has been said yet.
        if self.stage == Stage::Greeting {
            return false;
        }
        // RFC 5321 4.2.3: bad sequence of commands. RFC 7504: no mail here at all. RFC 3207, RFC 4954: TLS or AUTH first.
        if matches!(self.code, 503 | 521 | 523 | 530 | 534 | 535 | 538) {
            return false;
        }
        // RFC 3463 3.4: X.3.Z is about the mail system itself; Postfix at RCPT: `451 4.3.5 <name>: Helo command rejected: Server
        // configuration error`.
        if self.enhanced.is_some_and(|code| code.subject() == 3) {
            return false;
        }
        // Postfix reject_unauth_pipelining at RCPT, whatever class it is listed in.
        if self.words.has("pipelining") {
            return false;
        }
        // A server that quotes another's reply repeats what it said itself there.
        if self.quotes_a_code() {
            return false;
        }
        match (&self.echo, self.sent) {
            (Some(echo), Some(sent)) => is_same_name(echo, sent),
            _ => !self.tells_of_others(),
        }
    }

    /// Tells whether a reply code and an enhanced code stand within the text. forwardemail.net at DATA: `response=504 5.5.2 <mx1>: Helo
    /// command rejected`; Postfix reject_unverified_recipient at RCPT: `host .. said: 504 5.5.2 <mx1>: Helo command rejected`.
    ///
    /// Behind a colon or a verb of speech a reply code alone will do. Gateways at RCPT and DATA: `next hop failed: 501 Syntactically
    /// invalid HELO argument(s)`.
    fn quotes_a_code(&self) -> bool {
        let mut words = self.raw.split_ascii_whitespace();
        let mut before = words.next().unwrap_or_default();
        let mut is_first = true;
        words.any(|word| {
            let bare = word.split('-').next().unwrap_or_default();
            let found =
                (!is_first && is_reply_code(before) && word.parse::<EnhancedCode>().is_ok())
                    || ((before.ends_with(':')
                        || matches!(before, "answered" | "replied" | "returned"))
                        && bare.len() == 3
                        && is_reply_code(bare));
            (before, is_first) = (word, false);
            found
        })
    }

    /// Tells whether the text tells what others said, as Exim callouts do at RCPT: `Response: 550 EHLO argument does not match`, and
    /// gateways at RCPT and DATA: `Unable to deliver to backend`.
    fn tells_of_others(&self) -> bool {
        self.words.has_any(&[
            "backend",
            "callout*",
            "next hop",
            "remote host",
            "remote server",
            "responded",
            "response",
            "said",
            "upstream",
        ])
    }

    /// Finds the words that complain about the name; `None` when there are none.
    fn complaint(&self) -> Option<&Words> {
        if self.is_postfix_helo() || self.is_google() {
            return Some(&self.words);
        }
        // Other classes of Postfix at RCPT: what they are about stands before `rejected:`. Policy services speak as
        // `Recipient address rejected:` and may then say anything, so that one only counts for its words.
        if self.words.has_any(&[
            "client host rejected",
            "client host quotedname blocked",
            "sender address rejected",
            "relay access denied",
        ]) {
            return None;
        }
        if self.wants_tls_or_auth() || self.is_unsupported() {
            return None;
        }
        if let Some((_, rest)) = self
            .clauses
            .iter()
            .find(|(clause, _)| self.is_complaint(clause))
        {
            return Some(rest);
        }
        self.complaint_without_verb().then_some(&self.words)
    }

    /// Tells whether a clause has the verb as its subject and says no.
    fn is_complaint(&self, clause: &Words) -> bool {
        if !Self::mentions_verb(clause) || clause.has_any(DOUBTS) {
            return false;
        }
        // Content filters at DATA: `bad Received from HELO localhost` is about a header.
        if clause.has("received")
            && !matches!(
                self.stage,
                Stage::Ehlo | Stage::Helo | Stage::Mail | Stage::Rcpt
            )
        {
            return false;
        }
        let about_name = clause.has_any(NAME_NOUNS) || clause.has_any(ORDER_OF_NAME);
        if clause.has_any(ORDER) && !about_name {
            return false;
        }
        // `HELO host does not match rDNS` is about the name, `EHLO: no reverse DNS` about the address.
        if clause.has_any(PTR) && !clause.has_any(COMPARE) && !clause.has_any(IDENTITY) {
            return false;
        }
        // `no reverse DNS, or HELO does not match` says two things.
        if clause.has_any(PTR_ABSENT) && clause.has("or") {
            return false;
        }
        says_the_name(self.stage)
            || CAUSES.iter().any(|row| clause.has_any(row.phrases))
            || clause.has_any(SYNTAX)
            || clause.has_any(WRONG)
            || clause.has_any(NEGATIVE)
            || clause.has_any(IS_ADDRESS)
            || clause.has_any(&["must", "should"])
            || (clause.has_any(LOOKUP) && clause.has_any(PASSING))
    }

    /// Recognises complaints that do not name the verb.
    fn complaint_without_verb(&self) -> bool {
        let words = &self.words;
        // maddy at MAIL: `rDNS name does not match source hostname`, which is the name in EHLO.
        if words.has("source host*") && words.has_any(COMPARE) {
            return true;
        }
        if words.has_any(PTR) && !words.has_any(IDENTITY) {
            return false;
        }
        if words.has_any(OWN) && !words.has_any(DOUBTS) {
            return true;
        }
        if words.has_any(&["spf", "sender policy framework"]) {
            return self.is_spf_of_name();
        }
        if self.is_dns_fault_of_sent_name() {
            return true;
        }
        // sendmail at MAIL and RCPT: a milter refused EHLO. One that refuses MAIL or RCPT gets 5.7.1.
        if matches!(self.stage, Stage::Mail | Stage::Rcpt)
            && self
                .enhanced
                .is_some_and(|code| (code.subject(), code.detail()) == (0, 0))
            && words.has("command rejected")
        {
            return true;
        }
        if !says_the_name(self.stage) {
            return false;
        }
        let only_subject = !words.has_any(OTHER_SUBJECTS) && !self.names_a_mailbox();
        // What is said about the name sent, by whoever repeats it: `450 mail.example.com: DNS timeout, try again`. With 421 the server
        // goes away, and the name may be its own.
        let repeats_name = words.has("quotedname");
        if self.is_transient() {
            let others = ["client", "connect*", "ip", "relay*", "service"];
            return self.code != 421
                && repeats_name
                && !words.has_any(DOUBTS)
                && !words.has_any(&others)
                && !self.names_a_mailbox()
                && (Self::is_not_in_dns(words)
                    || (words.has_any(LOOKUP) && words.has_any(PASSING)));
        }
        if repeats_name && only_subject {
            let says_no = words.has_any(NEGATIVE)
                || CAUSES.iter().any(|row| words.has_any(row.phrases))
                || words.has_any(WRONG);
            if says_no {
                return true;
            }
        }
        // Exim ACLs at EHLO: `Your hostname does not match your IP address` compares what the client said with what it is.
        if words.has_any(&[
            "your hostname",
            "your host name",
            "your domain",
            "your name",
        ]) && words.has_any(&[
            "not match*",
            "doesnt match",
            "mismatch*",
            "not point",
            "not resolve to",
        ]) && !words.has_any(&["certificate*", "client", "peer"])
        {
            return true;
        }
        // RFC 5321 4.2.3: 501 is a syntax error in parameters, 504 a parameter that is not implemented. There is one: the name.
        if matches!(self.code, 501 | 504) {
            let others = [
                "bad commands",
                "certificate*",
                "connect*",
                "license*",
                "peer",
                "recipient*",
                "sender*",
                "too many",
            ];
            let about_name =
                words.has_any(NAME_NOUNS) || words.has_any(IDENTITY) || words.has_any(SYNTAX);
            return !words.has_any(&others)
                && (about_name || !(words.has_any(OTHER_SUBJECTS) || words.has_any(SERVER_STATE)));
        }
        // Exim (`Administrative prohibition`) and hMailServer (`Rejected`): a refusal of this command and no word of anything else.
        if words.all_among(REFUSAL) {
            return true;
        }
        (words.has_any(NAME_NOUNS) || words.has_any(IDENTITY) || words.has_any(SYNTAX))
            && only_subject
    }

    /// Tells whether a mailbox is quoted: the sender or a recipient. Haraka's `[0A1B2C3D-1@host]` is none.
    fn names_a_mailbox(&self) -> bool {
        self.raw
            .split_ascii_whitespace()
            .any(|word| word.contains('@') && !word.starts_with('['))
    }

    /// Stalwart at EHLO; policyd-spf at RCPT, whose link says `s=helo`; Courier at MAIL, which prints a name for HELO and an address
    /// for MAIL.
    fn is_spf_of_name(&self) -> bool {
        let only_subject = !self.words.has_any(OTHER_SUBJECTS) && !self.names_a_mailbox();
        if says_the_name(self.stage) && only_subject {
            return true;
        }
        if self.raw.contains("s=helo") || self.raw.contains("scope=helo") {
            return true;
        }
        if !matches!((self.stage, self.code), (Stage::Mail, 417 | 517)) {
            return false;
        }
        [
            "spf fail ",
            "spf softfail ",
            "spf error ",
            "spf unknown ",
            "spf none ",
            "spf neutral ",
        ]
        .iter()
        .filter_map(|phrase| self.raw.split_once(phrase))
        .filter_map(|(_, rest)| rest.split_ascii_whitespace().next())
        .map(|word| word.trim_end_matches([':', '.', ',']))
        .any(|word| {
            word.contains('.')
                && !word.contains('@')
                && self.sent.is_none_or(|sent| is_same_name(word, sent))
        })
    }

    /// Courier at MAIL: `RFC 1035 violation: recursive CNAME records for mail.example.com.`
    fn is_dns_fault_of_sent_name(&self) -> bool {
        self.stage == Stage::Mail
            && self.words.has_any(&["cname", "rfc 1035"])
            && self.words.has("quotedname")
            && !self.names_a_mailbox()
    }

    fn wants_tls_or_auth(&self) -> bool {
        match self.code {
            523 | 530 | 538 => true,
            // Courier says 535 at MAIL to who has not logged in; at AUTH it is a wrong password.
            535 if self.stage != Stage::Auth && self.stage != Stage::Unknown => true,
            503 => false,
            _ => self.words.has_any(TLS_OR_AUTH) && !self.words.has_any(&["dkim", "relay*", "spf"]),
        }
    }

    fn is_unsupported(&self) -> bool {
        if self.words.has("lhlo") {
            return true;
        }
        if self.words.has("pipelining") {
            return false;
        }
        let unknown = self.words.has_any(UNSUPPORTED);
        match self.stage {
            // Qsmtp and Postfix say 500 about what follows the verb, with the word "syntax".
            Stage::Ehlo | Stage::Helo => match self.code {
                500 => unknown || !self.words.has("syntax"),
                502 => true,
                // RFC 5321 4.2.2: `504 Command parameter not implemented`; the parameter is the name.
                501 | 504 if self.words.has("parameter*") => false,
                _ => unknown && self.words.has_any(&["command", "ehlo", "helo"]),
            },
            Stage::Unknown => {
                unknown && matches!(self.code, 500 | 502) && Self::mentions_verb(&self.words)
            }
            _ => false,
        }
    }

    /// Names the cause of a reply that is not ours.
    fn other_cause(&self) -> Cause {
        if self.is_postfix_helo() && self.is_transient() && self.words.has_any(PASSING) {
            return Cause::Temporary;
        }
        if self.code == 503 || self.quotes_a_code() || self.tells_of_others() {
            return Cause::NotHelo;
        }
        if self.wants_tls_or_auth() {
            return Cause::TlsOrAuthRequired;
        }
        if self.is_unsupported() {
            return Cause::EhloUnsupported;
        }
        // Content filters at RCPT and DATA: the PTR is one cause of several.
        if self.words.has("score*") {
            return Cause::NotHelo;
        }
        // RFC 7372: X.7.25 reverse DNS validation failed. sendmail require_rdns at MAIL: `Client IP address .. does not resolve`.
        let address_without_name = self.words.has_any(&["client ip", "ip address", "your ip"])
            && self
                .words
                .has_any(&["not resolve", "doesnt resolve", "cannot resolve"]);
        let reverse_dns = self
            .enhanced
            .is_some_and(|code| (code.subject(), code.detail()) == (7, 25));
        if self.words.has_any(PTR) || address_without_name || reverse_dns {
            return Cause::NoPtr;
        }
        Cause::NotHelo
    }

    /// Names the fault of a complaint about the name.
    fn cause(&self, words: &Words) -> Cause {
        if self.is_google() {
            return Cause::LocalOrOwnName;
        }
        // Exim answers 451 to EHLO when the look-up for helo_verify_hosts is deferred, with the words of the lasting fault.
        if self.is_transient()
            && ((words.has_any(LOOKUP)
                && self.words.has_any(PASSING)
                && !Self::is_not_in_dns(&self.words))
                || (self.code == 451 && words.has("argument does not match")))
        {
            return Cause::Temporary;
        }
        // Exim ACL at MAIL: the section of RFC 2821 tells what is wrong, 4.1.1.1 the kind of name.
        if words.has("invalid helo name") && self.raw.contains("4.1.1.1") {
            return Cause::NotFqdn;
        }
        // sendmail block_bad_helo at RCPT: no inner dot, or a name of its own.
        if words.has("bogus") {
            return match self.shape() {
                Shape::SingleLabel => Cause::NotFqdn,
                Shape::Literal(Family::V6) => Cause::LiteralNotAllowed,
                _ => Cause::LocalOrOwnName,
            };
        }
        // Microsoft 365 at RCPT: `5.7.506 Access Denied, Bad HELO`, said to who uses the name of the server.
        if self
            .enhanced
            .is_some_and(|code| (code.subject(), code.detail()) == (7, 506))
        {
            return Cause::LocalOrOwnName;
        }
        // Haraka host_mismatch at EHLO: two names in one session.
        if self.raw.contains("host_mismatch") {
            return Cause::PolicyDenied;
        }
        // qpsmtpd policy=rfc and Haraka at EHLO: the name tells which character.
        if words.has_any(&["character", "characters", "chars", "non ascii", "utf 8"]) {
            return match self.shape() {
                Shape::Underscore => Cause::Underscore,
                _ => Cause::Syntax,
            };
        }
        if let Some(row) = CAUSES.iter().find(|row| words.has_any(row.phrases)) {
            return row.cause;
        }
        if let Some(cause) = self.cause_of_address(words) {
            return cause;
        }
        if words.has_any(SYNTAX) {
            return self.syntax();
        }
        // RFC 3463 3.8: X.7.Z is a matter of policy. qmail writes it behind the text.
        let policy =
            self.enhanced.is_some_and(|code| code.subject() == 7) || self.raw.contains("(#5.7.");
        if !policy && words.has_any(WRONG) {
            return self.syntax();
        }
        if policy || words.has_any(POLICY) || !matches!(self.code, 500..=504) {
            return match self.shape() {
                Shape::Local => Cause::LocalOrOwnName,
                _ => Cause::PolicyDenied,
            };
        }
        self.syntax()
    }

    /// Tells apart rules about addresses: qpsmtpd policy=strict, HestiaCP at MAIL, Exim ACLs.
    fn cause_of_address(&self, words: &Words) -> Option<Cause> {
        let refused = words.has_any(&[
            "not",
            "no",
            "dont",
            "disallowed",
            "forbidden",
            "prohibited",
            "refused",
        ]);
        let shape = self.shape();
        let literal = matches!(shape, Shape::Literal(_));
        if words.has("literal*") && (refused || literal) {
            return Some(Cause::LiteralNotAllowed);
        }
        if words.has_any(IS_ADDRESS) {
            return Some(if literal {
                Cause::LiteralNotAllowed
            } else {
                Cause::Syntax
            });
        }
        if words.has_any(HOLDS_ADDRESS) {
            return Some(match shape {
                Shape::Literal(_) => Cause::LiteralNotAllowed,
                Shape::BareAddress => Cause::Syntax,
                _ => Cause::PolicyDenied,
            });
        }
        None
    }

    /// Tells apart what servers put into one sentence: Exim, sendmail, OpenSMTPD, James, Stalwart, mox at EHLO and HELO.
    fn syntax(&self) -> Cause {
        match self.shape() {
            Shape::Literal(_) => Cause::LiteralNotAllowed,
            Shape::SingleLabel => Cause::NotFqdn,
            Shape::Underscore => Cause::Underscore,
            Shape::Local if self.name().is_some_and(|name| !name.contains('.')) => Cause::NotFqdn,
            Shape::BareAddress | Shape::Local | Shape::Other => Cause::Syntax,
        }
    }

    /// Returns the name sent, or else the one the server repeats.
    fn name(&self) -> Option<&str> {
        self.sent.or(self.echo.as_deref())
    }

    fn shape(&self) -> Shape {
        let Some(name) = self.name() else {
            return Shape::Other;
        };
        let name = name.to_ascii_lowercase();
        if name.parse::<IpAddr>().is_ok() {
            return Shape::BareAddress;
        }
        let labels = || name.split('.');
        if name.starts_with("localhost") || labels().next_back() == Some("localdomain") {
            return Shape::Local;
        }
        // An IPv4-mapped address in a literal is a matter of spelling: the IPv4 literal says the same.
        if name.starts_with('[') {
            return match HeloName::parse(&name).map(|literal| literal.address()) {
                Ok(Some(IpAddr::V4(_))) if !name.contains(':') => Shape::Literal(Family::V4),
                Ok(Some(IpAddr::V6(_))) => Shape::Literal(Family::V6),
                _ => Shape::Other,
            };
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if name.contains('_') {
            return if labels().all(|label| is_label(&label.replace('_', ""))) {
                Shape::Underscore
            } else {
                Shape::Other
            };
        }
        if is_label(&name) && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Shape::SingleLabel;
        }
        Shape::Other
    }
}

/// Says what kind of name was sent, as far as servers that say little may mean it.
enum Shape {
    BareAddress,
    Literal(Family),
    Local,
    Other,
    SingleLabel,
    Underscore,
}

/// Says which kind of address a literal holds.
enum Family {
    V4,
    V6,
}

/// Exim at DATA, when every RCPT sent before it in one go has failed alike: `503-All RCPT commands were rejected with this error:`, then that error,
/// then `503 Valid RCPT command must precede DATA`. What counts is the error.
fn without_summary(text: &str) -> Option<String> {
    let (_, error) = text.split_once("rcpt commands were rejected with this error:")?;
    let error = error
        .split_once("valid rcpt command must precede data")
        .map_or(error, |(error, _)| error);
    Some(error.to_owned())
}

fn is_reply_code(word: &str) -> bool {
    let word = word.rsplit(['=', ':', '(']).next().unwrap_or_default();
    word.len() == 3
        && word.starts_with(['4', '5'])
        && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits a text where one statement ends and the next begins; with each comes the text from there on, which may say why.
///
/// Policy services speak through Postfix at RCPT as `<user@example.net>: Recipient address rejected: ..`; that beginning is nobody's.
fn clauses(text: &str) -> Vec<(Words, Words)> {
    const MOST: usize = 20;
    let mut rest = text
        .split_once("recipient address rejected:")
        .map_or(text, |(_, text)| text);
    let mut clauses = Vec::new();
    while !rest.is_empty() && clauses.len() < MOST {
        let end = [". ", ";", "\n"]
            .iter()
            .filter_map(|mark| rest.find(mark))
            .min()
            .map_or(rest.len(), |at| at + 1);
        let (clause, next) = rest.split_at(end);
        clauses.push((Words::new(clause), Words::new(rest)));
        rest = next;
    }
    clauses
}

/// Finds the name that the text, in lower case, says the client has sent.
///
/// Postfix (`<name>: Helo command rejected`, `Helo command [name] blocked`), James (`Optional[name]`), Exim ACLs (`HELO was name)`,
/// `impersonating [name]`), sendmail (`bogus HELO name used: name`), Google (`argument "name" invalid`), Courier (`HELO name does not
/// match`), policyd-weight (`Your HELO: name,`).
fn echoed_name(text: &str) -> Option<&str> {
    fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
        let (_, rest) = text.split_once(start)?;
        rest.split_once(end).map(|(name, _)| name)
    }
    if let Some((before, _)) = text.split_once(">: helo command") {
        return before.rsplit_once('<').map(|(_, name)| name);
    }
    for (start, end) in [
        ("helo command [", "] blocked"),
        ("optional[", "] can"),
        ("helo name used: ", "\n"),
        ("argument \"", "\""),
    ] {
        if let Some(name) = between(text, start, end) {
            return Some(name);
        }
    }
    if let Some((_, rest)) = text.split_once("impersonating ")
        && let Some(name) = between(rest, "[", "]")
    {
        return Some(name);
    }
    // The word behind the verb, if it looks like a name: `helo was x)`, `helo: x,`, `helo x does not`.
    let mut words = text.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        if matches!(
            word.trim_start_matches('('),
            "helo" | "ehlo" | "helo:" | "ehlo:"
        ) {
            if words.peek() == Some(&"was") {
                words.next();
            }
            let name = words
                .peek()
                .map(|word| word.trim_matches(|char: char| "()<>\"',;:".contains(char)))
                .map(|word| word.strip_suffix('.').unwrap_or(word));
            if let Some(name) = name.filter(|name| looks_like_name(name)) {
                return Some(name);
            }
        }
    }
    None
}

/// Tells whether a word is an address, bare or in brackets.
fn is_address(word: &str) -> bool {
    word.trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .is_ok()
}

/// Tells a domain or a literal from a word of a sentence.
fn looks_like_name(word: &str) -> bool {
    (word.starts_with('[') && word.contains(['.', ':']))
        || (word.starts_with(|char: char| char.is_ascii_alphanumeric())
            && !word.contains(['@', '/'])
            && word
                .split_once('.')
                .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty()))
}

/// Replaces the names that are quoted, and leaves out links and `helo=..`, so that their parts are not read as words.
fn without_names(text: &str, echo: Option<&str>, sent: Option<&str>) -> String {
    let mut text = Cow::Borrowed(text);
    if let Some(echo) = echo.filter(|echo| !echo.is_empty()) {
        for (open, close) in [('<', '>'), ('[', ']'), ('"', '"')] {
            let quoted = format!("{open}{echo}{close}");
            if text.contains(&quoted) {
                text = Cow::Owned(text.replace(&quoted, QUOTED));
            }
        }
    }
    let mut plain = String::with_capacity(text.len());
    // Exim ACL at RCPT: `550 HELO_IS_LOCAL_DOMAIN` and no more.
    let is_one_word = !text.trim().contains([' ', '\n']);
    let mut pieces = text.split_inclusive([' ', '\n']).peekable();
    while let Some(piece) = pieces.next() {
        // `(HELO mail.example.com [192.0.2.1])` is a detail, as in a trace header.
        if matches!(piece, "(helo " | "(ehlo " | "(helo: " | "(ehlo: ")
            && pieces.peek().is_some_and(|next| next.trim_end() != "was")
        {
            continue;
        }
        let word = piece.trim_end();
        let ending = &piece[word.len()..];
        let bare = word.trim_matches(|char: char| "()<>\"',;:".contains(char));
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        // Who has sent a literal hears of the address without brackets what is said about the address.
        let is_name = looks_like_name(bare)
            && !(is_address(bare)
                && !bare.starts_with('[')
                && sent.is_some_and(|sent| sent.starts_with('[')))
            && [echo, sent]
                .into_iter()
                .flatten()
                .any(|name| is_same_name(bare, name));
        if word.contains("://")
            || word.contains("helo=")
            || (is_name_of_test(word) && !is_name && !is_one_word)
        {
            plain.push(' ');
        } else if is_name {
            // What ends the clause stays.
            plain.push_str(QUOTED);
            plain.push_str(&word[word.trim_end_matches([';', '.']).len()..]);
        } else if is_address(bare) {
            plain.push_str(ADDRESS);
            plain.push_str(&word[word.trim_end_matches([';', '.', ',', ':']).len()..]);
        } else {
            plain.push_str(word);
        }
        plain.push_str(ending);
    }
    plain
}

/// Tells whether a word names a test of a content filter. SpamAssassin at DATA: `FH_HELO_EQ_D_D_D_D,`, `RDNS_NONE`.
fn is_name_of_test(word: &str) -> bool {
    ["helo_", "_helo", "rdns_", "_rdns"]
        .iter()
        .any(|part| word.contains(part))
}

/// Compares a repeated name with the one sent: without case, brackets and what punctuation stands at its ends.
///
/// Postfix stores `?` for each of `<>()\";@` and space, Courier `_` for a space; very long names are cut.
fn is_same_name(echo: &str, sent: &str) -> bool {
    fn canonical(name: &str) -> String {
        let mut canonical = String::with_capacity(name.len());
        for char in name.trim().chars() {
            match char {
                '[' | ']' => {}
                '<' | '>' | '(' | ')' | '\\' | '"' | ';' | '@' | '?' | '_' => canonical.push('?'),
                _ if char.is_ascii_graphic() => canonical.push(char.to_ascii_lowercase()),
                _ => canonical.push('?'),
            }
        }
        while canonical.contains("??") {
            canonical = canonical.replace("??", "?");
        }
        canonical
            .trim_matches(['?', '.', ',', ':', '\''])
            .to_owned()
    }
    const CUT: usize = 64;
    let (echo, sent) = (canonical(echo), canonical(sent));
    echo == sent || (echo.len() >= CUT && sent.starts_with(&echo))
}
