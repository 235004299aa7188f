//! What is logged (feature `tracing`): which events, at which level, with which fields.

use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::sync::Once;

use helo_name::Resolve;
use helo_name::dns::{NotKnown, Zone};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes each event as one line: level, target, message, fields in their order.
///
/// One subscriber serves all threads, and each keeps its own lines: a subscriber for each test
/// would lose events of call sites that other tests reach first.
struct Lines;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            // This one depends on the clock.
            "valid_for_seconds" => self.fields += " valid_for_seconds",
            name => self.fields += &format!(" {name}={value:?}"),
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("helo_name")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let Line { message, fields } = line;
        let text = format!("{level} {target}: {message}{fields}");
        LINES.with_borrow_mut(|lines| lines.push(text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn resolve(zone: Zone) -> Resolve<Zone> {
    let client: IpAddr = "192.0.2.10".parse().expect("an address");
    Resolve::new(zone)
        .ignore_environment()
        .ignore_machine()
        .client_address(client)
}

/// Does something, and returns the lines that this thread logs meanwhile.
fn logged<T>(act: impl FnOnce() -> T) -> Vec<String> {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        tracing::subscriber::set_global_default(Lines).expect("no other subscriber");
    });
    LINES.take();
    act();
    LINES.take()
}

#[test]
fn the_chosen_name_each_warning_and_each_look_up_are_events() {
    let zone = Zone::new().address("mail.example.com", "192.0.2.99");
    let lines = logged(|| resolve(zone).configured("mail.example.com").blocking());
    assert_eq!(
        lines,
        [
            "DEBUG helo_name: DNS look-up address=192.0.2.10 record_type=\"PTR\" outcome=\"nx-domain\" records=0 ttl_seconds=60",
            "DEBUG helo_name: DNS look-up name=\"mail.example.com\" record_type=\"A\" outcome=\"found\" records=1 ttl_seconds=60",
            "WARN helo_name: mail.example.com is sent unverified: none of its addresses is the client address \
             kind=\"unverified\" name=\"mail.example.com\" address=192.0.2.10",
            "WARN helo_name: client address 192.0.2.10 has no PTR record; many servers refuse that whatever the name is; \
             ask whoever provides the address to set one kind=\"no-ptr\" address=192.0.2.10",
            "INFO helo_name: EHLO name chosen name=\"mail.example.com\" source=\"configured\" provisional=false valid_for_seconds",
        ]
    );
}

#[test]
fn that_there_is_no_name_is_an_error() {
    let zone = Zone::new().ptr_fails("192.0.2.10", NotKnown::ServFail);
    let lines = logged(|| resolve(zone).host_name("evil\r\nname").blocking());
    let [question, error] = &lines[..] else {
        unreachable!("{lines:#?}");
    };
    assert_eq!(
        question,
        "DEBUG helo_name: DNS look-up address=192.0.2.10 record_type=\"PTR\" outcome=\"not-known\" reason=\"serv-fail\" records=0"
    );
    assert!(
        error.starts_with("ERROR helo_name: no usable EHLO name until the DNS answers; try again; host name \"evil\\x0d\\x0aname\": "),
        "{error}"
    );
    assert!(
        error.ends_with(" kind=\"try-again\" cure=HELO_NAME=mail.example.com"),
        "{error}"
    );
}

#[test]
fn each_client_address_and_each_later_resolution_has_its_own_event() {
    let zone = Zone::new()
        .ptr("192.0.2.10", "a.example.com")
        .address("a.example.com", "192.0.2.10")
        .ptr("192.0.2.11", "b.example.com")
        .address("b.example.com", "192.0.2.11");
    let clients: [IpAddr; 2] =
        ["192.0.2.10", "192.0.2.11"].map(|text| text.parse().expect("an address"));
    let chosen = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| line.starts_with("INFO "))
            .collect()
    };
    let line = |name: &str| {
        format!(
            "INFO helo_name: EHLO name chosen name=\"{name}\" source=\"ptr\" provisional=false valid_for_seconds"
        )
    };
    let mut names = None;
    let lines = logged(|| names = Some(resolve(zone).names_for_blocking(clients)));
    assert_eq!(
        chosen(lines),
        [line("a.example.com"), line("b.example.com")]
    );
    let names = names.expect("they were resolved");
    let later = names.resolution(clients[1]).expect("it was resolved for");
    assert_eq!(
        chosen(logged(|| later.recheck_blocking())),
        [line("b.example.com")]
    );
}
