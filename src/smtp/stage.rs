//! The point of a session at which a server speaks.

use std::fmt;
use std::str::FromStr;

/// The command that a reply answers.
///
/// ```
/// use helo_name::Stage;
///
/// assert_eq!("RCPT".parse(), Ok(Stage::Rcpt));
/// assert_eq!("banner".parse(), Ok(Stage::Greeting));
/// assert_eq!(Stage::Rcpt.as_str(), "rcpt");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The greeting, before any command.
    Greeting,
    /// `EHLO`.
    Ehlo,
    /// `HELO`.
    Helo,
    /// `STARTTLS`.
    Starttls,
    /// `AUTH`, and the client's answers in it.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, `BDAT`, or the end of the message.
    Data,
    /// Another command, such as `RSET` or `QUIT`.
    Other,
    /// Not known, as in many logs.
    Unknown,
}

impl Stage {
    /// Returns the name in lower case: `greeting`, `ehlo`, `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Greeting => "greeting",
            Stage::Ehlo => "ehlo",
            Stage::Helo => "helo",
            Stage::Starttls => "starttls",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::Other => "other",
            Stage::Unknown => "unknown",
        }
    }
}

impl Stage {
    /// Returns the verb in capitals, as a client sends it; the word where the stage has none.
    #[cfg(feature = "receivers")]
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Ehlo => "EHLO",
            Self::Helo => "HELO",
            Self::Starttls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Greeting | Self::Other | Self::Unknown => self.as_str(),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = InvalidStage;

    /// Reads the name of a stage, or a verb with or without its second word (`MAIL FROM`), in any
    /// case. `banner` and `connect` are the greeting, `-` is not known.
    ///
    /// # Errors
    ///
    /// Anything else: `HELP ME`, `550`, an empty text.
    fn from_str(text: &str) -> Result<Self, InvalidStage> {
        let verb = text.split([' ', ':']).next().unwrap_or_default();
        Ok(match verb.to_ascii_lowercase().as_str() {
            "greeting" | "banner" | "connect" => Stage::Greeting,
            "ehlo" => Stage::Ehlo,
            "helo" => Stage::Helo,
            "starttls" => Stage::Starttls,
            "auth" => Stage::Auth,
            "mail" => Stage::Mail,
            "rcpt" => Stage::Rcpt,
            "data" | "bdat" => Stage::Data,
            "other" | "etrn" | "expn" | "noop" | "quit" | "rset" | "vrfy" => Stage::Other,
            "unknown" | "-" => Stage::Unknown,
            _ => return Err(InvalidStage(())),
        })
    }
}

/// Why a text is not a [`Stage`].
///
/// ```
/// use helo_name::Stage;
///
/// let error = "lunch".parse::<Stage>().unwrap_err();
/// assert!(error.to_string().starts_with("unknown SMTP stage; expected greeting, ehlo, helo"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown SMTP stage; expected greeting, ehlo, helo, starttls, auth, mail, rcpt, data, \
     other or unknown"
)]
pub struct InvalidStage(());
