//! A server with a configuration, what it is asked, and what it answers.

use std::fmt;
use std::net::IpAddr;

use crate::dns::{Answer, Facts, Family, MailExchanger, PtrText, Question};
use crate::escape::Excerpt;
use crate::smtp::Stage;

/// How much of a reply's text is displayed: a reply line's length (RFC 5321 4.5.3.1.5).
const SHOWN: usize = 512;

/// A verdict, or the question to the DNS that it depends on.
pub(super) type Predicted = Result<Verdict, Question>;

/// A well-known server with a configuration.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    pub(super) name: &'static str,
    pub(super) server: &'static str,
    pub(super) basis: Basis,
    pub(super) judge: fn(&Ehlo<'_>) -> Predicted,
}

impl Profile {
    /// Returns the name: the server, a hyphen and a word for its configuration, as in
    /// `postfix-strict`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the server's name, as in `Postfix`.
    #[must_use]
    pub const fn server(&self) -> &'static str {
        self.server
    }

    /// Returns what the stage and the code of its verdicts depend on.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Predicts the answer to an `EHLO`.
    ///
    /// # Errors
    ///
    /// The question that the server would ask the DNS next, when [`Ehlo::facts`] holds no answer to
    /// it. Servers that judge by syntax alone ask too, when they greet the client by the name of
    /// its address.
    pub fn judge(&self, ehlo: &Ehlo<'_>) -> Result<Verdict, Question> {
        (self.judge)(ehlo)
    }
}

/// What a profile judges by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// The argument, and what the DNS says about it and the client.
    Dns,
    /// The argument alone, or with the client's and the server's addresses. The DNS affects only
    /// texts.
    Syntax,
}

/// The receiving server: its name and addresses.
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
    /// Makes a server from its host name, without an address; the recipient is its postmaster.
    #[must_use]
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

    /// Sets the recipient in RCPT; some replies repeat it.
    #[must_use]
    pub fn recipient(mut self, mailbox: &str) -> Self {
        self.recipient = mailbox.into();
        self
    }
}

/// An `EHLO` to be predicted, and what is known about it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers fill it in")]
pub struct Ehlo<'a> {
    /// What follows the verb and one space, without CR LF; `None` for the verb alone.
    pub argument: Option<&'a [u8]>,
    /// The address from which the client connects.
    pub client: IpAddr,
    /// The server it connects to.
    pub server: &'a Server,
    /// What the DNS says.
    pub facts: &'a Facts,
}

impl<'a> Ehlo<'a> {
    /// The argument; a verb alone and one with a space after it are the same to almost all servers.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.argument.unwrap_or_default()
    }

    /// Looks up A or AAAA of the name with these labels and dots, or says what to ask.
    pub(super) fn addresses(
        &self,
        name: &[u8],
        family: Family,
    ) -> Result<&'a Answer<IpAddr>, Question> {
        let name = presentation(name);
        let known = self.facts.addresses(&name, family);
        known.ok_or(Question::Addresses(name, family))
    }

    /// Looks up MX, or says what to ask.
    pub(super) fn exchangers(&self, name: &[u8]) -> Result<&'a Answer<MailExchanger>, Question> {
        let name = presentation(name);
        let known = self.facts.mail_exchangers(&name);
        known.ok_or(Question::MailExchangers(name))
    }

    /// Looks up PTR, or says what to ask.
    pub(super) fn names(&self, address: IpAddr) -> Result<&'a Answer<PtrText>, Question> {
        let address = address.to_canonical();
        self.facts.names(address).ok_or(Question::Names(address))
    }
}

/// What a server answers: a reply, and to which command. Of an acceptance, the first line of the
/// reply to `EHLO`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// The command that is refused; `None` when the name is accepted, and mail after it.
    stage: Option<Stage>,
    code: u16,
    enhanced: Option<&'static str>,
    text: Vec<u8>,
}

impl Verdict {
    pub(super) fn accepted(text: impl Into<Vec<u8>>) -> Self {
        Self {
            stage: None,
            code: 250,
            enhanced: None,
            text: text.into(),
        }
    }

    pub(super) fn refused(stage: Stage, code: Code, text: impl Into<Vec<u8>>) -> Self {
        Self {
            stage: Some(stage),
            code: code.0,
            enhanced: code.1,
            text: text.into(),
        }
    }

    /// Returns whether the server accepts the name.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.stage.is_none()
    }

    /// Returns the command at which the server refuses; `None` if it accepts the name.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// Returns the reply code (RFC 5321 4.2).
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Returns the enhanced status code (RFC 3463), if the server sends one.
    #[must_use]
    pub const fn enhanced(&self) -> Option<&'static str> {
        self.enhanced
    }

    /// Returns the text after the codes as the server sends it. It may repeat the argument,
    /// whatever bytes that holds.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Display for Verdict {
    /// Writes stage, codes and text. In the text a byte that is not printable ASCII is `\xNN`, and
    /// a quote or backslash is escaped with a backslash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = self
            .stage
            .map_or_else(|| "accepted".to_owned(), Stage::verb);
        write!(f, "{stage} {} ", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, "{enhanced} ")?;
        }
        write!(f, "{}", Excerpt::new(&self.text).up_to(SHOWN))
    }
}

/// A reply code, and the enhanced code that the server sends after it.
#[derive(Clone, Copy)]
pub(super) struct Code(pub(super) u16, pub(super) Option<&'static str>);

/// Writes a name as [`Question`] has it. A dot always separates two labels; dots at the end go.
fn presentation(name: &[u8]) -> Box<str> {
    let end = name.iter().rposition(|&byte| byte != b'.');
    let name = &name[..end.map_or(0, |last| last + 1)];
    let mut text = String::with_capacity(name.len());
    for &byte in name {
        if byte.is_ascii_graphic() && byte != b'\\' {
            text.push(char::from(byte.to_ascii_lowercase()));
        } else {
            text.push_str(&format!("\\{byte:03}"));
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::presentation;
    use crate::each::each;

    #[test]
    fn names_are_lower_case_and_escaped() {
        each(
            [
                (&b"Mail.Example.COM."[..], "mail.example.com"),
                (b"a\\b c.example", "a\\092b\\032c.example"),
                (b"\xff", "\\255"),
                (b".", ""),
            ],
            |(name, text)| {
                assert_eq!(&*presentation(name), text);
            },
        );
    }
}
