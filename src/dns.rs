//! Asks the DNS: two questions, and three kinds of answer that are never mixed.
//!
//! [`Dns`] is what the rest of the crate asks. [`Zone`] answers from memory, for tests of a policy
//! without a network; `Resolver` (feature `dns`) asks real name servers. An answer says *found*,
//! *does not exist* (NXDOMAIN or NODATA, RFC 9499), or *not known*: whatever hides the truth (a
//! lost packet, SERVFAIL, no socket) is never reported as "does not exist".
//!
//! Two name servers need not agree: one inside a network may say other things than the world hears.
//! So an [`Answer`] carries the server that it came from.

mod answer;
mod dns_trait;
#[cfg(feature = "dns")]
mod echo;
mod facts;
mod family;
#[cfg(feature = "dns")]
mod hickory;
mod ptr_text;
mod questions;
mod zone;

pub use answer::{Answer, NotKnown, Outcome};
pub use dns_trait::Dns;
#[cfg(feature = "dns")]
pub use echo::EchoService;
pub use facts::{Facts, Question};
pub use family::Family;
#[cfg(feature = "dns")]
pub use hickory::Resolver;
pub use ptr_text::{MailExchanger, PtrText};
pub(crate) use questions::{Heard, Questions};
pub use zone::Zone;
