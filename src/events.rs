//! What happens, as events of `tracing`; without the feature, nothing.
//!
//! Their levels, messages and fields stand in the crate's documentation.

#[cfg(all(feature = "tracing", feature = "dns"))]
pub(crate) use with_tracing::echo;
#[cfg(feature = "tracing")]
pub(crate) use with_tracing::{forward, resolved, reverse};
#[cfg(all(not(feature = "tracing"), feature = "dns"))]
pub(crate) use without_tracing::echo;
#[cfg(not(feature = "tracing"))]
pub(crate) use without_tracing::{forward, resolved, reverse};

#[cfg(feature = "tracing")]
mod with_tracing {
    use crate::dns::{Answer, Family, PtrText};
    use crate::{HeloName, Resolution};
    use std::net::IpAddr;
    use tracing::{debug, error, info, warn};

    const TARGET: &str = "helo_name";

    /// A resolution is done.
    pub(crate) fn resolved(resolution: &Resolution) {
        for warning in resolution.warnings() {
            warn!(
                target: TARGET,
                kind = warning.as_str(),
                name = warning.name().map(HeloName::as_str),
                address = warning.address().map(tracing::field::display),
                "{warning}"
            );
        }
        match resolution.plan() {
            Ok(plan) => info!(
                target: TARGET,
                name = plan.first().name().as_str(),
                source = plan.first().source().as_str(),
                provisional = resolution.is_provisional(),
                valid_for_seconds = resolution.valid_for().as_secs(),
                "EHLO name chosen"
            ),
            Err(error) => {
                let (kind, cure) = (error.kind().as_str(), error.cure());
                error!(target: TARGET, kind, %cure, "{error}");
            }
        }
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

    /// The DNS was asked for addresses of a name.
    pub(crate) fn forward(name: &HeloName, family: Family, answer: &Answer<IpAddr>) {
        let (name, record_type) = (name.as_str(), family.record_type());
        looked_up!("DNS look-up", answer, name, record_type);
    }

    /// The DNS was asked for names of an address.
    pub(crate) fn reverse(address: IpAddr, answer: &Answer<PtrText>) {
        looked_up!("DNS look-up", answer, %address, record_type = "PTR");
    }

    /// An echo service was asked for the client address.
    #[cfg(feature = "dns")]
    pub(crate) fn echo(name: &str, answer: &Answer<IpAddr>) {
        looked_up!("echo service asked for the client address", answer, name);
    }
}

#[cfg(not(feature = "tracing"))]
mod without_tracing {
    use crate::dns::{Answer, Family, PtrText};
    use crate::{HeloName, Resolution};
    use std::net::IpAddr;

    pub(crate) fn resolved(_: &Resolution) {}

    pub(crate) fn forward(_: &HeloName, _: Family, _: &Answer<IpAddr>) {}

    pub(crate) fn reverse(_: IpAddr, _: &Answer<PtrText>) {}

    #[cfg(feature = "dns")]
    pub(crate) fn echo(_: &str, _: &Answer<IpAddr>) {}
}
