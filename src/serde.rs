//! Names, reports and diagnoses for serde. A [`HeloName`] is read and written, everything else is
//! only written.
//!
//! A name is a string, and reading it checks it as [`HeloName::parse`] does. A kind is its word in
//! kebab-case, as `as_str` returns it, and `message` is the sentence that `Display` writes. The
//! rest are maps; rustdoc lists their fields at each type's `Serialize`. Every field is always
//! present. A missing value is null, and in a format without null, such as TOML, the field is
//! absent. An address is a string, a time a number of seconds.
//!
//! Fields may be added.

use std::fmt;
use std::net::IpAddr;

use serde_core::de::{Deserialize, Deserializer, Visitor};
use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::dns::{Answer, Family, NameServer, Outcome, PtrText};
#[cfg(feature = "receivers")]
use crate::forecast::{Forecast, Refusal};
use crate::name::{HeloName, InvalidHeloName};
use crate::policy::Source;
use crate::resolve::{
    Attempt, Change, Client, Considered, Cure, FamilyEgress, Plan, Reason, Recheck, Resolution,
    ResolveError, Warning,
};
use crate::sanitize::{Sanitized, Unusable};
use crate::smtp::{Diagnosis, EnhancedCode, Reply};
use crate::verify::{ClientFinding, Forward, Reverse, Verification};

/// Reads a string, and fails as [`HeloName::parse`] does: the error says which rule is broken.
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
/// assert!(error.message().starts_with("underscore at byte 3: "));
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

/// Writes a string, as on the wire.
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

/// Writes the record type that holds addresses of the family: `A` or `AAAA`.
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

/// Writes types as maps. A row is a field: its name and its value. The docs list the names.
macro_rules! maps {
    ($(
        $(#[$meta:meta])*
        $type:ident as $value:ident {
            $first:ident: $first_value:expr,
            $($field:ident: $field_value:expr,)*
        }
    )+) => {$(
        #[doc = concat!(
            "Writes a map of `", stringify!($first), "`", $(", `", stringify!($field), "`",)* "."
        )]
        ///
        $(#[$meta])*
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                const FIELDS: &[&str] = &[stringify!($first), $(stringify!($field)),*];
                let $value = self;
                let mut map = serializer.serialize_struct(stringify!($type), FIELDS.len())?;
                map.serialize_field(stringify!($first), &$first_value)?;
                $(map.serialize_field(stringify!($field), &$field_value)?;)*
                map.end()
            }
        }
    )+};
}

maps! {
    /// `plan` is a list of [`Attempt`]s, `servers_asked` one of [`NameServer`]s. `error` is null
    /// when there is a name. `forecasts` is empty without the feature `receivers`.
    Resolution as report {
        name: report.name().ok(),
        provisional: report.is_provisional(),
        valid_for_seconds: report.valid_for().as_secs(),
        error: report.plan().err(),
        plan: attempts(report),
        clients: report.clients(),
        considered: report.considered(),
        warnings: report.warnings(),
        forecasts: forecasts(report),
        name_servers: report.name_servers(),
        servers_asked: report.servers_asked().servers(),
        families: report.families(),
    }

    /// `missing` is a list of lines of a zone file.
    FamilyEgress as egress {
        protocol: egress.protocol(),
        right: egress.is_right(),
        addresses: egress.addresses(),
        name: egress.name(),
        missing: egress.missing().iter().map(ToString::to_string).collect::<Vec<_>>(),
    }

    /// `stub` is the address of the stub in front of it, or null.
    NameServer as server {
        address: server.address,
        origin: server.origin.as_str(),
        stub: server.stub(),
    }

    #[cfg(feature = "receivers")]
    Forecast as forecast {
        candidate: forecast.candidate(),
        accepted: forecast.accepted(),
        open: forecast.open(),
        refusals: forecast.refusals(),
    }

    #[cfg(feature = "receivers")]
    Refusal as refusal {
        server: refusal.server(),
        profiles: refusal.profiles(),
        stages: refusal.stages().iter().map(|stage| stage.verb()).collect::<Vec<_>>(),
        reply: refusal.reply(),
    }

    ClientFinding as about {
        address: about.client,
        finding: about.finding,
    }

    /// `findings` is a list of [`ClientFinding`]s.
    Attempt as attempt {
        name: attempt.name(),
        source: attempt.source(),
        source_address: source_address(attempt.source()),
        decision: attempt.decision(),
        findings: attempt.findings(),
    }

    /// `ptr` is a [`Reverse`].
    Client as client {
        address: client.address(),
        origin: client.origin(),
        iprev: client.iprev(),
        ptr: client.reverse(),
    }

    /// `raw` is escaped and cut. `findings` is a list of [`ClientFinding`]s, `lookups` one of
    /// [`Forward`]s.
    Considered as considered {
        source: considered.source(),
        source_address: source_address(considered.source()),
        raw: considered.raw(),
        name: considered.name(),
        repairs: considered.repairs(),
        decision: considered.decision(),
        reason: considered.reason(),
        findings: considered.findings(),
        lookups: considered.lookups(),
    }

    Reason as reason {
        kind: reason.kind(),
        message: reason.to_string(),
    }

    Warning as warning {
        kind: warning.as_str(),
        message: warning.to_string(),
        name: warning.name(),
        address: warning.address(),
        finding: warning.finding(),
    }

    /// The candidates are in the resolution.
    ResolveError as error {
        kind: error.kind(),
        message: error.to_string(),
        cure: error.cure(),
    }

    /// `line` is the one to paste.
    Cure as cure {
        kind: cure.as_str(),
        message: cure.explanation(),
        line: cure.to_string(),
    }

    Recheck as recheck {
        changes: recheck.changes(),
        resolution: recheck.resolution(),
    }

    /// `lookups` is a list of [`Forward`]s, `ptr` a [`Reverse`].
    Verification as verified {
        name: verified.name(),
        address: verified.client_address(),
        finding: verified.finding(),
        message: verified.finding().about(verified.name(), verified.client_address()),
        is_ptr_name: verified.is_ptr_name(),
        iprev: verified.iprev(),
        lookups: verified.lookups(),
        ptr: verified.reverse(),
    }

    Diagnosis as diagnosis {
        ours: diagnosis.is_ours(),
        cause: diagnosis.cause(),
        lasting: diagnosis.is_lasting(),
        another_name_may_help: diagnosis.another_name_may_help(),
        advice: diagnosis.advice(),
        because: diagnosis.because().to_string(),
    }

    /// `lines` are the server's own text, whole; JSON escapes what it must.
    Reply as reply {
        code: reply.code(),
        enhanced_code: reply.enhanced_code(),
        lines: reply.lines(),
    }

    Sanitized as sanitized {
        name: sanitized.name(),
        repairs: sanitized.repairs(),
    }

    Unusable as unusable {
        kind: unusable.kind(),
        message: unusable.to_string(),
        offset: unusable.offset(),
        name: unusable.name(),
        repairs: unusable.repairs(),
        suggestion: unusable.suggestion(),
    }

    InvalidHeloName as invalid {
        kind: invalid.kind(),
        message: invalid.to_string(),
        offset: invalid.offset(),
    }
}

