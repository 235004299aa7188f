//! What was found out, as data.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(feature = "receivers")]
use crate::dns::Facts;
use crate::dns::NameServers;
use crate::name::HeloName;
use crate::plan::Plan;
use crate::resolve::choose::Choice;
use crate::resolve::considered::{Client, Considered};
use crate::resolve::error::ResolveError;
use crate::resolve::warning::Warning;

/// The result of a resolution: the name or the error, and how it came about.
///
/// `Display` writes it for an operator's log: a line for each client address, candidate and
/// warning, then the choice. The getters have the same as data.
#[derive(Clone)]
pub struct Resolution {
    pub(super) again: Arc<dyn Again>,
    pub(super) choice: Choice,
    #[cfg(feature = "receivers")]
    pub(super) facts: Facts,
    pub(super) name_servers: Vec<SocketAddr>,
    pub(super) asked: NameServers,
}

/// What a [`Resolution`] keeps to resolve again.
pub(super) trait Again: Send + Sync {
    fn again(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Resolution> + Send>>;
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution")
            .field("choice", &self.choice)
            .field("name_servers", &self.name_servers)
            .field("servers_asked", &self.asked)
            .finish_non_exhaustive()
    }
}

impl Resolution {
    /// Returns the name to send.
    ///
    /// # Errors
    ///
    /// When there is none: see [`ResolveErrorKind`](super::ResolveErrorKind).
    pub fn name(&self) -> Result<&HeloName, ResolveError> {
        self.plan().map(|plan| plan.first().name())
    }

    /// Takes the name to send.
    ///
    /// # Errors
    ///
    /// As [`name`](Self::name).
    pub fn into_name(self) -> Result<HeloName, ResolveError> {
        self.choice.plan.map(|plan| plan.first().name().clone())
    }

    /// Returns the names to try, in order.
    ///
    /// # Errors
    ///
    /// As [`name`](Self::name).
    pub fn plan(&self) -> Result<&Plan, ResolveError> {
        self.choice.plan.as_ref().map_err(Clone::clone)
    }

    /// Returns the client addresses, IPv4 first, with what the DNS says of each.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.choice.clients
    }

    /// Returns every candidate in the order in which they were considered, usable or not.
    #[must_use]
    pub fn considered(&self) -> &[Considered] {
        &self.choice.considered
    }

    /// Returns what an operator should know. The last ones name client addresses without a PTR
    /// record.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.choice.warnings
    }

    /// Returns the name servers to look at, when the DNS did not say something.
    #[must_use]
    pub fn name_servers(&self) -> &[SocketAddr] {
        &self.name_servers
    }

    /// Returns the name servers that were asked, and how they were found. Empty if the DNS is not
    /// known to have any, or nothing was asked.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    ///
    /// let report = Resolve::new(Zone::new()).configured("mail.example.com").report_blocking();
    /// for server in report.servers_asked().servers() {
    ///     println!("{} {}", server.address, server.origin);
    /// }
    /// ```
    #[must_use]
    pub fn servers_asked(&self) -> &NameServers {
        &self.asked
    }

    /// Returns whether the choice rests on something that the DNS did not say.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        self.choice.provisional
    }

    /// Returns how long the choice may be used: as long as the DNS answers it rests on, from a
    /// minute to a day; a minute when it is provisional, or an error.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.choice.valid_until
    }

    /// Returns how much of that time is left: none once the choice should be made again.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use std::time::Duration;
    ///
    /// let report = Resolve::new(Zone::new()).configured("mail.example.com").report_blocking();
    /// assert!(report.valid_for() > Duration::ZERO);
    /// ```
    #[must_use]
    pub fn valid_for(&self) -> Duration {
        self.choice
            .valid_until
            .saturating_duration_since(Instant::now())
    }

    /// Returns the DNS answers that the choice rests on.
    #[cfg(feature = "receivers")]
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }
}
