//! One thread asks for all resolvers of a process, with few sockets, and does not outlive its use
//! (R39).
//!
//! What a process has is read from /proc. So each test runs in a process of its own, and the server
//! in that of the test.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use daemonize::{Daemonize, Outcome};
use helo_name::dns::{Family, NotKnown, Resolver};
use helo_name::{HeloName, Resolution, Resolve};
use tokio::task::JoinSet;

use crate::support::fault_dns::{Action, FaultServer, SilentServer};

/// Tells the child process which server to ask, and where to say what became of it.
const SERVER_VARIABLE: &str = "HELO_NAME_TEST_SERVER";
const SPEAK_TO_VARIABLE: &str = "HELO_NAME_TEST_SPEAK_TO";

const MANY: usize = 1000;

fn child(test: &str, server: SocketAddr) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .arg("--test-threads=1")
        .env(SERVER_VARIABLE, server.to_string());
    command
}

fn variable(name: &str) -> Option<SocketAddr> {
    std::env::var(name).ok()?.parse().ok()
}

fn resolve(server: SocketAddr) -> Resolve<Resolver> {
    let client: IpAddr = "192.0.2.10".parse().unwrap();
    HeloName::resolve()
        .ignore_environment()
        .ignore_machine()
        .host_name("mail.example.com")
        .client_address(client)
        .dns(Resolver::asking([server]))
}

fn is_whole(report: &Resolution) -> bool {
    !report.is_provisional() && report.name().is_ok_and(|name| *name == "mail.example.com")
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn threads() -> usize {
    count("/proc/self/task")
}

fn descriptors() -> usize {
    count("/proc/self/fd") - 1 // that of the folder
}

#[test]
fn a_thousand_resolutions_have_few_threads_and_descriptors() {
    let server = FaultServer::script()
        .otherwise(Action::Answer.after(Duration::from_millis(1)))
        .start();
    let output = child("dns::worker::resolves_a_thousand_times", server.address())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    for line in said.lines().filter(|line| line.contains(" threads, ")) {
        println!("{line}");
    }
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn resolves_a_thousand_times() {
    let Some(server) = variable(SERVER_VARIABLE) else {
        return;
    };
    let (threads_before, descriptors_before) = (threads(), descriptors());
    let kept: Vec<Resolution> = (0..MANY)
        .map(|_| resolve(server).report_blocking())
        .collect();
    let (most_threads, most_descriptors) = (threads(), descriptors());
    println!("{MANY} kept: {most_threads} threads, {most_descriptors} descriptors");
    assert!(kept.iter().all(is_whole));
    assert!(most_threads <= 8 && most_descriptors <= 64);

    let (reports, [most_threads, most_descriptors]) = while_watching(|| at_once(server));
    println!("{MANY} at once: {most_threads} threads, {most_descriptors} descriptors");
    assert_eq!(
        reports.iter().filter(|report| is_whole(report)).count(),
        MANY
    );
    assert!(most_threads <= 8 && most_descriptors <= 64);

    let start = Instant::now();
    while threads() > threads_before && start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(10));
    }
    let taken = start.elapsed();
    println!("the threads ended after {taken:?}");
    assert!(taken < Duration::from_secs(1));
    assert_eq!(descriptors(), descriptors_before);
    assert!(kept.iter().all(is_whole));
}

fn at_once(server: SocketAddr) -> Vec<Resolution> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut reports = JoinSet::new();
        for _ in 0..MANY {
            reports.spawn(resolve(server).deadline(Duration::from_secs(60)).report());
        }
        reports.join_all().await
    })
}

/// Returns what `act` does, and the most threads and descriptors that there were meanwhile.
fn while_watching<T: Send>(act: impl FnOnce() -> T + Send) -> (T, [usize; 2]) {
    let is_over = AtomicBool::new(false);
    let most = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let done = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                most[0].fetch_max(threads(), Ordering::SeqCst);
                most[1].fetch_max(descriptors(), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let done = act();
        is_over.store(true, Ordering::SeqCst);
        done
    });
    (done, most.map(AtomicUsize::into_inner))
}

#[test]
fn a_silent_server_beside_keeps_no_other_question_waiting() {
    // Each question holds a socket for the silent server until the other has answered.
    let (silent, server) = (SilentServer::start(), FaultServer::script().start());
    let servers = [silent.address(), server.address()];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let reports = runtime.block_on(async {
        let mut reports = JoinSet::new();
        for _ in 0..200 {
            let resolve = resolve(server.address()).dns(Resolver::asking(servers));
            reports.spawn(resolve.deadline(Duration::from_secs(20)).report());
        }
        reports.join_all().await
    });
    assert!(reports.iter().all(is_whole));
}

#[test]
fn a_question_that_waits_for_a_socket_is_asked_in_its_turn() {
    // Three times as many as there are sockets, and each keeps its own until it gives up.
    let server = FaultServer::always(Action::Drop);
    let resolver = Resolver::asking([server.address()]).give_up_after(Duration::from_millis(400));
    let names: Vec<String> = (0..150).map(|n| format!("host-{n}.example.com")).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut answers = JoinSet::new();
        for name in names.clone() {
            let resolver = resolver.clone();
            answers.spawn(async move { resolver.addresses(&name, Family::V4).await });
        }
        for answer in answers.join_all().await {
            assert_eq!(answer.why_not_known(), Some(NotKnown::Timeout));
        }
    });
    assert_eq!(server.distinct_questions().len(), names.len());
}

#[test]
fn a_process_that_forked_looks_up_at_once() {
    let server = FaultServer::script().start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut forking = child("dns::worker::rechecks_as_a_daemon", server.address())
        .env(
            SPEAK_TO_VARIABLE,
            listener.local_addr().unwrap().to_string(),
        )
        .spawn()
        .unwrap();
    let (mut daemon, _) = listener.accept().unwrap();
    let mut said = String::new();
    daemon.read_to_string(&mut said).unwrap();
    assert!(forking.wait().unwrap().success());
    assert_eq!(said, "mail.example.com, at once");
}

#[test]
#[ignore = "runs in a process of its own, started by the test above"]
fn rechecks_as_a_daemon() -> ExitCode {
    let (Some(server), Some(speak_to)) = (variable(SERVER_VARIABLE), variable(SPEAK_TO_VARIABLE))
    else {
        return ExitCode::SUCCESS;
    };
    // The threads of this process run when it forks.
    let report = resolve(server).report_blocking();
    if let Outcome::Parent(parent) = Daemonize::new().execute() {
        parent.unwrap();
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let again = report.recheck_blocking();
    let name = again.resolution().name().unwrap().clone();
    let late = match start.elapsed() {
        taken if taken < Duration::from_secs(1) => "at once".to_owned(),
        taken => format!("after {taken:?}"),
    };
    let mut test = TcpStream::connect(speak_to).unwrap();
    write!(test, "{name}, {late}").unwrap();
    drop(test);
    // Not the end of the test: its main thread is in the parent.
    std::process::exit(0)
}
