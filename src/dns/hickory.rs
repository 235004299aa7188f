//! Asks real name servers with hickory. No other file names that crate.
//!
//! hickory's own `lookup_ip` and `reverse_lookup` are not used, because measurements show wrong
//! answers: search suffixes overwrite a verdict, a lost answer of one family becomes "no such
//! address", a second name server is never asked in time, a CNAME circle becomes "no records". Here
//! each name server has a pool of its own, gets one absolute question, and its raw response is
//! judged.
//!
//! All of it runs on a thread of its own with its own small runtime, so that a [`Resolver`] works
//! under any executor and under none, and never touches the runtime of the program that uses it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{future, thread};

use hickory_resolver::config::{NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::dns_trait::Dns;
use crate::dns::echo::EchoRecord;
use crate::dns::facts::{Facts, Question};
use crate::dns::family::Family;
use crate::dns::ptr_text::{MailExchanger, PtrText};
use crate::executor::InFlight;
use crate::host;
use crate::name::HeloName;

/// How many name servers are asked at once; glibc reads no more either (MAXNS, resolv.conf(5)).
const MAX_NAME_SERVERS: usize = 3;

/// The longest CNAME chain that is followed.
const MAX_ALIASES: usize = 8;

/// How often a question is asked that ends in an error or in silence.
const TRIES: usize = 3;

/// How long the thread waits for a question before it ends; a resolution asks all its questions
/// within far less.
const IDLE: Duration = Duration::from_secs(10);

/// The pause before a question that ended in an error is asked again: a server that just failed
/// would fail again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// How many seconds a negative answer without SOA may be used. It must not be cached (RFC 2308 5),
/// but a choice that rests on it need not be made again for every mail.
const NO_SOA_TTL: u32 = 60;

/// How long a resolver waits.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// For an answer to a question, all tries together.
    question: Duration,
    /// For an answer to one try; within it hickory repeats the datagram by itself.
    attempt: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            question: Duration::from_secs(15),
            attempt: Duration::from_secs(5),
        }
    }
}

/// Asks real name servers: those of this machine, or given ones.
///
/// Up to three name servers are asked at once. The first that finds something, or says that it does
/// not exist, is believed. Look-ups run on a thread that starts with the first question, and ends
/// when the last clone is dropped or after some idle seconds. Nothing is cached. A question without
/// an answer ends after 15 seconds.
///
/// ```no_run
/// use helo_name::HeloName;
/// use helo_name::dns::Resolver;
///
/// let name = HeloName::resolve()
///     .dns(Resolver::asking(["192.0.2.53:53".parse().unwrap()]))
///     .blocking();
/// ```
#[derive(Clone, Debug)]
pub struct Resolver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    servers: Servers,
    times: Times,
    /// Where to send questions; `None` before the first.
    worker: Mutex<Option<mpsc::UnboundedSender<Job>>>,
}

#[derive(Clone, Debug)]
enum Servers {
    Given(Vec<SocketAddr>),
    OfThisMachine,
}

/// A question on its way to the worker, and where the answer goes.
#[derive(Debug)]
struct Job {
    query: Query,
    reply: oneshot::Sender<Answer<RData>>,
}

