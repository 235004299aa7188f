//! The results of a check, and why.

use crate::dns::NotKnown;
use crate::kinds::{kinds, messages};

kinds! {
    /// A result of `check_host` (RFC 7208 2.6).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[expect(clippy::exhaustive_enums, reason = "RFC 7208 2.6 has no other results")]
    pub enum SpfResult {
        /// There is no record, or no such domain.
        None = "none";
        /// The record says nothing about this address.
        Neutral = "neutral";
        /// The address may use the name.
        Pass = "pass";
        /// The address may not use the name.
        Fail = "fail";
        /// The address probably may not use the name.
        SoftFail = "softfail";
        /// The DNS did not say; a later try may help.
        TempError = "temperror";
        /// The record is wrong, and somebody has to mend it.
        PermError = "permerror";
    }
}

messages! {
    /// Why a check had its result.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum SpfReason {
        /// An included record, or the one at a redirect, does not exist (RFC 7208 5.2, 6.1).
        IncludedNone = "included-none" => "there is no record where it leads";
        /// A term matched.
        Matched = "matched" => "by";
        /// There is no record (RFC 7208 4.5).
        NoRecord = "no-record" => "no record";
        /// No term matched, and there is no redirect (RFC 7208 4.7).
        NothingMatched = "nothing-matched" => "no term matches";
        /// The domain cannot have a record (RFC 7208 4.3).
        NotADomain = "not-a-domain" => "not a domain with a record";
        /// The DNS did not say (RFC 7208 2.6.6).
        NotKnown(reason: NotKnown) = "not-known" => "{reason}";
        /// There are several records (RFC 7208 4.5).
        SeveralRecords = "several-records" => "several records";
        /// A term is malformed (RFC 7208 4.6).
        Syntax = "syntax" => "malformed";
        /// A name has more than 10 mail exchangers (RFC 7208 4.6.4).
        TooManyExchangers = "too-many-exchangers" => "more than 10 mail exchangers";
        /// More than 10 terms ask the DNS (RFC 7208 4.6.4).
        TooManyLookups = "too-many-lookups" => "more than 10 terms that ask the DNS";
        /// More than 2 look-ups found nothing (RFC 7208 4.6.4).
        TooManyVoids = "too-many-voids" => "more than 2 look-ups that find nothing";
    }
}
