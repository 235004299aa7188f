//! The deadline holds whatever is in the place of a file of this machine (R13), and a resolver says
//! why it has nobody to ask (R40).
//!
//! The files have paths that cannot be changed. So the tests run in a process of their own, in a
//! mount namespace with its own `/etc` and `/run`.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use helo_name::dns::{Dns, Family, NotKnown, Resolver};
use helo_name::resolve::Warning;
use helo_name::{HeloName, Resolution, Resolve};

use crate::support::dns_server::DnsServer;
use crate::support::each::each;

const ZONE: &str = "
mail.example.com         A    192.0.2.10
10.2.0.192.in-addr.arpa  PTR  mail.example.com
";

const DEADLINE: Duration = Duration::from_millis(100);

/// How much later than the deadline it may end.
const LATE: Duration = Duration::from_millis(20);

const MAILNAME: &str = "/etc/mailname";
const HOSTS: &str = "/etc/hosts";
const RESOLV_CONF: &str = "/etc/resolv.conf";
const UPSTREAMS: &str = "/run/systemd/resolve/resolv.conf";

/// Says to a child that it is one.
const CHILD: &str = "HELO_NAME_TEST_FILES";

const EMPTY_FOLDERS: &str = "
    mount -t tmpfs etc /etc && mount -t tmpfs run /run &&
    mkdir -p /run/systemd/resolve && exec \"$@\"";

/// Runs one of the tests below on a machine whose `/etc` and `/run` are empty.
fn passes_on_a_machine_of_its_own(test: &str) {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--", "sh", "-c"])
        .arg(EMPTY_FOLDERS)
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.contains("1 passed"), "{said}{errors}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// What is in the place of a file.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Directory,
    Endless,
    Hanging,
    Pipe,
    Ring,
    Sparse,
}

impl Thing {
    const ALL: [Self; 6] = [
        Self::Directory,
        Self::Endless,
        Self::Hanging,
        Self::Pipe,
        Self::Ring,
        Self::Sparse,
    ];

    fn complaint(self) -> Option<&'static str> {
        match self {
            Self::Directory | Self::Endless | Self::Pipe => Some("it is not a regular file"),
            Self::Hanging => Some("it did not answer in time"),
            Self::Ring => Some("it cannot be read"),
            Self::Sparse => None,
        }
    }

    fn put(self, path: &str) -> Put {
        let _ = fs::remove_file(path);
        let mut server = None;
        match self {
            Self::Directory => fs::create_dir(path).unwrap(),
            Self::Endless => symlink("/dev/zero", path).unwrap(),
            Self::Hanging => server = Some(hang(path)),
            Self::Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
            Self::Ring => symlink(path, path).unwrap(),
            Self::Sparse => fs::File::create(path).unwrap().set_len(1 << 31).unwrap(),
        }
        let path = path.to_owned();
        Put { path, server }
    }
}

/// Something in the place of a file, which ends with this.
struct Put {
    path: String,
    /// The process that holds a file system, and does not serve it.
    server: Option<Child>,
}

impl Drop for Put {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().unwrap();
            server.wait().unwrap();
            let status = Command::new("umount").args(["-l", &self.path]).status();
            assert!(status.unwrap().success());
        }
        let _ = fs::remove_dir(&self.path);
        let _ = fs::remove_file(&self.path);
    }
}

/// Mounts a file system of a process that never answers on a file.
fn hang(path: &str) -> Child {
    fs::write(path, "").unwrap();
    let mount = "exec 9<>/dev/fuse
        mount -i -t fuse -o fd=9,rootmode=100000,user_id=0,group_id=0 hang \"$1\" && exec sleep 60";
    let server = Command::new("sh")
        .args(["-c", mount, "sh", path])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !fs::read_to_string("/proc/self/mounts")
        .unwrap()
        .contains("hang ")
    {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "nothing is mounted"
        );
        thread::sleep(Duration::from_millis(1));
    }
    server
}

fn resolve() -> Resolve<Resolver> {
    let client: IpAddr = "192.0.2.10".parse().unwrap();
    HeloName::resolve()
        .ignore_environment()
        .client_address(client)
        .deadline(DEADLINE)
}

/// Resolves, and up to four times more if it ended late, or did not have the time to read a file
/// that is there: a machine with other things to do is late now and then.
fn quickest(thing: Thing, resolve: impl Fn() -> Resolution) -> (Resolution, Duration) {
    for _ in 0..4 {
        let start = Instant::now();
        let report = resolve();
        let mut warnings = report.warnings().iter().map(Warning::as_str);
        let is_read = thing.complaint().is_some() || warnings.all(|word| word != "unreadable-file");
        if is_read && start.elapsed() <= DEADLINE + LATE {
            return (report, start.elapsed());
        }
    }
    let start = Instant::now();
    (resolve(), start.elapsed())
}

fn resolv_conf_of(server: &DnsServer) -> String {
    let address = server.address();
    format!("nameserver [{}]:{}\n", address.ip(), address.port())
}

