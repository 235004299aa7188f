//! What making, refusing and writing a name allocates.

use std::fmt::Write;
use std::hint::black_box;
use std::net::IpAddr;

use helo_name::HeloName;

/// Runs something and returns how many allocations it made, and of how many bytes in all.
fn allocated(run: impl FnOnce()) -> (u64, u64) {
    let info = allocation_counter::measure(run);
    (info.count_total, info.bytes_total)
}

#[test]
fn a_parsed_name_is_one_allocation_of_its_length() {
    for (text, length) in [
        ("mail.example.com", 16),
        ("MAIL.example.com", 16),
        ("[192.0.2.1]", 11),
        ("[IPv6:2001:db8::1]", 18),
        ("[ipv6:2001:0DB8:0:0:0:0:0:1]", 18),
        ("[IPv6:::ffff:192.0.2.1]", 11),
    ] {
        assert_eq!(
            allocated(|| drop(black_box(HeloName::parse(text)))),
            (1, length),
            "{text}"
        );
    }
    let address = IpAddr::from([192, 0, 2, 1]);
    assert_eq!(
        allocated(|| drop(black_box(HeloName::try_from(address)))),
        (1, 11)
    );
}

#[test]
fn the_string_of_a_domain_is_kept_and_a_static_name_is_free() {
    for text in ["mail.example.com", "MAIL.example.com"] {
        let text = text.to_owned();
        assert_eq!(
            allocated(|| drop(black_box(HeloName::try_from(text)))),
            (0, 0)
        );
    }
    assert_eq!(
        allocated(|| drop(black_box(HeloName::from_static("mail.example.com")))),
        (0, 0)
    );
}

#[test]
fn checking_refusing_and_writing_allocate_nothing() {
    let long = "a".repeat(1 << 16);
    let zeros = format!("[{}]", "0".repeat(251));
    for text in [
        "mail.example.com",
        "localhost",
        "web_1.example.com",
        "[192.0.2.010]",
        "[::1%eth0]",
        "192.0.2.1",
        &long,
        &zeros,
    ] {
        assert_eq!(
            allocated(|| drop(black_box(HeloName::check(text)))),
            (0, 0),
            "{text}"
        );
        if HeloName::check(text).is_err() {
            assert_eq!(
                allocated(|| drop(black_box(HeloName::parse(text)))),
                (0, 0),
                "{text}"
            );
        }
    }
    let name = HeloName::from_static("mail.example.com");
    let mut line = String::with_capacity(64);
    assert_eq!(
        allocated(|| write!(line, "EHLO {name}\r\n").expect("room")),
        (0, 0)
    );
}
