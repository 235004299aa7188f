//! Events for `tracing`; without the feature, nothing.
//!
//! The crate's documentation lists their levels, messages and fields. They are emitted while a
//! resolution runs, so this module knows names and answers, and not the report.

#[cfg(all(feature = "tracing", feature = "dns"))]
pub(crate) use with_tracing::echo;
#[cfg(feature = "tracing")]
pub(crate) use with_tracing::{chosen, heard, no_name, warning};
#[cfg(all(not(feature = "tracing"), feature = "dns"))]
pub(crate) use without_tracing::echo;
#[cfg(not(feature = "tracing"))]
pub(crate) use without_tracing::{chosen, heard, no_name, warning};

#[cfg(feature = "tracing")]
mod with_tracing {
    use std::fmt::Display;
    use std::net::IpAddr;
    use std::time::Duration;

    use tracing::{debug, error, info, warn};

    #[cfg(feature = "dns")]
    use crate::dns::Answer;
    use crate::dns::Heard;
    use crate::name::HeloName;

    const TARGET: &str = "helo_name";

    /// A name was chosen.
    pub(crate) fn chosen(name: &HeloName, source: &str, provisional: bool, valid_for: Duration) {
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
        error!(target: TARGET, kind, %cure, "{why}");
    }

    /// There is something that an operator should know.
    pub(crate) fn warning(
        kind: &str,
        name: Option<&HeloName>,
        address: Option<IpAddr>,
        message: &dyn Display,
    ) {
        warn!(
            target: TARGET,
            kind,
            name = name.map(HeloName::as_str),
            address = address.map(tracing::field::display),
            "{message}"
        );
    }

    /// Adds the fields of an answer to those of the question.
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

    /// The DNS was asked for addresses of a name, or names of an address.
    pub(crate) fn heard(heard: &Heard) {
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
        looked_up!("echo service asked for the client address", answer, name);
    }
}

#[cfg(not(feature = "tracing"))]
mod without_tracing {
    use std::fmt::Display;
    use std::net::IpAddr;
    use std::time::Duration;

    #[cfg(feature = "dns")]
    use crate::dns::Answer;
    use crate::dns::Heard;
    use crate::name::HeloName;

    pub(crate) fn chosen(_: &HeloName, _: &str, _: bool, _: Duration) {}

    pub(crate) fn no_name(_: &str, _: &dyn Display, _: &dyn Display) {}

    pub(crate) fn warning(_: &str, _: Option<&HeloName>, _: Option<IpAddr>, _: &dyn Display) {}

    pub(crate) fn heard(_: &Heard) {}

    #[cfg(feature = "dns")]
    pub(crate) fn echo(_: &str, _: &Answer<IpAddr>) {}
}
