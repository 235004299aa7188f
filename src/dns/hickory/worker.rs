//! The thread that asks the name servers, with a small runtime of its own.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{future, thread};

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::RData;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::hickory::name_server::NameServer;
use crate::dns::hickory::servers::Servers;
use crate::executor::InFlight;

/// How long the thread waits for a question before it ends; a resolution asks all its questions
/// within far less.
const IDLE: Duration = Duration::from_secs(10);

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

/// Asks name servers on a thread of its own, which starts with the first question.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) servers: Servers,
    pub(super) times: Times,
    /// Where to send questions; `None` before the first.
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
}

/// A question on its way to the thread, and where the answer goes.
#[derive(Debug)]
struct Job {
    query: Query,
    reply: oneshot::Sender<Answer<RData>>,
}

impl Worker {
    pub(super) fn new(servers: Servers, times: Times) -> Self {
        Self {
            servers,
            times,
            jobs: Mutex::new(None),
        }
    }

    pub(super) async fn ask(&self, query: Query) -> Answer<RData> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job { query, reply });
        // A job that found no thread, or lost it, was dropped, and `reply` with it.
        answer
            .await
            .unwrap_or_else(|_| Answer::not_known(NotKnown::NoSocket))
    }

    /// Sends a job to the thread, and starts one if none runs: for the first question, and after an
    /// idle time.
    fn submit(&self, job: Job) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = match &*jobs {
            None => job,
            Some(running) => match running.send(job) {
                Ok(()) => return,
                Err(unsent) => unsent.0,
            },
        };
        *jobs = start_thread(self.servers.clone(), self.times)
            .filter(|started| started.send(unsent).is_ok());
    }
}

/// Starts the thread that owns the sockets.
fn start_thread(servers: Servers, times: Times) -> Option<mpsc::UnboundedSender<Job>> {
    let (sender, jobs) = mpsc::unbounded_channel();
    let worker = thread::Builder::new().name("helo-name-dns".to_owned());
    worker.spawn(move || work(&servers, times, jobs)).ok()?;
    Some(sender)
}

/// Answers questions until the last sender is gone, or none came for a while. Without a runtime all
/// jobs are dropped, and with them their replies: [`Worker::ask`] reads that as "no socket".
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
