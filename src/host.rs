//! What this machine says about itself. No other file asks the operating system.
//!
//! Each answer comes from memory or a small file, never from a look-up: `getaddrinfo` may take 20
//! seconds, and what it takes from the hosts file (`127.0.1.1 name`) is not what the world sees.
//! Nothing that is read is trusted; it goes through [`sanitize`](crate::sanitize) like any other
//! raw text.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

/// The variable by which an operator names the machine.
pub(crate) const VARIABLE: &str = "HELO_NAME";

/// Where Debian keeps the machine's mail name (Debian Policy 11.6).
pub(crate) const MAILNAME: &str = "/etc/mailname";

/// Where the machine's resolver is configured (resolv.conf(5)); not on Windows, and on macOS for
/// old programs only.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// How much of a file is read: more than any of them holds on a healthy machine.
const MAX_FILE: u64 = 1 << 20;

/// Addresses whose route is the default route: a root name server's (a.root-servers.net, 2026).
/// Nothing is sent.
const FAR_V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 41, 0, 4)), 53);
const FAR_V6: SocketAddr = SocketAddr::new(
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30)),
    53,
);

/// Reads the operator's variable; `None` if it is not set.
pub(crate) fn variable() -> Option<OsString> {
    std::env::var_os(VARIABLE)
}

/// Asks the operating system for the host name. On Windows that is the bare label without a domain.
#[cfg(feature = "hostname")]
pub(crate) fn host_name() -> Option<OsString> {
    hostname::get().ok().filter(|name| !name.is_empty())
}

/// Without the feature `hostname` there is no way to ask.
#[cfg(not(feature = "hostname"))]
pub(crate) fn host_name() -> Option<OsString> {
    None
}

/// Reads the first line of `/etc/mailname`.
pub(crate) fn mailname() -> Option<Vec<u8>> {
    let text = read_of_unix(MAILNAME)?;
    let line = lines(&text).next()?.trim_ascii();
    (!line.is_empty()).then(|| line.to_vec())
}

/// Looks up the canonical name of a host in the hosts file.
pub(crate) fn canonical_name(host: &[u8]) -> Option<Vec<u8>> {
    canonical_name_in(&read(hosts_file())?, host).map(<[u8]>::to_vec)
}

/// Reads the domain that the resolver appends to bare names.
pub(crate) fn resolver_domain() -> Option<Vec<u8>> {
    resolver_domain_in(&read_of_unix(RESOLV_CONF)?).map(<[u8]>::to_vec)
}

/// Reads the name servers of this machine; empty if there are none.
#[cfg(feature = "dns")]
#[cfg_attr(
    any(not(unix), target_vendor = "apple", target_os = "android"),
    expect(dead_code, reason = "hickory asks the system there")
)]
pub(crate) fn name_servers() -> Vec<SocketAddr> {
    read_of_unix(RESOLV_CONF).map_or_else(Vec::new, |text| name_servers_in(&text))
}

/// Reads `nameserver` lines. Nothing else in the file counts, so no other line can hide them. An
/// address has port 53 unless it is written as OpenBSD does, `[192.0.2.53]:5353`. One with a zone
/// id (`fe80::1%eth0`) is skipped: there is no way to ask it.
#[cfg(feature = "dns")]
pub(crate) fn name_servers_in(resolv_conf: &[u8]) -> Vec<SocketAddr> {
    settings_in(resolv_conf)
        .filter(|(keyword, _)| *keyword == b"nameserver")
        .filter_map(|(_, value)| name_server(str::from_utf8(value?).ok()?))
        .collect()
}

#[cfg(feature = "dns")]
fn name_server(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, 53));
    }
    let (address, port) = text.strip_prefix('[')?.split_once("]:")?;
    Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?))
}

/// Returns the address that a connection to `server` would come from. Nothing is sent.
pub(crate) fn source_address(server: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match server.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(server).ok()?;
    let source = socket.local_addr().ok()?.ip().to_canonical();
    (!source.is_unspecified()).then_some(source)
}

/// Returns the addresses from which the default routes start, IPv4 first.
pub(crate) fn default_source_addresses() -> impl Iterator<Item = IpAddr> {
    [FAR_V4, FAR_V6].into_iter().filter_map(source_address)
}

fn hosts_file() -> PathBuf {
    if cfg!(windows) {
        let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        return PathBuf::from(root).join(r"System32\drivers\etc\hosts");
    }
    "/etc/hosts".into()
}

/// Reads a file that Unix has. On Windows its path would be one on the current drive, where any
/// user may create it.
fn read_of_unix(path: &str) -> Option<Vec<u8>> {
    if cfg!(windows) {
        return None;
    }
    read(path.into())
}

fn read(path: PathBuf) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX_FILE)
        .read_to_end(&mut text)
        .ok()?;
    Some(text)
}

