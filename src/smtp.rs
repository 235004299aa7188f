//! What a server says to a name: replies, what a refusal means, and the greeting as a machine.

mod diagnose;
mod handshake;
mod parser;
mod reply;

pub use diagnose::{Cause, Diagnosis, InvalidStage, Stage};
pub use handshake::{
    Exchange, Handshake, HandshakeError, HandshakeErrorKind, HandshakeWarning, Session, Step, Verb,
};
pub use parser::ReplyParser;
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply};
