//! Watches the name beside a mailer, and answers a health check: `cargo run --example watch`.
//!
//! It listens on a port of loopback, and says which. `curl -i http://127.0.0.1:PORT` shows 200 and
//! the report while there is a settled name, and 503 otherwise.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;

use helo_name::{HeloName, Resolution};

fn main() -> io::Result<()> {
    let report = HeloName::resolve().report_blocking();
    let latest = Arc::new(RwLock::new(report.clone()));

    // Beside the mailer, which reads `latest` for each connection.
    let watched = Arc::clone(&latest);
    thread::spawn(move || {
        let mut watch = report.watch();
        loop {
            for change in watch.next_blocking() {
                eprintln!("EHLO: {change}");
            }
            if let Ok(mut latest) = watched.write() {
                *latest = watch.resolution().clone();
            }
        }
    });

    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("health: http://{}", listener.local_addr()?);
    for client in listener.incoming() {
        if let (Ok(client), Ok(latest)) = (client, latest.read()) {
            // A client that has gone is no reason to stop.
            let _ = answer(client, &latest);
        }
    }
    Ok(())
}

fn answer(mut client: TcpStream, latest: &Resolution) -> io::Result<()> {
    let _ = client.read(&mut [0; 1024])?;
    let status = match latest.name() {
        Ok(_) if !latest.is_provisional() => "200 OK",
        _ => "503 Service Unavailable",
    };
    write!(
        client,
        "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{latest}\n"
    )
}
