//! What understanding a reply costs, beside the two ways that are written first: a chain of
//! `contains` over the text in lower case, and a `regex::RegexSet`, both with the same phrases.
//!
//! `cargo bench --bench diagnose`. All contenders run over the same replies, taking turns many times
//! in one process; the table shows the median time for one reply. The other two only find phrases,
//! and decide nothing. Then the time for replies of growing length, which has to stay linear.

use std::hint::black_box;
use std::time::{Duration, Instant};

use helo_name::{Diagnosis, Reply, Stage};
use regex::{RegexSet, RegexSetBuilder};

/// How often each contender runs over the replies.
const ROUNDS: usize = 200;

const NAME: &str = "web01.example.com";

/// What a contender does with a reply.
type Run<'a> = &'a dyn Fn(&Reply) -> usize;

fn main() {
    let replies = replies();
    let phrases = phrases();
    let set = set(&phrases);
    let bytes: usize = replies.iter().map(|reply| reply.text().len()).sum();
    println!(
        "{} replies of {} bytes on average, {} phrases",
        replies.len(),
        bytes / replies.len(),
        phrases.len()
    );
    let diagnose = |reply: &Reply| usize::from(diagnosis(reply).is_ours());
    let contains = |reply: &Reply| {
        let text = reply.text().to_lowercase();
        phrases
            .iter()
            .filter(|phrase| text.contains(**phrase))
            .count()
    };
    let regexes = |reply: &Reply| set.matches(&reply.text()).iter().count();
    let contenders: [(&str, Run); 3] = [
        ("Diagnosis::of", &diagnose),
        ("to_lowercase, contains", &contains),
        ("RegexSet::matches", &regexes),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((_, run), times) in contenders.iter().zip(&mut times) {
            times.push(time(|| replies.iter().map(run).sum()) / replies.len() as u32);
        }
    }
    for ((label, _), times) in contenders.iter().zip(&mut times) {
        println!("{label:26} {:>9} ns", median(times).as_nanos());
    }
    for size in [1 << 10, 1 << 12, 1 << 16, 1 << 20] {
        let text = "we do not like your name ".repeat(size / 25 + 1);
        let reply = Reply::from_parts(550, None, [&text[..size]]).expect("a reply");
        let mut times: Vec<_> = (0..ROUNDS).map(|_| time(|| diagnose(&reply))).collect();
        println!(
            "a reply of {size:>7} bytes {:>9} ns",
            median(&mut times).as_nanos()
        );
    }
}

fn diagnosis(reply: &Reply) -> Diagnosis {
    Diagnosis::of(Stage::Rcpt, black_box(reply), Some(NAME))
}

/// Replies of about 200 bytes: half are about the name.
fn replies() -> Vec<Reply> {
    [
        "550 5.7.1 <web01.example.com>: Helo command rejected: Host not found; please check that \
         the name your server sends has an address record and that this address is the one it \
         sends from, then try this message again",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example.org; \
         see https://www.example.org/query/ip/192.0.2.1 for the reason and for the way to have \
         your address removed from the list",
        "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1). The name your mail server \
         gave us is not one that we take mail from; ask your system administrator to configure \
         the public name of this host there",
        "450 4.2.0 <user@example.net>: Recipient address rejected: Greylisted for 300 seconds, \
         see https://postgrey.example.org/help/example.net.html; your message is kept by your \
         server and sent again a little later",
    ]
    .iter()
    .map(|text| Reply::parse(text.as_bytes()).expect("a reply"))
    .collect()
}

/// Returns the phrases that the diagnosis knows, as they are in its source.
fn phrases() -> Vec<&'static str> {
    let source = include_str!("../src/smtp/diagnose/phrases.rs");
    let tables = source
        .split_once("said! {")
        .expect("the tables are there")
        .1;
    let rows = tables
        .lines()
        .filter(|line| !line.trim_end().ends_with(':'));
    let texts = rows.flat_map(|line| line.split('"').skip(1).step_by(2));
    texts.map(|text| text.trim_end_matches('*')).collect()
}

fn set(phrases: &[&str]) -> RegexSet {
    let patterns = phrases.iter().map(|phrase| regex::escape(phrase));
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .build()
        .expect("patterns without operators")
}

fn time(run: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
