//! From a new connection to a session: a machine without socket and clock.
//!
//! ```text
//!  new ── greeting ──┬─ 220 ──► EHLO name ──┬─ 2yz ───────────────────────► Done ── TLS ──► EHLO name
//!   ▲                └─ else ─► Failed      ├─ 500, 502 ──► HELO name ──┬─ 2yz ──► Done
//!   │                                       │                           ├─ about the name ──┐
//!   │                                       │                           └─ else ──► Failed  │
//!   │                                       ├─ another 5yz about the name ──────────────────┤
//!   │                                       └─ else ──► Failed                              │
//!   └───────────────────────── Reconnect: QUIT, a new connection, the next name ◄───────────┘
//! ```
//!
//! - The next name goes out on a new connection only: qpsmtpd closes after a refusal, Haraka and
//!   Courier compare the second name with the first. So one session never says two names. At most
//!   three names are tried.
//! - HELO is for servers that do not know EHLO (500 and 502, RFC 5321 4.1.4): not for a refused
//!   name, which meets the same rule again; not once TLS is on or extensions are required, because
//!   a forged 502 must not strip STARTTLS or AUTH; not for a literal, because RFC 5321 4.1.1.1 has
//!   `HELO SP Domain` only; not for an LMTP server.
//! - The [`Diagnosis`](crate::Diagnosis) says whether a 5yz refuses the name, and the handshake
//!   never contradicts it. 501 and 504 refuse the argument, which is the name (RFC 5321 4.2.2),
//!   unless their text is about something else: `501 Too many connections`. A refusal that is
//!   about something else, or unclear, ends the attempt: 421, 503, 521, 530, 535, 538, other 4yz,
//!   other 5yz.
//!
//! The machine is a value: each reply consumes it and gives a [`Step`], so no reply can be given
//! twice or to the wrong state. The caller reads replies ([`ReplyParser`](crate::ReplyParser)),
//! writes lines, connects, and keeps the time.
//!
//! ```
//! use helo_name::{Handshake, HeloName, Reply};
//! use helo_name::smtp::{Step, Verb};
//!
//! let names = [HeloName::parse("web01.example.com")?, HeloName::parse("mail.example.com")?];
//! let handshake = Handshake::new(names).client_address("192.0.2.1".parse()?);
//!
//! // The connection is there, and the server greets.
//! let Step::Send { line, next } = handshake.on_reply(Reply::parse(b"220 mx.example.net ESMTP")?)
//! else { unreachable!() };
//! assert_eq!(line, "EHLO web01.example.com\r\n");
//!
//! // The name is refused: say goodbye, connect again, and give the next greeting to `next`.
//! let refused = b"550 5.7.1 <web01.example.com>: Helo command rejected: Host not found";
//! let refused = Reply::parse(refused)?;
//! let Step::Reconnect { quit, next } = next.on_reply(refused) else { unreachable!() };
//! assert_eq!(quit, "QUIT\r\n");
//!
//! let Step::Send { line, next } = next.on_reply(Reply::parse(b"220 mx.example.net ESMTP")?)
//! else { unreachable!() };
//! assert_eq!(line, "EHLO mail.example.com\r\n");
//!
//! // The name is taken: the reply lists the extensions.
//! let Step::Done(session) = next.on_reply(Reply::parse(b"250-mx.example.net\r\n250 STARTTLS")?)
//! else { unreachable!() };
//! assert_eq!((session.verb(), session.name().as_str()), (Verb::Ehlo, "mail.example.com"));
//! assert_eq!(session.reply().lines()[1], "STARTTLS");
//!
//! // After STARTTLS the server has forgotten everything (RFC 3207 4.2): the same name again.
//! let Step::Send { line, next } = session.after_tls() else { unreachable!() };
//! assert_eq!(line, "EHLO mail.example.com\r\n");
//!
//! // Now a server without EHLO is no server for us.
//! let Step::Failed(error) = next.on_reply(Reply::parse(b"502 5.5.1 what?")?)
//! else { unreachable!() };
//! assert_eq!(
//!     error.to_string(),
//!     "the server does not know EHLO: `502 5.5.1 what?` to EHLO mail.example.com"
//! );
//! assert_eq!(error.exchanges().len(), 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The session need not last: most refusals of a name come at MAIL or RCPT; give those replies to
//! [`Diagnosis::of`](crate::Diagnosis::of), and go on with [`Session::next_name`].

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::name::HeloName;
use crate::plan::Plan;
use crate::smtp::diagnose::Diagnosis;
use crate::smtp::exchange::{
    Exchange, HandshakeError, HandshakeErrorKind, HandshakeWarning, QUIT, Verb,
};
use crate::smtp::reply::{InvalidReply, Reply};
use crate::smtp::stage::Stage;

