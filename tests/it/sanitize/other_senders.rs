//! The comparison with other senders in `DESIGN.md`: the columns that can be tried here.

use helo_name::sanitize::sanitize;

use crate::support::each::each;
use crate::support::table::unescape;

/// The rows of the comparison: the name, and the cell of the column.
fn column(heading: &str) -> Vec<(Vec<u8>, &'static str)> {
    let design = include_str!("../../../DESIGN.md");
    let mut rows = design
        .lines()
        .skip_while(|line| !line.starts_with("| name | nodemailer "))
        .take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim);
    let headings = rows.next().expect("the comparison stands in DESIGN.md");
    let index = cells(headings).position(|cell| cell == heading);
    let index = index.expect("the sender is compared");
    let rows = rows.skip(1).map(|row| {
        let name = cells(row).next().and_then(|cell| cell.split('`').nth(1));
        let name = name.expect("a name between back-ticks");
        let cell = cells(row).nth(index).expect("a cell for each sender");
        (unescape(name), cell)
    });
    rows.collect()
}

#[test]
fn our_column_says_what_sanitize_does() {
    each(column("helo-name"), |(name, cell)| match sanitize(&name) {
        Ok(sanitized) => assert_eq!(cell, format!("`{}`", sanitized.name())),
        Err(unusable) => assert_eq!(cell, format!("refused: `{}`", unusable.kind())),
    });
}

#[cfg(feature = "lettre")]
#[test]
fn lettres_column_says_what_it_sends() {
    use std::net::Ipv6Addr;

    use lettre::transport::smtp::commands::Ehlo;
    use lettre::transport::smtp::extension::ClientId;

    each(column("lettre"), |(name, cell)| {
        let name = String::from_utf8(name).expect("the names are text");
        let id = match name.parse::<Ipv6Addr>() {
            Ok(address) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(name.clone()),
        };
        let sent = Ehlo::new(id).to_string();
        match cell {
            "same" => assert_eq!(sent, format!("EHLO {name}\r\n")),
            "two commands" => assert_eq!(sent.matches("\r\n").count(), 2, "{sent:?}"),
            quoted => assert_eq!(sent, format!("EHLO {}\r\n", quoted.trim_matches('`'))),
        }
    });
}
