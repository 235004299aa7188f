//! Names, reports and diagnoses for serde: a [`HeloName`] is read and written, everything else is
//! written only.
//!
//! A name is a string, and reading it checks it as [`HeloName::parse`] does. A kind is its word in
//! kebab-case, the one that `as_str` gives, and `message` is the sentence that `Display` writes.
//! Everything else is a map, whose fields are listed at its `impl`. All fields are always there;
//! where there is nothing to say the value is null (in a format without null, as TOML, the field is
//! absent). An address is a string, a time a number of seconds.
//!
//! Fields may be added.

use std::fmt;
use std::net::IpAddr;

use serde_core::de::{Deserialize, Deserializer, Visitor};
use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::dns::{Answer, Family, PtrText};
#[cfg(feature = "receivers")]
use crate::forecast::{Forecast, Refusal};
use crate::name::{HeloName, InvalidHeloName};
use crate::policy::Source;
use crate::resolve::{
    Attempt, Change, Client, Considered, Cure, Reason, Recheck, Resolution, ResolveError, Warning,
};
use crate::sanitize::{Sanitized, Unusable};
use crate::smtp::{Diagnosis, EnhancedCode, Reply};
use crate::verify::{ClientFinding, Forward, Reverse, Verification};

/// Reads a string and checks it: what [`HeloName::parse`] refuses is an error that says which rule
/// is broken.
///
/// ```
/// use helo_name::HeloName;
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     helo_name: Option<HeloName>,
/// }
///
/// let settings: Settings = toml::from_str("helo_name = 'Mail.Example.COM'").unwrap();
/// assert_eq!(settings.helo_name.unwrap(), "mail.example.com");
///
/// let error = toml::from_str::<Settings>("helo_name = 'web_1.example.com'").err().unwrap();
/// assert!(error.message().starts_with("underscore at byte 3: a host name has only letters"));
/// ```
impl<'de> Deserialize<'de> for HeloName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = HeloName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fully-qualified host name or an address literal")
    }

    fn visit_str<E: serde_core::de::Error>(self, text: &str) -> Result<HeloName, E> {
        HeloName::parse(text).map_err(E::custom)
    }

    fn visit_string<E: serde_core::de::Error>(self, text: String) -> Result<HeloName, E> {
        HeloName::try_from(text).map_err(E::custom)
    }
}

/// Writes the text as it goes on the wire, as a string.
impl Serialize for HeloName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Writes the text with its escapes.
impl Serialize for PtrText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Writes a family as the record type that holds its addresses.
impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.record_type())
    }
}

/// Writes a string such as `5.7.1`.
impl Serialize for EnhancedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes a map of `name`, `provisional`, `valid_for_seconds`, `error`, `plan`, `clients`,
/// `considered`, `warnings`, `forecasts`, `name_servers`; `plan` is a list of [`Attempt`]s; `error`
/// is null when there is a name; `forecasts` is empty without the feature `receivers`.
impl Serialize for Resolution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plan = self.plan();
        let attempts: Option<Vec<&Attempt>> =
            plan.as_ref().ok().map(|plan| plan.attempts().collect());
        let mut map = serializer.serialize_struct("Resolution", 10)?;
        map.serialize_field("name", &self.name().ok())?;
        map.serialize_field("provisional", &self.is_provisional())?;
        map.serialize_field("valid_for_seconds", &self.valid_for().as_secs())?;
        map.serialize_field("error", &plan.err())?;
        map.serialize_field("plan", attempts.as_deref().unwrap_or_default())?;
        map.serialize_field("clients", self.clients())?;
        map.serialize_field("considered", self.considered())?;
        map.serialize_field("warnings", self.warnings())?;
        #[cfg(feature = "receivers")]
        map.serialize_field("forecasts", &self.forecasts())?;
        #[cfg(not(feature = "receivers"))]
        map.serialize_field("forecasts", &[(); 0])?;
        map.serialize_field("name_servers", self.name_servers())?;
        map.end()
    }
}

/// Writes a map of `candidate`, `accepted`, `open`, `refusals`.
#[cfg(feature = "receivers")]
impl Serialize for Forecast {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Forecast", 4)?;
        map.serialize_field("candidate", self.candidate())?;
        map.serialize_field("accepted", &self.accepted())?;
        map.serialize_field("open", &self.open())?;
        map.serialize_field("refusals", self.refusals())?;
        map.end()
    }
}

