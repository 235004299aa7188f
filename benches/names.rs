//! What checking and making a name costs, side by side with the crates that check names for other
//! protocols.
//!
//! `cargo bench --bench names`. Every contender of a table runs over the same names, taking turns
//! many times in one process; the table shows the median time for one name, its ratio to the first
//! row, and the ratio to reach. The first row of a table is what the others are compared with.
//! Allocations are counted by `tests/allocations.rs`: counting makes each of them a few nanoseconds
//! dearer, and would spoil the times here.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Instant;

use helo_name::HeloName;
use helo_name::sanitize::sanitize;
use hickory_resolver::proto::rr::Name;
use rustls_pki_types::DnsName;

/// How often each contender runs over the names.
const ROUNDS: usize = 400;

/// Something that is done to a name; tells whether the name was taken.
struct Contender {
    label: &'static str,
    /// The ratio to the first row that is to be reached.
    target: Option<f64>,
    run: fn(&str) -> bool,
}

const fn contender(label: &'static str, run: fn(&str) -> bool) -> Contender {
    Contender {
        label,
        target: None,
        run,
    }
}

const fn ours(label: &'static str, target: f64, run: fn(&str) -> bool) -> Contender {
    Contender {
        label,
        target: Some(target),
        run,
    }
}

fn main() {
    let names = fqdns(1000);
    let bytes: usize = names.iter().map(String::len).sum();
    table(
        &format!(
            "{} names of {:.1} bytes on average",
            names.len(),
            bytes as f64 / names.len() as f64
        ),
        &names,
        &[
            contender("rustls_pki_types DnsName::try_from", |text| {
                taken(DnsName::try_from(text))
            }),
            ours("HeloName::check", 0.30, |text| taken(HeloName::check(text))),
            ours("HeloName::parse", 0.65, |text| taken(HeloName::parse(text))),
            contender("rustls_pki_types .. to_owned", |text| {
                taken(DnsName::try_from(text).map(|name| name.to_owned()))
            }),
            contender("idna domain_to_ascii_cow", |text| taken(ascii(text))),
            contender("url Host::parse", |text| taken(url::Host::parse(text))),
            contender("hickory Name::from_ascii", |text| {
                taken(Name::from_ascii(text))
            }),
        ],
    );
    table(
        "the same names in upper case",
        &names
            .iter()
            .map(|name| name.to_ascii_uppercase())
            .collect::<Vec<_>>(),
        &[
            contender("rustls_pki_types DnsName::try_from", |text| {
                taken(DnsName::try_from(text))
            }),
            contender("HeloName::check", |text| taken(HeloName::check(text))),
            contender("HeloName::parse", |text| taken(HeloName::parse(text))),
        ],
    );
    table(
        "200 names that are refused",
        &refused(200),
        &[
            contender("rustls_pki_types DnsName::try_from", |text| {
                taken(DnsName::try_from(text))
            }),
            contender("HeloName::check", |text| taken(HeloName::check(text))),
            contender("HeloName::parse", |text| taken(HeloName::parse(text))),
            contender("idna domain_to_ascii_cow", |text| taken(ascii(text))),
            contender("url Host::parse", |text| taken(url::Host::parse(text))),
            contender("hickory Name::from_ascii", |text| {
                taken(Name::from_ascii(text))
            }),
        ],
    );
    table(
        "100 address literals (IpAddr: without brackets and tag)",
        &literals(100),
        &[
            contender("std IpAddr::from_str", |text| {
                taken(bare(text).parse::<IpAddr>())
            }),
            contender("HeloName::check", |text| taken(HeloName::check(text))),
            contender("HeloName::parse", |text| taken(HeloName::parse(text))),
        ],
    );
    table(
        "100 international names",
        &international(100),
        &[
            contender("idna domain_to_ascii_cow", |text| taken(ascii(text))),
            contender("url Host::parse", |text| taken(url::Host::parse(text))),
            ours("sanitize", 1.10, |text| taken(sanitize(text))),
        ],
    );
    hostile();
}

