//! A server with a configuration, what it is asked, and what it answers.

use crate::escape::Excerpt;
use crate::receivers::facts::{Facts, Question};
use std::fmt;
use std::net::IpAddr;

/// How much of a reply's text is displayed: a reply line's length (RFC 5321 4.5.3.1.5).
const SHOWN: usize = 512;

/// A verdict, or the question to the DNS that it hangs on.
pub(super) type Judged = Result<Verdict, Question>;

/// A well-known server with a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    pub(super) name: &'static str,
    pub(super) server: &'static str,
    pub(super) basis: Basis,
    pub(super) judge: fn(&Attempt<'_>) -> Judged,
}

impl Profile {
    /// Gives the name: the server, a hyphen and a word for its configuration, as in `postfix-strict`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the server's name, as in `Postfix`.
    pub const fn server(&self) -> &'static str {
        self.server
    }

    /// Tells what the stage and the code of its verdicts rest on.
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Predicts the answer to an attempt.
    ///
    /// # Errors
    ///
    /// The question that the server would ask the DNS next, when [`Attempt::facts`] holds no answer to it. Servers
    /// that judge by syntax alone ask too, when they greet the client by the name of its address.
    pub fn judge(&self, attempt: &Attempt<'_>) -> Result<Verdict, Question> {
        (self.judge)(attempt)
    }
}

/// What a profile judges by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The argument, and what the DNS says about it and the client.
    Dns,
    /// The argument alone, or with the client's and the server's addresses. The DNS shows in texts at most.
    Syntax,
}

/// The receiving server: what it is called, and where.
///
/// ```
/// use helo_name::receivers::Server;
/// let server = Server::new("mx.example.net")
///     .address("192.0.2.25".parse().unwrap())
///     .recipient("info@example.net");
/// # let _ = server;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub(super) name: Box<str>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) recipient: Box<str>,
}

impl Server {
    /// Takes the server's host name. It has no address, and the recipient is its postmaster.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            addresses: Vec::new(),
            recipient: format!("postmaster@{name}").into(),
        }
    }

    /// Adds one of its own addresses.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Says what the client writes in RCPT; some replies repeat it.
    #[must_use]
    pub fn recipient(mut self, mailbox: &str) -> Self {
        self.recipient = mailbox.into();
        self
    }
}

/// An `EHLO` to be predicted, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What follows the verb and one space, without CR LF; `None` when the verb stands alone.
    pub argument: Option<&'a [u8]>,
    /// The address from which the client connects.
    pub client: IpAddr,
    /// The server it connects to.
    pub server: &'a Server,
    /// What the DNS says.
    pub facts: &'a Facts,
}

impl<'a> Attempt<'a> {
    /// The argument; a verb alone and one with a space after it are the same to almost all servers.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.argument.unwrap_or_default()
    }
}

/// When a server says its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It accepts the name, and mail after it.
    Accepted,
    /// In reply to `EHLO`.
    Ehlo,
    /// In reply to `MAIL`.
    Mail,
    /// In reply to `RCPT`.
    Rcpt,
}

impl Stage {
    /// Gives the command that is refused, or `accepted`.
    ///
    /// ```
    /// assert_eq!(helo_name::receivers::Stage::Rcpt.as_str(), "RCPT");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ehlo => "EHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a server answers: a reply, and to which command. Of an acceptance, the first line of the reply to `EHLO`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    stage: Stage,
    code: u16,
    enhanced: Option<&'static str>,
    text: Vec<u8>,
}

impl Verdict {
    pub(super) fn accepted(text: impl Into<Vec<u8>>) -> Self {
        Self {
            stage: Stage::Accepted,
            code: 250,
            enhanced: None,
            text: text.into(),
        }
    }

    pub(super) fn refused(stage: Stage, code: Code, text: impl Into<Vec<u8>>) -> Self {
        Self {
            stage,
            code: code.0,
            enhanced: code.1,
            text: text.into(),
        }
    }

    /// Tells whether the server takes the name.
    pub fn is_accepted(&self) -> bool {
        self.stage == Stage::Accepted
    }

    /// Tells at which command the server refuses, if it does.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Gives the reply code (RFC 5321, section 4.2).
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Gives the enhanced status code (RFC 3463), if the server sends one.
    pub const fn enhanced(&self) -> Option<&'static str> {
        self.enhanced
    }

    /// Gives the text after the codes as the server sends it. It may repeat the argument, whatever bytes that holds.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Display for Verdict {
    /// Writes stage, codes and text. In the text a byte that is not printable ASCII is `\xNN`, and a quote or backslash
    /// stands after a backslash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.stage, self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, "{enhanced} ")?;
        }
        write!(f, "{}", Excerpt::new(&self.text).up_to(SHOWN))
    }
}

/// A reply code, and the enhanced code that the server sends after it.
#[derive(Clone, Copy)]
pub(super) struct Code(pub(super) u16, pub(super) Option<&'static str>);
