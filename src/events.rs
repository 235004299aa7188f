//! Events for `tracing`. Without the feature these functions do nothing.
//!
//! The crate's documentation lists the levels, messages and fields. Events are emitted while a
//! resolution runs, so this file knows names and answers, but no report.

#![cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "no event is written without the feature")
)]

use std::fmt::Display;
use std::net::IpAddr;
use std::time::Duration;

#[cfg(feature = "tracing")]
use tracing::{debug, error, info, warn};

#[cfg(feature = "dns")]
use crate::dns::Answer;
use crate::dns::Heard;
use crate::name::HeloName;

#[cfg(feature = "tracing")]
const TARGET: &str = "helo_name";

/// A name was chosen.
pub(crate) fn chosen(name: &HeloName, source: &str, provisional: bool, valid_for: Duration) {
    #[cfg(feature = "tracing")]
    info!(
        target: TARGET,
        name = name.as_str(),
        source,
        provisional,
        valid_for_seconds = valid_for.as_secs(),
        "EHLO name chosen"
    );
}

/// There is no name.
pub(crate) fn no_name(kind: &str, cure: &dyn Display, why: &dyn Display) {
    #[cfg(feature = "tracing")]
    error!(target: TARGET, kind, %cure, "{why}");
}

/// There is something that an operator should know.
pub(crate) fn warning(
    kind: &str,
    name: Option<&HeloName>,
    address: Option<IpAddr>,
    message: &dyn Display,
) {
    #[cfg(feature = "tracing")]
    warn!(
        target: TARGET,
        kind,
        name = name.map(HeloName::as_str),
        address = address.map(tracing::field::display),
        "{message}"
    );
}

/// Writes the fields of a question and those of its answer.
#[cfg(feature = "tracing")]
macro_rules! looked_up {
    ($message:literal, $answer:expr, $($question:tt)*) => {
        debug!(
            target: TARGET,
            $($question)*,
            outcome = $answer.outcome().as_str(),
            reason = $answer.why_not_known().map(|reason| reason.as_str()),
            records = $answer.records().len(),
            ttl_seconds = $answer.ttl().map(|ttl| ttl.as_secs()),
            server = $answer.server().map(tracing::field::display),
            $message
        )
    };
}

/// The DNS was asked for the addresses of a name, or the names of an address.
pub(crate) fn heard(heard: &Heard) {
    #[cfg(feature = "tracing")]
    match heard {
        Heard::Addresses(name, family, answer) => {
            let (name, record_type) = (name.as_str(), family.record_type());
            looked_up!("DNS look-up", answer, name, record_type);
        }
        Heard::Names(address, answer) => {
            looked_up!("DNS look-up", answer, %address, record_type = "PTR");
        }
    }
}

/// An echo service was asked for the client address.
#[cfg(feature = "dns")]
pub(crate) fn echo(name: &str, answer: &Answer<IpAddr>) {
    #[cfg(feature = "tracing")]
    looked_up!("echo service asked for the client address", answer, name);
}
