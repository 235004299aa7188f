//! Reads what a server says: replies, what a refusal means, and the handshake without a socket.

mod diagnose;
mod exchange;
mod handshake;
mod parser;
mod reply;
mod stage;

pub use diagnose::{Because, Cause, Diagnosis};
pub use exchange::{Exchange, HandshakeError, HandshakeErrorKind, HandshakeWarning, Verb};
pub use handshake::{Handshake, Session, Step};
pub use parser::ReplyParser;
pub use reply::{EnhancedCode, InvalidReply, InvalidReplyKind, Reply};
pub use stage::{InvalidStage, Stage};
