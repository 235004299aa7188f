//! `HeloName::resolve()`: gathers candidates, asks the DNS, lets the policy judge, and explains
//! itself.
//!
//! [`Resolve`] is the builder. [`Resolution`] is the outcome and its report, [`ResolveError`] says
//! what an operator has to do when there is no name.

mod advise;
mod ask;
mod choose;
mod considered;
#[cfg(feature = "dns")]
mod discover;
mod egress;
mod error;
mod families;
mod gather;
mod judge;
mod machine;
mod missing;
mod probe;
mod ptr_names;
mod recheck;
mod report;
mod run;
mod warning;
mod watch;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use considered::{Client, Considered, Reason, ReasonKind};
pub use egress::HeloNames;
pub use error::{Cure, ResolveError, ResolveErrorKind};
pub use families::FamilyEgress;
pub use gather::ClientOrigin;
use gather::Settings;
pub use missing::MissingRecord;
pub use recheck::{Change, Recheck};
pub use report::Resolution;
use run::Run;
pub use warning::Warning;
pub use watch::Watch;

use crate::dns::{Dns, Views};
use crate::executor::block_on;
pub use crate::host::FileProblem;
use crate::name::HeloName;
pub use crate::plan::{Attempt, Plan};
use crate::policy::{Decision, FallbackPolicy, Judged, PolicyFn, Standard};

/// How long a resolution may take, unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(5);

#[cfg(feature = "dns")]
impl HeloName {
    /// Starts to find the name that this machine should send in `EHLO`.
    ///
    /// Await the builder, or call [`blocking`](Resolve::blocking); both work inside and outside a
    /// tokio runtime and under any other executor. Do it once, at start-up: it asks the DNS.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), helo_name::ResolveError> {
    /// let helo = helo_name::HeloName::resolve().await?;
    /// let greeting = format!("EHLO {helo}\r\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve() -> Resolve<crate::dns::Resolver> {
        Resolve::new(crate::dns::Resolver::of_this_machine())
    }
}

/// A builder for the name to send: what the operator knows, and how to ask.
///
/// By default `HELO_NAME` wins. Without it, the host name, `/etc/mailname` and the PTR names of the
/// client address are candidates, and finally the literal of that address.
///
/// ```
/// use helo_name::Resolve;
/// use helo_name::dns::Zone;
///
/// let zone = Zone::new().address("mail.example.com", "192.0.2.10");
/// let report = Resolve::new(zone)
///     .configured("mail.example.com")
///     .client_address("192.0.2.10".parse::<std::net::IpAddr>().unwrap())
///     .report_blocking();
/// assert_eq!(report.name().unwrap().as_str(), "mail.example.com");
/// assert!(!report.is_provisional());
/// ```
#[must_use = "a builder does nothing until it is awaited or `blocking` is called"]
pub struct Resolve<D> {
    run: Run<D>,
}

impl<D> fmt::Debug for Resolve<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolve")
            .field("settings", &self.run.settings)
            .field("deadline", &self.run.deadline)
            .finish_non_exhaustive()
    }
}

impl<D: Dns> Resolve<D> {
    /// Starts with any DNS: a [`Zone`](crate::dns::Zone) in tests, or your own resolver.
    pub fn new(dns: D) -> Self {
        let run = Run {
            dns,
            settings: Settings::default(),
            policy: Box::new(Standard),
            deadline: DEADLINE,
        };
        Self { run }
    }

