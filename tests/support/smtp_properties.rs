//! What holds for any bytes of a server. The fuzz targets and the tests by proptest assert the same.

use helo_name::smtp::{InvalidReply, ReplyParser, Step};
use helo_name::{Diagnosis, Handshake, HeloName, Reply, Stage};

/// The stages at which a reply may come.
const STAGES: [Stage; 10] = [
    Stage::Greeting,
    Stage::Ehlo,
    Stage::Helo,
    Stage::Starttls,
    Stage::Auth,
    Stage::Mail,
    Stage::Rcpt,
    Stage::Data,
    Stage::Other,
    Stage::Unknown,
];

/// Cuts off the first byte.
fn first(bytes: &[u8]) -> (usize, &[u8]) {
    match bytes.split_first() {
        Some((first, rest)) => (usize::from(*first), rest),
        None => (0, bytes),
    }
}

/// Reads all replies, in chunks of this many bytes, up to the first that is none: whoever reads it
/// closes the connection.
fn read(bytes: &[u8], chunk: usize) -> Vec<Result<Reply, InvalidReply>> {
    let mut parser = ReplyParser::new();
    let mut heard = Vec::new();
    for chunk in bytes.chunks(chunk) {
        let mut rest = chunk;
        while !rest.is_empty() {
            heard.extend(parser.push(&mut rest).transpose());
            if heard.last().is_some_and(Result::is_err) {
                return heard;
            }
        }
    }
    heard
}

/// Any chunking gives the same replies.
pub(crate) fn replies(bytes: &[u8]) {
    let (chunk, bytes) = first(bytes);
    let whole = read(bytes, usize::MAX);
    assert_eq!(whole, read(bytes, chunk + 1));
    assert_eq!(whole, read(bytes, 1));
}

/// A diagnosis blames no name before it was sent or after it was taken, and what it says is its
/// own text on one line.
pub(crate) fn diagnosis(bytes: &[u8]) {
    let (stage, bytes) = first(bytes);
    let (code, bytes) = first(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let sent = lines.next().filter(|name| !name.is_empty());
    let Ok(reply) = Reply::from_parts(200 + code as u16 * 3 / 2, None, lines) else {
        return;
    };
    let stage = STAGES[stage % STAGES.len()];
    let diagnosis = Diagnosis::of(stage, &reply, sent);
    if reply.code() < 400 || stage == Stage::Greeting {
        assert!(!diagnosis.is_ours(), "{stage} {reply}");
    }
    assert!(diagnosis.is_ours() || !diagnosis.another_name_may_help());
    assert!(!diagnosis.advice().chars().any(char::is_control));
    assert!(!format!("{diagnosis:?}{reply}").contains('\n'));
}

/// A handshake says one name in one session and three names at most, and ends when the server does.
pub(crate) fn handshake(bytes: &[u8]) {
    let (kind, bytes) = first(bytes);
    let names = ["mx1", "mx2", "mx3", "mx4"].map(|host| {
        HeloName::parse(&format!("{host}.example.com")).expect("a label and a domain are a name")
    });
    let handshake = Handshake::new(names);
    let mut handshake = match kind % 4 {
        0 => handshake,
        1 => handshake.lhlo(),
        2 => handshake.require_extensions(),
        _ => handshake.implicit_tls(),
    };
    let mut said: Vec<String> = Vec::new();
    let mut in_session: Option<String> = None;
    for reply in read(bytes, usize::MAX) {
        let mut step = match reply {
            Ok(reply) => handshake.on_reply(reply),
            Err(error) => handshake.on_invalid(error),
        };
        if let Step::Done(session) = step {
            step = session.after_tls();
        }
        match step {
            Step::Send { line, next } => {
                let name = line.split_ascii_whitespace().nth(1).map(str::to_owned);
                assert!(
                    in_session.is_none() || in_session == name,
                    "two names: {line}"
                );
                said.extend(name.clone().filter(|name| !said.contains(name)));
                assert!(said.len() <= 3, "{said:?}");
                in_session = name;
                handshake = next;
            }
            Step::Reconnect { next, .. } => {
                in_session = None;
                handshake = next;
            }
            Step::Failed(error) => {
                assert!(!error.to_string().chars().any(char::is_control), "{error}");
                return;
            }
            Step::Done(_) => unreachable!("a session goes on with TLS"),
        }
    }
    assert!(matches!(handshake.on_closed(), Step::Failed(_)));
}
