//! Why there is no name, and what would cure it.

use super::report::{Considered, ReasonKind};
use crate::candidate::Source;
use crate::dns::{Answer, Outcome, PtrText};
use crate::name::HeloName;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Why no name can be sent: every candidate with its reason, and the one line that would cure it.
///
/// ```
/// use helo_name::{Resolve, ResolveErrorKind, dns::Zone};
///
/// let error = Resolve::new(Zone::new())
///     .ignore_environment()
///     .configured("http://mail.example.com")
///     .blocking()
///     .unwrap_err();
/// assert_eq!(error.kind(), ResolveErrorKind::Configuration);
/// assert_eq!(error.cure().to_string(), "HELO_NAME=mail.example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveError(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    kind: ResolveErrorKind,
    refused: Vec<Refused>,
    cure: Cure,
}

/// What kind of reason there is for having no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResolveErrorKind {
    /// What the operator named cannot be sent: it is no legal name, or the policy rejects it.
    Configuration,
    /// No candidate is usable, and the DNS has said all it knows.
    NoUsableName,
    /// The DNS did not answer, and no name is left without it. It may answer later.
    TryAgain,
}

impl ResolveErrorKind {
    /// Gives the kind as a word for logs, in kebab-case.
    ///
    /// ```
    /// assert_eq!(helo_name::ResolveErrorKind::TryAgain.as_str(), "try-again");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::NoUsableName => "no-usable-name",
            Self::TryAgain => "try-again",
        }
    }
}

/// The one line of configuration that would cure it.
///
/// `Display` writes a line that can be pasted: a setting with a name to fill in, or a DNS record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cure {
    /// Publish this record: the operator's name is right, and the DNS does not know it.
    AddRecord {
        /// The operator's name.
        name: HeloName,
        /// The client address.
        address: IpAddr,
    },
    /// Say which address servers see: the name is legal, and without the address nothing can verify it.
    GiveClientAddress,
    /// Set `HELO_NAME` to a fully-qualified name of this machine.
    SetName {
        /// The operator's setting that this replaces, if there is one.
        instead_of: Option<Source>,
        /// What the operator meant, if that is plain; otherwise a name that shows the form.
        example: HeloName,
        /// The client address that the name should have, if it is known and the name is only an example.
        client: Option<IpAddr>,
    },
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddRecord { name, address } => {
                let record_type = crate::dns::Family::of(*address).record_type();
                write!(f, "{name}. {record_type} {address}")
            }
            Self::GiveClientAddress => f.write_str("client address: the one that servers see"),
            Self::SetName { example, .. } => write!(f, "HELO_NAME={example}"),
        }
    }
}

impl Cure {
    /// What to know about the line.
    fn explanation(&self) -> String {
        match self {
            Self::AddRecord { .. } => "make sure that the DNS has this record".to_owned(),
            Self::GiveClientAddress => "give the program this".to_owned(),
            Self::SetName {
                instead_of, client, ..
            } => {
                let what = match client {
                    None => "the name, fully-qualified".to_owned(),
                    Some(address) => {
                        let record_type = crate::dns::Family::of(*address).record_type();
                        format!(
                            "a fully-qualified name of yours whose {record_type} record is {address}"
                        )
                    }
                };
                match instead_of {
                    Some(Source::Configured) => {
                        format!("configure {what}, or in place of the setting")
                    }
                    _ => format!("set {what}"),
                }
            }
        }
    }
}

/// A candidate that was refused, or what was missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    what: String,
    why: String,
}

impl Refused {
    pub(super) fn of(considered: &Considered) -> Self {
        let what = match considered.reason.kind() {
            ReasonKind::NotAsked => format!("{}, {}", considered.source, considered.raw),
            _ => format!("{} \"{}\"", considered.source, considered.raw),
        };
        Self {
            what,
            why: considered.reason.to_string(),
        }
    }

    /// What an address without any PTR name adds to the list of reasons.
    pub(super) fn without_ptr_name(address: IpAddr, answer: &Answer<PtrText>) -> Option<Self> {
        let why = match answer.outcome() {
            Outcome::Found(_) => return None,
            Outcome::NoData | Outcome::NxDomain => {
                "there is none; ask whoever provides the address".to_owned()
            }
            Outcome::NotKnown(reason) => format!("the DNS did not say ({reason})"),
        };
        Some(Self {
            what: format!("PTR of {address}"),
            why,
        })
    }
}

impl ResolveError {
    pub(super) fn new(kind: ResolveErrorKind, refused: Vec<Refused>, cure: Cure) -> Self {
        Self(Arc::new(Inner {
            kind,
            refused,
            cure,
        }))
    }

    /// Tells what kind of reason there is.
    pub fn kind(&self) -> ResolveErrorKind {
        self.0.kind
    }

    /// Gives the one line that would cure it.
    pub fn cure(&self) -> &Cure {
        &self.0.cure
    }
}

impl ResolveErrorKind {
    const fn headline(self) -> &'static str {
        match self {
            Self::Configuration => "the configured EHLO name cannot be sent",
            Self::NoUsableName => "no usable EHLO name",
            Self::TryAgain => "no usable EHLO name until the DNS answers; try again",
        }
    }
}

impl ResolveError {
    /// Writes the kind and the cure; the reasons stand elsewhere.
    pub(super) fn summary(&self) -> String {
        let (headline, cure) = (self.0.kind.headline(), &self.0.cure);
        format!(
            "{headline} ({}); to cure it, {}: {cure}",
            self.0.kind.as_str(),
            cure.explanation()
        )
    }
}

impl fmt::Display for ResolveError {
    /// One line: what is wrong, every candidate with its reason, and the line that would cure it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.headline())?;
        for Refused { what, why } in &self.0.refused {
            write!(f, "; {what}: {why}")?;
        }
        if self.0.refused.is_empty() {
            f.write_str("; there is no candidate at all")?;
        }
        write!(
            f,
            "; to cure it, {}: {}",
            self.0.cure.explanation(),
            self.0.cure
        )
    }
}

impl std::error::Error for ResolveError {}
