//! Picks the name an SMTP client sends in `EHLO`.

mod escape;
mod name;
mod reply;

pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply, ReplyParser};
