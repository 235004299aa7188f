//! What this machine says about itself. No other file asks the operating system.
//!
//! Each answer comes from memory or a small file, never from a look-up: `getaddrinfo` may take 20
//! seconds, and what it takes from the hosts file (`127.0.1.1 name`) is not what the world sees.
//! Files are read on threads of their own ([`Reading`]), as a mount may hang.
//! Nothing that is read is trusted; it goes through [`sanitize`](crate::sanitize) like any other
//! raw text.

mod file;
mod reader;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
#[cfg(feature = "dns")]
use std::path::Path;
use std::path::PathBuf;

pub(crate) use file::Contents;
pub use file::FileProblem;
pub(crate) use reader::Reading;

/// The variable by which an operator names the machine.
pub(crate) const VARIABLE: &str = "HELO_NAME";

/// Where Debian keeps the machine's mail name (Debian Policy 11.6).
pub(crate) const MAILNAME: &str = "/etc/mailname";

/// Where systemd-resolved lists the servers that it asks (systemd-resolved.service(8)).
#[cfg(feature = "dns")]
pub(crate) const STUB_UPSTREAMS: &str = "/run/systemd/resolve/resolv.conf";

/// Where the machine's resolver is configured (resolv.conf(5)); not on Windows, and on macOS for
/// old programs only.
pub(crate) const RESOLV_CONF: &str = "/etc/resolv.conf";

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

/// The files of this machine that say something of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameFile {
    Hosts,
    Mailname,
    ResolvConf,
}

impl NameFile {
    pub(crate) const ALL: [Self; 3] = [Self::Hosts, Self::Mailname, Self::ResolvConf];

    /// Returns its path. On Windows there is only the hosts file: the others would be on the
    /// current drive, where any user may create them.
    pub(crate) fn path(self) -> Option<PathBuf> {
        match self {
            Self::Hosts => Some(hosts_file()),
            Self::Mailname | Self::ResolvConf if cfg!(windows) => None,
            Self::Mailname => Some(MAILNAME.into()),
            Self::ResolvConf => Some(RESOLV_CONF.into()),
        }
    }
}

/// Finds the name in the text of `/etc/mailname`: its first line.
pub(crate) fn mailname_in(text: &[u8]) -> Option<&[u8]> {
    let line = lines(text).next()?.trim_ascii();
    (!line.is_empty()).then_some(line)
}

/// Starts to read a file that Unix has.
#[cfg(feature = "dns")]
#[cfg_attr(
    any(not(unix), target_vendor = "apple", target_os = "android"),
    expect(dead_code, reason = "hickory asks the system there")
)]
pub(crate) fn start_to_read(path: &str) -> Reading {
    Reading::start(Path::new(path))
}

/// Returns the number of a network interface; `None` if there is none of that name.
#[cfg(feature = "dns")]
pub(crate) fn interface(name: &str) -> Option<u32> {
    // IFNAMSIZ; and the name must not lead out of the folder.
    let is_name = name.len() < 16 && !name.contains('/') && !matches!(name, "" | "." | "..");
    let path = is_name.then(|| Path::new("/sys/class/net").join(name).join("ifindex"))?;
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
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

/// Finds the canonical name of a host in the text of a hosts file: the first name of its line, and
/// the others are aliases (hosts(5)). A canonical name without a dot is skipped.
pub(crate) fn canonical_name_in<'a>(hosts: &'a [u8], host: &[u8]) -> Option<&'a [u8]> {
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

/// Finds the domain that the resolver appends to bare names: `domain` and `search` exclude each
/// other, and the last line wins (resolv.conf(5)).
pub(crate) fn resolver_domain_in(resolv_conf: &[u8]) -> Option<&[u8]> {
    settings_in(resolv_conf)
        .filter(|(keyword, _)| matches!(*keyword, b"domain" | b"search"))
        .last()
        .and_then(|(_, domain)| domain)
        .filter(|&domain| domain != b".")
}

/// The keywords of a resolv.conf, each with the first word of its value.
pub(crate) fn settings_in(resolv_conf: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
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

    #[test]
    fn a_loopback_server_is_reached_from_a_loopback_address() {
        let server = SocketAddr::from(([127, 0, 0, 1], 25));
        assert_eq!(source_address(server), Some(Ipv4Addr::LOCALHOST.into()));
    }
}
