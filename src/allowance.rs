//! How many datagrams may leave for one resolution (R41).
//!
//! A resolution asks any [`Dns`](crate::dns::Dns), also one that a program wraps around the
//! crate's resolver. So its allowance is not an argument: it is in force on the thread that polls
//! the questions, while it polls them.

#![cfg_attr(
    not(feature = "dns"),
    allow(dead_code, reason = "only the real resolver counts datagrams")
)]

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many datagrams leave for one client address at most, all tries and servers together.
pub(crate) const MAX_DATAGRAMS: usize = 64;

thread_local! {
    static IN_FORCE: RefCell<Option<Arc<Allowance>>> = const { RefCell::new(None) };
}

/// Why a datagram leaves. The less an answer needs it, the more must be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To ask a question.
    Question,
    /// To ask another server the same.
    OtherServer,
    /// To ask the same server again.
    Repeat,
}

impl Purpose {
    /// Returns how many of the datagrams are kept for what matters more.
    const fn kept(self, limit: usize) -> usize {
        match self {
            Self::Question => 0,
            // Each question has one server at least.
            Self::OtherServer => limit / 3,
            // Some questions are not known yet: the names of the client address, an alias.
            Self::Repeat => limit / 2,
        }
    }
}

/// The datagrams that have left, and the server that answered last.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: AtomicUsize,
    sent: AtomicUsize,
    answered: Mutex<Option<SocketAddr>>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            limit: AtomicUsize::new(MAX_DATAGRAMS),
            sent: AtomicUsize::new(0),
            answered: Mutex::new(None),
        }
    }
}

impl Allowance {
    /// Allows for so many client addresses, and at least for one.
    pub(crate) fn allow_for(&self, clients: usize) {
        let limit = MAX_DATAGRAMS.saturating_mul(clients);
        self.limit.fetch_max(limit, Ordering::Relaxed);
    }

    /// Returns how many datagrams may have left before one for this purpose.
    fn limit(&self, purpose: Purpose) -> usize {
        let limit = self.limit.load(Ordering::Relaxed);
        limit - purpose.kept(limit)
    }

    /// Returns whether a datagram may leave.
    pub(crate) fn permits(&self, purpose: Purpose) -> bool {
        self.sent.load(Ordering::Relaxed) < self.limit(purpose)
    }

    /// Counts a datagram that leaves. Returns whether it may.
    #[must_use]
    pub(crate) fn take(&self, purpose: Purpose) -> bool {
        let limit = self.limit(purpose);
        let one_more = |sent| (sent < limit).then(|| sent + 1);
        self.sent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    /// Notes that a server answered: if there is only one left to ask, it is this.
    pub(crate) fn note_answer(&self, server: SocketAddr) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    }

    /// Returns the server that answered last.
    pub(crate) fn answered(&self) -> Option<SocketAddr> {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the allowance in force on this thread; a question outside a resolution has its own.
    pub(crate) fn in_force() -> Arc<Self> {
        let in_force = IN_FORCE.try_with(|in_force| in_force.borrow().clone());
        in_force.ok().flatten().unwrap_or_default()
    }

    /// Does something with this allowance in force.
    pub(crate) fn during<T>(self: &Arc<Self>, act: impl FnOnce() -> T) -> T {
        /// Puts back what was in force before, also when `act` panics.
        struct Before(Option<Arc<Allowance>>);

        impl Drop for Before {
            fn drop(&mut self) {
                put_in_force(self.0.take());
            }
        }

        let _before = Before(put_in_force(Some(Arc::clone(self))));
        act()
    }
}

/// Replaces the allowance in force. A thread that ends has none.
fn put_in_force(allowance: Option<Arc<Allowance>>) -> Option<Arc<Allowance>> {
    let replaced = IN_FORCE.try_with(|in_force| in_force.replace(allowance));
    replaced.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_end_first_then_other_servers_then_questions() {
        let allowance = Allowance::default();
        let taken = |purpose| (0..1000).take_while(|_| allowance.take(purpose)).count();
        assert_eq!(taken(Purpose::Repeat), 32);
        assert_eq!(taken(Purpose::OtherServer), 11);
        assert_eq!(taken(Purpose::Question), 21);
        assert!(!allowance.permits(Purpose::Question));
        allowance.allow_for(1);
        assert!(!allowance.permits(Purpose::Question));
        allowance.allow_for(3);
        assert!(allowance.permits(Purpose::Repeat));
    }

    #[test]
    fn it_is_in_force_while_something_is_done() {
        let (outer, inner) = (Arc::<Allowance>::default(), Arc::<Allowance>::default());
        outer.during(|| {
            inner.during(|| assert!(Arc::ptr_eq(&Allowance::in_force(), &inner)));
            assert!(Arc::ptr_eq(&Allowance::in_force(), &outer));
        });
        assert!(!Arc::ptr_eq(&Allowance::in_force(), &outer));
    }
}
