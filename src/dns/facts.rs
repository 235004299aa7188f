//! The book of DNS facts: questions, and the answers that are known.
//!
//! Findings, iprev and predictions read their answers from this book, and ask nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::family::Family;
use crate::dns::ptr_text::{MailExchanger, PtrText};
use crate::dns::stub::judged;

/// A question to the DNS.
///
/// A name is in presentation form (RFC 1035 5.1), in lower case without the root dot, so the root
/// is the empty name. An octet that is not printable ASCII is `\DDD`; so is a backslash, or a dot
/// within a label.
///
/// ```
/// use helo_name::dns::{Family, Question};
///
/// let question = Question::Addresses("mail.example.com".into(), Family::V6);
/// assert_eq!(question.to_string(), "mail.example.com AAAA");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an implementation must answer each kind of question"
)]
pub enum Question {
    /// A or AAAA of a name.
    Addresses(Box<str>, Family),
    /// A of a name whose addresses are codes and no addresses: `exists` of SPF (RFC 7208 5.7), and
    /// lists (RFC 5782), which answer with 127.0.0.2 and such.
    Codes(Box<str>),
    /// MX of a name.
    MailExchangers(Box<str>),
    /// PTR of an address.
    Names(IpAddr),
    /// TXT of a name.
    Texts(Box<str>),
}

impl fmt::Display for Question {
    /// Writes the name or address, a space and the record type: `mail.example.com MX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(name, family) => write!(f, "{name} {}", family.record_type()),
            Self::Codes(name) => write!(f, "{name} A"),
            Self::MailExchangers(name) => write!(f, "{name} MX"),
            Self::Names(address) => write!(f, "{address} PTR"),
            Self::Texts(name) => write!(f, "{name} TXT"),
        }
    }
}

/// Answers of the DNS, by question.
///
/// ```
/// use helo_name::dns::{Answer, Facts, Family};
///
/// let mut facts = Facts::new();
/// let answer = Answer::found(vec!["192.0.2.10".parse().unwrap()]);
/// facts.insert_addresses("mail.example.com", Family::V4, answer.clone());
/// facts.insert_mail_exchangers("mail.example.com", Answer::no_data());
///
/// assert_eq!(facts.addresses("mail.example.com", Family::V4), Some(&answer));
/// assert_eq!(facts.addresses("mail.example.com", Family::V6), None); // nobody asked
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    addresses: BTreeMap<(Box<str>, Family), Answer<IpAddr>>,
    codes: BTreeMap<Box<str>, Answer<IpAddr>>,
    exchangers: BTreeMap<Box<str>, Answer<MailExchanger>>,
    names: BTreeMap<IpAddr, Answer<PtrText>>,
    texts: BTreeMap<Box<str>, Answer<Box<[u8]>>>,
}

impl Facts {
    /// Makes an empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the answer to [`Question::Addresses`]: the one at the end of the CNAMEs, which are in
    /// [`Answer::aliases`].
    ///
    /// An answer that was made up on this machine is noted as [`NotKnown::Synthesised`]: one with a
    /// loopback address, unless the name is `localhost` or such; and one with a TTL of zero by the
    /// stub of systemd-resolved. So are those of the other kinds.
    ///
    /// ```
    /// use helo_name::dns::{Answer, Facts, Family, NotKnown};
    ///
    /// let mut facts = Facts::new();
    /// let from_hosts_file = Answer::found(vec!["127.0.1.1".parse().unwrap()]);
    /// facts.insert_addresses("mail.example.com", Family::V4, from_hosts_file);
    /// let noted = facts.addresses("mail.example.com", Family::V4).unwrap();
    /// assert_eq!(noted.why_not_known(), Some(NotKnown::Synthesised));
    /// ```
    pub fn insert_addresses(&mut self, name: &str, family: Family, answer: Answer<IpAddr>) {
        let answer = judged(name, answer, |address| Some(*address));
        self.addresses.insert((key(name), family), answer);
    }

    /// Notes the answer to [`Question::Codes`]: loopback addresses are what it is made of.
    pub fn insert_codes(&mut self, name: &str, answer: Answer<IpAddr>) {
        let answer = judged(name, answer, |_| None);
        self.codes.insert(key(name), answer);
    }

    /// Returns the answer about the codes of a name, if it is known.
    #[must_use]
    pub fn codes(&self, name: &str) -> Option<&Answer<IpAddr>> {
        self.codes.get(&key(name))
    }

    /// Notes the answer to [`Question::MailExchangers`].
    pub fn insert_mail_exchangers(&mut self, name: &str, answer: Answer<MailExchanger>) {
        let answer = judged(name, answer, |_| None);
        self.exchangers.insert(key(name), answer);
    }

    /// Notes the answer to [`Question::Names`].
    pub fn insert_names(&mut self, address: IpAddr, answer: Answer<PtrText>) {
        let answer = judged("", answer, |_| None);
        self.names.insert(address.to_canonical(), answer);
    }