/// How many names are tried, each on a connection of its own.
const MAX_NAMES: usize = 3;

/// A greeting in progress: it takes each reply, and says what to do next.
///
/// ```
/// use helo_name::{Handshake, HeloName, Reply};
/// use helo_name::smtp::Step;
///
/// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]);
/// match handshake.on_reply(Reply::parse(b"220 mx.example.net ESMTP\r\n")?) {
///     Step::Send { line, .. } => assert_eq!(line, "EHLO mail.example.com\r\n"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Handshake {
    /// The names that were not said yet.
    names: VecDeque<HeloName>,
    client_address: Option<IpAddr>,
    protocol: Protocol,
    extensions: Extensions,
    tls: Tls,
    state: State,
    tried: usize,
    warning: Option<HandshakeWarning>,
    exchanges: Vec<Exchange>,
}

/// What the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Smtp,
    /// RFC 2033; never at port 25.
    Lmtp,
}

impl Protocol {
    const fn verb(self) -> Verb {
        match self {
            Protocol::Smtp => Verb::Ehlo,
            Protocol::Lmtp => Verb::Lhlo,
        }
    }
}

/// Whether a session without EHLO is useful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extensions {
    Optional,
    Required,
}

/// When TLS starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    FromTheStart,
    Off,
    /// After STARTTLS; the next connection starts without it.
    On,
}

/// What the next reply answers.
#[derive(Clone, Debug)]
enum State {
    Connected,
    Said(Verb, HeloName),
}

impl State {
    const fn stage(&self) -> Stage {
        match self {
            State::Connected => Stage::Greeting,
            State::Said(verb, _) => verb.stage(),
        }
    }
}

impl Handshake {
    /// Starts with a plan, for a connection from one client address, or from an unknown one
    /// (`None`).
    ///
    /// The plan's literals of other addresses, and its names that mismatch at this one, are not
    /// said ([`Plan::for_client`]).
    ///
    /// ```
    /// use helo_name::{Handshake, Resolve};
    /// use helo_name::dns::Zone;
    ///
    /// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
    /// let report = Resolve::new(zone).configured("mail.example.com").report_blocking();
    /// let handshake = Handshake::of_plan(report.plan()?, Some("192.0.2.10".parse().unwrap()));
    /// # Ok::<(), helo_name::ResolveError>(())
    /// ```
    pub fn of_plan(plan: &Plan, client_address: Option<IpAddr>) -> Self {
        let plan = plan.for_client(client_address);
        let names: Vec<HeloName> = plan.iter().flat_map(Plan::names).cloned().collect();
        let handshake = Self::new(names);
        match client_address {
            Some(address) => handshake.client_address(address),
            None => handshake,
        }
    }

    /// Starts with the names to try, the best first; it waits for the greeting of the first
    /// connection.
    ///
    /// Names beyond the third that is tried stay for [`HandshakeError::remaining`].
    pub fn new<I>(names: I) -> Self
    where
        I: IntoIterator<Item = HeloName>,
    {
        Handshake {
            names: names.into_iter().collect(),
            client_address: None,
            protocol: Protocol::Smtp,
            extensions: Extensions::Optional,
            tls: Tls::Off,
            state: State::Connected,
            tried: 0,
            warning: None,
            exchanges: Vec::new(),
        }
    }

