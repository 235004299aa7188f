//! Picks the name an SMTP client sends in `EHLO`, verifies it by DNS, and says what to configure when there is none.
//!
//! Mail is refused every day because that name is a container's (`web_1`, `app-5b8f7d9c4-x2k9q`), `localhost`, or one
//! that does not resolve. A mailer that builds this crate in asks once, at start-up, and gets the name that strict
//! servers accept, or an error that tells an operator what to do:
//!
//! ```no_run
//! # #[cfg(feature = "dns")]
//! # async fn greet(mut stream: impl std::io::Write) -> Result<(), Box<dyn std::error::Error>> {
//! use helo_name::HeloName;
//!
//! let helo = HeloName::resolve().await?; // once, at start-up
//! stream.write_all(format!("EHLO {helo}\r\n").as_bytes())?;
//! # Ok(())
//! # }
//! ```
//!
//! and the same with what an operator knows, and with an explanation of every step:
//!
//! ```no_run
//! # #[cfg(feature = "dns")]
//! # async fn start() -> Result<(), helo_name::ResolveError> {
//! # struct Settings { helo_name: Option<String>, egress_address: Option<std::net::IpAddr> }
//! # let settings = Settings { helo_name: None, egress_address: None };
//! use helo_name::{HeloName, policy};
//! use std::time::Duration;
//!
//! let report = HeloName::resolve()
//!     .configured(settings.helo_name.as_deref()) // the operator's word; otherwise HELO_NAME is read
//!     .client_address(settings.egress_address)   // the address servers see
//!     .policy(policy::Standard)
//!     .deadline(Duration::from_secs(5))
//!     .report()
//!     .await;
//! println!("{report}");
//! let helo = report.name()?;
//! # Ok(())
//! # }
//! ```
//!
//! # The way of the data
//!
//! Raw text becomes a candidate, the DNS gives facts about it, the facts amount to a finding, a policy decides, and the
//! decisions make a plan. Nothing flows back.
//!
//! | step | here |
//! | --- | --- |
//! | a legal name, by type: no CR LF, no underscore, nothing a strict server refuses | [`HeloName`] |
//! | raw text to a name, with its repairs, or why not | [`sanitize`], [`Repair`], [`Unusable`] |
//! | does it mean anything in public? | [`Scope`] |
//! | a name and where it came from | [`Candidate`], [`Source`] |
//! | ask the DNS: found, does not exist, or not known | [`dns`] |
//! | what the answers amount to | [`verify`] |
//! | may it be sent? yours to decide | [`policy`], [`FallbackPolicy`] |
//! | the names to try, in order | [`Plan`] |
//! | all of it, and the report | [`Resolve`], [`Resolution`], [`ResolveError`] |
//! | what a server said | [`Reply`], [`ReplyParser`] |
//! | is our name to blame, and what to do | [`Diagnosis`], [`Cause`], [`Stage`] |
//! | what well-known servers will answer, before anything is sent | `receivers` |
//! | EHLO, HELO, the next name: a machine without socket and clock | [`Handshake`], [`Step`], [`Session`] |
//!
//! # Greeting, and what a refusal means
//!
//! [`Handshake`] takes the plan and says what to send next: EHLO, HELO where a server knows no EHLO, the next name on a
//! new connection where a server refuses the first. Most refusals of a name come later, at MAIL or RCPT, and in the
//! words of something else; [`Diagnosis::of`] tells whether the name is to blame, whether it lasts, and what to change:
//!
//! ```
//! use helo_name::{Cause, Diagnosis, Reply, Stage};
//!
//! let reply = Reply::parse(b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found")?;
//! let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
//! assert!(diagnosis.is_ours() && diagnosis.is_lasting());
//! assert_eq!(diagnosis.cause(), Cause::Unresolvable);
//! # Ok::<(), helo_name::InvalidReply>(())
//! ```
//!
//! # Features
//!
//! | feature | default | brings | for |
//! | --- | --- | --- | --- |
//! | `dns` | yes | hickory-resolver, tokio | `HeloName::resolve()` and `dns::Resolver` |
//! | `idna` | yes | idna | U-labels in raw names (`bücher.example`) |
//! | `hostname` | yes | hostname | asking the operating system for its host name |
//! | `receivers` | yes | nothing | what well-known servers would answer: the module `receivers`, and a line in the report |
//! | `serde` | no | serde_core | names in settings, reports and diagnoses in JSON logs and health endpoints |
//! | `lettre` | no | lettre | a name as lettre's `ClientId` |
//! | `tracing` | no | tracing | events for the log, see below |
//!
//! Without features this is the pure core with thiserror as its only dependency: names, sanitizing, policies, and a
//! [`Resolve`] that takes a [`dns::Dns`] of yours.
//!
//! With `serde` a [`HeloName`] is a string that is checked when it is read. Everything else is written only: a kind as its
//! word in kebab-case, the rest as maps, whose fields stand at each type's `Serialize`. All fields are always there, null
//! where there is nothing to say; an address is a string, a time a number of seconds.
//!
//! # Events
//!
//! With the feature `tracing` a resolution emits these, with the target `helo_name`:
//!
//! | level | event | fields |
//! | --- | --- | --- |
//! | info | a name was chosen | `name`, `source`, `provisional`, `valid_for_seconds` |
//! | error | there is no name; the message says why | `kind`, `cure` |
//! | warn | a [`Warning`], whose sentence is the message | `kind`, `name`, `address` |
//! | debug | the addresses of a name were asked for | `name`, `record_type`, and those of an answer |
//! | debug | the names of an address were asked for | `address`, `record_type`, and those of an answer |
//! | debug | an echo service was asked for the client address | `name`, and those of an answer |
//!
//! Those of an answer are `outcome`, `reason`, `records`, `ttl_seconds` and `server`: `reason` says why the DNS did not
//! say, `records` how many there are. `source`, `kind`, `outcome` and `reason` are the words of `as_str`. What is not
//! known is left out.
//!
//! # Untrusted input
//!
//! Host names, PTR records and settings are hostile until parsed. A [`HeloName`] cannot hold a second SMTP command; no
//! input makes the crate panic; long input is refused unread; what is quoted in an error or a report is escaped and cut.
//!
//! # What it does not do
//!
//! It sends no mail, and promises not that no server refuses: reputation lists, SPF and an operator's own rules lie
//! outside the name. The report says what was checked, and its last warning names a client address without PTR record.

