//! The trait by which the crate asks the DNS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::facts::{Facts, Question};
use crate::dns::family::Family;
use crate::dns::name_servers::NameServers;
use crate::dns::ptr_text::PtrText;
use crate::name::HeloName;

/// Asks the DNS. Implement it for your own resolver, and pass that to
/// [`Resolve::dns`](crate::Resolve::dns).
///
/// An implementation asks absolute names only (no search list), never reads the hosts file, follows
/// CNAMEs, and gives up in bounded time. [`Resolve`](crate::Resolve) always stops waiting at its
/// own deadline. Futures that need one particular runtime must be awaited on it.
///
/// ```
/// use helo_name::dns::{Answer, Dns, Family, NotKnown, PtrText};
/// use helo_name::HeloName;
/// use std::net::IpAddr;
///
/// /// Knows nothing, like a machine without a network.
/// struct Offline;
///
/// impl Dns for Offline {
///     async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
///         Answer::not_known(NotKnown::Timeout)
///     }
///     async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
///         Answer::not_known(NotKnown::Timeout)
///     }
/// }
/// ```
pub trait Dns: Send + Sync {
    /// Asks for the addresses of a domain in one family: one question, A or AAAA.
    fn forward(
        &self,
        name: &HeloName,
        family: Family,
    ) -> impl Future<Output = Answer<IpAddr>> + Send;

    /// Asks for the names of an address: one question, PTR. A CNAME on the way (RFC 2317) is
    /// followed.
    fn reverse(&self, address: IpAddr) -> impl Future<Output = Answer<PtrText>> + Send;

    /// Asks any question, and notes the answer.
    ///
    /// As provided, only addresses of legal names, and names of addresses, are known: what else is
    /// asked, for SPF, is [`NotKnown::Unsupported`], which is never a verdict. Whoever can ask for TXT
    /// and MX, and for addresses of any name, replaces it.
    ///
    /// ```
    /// use helo_name::dns::{Dns, Facts, Question, Zone};
    ///
    /// let zone = Zone::new().text("example.com", "v=spf1 -all");
    /// let mut facts = Facts::new();
    /// pollster::block_on(zone.learn(Question::Texts("example.com".into()), &mut facts));
    /// assert_eq!(&*facts.texts("example.com").unwrap().records()[0], b"v=spf1 -all");
    /// ```
    fn learn(&self, question: Question, facts: &mut Facts) -> impl Future<Output = ()> + Send {
        async move {
            const UNSUPPORTED: NotKnown = NotKnown::Unsupported;
            match question {
                Question::Addresses(name, family) => {
                    let answer = match HeloName::parse_domain(&name) {
                        Ok(legal) => self.forward(&legal, family).await,
                        Err(_) => Answer::not_known(UNSUPPORTED),
                    };
                    facts.insert_addresses(&name, family, answer);
                }
                Question::Codes(name) => {
                    let answer = match HeloName::parse_domain(&name) {
                        Ok(legal) => self.forward(&legal, Family::V4).await,
                        Err(_) => Answer::not_known(UNSUPPORTED),
                    };
                    facts.insert_codes(&name, answer);
                }
                Question::MailExchangers(name) => {
                    facts.insert_mail_exchangers(&name, Answer::not_known(UNSUPPORTED));
                }
                Question::Names(address) => {
                    facts.insert_names(address, self.reverse(address).await);
                }
                Question::Texts(name) => {
                    facts.insert_texts(&name, Answer::not_known(UNSUPPORTED));
                }
            }
        }
    }

    /// Returns the servers that are asked, for an operator who has to find out why they are silent.
    /// Empty if they are not known.
    fn name_servers(&self) -> Vec<SocketAddr> {
        Vec::new()
    }

    /// Returns the same servers with how they were found, and what was wrong with their list. It
    /// must not wait for anything: what is not known yet is left out.
    fn servers_asked(&self) -> NameServers {
        NameServers::given(self.name_servers())
    }
}

/// A pointer to a [`Dns`] asks what it points to.
macro_rules! asks_through {
    ($pointer:ty) => {
        impl<D: Dns + ?Sized> Dns for $pointer {
            fn forward(
                &self,
                name: &HeloName,
                family: Family,
            ) -> impl Future<Output = Answer<IpAddr>> + Send {
                (**self).forward(name, family)
            }

            fn reverse(&self, address: IpAddr) -> impl Future<Output = Answer<PtrText>> + Send {
                (**self).reverse(address)
            }

            fn learn(
                &self,
                question: Question,
                facts: &mut Facts,
            ) -> impl Future<Output = ()> + Send {
                (**self).learn(question, facts)
            }

            fn name_servers(&self) -> Vec<SocketAddr> {
                (**self).name_servers()
            }

            fn servers_asked(&self) -> NameServers {
                (**self).servers_asked()
            }
        }
    };
}

asks_through!(&D);
asks_through!(Arc<D>);
