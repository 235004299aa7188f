//! Asks real name servers with hickory. Only this file and its folder name that crate.
//!
//! hickory's own `lookup_ip` and `reverse_lookup` are not used, because measurements show wrong
//! answers: search suffixes overwrite a verdict, a lost answer of one family becomes "no such
//! address", a second name server is never asked in time, a CNAME circle becomes "no records". Here
//! each name server has a pool of its own, gets one absolute question, and its raw response is
//! judged.
//!
//! All of it runs on a separate thread with a small runtime. So a [`Resolver`] works on any
//! executor and without one, and never touches the runtime of the program that uses it.

mod chain;
mod name_server;
mod servers;
mod sockets;
mod worker;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, RecordType};

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::dns_trait::Dns;
use crate::dns::echo::EchoRecord;
use crate::dns::facts::{Facts, Question};
use crate::dns::family::Family;
use crate::dns::hickory::servers::{Servers, Stub};
use crate::dns::hickory::worker::{Times, Worker};
use crate::dns::name_servers::{NameServers, PORT};
use crate::dns::ptr_text::{MailExchanger, PtrText};
use crate::host;
use crate::name::HeloName;

/// Public resolvers, as their operators publish them (November 2026):
/// developers.cloudflare.com/1.1.1.1, developers.google.com/speed/public-dns, quad9.net/service.
const PUBLIC: [SocketAddr; 3] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), PORT),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), PORT),
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::new(0x2620, 0xfe, 0, 0, 0, 0, 0, 0xfe)),
        PORT,
    ),
];

/// Asks real name servers: those of this machine, or given ones.
///
/// Up to three name servers are asked at once. The first that finds something, or says that it does
/// not exist, is believed. Look-ups of all resolvers run on one thread, which starts with the first
/// question and ends when there was none for half a second. It has at most 48 sockets; further
/// questions wait for their turn. Nothing is cached. A question without an answer ends 15 seconds
/// after it was sent.
///
/// ```no_run
/// use helo_name::HeloName;
/// use helo_name::dns::{Family, Resolver};
///
/// let resolver = Resolver::asking(["192.0.2.53:53".parse().unwrap()]);
/// let answer = pollster::block_on(resolver.addresses("mail.example.com", Family::V4));
/// println!("{:?} by {:?}", answer.records(), answer.server());
///
/// let name = HeloName::resolve().dns(resolver).blocking();
/// ```
#[derive(Clone, Debug)]
pub struct Resolver(Arc<Worker>);

impl Resolver {
    fn new(servers: Servers, times: Times) -> Self {
        Self(Arc::new(Worker::new(servers, times)))
    }

