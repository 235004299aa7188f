//! What was repaired in a raw name, and the result.

use crate::kinds::kinds;
use crate::name::HeloName;

/// A legal and public name, and what was repaired to get it.
///
/// ```
/// let clean = helo_name::sanitize::sanitize("mail.example.com")?;
/// assert!(clean.repairs().is_empty());
/// assert_eq!(clean.into_name(), "mail.example.com");
/// # Ok::<(), helo_name::sanitize::Unusable>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sanitized {
    pub(super) name: HeloName,
    pub(super) repairs: Vec<Repair>,
}

impl Sanitized {
    /// Returns the name.
    ///
    /// ```
    /// use helo_name::sanitize::sanitize;
    ///
    /// assert_eq!(sanitize("MAIL.example.com")?.name().as_str(), "mail.example.com");
    /// # Ok::<(), helo_name::sanitize::Unusable>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &HeloName {
        &self.name
    }

    /// Takes the name out.
    ///
    /// ```
    /// use helo_name::{HeloName, sanitize::sanitize};
    ///
    /// let name: HeloName = sanitize("MAIL.example.com")?.into_name();
    /// # Ok::<(), helo_name::sanitize::Unusable>(())
    /// ```
    #[must_use]
    pub fn into_name(self) -> HeloName {
        self.name
    }

    /// Lists what was repaired, in the order it was done. Empty when the raw text is the name.
    ///
    /// ```
    /// use helo_name::sanitize::{Repair, sanitize};
    ///
    /// assert_eq!(sanitize("1.1.1.1")?.repairs(), [Repair::BracketedAddress]);
    /// # Ok::<(), helo_name::sanitize::Unusable>(())
    /// ```
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }
}

kinds! {
    /// One thing that was changed in a raw name.
    ///
    /// ```
    /// use helo_name::sanitize::Repair;
    ///
    /// assert_eq!(Repair::LowerCased.as_str(), "lower-cased");
    /// assert_eq!(Repair::LowerCased.to_string(), "upper case made lower case");
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum Repair {
        /// `[2606:4700::1111]`, an IPv6 address without the tag of RFC 5321 4.1.3.
        AddedTag = "added-tag" => "tag IPv6: added";
        /// `1.1.1.1`, an address without brackets.
        BracketedAddress = "bracketed-address" => "address put in brackets";
        /// `[ipv6:2606:4700::1111]`: RFC 5321 takes any case, some servers only `IPv6:`.
        CorrectedTag = "corrected-tag" => "tag written as IPv6:";
        /// `[IPv6:::ffff:1.1.1.1]`, an IPv4-mapped address, as a dual-stack socket gives it.
        FoldedMappedAddress = "folded-mapped-address" => "IPv4-mapped address written as IPv4";
        /// `Mail.Example.COM`.
        LowerCased = "lower-cased" => "upper case made lower case";
        /// `mail.example.com.`, a name as DNS writes it.
        RemovedTrailingDot = "removed-trailing-dot" => "trailing dot removed";
        /// `[IPv6:2606:4700:0::1111]`, an IPv6 address not in the form of RFC 5952.
        RespelledAddress = "respelled-address" => "IPv6 address written as in RFC 5952";
        /// `bücher.example`, mapped by UTS 46: labels that stay Unicode become A-labels. There may
        /// be none: `①②.com` is mapped to `12.com`, and a byte order mark to nothing.
        ToALabel = "to-a-label" => "Unicode mapped to ASCII by UTS 46";
        /// `mail.example.com` with a line end, as in `/etc/mailname`.
        TrimmedWhiteSpace = "trimmed-white-space" => "surrounding white space removed";
    }
}
