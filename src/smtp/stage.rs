//! The point of a session at which a server speaks.

use std::str::FromStr;

use crate::kinds::kinds;

kinds! {
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
        Greeting = "greeting";
        /// `EHLO`, and `LHLO` of LMTP, which means the same (RFC 2033 4.1).
        Ehlo = "ehlo";
        /// `HELO`.
        Helo = "helo";
        /// `STARTTLS`.
        Starttls = "starttls";
        /// `AUTH`, and the client's answers in it.
        Auth = "auth";
        /// `MAIL FROM`.
        Mail = "mail";
        /// `RCPT TO`.
        Rcpt = "rcpt";
        /// `DATA`, `BDAT`, or the end of the message.
        Data = "data";
        /// Another command, such as `RSET` or `QUIT`.
        Other = "other";
        /// Not known, as in many logs.
        Unknown = "unknown";
    }
}

impl Stage {
    /// Returns the verb in capitals, as a client sends it.
    #[cfg(feature = "receivers")]
    pub(crate) fn verb(self) -> String {
        self.as_str().to_ascii_uppercase()
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
            "ehlo" | "lhlo" => Stage::Ehlo,
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
