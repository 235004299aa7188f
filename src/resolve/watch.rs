//! Watches what was resolved: resolves again when the choice is due, and says what changed.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::time::Duration;

use crate::executor::{Alarm, block_on};
use crate::resolve::recheck::{Change, is_settled};
use crate::resolve::report::Resolution;

/// The shortest time between two checks, whatever the TTLs are.
const SHORTEST: Duration = Duration::from_secs(60);

/// The longest time between two checks while the DNS is silent.
const LONGEST_SILENT: Duration = Duration::from_secs(3600);

/// A check is late by up to this part of the time: a thousand pods that start together must not ask
/// together for ever.
const JITTER: f64 = 0.25;

/// A resolution that is checked again whenever it is due; made by [`Resolution::watch`].
///
/// It needs no runtime. Nothing runs between two calls of [`next`](Self::next): whoever drops it, or
/// the future, stops it.
pub struct Watch {
    resolution: Resolution,
    /// How many checks in a row the DNS left something open.
    silent: u32,
    clock: Box<dyn Clock>,
}

/// Waits, and draws numbers. The tests have their own.
trait Clock: Send + Sync {
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Draws a number from 0 to 1.
    fn random(&self) -> f64;
}

/// The real time, kept by the thread that keeps all deadlines.
struct Machine;

