//! Reads what a server says: replies, what a refusal means, and the handshake without a socket.

mod diagnose;
mod handshake;
mod parser;
mod reply;
mod stage;

pub use diagnose::{Cause, Diagnosis};
pub use handshake::{
    Exchange, Handshake, HandshakeError, HandshakeErrorKind, HandshakeWarning, Session, Step, Verb,
};
pub use parser::ReplyParser;
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply};
pub use stage::{InvalidStage, Stage};
