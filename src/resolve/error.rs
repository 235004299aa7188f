//! Why there is no name, and what would fix it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::candidate::Source;
use crate::dns::{Family, Outcome};
use crate::escape::list;
use crate::kinds::{kinds, messages};
use crate::name::HeloName;
use crate::resolve::considered::{Client, Considered};

/// Shows how the setting looks; it is the operator's to fill in.
pub(super) const EXAMPLE: HeloName = HeloName::from_static("mail.example.com");

/// Why no name can be sent: every candidate with its reason, and the one line that would fix it.
///
/// ```
/// use helo_name::Resolve;
/// use helo_name::dns::Zone;
/// use helo_name::resolve::ResolveErrorKind;
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
pub struct ResolveError(Arc<Failure>);

/// What a [`ResolveError`] holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: ResolveErrorKind,
    pub(super) considered: Vec<Considered>,
    pub(super) clients: Vec<Client>,
    pub(super) name_servers: Vec<SocketAddr>,
    pub(super) cure: Cure,
}

kinds! {
    /// The kind of reason for having no name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum ResolveErrorKind {
        /// The operator's name cannot be sent: it is not legal, or the policy rejects it.
        Configuration = "configuration" => "the configured EHLO name cannot be sent";
        /// No candidate is usable, and the DNS has said all it knows.
        NoUsableName = "no-usable-name" => "no usable EHLO name";
        /// The DNS did not answer, and no name can be sent without it. It may answer later.
        TryAgain = "try-again" => "no usable EHLO name until the DNS answers; try again";
    }
    texts(headline)
}

messages! {
    /// The one line of configuration that would fix it.
    ///
    /// `Display` writes it as a line: a setting, a DNS record, or what to tell the program. The
    /// name in a setting is an example if nothing better is known; the error says so.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Cure {
        /// Publish this record: the operator's name is right, and the DNS does not know it.
        AddRecord {
            /// The operator's name.
            name: HeloName,
            /// The client address.
            address: IpAddr,
        } = "add-record"
            => "{name}. {record_type} {address}", record_type = Family::of(*address).record_type();
        /// Ask a resolver outside this network as well
        /// ([`Resolve::outside`](crate::Resolve::outside)): the name has only private addresses
        /// inside.
        AskOutside(name: HeloName) = "ask-outside"
            => "outside resolver: one beyond this network, such as 1.1.1.1";
        /// Say which address servers see: the name is legal, but cannot be verified without the
        /// address.
        GiveClientAddress = "give-client-address" => "client address: the one that servers see";
        /// Choose the policy [`Submission`](crate::policy::Submission): the server is private, and
        /// knows private names and literals.
        UseSubmission = "use-submission" => "policy: Submission";
        /// Set `HELO_NAME` to a fully-qualified name of this machine.
        SetName {
            /// The operator's setting that this replaces, if there is one.
            instead_of: Option<Source>,
            /// What the operator obviously meant; otherwise a name that shows the form.
            example: HeloName,
            /// The client address that the name should have, if it is known and the name is only an
            /// example.
            client: Option<IpAddr>,
        } = "set-name" => "HELO_NAME={example}";
    }
}

impl Cure {
    /// What to know about the line.
    pub(crate) fn explanation(&self) -> String {
        match self {
            Self::AddRecord { .. } => "publish this record".to_owned(),
            Self::AskOutside(name) => format!(
                "{name} has only private addresses inside this network; set this in the program"
            ),
            Self::UseSubmission => {
                "the server is not public, so it may know private names and literals; set this in \
                 the program, or set HELO_NAME"
                    .to_owned()
            }
            Self::GiveClientAddress => "set this in the program".to_owned(),
            Self::SetName {
                example,
                instead_of,
                client,
            } => {
                let setting = match instead_of {
                    Some(Source::Configured) => {
                        "change the setting, or remove it and set HELO_NAME to"
                    }
                    _ => "set HELO_NAME to",
                };
                format!("{setting} {}", name_to_set(example, *client))
            }
        }
    }

    /// Says what to do, and the line.
    fn sentence(&self) -> String {
        format!("fix: {}: {self}", self.explanation())
    }
}

fn name_to_set(example: &HeloName, client: Option<IpAddr>) -> String {
    match client {
        _ if *example != EXAMPLE => "the name that was meant".to_owned(),
        None => "this host's fully-qualified name, for example".to_owned(),
        Some(address) => format!(
            "this host's fully-qualified name, whose {} record is {address}, for example",
            Family::of(address).record_type()
        ),
    }
}

impl ResolveError {
    pub(super) fn new(failure: Failure) -> Self {
        Self(Arc::new(failure))
    }

    /// Returns what was refused, each with its reason.
    #[must_use]
    pub fn considered(&self) -> &[Considered] {
        &self.0.considered
    }

    /// Returns the kind of reason.
    #[must_use]
    pub fn kind(&self) -> ResolveErrorKind {
        self.0.kind
    }

    /// Returns the one line that would fix it.
    #[must_use]
    pub fn cure(&self) -> &Cure {
        &self.0.cure
    }

    /// Says the kind and what to do, for a report that has given the reasons.
    pub(crate) fn summary(&self) -> String {
        let (kind, cure) = (self.0.kind, &self.0.cure);
        format!("{} ({kind}); {}", kind.headline(), cure.sentence())
    }
}

impl std::error::Error for ResolveError {}

impl fmt::Display for ResolveError {
    /// One line: what is wrong, every candidate with its reason, and the line that would fix it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            kind,
            considered,
            clients,
            name_servers,
            cure,
        } = &*self.0;
        f.write_str(kind.headline())?;
        for considered in considered {
            write!(f, "; {}: {}", considered.what(), considered.reason())?;
        }
        let missing: Vec<String> = clients.iter().filter_map(without_ptr_name).collect();
        for missing in &missing {
            write!(f, "; {missing}")?;
        }
        if considered.is_empty() && missing.is_empty() {
            f.write_str("; there is no candidate")?;
        }
        if !name_servers.is_empty() {
            write!(f, "; name servers asked: {}", list(name_servers))?;
        }
        write!(f, "; {}", cure.sentence())
    }
}

/// What an address without any PTR name adds to the reasons. It does not cause configuration
/// errors.
fn without_ptr_name(client: &Client) -> Option<String> {
    let why = match client.reverse()?.answer.outcome() {
        Outcome::Found(_) => return None,
        Outcome::NoData | Outcome::NxDomain => {
            "none; ask whoever provides the address to set one".to_owned()
        }
        Outcome::NotKnown(reason) => format!("the DNS did not say ({reason})"),
    };
    Some(format!("PTR of {}: {why}", client.address()))
}
