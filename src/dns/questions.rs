//! Questions on their way to the DNS: each is asked once, and all at the same time (R12).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::allowance::Allowance;
use crate::dns::answer::Answer;
use crate::dns::dns_trait::Dns;
use crate::dns::facts::{Facts, Question};
use crate::dns::family::Family;
use crate::dns::ptr_text::PtrText;
use crate::executor::{Alarm, InFlight};
use crate::name::HeloName;

/// The questions on their way, and all that were ever asked.
pub(crate) struct Questions<'a, D> {
    dns: &'a D,
    in_flight: InFlight<'a, Heard>,
    asked: BTreeSet<Question>,
    /// The datagrams that may leave if no alarm is set.
    allowance: Arc<Allowance>,
}

/// An answer on its way into the book.
pub(crate) enum Heard {
    Addresses(HeloName, Family, Answer<IpAddr>),
    Names(IpAddr, Answer<PtrText>),
}

impl<'a, D: Dns> Questions<'a, D> {
    pub(crate) fn to(dns: &'a D) -> Self {
        Self {
            dns,
            in_flight: InFlight::default(),
            asked: BTreeSet::new(),
            allowance: Arc::default(),
        }
    }

    /// Asks for the addresses of a name, unless that was asked before.
    pub(crate) fn ask_addresses(&mut self, name: &HeloName, family: Family, known: &Facts) {
        if self.is_new(Question::Addresses(name.as_str().into(), family), known) {
            let (dns, name) = (self.dns, name.clone());
            self.in_flight.push(async move {
                let answer = dns.forward(&name, family).await;
                Heard::Addresses(name, family, answer)
            });
        }
    }

    /// Asks for the names of an address, unless that was asked before.
    pub(crate) fn ask_names(&mut self, address: IpAddr, known: &Facts) {
        if self.is_new(Question::Names(address), known) {
            let dns = self.dns;
            self.in_flight
                .push(async move { Heard::Names(address, dns.reverse(address).await) });
        }
    }

    fn is_new(&mut self, question: Question, known: &Facts) -> bool {
        !known.has(&question) && self.asked.insert(question)
    }

    /// Waits for the next answer; `None` when all have come.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        self.in_flight.next_within(&self.allowance).await
    }

    /// As [`next`](Self::next), but `None` also when the alarm rings first.
    pub(crate) async fn next_before(&mut self, alarm: &Alarm) -> Option<Heard> {
        self.in_flight.next_before(alarm).await
    }

    /// Stops waiting, and notes that the missing answers did not come in time.
    pub(crate) fn give_up(self, facts: &mut Facts) {
        facts.insert_timeouts(self.asked);
    }
}

impl Facts {
    /// Notes an answer.
    pub(crate) fn note(&mut self, heard: Heard) {
        match heard {
            Heard::Addresses(name, family, answer) => {
                self.insert_addresses(name.as_str(), family, answer);
            }
            Heard::Names(address, answer) => self.insert_names(address, answer),
        }
    }
}

/// Asks questions at once, and notes the answers.
#[cfg(feature = "spf")]
pub(crate) async fn learn_all(dns: &impl Dns, questions: Vec<Question>, facts: &mut Facts) {
    let mut in_flight = InFlight::default();
    for question in questions {
        in_flight.push(async move {
            let mut learnt = Facts::new();
            dns.learn(question, &mut learnt).await;
            learnt
        });
    }
    let allowance = Arc::default();
    while let Some(learnt) = in_flight.next_within(&allowance).await {
        facts.extend(learnt);
    }
}
