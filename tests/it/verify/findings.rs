//! What addresses and PTR names mean for a name and a client address.

use std::net::IpAddr;

use helo_name::HeloName;
use helo_name::dns::{Answer, Facts, Family, PtrText};
use helo_name::verify::{Finding, find};

use crate::support::each::each;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn the_scope_of_the_addresses_and_the_ptr_decide() {
    const NAME: HeloName = HeloName::from_static("mail.example.com");
    // addresses, PTR name of the client, client, finding
    let cases = [
        ("192.0.2.10", "", "192.0.2.10", Finding::Match),
        ("192.0.2.77", "", "192.0.2.10", Finding::Mismatch),
        ("10.0.0.5", "", "192.0.2.10", Finding::NotPublic),
        // Split horizon: the client's PTR names it, and inside it is private
        (
            "10.0.0.5",
            "mail.example.com",
            "192.0.2.10",
            Finding::Inside,
        ),
        (
            "10.0.0.5 172.16.0.1",
            "Mail.Example.Com",
            "192.0.2.10",
            Finding::Inside,
        ),
        (
            "100.64.0.1",
            "mail.example.com",
            "192.0.2.10",
            Finding::Inside,
        ),
        (
            "169.254.1.1",
            "mail.example.com",
            "192.0.2.10",
            Finding::Inside,
        ),
        (
            "fd00::5",
            "mail.example.com",
            "2001:db8::10",
            Finding::Inside,
        ),
        (
            "10.0.0.5",
            "other.example.com",
            "192.0.2.10",
            Finding::NotPublic,
        ),
        (
            "10.0.0.5 192.0.2.77",
            "mail.example.com",
            "192.0.2.10",
            Finding::Mismatch,
        ),
        (
            "240.0.0.1",
            "mail.example.com",
            "192.0.2.10",
            Finding::NotPublic,
        ),
        (
            "10.0.0.5",
            "mail.example.com",
            "10.0.0.6",
            Finding::NotPublic,
        ),
        // The hosts file speaks, and not the DNS
        (
            "127.0.1.1",
            "mail.example.com",
            "192.0.2.10",
            Finding::Unknown,
        ),
        ("192.0.2.10 127.0.1.1", "", "192.0.2.10", Finding::Unknown),
        ("::1", "", "2001:db8::10", Finding::Unknown),
        // DNS64
        ("64:ff9b::10.0.0.5", "", "", Finding::NotPublic),
        ("64:ff9b::192.0.2.10", "", "", Finding::Resolves),
        (
            "64:ff9b::10.0.0.5",
            "mail.example.com",
            "2001:db8::10",
            Finding::Inside,
        ),
        ("64:ff9b::192.0.2.10", "", "2001:db8::10", Finding::Mismatch),
    ];
    each(cases, |(addresses, ptr, client, expected)| {
        let addresses: Vec<IpAddr> = addresses.split(' ').map(ip).collect();
        let client = (!client.is_empty()).then(|| ip(client));
        let mut facts = Facts::new();
        for family in Family::ALL {
            let of_family = addresses
                .iter()
                .filter(|&&other| Family::of(other) == family);
            let answer = Answer::found(of_family.copied().collect());
            facts.insert_addresses(NAME.as_str(), family, answer);
        }
        if let Some(client) = client.filter(|_| !ptr.is_empty()) {
            facts.insert_names(client, Answer::found(vec![PtrText::new(ptr)]));
        }
        assert_eq!(find(&NAME, client, &facts), expected);
    });
}
