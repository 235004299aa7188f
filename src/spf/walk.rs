//! Goes through a record, term by term (RFC 7208 4.6, 5, 6), as far as the facts reach.

use std::net::IpAddr;

use crate::dns::{Answer, Facts, Family, PtrText, Question};
use crate::spf::macros::{MacroString, Values};
use crate::spf::record::{Directive, Lengths, Mechanism, Modifier, Qualifier, Record, spf_terms};
use crate::spf::result::{SpfReason, SpfResult};

/// RFC 7208 4.6.4: how many terms may ask the DNS, how many of their look-ups may find nothing, how
/// many exchangers a name may have, and how many names of an address are looked up.
const MAX_LOOKUPS: usize = 10;
const MAX_VOIDS: usize = 2;
const MAX_EXCHANGERS: usize = 10;
const MAX_NAMES: usize = 10;

/// Who sends: the client, and the sender of the mail (RFC 7208 4.1).
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) client: IpAddr,
    pub(super) local_part: String,
    pub(super) domain: String,
    pub(super) helo: String,
}

/// What a record says.
pub(super) struct Found {
    pub(super) result: SpfResult,
    pub(super) reason: SpfReason,
    pub(super) term: Option<Vec<u8>>,
}

/// Why the walk ends before its end.
enum Stop {
    /// Answers are missing.
    Missing(Vec<Question>),
    Error(SpfResult, SpfReason),
    /// An error, and the term at fault.
    At(Found),
}

