//! By which addresses mail may leave: what is right for each client address and family, and which
//! records are missing (R17, R32).

use std::net::{IpAddr, SocketAddr};

use crate::dns::{Family, Outcome};
use crate::name::{HeloName, is_verifiable};
use crate::plan::{Attempt, Plan};
use crate::resolve::considered::Client;
use crate::resolve::missing::MissingRecord;
use crate::resolve::report::Resolution;
use crate::resolve::warning::Warning;
use crate::verify::{Finding, names_hold};

/// A family, and whether mail may leave by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyEgress {
    family: Family,
    addresses: Vec<IpAddr>,
    name: Option<HeloName>,
    missing: Vec<MissingRecord>,
    is_known: bool,
}

impl FamilyEgress {
    /// Returns the family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Returns the family as a word for logs: `ipv4` or `ipv6`.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self.family {
            Family::V4 => "ipv4",
            Family::V6 => "ipv6",
        }
    }

    /// Returns the client addresses of this family.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Returns the name that is sent from the first of them, if there is one. A literal is never
    /// right: [`missing`](Self::missing) says what the first other name of the plan lacks.
    #[must_use]
    pub fn name(&self) -> Option<&HeloName> {
        self.name.as_ref()
    }

    /// Returns the records to add, so that one name is right for each address: it has the address,
    /// and the PTR record of the address names it.
    #[must_use]
    pub fn missing(&self) -> &[MissingRecord] {
        &self.missing
    }

    /// Returns whether mail may leave by this family: each address is public, and its PTR record
    /// and the address records of one name agree, as far as the DNS said. Of several addresses the
    /// gateway chooses, so a name of its own for each is not enough.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.is_known && self.name.is_some() && self.missing.is_empty()
    }
}

impl Resolution {
    /// Returns for IPv4 and IPv6 whether mail may leave by it; only families with a client address.
    ///
    /// [`preferred_server`](Self::preferred_server) chooses among a server's addresses by it.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use std::net::IpAddr;
    ///
    /// let zone = Zone::new()
    ///     .address("mail.example.com", "192.0.2.10")
    ///     .ptr("192.0.2.10", "mail.example.com");
    /// let egress: [IpAddr; 2] = ["192.0.2.10", "2001:db8::10"].map(|text| text.parse().unwrap());
    /// let report = Resolve::new(zone)
    ///     .ignore_environment()
    ///     .ignore_machine()
    ///     .client_addresses(egress)
    ///     .report_blocking();
    /// let [ipv4, ipv6] = report.families().try_into().unwrap();
    /// assert!(ipv4.is_right() && !ipv6.is_right());
    /// assert_eq!(ipv6.missing()[0].to_string(), "mail.example.com. AAAA 2001:db8::10");
    /// ```
    #[must_use]
    pub fn families(&self) -> Vec<FamilyEgress> {
        let plan = self.plan().ok();
        let of_family = |family: Family| {
            let clients = self.clients().iter();
            let clients: Vec<&Client> = clients
                .filter(|client| Family::of(client.address()) == family)
                .collect();
            (!clients.is_empty()).then(|| egress(family, &clients, plan))
        };
        Family::ALL.into_iter().filter_map(of_family).collect()
    }
}

fn egress(family: Family, clients: &[&Client], plan: Option<&Plan>) -> FamilyEgress {
    let addresses: Vec<IpAddr> = clients.iter().map(|client| client.address()).collect();
    let own = plan.and_then(|plan| plan.for_client(addresses.first().copied()));
    let sent = own.as_ref().map(Plan::first);
    // A server may refuse the literal, so what counts is the name that is sent elsewhere.
    let is_domain = |attempt: &&Attempt| attempt.name().is_domain();
    let elsewhere = || plan.and_then(|plan| plan.attempts().find(is_domain));
    let judged = sent.filter(is_domain).or_else(elsewhere);
    let mut missing = Vec::new();
    let mut is_known = sent.is_some_and(|sent| is_domain(&sent));
    for client in clients {
        let records = judged.and_then(|judged| missing_for(client, judged));
        is_known &= records.is_some() && is_verifiable(client.address());
        missing.extend(records.unwrap_or_default());
    }
    FamilyEgress {
        family,
        addresses,
        name: sent.map(|sent| sent.name().clone()),
        missing,
        is_known,
    }
}

