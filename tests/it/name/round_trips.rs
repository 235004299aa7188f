//! What holds for every name, however it was made.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use helo_name::HeloName;
use proptest::prelude::*;

use crate::support::each::each;

/// Texts of which about half are legal names, in any case and spelling.
fn likely_name() -> impl Strategy<Value = String> {
    let label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,9}[a-zA-Z0-9])?";
    prop_oneof![
        4 => prop::collection::vec(label, 2..6).prop_map(|labels| labels.join(".")),
        1 => prop::collection::vec("[a-z]([a-z0-9-]{0,60}[a-z0-9])?", 2..6).prop_map(|labels| labels.join(".")),
        2 => any::<IpAddr>().prop_map(|address| match address {
            IpAddr::V4(ipv4) => format!("[{ipv4}]"),
            IpAddr::V6(ipv6) => format!("[IPv6:{ipv6}]"),
        }),
        1 => prop::array::uniform8(prop_oneof![Just(0), any::<u16>()]).prop_map(|groups| {
            let groups: Vec<_> = groups.iter().map(|group| format!("{group:04X}")).collect();
            format!("[ipv6:{}]", groups.join(":"))
        }),
        1 => any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("[IPV6:::ffff:{a}.{b}.{c}.{d}]")),
        2 => "[a-zA-Z0-9._ -]{0,30}",
        1 => "\\[[IPv6:.0-9a-fA-F%]{0,30}\\]?",
        1 => any::<String>(),
    ]
}

fn hash(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Asserts what a name promises to whoever writes it into a command.
fn assert_is_safe(name: &HeloName) -> Result<(), TestCaseError> {
    let text = name.as_str();
    let (untagged, literal) = match text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    {
        Some(inner) => (inner.strip_prefix("IPv6:").unwrap_or(inner), true),
        None => (text, false),
    };
    prop_assert!(
        untagged
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':')),
        "{}",
        text
    );
    prop_assert!(literal || !untagged.contains(':'), "{}", text);
    prop_assert!(text.len() <= 253, "{}", text);
    prop_assert_eq!(name.is_literal(), literal);
    prop_assert_eq!(name.is_domain(), !literal);
    prop_assert_eq!(
        name.address(),
        untagged.parse::<IpAddr>().ok().filter(|_| literal)
    );
    let labels: Vec<_> = name.labels().collect();
    prop_assert_eq!(labels.join("."), if literal { "" } else { text });
    prop_assert!(
        literal || labels.len() >= 2 && labels.iter().all(|label| (1..=63).contains(&label.len())),
        "{}",
        text
    );
    Ok(())
}

proptest! {
    #[test]
    fn a_name_printed_and_parsed_again_is_the_same_name(text in likely_name()) {
        if let Ok(name) = HeloName::parse(&text) {
            assert_is_safe(&name)?;
            let printed = name.to_string();
            prop_assert_eq!(HeloName::parse(&printed), Ok(name.clone()));
            prop_assert_eq!(printed.parse::<HeloName>(), Ok(name.clone()));
            prop_assert_eq!(String::from(name.clone()), printed);
            prop_assert_eq!(format!("{name:?}"), format!("HeloName({:?})", name.as_str()));
        }
    }

    #[test]
    fn all_ways_to_read_a_text_agree(text in likely_name()) {
        let parsed = HeloName::parse(&text);
        prop_assert_eq!(HeloName::parse_bytes(text.as_bytes()), parsed.clone());
        prop_assert_eq!(HeloName::try_from(text.as_str()), parsed.clone());
        prop_assert_eq!(HeloName::try_from(text.clone()), parsed.clone());
        prop_assert_eq!(HeloName::check(&text), parsed.map(drop));
    }

    #[test]
    fn any_bytes_give_a_safe_name_or_a_short_message(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        match HeloName::parse_bytes(&bytes) {
            Ok(name) => assert_is_safe(&name)?,
            Err(error) => {
                let message = error.to_string();
                prop_assert!(message.len() < 200 && message.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", message);
                prop_assert!(error.offset() <= bytes.len());
            }
        }
    }

    #[test]
    fn every_offset_lies_in_the_text_and_on_a_character(text in likely_name()) {
        if let Err(error) = HeloName::parse(&text) {
            // A name of 254 bytes or more is cut wherever its 253rd byte ends.
            prop_assert!(text.len() > 253 || text.is_char_boundary(error.offset()), "{}", error);
        }
    }

    #[test]
    fn names_compare_and_hash_as_their_text(one in likely_name(), other in likely_name()) {
        if let (Ok(one), Ok(other)) = (HeloName::parse(&one), HeloName::parse(&other)) {
            prop_assert_eq!(one == other, one.as_str() == other.as_str());
            prop_assert_eq!(one.cmp(&other), one.as_str().cmp(other.as_str()));
            prop_assert_eq!(hash(&one), hash(one.as_str()));
        }
    }

    #[test]
    fn an_address_and_its_literal_are_the_same_name(address in any::<IpAddr>()) {
        let address = address.to_canonical();
        match HeloName::try_from(address) {
            Ok(name) => {
                assert_is_safe(&name)?;
                prop_assert_eq!(name.address(), Some(address));
                prop_assert_eq!(HeloName::parse(name.as_str()), Ok(name));
            }
            Err(error) => prop_assert!(matches!(address, IpAddr::V4(ipv4) if ipv4.octets()[0] == 0), "{}", error),
        }
    }
}

#[test]
fn a_name_made_at_compile_time_equals_a_parsed_one() {
    const NAME: HeloName = HeloName::from_static("mail.example.com");
    assert_eq!(HeloName::parse("Mail.example.com"), Ok(NAME));
    assert_eq!(hash(&NAME), hash("mail.example.com"));
}

#[test]
fn a_bad_static_name_panics_at_run_time() {
    each(
        [
            "localhost",
            "Mail.example.com",
            "[192.0.2.1]",
            "mail.example.com.",
            "mail.1",
            "",
        ],
        |text| {
            assert!(
                std::panic::catch_unwind(|| HeloName::from_static(text)).is_err(),
                "{text}"
            );
        },
    );
}
