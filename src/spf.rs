//! Checks the SPF record of a name (RFC 7208), as a receiver does with the name in `EHLO`
//! (RFC 7208 2.3).
//!
//! A bounce has no sender, so its SPF is that of the name in `EHLO` alone (RFC 7208 2.4). Some
//! receivers refuse other mail by it, too: Debian's policyd-spf refuses a `fail`.
//!
//! [`CheckHost::judge`] reads its answers from a book of [`Facts`], and returns
//! the questions that the book lacks. So a [`Zone`](crate::dns::Zone), a test and any resolver drive
//! it alike; [`CheckHost::ask`] does it over the trait [`Dns`].
//!
//! ```
//! use helo_name::HeloName;
//! use helo_name::dns::Zone;
//! use helo_name::spf::{CheckHost, SpfResult};
//!
//! let zone = Zone::new()
//!     .text("mail.example.com", "v=spf1 a -all")
//!     .address("mail.example.com", "192.0.2.10");
//! let name = HeloName::from_static("mail.example.com");
//! let from = |client: &str| CheckHost::of_name(client.parse().unwrap(), &name);
//! pollster::block_on(async {
//!     assert_eq!(from("192.0.2.10").ask(&zone).await.result(), SpfResult::Pass);
//!     let verdict = from("192.0.2.11").ask(&zone).await;
//!     assert_eq!(verdict.result(), SpfResult::Fail);
//!     assert_eq!(verdict.to_string(), "SPF of mail.example.com: fail (by \"-all\")");
//! });
//! ```

mod macros;
mod record;
mod result;
mod walk;

use std::fmt;
use std::net::IpAddr;

use crate::dns::{Dns, Facts, Question, learn_all};
use crate::escape::Excerpt;
use crate::name::HeloName;
pub use crate::spf::result::{SpfReason, SpfResult};
use crate::spf::walk::{Sender, Walk};

/// The result of a check, and why.
///
/// `Display` writes one line: `SPF of mail.example.com: permerror (malformed: "ip4:1.2.3")`. The term
/// is the record's, escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfVerdict {
    domain: String,
    result: SpfResult,
    reason: SpfReason,
    term: Option<String>,
}

impl SpfVerdict {
    /// Returns the result.
    #[must_use]
    pub fn result(&self) -> SpfResult {
        self.result
    }

    /// Returns why.
    #[must_use]
    pub fn reason(&self) -> SpfReason {
        self.reason
    }

    /// Returns the term of the record that decided or is at fault, escaped and cut, if there is
    /// one.
    #[must_use]
    pub fn term(&self) -> Option<&str> {
        self.term.as_deref()
    }
}

impl fmt::Display for SpfVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            domain,
            result,
            reason,
            term,
        } = self;
        let domain = Excerpt::new(domain.as_bytes());
        write!(f, "SPF of {domain}: {result} ({reason}")?;
        match (reason, term) {
            (SpfReason::Matched, Some(term)) => write!(f, " \"{term}\")"),
            (_, Some(term)) => write!(f, ": \"{term}\")"),
            (_, None) => f.write_str(")"),
        }
    }
}

/// A check of one client address and one sender (RFC 7208 4.1).
#[derive(Clone, Debug)]
pub struct CheckHost(Sender);

impl CheckHost {
    /// Checks the name in `EHLO` (RFC 7208 2.3): the sender is `postmaster@name`.
    #[must_use]
    pub fn of_name(client: IpAddr, name: &HeloName) -> Self {
        Self::of_sender(client, name.as_str(), "")
    }

    /// Checks the sender in `MAIL FROM` (RFC 7208 2.4). Without one, as in a bounce, it is
    /// `postmaster@helo`.
    ///
    /// ```
    /// use helo_name::dns::Zone;
    /// use helo_name::spf::{CheckHost, SpfResult};
    ///
    /// let zone = Zone::new().text("example.com", "v=spf1 ip4:192.0.2.0/24 -all");
    /// let client = "192.0.2.10".parse().unwrap();
    /// let check = CheckHost::of_sender(client, "mail.example.com", "user@example.com");
    /// let verdict = pollster::block_on(check.ask(&zone));
    /// assert_eq!(verdict.result(), SpfResult::Pass);
    /// ```
    #[must_use]
    pub fn of_sender(client: IpAddr, helo: &str, sender: &str) -> Self {
        let (local_part, domain) = match sender.rsplit_once('@') {
            Some((local_part, domain)) => (local_part, domain),
            None if sender.is_empty() => ("", helo),
            None => ("", sender),
        };
        let local_part = if local_part.is_empty() {
            "postmaster" // RFC 7208 4.3
        } else {
            local_part
        };
        Self(Sender {
            client: client.to_canonical(),
            local_part: local_part.to_owned(),
            domain: domain.to_owned(),
            helo: helo.to_owned(),
        })
    }

    /// Judges by the facts.
    ///
    /// # Errors
    ///
    /// The questions whose answers are missing: note them, and judge again. There are at most some
    /// 150 in all (RFC 7208 4.6.4).
    ///
    /// ```
    /// use helo_name::HeloName;
    /// use helo_name::dns::{Answer, Facts, Question};
    /// use helo_name::spf::{CheckHost, SpfResult};
    ///
    /// let name = HeloName::from_static("mail.example.com");
    /// let check = CheckHost::of_name("192.0.2.10".parse().unwrap(), &name);
    /// let mut facts = Facts::new();
    /// let questions = check.judge(&facts).unwrap_err();
    /// assert_eq!(questions, [Question::Texts("mail.example.com".into())]);
    /// facts.insert_texts("mail.example.com", Answer::no_data());
    /// assert_eq!(check.judge(&facts).unwrap().result(), SpfResult::None);
    /// ```
    pub fn judge(&self, facts: &Facts) -> Result<SpfVerdict, Vec<Question>> {
        let found = Walk::new(&self.0, facts).check()?;
        Ok(SpfVerdict {
            domain: self.0.domain.clone(),
            result: found.result,
            reason: found.reason,
            term: found.term.map(|term| Excerpt::new(&term).to_string()),
        })
    }

    /// Asks, and judges. What can be asked at once is asked at once. The only deadline is that of
    /// `dns`.
    pub async fn ask(&self, dns: &impl Dns) -> SpfVerdict {
        let mut facts = Facts::new();
        loop {
            match self.judge(&facts) {
                Ok(verdict) => return verdict,
                Err(questions) => learn_all(dns, questions, &mut facts).await,
            }
        }
    }
}
