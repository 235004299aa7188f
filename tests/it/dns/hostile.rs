//! A name server, or somebody who forges its answers, tries each trick: what comes of it, and how
//! many datagrams it costs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use helo_name::HeloName;
use helo_name::dns::{Dns, Family, NotKnown, Outcome, Resolver};

use crate::support::each::each;
use crate::support::hostile_dns::{
    ASKED_NAME, Asked, ByTcp, HostileServer, Sent, Trick, record, wire,
};

const MAIL: HeloName = HeloName::from_static("mail.example.com");
const A: u16 = 1;
const CNAME: u16 = 5;
const PTR: u16 = 12;

fn right() -> Vec<u8> {
    record(ASKED_NAME, A, 60, &[192, 0, 2, 10])
}

/// The record that an attacker would like to be believed.
fn forged() -> Vec<u8> {
    record(ASKED_NAME, A, 60, &[203, 0, 113, 66])
}

/// The answer with one record, changed before it is sent.
fn changed(asked: &Asked, record: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut message = asked.answer(&[record.to_vec()]);
    change(&mut message);
    message
}

/// Swaps the case of the first letter.
fn other_case(message: &mut [u8]) {
    message[13] ^= 0x20;
}

fn lower_case(message: &mut [u8]) {
    for letter in &mut message[13..13 + "mail.example.com".len()] {
        letter.make_ascii_lowercase();
    }
}

/// A forged datagram, and then the right answer.
fn then_right(asked: &Asked, first: Sent) -> Vec<Sent> {
    vec![first, Sent::Here(asked.answer(&[right()]))]
}

/// `hop-1.example.com` and so on, each the alias of the next; the last has an address.
fn chain(asked: &Asked, hops: usize) -> Vec<u8> {
    let hop = |number: usize| wire(&[format!("hop-{number}").as_bytes(), b"example", b"com"]);
    let mut records = vec![record(ASKED_NAME, CNAME, 60, &hop(1))];
    records.extend((1..hops).map(|number| record(&hop(number), CNAME, 60, &hop(number + 1))));
    records.push(record(&hop(hops), A, 60, &[192, 0, 2, 10]));
    asked.answer(&records)
}

fn truncated(asked: &Asked) -> Vec<Sent> {
    vec![Sent::Here(asked.message(0x8380, 0, &[]))]
}

/// A name that points to itself.
fn compression_loop(asked: &Asked) -> Vec<u8> {
    let here = u16::try_from(12 + asked.question().len()).unwrap() | 0xc000;
    asked.answer(&[record(&here.to_be_bytes(), A, 60, &[203, 0, 113, 66])])
}

/// The trick; what UDP and TCP do; what is read; how many datagrams were sent.
type Row = (
    &'static str,
    Trick,
    ByTcp,
    Outcome<IpAddr>,
    RangeInclusive<usize>,
);