#[test]
#[ignore = "mounts other files, which not every system lets a user do"]
fn the_deadline_holds_whatever_is_in_the_place_of_a_file() {
    passes_on_a_machine_of_its_own("resolve::files::has_something_else_in_the_place_of_each_file");
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn has_something_else_in_the_place_of_each_file() {
    if !is_child() {
        return; // not the child: the test above judges what the child does
    }
    let server = DnsServer::start(ZONE);
    let files = [MAILNAME, HOSTS, RESOLV_CONF, UPSTREAMS];
    let cases = files
        .iter()
        .flat_map(|file| Thing::ALL.map(|thing| (*file, thing)));
    each(cases, |(path, thing)| {
        fs::write(RESOLV_CONF, resolv_conf_of(&server)).unwrap();
        if path == UPSTREAMS {
            fs::write(RESOLV_CONF, "nameserver 127.0.0.53\n").unwrap();
        }
        let _put = thing.put(path);
        let blocking = quickest(thing, || resolve().report_blocking());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let awaited = quickest(thing, || runtime.block_on(resolve().report()));
        for (report, taken) in [blocking, awaited] {
            assert!(taken <= DEADLINE + LATE, "{path} {thing:?}: {taken:?}");
            let warnings: Vec<String> = report.warnings().iter().map(ToString::to_string).collect();
            let about = warnings.iter().filter(|warning| warning.starts_with(path));
            let about: Vec<&String> = about.collect();
            match thing.complaint() {
                Some(why) => assert_eq!(about, [&format!("{path} was not read: {why}")]),
                None => assert!(about.is_empty(), "{path} {thing:?}: {about:?}"),
            }
            // The other files and the DNS are not held up.
            let is_found = report.name().is_ok_and(|name| *name == "mail.example.com");
            let knows_servers = matches!(path, MAILNAME | HOSTS);
            assert_eq!(
                is_found && !report.is_provisional(),
                knows_servers,
                "{path} {thing:?}\n{report}"
            );
        }
    });
}

#[test]
#[ignore = "mounts other files, which not every system lets a user do"]
fn a_thousand_resolutions_beside_a_file_that_hangs_leave_nothing() {
    passes_on_a_machine_of_its_own(
        "resolve::files::resolves_a_thousand_times_beside_a_file_that_hangs",
    );
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn resolves_a_thousand_times_beside_a_file_that_hangs() {
    if !is_child() {
        return; // not the child: the test above judges what the child does
    }
    let count = |folder: &str| fs::read_dir(folder).unwrap().count();
    let counts = || [count("/proc/self/task"), count("/proc/self/fd")];
    let settle = |expected: [usize; 2]| {
        let start = Instant::now();
        while counts() != expected && start.elapsed() < Duration::from_secs(2) {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(counts(), expected);
    };
    let server = DnsServer::start(ZONE);
    fs::write(RESOLV_CONF, resolv_conf_of(&server)).unwrap();
    fs::write(HOSTS, "127.0.0.1 localhost\n").unwrap();
    let before = counts();
    let hanging = Thing::Hanging.put(MAILNAME);
    for _ in 0..1000 {
        drop(
            resolve()
                .deadline(Duration::from_millis(2))
                .report_blocking(),
        );
    }
    let [threads, descriptors] = before;
    // The thread that hangs, however often its file was asked for
    settle([threads + 1, descriptors]);
    drop(hanging);
    settle(before);
    // And the file is read as soon as it answers.
    fs::write(MAILNAME, "web.example.com\n").unwrap();
    let report = resolve().report_blocking();
    assert!(
        report
            .considered()
            .iter()
            .any(|one| one.raw() == "web.example.com"),
        "{report}"
    );
}

#[test]
#[ignore = "mounts other files, which not every system lets a user do"]
fn each_way_to_have_no_name_server_is_a_reason_of_its_own() {
    passes_on_a_machine_of_its_own("resolve::files::has_another_resolv_conf_each_time");
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn has_another_resolv_conf_each_time() {
    if !is_child() {
        return; // not the child: the test above judges what the child does
    }
    let name = HeloName::from_static("mail.example.com");
    let cases: [(&str, NotKnown, &str); 6] = [
        (
            "",
            NotKnown::Unreachable,
            "asked 127.0.0.1, ::1, no nameserver line in resolv.conf",
        ),
        (
            "search example.com\n",
            NotKnown::Unreachable,
            "asked 127.0.0.1, ::1, no nameserver line in resolv.conf",
        ),
        (
            "nameserver fe80::1%nosuch\n",
            NotKnown::UnusableServer,
            "no name server",
        ),
        (
            "nameserver dns.example.com\n",
            NotKnown::UnusableServer,
            "no name server",
        ),
        (
            "nameserver 127.0.0.53\n",
            NotKnown::Unreachable,
            "asked 127.0.0.53",
        ),
        (
            "nameserver 127.0.0.99\n",
            NotKnown::Unreachable,
            "asked 127.0.0.99",
        ),
    ];
    let heard = |what: &str, reason: NotKnown, asked: &str| {
        let resolver = Resolver::of_this_machine();
        let start = Instant::now();
        let answer = pollster::block_on(resolver.forward(&name, Family::V4));
        let taken = start.elapsed();
        assert_eq!(answer.why_not_known(), Some(reason), "{what:?}");
        assert_eq!(resolver.servers_asked().to_string(), asked, "{what:?}");
        assert!(taken < Duration::from_secs(1), "{what:?}: {taken:?}");
    };
    each(cases, |(text, reason, asked)| {
        fs::write(RESOLV_CONF, text).unwrap();
        heard(text, reason, asked);
    });
    fs::remove_file(RESOLV_CONF).unwrap();
    assert!(!Path::new(RESOLV_CONF).exists());
    let default = "asked 127.0.0.1, ::1, no nameserver line in resolv.conf";
    heard("none", NotKnown::Unreachable, default);
    let _put = Thing::Pipe.put(RESOLV_CONF);
    heard("a pipe", NotKnown::Unreadable, "no name server");
}
