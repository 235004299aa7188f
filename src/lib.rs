//! Picks the name an SMTP client sends in `EHLO`.

mod diagnose;
mod escape;
mod handshake;
mod name;
mod reply;

pub use diagnose::{Cause, Diagnosis, InvalidStage, Stage};
pub use handshake::{
    Exchange, Handshake, HandshakeError, HandshakeErrorKind, HandshakeWarning, Session, Step, Verb,
};
pub use name::{HeloName, InvalidHeloName, InvalidHeloNameKind};
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply, ReplyParser};
