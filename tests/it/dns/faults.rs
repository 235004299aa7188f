//! Name servers that fail: no answer is made up, no resolution outlasts its deadline, a server that
//! works is found.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use helo_name::dns::{Answer, Dns, Family, NotKnown, Outcome, Resolver};
use helo_name::verify::{ClientFinding, Finding};
use helo_name::{HeloName, Resolution, Resolve};
use tokio::task::JoinSet;

use crate::support::each::each;
use crate::support::fault_dns::{Action, ClosedPort, FaultServer, Script, SilentServer, Tcp};

const MAIL: HeloName = HeloName::from_static("mail.example.com");
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// How many questions are under way at once: each has a socket or more, and a process may have
/// 1,024 by default.
const AT_ONCE: usize = 100;

fn host(number: usize) -> HeloName {
    HeloName::parse(&format!("host-{number}.example.com")).unwrap()
}

/// One of 65,536 public addresses.
fn public_address(number: usize) -> IpAddr {
    let [_, _, high, low] = u32::try_from(number).unwrap().to_be_bytes();
    Ipv4Addr::new(198, 41, high, low).into()
}

// ---- No answer is made up ----

/// What was said to how many questions.
type Tally = BTreeMap<String, usize>;

fn kind<T>(answer: &Answer<T>) -> String {
    match answer.outcome() {
        Outcome::Found(_) => "found".to_owned(),
        Outcome::NoData | Outcome::NxDomain => "DOES NOT EXIST".to_owned(),
        Outcome::NotKnown(reason) => format!("not known: {}", reason.as_str()),
    }
}

fn assert_not_known(what: &str, trials: usize, tally: &Tally) {
    println!("{what}: {trials} trials, {tally:?}");
    assert_eq!(tally.values().sum::<usize>(), trials, "{what}");
    let known = tally.keys().filter(|kind| !kind.starts_with("not known"));
    assert_eq!(known.count(), 0, "{what}: {tally:?}");
}

/// Asks one resolver this many questions to their end, addresses and names in turn, each about
/// another name.
fn ask_to_the_end(resolver: &Resolver, trials: usize) -> Tally {
    let resolver = resolver.clone();
    let question = move |number: usize| {
        let resolver = resolver.clone();
        async move {
            match number % 3 {
                0 => kind(&resolver.forward(&host(number), Family::V4).await),
                1 => kind(&resolver.forward(&host(number), Family::V6).await),
                _ => kind(&resolver.reverse(public_address(number)).await),
            }
        }
    };
    run_all((0..trials).map(question))
}

fn run_all(trials: impl Iterator<Item = impl Future<Output = String> + Send + 'static>) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut tally = Tally::new();
        let mut under_way = JoinSet::new();
        for trial in trials {
            if under_way.len() >= AT_ONCE {
                let done: String = under_way.join_next().await.unwrap().unwrap();
                *tally.entry(done).or_default() += 1;
            }
            under_way.spawn(trial);
        }
        while let Some(done) = under_way.join_next().await {
            *tally.entry(done.unwrap()).or_default() += 1;
        }
        tally
    })
}

fn assert_never_absent(what: &str, script: Script, trials: usize) {
    let server = script.start();
    let resolver = Resolver::asking([server.address()]);
    assert_not_known(what, trials, &ask_to_the_end(&resolver, trials));
}

fn script(action: Action) -> Script {
    FaultServer::script().otherwise(action)
}

#[test]
fn servfail_is_never_called_absent() {
    assert_never_absent("SERVFAIL", script(Action::ServFail), 2_000);
}

#[test]
fn refused_is_never_called_absent() {
    assert_never_absent("REFUSED", script(Action::Refused), 2_000);
}

#[test]
fn garbage_is_never_called_absent() {
    assert_never_absent("garbage", script(Action::Garbage), 2_000);
}

