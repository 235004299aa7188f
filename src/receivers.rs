//! What well-known servers answer to an argument of `EHLO`, before it is sent.
//!
//! A [`Profile`] is a server with a configuration, such as `postfix-strict`. It is given an
//! [`Ehlo`]: any bytes as argument, the client address, the server's own name and addresses, and
//! what the DNS says. It returns the [`Verdict`]: accepted, or refused at which
//! [`Stage`](crate::Stage), with which reply. Or it returns the [`Question`](crate::dns::Question)
//! that the server would ask the DNS next; then [`Facts`](crate::dns::Facts) gets the answer, and
//! the profile is asked again:
//!
//! ```
//! use helo_name::dns::{Dns, Facts, Zone};
//! use helo_name::receivers::{Ehlo, Profile, Server};
//!
//! let server = Server::new("mx.example.net");
//! let mut facts = Facts::new();
//! let profile = Profile::named("postfix-unknown").unwrap();
//! let zone = Zone::new(); // in which nothing exists
//! let verdict = loop {
//!     let ehlo = Ehlo {
//!         argument: Some(b"mail.example.com"),
//!         client: "192.0.2.10".parse().unwrap(),
//!         server: &server,
//!         facts: &facts,
//!     };
//!     match profile.judge(&ehlo) {
//!         Ok(verdict) => break verdict,
//!         Err(question) => pollster::block_on(zone.learn(question, &mut facts)),
//!     }
//! };
//! assert_eq!(
//!     verdict.to_string(),
//!     "EHLO 450 4.7.1 <mail.example.com>: Helo command rejected: Host not found"
//! );
//! ```
//!
//! The rules are those of the servers' sources; each file of this module cites them. They were
//! tried against recordings of the running servers (`tests/it/receivers/recorded.rs`).
//!
//! # Not promised
//!
//! Operators change what a server does: tables, milters, ACLs and blocklists are not here. Only the
//! first EHLO of a connection without TLS or authentication is judged. An argument that holds a
//! line end is two commands to most servers; the answer to the second is not predicted.

mod courier;
mod exim;
mod haraka;
mod idna2003;
mod opensmtpd;
mod postfix;
mod profile;
mod qpsmtpd;
mod sendmail;
mod suffix;
mod wire;

pub use profile::{Basis, Ehlo, Profile, Server, Verdict};

/// The servers, in the order of [`Profile::all`]. A new server is a new file and one line here.
const SERVERS: [&[Profile]; 7] = [
    postfix::PROFILES,
    exim::PROFILES,
    sendmail::PROFILES,
    opensmtpd::PROFILES,
    courier::PROFILES,
    qpsmtpd::PROFILES,
    haraka::PROFILES,
];

impl Profile {
    /// Lists all profiles.
    ///
    /// ```
    /// use helo_name::receivers::Profile;
    /// assert!(Profile::all().any(|profile| profile.server() == "Postfix"));
    /// ```
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SERVERS.into_iter().flatten()
    }

    /// Finds a profile by its name.
    ///
    /// ```
    /// use helo_name::receivers::Profile;
    /// assert!(Profile::named("exim-strict").is_some());
    /// assert!(Profile::named("exim-relaxed").is_none());
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|profile| profile.name == name)
    }
}
