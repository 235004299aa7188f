//! The thread that asks the name servers for all resolvers of a process (R39), with a small runtime
//! of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{future, thread};

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::RData;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::allowance::{Allowance, Purpose};
use crate::dns::answer::{Answer, NotKnown};
use crate::dns::hickory::name_server::NameServer;
use crate::dns::hickory::servers::{Known, Servers};
use crate::dns::hickory::sockets::Permits;
use crate::executor::InFlight;
use crate::process::PerProcess;

/// How long the thread waits for a question before it ends.
const IDLE: Duration = Duration::from_millis(500);

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
    pub(super) servers: Arc<Known>,
    pub(super) times: Times,
}

/// A question on its way to the thread, and where the answer goes.
#[derive(Debug)]
struct Job {
    query: Query,
    servers: Arc<Known>,
    times: Times,
    allowance: Arc<Allowance>,
    reply: oneshot::Sender<Answer<RData>>,
}

impl Worker {
    pub(super) fn new(servers: Servers, times: Times) -> Self {
        let servers = Arc::new(Known::new(servers));
        Self { servers, times }
    }

    pub(super) async fn ask(&self, query: Query) -> Answer<RData> {
        let (reply, answer) = oneshot::channel();
        submit(Job {
            query,
            servers: Arc::clone(&self.servers),
            times: self.times,
            allowance: Allowance::in_force(),
            reply,
        });
        // A job that found no thread, or lost it, was dropped, and `reply` with it.
        answer
            .await
            .unwrap_or_else(|_| Answer::not_known(NotKnown::NoSocket))
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
    let known = Arc::clone(&job.servers);
    // A file may hang, and then this question does until its time is over.
    let reading = tokio::time::timeout(job.times.question, known.read());
    let Some(found) = unless_gone(&mut job.reply, reading).await else {
        return;
    };
    let answer = match found {
        Ok(found) if found.servers().is_empty() => Some(Answer::not_known(found.why_none())),
        Ok(found) => ask_all(&permits.for_question(), &found.addresses(), &mut job).await,
        Err(_) => Some(Answer::not_known(NotKnown::Unreadable)),
    };
    if let Some(answer) = answer {
        // An error means that the asker has just gone.
        let _ = job.reply.send(answer);
    }
}

/// Waits for a future; `None` if the asker is gone before.
async fn unless_gone<T>(
    reply: &mut oneshot::Sender<Answer<RData>>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    future::poll_fn(|context| {
        if reply.poll_closed(context).is_ready() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Asks the servers; `None` if the asker is gone.
async fn ask_all(
    permits: &Permits,
    addresses: &[SocketAddr],
    job: &mut Job,
) -> Option<Answer<RData>> {
    let servers: Vec<NameServer> = in_order(addresses, &job.allowance)
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
    let limit = job.times.question;
    let heard = future::poll_fn(|context| {
        if let Poll::Ready(answer) = race.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        // A question that waits for a socket has not been asked yet.
        if patience.is_none() && permits.has_begun() {
            patience.set(Some(tokio::time::sleep(limit)));
        }
        let patience = patience.as_mut().as_pin_mut();
        if patience.is_some_and(|patience| patience.poll(context).is_ready()) {
            return Poll::Ready(Answer::not_known(NotKnown::Timeout));
        }
        Poll::Pending
    });
    unless_gone(&mut job.reply, heard).await
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
