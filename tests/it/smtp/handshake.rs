//! Dialogs with servers, and any sequence of replies.

use std::fs;
use std::iter::Peekable;
use std::net::IpAddr;
use std::path::Path;
use std::str::Lines;

use crate::support::each::each;
use helo_name::smtp::{
    HandshakeError, HandshakeErrorKind, InvalidReply, ReplyParser, Session, Step,
};
use helo_name::{Diagnosis, Handshake, HeloName, Reply, Stage};
use proptest::prelude::*;

/// `data/dialogs/*.txt`, one case a file:
///
/// - `names:`, `client:`, `require extensions`, `implicit tls`: what the handshake starts with;
/// - `S:` a line of the server, `S closes`, `C:` a line of the client, `reconnect` a new
///   connection;
/// - `tls` after STARTTLS, `refused at STAGE: REPLY` for a command of the caller, `warning` before
///   a line that has one;
/// - `end:` a session or the kind of the error, then what else is to be checked: `message:`,
///   `remaining:`, `extensions:`.
#[test]
fn dialogs_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dialogs");
    let mut count = 0;
    for file in fs::read_dir(folder).expect("the folder is there") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        Dialog::new(&path.display().to_string(), &text).play();
        count += 1;
    }
    assert!(count >= 30, "{count} dialogs");
}

/// Where a dialog stands after a step.
enum Turn {
    Waiting(Handshake),
    Session(Session),
    Failed(HandshakeError),
}

struct Dialog<'a> {
    file: &'a str,
    lines: Peekable<Lines<'a>>,
}

impl<'a> Dialog<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        Dialog {
            file,
            lines: text.lines().peekable(),
        }
    }

    fn play(mut self) {
        let mut turn = Turn::Waiting(self.start());
        while let Some(&line) = self.lines.peek() {
            if line.starts_with("end: ") {
                break;
            }
            turn = match turn {
                Turn::Waiting(handshake) => {
                    let step = if line == "S closes" {
                        self.lines.next();
                        handshake.on_closed()
                    } else {
                        match self.reply() {
                            Ok(reply) => handshake.on_reply(reply),
                            Err(error) => handshake.on_invalid(error),
                        }
                    };
                    self.client(step)
                }
                Turn::Session(session) => {
                    self.lines.next();
                    let step = if line == "tls" {
                        session.after_tls()
                    } else {
                        let (stage, reply) = line
                            .strip_prefix("refused at ")
                            .and_then(|rest| rest.split_once(": "))
                            .expect("a refusal");
                        let stage = stage.parse::<Stage>().expect("a stage");
                        session.next_name(stage, Reply::parse(reply.as_bytes()).expect("a reply"))
                    };
                    self.client(step)
                }
                Turn::Failed(error) => {
                    unreachable!("{}: failed before `{line}`: {error}", self.file)
                }
            };
        }
        self.end(turn);
    }

    /// Reads what the handshake starts with.
    fn start(&mut self) -> Handshake {
        let mut names = Vec::new();
        let mut set_up: Vec<Box<dyn Fn(Handshake) -> Handshake>> = Vec::new();
        while let Some(line) = self
            .lines
            .next_if(|line| !line.starts_with("S") && !line.starts_with("C: "))
        {
            if let Some(list) = line.strip_prefix("names: ") {
                names = list
                    .split(' ')
                    .map(|name| name.parse().expect("a name"))
                    .collect();
            } else if let Some(address) = line.strip_prefix("client: ") {
                let address: IpAddr = address.parse().expect("an address");
                set_up.push(Box::new(move |handshake| handshake.client_address(address)));
            } else if line == "require extensions" {
                set_up.push(Box::new(Handshake::require_extensions));
            } else if line == "lhlo" {
                set_up.push(Box::new(Handshake::lhlo));
            } else if line == "implicit tls" {
                set_up.push(Box::new(Handshake::implicit_tls));
            } else {
                assert!(line.starts_with('#'), "{}: {line}", self.file);
            }
        }
        set_up
            .iter()
            .fold(Handshake::new(names), |handshake, set| set(handshake))
    }

    fn reply(&mut self) -> Result<Reply, InvalidReply> {
        let mut parser = ReplyParser::new();
        loop {
            let line = self
                .lines
                .next()
                .and_then(|line| line.strip_prefix("S: "))
                .expect("the server speaks");
            if let Some(reply) = parser.push(&mut format!("{line}\r\n").as_bytes())? {
                return Ok(reply);
            }
        }
    }

    /// Compares what the client does with the next lines.
    fn client(&mut self, step: Step) -> Turn {
        match step {
            Step::Done(session) => Turn::Session(session),
            Step::Send { line, next } => {
                let warned = self.lines.next_if_eq(&"warning").is_some();
                assert_eq!(next.warning().is_some(), warned, "{}", self.file);
                self.sends(&line);
                Turn::Waiting(next)
            }
            Step::Reconnect { quit, next } => {
                self.sends(&quit);
                assert_eq!(self.lines.next(), Some("reconnect"), "{}", self.file);
                Turn::Waiting(next)
            }
            Step::Failed(error) => {
                if let Some(quit) = error.quit() {
                    self.sends(quit);
                }
                Turn::Failed(error)
            }
        }
    }

    fn sends(&mut self, line: &str) {
        let expected = self.lines.next().unwrap_or("nothing");
        assert_eq!(
            format!("C: {line}"),
            format!("{expected}\r\n"),
            "{}",
            self.file
        );
    }

    fn end(mut self, turn: Turn) {
        let file = self.file;
        let found = match &turn {
            Turn::Session(session) => format!("session {} {}", session.verb(), session.name()),
            Turn::Failed(error) => format!("{:?}", error.kind())
                .split('(')
                .next()
                .unwrap_or_default()
                .to_owned(),
            Turn::Waiting(_) => "waiting".to_owned(),
        };
        assert_eq!(
            Some(format!("end: {found}").as_str()),
            self.lines.next(),
            "{file}"
        );
        for line in self.lines {
            match (line.split_once(':'), &turn) {
                (Some(("message", message)), Turn::Failed(error)) => {
                    assert_eq!(error.to_string(), message.trim_start(), "{file}");
                }
                (Some(("remaining", names)), Turn::Failed(error)) => {
                    let names: Vec<&str> = names.split_ascii_whitespace().collect();
                    assert_eq!(error.remaining(), names, "{file}");
                }
                (Some(("extensions", count)), Turn::Session(session)) => {
                    assert_eq!(
                        (session.reply().lines().len() - 1).to_string(),
                        count.trim(),
                        "{file}"
                    );
                }
                _ => unreachable!("{file}: {line}"),
            }
        }
    }
}