/// Returns the records without which a name is not right for a client address; `None` when that is
/// not known.
fn missing_for(client: &Client, judged: &Attempt) -> Option<Vec<MissingRecord>> {
    let (address, name) = (client.address(), judged.name());
    let mut findings = judged.findings().iter();
    let about = findings.find(|about| about.client == Some(address))?;
    let mut missing = Vec::new();
    match about.finding {
        Finding::Match => {}
        Finding::Mismatch | Finding::NoAddress | Finding::NotPublic => {
            missing.push(MissingRecord::Address {
                name: name.clone(),
                address,
            });
        }
        Finding::Inside | Finding::Resolves | Finding::Unknown => return None,
    }
    let ptr = &client.reverse()?.answer;
    if let Outcome::NotKnown(_) = ptr.outcome() {
        return None;
    }
    if !names_hold(ptr, name) {
        missing.push(MissingRecord::Ptr {
            address,
            name: name.clone(),
        });
    }
    Some(missing)
}

impl Resolution {
    /// Returns the server to connect to: the first of the family that is right, or else the first.
    ///
    /// ```
    /// use helo_name::Resolve;
    /// use helo_name::dns::Zone;
    /// use std::net::{IpAddr, SocketAddr};
    ///
    /// let zone = Zone::new()
    ///     .address("mail.example.com", "192.0.2.10")
    ///     .ptr("192.0.2.10", "mail.example.com");
    /// let egress: [IpAddr; 2] = ["192.0.2.10", "2001:db8::10"].map(|text| text.parse().unwrap());
    /// let report = Resolve::new(zone)
    ///     .ignore_environment()
    ///     .ignore_machine()
    ///     .client_addresses(egress)
    ///     .report_blocking();
    /// let servers: [SocketAddr; 2] =
    ///     ["[2001:db8::25]:25", "198.51.100.25:25"].map(|text| text.parse().unwrap());
    /// assert_eq!(report.preferred_server(&servers), Some(servers[1]));
    /// ```
    #[must_use]
    pub fn preferred_server(&self, servers: &[SocketAddr]) -> Option<SocketAddr> {
        let families = self.families();
        let is_right = |server: &&SocketAddr| {
            let mut families = families.iter();
            families.any(|by| by.family == Family::of(server.ip()) && by.is_right())
        };
        servers.iter().find(is_right).or(servers.first()).copied()
    }

    /// Advises to send by the family that is right, when the other is not (R32), and says what the
    /// other lacks, and what a pool lacks (R17): one warning for each address.
    pub(super) fn advise_on_egress(&mut self) {
        let families = self.families();
        let wrong = wrong_family(&families);
        let lacking = families
            .iter()
            .filter(|family| family.addresses.len() > 1 || wrong == Some(*family));
        let missing: Vec<MissingRecord> =
            lacking.flat_map(|family| family.missing.clone()).collect();
        let by_address = missing.chunk_by(|a, b| a.address() == b.address());
        let lacks = by_address.map(|records| Warning::MissingRecords {
            address: records[0].address(), // no chunk is empty
            records: records.to_vec(),
        });
        let lacks: Vec<Warning> = lacks.collect();
        let send_by = wrong.map(|wrong| Warning::SendBy(wrong.family.other()));
        let is_said = |warning: &Warning| {
            let mut said = lacks.iter();
            let is_weaker = matches!(
                warning,
                Warning::OtherAddress { .. } | Warning::PtrNamesOther { .. }
            );
            is_weaker && said.any(|lack| lack.address() == warning.address())
        };
        let warnings = std::mem::take(&mut self.choice.warnings);
        let rest = warnings.into_iter().filter(|warning| !is_said(warning));
        let rest: Vec<Warning> = rest.collect();
        self.choice.warnings = send_by.into_iter().chain(lacks).chain(rest).collect();
    }
}

/// Returns the family to avoid: the other one is right, and this one lacks records.
fn wrong_family(families: &[FamilyEgress]) -> Option<&FamilyEgress> {
    let [a, b] = families else {
        return None;
    };
    let wrong = match (a.is_right(), b.is_right()) {
        (true, false) => b,
        (false, true) => a,
        _ => return None,
    };
    (!wrong.missing.is_empty()).then_some(wrong)
}