impl Resolver {
    /// Asks the name servers of this machine: resolv.conf on Unix, the adapters' on Windows.
    ///
    /// They are read when the first question is asked. As long as there are none, every answer is
    /// [`NotKnown::NoNameServer`]. Search lists, `ndots` and the hosts file have no effect.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::new(Servers::OfThisMachine)
    }

    /// Asks only these name servers; the first three, if there are more.
    pub fn asking(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::new(Servers::Given(servers.into_iter().collect()))
    }

    /// Asks the name servers of a resolv.conf, for a program that has one of its own, as in a
    /// chroot.
    ///
    /// As on a Unix machine ([`of_this_machine`](Self::of_this_machine)), the `nameserver` lines
    /// count and nothing else: a search list adds no question, and an error elsewhere loses no
    /// server. `[192.0.2.53]:5353` names a port (OpenBSD's resolv.conf(5)).
    ///
    /// ```no_run
    /// use helo_name::dns::Resolver;
    ///
    /// let text = std::fs::read("/var/spool/postfix/etc/resolv.conf")?;
    /// let resolver = Resolver::from_resolv_conf(text);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_resolv_conf(text: impl AsRef<[u8]>) -> Self {
        Self::asking(host::name_servers_in(text.as_ref()))
    }

    /// Sets how long a question may take, all tries together: 15 seconds unless called.
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
        Self::open(self.0.servers.clone(), times)
    }

    /// Sets how long one try waits for an answer before the question is asked again, at most three
    /// times in all: 5 seconds unless called, as `timeout:` in resolv.conf(5).
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
        Self::open(self.0.servers.clone(), times)
    }

    fn new(servers: Servers) -> Self {
        Self::open(servers, Times::default())
    }

    fn open(servers: Servers, times: Times) -> Self {
        Self(Arc::new(Shared {
            servers,
            times,
            worker: Mutex::new(None),
        }))
    }

    /// Asks for the addresses of any name in one family, whether or not it may be sent in EHLO.
    ///
    /// The name is absolute, and in presentation form as [`PtrText`] is: `\DDD` is an octet. A text
    /// that cannot be a name in the DNS (an empty label, 64 octets in one, 256 in all) does not
    /// exist, and is not asked for.
    pub async fn addresses(&self, name: &str, family: Family) -> Answer<IpAddr> {
        let Some(name) = parse_name(name) else {
            return Answer::nx_domain();
        };
        let query = Query::query(name, address_record(family));
        self.ask(query).await.filter_map(|data| data.ip_addr())
    }

    /// Asks for the mail exchangers of any name. A name without MX has none here, although mail to
    /// it goes to its address.
    ///
    /// The name is as in [`addresses`](Self::addresses).
    pub async fn mail_exchangers(&self, name: &str) -> Answer<MailExchanger> {
        let Some(name) = parse_name(name) else {
            return Answer::nx_domain();
        };
        let query = Query::query(name, RecordType::MX);
        self.ask(query).await.filter_map(|data| match data {
            RData::MX(mx) => Some(MailExchanger {
                preference: mx.preference,
                host: PtrText::from_labels(mx.exchange.iter()).as_str().into(),
            }),
            _ => None,
        })
    }

    /// Asks a question, whatever it is (the PTR of a private address too), and notes the answer.
    ///
    /// ```no_run
    /// use helo_name::dns::{Facts, Question, Resolver};
    ///
    /// # async fn learn() {
    /// let resolver = Resolver::of_this_machine();
    /// let mut facts = Facts::new();
    /// resolver.learn(Question::MailExchangers("example.com".into()), &mut facts).await;
    /// # }
    /// ```
    pub async fn learn(&self, question: Question, facts: &mut Facts) {
        match question {
            Question::Addresses(name, family) => {
                facts.insert_addresses(&name, family, self.addresses(&name, family).await);
            }
            Question::MailExchangers(name) => {
                facts.insert_mail_exchangers(&name, self.mail_exchangers(&name).await);
            }
            Question::Names(address) => {
                facts.insert_names(address, self.reverse(address).await);
            }
        }
    }

    /// Asks for the addresses that an echo service gives: records of an address, or text that is
    /// one. Other text in the answer is skipped (`edns0-client-subnet 192.0.2.0/24`).
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
        self.ask(query).await.filter_map(|data| match data {
            RData::TXT(text) => address_in(&text.txt_data.concat()),
            _ => data.ip_addr(),
        })
    }

    async fn ask(&self, query: Query) -> Answer<RData> {
        let (reply, answer) = oneshot::channel();
        self.0.submit(Job { query, reply });
        // A job that found no worker, or lost it, was dropped, and `reply` with it.
        answer
            .await
            .unwrap_or_else(|_| Answer::not_known(NotKnown::NoSocket))
    }
}

fn address_record(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    }
}

/// Undoes `\DDD` (RFC 1035 5.1); `None` for a text that cannot be a name in the DNS.
fn parse_name(text: &str) -> Option<Name> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let labels = text.split('.').filter(|_| !text.is_empty());
    let labels: Option<Vec<Vec<u8>>> = labels.map(parse_label).collect();
    let mut name = Name::from_labels(labels?).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn parse_label(label: &str) -> Option<Vec<u8>> {
    let mut parts = label.split('\\');
    let mut octets = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, plain) = part.split_at_checked(3)?;
        octets.push(digits.parse().ok()?);
        octets.extend_from_slice(plain.as_bytes());
    }
    Some(octets)
}

