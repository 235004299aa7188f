//! A [`Dns`] of the program's own may block or park inside a poll: the deadline holds, and no
//! wake-up is lost.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use helo_name::dns::{Answer, Dns, Family, NotKnown, PtrText};
use helo_name::{HeloName, Resolve};

/// Names to look up: each is a question.
const DOMAIN: &str = "example.com";

/// Blocks for a while in each poll, and never answers.
#[derive(Default)]
struct Blocking {
    polls: AtomicUsize,
}

impl Blocking {
    const TIME: Duration = Duration::from_millis(300);

    async fn block<T>(&self) -> Answer<T> {
        poll_fn(|context| {
            self.polls.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Self::TIME);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
}

impl Dns for Blocking {
    async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
        self.block().await
    }

    async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
        self.block().await
    }
}

#[test]
fn nothing_starts_after_the_deadline_whatever_a_poll_takes() {
    let dns = Arc::new(Blocking::default());
    let start = Instant::now();
    let report = Resolve::new(Arc::clone(&dns))
        .ignore_environment()
        .ignore_machine()
        .host_name("mail.example.com")
        .sender_domain(DOMAIN)
        .client_address("192.0.2.10".parse::<IpAddr>().unwrap())
        .deadline(Duration::from_millis(50))
        .report_blocking();
    let taken = start.elapsed();
    assert!(report.is_provisional(), "{report}");
    assert_eq!(dns.polls.load(Ordering::SeqCst), 1);
    assert!(taken < Blocking::TIME * 2, "{taken:?}");
    let why = |reason: &Answer<PtrText>| reason.why_not_known();
    let reverse = report.clients()[0].reverse().unwrap();
    assert_eq!(why(&reverse.answer), Some(NotKnown::Timeout));
}

/// Is ready soon, and parks the thread inside the poll until then: the wake-up comes meanwhile.
struct Parking;

impl Dns for Parking {
    async fn forward(&self, name: &HeloName, _: Family) -> Answer<IpAddr> {
        if name != "mail.example.com" {
            return Answer::nx_domain(); // a resolver that answers everything proves nothing (R31)
        }
        let is_ready = Arc::new(AtomicBool::new(false));
        poll_fn(move |context| {
            if is_ready.load(Ordering::SeqCst) {
                return Poll::Ready(());
            }
            let (waker, is_ready) = (context.waker().clone(), Arc::clone(&is_ready));
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                is_ready.store(true, Ordering::SeqCst);
                waker.wake();
            });
            // Ends with the wake-up, and takes its token.
            thread::park_timeout(Duration::from_millis(200));
            Poll::Pending
        })
        .await;
        Answer::found(vec!["192.0.2.10".parse().unwrap()])
    }

    async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
        Answer::no_data()
    }
}

#[test]
fn a_wake_up_inside_a_poll_is_not_lost() {
    let start = Instant::now();
    let name = Resolve::new(Parking)
        .ignore_environment()
        .ignore_machine()
        .host_name("mail.example.com")
        .client_address("192.0.2.10".parse::<IpAddr>().unwrap())
        .deadline(Duration::from_secs(60))
        .blocking();
    let taken = start.elapsed();
    assert_eq!(name.unwrap(), "mail.example.com");
    assert!(taken < Duration::from_secs(2), "{taken:?}");
}
