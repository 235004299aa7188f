//! What was said on the way to a session, and why there is none.

use std::error::Error;
use std::fmt;

use crate::kinds::{kinds, messages};
use crate::name::HeloName;
use crate::smtp::diagnose::Diagnosis;
use crate::smtp::reply::{InvalidReply, Reply};
use crate::smtp::stage::Stage;

/// The line that ends a session.
pub(super) const QUIT: &str = "QUIT\r\n";

kinds! {
    /// The verb that opened a session.
    ///
    /// ```
    /// use helo_name::smtp::Verb;
    ///
    /// assert_eq!(Verb::Ehlo.to_string(), "EHLO");
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Verb {
        /// `EHLO`: the reply lists the extensions.
        Ehlo = "EHLO";
        /// `HELO`: there are no extensions.
        Helo = "HELO";
        /// `LHLO`: EHLO of an LMTP server (RFC 2033 4.1).
        Lhlo = "LHLO";
    }
}

impl Verb {
    pub(super) const fn stage(self) -> Stage {
        match self {
            // RFC 2033 4.1: the same semantics as EHLO.
            Verb::Ehlo | Verb::Lhlo => Stage::Ehlo,
            Verb::Helo => Stage::Helo,
        }
    }
}

kinds! {
    /// Something worth a line in the log that stops nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum HandshakeWarning {
        /// The name is that of the host in the greeting, so the client claims to be the server;
        /// many servers refuse that.
        ServersOwnName = "servers-own-name"
            => "the name for EHLO is the server's own, as its greeting says; \
                send the name of this host";
    }
}

/// One reply, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub(super) stage: Stage,
    pub(super) said: Option<(Verb, HeloName)>,
    pub(super) reply: Reply,
}

impl Exchange {
    /// Returns the command; a greeting answers none and begins a new connection.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns the name that had been said; `None` at the greeting.
    #[must_use]
    pub const fn name(&self) -> Option<&HeloName> {
        match &self.said {
            Some((_, name)) => Some(name),
            None => None,
        }
    }

    /// Returns the reply.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Returns whether the name is to blame, and what to do about it.
    pub fn diagnosis(&self) -> Diagnosis {
        let name = self.name().map(HeloName::as_str);
        Diagnosis::of(self.stage, &self.reply, name)
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.said, self.stage) {
            (Some((verb, name)), Stage::Ehlo | Stage::Helo) => {
                write!(f, "`{}` to {verb} {name}", self.reply)
            }
            (Some((verb, name)), stage) => {
                write!(f, "`{}` to {stage} after {verb} {name}", self.reply)
            }
            (None, stage) => write!(f, "`{}` as {stage}", self.reply),
        }
    }
}

/// Why there is no session, with all replies of the server.
///
/// The message quotes the last reply, or the last two where EHLO and HELO failed.
///
/// ```
/// use helo_name::{Handshake, HeloName, Reply};
/// use helo_name::smtp::{HandshakeErrorKind, Step};
///
/// let handshake = Handshake::new([HeloName::parse("mail.example.com")?]);
/// let Step::Failed(error) = handshake.on_reply(Reply::parse(b"554 5.3.2 no")?)
/// else { unreachable!() };
/// assert_eq!(error.kind(), HandshakeErrorKind::Greeting);
/// assert_eq!(error.to_string(), "the server takes no mail now: `554 5.3.2 no` as greeting");
/// assert_eq!(error.quit(), Some("QUIT\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeError {
    pub(super) kind: HandshakeErrorKind,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) remaining: Vec<HeloName>,
}

impl HandshakeError {
    /// Returns what went wrong.
    #[must_use]
    pub const fn kind(&self) -> HandshakeErrorKind {
        self.kind
    }

    /// Returns all replies in order, greetings included; a greeting begins a new connection.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Returns the names that no server has refused, in order: start a new
    /// [`Handshake`](crate::Handshake) with them, at this server later or at another.
    #[must_use]
    pub fn remaining(&self) -> &[HeloName] {
        &self.remaining
    }

    /// Returns the line to send before closing; `None` if the server no longer listens.
    #[must_use]
    pub fn quit(&self) -> Option<&'static str> {
        let closing = self
            .exchanges
            .last()
            .is_some_and(|exchange| exchange.reply.code() == 421);
        match self.kind {
            HandshakeErrorKind::Closed(_) | HandshakeErrorKind::InvalidReply(_) => None,
            _ if closing => None,
            _ => Some(QUIT),
        }
    }

    /// Returns the diagnosis of the last reply; `None` without one.
    #[must_use]
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        self.exchanges.last().map(Exchange::diagnosis)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            // A temporary code ends the attempt whatever it is about.
            HandshakeErrorKind::Refused if self.diagnosis().is_some_and(|last| last.is_ours()) => {
                f.write_str("the server refused the name with a temporary code")?;
            }
            kind => write!(f, "{kind}")?,
        }
        let Some((last, before)) = self.exchanges.split_last() else {
            return Ok(());
        };
        if matches!(self.kind, HandshakeErrorKind::NoName) {
            return Ok(());
        }
        match before.last() {
            _ if matches!(self.kind, HandshakeErrorKind::Closed(_)) => {
                write!(f, "; the last reply was {last}")
            }
            Some(ehlo) if last.stage == Stage::Helo => write!(f, ": {ehlo}, then {last}"),
            _ => write!(f, ": {last}"),
        }
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            HandshakeErrorKind::InvalidReply(error) => Some(error),
            _ => None,
        }
    }
}

/// Returns when a connection ended, and what that likely means.
const fn when(stage: Stage) -> &'static str {
    match stage {
        Stage::Greeting => "before its greeting",
        Stage::Ehlo | Stage::Helo => {
            "instead of an answer to the name, which is likely its verdict on it; try another name"
        }
        Stage::Starttls | Stage::Auth | Stage::Mail => {
            "at the command after the name; some servers refuse a name so; try another name"
        }
        Stage::Rcpt | Stage::Data | Stage::Other => "instead of a reply",
        Stage::Unknown => {
            "instead of a reply; at EHLO or the command after it, some servers refuse a name so"
        }
    }
}

messages! {
    /// Why a [`Handshake`](crate::Handshake) failed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum HandshakeErrorKind {
        /// The connection ended where a reply was expected: at this command. At EHLO, or at the
        /// command after it, that is likely the server's verdict on the name: smtp-relay.gmail.com
        /// closes on `EHLO localhost`.
        Closed(stage: Stage) = "closed"
            => "the server closed the connection, or was silent too long, {when}",
            when = when(*stage);
        /// The server does not know EHLO, and HELO failed too or was not permitted.
        EhloUnsupported = "ehlo-unsupported" => "the server does not know EHLO";
        /// The greeting is not 220.
        Greeting = "greeting" => "the server takes no mail now";
        /// The server sent something that is not a reply.
        InvalidReply(error: InvalidReply) = "invalid-reply"
            => "the server sent something that is not a reply";
        /// The server does not know LHLO: it speaks SMTP.
        LhloUnsupported = "lhlo-unsupported" => "the server does not know LHLO";
        /// The server speaks LMTP.
        Lmtp = "lmtp" => "this is an LMTP server";
        /// The server refused the last name to try.
        NameRefused = "name-refused" => "the server refused every name";
        /// There is no name at all, or only literals of other addresses.
        NoName = "no-name"
            => "no name fits this connection: an address literal is sent only from its own address";
        /// The server refused with a temporary code, or for another reason than the name.
        Refused = "refused" => "the server refused, but not because of the name";
    }
}