pub(super) struct Walk<'a> {
    sender: &'a Sender,
    facts: &'a Facts,
    lookups: usize,
    voids: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(sender: &'a Sender, facts: &'a Facts) -> Self {
        Self {
            sender,
            facts,
            lookups: 0,
            voids: 0,
        }
    }

    /// Checks the domain of the sender.
    pub(super) fn check(mut self) -> Result<Found, Vec<Question>> {
        let domain = self.sender.domain.as_str();
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        // RFC 7208 4.3: what is no domain of several labels has no record.
        if !is_name(domain) || !domain.contains('.') || domain.starts_with('[') {
            return Ok(Found {
                result: SpfResult::None,
                reason: SpfReason::NotADomain,
                term: None,
            });
        }
        match self.domain(domain) {
            Ok(found) | Err(Stop::At(found)) => Ok(found),
            Err(Stop::Missing(questions)) => Err(questions),
            Err(Stop::Error(result, reason)) => Ok(Found {
                result,
                reason,
                term: None,
            }),
        }
    }

    /// Finds the record of a domain, and goes through it.
    fn domain(&mut self, domain: &str) -> Result<Found, Stop> {
        let name = presentation(domain);
        let texts = known(self.facts.texts(&name), || Question::Texts(name.clone()))?;
        let mut records = texts.iter().filter_map(|text| spf_terms(text));
        let Some(terms) = records.next() else {
            return Ok(Found {
                result: SpfResult::None,
                reason: SpfReason::NoRecord,
                term: None,
            });
        };
        if records.next().is_some() {
            return Err(perm(SpfReason::SeveralRecords));
        }
        let record = Record::parse(terms).map_err(|term| {
            Stop::At(Found {
                result: SpfResult::PermError,
                reason: SpfReason::Syntax,
                term: Some(term.to_vec()),
            })
        })?;
        for directive in &record.directives {
            let matches = self.matches(domain, &directive.mechanism);
            if matches.map_err(|stop| stop.at(directive.text))? {
                return Ok(matched(directive));
            }
        }
        match &record.redirect {
            Some(redirect) => self.redirect(domain, redirect),
            None => Ok(Found {
                result: SpfResult::Neutral,
                reason: SpfReason::NothingMatched,
                term: None,
            }),
        }
    }

    /// RFC 7208 6.1.
    fn redirect(&mut self, domain: &str, redirect: &Modifier<'_>) -> Result<Found, Stop> {
        let found = self
            .count_lookup()
            .and_then(|()| self.target(domain, Some(&redirect.domain)))
            .and_then(|target| self.included(&target))
            .map_err(|stop| stop.at(redirect.text))?;
        match found.result {
            SpfResult::None => Err(perm(SpfReason::IncludedNone).at(redirect.text)),
            _ => Ok(found),
        }
    }

    /// Checks another domain; a name that cannot be has no record.
    fn included(&mut self, target: &str) -> Result<Found, Stop> {
        if is_name(target) {
            return self.domain(target);
        }
        Ok(Found {
            result: SpfResult::None,
            reason: SpfReason::NotADomain,
            term: None,
        })
    }

    fn matches(&mut self, domain: &str, mechanism: &Mechanism<'_>) -> Result<bool, Stop> {
        if !matches!(
            mechanism,
            Mechanism::All | Mechanism::Ip4(..) | Mechanism::Ip6(..)
        ) {
            self.count_lookup()?;
        }
        let client = self.sender.client;
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4(network, bits) => Ok(is_in(client, (*network).into(), *bits)),
            Mechanism::Ip6(network, bits) => Ok(is_in(client, (*network).into(), *bits)),
            Mechanism::Include(target) => {
                let target = self.target(domain, Some(target))?;
                self.include(&target)
            }
            Mechanism::A(target, lengths) => {
                let target = self.target(domain, target.as_ref())?;
                let addresses = self.addresses(&target, Family::of(client))?;
                Ok(self.holds(addresses, *lengths))
            }
            Mechanism::Mx(target, lengths) => {
                let target = self.target(domain, target.as_ref())?;
                self.mail_exchanger(&target, *lengths)
            }
            Mechanism::Ptr(target) => {
                let target = self.target(domain, target.as_ref())?;
                Ok(self
                    .validated(&target)?
                    .is_some_and(|name| is_below(&name, &target)))
            }
            // RFC 7208 5.7: A is asked for, whatever the client is.
            Mechanism::Exists(target) => {
                let target = self.target(domain, Some(target))?;
                self.exists(&target)
            }
        }
    }

    /// RFC 7208 5.2.
    fn include(&mut self, target: &str) -> Result<bool, Stop> {
        match self.included(target)?.result {
            SpfResult::Pass => Ok(true),
            SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => Ok(false),
            SpfResult::None | SpfResult::PermError | SpfResult::TempError => {
                Err(perm(SpfReason::IncludedNone))
            }
        }
    }

    /// RFC 7208 5.4. The addresses of all exchangers are asked for at once.
    fn mail_exchanger(&mut self, target: &str, lengths: Lengths) -> Result<bool, Stop> {
        if !is_name(target) {
            self.count_void()?;
            return Ok(false);
        }
        let name = presentation(target);
        let exchangers = known(self.facts.mail_exchangers(&name), || {
            Question::MailExchangers(name.clone())
        })?;
        if exchangers.is_empty() {
            self.count_void()?;
        }
        if exchangers.len() > MAX_EXCHANGERS {
            return Err(perm(SpfReason::TooManyExchangers));
        }
        let family = Family::of(self.sender.client);
        let hosts = exchangers.iter().map(|exchanger| &*exchanger.host);
        let hosts: Vec<&str> = hosts.filter(|host| !host.is_empty()).collect();
        self.are_asked(&hosts, family)?;
        for host in hosts {
            let answer = self.facts.addresses(host, family);
            let addresses = known(answer, || Question::Addresses(host.into(), family))?;
            if addresses.is_empty() {
                self.count_void()?;
            }
            if self.holds(addresses, lengths) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the questions for addresses that nobody asked yet, all at once.
    fn are_asked(&self, names: &[&str], family: Family) -> Result<(), Stop> {
        let is_missing = |name: &&&str| self.facts.addresses(name, family).is_none();
        let missing = names.iter().filter(is_missing);
        let missing: Vec<Question> = missing
            .map(|name| Question::Addresses((*name).into(), family))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Stop::Missing(missing))
    }

    /// Returns a name of the client that leads back to it, the best for a domain: RFC 7208 5.5 and
    /// 7.3. What the DNS does not say is no name.
    fn validated(&mut self, domain: &str) -> Result<Option<String>, Stop> {
        let client = self.sender.client;
        let Some(answer) = self.facts.names(client) else {
            return Err(Stop::Missing(vec![Question::Names(client)]));
        };
        let names = answer.records().iter().map(PtrText::as_str);
        let names: Vec<&str> = names.filter(|name| is_name(name)).take(MAX_NAMES).collect();
        let family = Family::of(client);
        self.are_asked(&names, family)?;
        let leads_back = |name: &&&str| {
            let answer = self.facts.addresses(name, family);
            answer.is_some_and(|answer| answer.records().contains(&client))
        };
        let valid: Vec<&str> = names.iter().filter(leads_back).copied().collect();
        let same = valid.iter().find(|name| name.eq_ignore_ascii_case(domain));
        let best = same.or_else(|| valid.iter().find(|name| is_below(name, domain)));
        Ok(best.or(valid.first()).map(|name| (*name).to_owned()))
    }

    /// Returns the domain that a term is about.
    fn target(&mut self, domain: &str, target: Option<&MacroString<'_>>) -> Result<String, Stop> {
        let Some(target) = target else {
            return Ok(domain.to_owned());
        };
        let validated = match target.needs_validated_name() {
            true => self.validated(domain)?,
            false => None,
        };
        Ok(target.expand(&Values {
            local_part: &self.sender.local_part,
            sender_domain: &self.sender.domain,
            helo: &self.sender.helo,
            client: self.sender.client,
            domain,
            validated: validated.as_deref().unwrap_or("unknown"),
        }))
    }

    /// Returns the addresses of a name; a name that cannot be has none.
    fn addresses(&mut self, target: &str, family: Family) -> Result<&'a [IpAddr], Stop> {
        let mut addresses: &[IpAddr] = &[];
        if is_name(target) {
            let name = presentation(target);
            let answer = self.facts.addresses(&name, family);
            addresses = known(answer, || Question::Addresses(name.clone(), family))?;
        }
        if addresses.is_empty() {
            self.count_void()?;
        }
        Ok(addresses)
    }

    /// RFC 7208 5.7: whatever the address is.
    fn exists(&mut self, target: &str) -> Result<bool, Stop> {
        let name = presentation(target);
        let is_found = is_name(target)
            && !known(self.facts.codes(&name), || Question::Codes(name.clone()))?.is_empty();
        if !is_found {
            self.count_void()?;
        }
        Ok(is_found)
    }

    fn holds(&self, addresses: &[IpAddr], lengths: Lengths) -> bool {
        let client = self.sender.client;
        let bits = match client {
            IpAddr::V4(_) => lengths.v4,
            IpAddr::V6(_) => lengths.v6,
        };
        let mut addresses = addresses.iter();
        addresses.any(|address| is_in(client, *address, bits))
    }

    fn count_lookup(&mut self) -> Result<(), Stop> {
        self.lookups += 1;
        if self.lookups > MAX_LOOKUPS {
            return Err(perm(SpfReason::TooManyLookups));
        }
        Ok(())
    }

    fn count_void(&mut self) -> Result<(), Stop> {
        self.voids += 1;
        if self.voids > MAX_VOIDS {
            return Err(perm(SpfReason::TooManyVoids));
        }
        Ok(())
    }
}

