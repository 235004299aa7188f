//! What a server says to a name: replies, what a refusal means, and the greeting as a machine.

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