/// Writes a map of `server`, `profiles`, `stages`, `reply`.
#[cfg(feature = "receivers")]
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Refusal", 4)?;
        map.serialize_field("server", self.server())?;
        map.serialize_field("profiles", self.profiles())?;
        let stages: Vec<String> = self.stages().iter().map(|stage| stage.verb()).collect();
        map.serialize_field("stages", &stages)?;
        map.serialize_field("reply", self.reply())?;
        map.end()
    }
}

/// Writes a map of `address`, `finding`.
impl Serialize for ClientFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("ClientFinding", 2)?;
        map.serialize_field("address", &self.client)?;
        map.serialize_field("finding", &self.finding)?;
        map.end()
    }
}

/// The client address that a name was derived from.
fn source_address(source: Source) -> Option<IpAddr> {
    match source {
        Source::Literal(address) | Source::Ptr(address) => Some(address),
        _ => None,
    }
}

/// Writes a map of `name`, `source`, `source_address`, `decision`, `findings`; `findings` are maps
/// of `address` and `finding`.
impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Attempt", 5)?;
        map.serialize_field("name", self.name())?;
        map.serialize_field("source", &self.source())?;
        map.serialize_field("source_address", &source_address(self.source()))?;
        map.serialize_field("decision", &self.decision())?;
        map.serialize_field("findings", self.findings())?;
        map.end()
    }
}

/// Writes a map of `address`, `origin`, `iprev`, `ptr`.
impl Serialize for Client {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Client", 4)?;
        map.serialize_field("address", &self.address())?;
        map.serialize_field("origin", &self.origin())?;
        map.serialize_field("iprev", &self.iprev())?;
        map.serialize_field("ptr", &self.reverse())?;
        map.end()
    }
}

