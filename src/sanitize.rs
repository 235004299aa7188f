//! Turns the raw text that a machine or an operator gives as its name into a
//! [`HeloName`](crate::HeloName), or says why not.
//!
//! Only text with one possible meaning is repaired, and each [`Repair`] is reported:
//!
//! | Raw | Name | Repair |
//! | --- | --- | --- |
//! | `mail.example.com\n` | `mail.example.com` | [`TrimmedWhiteSpace`](Repair::TrimmedWhiteSpace) |
//! | `mail.example.com.` | `mail.example.com` | [`RemovedTrailingDot`](Repair::RemovedTrailingDot) |
//! | `Mail.Example.COM` | `mail.example.com` | [`LowerCased`](Repair::LowerCased) |
//! | `bücher.example` | `xn--bcher-kva.example` | [`ToALabel`](Repair::ToALabel), feature `idna` |
//! | `1.1.1.1` | `[1.1.1.1]` | [`BracketedAddress`](Repair::BracketedAddress) |
//! | `[2606:4700::1111]` | `[IPv6:2606:4700::1111]` | [`AddedTag`](Repair::AddedTag) |
//! | `[ipv6:2606:4700::1111]` | `[IPv6:2606:4700::1111]` | [`CorrectedTag`](Repair::CorrectedTag) |
//! | `[IPv6:2606:4700:0::1111]` | `[IPv6:2606:4700::1111]` | [`RespelledAddress`](Repair::RespelledAddress) |
//! | `::ffff:1.1.1.1` | `[1.1.1.1]` | [`FoldedMappedAddress`](Repair::FoldedMappedAddress) |
//!
//! Everything else is [`Unusable`]. An underscore never becomes a hyphen, a bare name never gets a
//! domain, and no ASCII character is dropped or replaced: the result would be a name that no one
//! owns. UTS 46 maps some other characters: `①` is `1`, a full-width dot is a dot, a soft hyphen or
//! byte order mark is nothing.
//!
//! Whether the name exists, and who owns it, is for the DNS to say.

mod explain;
mod mend;
mod repair;
mod unusable;

use explain::explain;
use mend::mend;
pub use repair::{Repair, Sanitized};
pub use unusable::{Unusable, UnusableKind};

use crate::name::Scope;

/// Longer raw text is refused unread. The longest name that can come out has 253 characters; as
/// U-labels in UTF-8, with white space around, it has far less than this.
const MAX_RAW: usize = 1024;

/// Turns raw text into a legal and public name, and says what was repaired.
///
/// Raw text is bytes because a host name is: a `&str` will do, and on Unix `OsStrExt::as_bytes` of
/// an `OsStr`. No input makes this panic, and refusing takes no longer for a megabyte than for a
/// kilobyte.
///
/// ```
/// use helo_name::sanitize::{Repair, sanitize};
///
/// let clean = sanitize("Mail.Example.COM.\n")?;
/// assert_eq!(clean.name().as_str(), "mail.example.com");
/// assert_eq!(
///     clean.repairs(),
///     [Repair::TrimmedWhiteSpace, Repair::RemovedTrailingDot, Repair::LowerCased]
/// );
/// # Ok::<(), helo_name::sanitize::Unusable>(())
/// ```
///
/// # Errors
///
/// * Illegal, so there is no name: `shop_mailer_1` (underscore), `web-01` (single label),
///   `15b0717dc4c2` (container id), `mail.example.com:25` (port), `{{ .Host }}` (template),
///   `*.example.com` (wildcard), `fe80::1%eth0` (zone).
/// * Legal and not public: `Annas-MacBook-Pro.local`, `ip-10-0-0-1.ec2.internal`,
///   `localhost.localdomain`, `10.0.0.1`. Then [`Unusable::name`] has the name, in case the server
///   is not public either.
pub fn sanitize(raw: impl AsRef<[u8]>) -> Result<Sanitized, Unusable> {
    sanitize_bytes(raw.as_ref())
}

fn sanitize_bytes(raw: &[u8]) -> Result<Sanitized, Unusable> {
    if raw.len() > MAX_RAW {
        return Err(Unusable::new(UnusableKind::TooLong));
    }
    let text = std::str::from_utf8(raw).map_err(|error| Unusable::not_utf8(raw, error))?;
    match mend(text) {
        Ok(sanitized) if sanitized.name.scope() == Scope::Public => Ok(sanitized),
        Ok(sanitized) => Err(Unusable::not_public(sanitized)),
        Err(fault) => Err(explain(text, &fault)),
    }
}