    /// Asks the name servers of this machine: those in resolv.conf on Unix, those of the network
    /// adapters on Windows.
    ///
    /// They are read when the first question is asked. Where none is named, 127.0.0.1 and ::1 are
    /// asked (resolv.conf(5)). Where only stubs of systemd-resolved are named (127.0.0.53), the
    /// servers behind them are asked, as a stub answers by itself for the names of this machine;
    /// [`keep_stub`](Self::keep_stub) asks it anyway. Search lists, `ndots` and the hosts file have
    /// no effect.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::new(Servers::OfThisMachine(Stub::Bypass), Times::default())
    }

    /// Asks the stub of systemd-resolved where resolv.conf lists only that, in place of the servers
    /// behind it. Its answers about this machine are [`NotKnown::Synthesised`].
    ///
    /// For a machine that reaches its name servers through the stub alone, as with DNS over TLS.
    ///
    /// ```no_run
    /// use helo_name::HeloName;
    /// use helo_name::dns::Resolver;
    ///
    /// let resolver = Resolver::of_this_machine().keep_stub();
    /// let name = HeloName::resolve().dns(resolver).blocking();
    /// ```
    #[must_use]
    pub fn keep_stub(self) -> Self {
        let servers = match &self.0.servers.servers {
            Servers::OfThisMachine(_) => Servers::OfThisMachine(Stub::Keep),
            Servers::Given(given) => Servers::Given(given.clone()),
        };
        Self::new(servers, self.0.times)
    }

    /// Asks only these name servers; the first three, if there are more.
    #[must_use]
    pub fn asking(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::new(
            Servers::Given(NameServers::given(servers)),
            Times::default(),
        )
    }

    /// Asks well-known public resolvers: what they say is what the world sees, from inside a
    /// network too ([`Resolve::outside`](crate::Resolve::outside)).
    ///
    /// They are third parties, and nobody asks them unless you call this: Cloudflare's 1.1.1.1,
    /// Google's 8.8.8.8 and, for a machine with IPv6 alone, Quad9's 2620:fe::fe. A network may
    /// intercept port 53; then this view is not from outside either.
    ///
    /// ```no_run
    /// use helo_name::HeloName;
    /// use helo_name::dns::Resolver;
    ///
    /// let report = HeloName::resolve().outside(Resolver::public()).report_blocking();
    /// ```
    #[must_use]
    pub fn public() -> Self {
        Self::asking(PUBLIC)
    }

    /// Asks the name servers in a resolv.conf, for a program that has its own, as in a chroot.
    ///
    /// Only the `nameserver` lines count: a search list adds no question, and an error in another
    /// line loses no server. `[192.0.2.53]:5353` names a port (OpenBSD's resolv.conf(5)). Without
    /// such a line 127.0.0.1 and ::1 are asked (resolv.conf(5)).
    ///
    /// ```no_run
    /// use helo_name::dns::Resolver;
    ///
    /// let text = std::fs::read("/var/spool/postfix/etc/resolv.conf")?;
    /// let resolver = Resolver::from_resolv_conf(text);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn from_resolv_conf(text: impl AsRef<[u8]>) -> Self {
        let servers = NameServers::in_text(text.as_ref(), host::interface);
        Self::new(Servers::Given(servers), Times::default())
    }

    /// Sets how long a question may take, all tries together: 15 seconds by default.
    ///
    /// [`Resolve`](crate::Resolve) has its own deadline for all questions; this is for single
    /// questions and for [`verify_many`](crate::verify::verify_many), where silent servers would
    /// hold up the others.
    #[must_use]
    pub fn give_up_after(self, limit: Duration) -> Self {
        let times = Times {
            question: limit,
            ..self.0.times
        };
        Self::new(self.0.servers.servers.clone(), times)
    }

    /// Sets how long one try waits for an answer before the question is asked again, at most three
    /// times in all: 5 seconds by default, as `timeout:` in resolv.conf(5).
    ///
    /// ```no_run
    /// use helo_name::dns::Resolver;
    /// use std::time::Duration;
    ///
    /// let resolver = Resolver::of_this_machine().try_again_after(Duration::from_secs(1));
    /// ```
    #[must_use]
    pub fn try_again_after(self, limit: Duration) -> Self {
        let times = Times {
            attempt: limit,
            ..self.0.times
        };
        Self::new(self.0.servers.servers.clone(), times)
    }

    /// Asks for the addresses of any name in one family, whether or not it may be sent in EHLO.
    ///
    /// The name is absolute and in presentation form: `\DDD` is an octet, and `\X` is X, which is
    /// not a digit (RFC 1035 5.1). A text that cannot be a name in the DNS (an empty label, 64
    /// octets in one, 256 in all) does not exist, and is not asked for.
    pub async fn addresses(&self, name: &str, family: Family) -> Answer<IpAddr> {
        let Some(name) = parse_name(name) else {
            return Answer::nx_domain();
        };
        let query = Query::query(name, address_record(family));
        self.0.ask(query).await.filter_map(|data| data.ip_addr())
    }

    /// Asks for the MX records of any name. Without any the answer is NODATA, although mail then
    /// goes to the addresses of the name (RFC 5321 5.1).
    ///
    /// The name is as in [`addresses`](Self::addresses).
    pub async fn mail_exchangers(&self, name: &str) -> Answer<MailExchanger> {
        let Some(name) = parse_name(name) else {
            return Answer::nx_domain();
        };
        let query = Query::query(name, RecordType::MX);
        self.0.ask(query).await.filter_map(|data| match data {
            RData::MX(mx) => Some(MailExchanger {
                preference: mx.preference,
                host: PtrText::from_labels(mx.exchange.to_lowercase().iter())
                    .as_str()
                    .into(),
            }),
            _ => None,
        })
    }

    /// Asks for the TXT records of any name; the strings of a record are joined (RFC 7208 3.3).
    ///
    /// The name is as in [`addresses`](Self::addresses).
    pub async fn texts(&self, name: &str) -> Answer<Box<[u8]>> {
        let Some(name) = parse_name(name) else {
            return Answer::nx_domain();
        };
        let query = Query::query(name, RecordType::TXT);
        self.0.ask(query).await.filter_map(|data| match data {
            RData::TXT(text) => Some(text.txt_data.concat().into()),
            _ => None,
        })
    }

    /// Asks an echo service for the address of the asker, in an address record or as text. Other
    /// text in the answer is skipped (`edns0-client-subnet 192.0.2.0/24`).
    pub(crate) async fn ask_echo(
        &self,
        name: &str,
        record: EchoRecord,
        family: Family,
    ) -> Answer<IpAddr> {
        let Some(name) = parse_name(name) else {
            return Answer::not_known(NotKnown::BadMessage);
        };
        let record_type = match record {
            EchoRecord::Address => address_record(family),
            EchoRecord::ChaosText | EchoRecord::Text => RecordType::TXT,
        };
        let mut query = Query::query(name, record_type);
        if record == EchoRecord::ChaosText {
            query.set_query_class(DNSClass::CH);
        }
        self.0.ask(query).await.filter_map(|data| match data {
            RData::TXT(text) => address_in(&text.txt_data.concat()),
            _ => data.ip_addr(),
        })
    }
}

