//! What a server hears when it asks the DNS: questions, and a map of their answers.

use crate::dns::{Answer, Family, MailExchanger, PtrText};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A question that a server asks the DNS about an argument or its client.
///
/// Names are presentation text (RFC 1035, section 5.1) in lower case without the root dot, so the root is the empty
/// name: whatever is not printable ASCII is `\DDD`, and so are a backslash and a dot within a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// A or AAAA of a name.
    Addresses(Box<str>, Family),
    /// MX of a name.
    MailExchangers(Box<str>),
    /// PTR of an address.
    Names(IpAddr),
}

impl fmt::Display for Question {
    /// Writes the name or address, a space and the record type: `mail.example.com MX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(name, family) => write!(f, "{name} {}", family.record_type()),
            Self::MailExchangers(name) => write!(f, "{name} MX"),
            Self::Names(address) => write!(f, "{address} PTR"),
        }
    }
}

/// Answers of the DNS, by question.
///
/// ```
/// use helo_name::dns::{Answer, Family};
/// use helo_name::receivers::Facts;
///
/// let mut facts = Facts::new();
/// facts.insert_addresses("mail.example.com", Family::V4, Answer::found(vec!["192.0.2.10".parse().unwrap()]));
/// facts.insert_addresses("mail.example.com", Family::V6, Answer::no_data());
/// facts.insert_mail_exchangers("mail.example.com", Answer::no_data());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Facts {
    addresses: BTreeMap<(Box<str>, Family), Answer<IpAddr>>,
    exchangers: BTreeMap<Box<str>, Answer<MailExchanger>>,
    names: BTreeMap<IpAddr, Answer<PtrText>>,
}

impl Facts {
    /// Makes an empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the answer to [`Question::Addresses`]. CNAMEs are followed, and noted with
    /// [`Answer::with_aliases`](crate::dns::Answer::with_aliases).
    pub fn insert_addresses(&mut self, name: &str, family: Family, answer: Answer<IpAddr>) {
        self.addresses.insert((key(name), family), answer);
    }

    /// Notes the answer to [`Question::MailExchangers`].
    pub fn insert_mail_exchangers(&mut self, name: &str, answer: Answer<MailExchanger>) {
        self.exchangers.insert(key(name), answer);
    }

    /// Notes the answer to [`Question::Names`].
    pub fn insert_names(&mut self, address: IpAddr, answer: Answer<PtrText>) {
        self.names.insert(address.to_canonical(), answer);
    }

    /// Asks real name servers a question, and notes the answer. It asks whatever the question is, PTR of a private address
    /// too.
    ///
    /// ```no_run
    /// use helo_name::dns::Resolver;
    /// use helo_name::receivers::{Facts, Question};
    ///
    /// # async fn learn() {
    /// let resolver = Resolver::of_this_machine();
    /// let mut facts = Facts::new();
    /// facts.learn(&resolver, Question::MailExchangers("example.com".into())).await;
    /// # }
    /// ```
    #[cfg(feature = "dns")]
    pub async fn learn(&mut self, resolver: &crate::dns::Resolver, question: Question) {
        use crate::dns::Dns;
        match question {
            Question::Addresses(name, family) => {
                let answer = resolver.addresses(&name, family).await;
                self.insert_addresses(&name, family, answer);
            }
            Question::MailExchangers(name) => {
                let answer = resolver.mail_exchangers(&name).await;
                self.insert_mail_exchangers(&name, answer);
            }
            Question::Names(address) => {
                let answer = resolver.reverse(address).await;
                self.insert_names(address, answer);
            }
        }
    }

    /// Looks up A or AAAA of the name with these labels and dots, or says what to ask.
    pub(super) fn addresses(
        &self,
        name: &[u8],
        family: Family,
    ) -> Result<&Answer<IpAddr>, Question> {
        let name = presentation(name);
        let known = self.addresses.get(&(name.clone(), family));
        known.ok_or(Question::Addresses(name, family))
    }

    /// Looks up MX, or says what to ask.
    pub(super) fn exchangers(&self, name: &[u8]) -> Result<&Answer<MailExchanger>, Question> {
        let name = presentation(name);
        let known = self.exchangers.get(&name);
        known.ok_or(Question::MailExchangers(name))
    }

    /// Looks up PTR, or says what to ask.
    pub(super) fn names(&self, address: IpAddr) -> Result<&Answer<PtrText>, Question> {
        let address = address.to_canonical();
        self.names.get(&address).ok_or(Question::Names(address))
    }
}

fn key(name: &str) -> Box<str> {
    name.trim_end_matches('.').to_ascii_lowercase().into()
}

/// Writes a name as [`Question`] has it. Dots separate labels, whatever stands before them; those at the end go, so that
/// [`key`] of it is the same.
fn presentation(name: &[u8]) -> Box<str> {
    let end = name.iter().rposition(|&byte| byte != b'.');
    let name = &name[..end.map_or(0, |last| last + 1)];
    let mut text = String::with_capacity(name.len());
    for &byte in name {
        if byte.is_ascii_graphic() && byte != b'\\' {
            text.push(char::from(byte.to_ascii_lowercase()));
        } else {
            text.push_str(&format!("\\{byte:03}"));
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::presentation;

    #[test]
    fn names_are_lower_case_and_escaped() {
        for (name, text) in [
            (&b"Mail.Example.COM."[..], "mail.example.com"),
            (b"a\\b c.example", "a\\092b\\032c.example"),
            (b"\xff", "\\255"),
            (b".", ""),
        ] {
            assert_eq!(&*presentation(name), text);
        }
    }
}
