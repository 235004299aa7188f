//! Asks the DNS: two questions, and three kinds of answer that are never mixed.
//!
//! The rest of the crate asks a [`Dns`]. `Resolver` (feature `dns`) asks real name servers;
//! [`Zone`] answers from memory, to test a policy without a network. An answer is *found*, *does
//! not exist* (NXDOMAIN or NODATA, RFC 9499), or *not known*: a lost packet, SERVFAIL or a missing
//! socket is never reported as "does not exist".
//!
//! Name servers may disagree: one inside a network may not answer as those outside do. So an
//! [`Answer`] says which server it came from.

mod answer;
mod dns_trait;
#[cfg(feature = "dns")]
mod echo;
mod facts;
mod family;
#[cfg(feature = "dns")]
mod hickory;
mod name_servers;
mod ptr_text;
mod questions;
#[cfg(feature = "dns")]
#[cfg_attr(
    any(not(unix), target_vendor = "apple", target_os = "android"),
    allow(dead_code, reason = "hickory asks the system there")
)]
mod resolv_conf;
mod stub;
mod views;
mod zone;

pub use answer::{Answer, NotKnown, Outcome};
pub use dns_trait::Dns;
#[cfg(feature = "dns")]
pub use echo::EchoService;
pub use facts::{Facts, Question};
pub use family::Family;
pub(crate) use family::meant;
#[cfg(feature = "dns")]
pub use hickory::Resolver;
pub use name_servers::{NameServer, NameServers, ServerOrigin, ServerProblem};
pub use ptr_text::{MailExchanger, PtrText};
#[cfg(feature = "spf")]
pub(crate) use questions::learn_all;
pub(crate) use questions::{Heard, Questions};
pub use views::Views;
pub use zone::Zone;
