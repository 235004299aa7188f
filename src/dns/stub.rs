//! Answers that were made up on this machine (R10). They say what it believes, not what the world
//! sees.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::dns::answer::{Answer, NotKnown};
use crate::dns::family::meant;

/// Where systemd-resolved listens (systemd-resolved.service(8)).
const STUBS: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 53), Ipv4Addr::new(127, 0, 0, 54)];

/// Returns whether a name server is the stub of systemd-resolved on this machine.
pub(super) fn is_stub(server: SocketAddr) -> bool {
    STUBS.iter().any(|stub| server.ip().to_canonical() == *stub)
}

/// Takes an answer about a name for what it is: not known, if it was made up on this machine.
pub(super) fn judged<T>(
    name: &str,
    answer: Answer<T>,
    address: impl Fn(&T) -> Option<IpAddr>,
) -> Answer<T> {
    let addresses = answer.records().iter().filter_map(address);
    if is_synthesised(&answer) || is_from_hosts_file(name, addresses) {
        return answer.into_not_known(NotKnown::Synthesised);
    }
    answer
}

/// A stub answers by itself for the names and addresses of the machine and of its hosts file, with
/// a TTL of zero. An answer from a cache has the rest of its time, which is hardly ever zero.
fn is_synthesised<T>(answer: &Answer<T>) -> bool {
    answer.server().is_some_and(is_stub) && answer.ttl() == Some(Duration::ZERO)
}

/// No name means the asker, except those of RFC 6761 6.3. Whoever says so has read a hosts file,
/// where Debian writes `127.0.1.1 host.domain host`. Other addresses beside it are from there too.
fn is_from_hosts_file(name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> bool {
    let is_loopback = |address: IpAddr| meant(address).is_loopback();
    !is_local(name) && addresses.into_iter().any(is_loopback)
}

/// Returns whether a name is `localhost`, below it, or in front of a domain, where administrators
/// publish it.
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_localhost =
        |label: Option<&str>| label.is_some_and(|label| label.eq_ignore_ascii_case("localhost"));
    is_localhost(name.split('.').next()) || is_localhost(name.rsplit('.').next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    /// A name, its addresses, who said so, the TTL, and why that is not known.
    type Row = (
        &'static str,
        &'static [&'static str],
        &'static str,
        u64,
        Option<NotKnown>,
    );

    const SYNTHESISED: Option<NotKnown> = Some(NotKnown::Synthesised);

    #[test]
    fn what_a_stub_makes_up_and_what_a_hosts_file_says_is_not_known() {
        let stub = "127.0.0.53:53";
        let other = "192.0.2.53:53";
        let cases: [Row; 19] = [
            // A stub, and its TTL of zero
            ("mail.example.org", &["192.0.2.10"], stub, 0, SYNTHESISED),
            (
                "mail.example.org",
                &["192.0.2.10"],
                "127.0.0.54:53",
                0,
                SYNTHESISED,
            ),
            (
                "mail.example.org",
                &["192.0.2.10"],
                "127.0.0.53:5353",
                0,
                SYNTHESISED,
            ),
            (
                "mail.example.org",
                &["192.0.2.10"],
                "[::ffff:127.0.0.53]:53",
                0,
                SYNTHESISED,
            ),
            ("mail.example.org", &[], stub, 0, SYNTHESISED),
            ("mail.example.org", &["192.0.2.10"], stub, 1, None),
            ("mail.example.org", &[], stub, 60, None),
            ("mail.example.org", &["192.0.2.10"], other, 0, None),
            ("mail.example.org", &["192.0.2.10"], "127.0.0.1:53", 0, None),
            // A hosts file, whoever has read it
            ("mail.example.org", &["127.0.1.1"], other, 60, SYNTHESISED),
            ("mail.example.org", &["127.0.1.1"], stub, 60, SYNTHESISED),
            ("mail.example.org", &["::1"], other, 60, SYNTHESISED),
            (
                "mail.example.org",
                &["::ffff:127.0.0.1"],
                other,
                60,
                SYNTHESISED,
            ),
            (
                "mail.example.org",
                &["192.0.2.10", "127.0.1.1"],
                other,
                60,
                SYNTHESISED,
            ),
            ("notlocalhost", &["127.0.0.1"], other, 60, SYNTHESISED),
            // The names that do mean the asker
            ("localhost", &["127.0.0.1"], other, 60, None),
            ("LOCALHOST.", &["127.0.0.1"], other, 60, None),
            ("mail.localhost", &["127.0.0.1"], other, 60, None),
            ("localhost.example.org", &["127.0.0.1"], other, 60, None),
        ];
        each(cases, |(name, addresses, server, ttl, reason)| {
            let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
            let answer = Answer::<IpAddr>::found(addresses)
                .with_ttl(Duration::from_secs(ttl))
                .with_server(server.parse().unwrap());
            let judged = judged(name, answer.clone(), |address| Some(*address));
            assert_eq!(judged.why_not_known(), reason, "{name}");
            assert_eq!(judged.server(), answer.server());
            if reason.is_none() {
                assert_eq!(judged, answer, "{name}");
            }
        });
    }

    #[test]
    fn what_was_not_known_keeps_its_reason() {
        let answer = Answer::<IpAddr>::not_known(NotKnown::ServFail)
            .with_ttl(Duration::ZERO)
            .with_server("127.0.0.53:53".parse().unwrap());
        let judged = judged("mail.example.org", answer, |address| Some(*address));
        assert_eq!(judged.why_not_known(), Some(NotKnown::ServFail));
    }
}
