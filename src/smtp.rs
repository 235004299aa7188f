//! What a server says, and what it means.

mod diagnose;
mod stage;

pub use diagnose::{Cause, Diagnosis};
pub use stage::{InvalidStage, Stage};