/// What a server may do next.
#[derive(Clone, Debug)]
enum Event {
    Reply(u16, &'static str),
    Closed,
    Garbage,
}

fn event() -> impl Strategy<Value = Event> {
    let code = prop_oneof![
        3 => Just(220u16),
        2 => Just(250),
        4 => prop::sample::select(vec![421, 450, 500, 501, 502, 503, 504, 521, 530, 535, 538, 550, 554]),
        1 => 200u16..600,
    ];
    let text = prop::sample::select(vec![
        "",
        "mail.example.com",
        "Whatever",
        "unknown command, LMTP, use LHLO",
        "EHLO argument does not match calling host",
        "HELO is dynamic",
        "no rDNS for 192.0.2.1",
        "Try again later, closing connection. (EHLO)",
        "Rejected",
        "Too many connections",
        "5.7.4 TLS required",
        "Licence exceeded",
        "Invalid domain name",
        "no` to EHLO a, then `250 ok",
        "\u{1b}[31m\r",
    ]);
    prop_oneof![
        20 => (code, text).prop_map(|(code, text)| Event::Reply(code, text)),
        1 => Just(Event::Closed),
        1 => Just(Event::Garbage),
    ]
}

fn names() -> impl Strategy<Value = Vec<HeloName>> {
    let name = prop::sample::select(vec![
        "mail.example.com".to_owned(),
        "web01.example.com".to_owned(),
        "[192.0.2.1]".to_owned(),
        "[192.0.2.2]".to_owned(),
        "[IPv6:2001:db8::1]".to_owned(),
        format!("{0}.{0}.{0}.example", "a".repeat(63)),
    ]);
    prop::collection::vec(
        name.prop_map(|name| HeloName::parse(&name).expect("a name")),
        0..6,
    )
}

/// What one connection has seen.
#[derive(Default)]
struct Connection {
    name: Option<String>,
    before_tls: usize,
    after_tls: usize,
    tls: usize,
    verb: String,
}

impl Connection {
    fn stage(&self) -> Stage {
        self.verb.parse().expect("a verb was said")
    }
}

fn check_line(line: &str) {
    assert!(line.len() <= 512 && line.ends_with("\r\n"), "{line:?}");
    assert!(
        line.bytes().filter(u8::is_ascii_control).count() == 2,
        "{line:?}"
    );
}

/// Goes on with one reply to each EHLO, and returns how many names were said and the error.
fn refuse_all(reply: &Reply) -> (usize, HandshakeError) {
    let names = (0..9).map(|number| HeloName::parse(&format!("mx{number}.example.com")));
    let mut step = Step::Reconnect {
        quit: String::new(),
        next: Handshake::new(names.map(|name| name.expect("a name"))),
    };
    let greeting = Reply::parse(b"220 mx.example.net").expect("a reply");
    let mut said = 0;
    loop {
        step = match step {
            Step::Reconnect { next, .. } => next.on_reply(greeting.clone()),
            Step::Send { line, next } => {
                said += usize::from(line.starts_with("EHLO "));
                next.on_reply(reply.clone())
            }
            Step::Failed(error) => return (said, error),
            Step::Done(_) => unreachable!("no server takes a name here"),
        };
    }
}

/// What a hostile server may try: its reply to every EHLO, and how many names that uses up.
#[test]
fn hostile_replies_forge_nothing_and_use_up_three_names_at_most() {
    each(
        [
            // It blames the name.
            ("550 5.7.1 Helo command rejected: Host not found", 3),
            ("501 5.5.4 Invalid domain name", 3),
            (
                "504 5.5.2 Error: the EHLO hostname is not fully qualified",
                3,
            ),
            // It is about something else, in the words or the code of a refusal of the name.
            ("501 Too many connections", 1),
            ("504 5.7.4 TLS required", 1),
            ("450 4.7.1 Helo command rejected: Host not found", 1),
            (
                "503 All RCPT commands were rejected with this error:\\nbad HELO",
                1,
            ),
            // It closes the quotation, or begins another line or field.
            ("550 bad HELO` to EHLO a; name refused: `250 ok", 3),
            ("550 bad HELO\\nerror=none ours=\"no\"", 3),
            ("550 bad HELO\r\u{1b}[2Jlevel=info \u{2028}ok\\", 3),
            ("554 `\"'` \u{7} \u{202e}", 1),
        ],
        |(text, names)| {
            let code = text[..3].parse().expect("a code");
            let reply = Reply::from_parts(code, None, text[4..].split("\\n"));
            let (said, error) = refuse_all(&reply.expect("a reply"));
            assert_eq!(said, names, "{text}");
            let message = error.to_string();
            let is_safe = message.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            assert!(is_safe, "{message}");
            let marks = message.replace(r"\\", "").replace(r"\`", "");
            assert_eq!(marks.matches('`').count(), 2, "{message}");
        },
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_sequence_of_replies_ends_as_it_should(
        names in names(),
        events in prop::collection::vec(event(), 20),
        client in prop::option::of(prop::sample::select(vec!["192.0.2.1", "2001:db8::1"])),
        required in any::<bool>(),
        starttls in any::<bool>(),
    ) {
        let mut handshake = Handshake::new(names);
        if let Some(address) = client {
            handshake = handshake.client_address(address.parse().expect("an address"));
        }
        if required {
            handshake = handshake.require_extensions();
        }
        let mut connections = vec![Connection::default()];
        let mut said = Vec::new();
        let mut ended = false;
        'events: for event in events {
            let mut step = match &event {
                Event::Closed => handshake.on_closed(),
                Event::Garbage => handshake.on_invalid(Reply::parse(b"garbage").expect_err("no reply")),
                Event::Reply(code, text) => handshake.on_reply(Reply::from_parts(*code, None, [text]).expect("a reply")),
            };
            loop {
                let connection = connections.last_mut().expect("never empty");
                match step {
                    Step::Send { line, next } => {
                        check_line(&line);
                        let (verb, name) = line.trim_end().split_once(' ').expect("verb and name");
                        prop_assert!(verb == "EHLO" || (verb == "HELO" && !name.starts_with('[') && connection.tls == 0 && !required));
                        if let Some(address) = HeloName::parse(name).expect("a name").address() {
                            prop_assert_eq!(Some(address), client.map(|client| client.parse().expect("an address")));
                        }
                        if connection.tls == 0 {
                            connection.before_tls += 1;
                        } else {
                            connection.after_tls += 1;
                        }
                        prop_assert!(connection.before_tls <= 2 && connection.after_tls <= 1);
                        verb.clone_into(&mut connection.verb);
                        let first = connection.name.get_or_insert_with(|| name.to_owned());
                        prop_assert_eq!(first.as_str(), name);
                        handshake = next;
                        continue 'events;
                    }
                    Step::Reconnect { quit, next } => {
                        check_line(&quit);
                        if let Event::Reply(code, text) = event {
                            prop_assert!(!matches!(code, 200..=499 | 500 | 502 | 503 | 521 | 530 | 535 | 538), "{}", code);
                            let reply = Reply::from_parts(code, None, [text]).expect("a reply");
                            let diagnosis = Diagnosis::of(connection.stage(), &reply, connection.name.as_deref());
                            prop_assert!(diagnosis.another_name_may_help(), "{} {}", code, text);
                        }
                        said.push(connection.name.clone());
                        connections.push(Connection::default());
                        prop_assert!(connections.len() <= 3);
                        handshake = next;
                        continue 'events;
                    }
                    Step::Done(session) => {
                        prop_assert_eq!(Some(session.name().as_str()), connection.name.as_deref());
                        if starttls && connection.tls == 0 {
                            connection.tls = 1;
                            step = session.after_tls();
                            continue;
                        }
                        ended = true;
                        break 'events;
                    }
                    Step::Failed(error) => {
                        if let Some(quit) = error.quit() {
                            check_line(quit);
                        }
                        let message = error.to_string();
                        prop_assert!(message.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", message);
                        prop_assert!(error.kind() != HandshakeErrorKind::NameRefused || error.diagnosis().is_some_and(|last| last.another_name_may_help()));
                        let last = error.exchanges().last();
                        let about_name = last.is_some_and(|last| matches!(last.reply().code(), 501 | 504..=599) && last.diagnosis().another_name_may_help());
                        prop_assert!(error.kind() != HandshakeErrorKind::Refused || !about_name, "{}", message);
                        prop_assert_eq!(message.replace("\\`", "").matches('`').count() % 2, 0, "{}", message);
                        ended = true;
                        break 'events;
                    }
                }
            }
        }
        prop_assert!(ended);
    }

    #[test]
    fn no_reply_makes_the_parser_or_the_diagnosis_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        code in 200u16..600,
        lines in prop::collection::vec("[ -~\\n<>()\\[\\]\"é]{0,80}(helo|ehlo|Helo command rejected: |spf fail |argument \")?[a-z<>.\\[\\] ]{0,20}", 0..5),
        name in prop::option::of("\\PC{0,30}"),
        stage in prop::sample::select(vec!["greeting", "ehlo", "helo", "mail", "rcpt", "data", "unknown"]),
    ) {
        let _ = Reply::parse(&bytes);
        let reply = Reply::from_parts(code, None, &lines).expect("the code is in range");
        let stage = stage.parse::<Stage>().expect("a stage");
        let diagnosis = helo_name::Diagnosis::of(stage, &reply, name.as_deref());
        prop_assert!(!diagnosis.is_ours() || (code >= 400 && stage != Stage::Greeting));
        prop_assert!(reply.to_string().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn a_reply_printed_and_read_again_is_the_same(
        code in 200u16..600,
        lines in prop::collection::vec("[!-~][ -~]{0,60}", 1..5),
    ) {
        let reply = Reply::from_parts(code, None, &lines).expect("the code is in range");
        let mut bytes = Vec::new();
        for (index, line) in reply.lines().iter().enumerate() {
            let mark = if index + 1 == reply.lines().len() { ' ' } else { '-' };
            let enhanced = reply.enhanced_code().map_or(String::new(), |code| format!("{code} "));
            bytes.extend(format!("{code}{mark}{enhanced}{line}\r\n").into_bytes());
        }
        prop_assert_eq!(Reply::parse(&bytes), Ok(reply));
    }
}
