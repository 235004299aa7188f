//! Finds the name servers to ask, and remembers them for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dns::name_servers::NameServers;
use crate::executor::{Alarm, InFlight, block_on};
#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
use crate::host;
use crate::host::{FileProblem, RESOLV_CONF};

/// How long the servers of this machine are not read again: longer than a resolution takes.
const FRESH: Duration = Duration::from_secs(10);

/// How long somebody waits who wants to know the servers and asks nothing: far longer than a file
/// takes that does not hang.
const PATIENCE: Duration = Duration::from_millis(100);

/// Which name servers are asked.
#[derive(Clone, Debug)]
pub(super) enum Servers {
    Given(NameServers),
    OfThisMachine(Stub),
}

/// What to do where resolv.conf lists only stubs of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stub {
    /// Ask the servers behind it.
    Bypass,
    /// Ask it.
    Keep,
}

impl Servers {
    /// Finds the servers. It waits for a file of this machine, and for ever if that hangs.
    async fn find(&self) -> NameServers {
        match self {
            Self::Given(servers) => servers.clone(),
            Self::OfThisMachine(stub) => of_this_machine(*stub).await,
        }
    }
}

#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
async fn of_this_machine(stub: Stub) -> NameServers {
    let text = host::start_to_read(RESOLV_CONF).await;
    let listed = NameServers::in_resolv_conf(&text, host::interface);
    match (stub, listed.only_stubs()) {
        (Stub::Bypass, Some(stub)) => {
            let upstreams = host::start_to_read(host::STUB_UPSTREAMS).await;
            listed.behind(stub, &upstreams, host::interface)
        }
        _ => listed,
    }
}

#[cfg(not(all(unix, not(any(target_vendor = "apple", target_os = "android")))))]
async fn of_this_machine(_: Stub) -> NameServers {
    let servers = match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => config.name_servers().to_vec(),
        Err(_) => Vec::new(),
    };
    let servers = servers.into_iter();
    NameServers::of_system(servers.map(|server| std::net::SocketAddr::new(server.ip, 53)))
}

/// The servers of a resolver, which are read when the first question is asked.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) servers: Servers,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Unread,
    /// Somebody waits for the files.
    Awaited,
    Read(NameServers, Instant),
}

impl Known {
    pub(super) fn new(servers: Servers) -> Self {
        let state = Mutex::new(match &servers {
            Servers::Given(given) => State::Read(given.clone(), Instant::now()),
            Servers::OfThisMachine(_) => State::Unread,
        });
        Self { servers, state }
    }

    /// Returns the servers to ask. While a machine starts, none may be known yet, and they are read
    /// for each question.
    pub(super) async fn read(&self) -> NameServers {
        if let Some(fresh) = self.fresh() {
            return fresh;
        }
        let found = self.servers.find().await;
        *self.lock() = State::Read(found.clone(), Instant::now());
        found
    }

    fn fresh(&self) -> Option<NameServers> {
        let mut state = self.lock();
        match &*state {
            State::Read(found, at) if self.is_fresh(found, *at) => Some(found.clone()),
            // What was read before is still the best to report.
            State::Read(..) => None,
            State::Unread | State::Awaited => {
                *state = State::Awaited;
                None
            }
        }
    }

    fn is_fresh(&self, found: &NameServers, at: Instant) -> bool {
        match self.servers {
            Servers::Given(_) => true,
            Servers::OfThisMachine(_) => found.is_settled() && at.elapsed() < FRESH,
        }
    }

    /// Returns the servers as far as they are known, without a look at any file.
    pub(super) fn so_far(&self) -> NameServers {
        match &*self.lock() {
            State::Unread => NameServers::default(),
            State::Awaited => NameServers::unreadable(RESOLV_CONF, FileProblem::TooSlow),
            State::Read(found, _) => found.clone(),
        }
    }

    /// As [`so_far`](Self::so_far), and reads them if nobody has.
    pub(super) fn now(&self) -> NameServers {
        if matches!(*self.lock(), State::Unread) {
            let mut reading = InFlight::default();
            reading.push(self.read());
            let alarm = Alarm::after(PATIENCE);
            if let Some(found) = block_on(reading.next_before(&alarm)) {
                return found;
            }
        }
        self.so_far()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
