//! Picks the name an SMTP client sends in `EHLO`.

mod candidate;
pub mod dns;
mod escape;
mod host;
mod in_flight;
mod name;
mod plan;
pub mod policy;
pub mod receivers;
mod resolve;
mod sanitize;
mod scope;
mod shape;
pub mod verify;

pub use candidate::{Candidate, Qualifier, Source};
pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use plan::{Attempt, Plan};
pub use policy::{Decision, FallbackPolicy, Judged};
pub use resolve::{
    Client, ClientOrigin, Considered, Cure, Reason, ReasonKind, Resolution, Resolve, ResolveError,
    ResolveErrorKind, Warning,
};
pub use sanitize::{Repair, Sanitized, Unusable, UnusableKind, sanitize};
pub use scope::Scope;
