//! The tests of the crate, in a module for each chapter.
//!
//! `tests/live.rs` needs real mail servers, and `tests/allocations.rs` an allocator of its own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support"]
mod support {
    pub(crate) mod dns_server;
    #[path = "../../src/each.rs"]
    pub(crate) mod each;
    #[cfg(feature = "dns")]
    pub(crate) mod echo_dns;
    pub(crate) mod fault_dns;
    #[cfg(feature = "dns")]
    pub(crate) mod hostile_dns;
    pub(crate) mod properties;
    pub(crate) mod smtp_properties;
    pub(crate) mod table;
}

mod dns {
    #[cfg(feature = "dns")]
    mod faults;
    #[cfg(feature = "dns")]
    mod hostile;
    #[cfg(feature = "dns")]
    mod outcomes;
    mod own_fault_server;
    mod own_server;
    #[cfg(feature = "dns")]
    mod questions;
    #[cfg(feature = "dns")]
    mod real;
    #[cfg(feature = "dns")]
    mod reasons;
    #[cfg(feature = "dns")]
    mod stubs;
    #[cfg(feature = "dns")]
    mod traps;
    #[cfg(feature = "dns")]
    mod views;
    mod waiting;
    #[cfg(all(feature = "dns", target_os = "linux"))]
    mod worker;
}

mod floors;

mod name {
    mod hostile;
    mod messages;
    mod recorded;
    mod round_trips;
    mod scope;
}

#[cfg(feature = "receivers")]
mod receivers {
    mod recorded;
}

mod resolve {
    mod agreement;
    mod cells;
    mod choice;
    #[cfg(feature = "dns")]
    mod discover;
    #[cfg(feature = "serde")]
    mod documents;
    mod egress;
    #[cfg(feature = "tracing")]
    mod events;
    #[cfg(all(feature = "dns", target_os = "linux"))]
    mod files;
    #[cfg(feature = "receivers")]
    mod forecast;
    mod nobody;
    #[cfg(feature = "dns")]
    mod pools;
    #[cfg(feature = "dns")]
    mod recheck;
    #[cfg(feature = "dns")]
    mod situations;
    mod world;
}

mod sanitize {
    mod cases;
    #[cfg(feature = "idna")]
    mod other_senders;
    mod tables;
}

mod smtp {
    mod diagnose;
    mod handshake;
    mod hostile;
    #[cfg(all(feature = "dns", feature = "lettre"))]
    mod with_lettre;
}

mod verify {
    mod findings;
    #[cfg(all(feature = "dns", unix))]
    mod many;
}

#[cfg(feature = "spf")]
mod spf {
    mod rows;
    mod suite;
}
