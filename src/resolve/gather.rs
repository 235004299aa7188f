//! What is known before the DNS is asked: raw names, client addresses, the server.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};

use crate::candidate::{Candidate, Qualifier, Source};
use crate::escape::Excerpt;
use crate::executor::Alarm;
use crate::host::{self, NameFile};
use crate::kinds::kinds;
use crate::name::{HeloName, Scope, is_mailbox_domain, is_verifiable};
use crate::policy::{Decision, FallbackPolicy, Judged};
use crate::resolve::machine::Machine;
use crate::resolve::warning::Warning;
use crate::sanitize::{Repair, Unusable, UnusableKind, sanitize};
use crate::verify::ClientFinding;

/// The longest domain in a command (RFC 5321 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;

/// What the builder was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) configured: Option<String>,
    pub(super) environment: Reading,
    pub(super) machine: Reading,
    pub(super) derived: Derived,
    /// `None`: not given. Given and empty is a mistake.
    pub(super) clients: Option<Vec<IpAddr>>,
    pub(super) server: Option<SocketAddr>,
    pub(super) host_name: Option<OsString>,
    pub(super) domain: Option<String>,
    pub(super) sender_domain: Option<String>,
    pub(super) fallback: Option<String>,
    #[cfg(feature = "dns")]
    pub(super) services: Vec<crate::dns::EchoService>,
}

/// What to do with a source outside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Reading {
    #[default]
    Read,
    Ignore,
}

/// When names are derived from the host name, PTR records and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Derived {
    /// Always, after the operator's name.
    Always,
    /// Only if the operator set no name (R18).
    #[default]
    WithoutOperator,
}

/// How many client addresses are used: a /24 of a NAT pool.
pub(super) const MAX_CLIENTS: usize = 256;

kinds! {
    /// How a client address came to be known.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum ClientOrigin {
        /// It is the source address of the default route, and public.
        DefaultRoute = "default-route" => "source of the default route";
        /// Two services that echo the asker's address agree on it.
        Discovered = "discovered" => "discovered, two services agree";
        /// One service that echoes the asker's address named it, and its PTR names lead back to it.
        DiscoveredOnce = "discovered-once" => "discovered, one service and its PTR";
        /// The operator gave it.
        Given = "given" => "given";
        /// It is the local address towards the server.
        TowardsServer = "towards-server" => "local address towards the server";
    }
}

/// An address that servers see, and how it came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientAddress {
    pub(super) address: IpAddr,
    pub(super) origin: ClientOrigin,
}

/// All that is known before the DNS is asked.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    pub(super) raw: Vec<Raw>,
    pub(super) clients: Vec<ClientAddress>,
    pub(super) clients_are: ClientsAre,
    pub(super) client_is: ClientIs,
    pub(super) server: Option<Scope>,
    pub(super) server_address: Option<IpAddr>,
    pub(super) names_wanted: NamesWanted,
    /// The names that say which organisation this host belongs to (R21).
    pub(super) own: Vec<HeloName>,
    pub(super) warnings: Vec<Warning>,
}

impl Gathered {
    /// The client addresses, without their origins.
    pub(super) fn client_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.clients.iter().map(|client| client.address)
    }

    /// Each client address that the server can see. A private one says nothing to a public server,
    /// and counts as not known (R17). Without any, there is one finding that is about none; and
    /// addresses with a name each are judged as if each were alone.
    pub(super) fn clients_or_none(&self) -> Vec<Option<IpAddr>> {
        let is_seen = |&address: &IpAddr| self.is_seen(address);
        let mut seen: Vec<_> = self.client_addresses().filter(is_seen).map(Some).collect();
        let is_unseen_one_judged = match self.clients_are {
            ClientsAre::OneHost => seen.is_empty(),
            ClientsAre::Separate => seen.is_empty() || seen.len() < self.clients.len(),
        };
        if is_unseen_one_judged {
            seen.push(None);
        }
        seen
    }

    /// Returns whether the server can see this client address.
    pub(super) fn is_seen(&self, address: IpAddr) -> bool {
        is_fit_for(address, self.server)
    }

    /// Lets a policy decide about a candidate and what was found.
    pub(super) fn decide(
        &self,
        policy: &dyn FallbackPolicy,
        candidate: &Candidate,
        about: ClientFinding,
    ) -> Decision {
        let mut judged = Judged::new(candidate, about.finding);
        if let Some(client) = about.client {
            judged = judged.for_client(client);
        }
        if let Some(server) = self.server {
            judged = judged.towards(server);
        }
        policy.judge(&judged)
    }

    /// Returns whether the operator set something that is not a name: then there is nothing to ask
    /// (R18).
    pub(super) fn is_misconfigured(&self) -> bool {
        let mut operators = self.raw.iter().filter(|raw| raw.source.is_operator());
        operators.any(|raw| raw.sanitized.is_err())
    }
}