#[test]
fn each_trick_has_its_outcome_and_its_price() {
    use NotKnown::{AliasChain, BadMessage, ServFail, Timeout, Truncated};
    use Outcome::{Found, NoData, NotKnown as Not};

    let found = || Found(vec!["192.0.2.10".parse().unwrap()]);
    // A question that is not answered is sent up to three times in each of three tries.
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        // Forged answers that come first: the right one is waited for
        ("a wrong id", |q| then_right(q, Sent::Here(changed(q, &forged(), |m| m[0] ^= 1))), ByTcp::Refuses, found(), 1..=1),
        ("all other ids near it", |q| (1..=64).map(|n| Sent::Here(changed(q, &forged(), |m| m[1] ^= n))).chain([Sent::Here(q.answer(&[right()]))]).collect(), ByTcp::Refuses, found(), 1..=1),
        ("another port", |q| then_right(q, Sent::OtherPort(q.answer(&[forged()]))), ByTcp::Refuses, found(), 1..=1),
        ("another address", |q| then_right(q, Sent::OtherAddress(q.answer(&[forged()]))), ByTcp::Refuses, found(), 1..=1),
        ("another name in the question", |q| then_right(q, Sent::Here(changed(q, &forged(), |m| m[13] = b'n'))), ByTcp::Refuses, found(), 1..=1),
        ("another type in the question", |q| then_right(q, Sent::Here(changed(q, &forged(), |m| m[12 + q.question().len() - 3] = 28))), ByTcp::Refuses, found(), 1..=1),
        ("no question", |q| then_right(q, Sent::Here([&q.answer(&[])[..4], &[0, 0, 0, 0, 0, 0, 0, 0]].concat())), ByTcp::Refuses, found(), 1..=1),
        ("an empty datagram, and one octet", |q| [Sent::Here(vec![]), Sent::Here(vec![0])].into_iter().chain(then_right(q, Sent::Here(vec![0; 3]))).collect(), ByTcp::Refuses, found(), 1..=1),
        // The same, and no right answer
        ("a wrong id only", |q| vec![Sent::Here(changed(q, &forged(), |m| m[0] ^= 1))], ByTcp::Refuses, Not(Timeout), 3..=9),
        ("another port only", |q| vec![Sent::OtherPort(q.answer(&[forged()]))], ByTcp::Refuses, Not(Timeout), 3..=9),
        // The question itself comes back, as from an echo service: nothing is said about the name
        ("the question", |q| vec![Sent::Here(q.bytes.clone())], ByTcp::Refuses, Not(BadMessage), 3..=3),
        // The name in another case: it is random, and who does not see the question must guess it
        ("another case, and then the right one", |q| then_right(q, Sent::Here(changed(q, &forged(), other_case))), ByTcp::Answers(|q| q.answer(&[right()])), found(), 1..=1),
        ("a server that changes the case", |q| vec![Sent::Here(changed(q, &right(), other_case))], ByTcp::Answers(|q| q.answer(&[right()])), found(), 1..=1),
        ("a server that changes the case, without TCP", |q| vec![Sent::Here(changed(q, &right(), lower_case))], ByTcp::Refuses, found(), 2..=2),
        // More than was asked for
        ("records of other names", |q| vec![Sent::Here(q.answer(&[record(&wire(&[b"victim", b"example"]), A, 60, &[203, 0, 113, 66]), right()]))], ByTcp::Refuses, found(), 1..=1),
        ("only records of other names", |q| vec![Sent::Here(q.answer(&[record(&wire(&[b"victim", b"example"]), A, 60, &[203, 0, 113, 66])]))], ByTcp::Refuses, Not(BadMessage), 1..=1),
        ("an alias of another name", |q| vec![Sent::Here(q.answer(&[record(&wire(&[b"victim", b"example"]), CNAME, 60, ASKED_NAME), right()]))], ByTcp::Refuses, found(), 1..=1),
        ("an address beside the alias", |q| vec![Sent::Here(q.answer(&[record(ASKED_NAME, CNAME, 60, &wire(&[b"web", b"example"])), forged(), record(&wire(&[b"web", b"example"]), A, 60, &[192, 0, 2, 10])]))], ByTcp::Refuses, found(), 1..=1),
        // Aliases
        ("eight aliases", |q| vec![Sent::Here(chain(q, 8))], ByTcp::Refuses, found(), 1..=1),
        ("twenty aliases", |q| vec![Sent::Here(chain(q, 20))], ByTcp::Refuses, Not(AliasChain), 1..=1),
        ("an alias of itself", |q| vec![Sent::Here(q.answer(&[record(ASKED_NAME, CNAME, 60, ASKED_NAME)]))], ByTcp::Refuses, Not(AliasChain), 1..=1),
        ("an alias for each question", |q| vec![Sent::Here(q.answer(&[record(ASKED_NAME, CNAME, 60, &[&[1, b'a'], ASKED_NAME].concat())]))], ByTcp::Refuses, Not(AliasChain), 9..=9),
        // Not a message
        ("a name that points to itself", |q| vec![Sent::Here(compression_loop(q))], ByTcp::Refuses, Not(BadMessage), 3..=3),
        ("more records than there are", |q| vec![Sent::Here(q.message(0x8180, 10_000, &right()))], ByTcp::Refuses, Not(BadMessage), 3..=3),
        ("60,000 octets by UDP", |q| vec![Sent::Here(q.answer(&vec![right(); 3_750]))], ByTcp::Refuses, Not(BadMessage), 3..=3),
        // Errors
        ("FORMERR without question", |q| vec![Sent::Here(if q.bytes[11] == 0 { q.answer(&[right()]) } else { [&q.bytes[..2], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat() })], ByTcp::Refuses, found(), 2..=2),
        ("FORMERR without question, always", |q| vec![Sent::Here([&q.bytes[..2], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat())], ByTcp::Refuses, Not(ServFail), 3..=3),
        ("NODATA without question", |q| vec![Sent::Here([&q.bytes[..2], &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat())], ByTcp::Refuses, Not(Timeout), 3..=9),
        ("NODATA", |q| vec![Sent::Here(q.answer(&[]))], ByTcp::Refuses, NoData, 1..=1),
        // TCP
        ("truncated, TCP refused", truncated, ByTcp::Refuses, Not(Truncated), 3..=3),
        ("truncated, TCP stalls in the message", truncated, ByTcp::Stalls, Not(Truncated), 3..=3),
        ("truncated, and by TCP too", truncated, ByTcp::Answers(|q| q.message(0x8380, 0, &[])), Not(Truncated), 3..=3),
        ("truncated, whole by TCP", truncated, ByTcp::Answers(|q| q.answer(&[right()])), found(), 1..=1),
        ("truncated, another question by TCP", truncated, ByTcp::Answers(|q| changed(q, &forged(), |m| m[13] = b'n')), Not(BadMessage), 1..=1),
        ("truncated, a wrong id by TCP", truncated, ByTcp::Answers(|q| changed(q, &forged(), |m| m[0] ^= 1)), Not(Truncated), 3..=3),
        ("truncated, a loop by TCP", truncated, ByTcp::Answers(compression_loop), Not(Truncated), 3..=3),
    ];
    let play = |udp, tcp| {
        let server = HostileServer::start(udp, tcp);
        let resolver =
            Resolver::asking([server.address()]).try_again_after(Duration::from_millis(150));
        let answer = pollster::block_on(resolver.forward(&MAIL, Family::V4));
        (answer.outcome().clone(), server.asked().len())
    };
    // At the same time, as some tricks take three tries.
    let played: Vec<_> = thread::scope(|scope| {
        let play = |udp, tcp| scope.spawn(move || play(udp, tcp));
        let all: Vec<_> = table.iter().map(|row| play(row.1, row.2)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    each(table.into_iter().zip(played), |(row, (outcome, sent))| {
        let (trick, _, _, expected, datagrams) = row;
        assert_eq!(outcome, expected, "{trick}");
        assert!(datagrams.contains(&sent), "{trick}: {sent} datagrams");
    });
}

#[test]
fn a_ttl_with_its_highest_bit_set_is_zero() {
    // RFC 2181 8.
    let table: [(Trick, u64); 3] = [
        (
            |q| {
                vec![Sent::Here(q.answer(&[record(
                    ASKED_NAME,
                    A,
                    0x7fff_ffff,
                    &[192, 0, 2, 10],
                )]))]
            },
            0x7fff_ffff,
        ),
        (
            |q| {
                vec![Sent::Here(q.answer(&[record(
                    ASKED_NAME,
                    A,
                    0x8000_0000,
                    &[192, 0, 2, 10],
                )]))]
            },
            0,
        ),
        (
            |q| {
                vec![Sent::Here(q.answer(&[record(
                    ASKED_NAME,
                    A,
                    u32::MAX,
                    &[192, 0, 2, 10],
                )]))]
            },
            0,
        ),
    ];
    each(table, |(trick, ttl)| {
        let server = HostileServer::start(trick, ByTcp::Refuses);
        let resolver = Resolver::asking([server.address()]);
        let answer = pollster::block_on(resolver.forward(&MAIL, Family::V4));
        assert_eq!(answer.ttl(), Some(Duration::from_secs(ttl)));
    });
}

/// Asks for the names of an address, whose answer comes by TCP.
fn names(answer: fn(&Asked) -> Vec<u8>) -> (Outcome<String>, Duration) {
    let server = HostileServer::start(truncated, ByTcp::Answers(answer));
    let resolver = Resolver::asking([server.address()]);
    let start = Instant::now();
    let answer = pollster::block_on(resolver.reverse("192.0.2.10".parse().unwrap()));
    let outcome = match answer.outcome() {
        Outcome::Found(names) => {
            Outcome::Found(names.iter().map(|name| name.as_str().to_owned()).collect())
        }
        Outcome::NoData => Outcome::NoData,
        Outcome::NxDomain => Outcome::NxDomain,
        Outcome::NotKnown(reason) => Outcome::NotKnown(*reason),
    };
    (outcome, start.elapsed())
}

fn ptr(labels: &[&[u8]]) -> Vec<u8> {
    record(ASKED_NAME, PTR, 60, &wire(labels))
}

#[test]
fn as_many_ptr_records_as_fit_are_read_and_more_are_no_message() {
    // 64 KiB hold 5,000 of the shortest. An answer that says 10,000 ends before them.
    let few = |q: &Asked| q.answer(&vec![ptr(&[]); 5_000]);
    let (outcome, taken) = names(few);
    assert!(matches!(outcome, Outcome::Found(names) if names.len() == 5_000));
    assert!(taken < Duration::from_secs(2), "{taken:?}");
    let many = |q: &Asked| q.message(0x8180, 10_000, &vec![ptr(&[]); 5_000].concat());
    let (outcome, taken) = names(many);
    assert!(matches!(outcome, Outcome::NotKnown(_)), "{outcome:?}");
    assert!(taken < Duration::from_secs(2), "{taken:?}");
}

#[test]
fn octets_of_a_name_that_are_no_text_are_escaped() {
    let (outcome, _) = names(|q| {
        q.answer(&[
            ptr(&[b"nul\0", b"example"]),
            ptr(&[b"a.b", b"example"]),
            ptr(&[b"line\r\n", b"example"]),
            ptr(&[b"\x1b[2J", b"example"]),
            ptr(&[b"\\", b"\"", b"\xff"]),
        ])
    });
    let expected = [
        r"nul\000.example",
        r"a\046b.example",
        r"line\013\010.example",
        r"\027[2J.example",
        r#"\092."#,
    ];
    let Outcome::Found(names) = outcome else {
        unreachable!("{outcome:?}")
    };
    assert_eq!(names[..4], expected[..4]);
    assert!(names[4].starts_with(expected[4]), "{}", names[4]);
    assert!(names.concat().bytes().all(|byte| byte.is_ascii_graphic()));
}

#[test]
fn each_datagram_has_its_own_random_port_and_id() {
    let server = HostileServer::start(|q| vec![Sent::Here(q.answer(&[right()]))], ByTcp::Refuses);
    let resolver = Resolver::asking([server.address()]);
    for _ in 0..200 {
        pollster::block_on(resolver.forward(&MAIL, Family::V4));
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 200);
    #[rustfmt::skip]
    let ports: Vec<u16> = asked.iter().map(|asked| asked.from.port()).collect();
    let ids: Vec<u16> = asked.iter().map(Asked::id).collect();
    each([("ports", ports), ("ids", ids)], |(what, numbers)| {
        // Of 65,536 numbers, 200 random ones are nearly all different, in all parts, in no order.
        let different: BTreeSet<u16> = numbers.iter().copied().collect();
        assert!(different.len() > 190, "{what}: {}", different.len());
        let parts: BTreeSet<u16> = numbers.iter().map(|number| number / 8192).collect();
        assert_eq!(parts.len(), 8, "{what}");
        let rising = numbers.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((60..140).contains(&rising), "{what}: {rising}");
    });
}