#[test]
fn what_is_truncated_and_not_to_be_had_by_tcp_is_never_called_absent() {
    let closes = script(Action::Truncated(Tcp::Closes));
    assert_never_absent("truncated, TCP closes", closes, 1_000);
    let no_tcp = script(Action::Truncated(Tcp::Live)).without_tcp();
    assert_never_absent("truncated, no TCP", no_tcp, 1_000);
}

#[test]
fn what_is_lost_is_never_called_absent() {
    // To the end, when all tries are used up.
    let server = FaultServer::always(Action::Drop);
    let resolver = Resolver::asking([server.address()]).try_again_after(Duration::from_millis(200));
    let tally = ask_to_the_end(&resolver, AT_ONCE);
    assert_not_known("lost, to the end", AT_ONCE, &tally);
}

#[test]
fn what_is_lost_beside_an_empty_answer_is_never_called_absent() {
    // Beside each lost A is an AAAA that does not exist, which is true and says nothing about A.
    const TRIALS: usize = 2_000;
    let mut script = FaultServer::script().otherwise(Action::Drop);
    for number in 0..TRIALS {
        script = script.on(host(number).as_str(), "AAAA", [Action::NoData]);
    }
    let server = script.start();
    let resolver = Resolver::asking([server.address()]);
    let trial = move |number: usize| {
        // What was dropped at the deadline cannot speak later: a report does not change.
        let report = Resolve::new(resolver.clone())
            .ignore_environment()
            .ignore_machine()
            .host_name(host(number).as_str())
            .deadline(Duration::from_millis(100))
            .report();
        async move {
            let report = report.await;
            let considered = &report.considered()[0];
            let lost = considered.lookups().iter();
            let lost = lost.filter(|fact| fact.family == Family::V4);
            let said: Vec<String> = lost.map(|fact| kind(&fact.answer)).collect();
            let finding = considered.findings()[0].finding;
            assert_eq!(finding, Finding::Unknown, "host {number}");
            said.join(", ")
        }
    };
    let tally = run_all((0..TRIALS).map(trial));
    assert_not_known("lost, at the deadline", TRIALS, &tally);
}

#[test]
fn names_that_do_not_exist_and_names_without_a_record_are_told_apart() {
    let server = FaultServer::script()
        .on("empty.example.com", "A", [Action::NoData])
        .on("gone.example.com", "A", [Action::NxDomain])
        .start();
    let resolver = Resolver::asking([server.address()]);
    each(
        [
            ("empty.example.com", Outcome::NoData),
            ("gone.example.com", Outcome::NxDomain),
        ],
        |(name, expected)| {
            let report = Resolve::new(resolver.clone())
                .ignore_environment()
                .ignore_machine()
                .host_name(name)
                .client_address(CLIENT)
                .report_blocking();
            let considered = &report.considered()[0];
            assert_eq!(considered.lookups()[0].answer.outcome(), &expected);
            assert_eq!(
                considered.findings(),
                [ClientFinding::new(Some(CLIENT), Finding::NoAddress)]
            );
        },
    );
}

#[cfg(unix)]
mod few_descriptors {
    use super::*;

    /// Tells the child process which server to ask, and when the resolver's thread starts.
    const SERVER_VARIABLE: &str = "HELO_NAME_TEST_SERVER";
    const STARTED_VARIABLE: &str = "HELO_NAME_TEST_STARTED";

    /// How many descriptors are left.
    const FREE: [usize; 10] = [0, 1, 2, 3, 4, 5, 7, 10, 15, 25];

    /// How many questions are asked with each number left.
    const TRIALS: usize = 60;

    #[test]
    fn without_a_free_file_descriptor_nothing_is_called_absent() {
        ask_in_a_process_with_few("after");
    }

    #[test]
    fn nor_when_the_resolver_was_asked_before_the_descriptors_were_gone() {
        ask_in_a_process_with_few("before");
    }