    /// Sets the address that the server sees on this connection.
    ///
    /// Literals of other addresses are not sent; without this, no literal is. It may be set again
    /// for each connection.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply};
    /// use helo_name::smtp::Step;
    ///
    /// let names = [HeloName::parse("[192.0.2.1]")?, HeloName::parse("[IPv6:2001:db8::1]")?];
    /// let handshake = Handshake::new(names).client_address("2001:db8::1".parse()?);
    /// match handshake.on_reply(Reply::parse(b"220 mx.example.net")?) {
    ///     Step::Send { line, .. } => assert_eq!(line, "EHLO [IPv6:2001:db8::1]\r\n"),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_address(mut self, address: IpAddr) -> Self {
        self.client_address = Some(address.to_canonical());
        self
    }

    /// Never falls back to HELO: for clients that need AUTH, STARTTLS or another extension.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply};
    /// use helo_name::smtp::{HandshakeErrorKind, Step};
    ///
    /// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]).require_extensions();
    /// let Step::Send { next, .. } = handshake.on_reply(Reply::parse(b"220 mx.example.net")?)
    /// else { unreachable!() };
    /// let Step::Failed(error) = next.on_reply(Reply::parse(b"502 not implemented")?)
    /// else { unreachable!() };
    /// assert_eq!(error.kind(), HandshakeErrorKind::EhloUnsupported);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require_extensions(mut self) -> Self {
        self.extensions = Extensions::Required;
        self
    }

    /// Says LHLO, and never HELO: for LMTP servers (RFC 2033).
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply};
    /// use helo_name::smtp::{Step, Verb};
    ///
    /// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]).lhlo();
    /// let Step::Send { line, next } = handshake.on_reply(Reply::parse(b"220 mda.example.com LMTP")?)
    /// else { unreachable!() };
    /// assert_eq!(line, "LHLO mail.example.com\r\n");
    /// let Step::Done(session) = next.on_reply(Reply::parse(b"250 mda.example.com")?)
    /// else { unreachable!() };
    /// assert_eq!(session.verb(), Verb::Lhlo);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lhlo(mut self) -> Self {
        self.protocol = Protocol::Lmtp;
        self
    }

    /// Sets that every connection has TLS before the greeting, as on port 465. Then HELO is never
    /// said.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply};
    /// use helo_name::smtp::{HandshakeErrorKind, Step};
    ///
    /// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]).implicit_tls();
    /// let Step::Send { next, .. } = handshake.on_reply(Reply::parse(b"220 mx.example.net")?)
    /// else { unreachable!() };
    /// let Step::Failed(error) = next.on_reply(Reply::parse(b"502 not implemented")?)
    /// else { unreachable!() };
    /// assert_eq!(error.kind(), HandshakeErrorKind::EhloUnsupported);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn implicit_tls(mut self) -> Self {
        self.tls = Tls::FromTheStart;
        self
    }

    /// Returns what is worth a line in the log before the command goes out. It stops nothing.
    #[must_use]
    pub const fn warning(&self) -> Option<HandshakeWarning> {
        self.warning
    }

    /// Takes the server's reply: the greeting of a new connection, or the answer to the line that
    /// was sent.
    pub fn on_reply(mut self, reply: Reply) -> Step {
        let state = std::mem::replace(&mut self.state, State::Connected);
        let said = match &state {
            State::Connected => None,
            State::Said(verb, name) => Some((*verb, name.clone())),
        };
        self.exchanges.push(Exchange {
            stage: state.stage(),
            said,
            reply: reply.clone(),
        });
        match state {
            State::Connected => self.on_greeting(&reply),
            State::Said(verb, name) => self.on_answer(verb, name, reply),
        }
    }

    /// Takes the end of the connection, or of the caller's patience, instead of a reply.
    ///
    /// The error says at which command. At EHLO the name likely is to blame; it stays among the
    /// [remaining](HandshakeError::remaining), as nobody said so.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Stage};
    /// use helo_name::smtp::{HandshakeErrorKind, Step};
    ///
    /// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]);
    /// let Step::Failed(error) = handshake.on_closed() else { unreachable!() };
    /// assert_eq!(error.kind(), HandshakeErrorKind::Closed(Stage::Greeting));
    /// assert_eq!(error.remaining(), ["mail.example.com"]);
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    pub fn on_closed(self) -> Step {
        let stage = self.state.stage();
        self.fail_unjudged(HandshakeErrorKind::Closed(stage))
    }

    /// Takes bytes that are not a reply: this is not an SMTP server, or the connection is out of
    /// step.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply};
    /// use helo_name::smtp::{HandshakeErrorKind, Step};
    ///
    /// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]);
    /// let garbage = Reply::parse(b"HTTP/1.1 400 Bad Request\r\n").unwrap_err();
    /// let Step::Failed(error) = handshake.on_invalid(garbage) else { unreachable!() };
    /// assert_eq!(error.kind(), HandshakeErrorKind::InvalidReply(garbage));
    /// # Ok::<(), helo_name::InvalidHeloName>(())
    /// ```
    pub fn on_invalid(self, error: InvalidReply) -> Step {
        self.fail_unjudged(HandshakeErrorKind::InvalidReply(error))
    }

    /// RFC 5321 3.1: 220 opens the session, 554 and all else do not.
    fn on_greeting(mut self, reply: &Reply) -> Step {
        if reply.code() != 220 {
            return self.fail(HandshakeErrorKind::Greeting);
        }
        let Some(name) = self.take_name() else {
            return self.fail(HandshakeErrorKind::NoName);
        };
        self.tried += 1;
        // RFC 5321 4.2: the text of a 220 begins with the server's name.
        let host = reply
            .lines()
            .first()
            .and_then(|line| line.split_ascii_whitespace().next())
            .unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        self.warning = host
            .eq_ignore_ascii_case(name.as_str())
            .then_some(HandshakeWarning::ServersOwnName);
        let verb = self.protocol.verb();
        self.say(verb, name)
    }

    fn on_answer(mut self, verb: Verb, name: HeloName, reply: Reply) -> Step {
        let code = reply.code();
        if reply.is_positive() {
            return Step::Done(Session {
                verb,
                name,
                reply,
                handshake: self,
            });
        }
        let unsupported = matches!(code, 500 | 502);
        if unsupported && verb == Verb::Ehlo && !is_lmtp(&reply) && self.may_say_helo(&name) {
            return self.say(Verb::Helo, name);
        }
        let refused = matches!(code, 501 | 504..=599)
            && Diagnosis::of(verb.stage(), &reply, Some(name.as_str())).another_name_may_help();
        if refused {
            return self.next_name();
        }
        self.state = State::Said(verb, name);
        self.fail_unjudged(match code {
            500 | 502 if verb == Verb::Lhlo => HandshakeErrorKind::LhloUnsupported,
            _ if is_lmtp(&reply) => HandshakeErrorKind::Lmtp,
            500 | 502 => HandshakeErrorKind::EhloUnsupported,
            _ => HandshakeErrorKind::Refused,
        })
    }

    fn may_say_helo(&self, name: &HeloName) -> bool {
        name.is_domain() && self.tls == Tls::Off && self.extensions == Extensions::Optional
    }

    /// A name holds no line end and at most 253 characters, so this is one line of less than 512
    /// bytes.
    fn say(mut self, verb: Verb, name: HeloName) -> Step {
        let line = format!("{verb} {name}\r\n");
        self.state = State::Said(verb, name);
        Step::Send { line, next: self }
    }

    /// Drops literals that are not the client's and takes the first name that is left.
    fn take_name(&mut self) -> Option<HeloName> {
        let client_address = self.client_address;
        self.names.retain(|name| fits(name, client_address));
        self.names.pop_front()
    }

    /// Goes on after a refusal of the name that was said.
    fn next_name(mut self) -> Step {
        let left = self
            .names
            .iter()
            .any(|name| fits(name, self.client_address));
        if self.tried >= MAX_NAMES || !left {
            return self.fail(HandshakeErrorKind::NameRefused);
        }
        self.state = State::Connected;
        self.warning = None;
        if self.tls == Tls::On {
            self.tls = Tls::Off;
        }
        Step::Reconnect {
            quit: QUIT.to_owned(),
            next: self,
        }
    }

    /// Fails, and keeps the name that was said among the remaining, unless the last reply refuses
    /// it for good with a code that ends the attempt: Postfix at EHLO, `450 4.7.1 <name>: Helo
    /// command rejected: Host not found`.
    fn fail_unjudged(mut self, kind: HandshakeErrorKind) -> Step {
        if let State::Said(_, name) = &self.state {
            let refused = self.exchanges.last().is_some_and(|last| {
                last.name() == Some(name) && last.diagnosis().another_name_may_help()
            });
            if !refused {
                self.names.push_front(name.clone());
            }
        }
        self.fail(kind)
    }

    fn fail(self, kind: HandshakeErrorKind) -> Step {
        Step::Failed(HandshakeError {
            kind,
            exchanges: self.exchanges,
            remaining: self.names.into(),
        })
    }
}