impl Stop {
    /// Says at which term an error is, unless that is known.
    fn at(self, term: &str) -> Self {
        match self {
            Stop::Error(result, reason) => Stop::At(Found {
                result,
                reason,
                term: Some(term.as_bytes().to_vec()),
            }),
            other => other,
        }
    }
}

fn perm(reason: SpfReason) -> Stop {
    Stop::Error(SpfResult::PermError, reason)
}

fn matched(directive: &Directive<'_>) -> Found {
    Found {
        result: match directive.qualifier {
            Qualifier::Pass => SpfResult::Pass,
            Qualifier::Fail => SpfResult::Fail,
            Qualifier::SoftFail => SpfResult::SoftFail,
            Qualifier::Neutral => SpfResult::Neutral,
        },
        reason: SpfReason::Matched,
        term: Some(directive.text.as_bytes().to_vec()),
    }
}

/// Returns the records of an answer, or asks for it.
fn known<T>(answer: Option<&Answer<T>>, question: impl FnOnce() -> Question) -> Result<&[T], Stop> {
    let Some(answer) = answer else {
        return Err(Stop::Missing(vec![question()]));
    };
    match answer.why_not_known() {
        Some(reason) => Err(Stop::Error(
            SpfResult::TempError,
            SpfReason::NotKnown(reason),
        )),
        None => Ok(answer.records()),
    }
}

/// Returns whether a text may be asked for in the DNS (RFC 1035 2.3.4).
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| (1..=63).contains(&label.len());
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Returns the form of a name in the book of facts: macros may bring any octets.
fn presentation(name: &str) -> Box<str> {
    let labels = name.split('.').map(str::as_bytes);
    let name = PtrText::from_labels(labels);
    name.as_str().to_ascii_lowercase().into()
}

/// Returns whether a name is a domain or below it.
fn is_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else {
        return false;
    };
    let is_end = name
        .get(at..)
        .is_some_and(|end| end.eq_ignore_ascii_case(domain));
    is_end && (at == 0 || name.as_bytes()[at - 1] == b'.')
}

/// Returns whether the first bits of two addresses are the same.
fn is_in(client: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (client, network) {
        (IpAddr::V4(client), IpAddr::V4(network)) => {
            let differ = u32::from(client) ^ u32::from(network);
            differ.leading_zeros() >= bits
        }
        (IpAddr::V6(client), IpAddr::V6(network)) => {
            let differ = u128::from(client) ^ u128::from(network);
            differ.leading_zeros() >= bits
        }
        _ => false,
    }
}