fn address_in(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

impl Shared {
    /// Hands a job to the worker, and starts one if there is none: before the first question, and
    /// after an idle time.
    fn submit(&self, job: Job) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match worker.take() {
            None => job,
            Some(running) => match running.send(job) {
                Ok(()) => {
                    *worker = Some(running);
                    return;
                }
                Err(unsent) => unsent.0,
            },
        };
        *worker = start_worker(self.servers.clone(), self.times)
            .filter(|started| started.send(job).is_ok());
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::of_this_machine()
    }
}

impl Dns for Resolver {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        if name.is_literal() {
            return Answer::nx_domain(); // a literal is no name in the DNS
        }
        self.addresses(name.as_str(), family).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        let name = Name::from(address.to_canonical());
        self.ask(Query::query(name, RecordType::PTR))
            .await
            .filter_map(|data| match data {
                RData::PTR(target) => Some(PtrText::from_labels(target.0.iter())),
                _ => None,
            })
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        self.0.servers.addresses()
    }
}

/// Starts the thread that owns the sockets.
fn start_worker(servers: Servers, times: Times) -> Option<mpsc::UnboundedSender<Job>> {
    let (sender, jobs) = mpsc::unbounded_channel();
    let worker = thread::Builder::new().name("helo-name-dns".to_owned());
    worker.spawn(move || work(&servers, times, jobs)).ok()?;
    Some(sender)
}

/// Answers questions until the last sender is gone, or none came for a while. Without a runtime all
/// jobs are dropped, and with them their replies: [`Resolver::ask`] reads that as "no socket".
fn work(servers: &Servers, times: Times, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let mut open: Arc<[NameServer]> = Arc::default();
        let mut answers = JoinSet::new();
        loop {
            match tokio::time::timeout(IDLE, jobs.recv()).await {
                Ok(Some(job)) => {
                    // While a machine starts, or descriptors are short, none may be known yet.
                    if open.is_empty() {
                        open = servers.open(times.attempt).into();
                    }
                    answers.spawn(answer(Arc::clone(&open), times.question, job));
                    while answers.try_join_next().is_some() {}
                }
                Ok(None) => break,
                // What was sent before this is still received.
                Err(_) => jobs.close(),
            }
        }
        // When the asker is gone its answers end at once; an idle worker has had none for long.
        answers.join_all().await;
    });
}

/// Answers one question, or stops when the asker is gone.
async fn answer(servers: Arc<[NameServer]>, patience: Duration, mut job: Job) {
    let mut race = pin!(tokio::time::timeout(patience, race(&servers, &job.query)));
    let answer = future::poll_fn(|context| {
        if job.reply.poll_closed(context).is_ready() {
            return Poll::Ready(None);
        }
        race.as_mut().poll(context).map(Some)
    });
    if let Some(answer) = answer.await {
        let answer = answer.unwrap_or_else(|_| Answer::not_known(NotKnown::Timeout));
        // An error means that the asker has just gone.
        let _ = job.reply.send(answer);
    }
}

/// Asks all servers at once: the first that says what exists, or that it does not, is believed. The
/// answer is "not known" only when all failed; then a reason that says more than silence wins.
async fn race(servers: &[NameServer], query: &Query) -> Answer<RData> {
    let mut asked = InFlight::default();
    for server in servers {
        asked.push(server.ask(query));
    }
    let mut failed = Answer::not_known(NotKnown::NoNameServer);
    while let Some(answer) = asked.next().await {
        match answer.why_not_known() {
            None => return answer,
            Some(NotKnown::Timeout) if failed.why_not_known() != Some(NotKnown::NoNameServer) => {}
            Some(_) => failed = answer,
        }
    }
    failed
}

impl Servers {
    fn open(&self, attempt: Duration) -> Vec<NameServer> {
        let addresses = self.addresses().into_iter();
        addresses
            .filter_map(|address| NameServer::open(address, attempt))
            .collect()
    }

    /// The first few, each once.
    fn addresses(&self) -> Vec<SocketAddr> {
        let configured = match self {
            Self::Given(addresses) => addresses.clone(),
            Self::OfThisMachine => of_this_machine(),
        };
        let mut addresses = Vec::new();
        for address in configured {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses.truncate(MAX_NAME_SERVERS);
        addresses
    }
}

#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
fn of_this_machine() -> Vec<SocketAddr> {
    host::name_servers()
}

#[cfg(not(all(unix, not(any(target_vendor = "apple", target_os = "android")))))]
fn of_this_machine() -> Vec<SocketAddr> {
    let servers = match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => config.name_servers().to_vec(),
        Err(_) => Vec::new(),
    };
    let servers = servers.into_iter();
    servers
        .map(|server| SocketAddr::new(server.ip, 53))
        .collect()
}

