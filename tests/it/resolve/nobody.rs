//! Names that nobody may say, the last resort of a vendor, and the cure towards a private server.

use std::net::SocketAddr;

use helo_name::dns::Zone;
use helo_name::policy::{Standard, Submission};
use helo_name::resolve::{Cure, ReasonKind, ResolveErrorKind, Warning};
use helo_name::sanitize::UnusableKind;
use helo_name::{HeloName, Resolve, Source};

use crate::support::each::each;

const V4: &str = "203.0.114.5";

fn of(zone: Zone) -> Resolve<Zone> {
    Resolve::new(zone).ignore_machine().ignore_environment()
}

fn server(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn the_domain_of_a_mailbox_provider_is_refused_unless_the_operator_set_it() {
    type Tell = fn(Resolve<Zone>) -> Resolve<Zone>;
    let cases: [Tell; 3] = [
        |resolve| resolve.host_name("gmail.com"),
        |resolve| resolve.sender_domain("Yahoo.co.uk"),
        |resolve| resolve.client_address(V4.parse::<std::net::IpAddr>().unwrap()),
    ];
    each(cases, |tell| {
        let zone = Zone::new()
            .address("gmail.com", V4)
            .address("yahoo.co.uk", V4)
            .ptr(V4, "web.de");
        let report = tell(of(zone).policy(Submission)).report_blocking();
        let kind = report.considered()[0].reason().kind();
        assert_eq!(
            kind,
            ReasonKind::Unusable(UnusableKind::MailboxDomain),
            "{report}"
        );
    });
    let report = of(Zone::new().address("gmail.com", V4))
        .configured("gmail.com")
        .report_blocking();
    assert_eq!(report.name().unwrap(), "gmail.com");
    let warning = Warning::MailboxDomain(HeloName::from_static("gmail.com"));
    assert!(report.warnings().contains(&warning), "{report}");
    assert_eq!(
        warning.to_string(),
        "gmail.com is the domain of a mailbox provider, and only its own hosts may say it; set \
         HELO_NAME to a name of this host"
    );
}

#[test]
fn the_name_of_the_server_itself_gets_a_warning() {
    let warned = |server_address: &str| {
        let report = of(Zone::new().address("mx.example.org", "192.0.2.25"))
            .configured("mx.example.org")
            .server(server(server_address))
            .report_blocking();
        let warnings = report.warnings().iter();
        warnings
            .filter(|warning| warning.as_str() == "servers-name")
            .count()
    };
    assert_eq!(warned("192.0.2.25:25"), 1);
    assert_eq!(warned("192.0.2.26:25"), 0);
}

#[test]
fn the_fallback_is_the_last_name_before_literals_and_for_submission_only() {
    let zone = || {
        Zone::new()
            .address("mail.example.org", V4)
            .ptr(V4, "mail.example.org")
    };
    let resolve = |zone| {
        of(zone)
            .client_address(V4.parse::<std::net::IpAddr>().unwrap())
            .fallback("client.app.example")
    };
    let planned = |resolve: Resolve<Zone>| -> Vec<String> {
        let report = resolve.report_blocking();
        let plan = report
            .plan()
            .map(|plan| plan.names().map(ToString::to_string).collect());
        plan.unwrap_or_default()
    };
    assert_eq!(
        planned(resolve(zone()).policy(Submission)),
        ["mail.example.org", "client.app.example"]
    );
    assert_eq!(
        planned(resolve(Zone::new()).policy(Submission)),
        ["client.app.example", "[203.0.114.5]"]
    );
    assert_eq!(
        planned(resolve(Zone::new()).policy(Standard)),
        ["[203.0.114.5]"]
    );
    let report = of(Zone::new())
        .fallback(" ")
        .policy(Submission)
        .report_blocking();
    let blank = Warning::BlankSetting(Source::Fallback);
    assert!(report.warnings().contains(&blank), "{report}");
}

#[test]
fn towards_a_private_server_the_cure_names_the_policy_that_would_do() {
    let error = |address: &str, to: &str| {
        of(Zone::new())
            .host_name("app1")
            .client_address(address.parse::<std::net::IpAddr>().unwrap())
            .server(server(to))
            .blocking()
            .unwrap_err()
    };
    let private = error("10.1.2.3", "10.1.2.25:25");
    assert_eq!(private.kind(), ResolveErrorKind::NoUsableName);
    assert_eq!(private.cure(), &Cure::UseSubmission);
    assert!(
        private.to_string().ends_with(
            "; fix: the server is not public, so it may know private names and literals; set this \
             in the program, or set HELO_NAME: policy: Submission"
        ),
        "{private}"
    );
    let public = error("10.1.2.3", "192.0.2.25:25");
    assert!(matches!(public.cure(), Cure::SetName { .. }), "{public}");
}
