//! Picks the name an SMTP client sends in `EHLO`, verifies it by DNS, and says what to configure
//! when there is none.
//!
//! Mail is refused every day because that name is a container's (`web_1`, `app-5b8f7d9c4-x2k9q`),
//! `localhost`, or one that does not resolve. A mailer that uses this crate asks once, at start-up,
//! and gets the name that strict servers accept, or an error that tells an operator what to do:
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
//! With what the operator knows, and with an explanation of every step:
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
//!     .configured(settings.helo_name.as_deref()) // the operator's name; else HELO_NAME is read
//!     .client_address(settings.egress_address)   // the address servers see, not the socket's
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
//! # How it works
//!
//! Raw text becomes a candidate, the DNS gives facts about it, the facts give a finding, a policy
//! decides, and the decisions make a plan. Data flows one way:
//!
//! ```text
//! settings, HELO_NAME, host name, /etc/mailname, PTR, address
//!    |
//!    +- sanitize ---> refused: a reason and a remedy ---------------+
//!    v                                                              |
//! candidate: a legal name and its source                            |
//!    |                                                              |
//!    +- verify <--- DNS: found, does not exist, or not known        |
//!    v                                                              v
//! finding, for each client address                               report
//!    |                                                              ^
//!    +- policy ---> rejected ---------------------------------------+
//!    v                                                              |
//! plan: the names to try, in order ---------------------------------+
//!    |
//!    +- handshake: EHLO, HELO, the next name <--- replies
//!    v                                               |
//! session                               diagnosis: is it our name?
//! ```
//!
//! Only the DNS and the connection to the server are outside. All else is pure, and works without a
//! network.
//!
//! | chapter | what it does |
//! | --- | --- |
//! | [`name`] | a legal name by type: nothing that a strict server refuses; and who can reach it |
//! | [`sanitize`] | makes a name of raw text and reports each repair, or says why not |
//! | [`dns`] | asks: found, does not exist, or not known; or answers from memory, for tests |
//! | [`verify`] | says what the answers mean for a name and a client address |
//! | [`policy`] | decides which candidates may be sent; you can replace it |
//! | [`resolve`] | does all of it, and reports |
//! | [`smtp`] | reads replies, greets, and says what a refusal means |
//! | `spf` | checks the SPF record of a name, as receivers do |
//! | `receivers`, `forecast` | predict what well-known servers answer, before anything is sent |
//!
//! The names used most are at the root.
//!
//! # What a refusal means
//!
//! Most refusals of a name come late, at MAIL or RCPT, and most refusals near the name are about
//! something else. [`Diagnosis::of`] says whether the name is to blame, whether it lasts, and what
//! to change:
//!
//! ```
//! use helo_name::smtp::{Cause, InvalidReply};
//! use helo_name::{Diagnosis, Reply, Stage};
//!
//! let refusal = b"450 4.7.1 <web01.example.com>: Helo command rejected: Host not found";
//! let reply = Reply::parse(refusal)?;
//! let diagnosis = Diagnosis::of(Stage::Rcpt, &reply, Some("web01.example.com"));
//! assert!(diagnosis.is_ours() && diagnosis.is_lasting());
//! assert_eq!(diagnosis.cause(), Cause::Unresolvable);
//! # Ok::<(), InvalidReply>(())
//! ```
//!
//! # In a mailer
//!
//! With lettre and the feature `lettre`; an address literal becomes a typed one:
//!
//! ```no_run
//! # #[cfg(feature = "lettre")]
//! # mod with_lettre {
//! use helo_name::HeloName;
//! use lettre::{SmtpTransport, transport::smtp::extension::ClientId};
//!
//! fn mailer(helo: &HeloName) -> SmtpTransport {
//!     SmtpTransport::builder_dangerous("192.0.2.25").hello_name(ClientId::from(helo)).build()
//! }
//! # }
//! ```
//!
//! With async-smtp:
//!
//! ```no_run
//! use async_smtp::{SmtpClient, SmtpTransport, error::Error, extension::ClientId};
//! use helo_name::HeloName;
//! use tokio::{io::BufStream, net::TcpStream};
//!
//! type Stream = BufStream<TcpStream>;
//!
//! async fn greet(stream: Stream, helo: &HeloName) -> Result<SmtpTransport<Stream>, Error> {
//!     let client = SmtpClient::new().hello_name(ClientId::new(helo.to_string()));
//!     SmtpTransport::new(client, stream).await
//! }
//! ```
//!
//! With mail-send:
//!
//! ```ignore
//! let builder = mail_send::SmtpClientBuilder::new("smtp.example.net", 587)?.implicit_tls(false);
//! let client = builder.helo_host(helo.as_str()).connect().await?;
//! ```
//!
//! With a client of your own, [`Handshake`] says what to send next: EHLO, HELO to a server that
//! does not know EHLO, and the next name of the plan on a new connection when a server refuses the
//! first. The example `greet` is one.
//!
//! # Features
//!
//! | feature | default | brings | for |
//! | --- | --- | --- | --- |
//! | `dns` | yes | hickory-resolver, tokio | `HeloName::resolve()` and `dns::Resolver` |
//! | `idna` | yes | idna | U-labels in raw names (`bücher.example`) |
//! | `hostname` | yes | hostname | asking the operating system for its host name |
//! | `receivers` | yes | nothing | what well-known servers would answer, also in the report |
//! | `spf` | yes | nothing | what receivers read in the SPF record of the name |
//! | `serde` | no | serde_core | names in settings; reports and diagnoses in JSON |
//! | `lettre` | no | lettre | a name as lettre's `ClientId` |
//! | `tracing` | no | tracing | events for the log, see below |
//!
//! Without features this is the pure core, with thiserror as its only dependency: names,
//! sanitizing, policies, and a [`Resolve`] that takes any [`dns::Dns`].
//!
//! With `serde` a [`HeloName`] is a string that is checked when it is read. Everything else is
//! written only: a kind as its word in kebab-case, the rest as maps, whose fields are listed at
//! each type's `Serialize`. All fields are always there, and null where there is nothing to say. An
//! address is a string, a time is a number of seconds.
//!
//! # Events
//!
//! With the feature `tracing` a resolution emits these, with the target `helo_name`:
//!
//! | level | event | fields |
//! | --- | --- | --- |
//! | info | a name was chosen | `name`, `source`, `provisional`, `valid_for_seconds` |
//! | error | there is no name; the message says why | `kind`, `cure` |
//! | warn | a [`Warning`](resolve::Warning), as a sentence | `kind`, `name`, `address` |
//! | debug | asked for the addresses of a name | `name`, `record_type`, those of an answer |
//! | debug | asked for the names of an address | `address`, `record_type`, those of an answer |
//! | debug | asked an echo service for the client address | `name`, those of an answer |
//!
//! An answer has the fields `outcome`, `reason`, `records`, `ttl_seconds` and `server`: `reason`
//! says why the DNS did not say, `records` is their number. `source`, `kind`, `outcome` and
//! `reason` are the words of `as_str`. What is not known is left out.
//!
//! # Untrusted input
//!
//! Host names, PTR records, replies and settings are hostile until parsed. A [`HeloName`] cannot
//! hold a second SMTP command, no input makes the crate panic, long input is refused unread, and
//! what an error or a report quotes is escaped and cut.
//!
//! # What it does not do
//!
//! It sends no mail, and it cannot promise that every server accepts the name: reputation lists,
//! SPF and an operator's own rules are outside it. The report says what was checked, and its last
//! warning names a client address without PTR record.

mod allowance;
mod candidate;
pub mod dns;
#[cfg(test)]
mod each;
mod escape;
mod events;
mod executor;
#[cfg(feature = "receivers")]
pub mod forecast;
mod host;
mod kinds;
#[cfg(feature = "lettre")]
mod lettre;
pub mod name;
mod plan;
pub mod policy;
mod print;
mod process;
#[cfg(feature = "receivers")]
pub mod receivers;
pub mod resolve;
pub mod sanitize;
#[cfg(feature = "serde")]
mod serde;
pub mod smtp;
#[cfg(feature = "spf")]
pub mod spf;
pub mod verify;

pub use name::{HeloName, InvalidHeloName, Scope};
pub use policy::{Candidate, Decision, FallbackPolicy, Source};
pub use resolve::{Plan, Resolution, Resolve, ResolveError};
pub use smtp::{Diagnosis, Handshake, Reply, Stage};

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