    fn ask_in_a_process_with_few(started: &str) {
        // The server is here, with descriptors enough, and answers everything right: what is not
        // found there is for want of a socket. The delay keeps many sockets open at once.
        let zone: String = (0..TRIALS)
            .map(|number| format!("{} A 192.0.2.10\n", host(number)))
            .collect();
        let server = FaultServer::script()
            .zone(&zone)
            .otherwise(Action::Answer.after(Duration::from_millis(20)))
            .start();
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "dns::faults::few_descriptors::asks_with_few",
                "--ignored",
            ])
            .args(["--nocapture", "--test-threads=1"])
            .env(SERVER_VARIABLE, server.address().to_string())
            .env(STARTED_VARIABLE, started)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
        let lines = || said.lines().filter(|line| line.contains(" free, "));
        for line in lines() {
            println!("{line}");
        }
        assert_eq!(lines().count(), FREE.len(), "{said}{errors}");
        assert!(said.contains("no-socket") && said.contains("found"));
    }

    #[test]
    #[ignore = "runs in a process of its own, started by the test above"]
    fn asks_with_few() {
        let Ok(server) = std::env::var(SERVER_VARIABLE) else {
            return;
        };
        let server: SocketAddr = server.parse().unwrap();
        let started = std::env::var(STARTED_VARIABLE).unwrap();
        for free in FREE {
            let resolver = Resolver::asking([server]);
            let ask = || kind(&pollster::block_on(resolver.forward(&host(0), Family::V4)));
            if started == "before" {
                assert_eq!(ask(), "found");
            }
            let held = leave(free);
            let tally = ask_by_threads(&resolver);
            drop(held);
            println!("{free} free, thread started {started}: {tally:?}");
            assert_eq!(tally.get("DOES NOT EXIST"), None);
            assert_eq!(ask(), "found", "descriptors are free again");
        }
    }

    /// Takes all file descriptors but `free` of them.
    fn leave(free: usize) -> Vec<std::fs::File> {
        let mut held = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            held.push(file);
        }
        held.truncate(held.len().saturating_sub(free));
        held
    }

    /// By threads, as a runtime would need descriptors too.
    fn ask_by_threads(resolver: &Resolver) -> Tally {
        let mut tally = Tally::new();
        thread::scope(|scope| {
            let ask = |number| {
                move || {
                    kind(&pollster::block_on(
                        resolver.forward(&host(number), Family::V4),
                    ))
                }
            };
            let threads: Vec<_> = (0..TRIALS).map(|number| scope.spawn(ask(number))).collect();
            for thread in threads {
                *tally.entry(thread.join().unwrap()).or_default() += 1;
            }
        });
        tally
    }
}

// ---- No resolution outlasts its deadline ----

const DEADLINE: Duration = Duration::from_millis(200);

/// What a machine with other things to do may add.
const GRACE: Duration = Duration::from_millis(500);

/// A resolution that has not come back by then has hung.
const HUNG: Duration = Duration::from_secs(10);

/// A name server of any kind; dropping it stops it.
enum AnyServer {
    Closed(ClosedPort),
    Scripted(FaultServer),
    Silent(SilentServer),
}

impl AnyServer {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Closed(port) => port.address(),
            Self::Scripted(server) => server.address(),
            Self::Silent(server) => server.address(),
        }
    }

    fn names_asked(&self) -> Vec<String> {
        match self {
            Self::Scripted(server) => server.questions().into_iter().map(|q| q.name).collect(),
            Self::Closed(_) | Self::Silent(_) => Vec::new(),
        }
    }
}

fn always(action: Action) -> AnyServer {
    AnyServer::Scripted(FaultServer::always(action))
}

fn live() -> AnyServer {
    always(Action::Answer)
}

/// Starts a name server that fails.
type Fault = fn() -> AnyServer;