    /// Sets the operator's name. It is sent as it is, or refused with an error, and never replaced.
    ///
    /// Surrounding white space, upper case, one trailing dot and U-labels are repaired. Blank text
    /// counts as not set, with a warning. A name set here wins over the variable `HELO_NAME`.
    pub fn configured<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.run.settings.configured = name.into().map(str::to_owned);
        self
    }

    /// Adds derived names to the plan after the configured one. By default the plan is the
    /// configured name alone.
    pub fn also_derived(mut self) -> Self {
        self.run.settings.derived = gather::Derived::Always;
        self
    }

    /// Adds an address that servers see. Give one for each family; several of one family are a NAT
    /// pool of which the gateway chooses, and the name should be right for each of them.
    ///
    /// Behind NAT and in a container this is not the address that the socket is bound to.
    pub fn client_address(self, address: impl Into<Option<IpAddr>>) -> Self {
        match address.into() {
            Some(address) => self.client_addresses([address]),
            None => self,
        }
    }

    /// Adds addresses that servers see: a NAT pool, up to 256 in all. A name that is right for each
    /// comes before one that is right for some.
    ///
    /// Where the program knows the address of each connection, [`names_for`](Self::names_for) gives
    /// each its own name.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use std::net::IpAddr;
    ///
    /// let zone = Zone::new()
    ///     .address("mail.example.com", "192.0.2.10")
    ///     .address("mail.example.com", "192.0.2.11");
    /// let pool: [IpAddr; 2] = ["192.0.2.10", "192.0.2.11"].map(|text| text.parse().unwrap());
    /// let report = Resolve::new(zone)
    ///     .ignore_environment()
    ///     .configured("mail.example.com")
    ///     .client_addresses(pool)
    ///     .report_blocking();
    /// assert_eq!(report.clients().len(), 2);
    /// ```
    pub fn client_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let clients = self.run.settings.clients.get_or_insert_default();
        clients.extend(addresses);
        self
    }

    /// Sets the server that mail goes to. The local address towards it is the client address unless
    /// one is set, and a private or loopback server permits names that mean nothing in public.
    /// Nothing is sent to it.
    pub fn server(mut self, server: impl Into<Option<SocketAddr>>) -> Self {
        self.run.settings.server = server.into();
        self
    }

    /// Sets the raw host name, any bytes, in place of the operating system's. The hosts file and
    /// the resolver's domain do not qualify it; [`domain`](Self::domain) does.
    pub fn host_name(mut self, raw: impl Into<OsString>) -> Self {
        self.run.settings.host_name = Some(raw.into());
        self
    }

    /// Sets the domain that makes a bare host name fully-qualified, in place of the hosts file and
    /// the resolver's.
    pub fn domain<'a>(mut self, domain: impl Into<Option<&'a str>>) -> Self {
        self.run.settings.domain = domain.into().map(str::to_owned);
        self
    }

    /// Sets the domain of the sender, a candidate under [`Submission`](crate::policy::Submission).
    /// It must be a domain whose hosts you run, never a user's mailbox domain.
    pub fn sender_domain<'a>(mut self, domain: impl Into<Option<&'a str>>) -> Self {
        self.run.settings.sender_domain = domain.into().map(str::to_owned);
        self
    }

    /// Sets the last resort of a program that many people run behind NAT, as a mail app is: a name
    /// of its vendor. Only [`Submission`](crate::policy::Submission) sends it, after everything that
    /// verified and before literals.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use helo_name::policy::Submission;
    ///
    /// let name = Resolve::new(Zone::new())
    ///     .ignore_environment()
    ///     .ignore_machine()
    ///     .policy(Submission)
    ///     .fallback("client.app.example.com")
    ///     .blocking()
    ///     .unwrap();
    /// assert_eq!(name, "client.app.example.com");
    /// ```
    pub fn fallback<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.run.settings.fallback = name.into().map(str::to_owned);
        self
    }

    /// Sets the policy; [`Standard`] by default.
    ///
    /// ```
    /// use helo_name::{FallbackPolicy, Resolve, policy};
    /// use helo_name::dns::Zone;
    ///
    /// let from_configuration = "strict";
    /// let policy: Box<dyn FallbackPolicy> = match from_configuration {
    ///     "strict" => Box::new(policy::Strict),
    ///     _ => Box::new(policy::Standard),
    /// };
    /// let resolve = Resolve::new(Zone::new()).policy(policy);
    /// ```
    pub fn policy(mut self, policy: impl FallbackPolicy + 'static) -> Self {
        self.run.policy = Box::new(policy);
        self
    }

    /// Sets a closure as the policy.
    ///
    /// ```
    /// use helo_name::{Decision, FallbackPolicy, Resolve};
    /// use helo_name::dns::Zone;
    /// use helo_name::policy::Standard;
    ///
    /// let resolve = Resolve::new(Zone::new()).policy_fn(|judged| {
    ///     if judged.name().as_str().ends_with(".example.org") {
    ///         return Decision::Reject; // another department's
    ///     }
    ///     Standard.judge(judged)
    /// });
    /// ```
    pub fn policy_fn(
        self,
        judge: impl Fn(&Judged<'_>) -> Decision + Send + Sync + 'static,
    ) -> Self {
        self.policy(PolicyFn(judge))
    }

    /// Sets how long everything may take; 5 seconds by default. What was found by then is used.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.run.deadline = deadline;
        self
    }

    /// Asks another resolver.
    pub fn dns<E: Dns>(self, dns: E) -> Resolve<E> {
        let run = Run {
            dns,
            settings: self.run.settings,
            policy: self.run.policy,
            deadline: self.run.deadline,
        };
        Resolve { run }
    }

    /// Asks a second resolver, outside the network, at the same time. Its view decides, and the
    /// report shows both where they differ.
    ///
    /// Inside a network a public name often has a private address. `Resolver::public()` asks
    /// well-known resolvers.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    ///
    /// let inside = Zone::new().address("mail.example.com", "10.0.0.5");
    /// let outside = Zone::new().address("mail.example.com", "192.0.2.10");
    /// let report = Resolve::new(inside)
    ///     .outside(outside)
    ///     .ignore_environment()
    ///     .configured("mail.example.com")
    ///     .client_address("192.0.2.10".parse::<std::net::IpAddr>().unwrap())
    ///     .report_blocking();
    /// assert!(report.to_string().contains("A 10.0.0.5 inside, 192.0.2.10 outside"));
    /// ```
    pub fn outside<E: Dns>(self, outside: E) -> Resolve<Views<D, E>> {
        let run = Run {
            dns: Views::new(self.run.dns, outside),
            settings: self.run.settings,
            policy: self.run.policy,
            deadline: self.run.deadline,
        };
        Resolve { run }
    }

    /// Leaves the variable `HELO_NAME` unread.
    pub fn ignore_environment(mut self) -> Self {
        self.run.settings.environment = gather::Reading::Ignore;
        self
    }

    /// Leaves unread what this machine says of itself: its host name, hosts file, resolver domain,
    /// `/etc/mailname` and source addresses. The resolver finds its name servers by itself.
    pub fn ignore_machine(mut self) -> Self {
        self.run.settings.machine = gather::Reading::Ignore;
        self
    }

    /// Asks services that echo the asker's address over DNS, for the families in which no client
    /// address is known.
    ///
    /// Behind NAT and in a container the socket's address is not what servers see. These services
    /// are third parties, and are asked only if you call this. They get half the deadline. An
    /// address counts when two services agree on it, or when its PTR names lead back to it, as port
    /// 53 is often intercepted.
    ///
    /// ```no_run
    /// use helo_name::HeloName;
    /// use helo_name::dns::EchoService;
    ///
    /// let report = HeloName::resolve()
    ///     .discover_client_address(EchoService::WELL_KNOWN)
    ///     .report_blocking();
    /// ```
    #[cfg(feature = "dns")]
    pub fn discover_client_address(
        mut self,
        services: impl IntoIterator<Item = crate::dns::EchoService>,
    ) -> Self {
        self.run.settings.services = services.into_iter().collect();
        self
    }
}