/// Which names may be taken from the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamesWanted {
    /// PTR names and literals are candidates too.
    Derived,
    /// The operator's name is the only one.
    OperatorsOnly,
}

/// Whether there may be another client address the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientIs {
    /// It is known, or nothing was asked that could say.
    Settled,
    /// The services that were asked did not say.
    NotKnownYet,
}

/// Whether the client addresses belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientsAre {
    /// They are one host's, one for each family: a name should be right for all.
    OneHost,
    /// Each has a name of its own.
    Separate,
}

/// A raw name and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) source: Source,
    /// Escaped and cut.
    pub(super) text: String,
    /// What a mailer that does not check it would send; `None` if it does not fit on a line.
    pub(super) argument: Option<Vec<u8>>,
    pub(super) sanitized: Result<(HeloName, Vec<Repair>), Unusable>,
    /// Why the operator's name is not public.
    pub(super) caveat: Option<Unusable>,
}

impl Raw {
    fn new(source: Source, raw: &[u8]) -> Self {
        let (sanitized, caveat) = match sanitize(raw) {
            Ok(clean) if !source.is_operator() && is_mailbox_domain(clean.name().as_str()) => {
                (Err(Unusable::mailbox_domain(clean.into_name())), None)
            }
            Ok(clean) => {
                let repairs = clean.repairs().to_vec();
                (Ok((clean.into_name(), repairs)), None)
            }
            // The policy judges an operator's name that is not public (R5, R18).
            Err(unusable) => match unusable.name() {
                Some(name) if source.is_operator() => {
                    let repairs = unusable.repairs().to_vec();
                    (Ok((name.clone(), repairs)), Some(unusable))
                }
                _ => (Err(unusable), None),
            },
        };
        Self {
            source,
            text: Excerpt::new(raw).to_string(),
            argument: is_text(raw).then(|| raw.to_vec()),
            sanitized,
            caveat,
        }
    }

    pub(super) fn name(&self) -> Option<&HeloName> {
        self.sanitized.as_ref().ok().map(|(name, _)| name)
    }

    /// Takes a private name for one that may be sent: a private server may know it, and the policy
    /// judges that (R22).
    fn or_private(mut self) -> Self {
        if let Err(unusable) = &self.sanitized
            && let Some(name) = unusable.name()
            && name.is_domain()
            && name.scope() == Scope::Private
        {
            let sanitized = (name.clone(), unusable.repairs().to_vec());
            self.caveat = Some(unusable.clone());
            self.sanitized = Ok(sanitized);
        }
        self
    }
}

/// The legal names that say where this host belongs: its own, the given domain, the sender's (R21).
fn own_names(settings: &Settings, raw: &[Raw]) -> Vec<HeloName> {
    let is_of_host = |raw: &&Raw| {
        matches!(
            raw.source,
            Source::HostName | Source::Mailname | Source::Qualified(_)
        )
    };
    let of_host = raw.iter().filter(is_of_host).filter_map(Raw::name);
    let domains = [&settings.domain, &settings.sender_domain];
    let given = domains.into_iter().flatten();
    let given = given.filter_map(|text| Some(sanitize(text).ok()?.into_name()));
    of_host.cloned().chain(given).collect()
}

fn is_text(raw: &[u8]) -> bool {
    raw.len() <= MAX_DOMAIN && !raw.iter().any(u8::is_ascii_control)
}

