//! Asks a resolver of one's own, here a table, in place of the one that the feature `dns` brings.
//!
//! ```text
//! cargo run --no-default-features --example own_dns
//! ```

use std::net::{IpAddr, Ipv4Addr};

use helo_name::dns::{Answer, Dns, Family, PtrText};
use helo_name::{HeloName, Resolve, ResolveError};

/// Names and their addresses, which have PTR records that say the same.
struct Table(Vec<(HeloName, IpAddr)>);

impl Dns for Table {
    async fn forward(&self, name: &HeloName, family: Family) -> Answer<IpAddr> {
        let rows = self.0.iter().filter(|(of, _)| of == name);
        let all: Vec<IpAddr> = rows.map(|(_, address)| *address).collect();
        let wanted = |address: &IpAddr| address.is_ipv4() == (family == Family::V4);
        let found: Vec<IpAddr> = all.iter().copied().filter(wanted).collect();
        // An address of the other family is not the same as no such name. If the resolver does not
        // know, because a server was silent, it is `Answer::not_known`.
        match (all.is_empty(), found.is_empty()) {
            (true, _) => Answer::nx_domain(),
            (false, true) => Answer::no_data(),
            (false, false) => Answer::found(found),
        }
    }

    async fn reverse(&self, address: IpAddr) -> Answer<PtrText> {
        let rows = self.0.iter().filter(|(_, of)| *of == address);
        let names: Vec<PtrText> = rows.map(|(name, _)| PtrText::new(name.as_str())).collect();
        match names.is_empty() {
            true => Answer::nx_domain(),
            false => Answer::found(names),
        }
    }
}

fn main() -> Result<(), ResolveError> {
    let egress = IpAddr::from(Ipv4Addr::new(192, 0, 2, 10));
    let table = Table(vec![(HeloName::from_static("mail.example.com"), egress)]);
    let report = Resolve::new(table)
        .ignore_environment()
        .ignore_machine()
        .client_address(egress)
        .report_blocking();
    println!("{report}");
    println!("EHLO {}", report.name()?);
    Ok(())
}