fn taken<T, E>(result: Result<T, E>) -> bool {
    black_box(result).is_ok()
}

fn ascii(text: &str) -> Result<std::borrow::Cow<'_, str>, idna::Errors> {
    idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::STD3)
}

fn bare(literal: &str) -> &str {
    let inner = &literal[1..literal.len() - 1];
    inner.strip_prefix("IPv6:").unwrap_or(inner)
}

/// Lets the contenders take turns and prints what they took.
fn table(title: &str, names: &[String], contenders: &[Contender]) {
    let mut times = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, times) in contenders.iter().zip(&mut times) {
            let start = Instant::now();
            for name in names {
                black_box((contender.run)(black_box(name)));
            }
            times.push(start.elapsed().as_nanos() as f64 / names.len() as f64);
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();

    println!("\n{title}\n");
    println!("| {:<36} | ns/name | ratio | to reach | taken |", "");
    println!("| {0:-<36} | ------: | ----: | -------: | ----: |", "");
    for (contender, median) in contenders.iter().zip(&medians) {
        let taken = names.iter().filter(|name| (contender.run)(name)).count();
        println!(
            "| {:<36} | {median:>7.1} | {:>5.2} | {:>8} | {:>3.0} % |",
            contender.label,
            median / medians[0],
            contender
                .target
                .map(|ratio| format!("{ratio:.2}"))
                .unwrap_or_default(),
            100.0 * taken as f64 / names.len() as f64,
        );
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Prints how long the refusal of hostile input takes: it is to stay below 1,000 ns.
fn hostile() {
    println!("\nhostile input: to be refused within 1,000 ns\n");
    println!("| {:<36} | {:>10} |", "HeloName::parse", "ns");
    println!("| {0:-<36} | {0:->9}: |", "");
    for (label, text) in [
        ("64 KiB of letters", "a".repeat(1 << 16)),
        ("64 KiB of dots", ".".repeat(1 << 16)),
        ("64 KiB of one-letter labels", "a.".repeat(1 << 15)),
        ("64 KiB of NUL", "\0".repeat(1 << 16)),
        ("64 KiB of brackets", "[".repeat(1 << 16)),
        ("64 KiB literal", format!("[IPv6:{}]", "0".repeat(1 << 16))),
        ("2 KiB of ideographs", "\u{6f22}".repeat(683)),
        (
            "a label of 10,000 bytes",
            "a".repeat(10_000) + ".example.com",
        ),
        ("253 bytes of letters", "a".repeat(253)),
        (
            "253 bytes of digits in brackets",
            format!("[{}]", "0".repeat(251)),
        ),
        ("253 bytes of colons", ":".repeat(253)),
    ] {
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..16 {
                    assert!(black_box(HeloName::parse(black_box(&text))).is_err());
                }
                start.elapsed().as_nanos() as f64 / 16.0
            })
            .collect();
        println!("| {label:<36} | {:>10.1} |", median(&mut times));
    }
}

/// A small generator, so that every run sees the same names.
struct Numbers(u64);

