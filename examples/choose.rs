//! Chooses the name to send in EHLO from what an operator knows, and prints how it was chosen.
//!
//! ```text
//! cargo run --example choose -- mail.example.com 192.0.2.10
//! ```
//!
//! Both settings may be left out: then `HELO_NAME`, the host name and the DNS must do.

use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use helo_name::HeloName;
use helo_name::policy::Standard;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut settings = std::env::args().skip(1);
    let name = settings.next();
    // The address that servers see. Behind NAT that is not the address of the socket.
    let egress: Option<IpAddr> = settings.next().map(|text| text.parse()).transpose()?;

    // Once, at start-up. In async code, write `.report().await`.
    let report = HeloName::resolve()
        .configured(name.as_deref())
        .client_address(egress)
        .policy(Standard)
        .deadline(Duration::from_secs(5))
        .report_blocking();

    // For the log: each candidate, what was looked up, what was decided, and why.
    writeln!(io::stdout(), "{report}")?;
    match report.name() {
        Ok(name) => {
            writeln!(io::stdout(), "EHLO {name}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            // For the operator: what is wrong, and the setting or the DNS record that fixes it.
            eprintln!("{error}\n{}", error.cure());
            Ok(ExitCode::FAILURE)
        }
    }
}
