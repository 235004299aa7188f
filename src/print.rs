//! A finished report as lines for an operator's log.

use std::fmt;

use crate::dns::{Answer, Outcome};
use crate::escape::{Excerpt, list};
use crate::name::{HeloName, is_verifiable};
use crate::plan::{Attempt, Plan};
use crate::resolve::{Client, Considered, Resolution};

/// How many records of an answer a line shows.
const SHOWN: usize = 5;

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client address {} ({}): ", self.address(), self.origin())?;
        let Some(reverse) = self.reverse() else {
            return f.write_str(if is_verifiable(self.address()) {
                "its PTR was not asked for"
            } else {
                "not public, so its PTR was not asked for"
            });
        };
        f.write_str("PTR ")?;
        write_answer(f, &reverse.answer, |text| text.excerpt())?;
        match self.iprev() {
            Some(iprev) => write!(f, "; iprev {iprev}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        if let Some(name) = self.name().filter(|name| *name != self.raw()) {
            write!(f, " is {name}")?;
        }
        if !self.repairs().is_empty() {
            write!(f, " ({})", list(self.repairs()))?;
        }
        f.write_str(": ")?;
        for lookup in self.lookups() {
            write!(f, "{} ", lookup.family.record_type())?;
            write_answer(f, &lookup.answer, ToString::to_string)?;
            f.write_str("; ")?;
        }
        write!(
            f,
            "{}: {} ({})",
            self.decision(),
            self.reason(),
            self.reason().kind().as_str()
        )
    }
}

/// Writes what was found, or why not, and which server said so. Where a resolver inside the network
/// said something else, that comes first: `10.0.0.5 inside, 192.0.2.10 outside`.
fn write_answer<T>(
    f: &mut fmt::Formatter<'_>,
    answer: &Answer<T>,
    show: impl Fn(&T) -> String,
) -> fmt::Result {
    if let Some(inside) = answer.inside() {
        write_outcome(f, inside, &show)?;
        f.write_str(" inside, ")?;
    }
    write_outcome(f, answer.outcome(), &show)?;
    if answer.inside().is_some() {
        f.write_str(" outside")?;
    }
    if let Some(target) = answer.aliases().last() {
        write!(f, " by CNAME {}", Excerpt::new(target.as_bytes()))?;
    }
    match (answer.server(), answer.why_not_known()) {
        (Some(server), None) => write!(f, " from {server}"),
        (Some(server), Some(_)) => write!(f, ", asked {server}"),
        (None, _) => Ok(()),
    }
}

fn write_outcome<T>(
    f: &mut fmt::Formatter<'_>,
    outcome: &Outcome<T>,
    show: impl Fn(&T) -> String,
) -> fmt::Result {
    match outcome {
        Outcome::Found(records) => {
            let shown: Vec<String> = records.iter().take(SHOWN).map(show).collect();
            f.write_str(&shown.join(", "))?;
            if records.len() > SHOWN {
                write!(f, " and {} more", records.len() - SHOWN)?;
            }
        }
        Outcome::NoData => f.write_str("none (NODATA)")?,
        Outcome::NxDomain => f.write_str("none (NXDOMAIN)")?,
        Outcome::NotKnown(reason) => write!(f, "not known ({reason})")?,
    }
    Ok(())
}

impl fmt::Display for Resolution {
    /// One line for each client address, candidate, warning and forecast, for each client address
    /// whose name is another than the chosen one, and one for the name servers if they left
    /// something open or are behind a stub; the last line is the choice, or the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for client in self.clients() {
            writeln!(f, "{client}")?;
        }
        for considered in self.considered() {
            writeln!(f, "{considered}")?;
        }
        for warning in self.warnings() {
            writeln!(f, "warning: {warning} ({})", warning.as_str())?;
        }
        #[cfg(feature = "receivers")]
        for forecast in self.forecasts() {
            writeln!(f, "forecast: {forecast}")?;
        }
        if self.servers_asked().stub().is_some() {
            writeln!(f, "name servers: {}", self.servers_asked())?;
        } else if !self.name_servers().is_empty() {
            writeln!(f, "name servers asked: {}", list(self.name_servers()))?;
        }
        match self.plan() {
            Ok(plan) => write_choice(f, self, plan),
            Err(error) => write!(f, "no name: {}", error.summary()),
        }
    }
}

fn write_choice(f: &mut fmt::Formatter<'_>, resolution: &Resolution, plan: &Plan) -> fmt::Result {
    let first = plan.first();
    for client in resolution.clients().iter().map(Client::address) {
        let own = plan.for_client(Some(client));
        let own = own.as_ref().map(Plan::first).map(Attempt::name);
        if let Some(name) = own.filter(|name| *name != first.name()) {
            writeln!(f, "from {client}: {name}")?;
        }
    }
    write!(f, "chosen: {} from {}", first.name(), first.source())?;
    if resolution.is_provisional() {
        f.write_str(", provisional")?;
    }
    let others: Vec<&str> = plan.names().skip(1).map(HeloName::as_str).collect();
    if !others.is_empty() {
        write!(f, "; then {}", others.join(", "))?;
    }
    Ok(())
}