impl<D: Dns + 'static> Resolve<D> {
    /// Resolves, and reports every candidate: what was repaired, looked up and decided, and why.
    ///
    /// It never fails: the report has the name or the error.
    pub async fn report(self) -> Resolution {
        Arc::new(self.run).for_host().await
    }

    /// As [`report`](Self::report), and blocks this thread. Inside a runtime it blocks one of its
    /// threads.
    pub fn report_blocking(self) -> Resolution {
        block_on(self.report())
    }

    /// Resolves, and blocks this thread, no longer than the deadline.
    ///
    /// # Errors
    ///
    /// When a configured name cannot be sent, when there is no usable name, or when the DNS did not
    /// answer and no name can be sent without it. The error says why each candidate was refused,
    /// and what to configure.
    pub fn blocking(self) -> Result<HeloName, ResolveError> {
        self.report_blocking().into_name()
    }

    /// Resolves a name for each of several client addresses, in one call and one deadline.
    ///
    /// The operator's name and the host name are candidates for each of them, the PTR names of an
    /// address only for that one. Addresses set before do not count.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use std::net::IpAddr;
    ///
    /// let zone = Zone::new()
    ///     .ptr("192.0.2.10", "out1.example.com").address("out1.example.com", "192.0.2.10")
    ///     .ptr("192.0.2.11", "out2.example.com").address("out2.example.com", "192.0.2.11");
    /// let egress: [IpAddr; 2] = ["192.0.2.10", "192.0.2.11"].map(|text| text.parse().unwrap());
    /// let names = Resolve::new(zone)
    ///     .ignore_machine()
    ///     .ignore_environment()
    ///     .names_for_blocking(egress);
    /// assert_eq!(names.name(egress[1]).unwrap().as_str(), "out2.example.com");
    /// ```
    pub async fn names_for(self, clients: impl IntoIterator<Item = IpAddr> + Send) -> HeloNames {
        let clients: Vec<IpAddr> = clients.into_iter().collect();
        Arc::new(self.run).for_each(clients).await
    }

    /// As [`names_for`](Self::names_for), and blocks this thread.
    pub fn names_for_blocking(self, clients: impl IntoIterator<Item = IpAddr> + Send) -> HeloNames {
        block_on(self.names_for(clients))
    }
}

impl<D: Dns + 'static> IntoFuture for Resolve<D> {
    type Output = Result<HeloName, ResolveError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.report().await.into_name() })
    }
}