fn attempts(report: &Resolution) -> Vec<&Attempt> {
    let plan = report.plan().ok();
    plan.into_iter().flat_map(Plan::attempts).collect()
}

#[cfg(feature = "receivers")]
fn forecasts(report: &Resolution) -> Vec<Forecast> {
    report.forecasts()
}

#[cfg(not(feature = "receivers"))]
fn forecasts(_: &Resolution) -> [(); 0] {
    []
}

/// Returns the client address that a name was derived from.
fn source_address(source: Source) -> Option<IpAddr> {
    match source {
        Source::Literal(address) | Source::Ptr(address) => Some(address),
        _ => None,
    }
}

/// How many fields [`answer_fields`] writes.
const ANSWER_FIELDS: usize = 7;

fn answer_fields<M: SerializeStruct, T: Serialize>(
    map: &mut M,
    answer: &Answer<T>,
) -> Result<(), M::Error> {
    map.serialize_field("outcome", answer.outcome().as_str())?;
    map.serialize_field("not_known", &answer.why_not_known())?;
    map.serialize_field("records", answer.records())?;
    map.serialize_field("aliases", answer.aliases())?;
    map.serialize_field("ttl_seconds", &answer.ttl().map(|ttl| ttl.as_secs()))?;
    map.serialize_field("server", &answer.server())?;
    map.serialize_field("inside", &answer.inside().map(Outcome::records))
}

/// Writes a map of `outcome`, `not_known`, `records`, `aliases`, `ttl_seconds`, `server`.
///
/// `not_known` says why when `outcome` is `not-known`.
impl<T: Serialize> Serialize for Answer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Answer", ANSWER_FIELDS)?;
        answer_fields(&mut map, self)?;
        map.end()
    }
}

/// Writes a map of `record_type` and the fields of [`Answer`].
impl Serialize for Forward {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Forward", 1 + ANSWER_FIELDS)?;
        map.serialize_field("record_type", &self.family)?;
        answer_fields(&mut map, &self.answer)?;
        map.end()
    }
}

/// Writes a map of `address` and the fields of [`Answer`].
impl Serialize for Reverse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Reverse", 1 + ANSWER_FIELDS)?;
        map.serialize_field("address", &self.address)?;
        answer_fields(&mut map, &self.answer)?;
        map.end()
    }
}

/// Writes a map of `kind`, `message`, `name`, `address`, `before`, `after`.
///
/// `before` and `after` depend on the kind: addresses, a finding, a name, or PTR names.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, address) = match self {
            Change::ClientAddresses { .. } | Change::Name { .. } => (None, None),
            Change::Finding { name, client, .. } => (Some(name), *client),
            Change::PtrNames { address, .. } => (None, Some(*address)),
        };
        let mut map = serializer.serialize_struct("Change", 6)?;
        map.serialize_field("kind", self.as_str())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("name", &name)?;
        map.serialize_field("address", &address)?;
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
