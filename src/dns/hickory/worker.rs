//! The thread that asks the name servers for all resolvers of a process (R39), with a small runtime
//! of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{future, thread};

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::RData;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::allowance::{Allowance, Purpose};
use crate::dns::answer::{Answer, NotKnown};
use crate::dns::hickory::name_server::NameServer;
use crate::dns::hickory::servers::Servers;
use crate::dns::hickory::sockets::Permits;
use crate::executor::InFlight;
use crate::process::PerProcess;

/// How long the thread waits for a question before it ends.
const IDLE: Duration = Duration::from_millis(500);

/// How long the servers of this machine are not read again: longer than a resolution takes.
const FRESH: Duration = Duration::from_secs(10);

/// How long a resolver waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// For an answer to a question, all tries together.
    pub(super) question: Duration,
    /// For an answer to one try; within it hickory repeats the datagram by itself.
    pub(super) attempt: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            question: Duration::from_secs(15),
            attempt: Duration::from_secs(5),
        }
    }
}

/// Asks name servers on the thread that all resolvers share.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) servers: Servers,
    pub(super) times: Times,
    /// The servers as they were read last, and when.
    read: Mutex<Option<(Arc<[SocketAddr]>, Instant)>>,
}

/// A question on its way to the thread, and where the answer goes.
#[derive(Debug)]
struct Job {
    query: Query,
    servers: Arc<[SocketAddr]>,
    times: Times,
    allowance: Arc<Allowance>,
    reply: oneshot::Sender<Answer<RData>>,
}

impl Worker {
    pub(super) fn new(servers: Servers, times: Times) -> Self {
        Self {
            servers,
            times,
            read: Mutex::new(None),
        }
    }

    pub(super) async fn ask(&self, query: Query) -> Answer<RData> {
        let (reply, answer) = oneshot::channel();
        submit(Job {
            query,
            servers: self.addresses(),
            times: self.times,
            allowance: Allowance::in_force(),
            reply,
        });
        // A job that found no thread, or lost it, was dropped, and `reply` with it.
        answer
            .await
            .unwrap_or_else(|_| Answer::not_known(NotKnown::NoSocket))
    }

    /// Returns the servers to ask. While a machine starts, none may be known yet, and they are read
    /// for each question.
    pub(super) fn addresses(&self) -> Arc<[SocketAddr]> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match &*read {
            Some((addresses, at)) if !addresses.is_empty() && at.elapsed() < FRESH => {
                Arc::clone(addresses)
            }
            _ => {
                let addresses: Arc<[SocketAddr]> = self.servers.addresses().into();
                *read = Some((Arc::clone(&addresses), Instant::now()));
                addresses
            }
        }
    }
}

/// Where to send questions; `None` before the first.
type Jobs = Mutex<Option<mpsc::UnboundedSender<Job>>>;

/// Sends a job to the thread, and starts one if none runs: for the first question of a process, and
/// after an idle time.
fn submit(job: Job) {
    static JOBS: PerProcess<Jobs> = PerProcess::new();
    let jobs = JOBS.get();
    let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let unsent = match &*jobs {
        None => job,
        Some(running) => match running.send(job) {
            Ok(()) => return,
            Err(unsent) => unsent.0,
        },
    };
    *jobs = start_thread().filter(|started| started.send(unsent).is_ok());
}

/// Starts the thread that owns the sockets.
fn start_thread() -> Option<mpsc::UnboundedSender<Job>> {
    let (sender, jobs) = mpsc::unbounded_channel();
    let worker = thread::Builder::new().name("helo-name-dns".to_owned());
    worker.spawn(move || work(jobs)).ok()?;
    Some(sender)
}

/// Answers questions until none came for a while. Without a runtime all jobs are dropped, and with
/// them their replies: [`Worker::ask`] reads that as "no socket".
fn work(mut jobs: mpsc::UnboundedReceiver<Job>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let permits = Permits::new();
        let mut answers = JoinSet::new();
        loop {
            let next = tokio::time::timeout(IDLE, jobs.recv()).await;
            while answers.try_join_next().is_some() {}
            match next {
                Ok(Some(job)) => drop(answers.spawn(answer(permits.clone(), job))),
                Ok(None) => break,
                // What was sent before this is still received.
                Err(_) if answers.is_empty() => jobs.close(),
                Err(_) => {}
            }
        }
        answers.join_all().await;
    });
}

/// Answers one question, or stops when the asker is gone.
async fn answer(permits: Permits, mut job: Job) {
    let permits = permits.for_question();
    let servers: Vec<NameServer> = in_order(&job.servers, &job.allowance)
        .map(|(address, purpose)| NameServer {
            address,
            attempt: job.times.attempt,
            permits: permits.clone(),
            allowance: Arc::clone(&job.allowance),
            purpose,
        })
        .collect();
    let mut race = pin!(race(&servers, &job.query));
    let mut patience = pin!(None);
    let answer = future::poll_fn(|context| {
        if job.reply.poll_closed(context).is_ready() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(answer) = race.as_mut().poll(context) {
            return Poll::Ready(Some(answer));
        }
        // A question that waits for a socket has not been asked yet.
        if patience.is_none() && permits.has_begun() {
            patience.set(Some(tokio::time::sleep(job.times.question)));
        }
        let patience = patience.as_mut().as_pin_mut();
        if patience.is_some_and(|patience| patience.poll(context).is_ready()) {
            return Poll::Ready(Some(Answer::not_known(NotKnown::Timeout)));
        }
        Poll::Pending
    });
    if let Some(answer) = answer.await {
        // An error means that the asker has just gone.
        let _ = job.reply.send(answer);
    }
}

/// Returns the servers to ask: all, the one that answered last before the others. It is the only
/// one when few datagrams are left (R41).
fn in_order(
    servers: &[SocketAddr],
    allowance: &Allowance,
) -> impl Iterator<Item = (SocketAddr, Purpose)> {
    let mut servers = servers.to_vec();
    let answered = allowance.answered();
    servers.sort_by_key(|server| Some(*server) != answered);
    let others = std::iter::repeat(Purpose::OtherServer);
    let purposes = std::iter::once(Purpose::Question).chain(others);
    let asked: Vec<_> = servers.into_iter().zip(purposes).collect();
    asked.into_iter()
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
        let Some(reason) = answer.why_not_known() else {
            return answer;
        };
        if tells(reason) >= failed.why_not_known().map_or(0, tells) {
            failed = answer;
        }
    }
    failed
}

/// Returns how much a reason says about the servers: the most about one that answered.
fn tells(reason: NotKnown) -> u8 {
    match reason {
        NotKnown::NoNameServer => 0,
        NotKnown::TooManyQuestions => 1,
        NotKnown::Timeout => 2,
        _ => 3,
    }
}
