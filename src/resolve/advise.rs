//! What to tell the operator in addition to the choice. Pure.

use crate::candidate::Candidate;
use crate::dns::{Facts, Family, Outcome};
use crate::name::{HeloName, Scope, generic_reason, is_mailbox_domain};
use crate::plan::Attempt;
use crate::policy::Judged;
use crate::resolve::considered::{Client, Considered};
use crate::resolve::gather::{Gathered, is_fit_for};
use crate::resolve::probe::Existence;
use crate::resolve::warning::Warning;
use crate::verify::names_hold;

/// What the warnings follow from.
pub(super) struct Advice<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) facts: &'a Facts,
    pub(super) considered: &'a [Considered],
    pub(super) clients: &'a [Client],
    pub(super) provisional: bool,
}

/// Lists the warnings: about the settings and the client addresses, about the chosen name, and last
/// about client addresses without PTR record.
pub(super) fn warnings(advice: &Advice<'_>, first: Option<&Attempt>) -> Vec<Warning> {
    let mut warnings = advice.gathered.warnings.clone();
    let addresses = || advice.clients.iter().map(Client::address);
    if advice.clients.is_empty() {
        warnings.push(Warning::NoClientAddress);
    }
    let unfit = addresses().filter(|&address| !is_fit_for(address, advice.gathered.server));
    warnings.extend(unfit.map(Warning::ClientAddressNotPublic));
    let mut considered = advice.considered.iter();
    if considered.any(|other| other.existence == Existence::Anything) {
        warnings.push(Warning::AnswersEverything);
    }
    if let Some(first) = first {
        warnings.extend(advice.about_finding(first));
        if first.source().is_operator() && is_mailbox_domain(first.name().as_str()) {
            warnings.push(Warning::MailboxDomain(first.name().clone()));
        }
        warnings.extend(advice.servers_name(first.name()));
        warnings.extend(advice.about_name(first.name()));
    }
    if advice.provisional {
        warnings.push(Warning::Provisional);
    }
    warnings.extend(advice.many_ptr_records());
    let without_ptr = advice.clients.iter().filter(|client| client.has_no_ptr());
    warnings.extend(without_ptr.map(|client| Warning::NoPtr(client.address())));
    warnings
}

impl Advice<'_> {
    /// What the findings say about the chosen name.
    fn about_finding(&self, first: &Attempt) -> Vec<Warning> {
        let name = first.name();
        let mut warnings = Vec::new();
        let is_understood = matches!(self.gathered.server, Some(Scope::Private | Scope::Loopback));
        if name.is_literal() && !is_understood {
            warnings.push(Warning::LiteralSent(name.clone()));
        }
        if let &[about] = first.findings() {
            let candidate = Candidate::new(name.clone(), first.source());
            if Judged::new(&candidate, about.finding).needs_warning(first.decision()) {
                warnings.push(Warning::Unverified {
                    name: name.clone(),
                    client: about.client,
                    finding: about.finding,
                });
            }
            return warnings;
        }
        for about in first.findings() {
            if let Some(address) = about.client
                && !about.finding.is_good()
            {
                warnings.push(Warning::OtherAddress {
                    name: name.clone(),
                    address,
                    finding: about.finding,
                });
            }
        }
        warnings
    }

    /// What the chosen name looks like, and what else the DNS says about it.
    fn about_name(&self, name: &HeloName) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Some(generic) = generic_reason(name) {
            warnings.push(Warning::Generic {
                name: name.clone(),
                look: generic.to_string(),
            });
        }
        let mut considered = self.considered.iter();
        if considered
            .any(|other| other.name() == Some(name) && other.existence == Existence::Wildcard)
        {
            warnings.push(Warning::Wildcard(name.clone()));
        }
        if let Some(target) = self.alias_of(name) {
            warnings.push(Warning::Alias {
                name: name.clone(),
                target,
            });
        }
        for address in self.gathered.client_addresses() {
            if let Some(answer) = self.facts.names(address)
                && let Outcome::Found(_) = answer.outcome()
                && name.is_domain()
                && !names_hold(answer, name)
            {
                warnings.push(Warning::PtrNamesOther {
                    name: name.clone(),
                    address,
                });
            }
        }
        warnings
    }

    /// Whether the chosen name is that of the server (R29).
    fn servers_name(&self, name: &HeloName) -> Option<Warning> {
        let server = self.gathered.server_address?;
        let answer = self.facts.addresses(name.as_str(), Family::of(server))?;
        answer
            .records()
            .contains(&server)
            .then(|| Warning::ServersName {
                name: name.clone(),
                server,
            })
    }

    fn many_ptr_records(&self) -> Vec<Warning> {
        let addresses = self.gathered.client_addresses();
        let counted = addresses.filter_map(|address| {
            let count = self.facts.names(address)?.records().len();
            (count > 1).then_some(Warning::ManyPtr { address, count })
        });
        counted.collect()
    }

    fn alias_of(&self, name: &HeloName) -> Option<Box<str>> {
        let mut families = Family::ALL.into_iter();
        families.find_map(|family| {
            let answer = self.facts.addresses(name.as_str(), family)?;
            answer.aliases().first().cloned()
        })
    }
}
