//! Reads the name servers in resolv.conf(5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::dns::answer::NotKnown;
use crate::dns::name_servers::{NameServer, NameServers, PORT, ServerOrigin, ServerProblem};
use crate::dns::stub::is_stub;
use crate::escape::Excerpt;
use crate::host::{Contents, FileProblem, RESOLV_CONF, STUB_UPSTREAMS, settings_in};

/// Who is asked where no server is named (resolv.conf(5)).
const DEFAULT: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), PORT),
];

impl NameServers {
    /// Reads the text of a resolv.conf. Only the `nameserver` lines count, so no other line can
    /// hide them. `zone` gives the number of an interface by its name.
    pub(super) fn in_text(text: &[u8], zone: impl Fn(&str) -> Option<u32>) -> Self {
        let listed = Listed::in_text(text, zone);
        if listed.addresses.is_empty() && listed.unusable.is_empty() {
            return Self::with(DEFAULT, ServerOrigin::Default, Vec::new());
        }
        let problems = listed.problems();
        Self::with(listed.addresses, ServerOrigin::ResolvConf, problems)
    }

    /// Reads this machine's resolv.conf.
    pub(super) fn in_resolv_conf(contents: &Contents, zone: impl Fn(&str) -> Option<u32>) -> Self {
        match contents {
            Ok(text) => Self::in_text(text.as_deref().unwrap_or_default(), zone),
            Err(problem) => Self::unreadable(RESOLV_CONF, *problem),
        }
    }

    pub(super) fn unreadable(path: &'static str, problem: FileProblem) -> Self {
        let problems = vec![ServerProblem::UnreadableFile { path, problem }];
        Self::with([], ServerOrigin::ResolvConf, problems)
    }

    /// Returns the first stub, if all servers are stubs: then those behind it can be asked.
    pub(super) fn only_stubs(&self) -> Option<SocketAddr> {
        let first = self.servers.first()?;
        let are_all = self.servers.iter().all(|server| is_stub(server.address));
        are_all.then_some(first.address)
    }

    /// Puts the servers of the stub's own list in the place of the stub, if there are any.
    pub(super) fn behind(
        mut self,
        stub: SocketAddr,
        upstreams: &Contents,
        zone: impl Fn(&str) -> Option<u32>,
    ) -> Self {
        let text = match upstreams {
            Ok(text) => text.as_deref().unwrap_or_default(),
            Err(problem) => {
                let (path, problem) = (STUB_UPSTREAMS, *problem);
                let unreadable = ServerProblem::UnreadableFile { path, problem };
                self.problems.push(unreadable);
                return self;
            }
        };
        let listed = Listed::in_text(text, zone);
        self.problems.extend(listed.problems());
        let others: Vec<SocketAddr> = listed.addresses;
        let others = others.into_iter().filter(|&address| !is_stub(address));
        let found = Self::with(
            others,
            ServerOrigin::BehindStub(stub),
            self.problems.clone(),
        );
        if found.servers.is_empty() {
            self
        } else {
            found
        }
    }

    /// Returns why there is nobody to ask.
    pub(super) fn why_none(&self) -> NotKnown {
        match self.problems.first() {
            None => NotKnown::NoNameServer,
            Some(ServerProblem::UnreadableFile { .. }) => NotKnown::Unreadable,
            Some(ServerProblem::UnusableServers { .. }) => NotKnown::UnusableServer,
        }
    }

    /// Returns whether the list may be used for a while: nothing is wrong with it, and it is not
    /// the default, which a machine has that is still starting.
    pub(super) fn is_settled(&self) -> bool {
        let is_default = |server: &NameServer| server.origin == ServerOrigin::Default;
        !self.servers.is_empty() && !self.servers.iter().any(is_default)
    }
}

/// The values of `nameserver` lines.
struct Listed<'a> {
    addresses: Vec<SocketAddr>,
    unusable: Vec<&'a [u8]>,
}

impl<'a> Listed<'a> {
    fn in_text(text: &'a [u8], zone: impl Fn(&str) -> Option<u32>) -> Self {
        let mut listed = Self {
            addresses: Vec::new(),
            unusable: Vec::new(),
        };
        for (keyword, value) in settings_in(text) {
            if keyword != b"nameserver" {
                continue;
            }
            let value = value.unwrap_or_default();
            match str::from_utf8(value)
                .ok()
                .and_then(|value| name_server(value, &zone))
            {
                Some(address) => listed.addresses.push(address),
                None => listed.unusable.push(value),
            }
        }
        listed
    }

    fn problems(&self) -> Vec<ServerProblem> {
        let problem = |first: &&[u8]| ServerProblem::UnusableServers {
            first: Excerpt::new(first).to_string(),
            count: self.unusable.len(),
        };
        self.unusable.first().map(problem).into_iter().collect()
    }
}

