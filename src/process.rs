//! What one process shares, and a process that forked from it must not use.

use std::mem;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

/// How many processes have a place of their own. A child's id is near that of its parent.
const PLACES: usize = 64;

/// A value that each process makes for itself.
///
/// After `fork` the child has a copy of the memory of its parent, and none of its threads: what
/// waits for such a thread waits for ever. So the value is made anew where the process id differs.
/// Each process has a place of its own, because a lock that another thread of the parent held at
/// the time of the fork is never released in the child.
pub(crate) struct PerProcess<T>([Mutex<Option<Own<T>>>; PLACES]);

/// A value, and the process that made it.
struct Own<T> {
    process: u32,
    value: Arc<T>,
}

impl<T: Default> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self([const { Mutex::new(None) }; PLACES])
    }

    /// Returns the value of this process.
    pub(crate) fn get(&self) -> Arc<T> {
        let process = process::id();
        // The remainder is below the number of places, which is small.
        let place = &self.0[process as usize % PLACES];
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(own) if own.process == process => Arc::clone(&own.value),
            _ => {
                let value = Arc::<T>::default();
                let own = Own {
                    process,
                    value: Arc::clone(&value),
                };
                // To drop the parent's value would wake threads that are not there.
                mem::forget(place.replace(own));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_one_value_and_not_that_of_its_parent() {
        static SHARED: PerProcess<Mutex<u8>> = PerProcess::new();
        *SHARED.get().lock().unwrap() = 1;
        assert_eq!(*SHARED.get().lock().unwrap(), 1);
        let place = &SHARED.0[process::id() as usize % PLACES];
        place.lock().unwrap().as_mut().unwrap().process = 0;
        assert_eq!(*SHARED.get().lock().unwrap(), 0);
    }
}
