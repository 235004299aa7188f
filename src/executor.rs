//! Runs several futures at once on any executor, and keeps a deadline without one.
//!
//! Few futures are in flight (R12), so it is cheap to look at all their flags at each wake-up.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Futures that run at the same time, and whose outputs are returned as they finish.
pub(crate) struct InFlight<'a, T>(Vec<Slot<'a, T>>);

struct Slot<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    call: Arc<Call>,
}

/// Notes that one future wants to be polled, and wakes the task that waits for them.
struct Call {
    is_made: AtomicBool,
    waiting: Mutex<Waker>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.is_made.store(true, Ordering::Release);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.wake_by_ref();
    }
}

impl<T> Default for InFlight<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T> InFlight<'a, T> {
    pub(crate) fn push(&mut self, future: impl Future<Output = T> + Send + 'a) {
        let call = Call {
            is_made: AtomicBool::new(true),
            waiting: Mutex::new(Waker::noop().clone()),
        };
        self.0.push(Slot {
            future: Box::pin(future),
            call: Arc::new(call),
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits for the next that finishes; `None` when none is left.
    pub(crate) fn next(&mut self) -> impl Future<Output = Option<T>> + Send {
        poll_fn(|context| self.poll_next(context))
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        for index in 0..self.0.len() {
            if let Poll::Ready(output) = self.0[index].poll(context) {
                drop(self.0.swap_remove(index));
                return Poll::Ready(Some(output));
            }
        }
        Poll::Pending
    }

    /// As [`next`](Self::next), but `None` also when the alarm rings first.
    pub(crate) async fn next_before(&mut self, alarm: &Alarm) -> Option<T> {
        poll_fn(|context| match self.poll_next(context) {
            Poll::Pending if alarm.poll_rung(context) => Poll::Ready(None),
            polled => polled,
        })
        .await
    }
}

impl<T> Slot<'_, T> {
    /// Polls the future if it called since it was polled last.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        self.call.wait(context.waker());
        if !self.call.is_made.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.call));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

impl Call {
    /// Remembers the task that waits. The flag is read after this, so that no call is missed.
    fn wait(&self, waiting: &Waker) {
        let mut known = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.will_wake(waiting) {
            known.clone_from(waiting);
        }
    }
}

/// Rings once, after a delay. A thread of its own keeps the time, as no timer is common to all
/// executors.
pub(crate) struct Alarm(Arc<Clock>);

struct Clock {
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    Set(Option<Waker>),
    /// Rung, or dropped.
    Over,
}

impl Alarm {
    /// Sets the alarm. If no thread can be started it rings at once: a deadline that nobody keeps
    /// would hang.
    pub(crate) fn after(delay: Duration) -> Self {
        let clock = Arc::new(Clock {
            state: Mutex::new(State::Set(None)),
            changed: Condvar::new(),
        });
        // A delay beyond the end of the clock is as good as a year.
        let due = Instant::now()
            .checked_add(delay)
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(31_536_000));
        let keeper = Arc::clone(&clock);
        let thread = thread::Builder::new().name("helo-name-deadline".to_owned());
        if thread.spawn(move || keeper.keep(due)).is_err() {
            clock.end();
        }
        Self(clock)
    }

    fn poll_rung(&self, context: &Context<'_>) -> bool {
        match &mut *self.0.lock() {
            State::Over => true,
            State::Set(waker) => {
                *waker = Some(context.waker().clone());
                false
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Clock {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No code panics while it holds the lock; the state would be whole even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, due: Instant) {
        let mut state = self.lock();
        while matches!(*state, State::Set(_)) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(state);
                return self.end();
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end(&self) {
        let before = std::mem::replace(&mut *self.lock(), State::Over);
        self.changed.notify_all();
        if let State::Set(Some(waker)) = before {
            waker.wake();
        }
    }
}

/// Runs a future to its end on this thread, without any executor.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn what_finishes_is_handed_out_and_what_hangs_ends_with_the_alarm() {
        let mut set = InFlight::default();
        set.push(pending::<u8>());
        set.push(ready(7));
        let alarm = Alarm::after(Duration::from_millis(5));
        assert_eq!(block_on(set.next_before(&alarm)), Some(7));
        assert_eq!(block_on(set.next_before(&alarm)), None);
        assert!(matches!(*alarm.0.lock(), State::Over));
    }

    #[test]
    fn an_empty_set_ends_at_once() {
        assert_eq!(block_on(InFlight::<u8>::default().next()), None);
    }

    #[test]
    fn a_delay_without_end_does_not_overflow() {
        let alarm = Alarm::after(Duration::MAX);
        assert!(matches!(*alarm.0.lock(), State::Set(_)));
    }
}