fn address_record(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    }
}

/// Undoes the escapes of RFC 1035 5.1: `\DDD` is an octet, and `\X` is X itself, also a dot that
/// ends no label. `None` for a text that cannot be a name in the DNS.
fn parse_name(text: &str) -> Option<Name> {
    if text.is_empty() || text == "." {
        return Some(Name::root());
    }
    let mut labels = vec![Vec::new()];
    let mut rest = text.as_bytes();
    while let [octet, tail @ ..] = rest {
        let (octet, tail) = match octet {
            b'.' if tail.is_empty() => break,
            b'.' => {
                labels.push(Vec::new());
                rest = tail;
                continue;
            }
            b'\\' => parse_escape(tail)?,
            plain => (*plain, tail),
        };
        labels.last_mut()?.push(octet);
        rest = tail;
    }
    let mut name = Name::from_labels(labels).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// Reads what comes after a backslash, and returns what comes after that.
fn parse_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [digit, ..] if digit.is_ascii_digit() => {
            let (digits, rest) = text.split_at_checked(3)?;
            let octet = std::str::from_utf8(digits).ok()?.parse().ok()?;
            Some((octet, rest))
        }
        [octet, rest @ ..] => Some((*octet, rest)),
        [] => None,
    }
}

fn address_in(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

impl Default for Resolver {
    fn default() -> Self {
        Self::of_this_machine()
    }
}

impl Dns for Resolver {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        if name.is_literal() {
            return Answer::nx_domain(); // a literal is not a name in the DNS
        }
        self.addresses(name.as_str(), family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        let name = Name::from(address.to_canonical());
        self.0
            .ask(Query::query(name, RecordType::PTR))
            .await
            .filter_map(|data| match data {
                RData::PTR(target) => Some(PtrText::from_labels(target.0.iter())),
                _ => None,
            })
    }

    async fn learn(&self, question: Question, facts: &mut Facts) {
        match question {
            Question::Addresses(name, family) => {
                facts.insert_addresses(&name, family, self.addresses(&name, family).await);
            }
            Question::Codes(name) => {
                facts.insert_codes(&name, self.addresses(&name, Family::V4).await);
            }
            Question::MailExchangers(name) => {
                facts.insert_mail_exchangers(&name, self.mail_exchangers(&name).await);
            }
            Question::Names(address) => {
                facts.insert_names(address, self.reverse(address).await);
            }
            Question::Texts(name) => facts.insert_texts(&name, self.texts(&name).await),
        }
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        self.0.servers.now().addresses()
    }

    fn servers_asked(&self) -> NameServers {
        self.0.servers.so_far()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn a_text_is_read_as_rfc_1035_writes_names() {
        let table: &[(&str, Option<&[&[u8]]>)] = &[
            ("", Some(&[])),
            (".", Some(&[])),
            ("example.com", Some(&[b"example", b"com"])),
            ("example.com.", Some(&[b"example", b"com"])),
            (r"a\032b.example", Some(&[b"a b", b"example"])),
            (r"a\.b.example", Some(&[b"a.b", b"example"])),
            (r"a\046b.example", Some(&[b"a.b", b"example"])),
            (r#"\"a\".example"#, Some(&[b"\"a\"", b"example"])),
            (r"\\a.example", Some(&[b"\\a", b"example"])),
            (r"a\\.example", Some(&[b"a\\", b"example"])),
            (r"a.example\.", Some(&[b"a", b"example."])),
            (r"a.example\\.", Some(&[b"a", b"example\\"])),
            (r"\000\255.example", Some(&[b"\x00\xff", b"example"])),
            (r"\097", Some(&[b"a"])),
            (
                "b\u{fc}cher.example",
                Some(&["b\u{fc}cher".as_bytes(), b"example"]),
            ),
            ("..", None),
            (".example", None),
            ("a..example", None),
            (r"a\", None),
            (r"a\1", None),
            (r"a\12.example", None),
            (r"a\256", None),
            (r"a\1-2", None),
        ];
        each(table, |(text, expected)| {
            let name = parse_name(text);
            let labels = name.as_ref().map(|name| name.iter().collect::<Vec<_>>());
            assert_eq!(labels.as_deref(), *expected, "{text}");
            assert!(name.is_none_or(|name| name.is_fqdn()), "{text}");
        });
    }
}