/// Writes a map of `source`, `source_address`, `raw`, `name`, `repairs`, `decision`, `reason`,
/// `findings`, `lookups`; `raw` is escaped and cut; `findings` are maps of `address` and `finding`.
impl Serialize for Considered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Considered", 9)?;
        map.serialize_field("source", &self.source())?;
        map.serialize_field("source_address", &source_address(self.source()))?;
        map.serialize_field("raw", self.raw())?;
        map.serialize_field("name", &self.name())?;
        map.serialize_field("repairs", self.repairs())?;
        map.serialize_field("decision", &self.decision())?;
        map.serialize_field("reason", self.reason())?;
        map.serialize_field("findings", self.findings())?;
        map.serialize_field("lookups", self.lookups())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`.
impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Reason", 2)?;
        map.serialize_field("kind", &self.kind())?;
        map.serialize_field("message", &self.to_string())?;
        map.end()
    }
}

/// How many fields [`answer_fields`] writes.
const ANSWER_FIELDS: usize = 6;

fn answer_fields<M: SerializeStruct, T: Serialize>(
    map: &mut M,
    answer: &Answer<T>,
) -> Result<(), M::Error> {
    map.serialize_field("outcome", answer.outcome().as_str())?;
    map.serialize_field("not_known", &answer.why_not_known())?;
    map.serialize_field("records", answer.records())?;
    map.serialize_field("aliases", answer.aliases())?;
    map.serialize_field("ttl_seconds", &answer.ttl().map(|ttl| ttl.as_secs()))?;
    map.serialize_field("server", &answer.server())
}

/// Writes a map of `outcome`, `not_known`, `records`, `aliases`, `ttl_seconds`, `server`;
/// `not_known` says why when `outcome` is `not-known`.
impl<T: Serialize> Serialize for Answer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Answer", ANSWER_FIELDS)?;
        answer_fields(&mut map, self)?;
        map.end()
    }
}

/// Writes a map of `record_type`, and the fields of [`Answer`].
impl Serialize for Forward {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Forward", 1 + ANSWER_FIELDS)?;
        map.serialize_field("record_type", &self.family)?;
        answer_fields(&mut map, &self.answer)?;
        map.end()
    }
}

/// Writes a map of `address`, and the fields of [`Answer`].
impl Serialize for Reverse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Reverse", 1 + ANSWER_FIELDS)?;
        map.serialize_field("address", &self.address)?;
        answer_fields(&mut map, &self.answer)?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `name`, `address`, `finding`.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Warning", 5)?;
        map.serialize_field("kind", self.as_str())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("name", &self.name())?;
        map.serialize_field("address", &self.address())?;
        map.serialize_field("finding", &self.finding())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `cure`; the candidates are in the resolution.
impl Serialize for ResolveError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("ResolveError", 3)?;
        map.serialize_field("kind", &self.kind())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("cure", self.cure())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `line`; `line` is the one to paste.
impl Serialize for Cure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Cure", 3)?;
        map.serialize_field("kind", self.as_str())?;
        map.serialize_field("message", &self.explanation())?;
        map.serialize_field("line", &self.to_string())?;
        map.end()
    }
}

/// Writes a map of `changes`, `resolution`.
impl Serialize for Recheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Recheck", 2)?;
        map.serialize_field("changes", self.changes())?;
        map.serialize_field("resolution", self.resolution())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `name`, `address`, `before`, `after`; `before` and `after`
/// are what the kind has: addresses, a finding, a name, or PTR names.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (of_name, of_address) = match self {
            Change::ClientAddresses { .. } | Change::Name { .. } => (None, None),
            Change::Finding { name, client, .. } => (Some(name), *client),
            Change::PtrNames { address, .. } => (None, Some(*address)),
        };
        let mut map = serializer.serialize_struct("Change", 6)?;
        map.serialize_field("kind", self.as_str())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("name", &of_name)?;
        map.serialize_field("address", &of_address)?;
        match self {
            Change::ClientAddresses { before, after } => before_and_after(&mut map, before, after),
            Change::Finding { before, after, .. } => before_and_after(&mut map, before, after),
            Change::Name { before, after } => before_and_after(&mut map, before, after),
            Change::PtrNames { before, after, .. } => before_and_after(&mut map, before, after),
        }?;
        map.end()
    }
}

fn before_and_after<M: SerializeStruct>(
    map: &mut M,
    before: &impl Serialize,
    after: &impl Serialize,
) -> Result<(), M::Error> {
    map.serialize_field("before", before)?;
    map.serialize_field("after", after)
}

/// Writes a map of `name`, `address`, `finding`, `message`, `is_ptr_name`, `iprev`, `lookups`,
/// `ptr`.
impl Serialize for Verification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.finding().about(self.name(), self.client_address());
        let mut map = serializer.serialize_struct("Verification", 8)?;
        map.serialize_field("name", self.name())?;
        map.serialize_field("address", &self.client_address())?;
        map.serialize_field("finding", &self.finding())?;
        map.serialize_field("message", &message)?;
        map.serialize_field("is_ptr_name", &self.is_ptr_name())?;
        map.serialize_field("iprev", &self.iprev())?;
        map.serialize_field("lookups", self.lookups())?;
        map.serialize_field("ptr", &self.reverse())?;
        map.end()
    }
}

/// Writes a map of `ours`, `cause`, `lasting`, `another_name_may_help`, `advice`.
impl Serialize for Diagnosis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Diagnosis", 5)?;
        map.serialize_field("ours", &self.is_ours())?;
        map.serialize_field("cause", &self.cause())?;
        map.serialize_field("lasting", &self.is_lasting())?;
        map.serialize_field("another_name_may_help", &self.another_name_may_help())?;
        map.serialize_field("advice", self.advice())?;
        map.end()
    }
}

/// Writes a map of `code`, `enhanced_code`, `lines`; `lines` are the server's own text, which JSON
/// escapes no further than it must.
impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Reply", 3)?;
        map.serialize_field("code", &self.code())?;
        map.serialize_field("enhanced_code", &self.enhanced_code())?;
        map.serialize_field("lines", self.lines())?;
        map.end()
    }
}

/// Writes a map of `name`, `repairs`.
impl Serialize for Sanitized {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Sanitized", 2)?;
        map.serialize_field("name", self.name())?;
        map.serialize_field("repairs", self.repairs())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `offset`, `name`, `repairs`, `suggestion`.
impl Serialize for Unusable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Unusable", 6)?;
        map.serialize_field("kind", &self.kind())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("offset", &self.offset())?;
        map.serialize_field("name", &self.name())?;
        map.serialize_field("repairs", self.repairs())?;
        map.serialize_field("suggestion", &self.suggestion())?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `offset`.
impl Serialize for InvalidHeloName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("InvalidHeloName", 3)?;
        map.serialize_field("kind", &self.kind())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("offset", &self.offset())?;
        map.end()
    }
}
