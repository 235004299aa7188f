//! Reads files on threads that a deadline can leave behind (R13).
//!
//! No call of the operating system can be given up: on a mount that hangs, a thread waits for ever.
//! So each file has a thread of its own while it is read, and those who want the same file at the
//! same time share it. A file that hangs costs one thread, however often it is asked for, and the
//! thread has only itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::host::file::{Contents, FileProblem, read};
use crate::process::PerProcess;

/// A file that is being read. It is ready when that ended, and may be dropped before.
#[derive(Debug)]
pub(crate) struct Reading {
    file: Arc<Shared>,
    ticket: u64,
}

/// A file that several may wait for.
#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` while it is being read.
    contents: Option<Contents>,
    /// Who waits, by ticket.
    waiting: BTreeMap<u64, Waker>,
    tickets: u64,
}

/// The files that are being read.
type Files = Mutex<BTreeMap<PathBuf, Arc<Shared>>>;

static FILES: PerProcess<Files> = PerProcess::new();

impl Reading {
    /// Starts to read a file, unless that has been started already.
    pub(crate) fn start(path: &Path) -> Self {
        let files = FILES.get();
        let mut reading = lock(&files);
        if let Some(shared) = reading.get(path) {
            return Self::of(shared);
        }
        let shared = Arc::<Shared>::default();
        let (theirs, own, all) = (Arc::clone(&shared), path.to_owned(), Arc::clone(&files));
        let thread = thread::Builder::new().name("helo-name-file".to_owned());
        let started = thread.spawn(move || {
            let contents = read(&own);
            lock(&all).remove(&own);
            theirs.finish(contents);
        });
        if started.is_ok() {
            reading.insert(path.to_owned(), Arc::clone(&shared));
        } else {
            shared.finish(Err(FileProblem::Failed));
        }
        Self::of(&shared)
    }

    fn of(file: &Arc<Shared>) -> Self {
        let mut state = lock(&file.0);
        state.tickets += 1;
        Self {
            file: Arc::clone(file),
            ticket: state.tickets,
        }
    }
}

impl Shared {
    fn finish(&self, contents: Contents) {
        let mut state = lock(&self.0);
        state.contents = Some(contents);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl Future for Reading {
    type Output = Contents;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Contents> {
        let mut state = lock(&self.file.0);
        if let Some(contents) = &state.contents {
            return Poll::Ready(contents.clone());
        }
        state.waiting.insert(self.ticket, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reading {
    /// A file that hangs must not keep those who gave it up.
    fn drop(&mut self) {
        let gone = lock(&self.file.0).waiting.remove(&self.ticket);
        drop(gone);
    }
}

/// No code panics while it holds such a lock; the state would be whole even then.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