/// A domain fits every connection, a literal only the one from its address.
fn fits(name: &HeloName, client_address: Option<IpAddr>) -> bool {
    match name.address() {
        None => true,
        address => address == client_address,
    }
}

/// Dovecot and Stalwart as LMTP servers say `500 .. use LHLO` and `LHLO expected`.
fn is_lmtp(reply: &Reply) -> bool {
    reply.code() == 500
        && reply.lines().iter().any(|line| {
            let line = line.to_ascii_uppercase();
            line.contains("LHLO") || line.contains("LMTP")
        })
}

/// What the caller does next.
#[derive(Clone, Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a caller must take each step")]
pub enum Step {
    /// The session is open.
    Done(Session),
    /// There is nothing more to try: send [`HandshakeError::quit`], close, and report.
    Failed(HandshakeError),
    /// The name was refused, and there is another: send this line, close, connect to the same
    /// server again, and give its greeting to `next`. There is no need to wait for the reply to
    /// QUIT.
    Reconnect {
        /// One line with its CRLF.
        quit: String,
        /// Waits for the greeting of the new connection.
        next: Handshake,
    },
    /// Send this line and give the reply to `next`.
    Send {
        /// One line with its CRLF.
        line: String,
        /// Waits for the reply.
        next: Handshake,
    },
}

