//! Finds the name servers to ask, and remembers them for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dns::name_servers::NameServers;
use crate::executor::{Alarm, InFlight, block_on};
use crate::host::FileProblem;
#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
use crate::host::{self, RESOLV_CONF, STUB_UPSTREAMS};

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
    /// Finds the servers. It waits for a file of this machine, and for ever if that hangs; `about`
    /// is told which before.
    async fn find(&self, about: impl Fn(&'static str)) -> NameServers {
        match self {
            Self::Given(servers) => servers.clone(),
            Self::OfThisMachine(stub) => of_this_machine(*stub, about).await,
        }
    }
}

#[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android"))))]
async fn of_this_machine(stub: Stub, about: impl Fn(&'static str)) -> NameServers {
    about(RESOLV_CONF);
    let text = host::start_to_read(RESOLV_CONF).await;
    let listed = NameServers::in_resolv_conf(&text, host::interface);
    match (stub, listed.only_stubs()) {
        (Stub::Bypass, Some(stub)) => {
            about(STUB_UPSTREAMS);
            let upstreams = host::start_to_read(STUB_UPSTREAMS).await;
            listed.behind(stub, &upstreams, host::interface)
        }
        _ => listed,
    }
}

#[cfg(not(all(unix, not(any(target_vendor = "apple", target_os = "android")))))]
async fn of_this_machine(_: Stub, _: impl Fn(&'static str)) -> NameServers {
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

#[derive(Debug, Default)]
struct State {
    /// The servers as they were read last, and when.
    found: Option<(NameServers, Instant)>,
    /// The file that somebody waits for.
    awaited: Option<&'static str>,
}

impl Known {
    pub(super) fn new(servers: Servers) -> Self {
        let found = match &servers {
            Servers::Given(given) => Some((given.clone(), Instant::now())),
            Servers::OfThisMachine(_) => None,
        };
        let awaited = None;
        Self {
            servers,
            state: Mutex::new(State { found, awaited }),
        }
    }

    /// Returns the servers to ask. While a machine starts, none may be known yet, and they are read
    /// for each question.
    pub(super) async fn read(&self) -> NameServers {
        if let Some(fresh) = self.fresh() {
            return fresh;
        }
        let about = |path| self.lock().awaited = Some(path);
        let found = self.servers.find(about).await;
        *self.lock() = State {
            found: Some((found.clone(), Instant::now())),
            awaited: None,
        };
        found
    }

    fn fresh(&self) -> Option<NameServers> {
        let state = self.lock();
        let (found, at) = state.found.as_ref()?;
        let is_fresh = match self.servers {
            Servers::Given(_) => true,
            Servers::OfThisMachine(_) => found.is_settled() && at.elapsed() < FRESH,
        };
        is_fresh.then(|| found.clone())
    }

    /// Returns the servers as far as they are known, without a look at any file.
    pub(super) fn so_far(&self) -> NameServers {
        if let Some(fresh) = self.fresh() {
            return fresh;
        }
        let state = self.lock();
        match (state.awaited, &state.found) {
            (Some(path), _) => NameServers::unreadable(path, FileProblem::TooSlow),
            (None, Some((found, _))) => found.clone(),
            (None, None) => NameServers::default(),
        }
    }

    /// As [`so_far`](Self::so_far), and reads them if nobody has.
    pub(super) fn now(&self) -> NameServers {
        let is_unread = {
            let state = self.lock();
            state.found.is_none() && state.awaited.is_none()
        };
        if is_unread {
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
