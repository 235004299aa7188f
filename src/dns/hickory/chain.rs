//! Judges the response of a name server: found, does not exist, or not known.

use std::io::{self, ErrorKind};
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData};

use crate::dns::answer::{Answer, MAX_ALIASES, NotKnown};
use crate::dns::ptr_text::PtrText;

/// How many seconds a negative answer without SOA may be used. It must not be cached (RFC 2308 5),
/// but a choice that rests on it need not be made again for every mail.
const NO_SOA_TTL: u32 = 60;

/// The longest TTL (RFC 2181 8).
const MAX_TTL: u32 = i32::MAX as u32;

/// The names from the one asked for to the one that holds the records.
pub(super) struct Chain {
    seen: Vec<Name>,
    /// What is asked at the end of the chain.
    question: Query,
    /// The smallest TTL on the way.
    ttl: u32,
    /// How long a negative answer without SOA may be used.
    no_soa_ttl: u32,
}

/// What a response means. `None`: it has a CNAME, and not what is at its end.
type Judgement = Result<Option<Answer<RData>>, NotKnown>;

impl Chain {
    pub(super) fn starting_with(question: Query) -> Self {
        Self {
            seen: Vec::new(),
            question,
            ttl: u32::MAX,
            no_soa_ttl: NO_SOA_TTL,
        }
    }

    /// The same, asked of a stub on this machine. What it makes up has a TTL of zero, and where
    /// that is nothing, no SOA: `_gateway`, or another type of the host name.
    pub(super) fn asked_of_stub(self) -> Self {
        Self {
            no_soa_ttl: 0,
            ..self
        }
    }

    /// Returns the question to ask next.
    pub(super) fn question(&self) -> &Query {
        &self.question
    }

    /// Reads the response to [`question`](Self::question). `None`: the question has changed, and
    /// must be asked.
    pub(super) fn read(
        &mut self,
        response: Result<DnsResponse, NetError>,
    ) -> Option<Answer<RData>> {
        let judgement = match response {
            Ok(response) => self.judge(&response),
            Err(NetError::Dns(DnsError::NoRecordsFound(negative))) => {
                self.judge_negative(&negative)
            }
            Err(error) => Err(why_not_known(&error)),
        };
        let answer = match judgement {
            Ok(answer) => answer?.with_ttl(Duration::from_secs(self.ttl.into())),
            Err(reason) => Answer::not_known(reason),
        };
        Some(answer.with_aliases(self.aliases()))
    }

    fn judge(&mut self, response: &DnsResponse) -> Judgement {
        if response.truncation {
            return Err(NotKnown::Truncated);
        }
        let [question] = response.queries.as_slice() else {
            return Err(NotKnown::BadMessage);
        };
        self.check_question(question)?;
        self.check_classes(response)?;
        let aliases_before = self.seen.len();
        self.follow_aliases(response)?;
        let has_followed = self.seen.len() > aliases_before;
        let records = self.records(response);
        let soa = response.soa();
        let speaks_for_end = self.is_in_zone_of(soa.as_ref().map(|soa| soa.name()));
        match response.response_code {
            ResponseCode::NoError if !records.is_empty() => Ok(Some(Answer::found(records))),
            ResponseCode::NXDomain if speaks_for_end && records.is_empty() => {
                self.negative(response.negative_ttl(), Answer::nx_domain())
            }
            ResponseCode::NoError if speaks_for_end && soa.is_some() => {
                self.negative(response.negative_ttl(), Answer::no_data())
            }
            // An authoritative server ends its answer where its zone ends.
            ResponseCode::NoError | ResponseCode::NXDomain
                if has_followed && records.is_empty() =>
            {
                Ok(None)
            }
            // Records of another type or name, and nothing about this one; or both a yes and a no.
            ResponseCode::NoError | ResponseCode::NXDomain => Err(NotKnown::BadMessage),
            _ => Err(NotKnown::ServFail),
        }
    }

    /// Judges a negative response without any record (RFC 2308 2). A referral (name servers and no
    /// SOA) is not an answer: it says nothing about the name.
    fn judge_negative(&mut self, negative: &NoRecords) -> Judgement {
        self.check_question(&negative.query)?;
        if !self.is_in_zone_of(negative.soa.as_ref().map(|soa| &soa.name)) {
            return Err(NotKnown::BadMessage);
        }
        match negative.response_code {
            ResponseCode::NXDomain => self.negative(negative.negative_ttl, Answer::nx_domain()),
            ResponseCode::NoError if negative.soa.is_none() && negative.ns.is_some() => {
                Err(NotKnown::BadMessage)
            }
            ResponseCode::NoError => self.negative(negative.negative_ttl, Answer::no_data()),
            _ => Err(NotKnown::ServFail),
        }
    }

