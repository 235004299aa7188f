//! Picks the name an SMTP client sends in `EHLO`.

mod escape;
mod name;
mod sanitize;
mod scope;
mod shape;

pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use sanitize::{Repair, Sanitized, Unusable, UnusableKind, sanitize};
pub use scope::Scope;
