//! Two resolvers: what a network says inside, and what the world sees (R30).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::dns_trait::Dns;
use crate::dns::facts::{Facts, Question};
use crate::dns::family::Family;
use crate::dns::name_servers::NameServers;
use crate::dns::ptr_text::PtrText;
use crate::executor::{Alarm, InFlight};
use crate::name::HeloName;

/// How long the answer from inside is waited for once the one from outside is there: it is for the
/// report only.
const GRACE: Duration = Duration::from_millis(250);

/// Asks two resolvers at once. The view from outside decides; where the one inside differs, the
/// answer has both ([`Answer::inside`]).
///
/// [`Resolve::outside`](crate::Resolve::outside) makes it; for [`verify`](crate::verify::verify) it
/// is made by hand.
///
/// ```
/// use helo_name::HeloName;
/// use helo_name::dns::{Views, Zone};
/// use helo_name::verify::{Finding, verify};
///
/// let inside = Zone::new().address("mail.example.com", "10.0.0.5");
/// let outside = Zone::new().address("mail.example.com", "192.0.2.10");
/// let views = Views::new(inside, outside);
/// let name = HeloName::from_static("mail.example.com");
/// let client = "192.0.2.10".parse().unwrap();
/// let checked = pollster::block_on(verify(&views, &name, Some(client)));
/// assert_eq!(checked.finding(), Finding::Match);
/// assert!(checked.lookups()[0].answer.inside().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Views<I, O> {
    inside: I,
    outside: O,
}

impl<I: Dns, O: Dns> Views<I, O> {
    /// Puts two resolvers together.
    #[must_use]
    pub const fn new(inside: I, outside: O) -> Self {
        Self { inside, outside }
    }
}

impl<I: Dns, O: Dns> Dns for Views<I, O> {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        let inside = self.inside.forward(name, family);
        both(inside, self.outside.forward(name, family)).await
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        both(self.inside.reverse(address), self.outside.reverse(address)).await
    }

    /// The view from outside alone: what is asked for SPF is never split on purpose.
    async fn learn(&self, question: Question, facts: &mut Facts) {
        match question {
            Question::Addresses(ref name, family) => match HeloName::parse_domain(name) {
                Ok(legal) => {
                    facts.insert_addresses(name, family, self.forward(&legal, family).await);
                }
                Err(_) => self.outside.learn(question, facts).await,
            },
            Question::Names(address) => facts.insert_names(address, self.reverse(address).await),
            Question::Codes(_) | Question::MailExchangers(_) | Question::Texts(_) => {
                self.outside.learn(question, facts).await;
            }
        }
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        self.outside.name_servers()
    }

    fn servers_asked(&self) -> NameServers {
        self.outside.servers_asked()
    }
}

enum View<T> {
    Inside(Answer<T>),
    Outside(Answer<T>),
}

async fn both<T: Clone + Ord + Send>(
    inside: impl Future<Output = Answer<T>> + Send,
    outside: impl Future<Output = Answer<T>> + Send,
) -> Answer<T> {
    let mut views = InFlight::default();
    views.push(async { View::Inside(inside.await) });
    views.push(async { View::Outside(outside.await) });
    let mut seen_inside = None;
    while let Some(view) = views.next().await {
        match view {
            View::Inside(answer) => seen_inside = Some(answer),
            View::Outside(answer) => {
                if seen_inside.is_none()
                    && let Some(View::Inside(late)) = views.next_before(&Alarm::after(GRACE)).await
                {
                    seen_inside = Some(late);
                }
                let answer = match seen_inside {
                    Some(inside) => answer.unlike(&inside),
                    None => answer,
                };
                return answer.seen_outside();
            }
        }
    }
    // Not reached: the view from outside is one of the two.
    Answer::not_known(NotKnown::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::answer::Outcome;
    use crate::dns::zone::Zone;
    use crate::each::each;
    use crate::executor::block_on;

    #[test]
    fn the_view_from_outside_decides_and_the_other_is_kept_where_it_differs() {
        const NAME: HeloName = HeloName::from_static("mail.example.com");
        let zone = |records: &str| match records {
            "" => Zone::new(),
            "?" => Zone::new().fails("mail.example.com", NotKnown::Timeout),
            _ => records.split(' ').fold(Zone::new(), |zone, address| {
                zone.address("mail.example.com", address)
            }),
        };
        // inside, outside, whether they differ
        let cases = [
            ("10.0.0.5", "192.0.2.10", true),
            ("192.0.2.10", "192.0.2.10", false),
            ("192.0.2.10 192.0.2.11", "192.0.2.11 192.0.2.10", false),
            ("", "192.0.2.10", true),
            ("10.0.0.5", "", true),
            ("", "", false),
            // Nobody knows what it would have said
            ("?", "192.0.2.10", false),
            ("10.0.0.5", "?", true),
        ];
        each(cases, |(inside, outside, differ)| {
            let views = Views::new(zone(inside), zone(outside));
            let answer = block_on(views.forward(&NAME, Family::V4));
            let alone = block_on(zone(outside).forward(&NAME, Family::V4));
            assert_eq!(answer.outcome(), alone.outcome());
            assert_eq!(answer.inside().is_some(), differ);
            if differ {
                let alone = block_on(zone(inside).forward(&NAME, Family::V4));
                assert_eq!(answer.inside(), Some(alone.outcome()));
            }
        });
    }

    /// Never answers.
    struct Silent;

    impl Dns for Silent {
        async fn forward(&self, _: &HeloName, _: Family) -> Answer<IpAddr> {
            std::future::pending().await
        }

        async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
            std::future::pending().await
        }
    }

    #[test]
    fn a_silent_resolver_inside_does_not_keep_the_answer_from_outside() {
        let outside = Zone::new().ptr("192.0.2.10", "mail.example.com");
        let views = Views::new(Silent, outside);
        let answer = block_on(views.reverse(IpAddr::from([192, 0, 2, 10])));
        assert!(matches!(answer.outcome(), Outcome::Found(_)));
        assert_eq!(answer.inside(), None);
    }
}
