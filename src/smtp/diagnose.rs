//! Was it our name? What a server's refusal means, whenever it comes.
//!
//! Most servers judge the name later than they hear it: Postfix says `Helo command rejected` at
//! RCPT, Courier and the ACLs of Exim at MAIL, sendmail at RCPT. And most refusals near the name
//! are about something else. [`Diagnosis::of`] takes the command, the reply and the name, and works
//! in three steps:
//!
//! 1. [`text`] makes words of the reply. Names, addresses and links are not words.
//! 2. [`features`] finds the [`phrases`] in them, and so what the reply says.
//! 3. [`rules`] decide: whose fault is it, and what is the [`cause`]?
//!
//! When in doubt the answer is "not ours": a mailer that blames its name wrongly changes what
//! worked.
//!
//! An operator's own words need not be understood, in any language.

mod cause;
mod features;
mod phrases;
mod rules;
mod text;

use cause::Blame;
pub use cause::Cause;
use features::Found;
use rules::{Context, Judgement, Reason};
use text::Text;

use std::fmt;

use crate::smtp::reply::Reply;
use crate::smtp::stage::Stage;

/// Whether a reply blames the client's name, and what to do.
///
/// ```
/// use helo_name::{Diagnosis, Reply, Stage};
/// use helo_name::smtp::Cause;
///
/// // Postfix, three commands after EHLO. The code says "try again", but that will not help.
/// let reply = Reply::parse(
///     b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found\r\n",
/// )?;
/// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
/// assert!(diagnosis.is_ours());
/// assert!(diagnosis.is_lasting());
/// assert!(diagnosis.another_name_may_help());
/// assert_eq!(diagnosis.cause(), Cause::Unresolvable);
///
/// // The same words about the sender.
/// let reply = Reply::parse(
///     b"450 4.1.8 <me@web01.example.com>: Sender address rejected: Domain not found\r\n",
/// )?;
/// assert!(!Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com")).is_ours());
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnosis {
    judgement: Judgement,
    code: Code,
}

/// What decided a [`Diagnosis`]: a rule, the words of the reply that it looks for, and its source.
///
/// All of it is this crate's text: nothing of the server's is in it, and it can be logged as it is.
///
/// ```
/// use helo_name::{Diagnosis, Reply, Stage};
///
/// let reply = Reply::parse(b"550 Requested action not taken: Invalid HeloHost\r\n")?;
/// let because = Diagnosis::of(Stage::Mail, &reply, Some("web01")).because();
/// assert_eq!((because.rule(), because.words()), ("no, or a fault", Some("invalid")));
/// # Ok::<(), helo_name::smtp::InvalidReply>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Because(Reason);

impl Because {
    /// Returns the name of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.0.why.0
    }

    /// Returns the words of the reply that the rule looks for, in lower case; `<name>` is the name
    /// sent. `None` if the stage, the code or what the reply lacks decided.
    #[must_use]
    pub const fn words(&self) -> Option<&'static str> {
        self.0.words
    }

    /// Returns who says so or demands it: a server, a filter, an RFC.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.0.why.1
    }
}

impl fmt::Display for Because {
    /// Writes one line: the rule, its words, its source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule())?;
        if let Some(words) = self.words() {
            write!(f, ": \"{words}\"")?;
        }
        write!(f, " ({})", self.source())
    }
}

/// What the first digit of the reply code promises (RFC 5321 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Permanent,
    Transient,
}

impl Diagnosis {
    /// Judges the reply to a command.
    ///
    /// `name_sent` is the name that the client has said in `EHLO` or `HELO`, if that is known. A
    /// reply that refuses nothing is "not ours".
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// // The quoted name is that of another client.
    /// let reply = Reply::parse(
    ///     b"504 5.5.2 <mx1>: Helo command rejected: need fully-qualified hostname\r\n",
    /// )?;
    /// assert!(Diagnosis::of(Stage::Data, &reply, Some("mx1")).is_ours());
    /// assert!(!Diagnosis::of(Stage::Data, &reply, Some("mail.example.com")).is_ours());
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    pub fn of(stage: Stage, reply: &Reply, name_sent: Option<&str>) -> Self {
        let judgement = match reply.code() {
            400..=599 => judge(stage, reply, name_sent),
            _ => NOTHING_REFUSED,
        };
        let code = match reply.code() {
            500.. => Code::Permanent,
            _ => Code::Transient,
        };
        Diagnosis { judgement, code }
    }

    /// Returns whether the name is to blame: with another name the same connection could succeed.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self.judgement.blame, Blame::Ours)
    }

    /// Returns what the refusal is about.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.judgement.cause
    }

    /// Returns why the name is, or is not, to blame.
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// let reply = Reply::parse(
    ///     b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found\r\n",
    /// )?;
    /// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
    /// assert_eq!(
    ///     diagnosis.because().to_string(),
    ///     "Postfix's class for the name: \"helo command rejected\" \
    ///      (Postfix smtpd_check.c, smtpd_helo_restrictions)"
    /// );
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn because(&self) -> Because {
        Because(self.judgement.fault)
    }

    /// Returns why it is this [`cause`](Self::cause), where more than whose fault it is was said.
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// let reply = Reply::parse(
    ///     b"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example\r\n",
    /// )?;
    /// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, None);
    /// let because = diagnosis.because_of_cause().unwrap();
    /// assert_eq!(because.rule(), "the address is on a list");
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub fn because_of_cause(&self) -> Option<Because> {
        self.judgement.reason.map(Because)
    }

    /// Returns whether waiting is useless.
    ///
    /// A fault of the name is lasting even when the code is 4yz, unless the server only failed to
    /// look the name up. For everything else the code decides.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        match self.judgement.blame {
            Blame::Ours => !matches!(self.judgement.cause, Cause::Temporary),
            Blame::NotOurs => matches!(self.code, Code::Permanent),
        }
    }

    /// Returns whether to try the next name now: the fault is the name's, and lasting.
    #[must_use]
    pub const fn another_name_may_help(&self) -> bool {
        self.is_ours() && self.is_lasting()
    }

    /// Returns one sentence for the operator: what to change, and where.
    ///
    /// ```
    /// use helo_name::{Diagnosis, Reply, Stage};
    ///
    /// let reply = Reply::parse(
    ///     b"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]\r\n",
    /// )?;
    /// let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, None);
    /// assert!(diagnosis.advice().starts_with("Change the PTR:"));
    /// # Ok::<(), helo_name::smtp::InvalidReply>(())
    /// ```
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.judgement.cause.advice_for(self.judgement.blame)
    }
}

const NOTHING_REFUSED: Judgement = Judgement {
    blame: Blame::NotOurs,
    cause: Cause::NotHelo,
    fault: Reason {
        why: &("the reply refuses nothing", "RFC 5321 4.2.1: 2yz and 3yz"),
        words: None,
    },
    reason: None,
};

fn judge(stage: Stage, reply: &Reply, name_sent: Option<&str>) -> Judgement {
    let raw = text::lower_case(reply.lines());
    // Exim says it at DATA; a log may not tell the stage.
    let summary = match (reply.code(), stage) {
        (503, Stage::Data | Stage::Unknown) => text::summed_up(&raw),
        _ => None,
    };
    let (raw, stage, code) = match summary {
        Some(error) => (error, Stage::Rcpt, 550),
        None => (raw.as_str(), stage, reply.code()),
    };
    let context = Context {
        stage,
        code,
        enhanced: reply.enhanced_code(),
    };
    let found = Found::new(&Text::new(raw, code, name_sent));
    rules::judge(context, found, &mut |_| ())
}