/// The first name of a line is the canonical one, the others are its aliases (hosts(5)). A
/// canonical name without a dot is skipped.
fn canonical_name_in<'a>(hosts: &'a [u8], host: &[u8]) -> Option<&'a [u8]> {
    for line in lines(hosts) {
        let mut names = words(line).skip(1);
        let Some(canonical) = names.next() else {
            continue;
        };
        let is_of_host = canonical.eq_ignore_ascii_case(host)
            || names.any(|name| name.eq_ignore_ascii_case(host));
        if is_of_host && canonical.contains(&b'.') {
            return Some(canonical);
        }
    }
    None
}

/// `domain` and `search` exclude each other, and the last line wins (resolv.conf(5)).
fn resolver_domain_in(resolv_conf: &[u8]) -> Option<&[u8]> {
    settings_in(resolv_conf)
        .filter(|(keyword, _)| matches!(*keyword, b"domain" | b"search"))
        .last()
        .and_then(|(_, domain)| domain)
        .filter(|&domain| domain != b".")
}

/// The keywords of a resolv.conf, each with the first word of its value.
fn settings_in(resolv_conf: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    lines(resolv_conf).filter_map(|line| {
        let mut words = words(line);
        Some((words.next()?, words.next()))
    })
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

/// The words of a line, up to a comment.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = line
        .split(|byte| b"#;".contains(byte))
        .next()
        .unwrap_or_default();
    text.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::each::each;

    #[test]
    fn the_canonical_name_is_the_first_of_the_line_that_names_the_host() {
        let cases: &[(&str, Option<&str>)] = &[
            ("127.0.1.1 web.example.com web\n", Some("web.example.com")),
            (
                "127.0.0.1 localhost\n127.0.1.1\tWEB.example.com  web # mine\n",
                Some("WEB.example.com"),
            ),
            ("192.0.2.1 web.example.com\r\n127.0.1.1 web\r\n", None),
            (
                "127.0.1.1 web\n192.0.2.1 web.example.com web\n",
                Some("web.example.com"),
            ),
            ("# 192.0.2.1 web.example.com web\n", None),
            ("192.0.2.1 other.example.com other\n", None),
            ("192.0.2.1\n\n\n", None),
            ("", None),
        ];
        each(cases, |(hosts, canonical)| {
            let found = canonical_name_in(hosts.as_bytes(), b"web");
            assert_eq!(found, canonical.map(str::as_bytes), "{hosts:?}");
        });
    }

    #[test]
    fn the_resolver_domain_is_the_last_word_of_the_file_on_it() {
        let cases: &[(&str, Option<&str>)] = &[
            (
                "domain example.com\nnameserver 192.0.2.53\n",
                Some("example.com"),
            ),
            ("search a.example b.example\n", Some("a.example")),
            (
                "domain a.example\nsearch b.example c.example\n",
                Some("b.example"),
            ),
            (
                "search default.svc.cluster.local svc.cluster.local\noptions ndots:5\n",
                Some("default.svc.cluster.local"),
            ),
            ("; search a.example\n", None),
            ("search .\n", None),
            ("search\n", None),
            ("", None),
        ];
        each(cases, |(text, domain)| {
            assert_eq!(
                resolver_domain_in(text.as_bytes()),
                domain.map(str::as_bytes),
                "{text:?}"
            );
        });
    }

    #[cfg(feature = "dns")]
    #[test]
    fn the_name_servers_are_what_the_lines_of_that_name_say() {
        let cases: &[(&str, &[&str])] = &[
            ("nameserver 192.0.2.53\n", &["192.0.2.53:53"]),
            (
                "nameserver 192.0.2.53\nnameserver\t2001:db8::53 # second\r\n",
                &["192.0.2.53:53", "[2001:db8::53]:53"],
            ),
            (
                "nameserver [192.0.2.53]:5353\nnameserver [::1]:5354\n",
                &["192.0.2.53:5353", "[::1]:5354"],
            ),
            // No other line, good or bad, has a say
            (
                "search a..b\noptions ndots:5 timeout:x\nnameserver 192.0.2.53\n",
                &["192.0.2.53:53"],
            ),
            // What cannot be read is skipped
            (
                "nameserver\nnameserver dns.example.com\nnameserver 192.0.2.53\n",
                &["192.0.2.53:53"],
            ),
            ("nameserver fe80::1%eth0\n", &[]),
            ("nameserver [192.0.2.53]\n", &[]),
            ("#nameserver 192.0.2.53\nnameservers 192.0.2.53\n", &[]),
            ("", &[]),
        ];
        each(cases, |(text, expected)| {
            let found = name_servers_in(text.as_bytes());
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, *expected, "{text:?}");
        });
    }

    #[test]
    fn a_loopback_server_is_reached_from_a_loopback_address() {
        let server = SocketAddr::from(([127, 0, 0, 1], 25));
        assert_eq!(source_address(server), Some(Ipv4Addr::LOCALHOST.into()));
    }
}