/// Files that have not answered when the alarm rings are not waited for.
pub(super) async fn gather(settings: &Settings, alarm: &Alarm) -> Gathered {
    let mut warnings = Vec::new();
    let operators = operators_name(settings, &mut warnings);
    let names_wanted = match (&operators, settings.derived) {
        (Some(_), Derived::WithoutOperator) => NamesWanted::OperatorsOnly,
        // Nothing replaces an operator's name that cannot be sent (R18).
        (Some(operators), Derived::Always) if operators.sanitized.is_err() => {
            NamesWanted::OperatorsOnly
        }
        _ => NamesWanted::Derived,
    };
    let mut raw: Vec<Raw> = operators.into_iter().collect();
    if names_wanted == NamesWanted::Derived {
        let machine = Machine::read(files_to_read(settings), alarm).await;
        warnings.extend(machine.warnings());
        raw.extend(host_names(settings, &machine));
        raw.extend(
            machine
                .mailname()
                .map(|raw| Raw::new(Source::Mailname, &raw)),
        );
        let sender_domain = settings.sender_domain.as_deref();
        raw.extend(given(Source::SenderDomain, sender_domain, &mut warnings));
        let fallback = settings.fallback.as_deref();
        raw.extend(given(Source::Fallback, fallback, &mut warnings));
    }
    let server = settings.server.map(|server| Scope::of_address(server.ip()));
    if server == Some(Scope::Private) {
        raw = raw.into_iter().map(Raw::or_private).collect();
    }
    let clients = client_addresses(settings, server, &mut warnings);
    Gathered {
        own: own_names(settings, &raw),
        raw,
        clients,
        clients_are: ClientsAre::OneHost,
        client_is: ClientIs::Settled,
        server,
        server_address: settings.server.map(|server| server.ip().to_canonical()),
        names_wanted,
        warnings,
    }
}

/// As [`gather`], for client addresses that have a name each; those in the settings do not count.
pub(super) async fn gather_for(
    settings: &Settings,
    clients: Vec<IpAddr>,
    alarm: &Alarm,
) -> Gathered {
    let clients: BTreeSet<IpAddr> = clients.iter().map(IpAddr::to_canonical).collect();
    let origin = ClientOrigin::Given;
    Gathered {
        clients: clients
            .into_iter()
            .map(|address| ClientAddress { address, origin })
            .collect(),
        clients_are: ClientsAre::Separate,
        ..gather(settings, alarm).await
    }
}

/// The configured name, or otherwise the variable's. Blank text is not a name.
fn operators_name(settings: &Settings, warnings: &mut Vec<Warning>) -> Option<Raw> {
    let configured = settings
        .configured
        .as_deref()
        .map(|text| text.as_bytes().to_vec());
    let variable = match settings.environment {
        Reading::Read => host::variable().map(OsString::into_encoded_bytes),
        Reading::Ignore => None,
    };
    let mut named = [
        (Source::Configured, configured),
        (Source::Environment, variable),
    ]
    .into_iter()
    .filter_map(|(source, raw)| Some(Raw::new(source, &not_blank(source, raw?, warnings)?)));
    let first = named.next()?;
    if let Some(other) = named.next() {
        let is_same = matches!((first.name(), other.name()), (Some(a), Some(b)) if a == b);
        if !is_same {
            warnings.push(Warning::VariableOverruled {
                configured: first.text.clone(),
                variable: other.text,
            });
        }
    }
    Some(first)
}

fn not_blank(source: Source, raw: Vec<u8>, warnings: &mut Vec<Warning>) -> Option<Vec<u8>> {
    if raw.trim_ascii().is_empty() {
        warnings.push(Warning::BlankSetting(source));
        return None;
    }
    Some(raw)
}

/// The hosts file and resolv.conf qualify the machine's own host name only.
fn files_to_read(settings: &Settings) -> &'static [NameFile] {
    match (settings.machine, &settings.host_name) {
        (Reading::Ignore, _) => &[],
        (Reading::Read, Some(_)) => &[NameFile::Mailname],
        (Reading::Read, None) => &NameFile::ALL,
    }
}

/// The host name, and if it is bare, the names it may be qualified to.
fn host_names(settings: &Settings, machine: &Machine) -> Vec<Raw> {
    let host = match (&settings.host_name, settings.machine) {
        (Some(given), _) => Some(given.clone()),
        (None, Reading::Read) => host::host_name(),
        (None, Reading::Ignore) => None,
    };
    let Some(host) = host.map(OsString::into_encoded_bytes) else {
        return Vec::new();
    };
    let host = Raw::new(Source::HostName, &host);
    let qualified =
        bare_label(&host).map_or(Vec::new(), |bare| qualifications(settings, machine, bare));
    let mut names = vec![host];
    for (by, raw) in qualified {
        names.push(Raw::new(Source::Qualified(by), &raw));
    }
    names
}