/// An open session: the name that the server accepted, the verb, and the reply.
#[derive(Clone, Debug)]
#[must_use]
pub struct Session {
    verb: Verb,
    name: HeloName,
    reply: Reply,
    handshake: Handshake,
}

impl Session {
    /// Returns the name that was said, for [`Diagnosis::of`] when a later command is refused.
    #[must_use]
    pub const fn name(&self) -> &HeloName {
        &self.name
    }

    /// Returns the verb that the server accepted.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// Returns the whole reply: after EHLO, each line after the first is an extension.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Returns all replies so far, including those of earlier connections.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.handshake.exchanges
    }

    /// Returns what was worth a line in the log.
    #[must_use]
    pub const fn warning(&self) -> Option<HandshakeWarning> {
        self.handshake.warning
    }

    /// Goes on after STARTTLS, once TLS is on: EHLO again, with the same name, and never HELO.
    ///
    /// Discard what the server sent before TLS was on.
    pub fn after_tls(self) -> Step {
        let mut handshake = self.handshake;
        if handshake.tls == Tls::Off {
            handshake.tls = Tls::On;
        }
        let verb = handshake.protocol.verb();
        handshake.say(verb, self.name)
    }

    /// Ends when the connection closed at a later command, instead of a reply.
    ///
    /// Some servers refuse a name so, one command after EHLO.
    ///
    /// ```
    /// use helo_name::{Handshake, HeloName, Reply, Stage};
    /// use helo_name::smtp::Step;
    ///
    /// let Step::Send { next, .. } = Handshake::new([HeloName::parse("mail.example.com")?])
    ///     .on_reply(Reply::parse(b"220 mx.example.net")?)
    /// else { unreachable!() };
    /// let Step::Done(session) = next.on_reply(Reply::parse(b"250 mx.example.net")?)
    /// else { unreachable!() };
    /// let error = session.on_closed(Stage::Mail);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the server closed the connection, or was silent too long, at the command after the \
    ///      name; some servers refuse a name so; try another name; the last reply was \
    ///      `250 mx.example.net` to EHLO mail.example.com"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_closed(self, stage: Stage) -> HandshakeError {
        let mut names = self.handshake.names;
        names.push_front(self.name);
        HandshakeError {
            kind: HandshakeErrorKind::Closed(stage),
            exchanges: self.handshake.exchanges,
            remaining: names.into(),
        }
    }

    /// Goes on when the name was refused later, at MAIL or RCPT: QUIT and the next name, if there
    /// is one.
    ///
    /// Fails when the refusal is not about the name, so ask [`Diagnosis::another_name_may_help`]
    /// first. Names are counted from the first connection on, so this ends too.
    ///
    /// ```
    /// use helo_name::{Diagnosis, Handshake, HeloName, Reply, Stage};
    /// use helo_name::smtp::Step;
    ///
    /// let names = [HeloName::parse("web01.example.com")?, HeloName::parse("mail.example.com")?];
    /// let Step::Send { next, .. } = Handshake::new(names).on_reply(Reply::parse(b"220 mx.example.net")?)
    /// else { unreachable!() };
    /// let Step::Done(session) = next.on_reply(Reply::parse(b"250 mx.example.net")?)
    /// else { unreachable!() };
    ///
    /// let refused = b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found";
    /// let refused = Reply::parse(refused)?;
    /// let diagnosis = Diagnosis::of(Stage::Rcpt, &refused, Some(session.name().as_str()));
    /// assert!(diagnosis.another_name_may_help());
    /// let Step::Reconnect { next, .. } = session.next_name(Stage::Rcpt, refused)
    /// else { unreachable!() };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_name(self, stage: Stage, refusal: Reply) -> Step {
        let mut handshake = self.handshake;
        let exchange = Exchange {
            stage,
            said: Some((self.verb, self.name.clone())),
            reply: refusal,
        };
        // RFC 5321 4.2.3: after 421 the server closes, whatever its text says.
        let refused = exchange.reply.code() != 421 && exchange.diagnosis().another_name_may_help();
        handshake.exchanges.push(exchange);
        if refused {
            return handshake.next_name();
        }
        handshake.state = State::Said(self.verb, self.name);
        handshake.fail_unjudged(HandshakeErrorKind::Refused)
    }
}
