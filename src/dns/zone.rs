//! A DNS in memory: a few records, to test a policy without a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::dns::answer::{Answer, MAX_ALIASES, NotKnown};
use crate::dns::dns_trait::Dns;
use crate::dns::facts::{Facts, Question, key};
use crate::dns::family::Family;
use crate::dns::ptr_text::{MailExchanger, PtrText};
use crate::name::HeloName;

/// How long a [`Zone`]'s answers may be used.
const TTL: Duration = Duration::from_secs(60);

/// A [`Dns`] in memory, for tests. A name that is not in it does not exist.
///
/// ```
/// use helo_name::{HeloName, Resolve};
/// use helo_name::dns::{NotKnown, Zone};
///
/// let zone = Zone::new()
///     .address("mail.example.com", "192.0.2.10")
///     .alias("www.example.com", "mail.example.com")
///     .empty("example.com")
///     .fails("slow.example.com", NotKnown::Timeout)
///     .ptr("192.0.2.10", "mail.example.com")
///     .ptr_fails("192.0.2.11", NotKnown::ServFail);
/// let name = Resolve::new(zone)
///     .ignore_machine()
///     .ignore_environment()
///     .client_address(Some("192.0.2.10".parse().unwrap()))
///     .blocking()
///     .unwrap();
/// assert_eq!(name, HeloName::from_static("mail.example.com"));
/// ```
#[derive(Debug, Default)]
pub struct Zone {
    names: BTreeMap<Box<str>, Node>,
    addresses: BTreeMap<IpAddr, Pointers>,
    exchangers: BTreeMap<Box<str>, Vec<MailExchanger>>,
    texts: BTreeMap<Box<str>, Vec<Box<[u8]>>>,
    asked: Mutex<Vec<Question>>,
}

#[derive(Debug)]
enum Node {
    Addresses(Vec<IpAddr>),
    Alias(Box<str>),
    Fails(NotKnown),
}

#[derive(Debug)]
enum Pointers {
    Names(Vec<PtrText>),
    Fails(NotKnown),
}

impl Zone {
    /// Makes an empty zone, in which nothing exists.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address to a name: an A or AAAA record.
    ///
    /// # Panics
    ///
    /// If `address` is not an address, so that a typing error shows in the test.
    #[must_use]
    pub fn address(mut self, name: &str, address: &str) -> Self {
        let address = parse_address(address);
        match self
            .names
            .entry(key(name))
            .or_insert_with(|| Node::Addresses(Vec::new()))
        {
            Node::Addresses(addresses) => addresses.push(address),
            other => *other = Node::Addresses(vec![address]),
        }
        self
    }

    /// Adds a name that exists and has no address: NODATA.
    #[must_use]
    pub fn empty(mut self, name: &str) -> Self {
        self.names.insert(key(name), Node::Addresses(Vec::new()));
        self
    }

    /// Adds an alias of a name: a CNAME record.
    #[must_use]
    pub fn alias(mut self, name: &str, target: &str) -> Self {
        self.names.insert(key(name), Node::Alias(key(target)));
        self
    }

    /// Makes every question for a name end without an answer.
    #[must_use]
    pub fn fails(mut self, name: &str, reason: NotKnown) -> Self {
        self.names.insert(key(name), Node::Fails(reason));
        self
    }

    /// Adds a TXT record to a name: any octets.
    #[must_use]
    pub fn text(mut self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.exists(name);
        let texts = self.texts.entry(key(name)).or_default();
        texts.push(text.as_ref().into());
        self
    }

    /// Adds an MX record to a name.
    ///
    /// ```
    /// use helo_name::dns::Zone;
    ///
    /// let zone = Zone::new().exchanger("example.com", 10, "mx.example.com");
    /// ```
    #[must_use]
    pub fn exchanger(mut self, name: &str, preference: u16, host: &str) -> Self {
        self.exists(name);
        let host = PtrText::new(host).as_str().into();
        let exchangers = self.exchangers.entry(key(name)).or_default();
        exchangers.push(MailExchanger { preference, host });
        self
    }

    fn exists(&mut self, name: &str) {
        let node = self.names.entry(key(name));
        node.or_insert_with(|| Node::Addresses(Vec::new()));
    }

    /// Adds a PTR name to an address. It can be any text, as in the DNS.
    ///
    /// # Panics
    ///
    /// If `address` is not an address.
    #[must_use]
    pub fn ptr(mut self, address: &str, name: &str) -> Self {
        let name = PtrText::new(name);
        let entry = self.addresses.entry(parse_address(address));
        match entry.or_insert_with(|| Pointers::Names(Vec::new())) {
            Pointers::Names(names) => names.push(name),
            other => *other = Pointers::Names(vec![name]),
        }
        self
    }

    /// Makes the PTR question for an address end without an answer.
    ///
    /// # Panics
    ///
    /// If `address` is not an address.
    #[must_use]
    pub fn ptr_fails(mut self, address: &str, reason: NotKnown) -> Self {
        self.addresses
            .insert(parse_address(address), Pointers::Fails(reason));
        self
    }