fn at_address(address: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut config.connections {
        connection.port = address.port();
    }
    config
}

/// One name server. Each has a pool of its own, as a pool of several does not ask the second in
/// time.
struct NameServer {
    address: SocketAddr,
    pool: NameServerPool<TokioRuntimeProvider>,
}

impl NameServer {
    fn open(address: SocketAddr, attempt: Duration) -> Option<Self> {
        let mut options = ResolverOpts::default();
        options.timeout = attempt;
        let context = PoolContext::new(options, TlsConfig::new().ok()?);
        let pool = NameServerPool::from_config(
            [at_address(address)],
            Arc::new(context),
            TokioRuntimeProvider::default(),
        );
        Some(Self { address, pool })
    }

    /// Asks one question and follows CNAMEs, within the answer or with further questions.
    async fn ask(&self, query: &Query) -> Answer<RData> {
        let mut chain = Chain::starting_with(query.clone());
        let outcome = loop {
            let response = self.try_often(&chain.question).await;
            match chain.read(response) {
                Ok(Read::Outcome(outcome)) => break outcome,
                Ok(Read::AskOn) => {}
                Err(reason) => break Answer::not_known(reason),
            }
        };
        let outcome = outcome
            .with_aliases(chain.aliases())
            .with_server(self.address);
        match chain.ttl {
            Some(ttl) if outcome.why_not_known().is_none() => {
                outcome.with_ttl(Duration::from_secs(ttl.into()))
            }
            _ => outcome,
        }
    }

    /// Tries a question until there is an answer, and gives up after [`TRIES`] errors.
    async fn try_often(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        let mut tries = 0;
        loop {
            let result = self
                .pool
                .lookup(query.clone(), options)
                .first_answer()
                .await;
            tries += 1;
            match &result {
                Err(error) if tries < TRIES && is_worth_another_try(error) => {
                    // RFC 6891 7: a server that does not know EDNS answers FORMERR (or NOTIMP) to
                    // it.
                    options.use_edns &= !refuses_edns(error);
                    tokio::time::sleep(PAUSE).await;
                }
                _ => return result,
            }
        }
    }
}

fn refuses_edns(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Dns(DnsError::ResponseCode(
            ResponseCode::FormErr | ResponseCode::NotImp
        ))
    )
}

/// An answer, even a negative one, and a policy are final; the rest may pass.
fn is_worth_another_try(error: &NetError) -> bool {
    !matches!(
        error,
        NetError::Dns(DnsError::NoRecordsFound(_) | DnsError::ResponseCode(ResponseCode::Refused))
    )
}

/// The names from the one asked for to the one that holds the records.
struct Chain {
    seen: Vec<Name>,
    /// What is asked at the end of the chain.
    question: Query,
    ttl: Option<u32>,
}

/// What a response means for a question.
enum Read {
    /// It holds a CNAME, and not what is at its end.
    AskOn,
    Outcome(Answer<RData>),
}

impl Chain {
    fn starting_with(question: Query) -> Self {
        Self {
            seen: Vec::new(),
            question,
            ttl: None,
        }
    }

    fn aliases(&self) -> Vec<Box<str>> {
        let targets = self.seen.iter().skip(1).chain(Some(&self.question.name));
        let text = |name: &Name| PtrText::from_labels(name.iter()).as_str().into();
        targets.take(self.seen.len()).map(text).collect()
    }

    fn limit_ttl(&mut self, ttl: u32) {
        self.ttl = Some(self.ttl.map_or(ttl, |shortest| shortest.min(ttl)));
    }