impl Clock for Machine {
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let alarm = Alarm::after(time);
        Box::pin(async move { alarm.rung().await })
    }

    fn random(&self) -> f64 {
        // The standard library draws the keys of a map at random; two states differ.
        let bits = RandomState::new().hash_one("jitter") >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

impl Watch {
    /// Waits until something changed, and returns what.
    ///
    /// It checks when the choice is due ([`Resolution::valid_until`]), a minute later at the
    /// earliest, and late by up to a quarter of that time, at random. While the DNS leaves
    /// something open it checks after 1, 2, 4 .. minutes, at most after an hour. What is merely not
    /// answered is no change, and is compared again with what was known before. Dropping the future
    /// loses nothing.
    pub async fn next(&mut self) -> Vec<Change> {
        loop {
            self.clock.wait(self.pause()).await;
            let later = self.resolution.recheck().await;
            let changes = later.changes().to_vec();
            let later = later.into_resolution();
            if is_settled(&later) {
                self.silent = 0;
                self.resolution = later;
            } else {
                self.silent = self.silent.saturating_add(1);
                if changes.is_empty() {
                    continue;
                }
                self.resolution = later;
            }
            if !changes.is_empty() {
                return changes;
            }
        }
    }

    /// As [`next`](Self::next), and blocks this thread.
    pub fn next_blocking(&mut self) -> Vec<Change> {
        block_on(self.next())
    }

    /// Returns the latest resolution that the DNS settled, for a health endpoint.
    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// Returns how long to wait before the next check.
    fn pause(&self) -> Duration {
        let due = match self.silent {
            0 => self.resolution.valid_for().max(SHORTEST),
            silent => SHORTEST
                .saturating_mul(2_u32.saturating_pow(silent - 1))
                .min(LONGEST_SILENT),
        };
        due.saturating_add(due.mul_f64(JITTER * self.clock.random().clamp(0.0, 1.0)))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("resolution", &self.resolution)
            .field("silent", &self.silent)
            .finish_non_exhaustive()
    }
}

impl Resolution {
    /// Watches this resolution: for a mailer that runs for months.
    ///
    /// ```no_run
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    ///
    /// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
    /// let mut watch = Resolve::new(zone).configured("mail.example.com").report_blocking().watch();
    /// std::thread::spawn(move || {
    ///     loop {
    ///         for change in watch.next_blocking() {
    ///             eprintln!("EHLO: {change}");
    ///         }
    ///     }
    /// });
    /// ```
    #[must_use = "nothing is checked until `next` is awaited"]
    pub fn watch(self) -> Watch {
        Watch {
            resolution: self,
            silent: 0,
            clock: Box::new(Machine),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::dns::{Answer, Dns, Family, NotKnown, PtrText};
    use crate::name::HeloName;
    use crate::policy::Standard;
    use crate::resolve::gather::{Reading, Settings};
    use crate::resolve::run::Run;

    /// Says one thing after the other about the name, then the last for ever.
    struct Script {
        says: Vec<Result<&'static str, NotKnown>>,
        ttl: Duration,
        at: AtomicUsize,
    }

    impl Dns for Script {
        async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
            let at = self.at.fetch_add(1, Ordering::SeqCst);
            let answer = match self.says[at.min(self.says.len() - 1)] {
                Ok(address) => Answer::found(vec![address.parse().expect("an address")]),
                Err(reason) => Answer::not_known(reason),
            };
            answer.with_ttl(self.ttl)
        }

        async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
            Answer::found(vec![PtrText::new("mail.example.com")]).with_ttl(self.ttl)
        }
    }

    /// Waits for nothing, and notes for how long it should have.
    struct Noted {
        waits: Arc<Mutex<Vec<Duration>>>,
        random: f64,
    }

    impl Clock for Noted {
        fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            self.waits.lock().expect("no holder panics").push(time);
            Box::pin(std::future::ready(()))
        }

        fn random(&self) -> f64 {
            self.random
        }
    }

    fn watched(
        says: &[Result<&'static str, NotKnown>],
        ttl: u64,
        random: f64,
    ) -> (Watch, Arc<Mutex<Vec<Duration>>>) {
        let dns = Script {
            says: says.to_vec(),
            ttl: Duration::from_secs(ttl),
            at: AtomicUsize::new(0),
        };
        let waits = Arc::default();
        let settings = Settings {
            configured: Some("mail.example.com".to_owned()),
            environment: Reading::Ignore,
            machine: Reading::Ignore,
            clients: Some(vec!["192.0.2.10".parse().expect("an address")]),
            ..Settings::default()
        };
        let run = Run {
            dns,
            settings,
            policy: Box::new(Standard),
            deadline: Duration::from_secs(5),
        };
        let mut watch = block_on(Arc::new(run).for_host()).watch();
        watch.clock = Box::new(Noted {
            waits: Arc::clone(&waits),
            random,
        });
        (watch, waits)
    }

    fn seconds(waits: &Mutex<Vec<Duration>>) -> Vec<u64> {
        let waits = waits.lock().expect("no holder panics");
        waits
            .iter()
            .map(|wait| wait.as_secs_f64().round() as u64)
            .collect()
    }

    const HERE: Result<&str, NotKnown> = Ok("192.0.2.10");
    const GONE: Result<&str, NotKnown> = Ok("192.0.2.77");
    const SILENT: Result<&str, NotKnown> = Err(NotKnown::Timeout);

    #[test]
    fn a_ttl_of_zero_makes_no_busy_loop() {
        let (mut watch, waits) = watched(&[HERE, HERE, HERE, HERE, GONE], 0, 0.0);
        let changes = watch.next_blocking();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(seconds(&waits), [60, 60, 60, 60]);
    }

    #[test]
    fn a_silent_dns_is_asked_ever_more_rarely_and_what_changed_meanwhile_is_not_missed() {
        let silence = [SILENT; 9];
        let says = [&[HERE][..], &silence, &[GONE]].concat();
        let (mut watch, waits) = watched(&says, 300, 0.0);
        let changes = watch.next_blocking();
        assert_eq!(
            changes[0].to_string(),
            "mail.example.com for 192.0.2.10: match, now mismatch"
        );
        assert_eq!(
            seconds(&waits),
            [300, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        );
    }

    #[test]
    fn a_change_there_and_back_is_two_changes() {
        let (mut watch, _) = watched(&[HERE, GONE, HERE], 300, 0.0);
        assert_eq!(watch.next_blocking().len(), 1);
        assert_eq!(watch.next_blocking().len(), 1);
    }

    #[test]
    fn a_thousand_that_start_together_do_not_ask_together() {
        let mut dues: Vec<u64> = (0..1000)
            .map(|_| {
                let (watch, _) = watched(&[HERE], 300, Machine.random());
                watch.pause().as_millis() as u64
            })
            .collect();
        dues.sort_unstable();
        let [first, .., last] = dues[..] else {
            unreachable!("there are a thousand");
        };
        // From 300 to 375 seconds, and no second has more than a few of them.
        assert!((299_000..303_000).contains(&first), "{first}");
        assert!((372_000..=375_000).contains(&last), "{last}");
        let most = dues
            .chunk_by(|a, b| a / 1000 == b / 1000)
            .map(<[u64]>::len)
            .max();
        assert!(most < Some(50), "{most:?} in one second");
    }

    #[test]
    fn the_real_clock_rings_and_a_dropped_wait_is_none() {
        block_on(Machine.wait(Duration::from_millis(5)));
        drop(Machine.wait(Duration::from_secs(3600)));
    }
}
