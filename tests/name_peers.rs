//! Whatever `HeloName::parse` takes as a domain, the crates that will look it up or verify it take too.

use helo_name::HeloName;
use hickory_resolver::proto::rr::Name;
use proptest::prelude::*;
use rustls_pki_types::DnsName;

fn likely_domain() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec("[a-zA-Z0-9]([a-zA-Z0-9-]{0,9}[a-zA-Z0-9])?", 2..6).prop_map(|labels| labels.join(".")),
        2 => prop::collection::vec("[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", 2..6).prop_map(|labels| labels.join(".")),
        1 => prop::collection::vec("[a-z0-9]", 100..130).prop_map(|labels| labels.join(".")),
        1 => "xn--[a-z0-9-]{1,20}\\.[a-z]{2,10}",
        1 => "[a-zA-Z0-9._-]{3,40}",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn hickory_and_rustls_take_every_domain(text in likely_domain()) {
        if let Ok(name) = HeloName::parse(&text) && name.is_domain() {
            let peer = Name::from_ascii(name.as_str()).map(|peer| peer.to_ascii());
            prop_assert_eq!(peer.map_err(|error| error.to_string()), Ok(name.to_string()));
            prop_assert!(DnsName::try_from(name.as_str()).is_ok(), "rustls: {}", name);
        }
    }
}
