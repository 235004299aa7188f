//! Picks the name an SMTP client sends in `EHLO`.

mod escape;
mod name;
mod scope;

pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use scope::Scope;
