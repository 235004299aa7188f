//! Which name servers are asked, and how they were found.

use std::fmt;
use std::net::SocketAddr;

use crate::escape::list;
use crate::host::FileProblem;
use crate::kinds::messages;

/// How many name servers are asked at once: as many as glibc reads (MAXNS, resolv.conf(5)).
const MAX_NAME_SERVERS: usize = 3;

/// The port of the DNS (RFC 1035 4.2).
pub(super) const PORT: u16 = 53;

messages! {
    @copy
    /// How a name server was found.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum ServerOrigin {
        /// resolv.conf lists only stubs of this machine, this one first. The server is in the
        /// stub's own list.
        BehindStub(stub: SocketAddr) = "behind-stub" => "behind the stub {at}", at = Short(*stub);
        /// resolv.conf has no `nameserver` line, or does not exist: then a server on this machine
        /// is asked (resolv.conf(5)).
        Default = "default" => "no nameserver line in resolv.conf";
        /// The program named it.
        Given = "given" => "given";
        /// It has a `nameserver` line in resolv.conf.
        ResolvConf = "resolv-conf" => "in resolv.conf";
        /// The operating system named it.
        System = "system" => "named by the operating system";
    }
}

messages! {
    /// What was wrong with a list of name servers.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum ServerProblem {
        /// A file was not read.
        UnreadableFile {
            /// The path of the file.
            path: &'static str,
            /// Why not.
            problem: FileProblem,
        } = "unreadable-file" => "{path} was not read: {problem}";
        /// Some addresses were skipped, as they cannot be asked: they are no addresses, have a zone
        /// that this machine does not have, or none where one is needed.
        UnusableServers {
            /// The first of them, escaped and cut.
            first: String,
            /// How many there are.
            count: usize,
        } = "unusable-servers"
            => "name server \"{first}\"{more} cannot be asked; fix the line in resolv.conf",
            more = and_more(*count);
    }
}

fn and_more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        _ => format!(" (and {} more)", count - 1),
    }
}

/// A name server, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a pair that callers match on")]
pub struct NameServer {
    /// Where it is asked.
    pub address: SocketAddr,
    /// How it was found.
    pub origin: ServerOrigin,
}

impl NameServer {
    /// Returns the stub in front of it, if there is one.
    #[must_use]
    pub const fn stub(&self) -> Option<SocketAddr> {
        match self.origin {
            ServerOrigin::BehindStub(stub) => Some(stub),
            _ => None,
        }
    }
}

/// The name servers that are asked, at most three, and what was wrong with their list.
///
/// ```
/// use helo_name::dns::{NameServers, ServerOrigin};
///
/// let address = "192.0.2.53:53".parse().unwrap();
/// let servers = NameServers::given([address]);
/// assert_eq!(servers.servers()[0].address, address);
/// assert_eq!(servers.servers()[0].origin, ServerOrigin::Given);
/// assert!(servers.problems().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NameServers {
    pub(super) servers: Vec<NameServer>,
    pub(super) problems: Vec<ServerProblem>,
}

impl NameServers {
    /// Takes the first three of the addresses that a program gives, each once.
    #[must_use]
    pub fn given(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::with(addresses, ServerOrigin::Given, Vec::new())
    }

    /// Takes those that the operating system names.
    #[cfg(all(
        feature = "dns",
        any(not(unix), target_vendor = "apple", target_os = "android")
    ))]
    pub(super) fn of_system(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::with(addresses, ServerOrigin::System, Vec::new())
    }

    pub(super) fn with(
        addresses: impl IntoIterator<Item = SocketAddr>,
        origin: ServerOrigin,
        problems: Vec<ServerProblem>,
    ) -> Self {
        let mut servers: Vec<NameServer> = Vec::new();
        for address in addresses {
            if servers.len() < MAX_NAME_SERVERS && servers.iter().all(|s| s.address != address) {
                servers.push(NameServer { address, origin });
            }
        }
        Self { servers, problems }
    }

    /// Returns the servers.
    #[must_use]
    pub fn servers(&self) -> &[NameServer] {
        &self.servers
    }

    /// Returns what was wrong with their list.
    #[must_use]
    pub fn problems(&self) -> &[ServerProblem] {
        &self.problems
    }

    /// Returns their addresses.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// Returns the stub in front of them, if there is one.
    pub(crate) fn stub(&self) -> Option<SocketAddr> {
        self.servers.iter().find_map(NameServer::stub)
    }
}

/// An address without the port that all name servers have.
#[derive(Clone, Copy)]
struct Short(SocketAddr);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SocketAddr::V6(v6) if v6.port() == PORT && v6.scope_id() != 0 => {
                write!(f, "{}%{}", v6.ip(), v6.scope_id())
            }
            address if address.port() == PORT => write!(f, "{}", address.ip()),
            address => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for NameServers {
    /// Writes who is asked, and behind which stub: `asked 192.0.2.53, behind the stub 127.0.0.53`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.servers.is_empty() {
            return f.write_str("no name server");
        }
        let addresses: Vec<Short> = self.servers.iter().map(|s| Short(s.address)).collect();
        write!(f, "asked {}", list(&addresses))?;
        match self.servers.first().map(|server| server.origin) {
            Some(origin @ (ServerOrigin::BehindStub(_) | ServerOrigin::Default)) => {
                write!(f, ", {origin}")
            }
            _ => Ok(()),
        }
    }
}