    /// Returns the questions asked until now, in order.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, question: Question) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(question);
    }

    fn answer_forward(&self, name: &str, family: Family) -> Answer<IpAddr> {
        self.answer(name, |_, addresses| {
            let addresses = addresses.iter().copied();
            addresses
                .filter(|&address| Family::of(address) == family)
                .collect()
        })
    }

    /// Follows the aliases, and picks records of the name at their end.
    fn answer<T>(&self, name: &str, pick: impl FnOnce(&str, &[IpAddr]) -> Vec<T>) -> Answer<T> {
        let mut aliases: Vec<Box<str>> = Vec::new();
        loop {
            let at = aliases.last().map_or(name, |target| target);
            match self.names.get(at) {
                None => return Answer::nx_domain().with_aliases(aliases),
                Some(Node::Fails(reason)) => {
                    return Answer::not_known(*reason).with_aliases(aliases);
                }
                Some(Node::Alias(_)) if aliases.len() == MAX_ALIASES => {
                    return Answer::not_known(NotKnown::AliasChain).with_aliases(aliases);
                }
                Some(Node::Alias(target)) => aliases.push(target.clone()),
                Some(Node::Addresses(all)) => {
                    return Answer::found(pick(at, all)).with_aliases(aliases);
                }
            }
        }
    }

    fn answer_reverse(&self, address: IpAddr) -> Answer<PtrText> {
        match self.addresses.get(&address) {
            None => Answer::nx_domain(),
            Some(Pointers::Fails(reason)) => Answer::not_known(*reason),
            Some(Pointers::Names(names)) => Answer::found(names.clone()),
        }
    }
}

impl Dns for Zone {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        self.note(Question::Addresses(name.as_str().into(), family));
        with_ttl(self.answer_forward(name.as_str(), family))
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        self.note(Question::Names(address));
        with_ttl(self.answer_reverse(address))
    }

    async fn learn(&self, question: Question, facts: &mut Facts) {
        self.note(question.clone());
        match question {
            Question::Addresses(name, family) => {
                let answer = self.answer_forward(&key(&name), family);
                facts.insert_addresses(&name, family, with_ttl(answer));
            }
            Question::Codes(name) => {
                let answer = self.answer_forward(&key(&name), Family::V4);
                facts.insert_codes(&name, with_ttl(answer));
            }
            Question::MailExchangers(name) => {
                let answer = self.answer(&key(&name), |at, _| {
                    self.exchangers.get(at).cloned().unwrap_or_default()
                });
                facts.insert_mail_exchangers(&name, with_ttl(answer));
            }
            Question::Names(address) => {
                let answer = self.answer_reverse(address.to_canonical());
                facts.insert_names(address, with_ttl(answer));
            }
            Question::Texts(name) => {
                let answer = self.answer(&key(&name), |at, _| {
                    self.texts.get(at).cloned().unwrap_or_default()
                });
                facts.insert_texts(&name, with_ttl(answer));
            }
        }
    }
}

/// An answer that is not known has no TTL.
fn with_ttl<T>(answer: Answer<T>) -> Answer<T> {
    match answer.why_not_known() {
        Some(_) => answer,
        None => answer.with_ttl(TTL),
    }
}

#[expect(
    clippy::panic,
    reason = "documented: a typing error in a test's zone must show"
)]
fn parse_address(text: &str) -> IpAddr {
    match text.parse::<IpAddr>() {
        Ok(address) => address.to_canonical(),
        Err(_) => panic!("Zone: {text:?} is not an IP address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(zone: &Zone, name: &str) -> Answer<IpAddr> {
        zone.answer_forward(name, Family::V4)
    }

    #[test]
    fn nxdomain_nodata_and_not_known_are_told_apart() {
        let zone = Zone::new()
            .empty("empty.example.com")
            .address("six.example.com", "2001:db8::1")
            .fails("broken.example.com", NotKnown::ServFail);
        assert_eq!(ask(&zone, "absent.example.com"), Answer::nx_domain());
        assert_eq!(ask(&zone, "empty.example.com"), Answer::no_data());
        assert_eq!(ask(&zone, "six.example.com"), Answer::no_data());
        assert_eq!(
            ask(&zone, "broken.example.com"),
            Answer::not_known(NotKnown::ServFail)
        );
    }

    #[test]
    fn an_alias_is_followed_and_a_circle_is_not_known() {
        let zone = Zone::new()
            .alias("www.example.com", "host.example.com")
            .address("host.example.com", "192.0.2.1")
            .alias("a.example.com", "b.example.com")
            .alias("b.example.com", "a.example.com");
        let found = ask(&zone, "www.example.com");
        assert_eq!(found.aliases(), ["host.example.com".into()]);
        assert_eq!(found.records().len(), 1);
        assert_eq!(
            ask(&zone, "a.example.com").why_not_known(),
            Some(NotKnown::AliasChain)
        );
    }
}
