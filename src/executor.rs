//! Runs several futures at once on any executor, and keeps a deadline without one.
//!
//! Few futures are in flight (R12), so it is cheap to look at all their flags at each wake-up.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use std::{process, thread};

use crate::allowance::Allowance;
use crate::process::PerProcess;

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
        let waiting = self.waiting.lock();
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner).clone();
        // Without the lock, as an executor may poll the task at once.
        waiting.wake();
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
        self.poll_next_unless(context, || false)
    }

    /// Polls one after the other until one is ready, or it is over: nothing more starts then.
    fn poll_next_unless(
        &mut self,
        context: &mut Context<'_>,
        is_over: impl Fn() -> bool,
    ) -> Poll<Option<T>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        for index in 0..self.0.len() {
            if is_over() {
                break;
            }
            if let Poll::Ready(output) = self.0[index].poll(context) {
                drop(self.0.swap_remove(index));
                return Poll::Ready(Some(output));
            }
        }
        Poll::Pending
    }

    /// As [`next`](Self::next), but `None` also when the alarm rings first. It is looked at before
    /// each future, as one poll may take long.
    pub(crate) async fn next_before(&mut self, alarm: &Alarm) -> Option<T> {
        poll_fn(|context| {
            let polled = alarm
                .allowance
                .during(|| self.poll_next_unless(context, || alarm.is_over()));
            match polled {
                Poll::Pending if alarm.poll_over(context) => Poll::Ready(None),
                polled => polled,
            }
        })
        .await
    }

    /// As [`next`](Self::next), with the datagrams of an allowance.
    pub(crate) async fn next_within(&mut self, allowance: &Arc<Allowance>) -> Option<T> {
        poll_fn(|context| allowance.during(|| self.poll_next(context))).await
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

/// Rings once, after a delay. One thread keeps the time for all alarms of a process, as no timer is
/// common to all executors.
pub(crate) struct Alarm {
    due: Due,
    bell: Arc<Bell>,
    keeper: Arc<Keeper>,
    process: u32,
    allowance: Arc<Allowance>,
}

/// When an alarm rings. The number tells those of one moment apart.
type Due = (Instant, u64);

/// Whom an alarm wakes, and whether it has rung.
#[derive(Debug, Default)]
struct Bell(Mutex<Ring>);

#[derive(Debug, Default)]
enum Ring {
    #[default]
    Set,
    Awaited(Waker),
    Rung,
}

impl Alarm {
    /// Sets the alarm. If no thread can be started it rings at once: a deadline that nobody keeps
    /// would hang.
    pub(crate) fn after(delay: Duration) -> Self {
        Self::with_allowance(delay, Arc::default())
    }

    /// Sets an alarm for a part of what this one is for: the same datagrams are counted.
    pub(crate) fn for_part(&self, delay: Duration) -> Self {
        Self::with_allowance(delay, Arc::clone(&self.allowance))
    }

    fn with_allowance(delay: Duration, allowance: Arc<Allowance>) -> Self {
        static KEEPERS: PerProcess<Keeper> = PerProcess::new();
        let keeper = KEEPERS.get();
        let bell = Arc::<Bell>::default();
        let due = keeper.set(delay, Arc::clone(&bell));
        Self {
            due,
            bell,
            keeper,
            process: process::id(),
            allowance,
        }
    }

    /// Waits until it rings.
    pub(crate) async fn rung(&self) {
        poll_fn(|context| match self.poll_over(context) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Returns how many datagrams may still leave until it rings.
    pub(crate) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Returns whether it has rung, or should have: the thread that rings may be late.
    fn is_over(&self) -> bool {
        Instant::now() >= self.due.0 || matches!(*self.bell.lock(), Ring::Rung)
    }

    /// As [`is_over`](Self::is_over); if not, the task is woken when it rings.
    fn poll_over(&self, context: &Context<'_>) -> bool {
        if self.is_over() {
            return true;
        }
        match &mut *self.bell.lock() {
            Ring::Rung => true,
            ring => {
                *ring = Ring::Awaited(context.waker().clone());
                false
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // In a forked child, the keeper of its parent may be locked for ever.
        if self.process == process::id() {
            self.keeper.unset(self.due);
        }
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Ring> {
        // No code panics while it holds the lock; the state would be whole even then.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let before = std::mem::replace(&mut *self.lock(), Ring::Rung);
        if let Ring::Awaited(waker) = before {
            waker.wake();
        }
    }
}

/// How long the thread that keeps the time waits for another alarm before it ends. It looks as
/// often whether there still is one, so it ends within twice this time after the last.
const IDLE: Duration = Duration::from_millis(300);

/// Keeps the time for all alarms, on a thread that starts with the first.
#[derive(Default)]
struct Keeper {
    alarms: Mutex<Alarms>,
    changed: Condvar,
}

#[derive(Default)]
struct Alarms {
    set: BTreeMap<Due, Arc<Bell>>,
    count: u64,
    thread: KeeperThread,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum KeeperThread {
    #[default]
    Ended,
    Runs,
}

impl Keeper {
    fn lock(&self) -> MutexGuard<'_, Alarms> {
        // No code panics while it holds the lock; the map would be whole even then.
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(self: &Arc<Self>, delay: Duration, bell: Arc<Bell>) -> Due {
        // A delay beyond the end of the clock is as good as a year.
        let moment = Instant::now()
            .checked_add(delay)
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(31_536_000));
        let mut alarms = self.lock();
        alarms.count += 1;
        let due = (moment, alarms.count);
        if alarms.thread == KeeperThread::Ended {
            let keeper = Arc::clone(self);
            let thread = thread::Builder::new().name("helo-name-deadline".to_owned());
            if thread.spawn(move || keeper.keep()).is_err() {
                drop(alarms);
                bell.ring();
                return due;
            }
            alarms.thread = KeeperThread::Runs;
        }
        alarms.set.insert(due, bell);
        let is_first = alarms.set.keys().next() == Some(&due);
        drop(alarms);
        if is_first {
            self.changed.notify_one();
        }
        due
    }

    fn unset(&self, due: Due) {
        // The thread looks by itself when it wakes: nothing is earlier now than it was.
        self.lock().set.remove(&due);
    }

    /// Rings each alarm when it is due, and ends when none was set for a while.
    fn keep(&self) {
        let mut alarms = self.lock();
        let mut idle_since = None;
        loop {
            let now = Instant::now();
            let wait = match alarms.set.first_key_value() {
                Some((due, _)) if due.0 <= now => {
                    let rung = alarms.set.pop_first();
                    drop(alarms);
                    if let Some((_, bell)) = rung {
                        // A waker of the program may panic; the other deadlines still hold.
                        let _ = catch_unwind(AssertUnwindSafe(|| bell.ring()));
                    }
                    alarms = self.lock();
                    continue;
                }
                Some((due, _)) => {
                    idle_since = None;
                    IDLE.min(due.0 - now)
                }
                None if *idle_since.get_or_insert(now) + IDLE <= now => {
                    alarms.thread = KeeperThread::Ended;
                    return;
                }
                None => IDLE,
            };
            let waited = self.changed.wait_timeout(alarms, wait);
            alarms = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Runs a future to its end on this thread, without any executor.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    /// The flag is there because a future may park its thread too, and so take the token of
    /// `unpark`.
    struct Unpark {
        thread: thread::Thread,
        is_called: AtomicBool,
    }

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.is_called.store(true, Ordering::Release);
            self.thread.unpark();
        }
    }

    let mut future = std::pin::pin!(future);
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        is_called: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        while !unpark.is_called.swap(false, Ordering::AcqRel) {
            thread::park();
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
        assert!(alarm.is_over());
    }

    #[test]
    fn an_empty_set_ends_at_once() {
        assert_eq!(block_on(InFlight::<u8>::default().next()), None);
    }

    #[test]
    fn a_delay_without_end_does_not_overflow() {
        let alarm = Alarm::after(Duration::MAX);
        assert!(!alarm.is_over());
    }
}