    /// Notes the answer to [`Question::Texts`]: any octets, the strings of a record joined.
    pub fn insert_texts(&mut self, name: &str, answer: Answer<Box<[u8]>>) {
        let answer = judged(name, answer, |_| None);
        self.texts.insert(key(name), answer);
    }

    /// Returns the answer about the TXT records of a name, if it is known.
    ///
    /// ```
    /// use helo_name::dns::{Answer, Facts};
    ///
    /// let mut facts = Facts::new();
    /// facts.insert_texts("mail.example.com", Answer::found(vec![(*b"v=spf1 a -all").into()]));
    /// assert_eq!(&*facts.texts("mail.example.com").unwrap().records()[0], b"v=spf1 a -all");
    /// ```
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<&Answer<Box<[u8]>>> {
        self.texts.get(&key(name))
    }

    /// Returns the answer about the addresses of a name in one family, if it is known.
    #[must_use]
    pub fn addresses(&self, name: &str, family: Family) -> Option<&Answer<IpAddr>> {
        self.addresses.get(&(key(name), family))
    }

    /// Returns the answer about the mail exchangers of a name, if it is known.
    #[must_use]
    pub fn mail_exchangers(&self, name: &str) -> Option<&Answer<MailExchanger>> {
        self.exchangers.get(&key(name))
    }

    /// Returns the answer about the names of an address, if it is known.
    #[must_use]
    pub fn names(&self, address: IpAddr) -> Option<&Answer<PtrText>> {
        self.names.get(&address.to_canonical())
    }

    /// Removes and returns the answer about the addresses of a name in one family.
    pub(crate) fn take_addresses(&mut self, name: &str, family: Family) -> Option<Answer<IpAddr>> {
        self.addresses.remove(&(key(name), family))
    }

    /// Notes all answers of another book.
    #[cfg(feature = "spf")]
    pub(super) fn extend(&mut self, other: Self) {
        self.addresses.extend(other.addresses);
        self.codes.extend(other.codes);
        self.exchangers.extend(other.exchangers);
        self.names.extend(other.names);
        self.texts.extend(other.texts);
    }

    /// Notes [`NotKnown::Timeout`] for each question that has no answer.
    pub(crate) fn insert_timeouts(&mut self, asked: impl IntoIterator<Item = Question>) {
        for question in asked {
            if self.has(&question) {
                continue;
            }
            match question {
                Question::Addresses(name, family) => {
                    self.insert_addresses(&name, family, Answer::not_known(NotKnown::Timeout));
                }
                Question::Codes(name) => {
                    self.insert_codes(&name, Answer::not_known(NotKnown::Timeout));
                }
                Question::MailExchangers(name) => {
                    self.insert_mail_exchangers(&name, Answer::not_known(NotKnown::Timeout));
                }
                Question::Names(address) => {
                    self.insert_names(address, Answer::not_known(NotKnown::Timeout));
                }
                Question::Texts(name) => {
                    self.insert_texts(&name, Answer::not_known(NotKnown::Timeout));
                }
            }
        }
    }

    /// Returns whether a question has an answer.
    pub(crate) fn has(&self, question: &Question) -> bool {
        match question {
            Question::Addresses(name, family) => self.addresses(name, *family).is_some(),
            Question::Codes(name) => self.codes(name).is_some(),
            Question::MailExchangers(name) => self.mail_exchangers(name).is_some(),
            Question::Names(address) => self.names(*address).is_some(),
            Question::Texts(name) => self.texts(name).is_some(),
        }
    }

    /// Returns whether any answer is not known.
    pub(crate) fn has_not_known(&self) -> bool {
        self.addresses.values().any(Answer::is_not_known)
            || self.codes.values().any(Answer::is_not_known)
            || self.exchangers.values().any(Answer::is_not_known)
            || self.names.values().any(Answer::is_not_known)
            || self.texts.values().any(Answer::is_not_known)
    }

    /// Returns the smallest TTL of all answers, if any has one.
    pub(crate) fn shortest_ttl(&self) -> Option<Duration> {
        let addresses = self.addresses.values().filter_map(Answer::ttl);
        let codes = self.codes.values().filter_map(Answer::ttl);
        let addresses = addresses.chain(codes);
        let exchangers = self.exchangers.values().filter_map(Answer::ttl);
        let names = self.names.values().filter_map(Answer::ttl);
        let texts = self.texts.values().filter_map(Answer::ttl);
        addresses.chain(exchangers).chain(names).chain(texts).min()
    }

    /// Removes the answers that are not known: others may hear in time what this machine did not.
    #[cfg(feature = "receivers")]
    pub(crate) fn without_not_known(mut self) -> Self {
        self.addresses.retain(|_, answer| !answer.is_not_known());
        self.codes.retain(|_, answer| !answer.is_not_known());
        self.exchangers.retain(|_, answer| !answer.is_not_known());
        self.names.retain(|_, answer| !answer.is_not_known());
        self.texts.retain(|_, answer| !answer.is_not_known());
        self
    }
}

/// Returns the form of a name that [`Question`] describes.
pub(super) fn key(name: &str) -> Box<str> {
    name.trim_end_matches('.').to_ascii_lowercase().into()
}