impl Numbers {
    /// Returns a number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64 (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Makes names as mail servers have them: roles, numbers, sites, address groups, providers'
/// domains.
fn fqdns(count: usize) -> Vec<String> {
    const ROLES: &[&str] = &[
        "mail", "mx", "smtp", "out", "relay", "mta", "host", "server", "static", "vps", "mailout",
        "ip", "node", "a",
    ];
    const SITES: &[&str] = &[
        "eu-west",
        "fra",
        "ams",
        "us-east",
        "outbound",
        "dyn",
        "customer",
        "protection",
        "prod",
    ];
    const DOMAINS: &[&str] = &[
        "example",
        "hosting-company",
        "mailprovider",
        "university",
        "xn--mnchen-3ya",
        "cloud",
        "isp",
        "newsletter",
        "corp-mail",
        "city-council",
        "web4",
        "t-online",
        "1und1",
    ];
    const TOP: &[&str] = &[
        "com", "com", "com", "net", "net", "org", "de", "co.uk", "io", "email", "xn--p1ai",
        "com.br",
    ];
    let mut numbers = Numbers(0x6865_6c6f);
    let mut name = || {
        let role = numbers.pick(ROLES);
        let number = numbers.below(300);
        let domain = numbers.pick(DOMAINS);
        let top = numbers.pick(TOP);
        match numbers.below(10) {
            0 => format!("{role}.{domain}.{top}"),
            1..4 => format!("{role}{number}.{domain}.{top}"),
            4..7 => format!("{role}-{number}.{}.{domain}.{top}", numbers.pick(SITES)),
            7 => format!(
                "{role}{number}.{}.{}.{domain}.{top}",
                numbers.pick(SITES),
                numbers.below(20)
            ),
            8 => format!(
                "{role}-203-0-113-{number}.{}.{domain}.{top}",
                numbers.pick(SITES)
            ),
            _ => format!("{number:032x}.{role}.{domain}.{top}"),
        }
    };
    (0..count).map(|_| name()).collect()
}

/// Makes names with one fault each, among them those that machines have most often.
fn refused(count: usize) -> Vec<String> {
    let faults: [fn(String) -> String; 10] = [
        |name| name.replace('.', "-"),
        |name| name + ".",
        |name| name.replacen('.', "_1.", 1),
        |name| name.replacen('.', "..", 1),
        |name| format!("-{name}"),
        |name| format!("{name} "),
        |name| format!("{name}\r\nNOOP"),
        |name| name + ".1",
        |_| "192.0.2.10".to_owned(),
        |name| format!("{}.{name}", "a".repeat(64)),
    ];
    fqdns(count)
        .into_iter()
        .zip(faults.iter().cycle())
        .map(|(name, fault)| fault(name))
        .collect()
}

/// Makes canonical literals, one half IPv4 and one half IPv6.
fn literals(count: usize) -> Vec<String> {
    let mut numbers = Numbers(0x6c69_7465);
    let mut literal = |at: usize| {
        let mut group = || numbers.below(0xffff) as u16 + 1;
        let groups = [
            0x2001,
            0xdb8,
            group(),
            group(),
            group(),
            group(),
            group(),
            group(),
        ];
        let address = match at % 8 {
            0..4 => IpAddr::from([
                203,
                (groups[2] >> 8) as u8,
                groups[2] as u8,
                groups[3] as u8,
            ]),
            4 => IpAddr::from(groups),
            5 => IpAddr::from([
                groups[0],
                groups[1],
                groups[2],
                0,
                0,
                0,
                0,
                groups[7] & 0xff,
            ]),
            6 => IpAddr::from([groups[0], groups[1], 0, 0, 0, 0, 0, groups[7] & 0xf]),
            _ => IpAddr::from([groups[0], groups[1], groups[2], groups[3], 0, 0, 0, 1]),
        };
        match address {
            IpAddr::V4(ipv4) => format!("[{ipv4}]"),
            IpAddr::V6(ipv6) => format!("[IPv6:{ipv6}]"),
        }
    };
    (0..count).map(&mut literal).collect()
}

/// Makes names with labels of several scripts.
fn international(count: usize) -> Vec<String> {
    const WORDS: &[&str] = &[
        "b\u{fc}cher",
        "m\u{fc}nchen",
        "\u{43f}\u{43e}\u{447}\u{442}\u{430}",
        "\u{4f8b}\u{5b50}",
        "caf\u{e9}",
        "\u{3b4}\u{3bf}\u{3ba}",
    ];
    let mut numbers = Numbers(0x6964_6e61);
    (0..count)
        .map(|at| {
            format!(
                "mail{at}.{}.{}.example",
                numbers.pick(WORDS),
                numbers.pick(WORDS)
            )
        })
        .collect()
}
