//! Which name servers are asked.

use std::net::SocketAddr;

/// How many name servers are asked at once: as many as glibc reads (MAXNS, resolv.conf(5)).
const MAX_NAME_SERVERS: usize = 3;

/// Which name servers are asked.
#[derive(Clone, Debug)]
pub(super) enum Servers {
    Given(Vec<SocketAddr>),
    OfThisMachine,
}

impl Servers {
    /// Returns the first few, each once.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let configured = match self {
            Self::Given(addresses) => addresses.clone(),
            Self::OfThisMachine => of_this_machine(),
        };
        let mut addresses = Vec::new();
        for address in configured {
            if addresses.len() < MAX_NAME_SERVERS && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }
}

#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
fn of_this_machine() -> Vec<SocketAddr> {
    crate::host::name_servers()
}

#[cfg(not(all(unix, not(any(target_vendor = "apple", target_os = "android")))))]
fn of_this_machine() -> Vec<SocketAddr> {
    let servers = match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => config.name_servers().to_vec(),
        Err(_) => Vec::new(),
    };
    let servers = servers.into_iter();
    servers
        .map(|server| SocketAddr::new(server.ip, 53))
        .collect()
}
