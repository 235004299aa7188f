//! What a server says, and what it means.

mod diagnose;

pub use diagnose::{Cause, Diagnosis, InvalidStage, Stage};