/// The label of a bare host name, if a domain may be appended: a name that a person or system gave
/// to the machine, not that of a container or pod, which is never in the DNS, nor a placeholder.
fn bare_label(host: &Raw) -> Option<&str> {
    let unusable = host.sanitized.as_ref().err()?;
    let is_bare = matches!(
        unusable.kind(),
        UnusableKind::MacName | UnusableKind::SingleLabel | UnusableKind::WindowsName
    );
    let label = std::str::from_utf8(host.argument.as_deref()?).ok()?.trim();
    let label = label.strip_suffix('.').unwrap_or(label);
    (is_bare && !label.contains('.')).then_some(label)
}

fn qualifications(settings: &Settings, machine: &Machine, bare: &str) -> Vec<(Qualifier, Vec<u8>)> {
    let with_domain = |domain: &[u8]| [bare.as_bytes(), b".", domain.trim_ascii()].concat();
    if let Some(domain) = settings
        .domain
        .as_ref()
        .filter(|text| !text.trim().is_empty())
    {
        return vec![(Qualifier::GivenDomain, with_domain(domain.as_bytes()))];
    }
    let canonical = machine.canonical_name(bare.as_bytes());
    let appended = machine.resolver_domain().map(|domain| with_domain(&domain));
    let is_new = appended.is_some() && appended != canonical;
    let canonical = canonical.map(|raw| (Qualifier::HostsFile, raw));
    let appended = appended
        .filter(|_| is_new)
        .map(|raw| (Qualifier::ResolverDomain, raw));
    canonical.into_iter().chain(appended).collect()
}

/// A name that the program gave, unless it is blank.
fn given(source: Source, text: Option<&str>, warnings: &mut Vec<Warning>) -> Option<Raw> {
    let raw = not_blank(source, text?.as_bytes().to_vec(), warnings)?;
    Some(Raw::new(source, &raw))
}

/// The client addresses that the program gave: each once, IPv4 first. Nothing is dropped silently.
fn given_clients(given: &[IpAddr], warnings: &mut Vec<Warning>) -> Vec<IpAddr> {
    if given.is_empty() {
        warnings.push(Warning::NoClientAddresses);
    }
    let mut clients = BTreeSet::new();
    for address in given.iter().map(IpAddr::to_canonical) {
        if address.is_unspecified() || address.is_multicast() {
            warnings.push(Warning::NotAHostsAddress(address));
        } else if clients.len() == MAX_CLIENTS && !clients.contains(&address) {
            warnings.push(Warning::TooManyClientAddresses { given: given.len() });
            break;
        } else if !clients.insert(address) {
            warnings.push(Warning::ClientAddressTwice(address));
        }
    }
    clients.into_iter().collect()
}

/// R17: the addresses that servers see. Several of one family are a NAT pool.
fn client_addresses(
    settings: &Settings,
    server: Option<Scope>,
    warnings: &mut Vec<Warning>,
) -> Vec<ClientAddress> {
    let from = |origin| move |address| ClientAddress { address, origin };
    if let Some(given) = &settings.clients {
        let given = given_clients(given, warnings).into_iter();
        return given.map(from(ClientOrigin::Given)).collect();
    }
    if settings.machine == Reading::Ignore {
        return Vec::new();
    }
    if let Some(address) = settings.server {
        let local = host::source_address(address).filter(|&local| is_fit_for(local, server));
        return local
            .map(from(ClientOrigin::TowardsServer))
            .into_iter()
            .collect();
    }
    host::default_source_addresses()
        .filter(|&local| Scope::of_address(local) == Scope::Public)
        .map(from(ClientOrigin::DefaultRoute))
        .collect()
}

/// Returns whether a server of this scope can see this address: a private one is seen by a private
/// server only.
pub(super) fn is_fit_for(address: IpAddr, server: Option<Scope>) -> bool {
    match Scope::of_address(address) {
        Scope::Private | Scope::Loopback => Some(Scope::of_address(address)) == server,
        Scope::Public | Scope::Reserved => is_verifiable(address),
    }
}