    /// Checks that a response is to this question. hickory does so by UDP, and not by TCP.
    fn check_question(&self, question: &Query) -> Result<(), NotKnown> {
        if question.name == self.question.name && question.query_type == self.question.query_type {
            Ok(())
        } else {
            Err(NotKnown::BadMessage)
        }
    }

    /// Checks that no record is of another class, which would be about another name space.
    fn check_classes(&self, response: &DnsResponse) -> Result<(), NotKnown> {
        let class = self.question.query_class;
        let sections = [
            &response.answers,
            &response.authorities,
            &response.additionals,
        ];
        let mut records = sections.into_iter().flatten();
        if records.all(|record| record.dns_class == class) {
            Ok(())
        } else {
            Err(NotKnown::BadMessage)
        }
    }

    fn follow_aliases(&mut self, response: &DnsResponse) -> Result<(), NotKnown> {
        loop {
            let alias = response
                .answers
                .iter()
                .find_map(|record| match &record.data {
                    RData::CNAME(target) if record.name == self.question.name => {
                        Some((target.0.clone(), record.ttl))
                    }
                    _ => None,
                });
            let Some((target, ttl)) = alias else {
                return Ok(());
            };
            self.limit_ttl(ttl);
            self.seen
                .push(std::mem::replace(&mut self.question.name, target));
            if self.seen.len() > MAX_ALIASES || self.seen.contains(&self.question.name) {
                return Err(NotKnown::AliasChain);
            }
        }
    }

    /// Takes the records at the end of the chain.
    fn records(&mut self, response: &DnsResponse) -> Vec<RData> {
        let mut records = Vec::new();
        for record in &response.answers {
            if record.name == self.question.name && record.record_type() == self.question.query_type
            {
                self.limit_ttl(record.ttl);
                records.push(record.data.clone());
            }
        }
        records
    }

    /// Returns whether a SOA, if there is one, is above the name: the SOA of another zone says
    /// nothing about it.
    fn is_in_zone_of(&self, soa: Option<&Name>) -> bool {
        soa.is_none_or(|owner| owner.zone_of(&self.question.name))
    }

    fn negative(&mut self, ttl: Option<u32>, answer: Answer<RData>) -> Judgement {
        self.limit_ttl(ttl.unwrap_or(self.no_soa_ttl));
        Ok(Some(answer))
    }

    /// Notes a TTL. One with the highest bit set counts as zero (RFC 2181 8).
    fn limit_ttl(&mut self, ttl: u32) {
        let ttl = if ttl > MAX_TTL { 0 } else { ttl };
        self.ttl = self.ttl.min(ttl);
    }

    /// Returns the targets of the CNAMEs that were followed, as text. In lower case: a target may
    /// repeat a part of the name asked for, whose case is random.
    fn aliases(&self) -> Vec<Box<str>> {
        let targets = self.seen.iter().skip(1).chain(Some(&self.question.name));
        let text = |name: &Name| {
            PtrText::from_labels(name.to_lowercase().iter())
                .as_str()
                .into()
        };
        targets.take(self.seen.len()).map(text).collect()
    }
}

/// Returns the reason for an error. hickory's enums grow, and a new error counts as temporary.
fn why_not_known(error: &NetError) -> NotKnown {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => NotKnown::Refused,
        NetError::Dns(_) => NotKnown::ServFail,
        NetError::Io(error) if error.kind() == ErrorKind::QuotaExceeded => {
            NotKnown::TooManyQuestions
        }
        NetError::Io(error) if is_want_of_sockets(error) => NotKnown::NoSocket,
        NetError::Io(_) => NotKnown::Unreachable,
        NetError::ForeignClassRecord { .. } | NetError::Proto(_) => NotKnown::BadMessage,
        NetError::Truncated => NotKnown::Truncated,
        _ => NotKnown::Timeout,
    }
}

/// Returns whether an I/O error says that this machine has too few descriptors or too little
/// memory. All others are about the server or the way to it.
///
/// The standard library has no words for most of these errors. They have the same numbers on all
/// Unix systems: ENOMEM, ENFILE, EMFILE, and ENOBUFS on Linux and on the BSDs. The last two are
/// those of Windows, WSAEMFILE and WSAENOBUFS.
fn is_want_of_sockets(error: &io::Error) -> bool {
    const NUMBERS: [i32; 7] = [12, 23, 24, 105, 55, 10024, 10055];
    error.kind() == ErrorKind::OutOfMemory
        || error
            .raw_os_error()
            .is_some_and(|error| NUMBERS.contains(&error))
}
