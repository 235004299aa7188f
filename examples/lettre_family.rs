//! Sends a message by the family whose records are right, from a local address in it:
//! `cargo run --features lettre --example lettre_family -- HOST:PORT TO`, to your own server.
//!
//! Gmail refuses IPv6 without a PTR record, and takes the same mail by IPv4.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use helo_name::HeloName;
use lettre::Message;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::extension::ClientId;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let host = arguments.next().ok_or("usage: HOST:PORT TO")?;
    let to = arguments.next().ok_or("usage: HOST:PORT TO")?;
    let servers: Vec<SocketAddr> = host.to_socket_addrs()?.collect();
    let message = Message::builder()
        .from("sender@example.com".parse()?)
        .to(to.parse()?)
        .body("Sent by the example lettre_family.\n".to_owned())?;

    // Behind NAT, give the addresses that servers see instead.
    let local = servers.iter().filter_map(|to| local_towards(*to).ok());
    let report = HeloName::resolve()
        .client_addresses(local)
        .report_blocking();
    let server = report.preferred_server(&servers);
    let server = server.ok_or("the server has no address")?;
    let local = local_towards(server)?;
    let plan = report.plan()?.for_client(Some(local));
    let plan = plan.ok_or("no name for this address")?;
    let name = plan.first().name();

    println!("EHLO {name} from {local} to {server}");
    let hello = ClientId::from(name);
    let mut connection = SmtpConnection::connect(server, PATIENCE, &hello, None, Some(local))?;
    connection.send(message.envelope(), &message.formatted())?;
    connection.quit()?;
    println!("sent");
    Ok(())
}

/// The local address of a connection to the server; nothing is sent to learn it.
fn local_towards(server: SocketAddr) -> io::Result<IpAddr> {
    let any = if server.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    Ok(socket.local_addr()?.ip())
}