/// Every way to fail that a name server has here.
#[rustfmt::skip]
const FAULTS: [(&str, Fault); 15] = [
    // Nothing comes
    ("silent", || AnyServer::Silent(SilentServer::start())),
    ("drops", || always(Action::Drop)),
    ("closed", || AnyServer::Closed(ClosedPort::reserve())),
    ("late", || always(Action::Answer.after(Duration::from_secs(30)))),
    ("wrong id", || always(Action::WrongId)),
    // An error comes
    ("SERVFAIL", || always(Action::ServFail)),
    ("SERVFAIL, late", || always(Action::ServFail.after(Duration::from_millis(150)))),
    ("REFUSED", || always(Action::Refused)),
    ("garbage", || always(Action::Garbage)),
    // Half an answer comes
    ("truncated, TCP closes", || always(Action::Truncated(Tcp::Closes))),
    ("truncated, TCP silent", || always(Action::Truncated(Tcp::Silent))),
    ("truncated, no TCP", || AnyServer::Scripted(FaultServer::script().otherwise(Action::Truncated(Tcp::Live)).without_tcp().start())),
    // An answer without end comes
    ("aliases in a circle", || always(Action::CnameLoop)),
    ("nine aliases", || always(Action::CnameChain(9))),
    ("an alias, and nothing behind it", || AnyServer::Scripted(FaultServer::script().zone("mail.example.com CNAME web.example.com\nweb.example.com TIMEOUT -\n10.2.0.192.in-addr.arpa TIMEOUT -").start())),
];

/// Where the servers that work stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Alone,
    BeforeLive,
    AfterLive,
    BetweenLive,
}

/// How the resolver learns of its servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    ByAddress,
    /// As in a Kubernetes pod: `mail.example.com` has fewer dots than 5, so a resolver that minds
    /// would append.
    ByPodsResolvConf,
}

fn resolver(servers: &[AnyServer], configured: Configured) -> Resolver {
    let addresses = servers.iter().map(AnyServer::address);
    match configured {
        Configured::ByAddress => Resolver::asking(addresses),
        Configured::ByPodsResolvConf => {
            let mut text = String::from(
                "search mail.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n",
            );
            for address in addresses {
                text += &format!("nameserver [{}]:{}\n", address.ip(), address.port());
            }
            Resolver::from_resolv_conf(text)
        }
    }
}

/// Resolves on a thread of its own, so that one that hangs is noticed.
fn resolve(resolver: Resolver, deadline: Duration) -> Result<(Resolution, Duration), String> {
    let (done, report) = mpsc::channel();
    thread::spawn(move || {
        let started = Instant::now();
        let report = Resolve::new(resolver)
            .ignore_environment()
            .ignore_machine()
            .host_name(MAIL.as_str())
            .client_address(CLIENT)
            .deadline(deadline)
            .report_blocking();
        // An error means that nobody waits any more.
        let _ = done.send((report, started.elapsed()));
    });
    report.recv_timeout(HUNG).map_err(|_| "it hangs".to_owned())
}

fn finding(report: &Resolution) -> Finding {
    report.considered()[0].findings()[0].finding
}

/// What was wrong with a resolution.
enum Wrong {
    /// It may be the machine, which has other things to do.
    Late(String),
    Other(String),
}

/// Tries again what was late, and nothing else: a busy machine is late once, a hang is one each
/// time.
fn up_to_three_times<T>(mut test: impl FnMut() -> Result<T, Wrong>) -> Result<T, String> {
    for _ in 0..2 {
        match test() {
            Ok(value) => return Ok(value),
            Err(Wrong::Other(why)) => return Err(why),
            Err(Wrong::Late(_)) => {}
        }
    }
    test().map_err(|(Wrong::Late(why) | Wrong::Other(why))| why)
}

/// Does something for each case, some at a time: what they do is to wait.
fn side_by_side<C: Sync, T: Send>(cases: &[C], test: impl Fn(&C) -> T + Sync) -> Vec<T> {
    const AT_A_TIME: usize = 4;
    let mut outcomes = Vec::new();
    for some in cases.chunks(AT_A_TIME) {
        thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|case| scope.spawn(|| test(case))).collect();
            outcomes.extend(running.into_iter().map(|test| test.join().unwrap()));
        });
    }
    outcomes
}