mod candidate;
pub mod dns;
mod escape;
mod events;
mod handshake;
mod host;
mod in_flight;
#[cfg(feature = "lettre")]
mod lettre;
mod name;
mod plan;
pub mod policy;
#[cfg(feature = "receivers")]
pub mod receivers;
mod reply;
mod resolve;
mod sanitize;
mod scope;
#[cfg(feature = "serde")]
mod serde;
mod shape;
mod smtp;
pub mod verify;

pub use candidate::{Candidate, Qualifier, Source};
pub use handshake::{
    Exchange, Handshake, HandshakeError, HandshakeErrorKind, HandshakeWarning, Session, Step, Verb,
};
pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use plan::{Attempt, Plan};
pub use policy::{Decision, FallbackPolicy, Judged};
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply, ReplyParser};
pub use resolve::{
    Change, Client, ClientOrigin, Considered, Cure, HeloNames, Reason, ReasonKind, Recheck,
    Resolution, Resolve, ResolveError, ResolveErrorKind, Warning,
};
#[cfg(feature = "receivers")]
pub use resolve::{Forecast, Refusal};
pub use sanitize::{Repair, Sanitized, Unusable, UnusableKind, sanitize};
pub use scope::Scope;
pub use smtp::{Cause, Diagnosis, InvalidStage, Stage};

/// Compiles the README's code.
#[cfg(all(
    doctest,
    feature = "dns",
    feature = "idna",
    feature = "hostname",
    feature = "lettre"
))]
#[doc = include_str!("../README.md")]
struct Readme;
