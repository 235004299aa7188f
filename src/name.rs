//! The name a client sends in `EHLO`, and who can make use of it.

mod error;
mod helo_name;
mod mailbox;
mod scope;
mod shape;
mod syntax;

pub use error::{InvalidHeloName, InvalidHeloNameKind};
pub use helo_name::HeloName;
pub(crate) use mailbox::is_mailbox_domain;
pub use scope::Scope;
pub(crate) use scope::{SpecialName, is_documentation, is_verifiable, special_name};
pub(crate) use shape::{generic_reason, has_pod_suffix, looks_like_container_id};
pub(crate) use syntax::{is_number, untagged};