/// How long a resolution took with this fault, or what was wrong.
fn keep_deadline(fault: Fault, place: Place, configured: Configured) -> Result<Duration, Wrong> {
    let servers = match place {
        Place::Alone => vec![fault()],
        Place::BeforeLive => vec![fault(), live()],
        Place::AfterLive => vec![live(), fault()],
        Place::BetweenLive => vec![live(), fault(), live()],
    };
    let (report, elapsed) =
        resolve(resolver(&servers, configured), DEADLINE).map_err(Wrong::Late)?;
    if elapsed > DEADLINE + GRACE {
        return Err(Wrong::Late(format!("it took {elapsed:?}")));
    }
    let expected = match place {
        Place::Alone => Finding::Unknown,
        Place::BeforeLive | Place::AfterLive | Place::BetweenLive => Finding::Match,
    };
    if finding(&report) != expected || report.is_provisional() != (place == Place::Alone) {
        return Err(Wrong::Other(format!("not {expected:?}:\n{report}")));
    }
    let mut asked = servers.iter().flat_map(AnyServer::names_asked);
    match asked.find(|name| name.ends_with("cluster.local")) {
        Some(suffixed) => Err(Wrong::Other(format!("{suffixed} was asked"))),
        None => Ok(elapsed),
    }
}

#[test]
fn no_fault_makes_a_resolution_outlast_its_deadline() {
    const PLACES: [Place; 4] = [
        Place::Alone,
        Place::BeforeLive,
        Place::AfterLive,
        Place::BetweenLive,
    ];
    let mut cases = Vec::new();
    for (what, fault) in FAULTS {
        for place in PLACES {
            for configured in [Configured::ByAddress, Configured::ByPodsResolvConf] {
                cases.push((what, fault, place, configured));
            }
        }
    }
    let outcomes = side_by_side(&cases, |&(what, fault, place, configured)| {
        up_to_three_times(|| keep_deadline(fault, place, configured))
            .map_err(|why| format!("{what}, {place:?}, {configured:?}: {why}"))
    });
    let mut wrong = Vec::new();
    let mut slowest: BTreeMap<String, Duration> = BTreeMap::new();
    for ((_, _, place, _), outcome) in cases.iter().zip(outcomes) {
        let slowest = slowest.entry(format!("{place:?}")).or_default();
        match outcome {
            Ok(elapsed) => *slowest = elapsed.max(*slowest),
            Err(why) => wrong.push(why),
        }
    }
    println!("deadline {DEADLINE:?}, slowest by place: {slowest:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_was_found_until_the_deadline_is_used() {
    // The PTR name is known, its address is lost; and the other way round.
    #[rustfmt::skip]
    let table = [
        ("mail.example.com", "A", Finding::Unknown, true),
        ("10.2.0.192.in-addr.arpa", "PTR", Finding::Match, false),
    ];
    each(table, |(name, record_type, expected, has_ptr)| {
        let server = FaultServer::script()
            .on(name, record_type, [Action::Drop])
            .start();
        let resolver = Resolver::asking([server.address()]);
        let (report, _) = resolve(resolver, Duration::from_secs(1)).unwrap();
        assert_eq!(finding(&report), expected, "{name}");
        let reverse = report.clients()[0].reverse().unwrap();
        assert_eq!(!reverse.answer.records().is_empty(), has_ptr, "{name}");
        assert_eq!(report.name().unwrap(), &MAIL);
    });
}

#[test]
fn a_runtime_ends_at_once_after_a_resolution_that_nobody_answered() {
    let test = || {
        let server = SilentServer::start();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let started = Instant::now();
        let report = runtime.block_on(
            Resolve::new(Resolver::asking([server.address()]))
                .ignore_environment()
                .ignore_machine()
                .host_name(MAIL.as_str())
                .client_address(CLIENT)
                .deadline(DEADLINE)
                .report(),
        );
        drop(runtime);
        let elapsed = started.elapsed();
        assert_eq!(finding(&report), Finding::Unknown);
        if elapsed > DEADLINE + GRACE {
            return Err(Wrong::Late(format!("{elapsed:?}")));
        }
        println!("deadline {DEADLINE:?}, runtime dropped after {elapsed:?}");
        Ok(())
    };
    up_to_three_times(test).unwrap();
}

// ---- A server that works is found ----

/// Every different order of these.
fn orders(kinds: &[Kind]) -> Vec<Vec<Kind>> {
    if kinds.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in kinds.iter().enumerate() {
        let mut others = kinds.to_vec();
        others.remove(index);
        for mut order in orders(&others) {
            order.insert(0, *first);
            all.push(order);
        }
    }
    all.sort();
    all.dedup();
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Closed,
    Dead,
    Live,
    Refused,
    ServFail,
}

impl Kind {
    fn start(self) -> AnyServer {
        match self {
            Self::Closed => AnyServer::Closed(ClosedPort::reserve()),
            Self::Dead => AnyServer::Silent(SilentServer::start()),
            Self::Live => always(Action::Answer.after(Duration::from_millis(5))),
            Self::Refused => always(Action::Refused),
            Self::ServFail => always(Action::ServFail),
        }
    }
}

#[test]
fn the_server_that_works_is_found_wherever_it_stands() {
    use Kind::*;
    const TIMES: usize = 20;
    // Less than the pauses between the tries of a server that fails: those must not hold up the one
    // that works.
    const PROMPT: Duration = Duration::from_millis(150);

    let sets: [&[Kind]; 9] = [
        &[Dead, Live],
        &[Dead, Dead, Live],
        &[ServFail, Live],
        &[Refused, Live],
        &[Closed, Live],
        &[ServFail, ServFail, Live],
        &[Closed, Closed, Live],
        &[ServFail, Dead, Live],
        &[Refused, Closed, Live],
    ];
    let orders: Vec<_> = sets.iter().flat_map(|set| orders(set)).collect();
    let medians = side_by_side(&orders, |order| {
        let servers: Vec<AnyServer> = order.iter().map(|kind| kind.start()).collect();
        up_to_three_times(|| {
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let resolver = resolver(&servers, Configured::ByAddress);
                let (report, elapsed) = resolve(resolver.clone(), HUNG).unwrap();
                if finding(&report) != Finding::Match || report.is_provisional() {
                    return Err(Wrong::Other(format!("{order:?}:\n{report}")));
                }
                times.push(elapsed);
            }
            times.sort();
            let median = times[TIMES / 2];
            (median < PROMPT)
                .then_some(median)
                .ok_or(Wrong::Late(format!("{order:?}: {median:?}")))
        })
    });
    for (order, median) in orders.iter().zip(&medians) {
        println!("{order:?}: median of {TIMES}: {median:?}");
    }
    let wrong: Vec<_> = medians.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_server_that_knows_of_no_such_name_is_believed_beside_those_that_fail() {
    each(
        [Kind::Dead, Kind::ServFail, Kind::Refused, Kind::Closed]
            .iter()
            .flat_map(|fault| orders(&[*fault, Kind::Live])),
        |order| {
            let servers: Vec<AnyServer> = order.iter().map(|kind| kind.start()).collect();
            let resolver = resolver(&servers, Configured::ByAddress);
            let gone = HeloName::from_static("gone.example.com");
            let answer = pollster::block_on(resolver.forward(&gone, Family::V4));
            assert_eq!(answer.outcome(), &Outcome::NxDomain, "{order:?}");
        },
    );
}

#[test]
fn a_refusal_is_final_and_other_errors_are_tried_three_times() {
    each(
        [
            (Action::Refused, 1, NotKnown::Refused),
            (Action::ServFail, 3, NotKnown::ServFail),
            (Action::Garbage, 3, NotKnown::BadMessage),
        ],
        |(action, tries, reason)| {
            let server = FaultServer::always(action);
            let resolver = Resolver::asking([server.address()]);
            let answer = pollster::block_on(resolver.forward(&MAIL, Family::V4));
            assert_eq!(answer.why_not_known(), Some(reason));
            assert_eq!(server.questions().len(), tries, "{reason:?}");
        },
    );
}
