//! Picks the name an SMTP client sends in `EHLO`.

mod escape;
mod name;

pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