/// Reads an address, with port 53 unless it is written as OpenBSD does: `[192.0.2.53]:5353`.
fn name_server(text: &str, zone: impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|text| text.split_once("]:"));
    let (address, port) = match bracketed {
        Some((address, port)) => (address, port.parse().ok()?),
        None => (text, PORT),
    };
    let address = with_zone(address, port, zone)?;
    is_usable(address).then_some(address)
}

/// Reads an address with or without a zone (RFC 4007 11): `fe80::1%eth0` or `fe80::1%2`.
fn with_zone(text: &str, port: u16, zone: impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let Some((address, name)) = text.split_once('%') else {
        return Some(SocketAddr::new(text.parse().ok()?, port));
    };
    let address: Ipv6Addr = address.parse().ok()?;
    let number = match name.parse() {
        Ok(number) => number,
        Err(_) => zone(name)?,
    };
    Some(SocketAddrV6::new(address, port, 0, number).into())
}

/// Returns whether an address can be asked. A link-local one is on every link, so it needs a zone.
fn is_usable(address: SocketAddr) -> bool {
    let is_on_a_link = match address {
        SocketAddr::V4(v4) => !v4.ip().is_broadcast(),
        SocketAddr::V6(v6) => !v6.ip().is_unicast_link_local() || v6.scope_id() != 0,
    };
    is_on_a_link && address.port() != 0 && !address.ip().is_multicast()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::each::each;

    /// The interfaces of the tests.
    fn zone(name: &str) -> Option<u32> {
        (name == "eth0").then_some(7)
    }

    fn shown(servers: &NameServers) -> Vec<String> {
        let problems = servers.problems.iter().map(ToString::to_string);
        std::iter::once(servers.to_string())
            .chain(problems)
            .collect()
    }

    fn text(text: &str) -> Contents {
        Ok(Some(Arc::from(text.as_bytes())))
    }

    const DEFAULTS: &str = "asked 127.0.0.1, ::1, no nameserver line in resolv.conf";

    #[test]
    fn the_name_servers_are_what_the_lines_of_that_name_say() {
        let skipped = |first: &str| {
            format!("name server \"{first}\" cannot be asked; fix the line in resolv.conf")
        };
        let many: String = (1..=200)
            .map(|n| format!("nameserver 192.0.2.{n}\n"))
            .collect();
        let noise = "nameserver x\n".repeat(200);
        let long = format!("nameserver {}\n", "9".repeat(5000));
        let cases: Vec<(&[u8], &str, Option<String>)> =
            vec![
            (b"nameserver 192.0.2.53\n", "asked 192.0.2.53", None),
            (
                b"nameserver 192.0.2.53\nnameserver\t2001:db8::53 # second\r\n",
                "asked 192.0.2.53, 2001:db8::53",
                None,
            ),
            (
                b"nameserver [192.0.2.53]:5353\nnameserver [::1]:5354\n",
                "asked 192.0.2.53:5353, [::1]:5354",
                None,
            ),
            // No other line, good or bad, has a say
            (
                b"search a..b\noptions ndots:5 timeout:x\n\xff\xfe\0\nnameserver 192.0.2.53",
                "asked 192.0.2.53",
                None,
            ),
            // Each once, three at most
            (
                b"nameserver 192.0.2.53\nnameserver 192.0.2.53\nnameserver 192.0.2.54",
                "asked 192.0.2.53, 192.0.2.54",
                None,
            ),
            (many.as_bytes(), "asked 192.0.2.1, 192.0.2.2, 192.0.2.3", None),
            // A zone is the name of an interface, or its number
            (b"nameserver fe80::1%eth0\n", "asked fe80::1%7", None),
            (b"nameserver fe80::1%3\n", "asked fe80::1%3", None),
            (b"nameserver [fe80::1%eth0]:5353\n", "asked [fe80::1%7]:5353", None),
            // What cannot be asked is skipped
            (
                b"nameserver\nnameserver 192.0.2.53\n",
                "asked 192.0.2.53",
                Some(skipped("")),
            ),
            (
                b"nameserver dns.example.com\nnameserver 192.0.2.53\n",
                "asked 192.0.2.53",
                Some(skipped("dns.example.com")),
            ),
            (b"nameserver fe80::1\n", "no name server", Some(skipped("fe80::1"))),
            (
                b"nameserver fe80::1%eth9\n",
                "no name server",
                Some(skipped("fe80::1%eth9")),
            ),
            (
                b"nameserver fe80::1%99999999999\n",
                "no name server",
                Some(skipped("fe80::1%99999999999")),
            ),
            (
                b"nameserver 192.0.2.53%eth0\n",
                "no name server",
                Some(skipped("192.0.2.53%eth0")),
            ),
            (b"nameserver [192.0.2.53]\n", "no name server", Some(skipped("[192.0.2.53]"))),
            (
                b"nameserver [192.0.2.53]:0\n",
                "no name server",
                Some(skipped("[192.0.2.53]:0")),
            ),
            (
                b"nameserver 192.0.2.53:5353\n",
                "no name server",
                Some(skipped("192.0.2.53:5353")),
            ),
            (b"nameserver 224.0.0.251\n", "no name server", Some(skipped("224.0.0.251"))),
            (b"nameserver ff02::fb\n", "no name server", Some(skipped("ff02::fb"))),
            (
                b"nameserver \xff\"\n",
                "no name server",
                Some(skipped("\\xff\\\"")),
            ),
            (
                noise.as_bytes(),
                "no name server",
                Some(
                    "name server \"x\" (and 199 more) cannot be asked; fix the line in resolv.conf"
                        .to_owned(),
                ),
            ),
            (
                long.as_bytes(),
                "no name server",
                Some(skipped(&format!("{}... (5000 bytes)", "9".repeat(80)))),
            ),
            // None is named: resolv.conf(5)
            (b"#nameserver 192.0.2.53\nnameservers 192.0.2.53\n", DEFAULTS, None),
            (b"search example.com\n", DEFAULTS, None),
            (b"", DEFAULTS, None),
        ];
        each(cases, |(text, asked, problem)| {
            let found = NameServers::in_text(text, zone);
            let expected: Vec<String> = std::iter::once(asked.to_owned()).chain(problem).collect();
            assert_eq!(shown(&found), expected, "{}", Excerpt::new(text));
        });
    }

    #[test]
    fn the_servers_behind_a_stub_are_asked_if_there_is_nothing_but_stubs() {
        let one = "nameserver 127.0.0.53\n";
        let two = "nameserver 127.0.0.53\nnameserver 127.0.0.54\n";
        let mixed = "nameserver 127.0.0.53\nnameserver 192.0.2.99\n";
        let upstream = || text("nameserver 192.0.2.53\n");
        let behind: &[&str] = &["asked 192.0.2.53, behind the stub 127.0.0.53"];
        let many: String = (1..=200)
            .map(|n| format!("nameserver 192.0.2.{n}\n"))
            .collect();
        let cases: Vec<(&str, Contents, &[&str])> = vec![
            (one, upstream(), behind),
            (two, upstream(), behind),
            (
                "nameserver 127.0.0.54\n",
                upstream(),
                &["asked 192.0.2.53, behind the stub 127.0.0.54"],
            ),
            (
                "nameserver [127.0.0.53]:5353\n",
                upstream(),
                &["asked 192.0.2.53, behind the stub 127.0.0.53:5353"],
            ),
            (mixed, upstream(), &["asked 127.0.0.53, 192.0.2.99"]),
            ("nameserver 127.0.0.1\n", upstream(), &["asked 127.0.0.1"]),
            // No upstream, or none that can be asked
            (one, Ok(None), &["asked 127.0.0.53"]),
            (one, text(""), &["asked 127.0.0.53"]),
            (two, text("# none\n"), &["asked 127.0.0.53, 127.0.0.54"]),
            (one, text(two), &["asked 127.0.0.53"]),
            (
                one,
                Err(FileProblem::NotRegular),
                &[
                    "asked 127.0.0.53",
                    "/run/systemd/resolve/resolv.conf was not read: it is not a regular file",
                ],
            ),
            (
                one,
                text("nameserver \0\x1b[31m\nnameserver fe80::1%none\nnameserver 1.2.3.4:53\n"),
                &[
                    "asked 127.0.0.53",
                    "name server \"\\x00\\x1b[31m\" (and 2 more) cannot be asked; fix the line in \
                     resolv.conf",
                ],
            ),
            (
                one,
                text("nameserver fe80::1%none\nnameserver fe80::1%eth0\nnameserver 127.0.0.53\n"),
                &[
                    "asked fe80::1%7, behind the stub 127.0.0.53",
                    "name server \"fe80::1%none\" cannot be asked; fix the line in resolv.conf",
                ],
            ),
            (
                one,
                text(&many),
                &["asked 192.0.2.1, 192.0.2.2, 192.0.2.3, behind the stub 127.0.0.53"],
            ),
        ];
        each(cases, |(resolv_conf, upstreams, expected)| {
            let found = NameServers::in_resolv_conf(&text(resolv_conf), zone);
            let found = match found.only_stubs() {
                Some(stub) => found.behind(stub, &upstreams, zone),
                None => found,
            };
            assert_eq!(shown(&found), *expected, "{resolv_conf:?}");
        });
    }

    #[test]
    fn each_way_to_have_nobody_to_ask_has_its_own_reason() {
        let cases: [(Contents, Option<NotKnown>); 5] = [
            (Ok(None), None),
            (text(""), None),
            (Err(FileProblem::Denied), Some(NotKnown::Unreadable)),
            (Err(FileProblem::TooSlow), Some(NotKnown::Unreadable)),
            (text("nameserver fe80::1\n"), Some(NotKnown::UnusableServer)),
        ];
        each(cases, |(contents, reason)| {
            let found = NameServers::in_resolv_conf(&contents, zone);
            let none = found.servers.is_empty().then(|| found.why_none());
            assert_eq!(none, reason, "{contents:?}");
        });
        assert_eq!(NameServers::given([]).why_none(), NotKnown::NoNameServer);
    }
}
