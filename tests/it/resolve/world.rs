//! What is seen inside a network, and what the world sees: both views, private client addresses,
//! and a resolver that answers everything.

use std::net::IpAddr;

use helo_name::Resolve;
use helo_name::dns::{Answer, Dns, Family, PtrText, Zone};
use helo_name::policy::Submission;
use helo_name::verify::Finding;

use crate::support::each::each;

const NAME: &str = "mail.example.org";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn resolve<D: Dns>(dns: D) -> Resolve<D> {
    Resolve::new(dns).ignore_environment().ignore_machine()
}

/// A captive portal: every name has one address, and no address has a name.
struct Portal(&'static str);

impl Dns for Portal {
    async fn forward(&self, _: &helo_name::HeloName, family: Family) -> Answer<IpAddr> {
        let address = ip(self.0);
        if Family::of(address) == family {
            return Answer::found(vec![address]);
        }
        Answer::no_data()
    }

    async fn reverse(&self, _: IpAddr) -> Answer<PtrText> {
        Answer::nx_domain()
    }
}

#[test]
fn a_vendors_name_is_sent_behind_a_captive_portal_too() {
    let name = resolve(Portal("192.0.2.77"))
        .policy(Submission)
        .sender_domain("example.org")
        .fallback("client.app.example.com")
        .blocking();
    assert_eq!(
        name.expect("the fallback name").as_str(),
        "client.app.example.com"
    );
}

#[test]
fn an_address_that_is_private_outside_as_well_is_not_public() {
    let ptr = |zone: Zone| zone.ptr("192.0.2.10", NAME);
    let inside = || ptr(Zone::new()).address(NAME, "10.0.0.5");
    // outside, and the finding
    let cases = [
        (inside(), Finding::NotPublic),
        (
            ptr(Zone::new()).address(NAME, "10.9.9.9"),
            Finding::NotPublic,
        ),
        (ptr(Zone::new()).address(NAME, "192.0.2.10"), Finding::Match),
        (ptr(Zone::new()), Finding::NoAddress),
    ];
    let resolve = || {
        let resolve = resolve(inside()).host_name(NAME);
        resolve.client_address(ip("192.0.2.10"))
    };
    let alone = resolve().report_blocking();
    let finding = |report: &helo_name::Resolution| report.considered()[0].findings()[0].finding;
    assert_eq!(finding(&alone), Finding::Inside);
    each(cases, |(outside, expected)| {
        let report = resolve().outside(outside).report_blocking();
        assert_eq!(finding(&report), expected, "{report}");
    });
}

#[test]
fn each_of_several_addresses_is_judged_as_if_it_were_alone() {
    let zone = || {
        Zone::new()
            .address(NAME, "192.0.2.10")
            .ptr("192.0.2.10", NAME)
            .address("six.example.org", "2001:db8::10")
    };
    let private = [
        "10.244.1.17",
        "100.64.7.9",
        "127.0.0.1",
        "fd00::17",
        "169.254.1.1",
    ];
    let all = || private.into_iter().chain(["192.0.2.10"]).map(ip);
    for host in [NAME, "six.example.org"] {
        let together = resolve(zone()).host_name(host).names_for_blocking(all());
        each(all(), |address| {
            let alone = resolve(zone()).host_name(host).client_address(address);
            let alone = alone.report_blocking();
            let report = together.resolution(address).expect("a report");
            assert_eq!(report.name().ok(), alone.name().ok(), "{address}");
            let lookups = report.considered()[0].lookups();
            assert_eq!(lookups, alone.considered()[0].lookups(), "{address}");
        });
    }
}

#[cfg(feature = "receivers")]
#[test]
fn nothing_is_forecast_from_what_only_this_network_sees() {
    let inside = Zone::new()
        .ptr("192.0.2.10", NAME)
        .address(NAME, "10.0.0.5");
    let split = resolve(inside)
        .host_name(NAME)
        .client_address(ip("192.0.2.10"));
    let portal = resolve(Portal("192.0.2.10"))
        .host_name(NAME)
        .client_address(ip("192.0.2.10"));
    for report in [split.report_blocking(), portal.report_blocking()] {
        let forecast = &report.forecasts()[0];
        assert!(forecast.open().contains(&"postfix-unknown"), "{report}");
        assert!(forecast.open().contains(&"exim-strict"), "{report}");
    }
}