    fn read(&mut self, response: Result<DnsResponse, NetError>) -> Result<Read, NotKnown> {
        let response = match response {
            Ok(response) => response,
            Err(NetError::Dns(DnsError::NoRecordsFound(negative))) => {
                return self.read_negative(&negative);
            }
            Err(error) => return Err(why_not_known(&error)),
        };
        if response.truncation {
            return Err(NotKnown::Truncated);
        }
        let [question] = response.queries.as_slice() else {
            return Err(NotKnown::BadMessage);
        };
        self.check_question(question)?;
        let aliases_before = self.seen.len();
        self.follow_aliases(&response)?;
        let has_followed = self.seen.len() > aliases_before;
        let mut records = Vec::new();
        for record in &response.answers {
            if record.name == self.question.name && record.record_type() == self.question.query_type
            {
                self.limit_ttl(record.ttl);
                records.push(record.data.clone());
            }
        }
        let soa = response.soa().map(|soa| soa.name().clone());
        let speaks_for_end = self.is_in_zone_of(soa.as_ref());
        match response.response_code {
            ResponseCode::NoError if !records.is_empty() => {
                Ok(Read::Outcome(Answer::found(records)))
            }
            ResponseCode::NXDomain if speaks_for_end && records.is_empty() => {
                self.negative(response.negative_ttl(), Answer::nx_domain())
            }
            ResponseCode::NoError if speaks_for_end && soa.is_some() => {
                self.negative(response.negative_ttl(), Answer::no_data())
            }
            // An authoritative server ends its answer where its zone ends.
            ResponseCode::NoError | ResponseCode::NXDomain
                if has_followed && records.is_empty() =>
            {
                Ok(Read::AskOn)
            }
            // Records of another type or name, and nothing about this one; or both a yes and a no.
            ResponseCode::NoError | ResponseCode::NXDomain => Err(NotKnown::BadMessage),
            _ => Err(NotKnown::ServFail),
        }
    }

    /// A negative response without any record (RFC 2308 2). A referral (name servers and no SOA) is
    /// not an answer: it says nothing about the name.
    fn read_negative(&mut self, negative: &NoRecords) -> Result<Read, NotKnown> {
        self.check_question(&negative.query)?;
        if !self.is_in_zone_of(negative.soa.as_ref().map(|soa| &soa.name)) {
            return Err(NotKnown::BadMessage);
        }
        match negative.response_code {
            ResponseCode::NXDomain => self.negative(negative.negative_ttl, Answer::nx_domain()),
            ResponseCode::NoError if negative.soa.is_none() && negative.ns.is_some() => {
                Err(NotKnown::BadMessage)
            }
            ResponseCode::NoError => self.negative(negative.negative_ttl, Answer::no_data()),
            _ => Err(NotKnown::ServFail),
        }
    }

    /// Hickory compares the question of an answer by UDP, and not by TCP.
    fn check_question(&self, question: &Query) -> Result<(), NotKnown> {
        if question.name == self.question.name && question.query_type == self.question.query_type {
            Ok(())
        } else {
            Err(NotKnown::BadMessage)
        }
    }

    /// Returns whether a SOA, if there is one, is above the name: the SOA of another zone says
    /// nothing about it.
    fn is_in_zone_of(&self, soa: Option<&Name>) -> bool {
        soa.is_none_or(|owner| owner.zone_of(&self.question.name))
    }

    fn negative(&mut self, ttl: Option<u32>, answer: Answer<RData>) -> Result<Read, NotKnown> {
        self.limit_ttl(ttl.unwrap_or(NO_SOA_TTL));
        Ok(Read::Outcome(answer))
    }

    fn follow_aliases(&mut self, response: &DnsResponse) -> Result<(), NotKnown> {
        loop {
            let alias = response
                .answers
                .iter()
                .find_map(|record| match &record.data {
                    RData::CNAME(target) if record.name == self.question.name => {
                        Some((target.0.clone(), record.ttl))
                    }
                    _ => None,
                });
            let Some((target, ttl)) = alias else {
                return Ok(());
            };
            self.limit_ttl(ttl);
            self.seen
                .push(std::mem::replace(&mut self.question.name, target));
            if self.seen.len() > MAX_ALIASES || self.seen.contains(&self.question.name) {
                return Err(NotKnown::AliasChain);
            }
        }
    }
}

/// Hickory's error enums grow; whatever is new there is temporary here.
fn why_not_known(error: &NetError) -> NotKnown {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => NotKnown::Refused,
        NetError::Dns(_) => NotKnown::ServFail,
        NetError::Io(error) if is_elsewhere(error.kind()) => NotKnown::Unreachable,
        NetError::Io(_) | NetError::NoConnections => NotKnown::NoSocket,
        NetError::ForeignClassRecord { .. } | NetError::Proto(_) => NotKnown::BadMessage,
        NetError::Truncated => NotKnown::Truncated,
        _ => NotKnown::Timeout,
    }
}

/// Whether an I/O error is about the way to the server or the server itself, rather than about this
/// machine.
fn is_elsewhere(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}
