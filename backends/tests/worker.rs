//! Workers that crash, hang, print, leak and lie cost themselves alone, and nothing of them is left.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, End, Event, Member, Quiet, SessionError, Start,
    StopToken,
};
use farkas_backends::hosted::HOSTED;
use farkas_backends::iis::{Budget, find};
use farkas_backends::options::Options;
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::worker::frame::{Decoder, FromWorker, Hello, PROTOCOL, SMALL_FRAME_BYTES, ToWorker, encode};
use farkas_backends::worker::{PARENT_VARIABLE, Program, WorkerBackend, WorkerConfig};
use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::patch::{Change, NewColumn, Patch, Revision};
use farkas_modeling::{Claim, ColumnKind, Problem, ProblemData, Reason, Sense, Tolerances};

/// The mock's program, with a script of its own if it shall have one.
fn program(script: Option<&str>) -> Program {
    let arguments = script.into_iter().map(Into::into).collect();
    Program::Found { path: env!("CARGO_BIN_EXE_farkas-mock").into(), arguments }
}

fn mock(config: WorkerConfig) -> WorkerBackend {
    WorkerBackend::new("mock", program(None), config)
}

/// n integer columns between 0 and 10, m rows that hold everywhere.
fn problem(n: usize, m: usize) -> Arc<Problem> {
    let data = ProblemData {
        cost: vec![1.0; n],
        lower: vec![0.0; n],
        upper: vec![10.0; n],
        kinds: vec![ColumnKind::Integer; n],
        row_lower: vec![0.0; m],
        row_upper: vec![f64::INFINITY; m],
        starts: vec![0; n + 1],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).unwrap())
}

fn scripted(script: &str) -> Options {
    Options { native: BTreeMap::from([("mock".into(), script.into())]), ..Options::default() }
}

fn solve(backend: &WorkerBackend, options: &Options) -> Result<Claim, SessionError> {
    backend.open(problem(3, 2)).unwrap().solve(options, &Start::default(), &Quiet, &StopToken::new())
}

#[test]
fn a_claim_comes_back_whole() {
    let backend = mock(WorkerConfig::default());
    let mut session = backend.open(problem(2, 1)).unwrap();
    let start = |point: &[f64]| Start { point: Some(point.into()), ..Start::default() };
    for _ in 0..2 {
        // It takes the start as an incumbent, and claims its best one.
        let claim = session.solve(&scripted("best"), &start(&[3.0, 4.0]), &Quiet, &StopToken::new()).unwrap();
        assert_eq!((claim.termination.reason(), claim.objective), (Reason::Optimal, Some(7.0)));
        assert_eq!(claim.point, Some(vec![3.0, 4.0]));
    }
    let refused = session.solve(&Options::default(), &start(&[1.0]), &Quiet, &StopToken::new());
    let says = "start point: 1 values where 2 are needed";
    assert_eq!(refused, Err(SessionError::Refused(says.into())));
    let honest = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
    assert_eq!((honest.point, honest.bound), (Some(vec![0.0; 2]), Some(0.0)));
}

#[test]
fn an_open_problem_is_changed_in_its_worker() {
    let backend = mock(WorkerConfig::default());
    let base = problem(2, 1);
    let mut session = backend.open(Arc::clone(&base)).unwrap();
    let new = NewColumn { kind: ColumnKind::Integer, lower: 2.0, upper: 3.0, cost: 1.0, ..NewColumn::default() };
    let mut patch = Patch::new();
    patch.lower("C1", 4.0).remove_column(1).add_column(new.clone()).add_column(new.clone());
    let revision = Revision::new(&base, &patch).unwrap();
    session.apply(&revision).unwrap();
    let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
    assert_eq!((claim.point, claim.objective), (Some(vec![4.0, 2.0, 2.0]), Some(8.0)));
    // Of the old problem: refused, and the session goes on.
    assert!(matches!(session.apply(&revision), Err(SessionError::Refused(_))));
    // Too large for a frame: the changed problem is handed over instead.
    let fixed = NewColumn { upper: 2.0, ..new };
    let many = Patch { changes: vec![Change::AddColumn(fixed); 10_000] };
    let many = Revision::new(revision.problem(), &many).unwrap();
    session.apply(&many).unwrap();
    let again = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
    assert_eq!(again.objective, Some(20_008.0));
}

#[test]
fn how_a_worker_fails_is_told() {
    let backend = mock(WorkerConfig::default());
    for (script, says) in [
        ("crash", "mock: its worker died by signal 6 (SIGABRT)"),
        ("exit 5", "mock: its worker ended with exit code 5"),
        ("short", "mock: its worker broke the protocol: point: 2 values where 3 are needed"),
        ("incumbent 1 2; limit", "mock: its worker broke the protocol: incumbent: 2 values where 3 are needed"),
    ] {
        assert_eq!(solve(&backend, &scripted(script)), Err(SessionError::Broken(says.into())), "{script}");
    }
    let panicked = solve(&backend, &scripted("panic")).unwrap_err().to_string();
    assert!(panicked.contains("exit code 101") && panicked.ends_with("as scripted"), "{panicked}");
    assert_eq!(solve(&backend, &scripted("refuse")), Err(SessionError::Refused("as scripted".into())));

    let mut session = backend.open(problem(3, 2)).unwrap();
    let mut once = || session.solve(&scripted("exit 5"), &Start::default(), &Quiet, &StopToken::new());
    assert!(matches!(once(), Err(SessionError::Broken(_))));
    assert_eq!(once(), Err(SessionError::Broken("mock: its worker is gone".into())));

    let opens_nothing = WorkerBackend::new("mock", program(Some("dance")), WorkerConfig::default());
    let refused = opens_nothing.open(problem(1, 1)).err();
    assert!(matches!(&refused, Some(BackendError::Failed(says)) if says.contains("no step 'dance'")), "{refused:?}");
}

#[test]
fn what_a_solver_prints_reaches_nobody() {
    let claim = solve(&mock(WorkerConfig::default()), &scripted(&"print; ".repeat(2000))).unwrap();
    assert_eq!(claim.termination.reason(), Reason::Optimal);
}

#[test]
fn a_worker_that_leaks_dies_alone() {
    let options = Options { memory_limit_bytes: Some(200 << 20), ..scripted("leak 300") };
    let backend = mock(WorkerConfig::default());
    let says = solve(&backend, &options).unwrap_err().to_string();
    assert!(says.contains("memory allocation of 1048576 bytes failed"), "{says}");
    assert!(says.ends_with("(its memory was limited to 200 MiB)"), "{says}");
    // The limit of one solve is not that of the next, in the same worker.
    let mut session = backend.open(problem(1, 1)).unwrap();
    for (limit, script) in [(Some(200 << 20), "leak 1"), (None, "leak 300")] {
        let options = Options { memory_limit_bytes: limit, ..scripted(script) };
        session.solve(&options, &Start::default(), &Quiet, &StopToken::new()).unwrap();
    }
}

#[test]
fn what_overstays_is_killed() {
    let grace = Duration::from_millis(150);
    let config = || WorkerConfig { time_grace: grace, stop_grace: grace, ..WorkerConfig::default() };
    let (stopped, killed) = (StopToken::new(), StopToken::new());
    stopped.stop();
    killed.kill();
    let limited = Options { time_limit: Some(Duration::from_millis(100)), ..scripted("hang") };
    for (options, stop, says) in [
        (&limited, StopToken::new(), "killed: mock: its worker was killed 0.15 s after its time limit of 0.1 s"),
        (&scripted("hang"), stopped.clone(), "killed: mock: its worker was killed, as it did not stop within 0.15 s"),
        (&scripted("hang"), killed, "killed: mock: its worker was killed, as was asked"),
    ] {
        let backend = mock(config());
        let mut session = backend.open(problem(1, 1)).unwrap();
        let begun = Instant::now();
        let error = session.solve(options, &Start::default(), &Quiet, &stop).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert!(begun.elapsed() < Duration::from_secs(5), "{says}: {:?}", begun.elapsed());
    }
    // One that listens is not killed, whether it was stopped before it began or while it runs.
    let backend = mock(WorkerConfig { stop_grace: Duration::from_secs(20), ..WorkerConfig::default() });
    let mut session = backend.open(problem(1, 1)).unwrap();
    session.solve(&scripted("until-stop; limit"), &Start::default(), &Quiet, &stopped).unwrap();
    let stop = StopToken::new();
    let options = scripted("until-stop; limit");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| session.solve(&options, &Start::default(), &Quiet, &stop));
        stop.stop();
        waiting.join().unwrap().unwrap();
    });
}

/// x + y + z ≥ 40 over three integers between 0 and 10, and a row that holds.
fn torn() -> Arc<Problem> {
    let data = ProblemData {
        cost: vec![1.0; 3],
        lower: vec![0.0; 3],
        upper: vec![10.0; 3],
        kinds: vec![ColumnKind::Integer; 3],
        row_lower: vec![0.0, 40.0],
        row_upper: vec![f64::INFINITY; 2],
        starts: vec![0, 1, 2, 3],
        indices: vec![1; 3],
        values: vec![1.0; 3],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).unwrap())
}

#[test]
fn a_conflict_comes_back_whole() {
    let backend = mock(WorkerConfig::default());
    assert!(backend.capabilities().iis);
    let mut session = backend.open(torn()).unwrap();
    let bounds = |end| (0..3).map(move |j| Member::Bound(j, end));
    let mut all: Vec<Member> = bounds(End::Lower).chain(bounds(End::Upper)).collect();
    all.sort_unstable();
    let mut ask = |script: &str| session.conflict(&scripted(script), &StopToken::new());
    let named = |rows: &[usize]| rows.iter().map(|&i| Member::Row(i, End::Lower)).chain(all.clone()).collect();
    // Asked twice, refused in between, and of all there is.
    assert_eq!(ask("honest"), Ok(named(&[1])));
    assert_eq!(ask("refuse"), Err(SessionError::Refused("as scripted".into())));
    assert_eq!(ask("honest"), Ok(named(&[1])));
    assert_eq!(ask("print; lie-infeasible"), Ok(named(&[0, 1])));
    let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
    assert_eq!(claim.termination.reason(), Reason::Infeasible);
    let mut fine = backend.open(problem(3, 2)).unwrap();
    assert_eq!(fine.conflict(&Options::default(), &StopToken::new()), Ok(Vec::new()));
}

#[test]
fn how_a_search_for_a_conflict_fails_is_told() {
    let backend = mock(WorkerConfig::default());
    for (script, says) in [
        ("crash", "mock: its worker died by signal 6 (SIGABRT)"),
        ("exit 5", "mock: its worker ended with exit code 5"),
        ("short", "Row(2, Lower) in a conflict; there are 2 rows and 3 columns"),
        ("broken", "as scripted"),
    ] {
        let mut session = backend.open(torn()).unwrap();
        let found = session.conflict(&scripted(script), &StopToken::new());
        assert_eq!(found, Err(SessionError::Broken(says.into())), "{script}");
    }
    let mut session = backend.open(torn()).unwrap();
    session.conflict(&scripted("crash"), &StopToken::new()).unwrap_err();
    let gone = Err(SessionError::Broken("mock: its worker is gone".into()));
    assert_eq!(session.conflict(&Options::default(), &StopToken::new()), gone);
}

#[test]
fn a_search_that_overstays_is_killed() {
    let grace = Duration::from_millis(150);
    let quick = || mock(WorkerConfig { time_grace: grace, stop_grace: grace, ..WorkerConfig::default() });
    let patient = || mock(WorkerConfig { stop_grace: Duration::from_secs(20), ..WorkerConfig::default() });
    let limited = Options { time_limit: Some(Duration::from_millis(100)), ..scripted("hang") };
    let error = quick().open(torn()).unwrap().conflict(&limited, &StopToken::new()).unwrap_err();
    assert_eq!(error.to_string(), "killed: mock: its worker was killed 0.15 s after its time limit of 0.1 s");
    let killed = StopToken::new();
    killed.kill();
    let error = quick().open(torn()).unwrap().conflict(&scripted("hang"), &killed).unwrap_err();
    assert_eq!(error.to_string(), "killed: mock: its worker was killed, as was asked");
    // A token that is raised while it searches; one that was raised before, it does not begin.
    let stopped = Err(SessionError::Killed("mock: its worker was killed, as it did not stop within 0.15 s".into()));
    for (backend, script, found) in [(quick(), "until-stop; hang", stopped), (patient(), "until-stop", Ok(Vec::new()))]
    {
        let mut session = backend.open(torn()).unwrap();
        let stop = StopToken::new();
        let options = scripted(script);
        let begun = Instant::now();
        thread::scope(|scope| {
            let searching = scope.spawn(|| session.conflict(&options, &stop));
            // What another worker needs for this, the first one has begun by then.
            solve(&backend, &scripted("wait 100; limit")).unwrap();
            stop.stop();
            assert_eq!(searching.join().unwrap(), found);
        });
        assert!(begun.elapsed() < Duration::from_secs(10), "{script}: {:?}", begun.elapsed());
        assert_eq!(backend.open(torn()).unwrap().conflict(&scripted("hang"), &stop), Ok(Vec::new()));
    }
}

/// A search that overstays or dies costs itself; the set is found without.
#[test]
fn a_filter_survives_the_search() {
    let grace = Duration::from_millis(100);
    for script in ["| crash", "| hang", "| lie-infeasible", "| short", "| refuse"] {
        let config = WorkerConfig { time_grace: grace, ..WorkerConfig::default() };
        let backend = WorkerBackend::new("mock", program(Some(script)), config);
        let budget = Budget { time: Duration::from_secs(2), ..Budget::default() };
        let iis = find(&torn(), &backend, &Options::default(), budget, &StopToken::new()).unwrap();
        assert!(iis.rows() == [1] && iis.uses_integers, "{script}: {iis:?}");
    }
}

/// A worker that was built before there were conflicts says hello, opens, and leaves at anything else. Its solver may have
/// declared conflicts already, in its own process.
fn play_a_worker_of_before() {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    socket.set_nonblocking(false).unwrap();
    let say = |message: &FromWorker| {
        let mut bytes = Vec::new();
        encode(message, &mut bytes).unwrap();
        (&socket).write_all(&bytes).unwrap();
    };
    say(&FromWorker::Hello(Hello {
        protocol: PROTOCOL,
        backend: "before".into(),
        availability: Availability::Ready { version: "0".into() },
        capabilities: Capabilities { integers: true, iis: true, ..Capabilities::default() },
        applies: false,
        conflicts: false,
        native: None,
    }));
    let (mut decoder, mut room) = (Decoder::new(SMALL_FRAME_BYTES), [0; 4096]);
    loop {
        let read = (&socket).read(&mut room).unwrap();
        decoder.feed(&room[..read]);
        while let Some(message) = decoder.message::<ToWorker>().unwrap() {
            match message {
                ToWorker::Open { .. } => say(&FromWorker::Opened { version: "0".into() }),
                ToWorker::Close {} => say(&FromWorker::Closed {}),
                _ => std::process::exit(76),
            }
        }
        if read == 0 {
            std::process::exit(0);
        }
    }
}

/// Such a worker is this program, started again.
#[test]
fn a_worker_of_before_is_not_asked_for_conflicts() {
    if std::env::var_os(PARENT_VARIABLE).is_some() {
        play_a_worker_of_before();
    }
    let arguments = ["--exact", "a_worker_of_before_is_not_asked_for_conflicts", "--nocapture"];
    let program = Program::Found {
        path: std::env::current_exe().unwrap(),
        arguments: arguments.into_iter().map(Into::into).collect(),
    };
    let backend = WorkerBackend::new("before", program, WorkerConfig::default());
    assert_eq!(backend.probe(), Availability::Ready { version: "0".into() });
    assert!(backend.capabilities().integers && !backend.capabilities().iis);
    let mut session = backend.open(torn()).unwrap();
    for _ in 0..2 {
        let refused = session.conflict(&Options::default(), &StopToken::new());
        let says = "before: its worker has no search for a conflict; `iis::find` works over any";
        assert_eq!(refused, Err(SessionError::Refused(says.into())));
    }
}

/// Keeps what it hears, and stops once it has heard a point.
#[derive(Default)]
struct Ear {
    bounds: Mutex<Vec<f64>>,
    incumbents: Mutex<Vec<Option<Vec<f64>>>>,
    lines: Mutex<Vec<String>>,
    nodes: Mutex<Vec<u64>>,
    phases: Mutex<Vec<String>>,
    offer: Mutex<Option<Arc<CheckedPoint>>>,
    stop: StopToken,
}

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::Bound(value) => self.bounds.lock().unwrap().push(value),
            Event::Incumbent { values, .. } => {
                self.incumbents.lock().unwrap().push(values.map(<[f64]>::to_vec));
                self.stop.stop();
            }
            Event::Log(line) => self.lines.lock().unwrap().push(line.into()),
            Event::Progress(progress) => self.nodes.lock().unwrap().push(progress.nodes),
            Event::Phase(name) => self.phases.lock().unwrap().push(name.into()),
        }
    }
    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.offer.lock().unwrap().take()
    }
}

#[test]
fn events_come_in_order_and_the_last_ones_are_not_lost() {
    let ear = Ear::default();
    let backend = mock(WorkerConfig::default());
    let mut session = backend.open(problem(2, 1)).unwrap();
    let script = "phase search; flood 200000; bound 0.5; incumbent 1 2; objective 2; best";
    session.solve(&scripted(script), &Start::default(), &ear, &StopToken::new()).unwrap();
    let nodes = ear.nodes.into_inner().unwrap();
    assert!(nodes.is_sorted() && nodes.last() == Some(&199_999), "{nodes:?}");
    assert_eq!(ear.phases.into_inner().unwrap(), ["search"]);
    assert_eq!(ear.bounds.into_inner().unwrap(), [0.5]);
    assert_eq!(ear.incumbents.into_inner().unwrap(), [Some(vec![1.0, 2.0]), None]);

    let lines = ear.lines.into_inner().unwrap();
    let number = |line: &String| line.strip_prefix("line ")?.strip_suffix(" of a flood")?.parse::<u64>().ok();
    let numbers: Vec<u64> = lines.iter().filter_map(number).collect();
    let dropped = |line: &String| line.strip_prefix("(")?.split(' ').next()?.parse::<u64>().ok();
    let dropped: u64 = lines.iter().filter_map(dropped).sum();
    assert!(numbers.is_sorted() && dropped > 0, "{dropped} dropped");
    assert_eq!(numbers.len() as u64 + dropped, 200_000, "lines were lost without a word");
}

#[test]
fn a_point_on_offer_arrives() {
    let problem = problem(3, 2);
    let point = check_point(&problem, &[1.0, 2.0, 3.0], &Tolerances::default()).unwrap().unwrap();
    let ear = Ear { offer: Mutex::new(Some(Arc::new(point))), ..Ear::default() };
    let backend = mock(WorkerConfig::default());
    let mut session = backend.open(problem).unwrap();
    // The mock looks now and then; it ends when the ear has heard the point that it took.
    let script = format!("{}; best", ["wait 10; take"; 500].join("; "));
    let claim = session.solve(&scripted(&script), &Start::default(), &ear, &ear.stop).unwrap();
    assert_eq!(claim.point, Some(vec![1.0, 2.0, 3.0]));
    assert_eq!(*ear.incumbents.lock().unwrap(), [Some(vec![1.0, 2.0, 3.0])]);
}

#[test]
fn there_are_only_so_many() {
    let backend = mock(WorkerConfig { most: 1, ..WorkerConfig::default() });
    let first = backend.open(problem(1, 1)).unwrap();
    let error = backend.open(problem(1, 1)).err().unwrap().to_string();
    assert_eq!(error, "mock: 1 workers run already, which is the limit");
    drop(first);
    assert!(backend.open(problem(1, 1)).is_ok());
}

#[test]
fn a_program_that_is_no_worker() {
    let sleeps = ["-c", "exec sleep 1000"];
    let patient = WorkerConfig::default().start_limit;
    let started = |path: &str, arguments: &[&str]| {
        let start_limit = if arguments == sleeps { Duration::from_millis(300) } else { patient };
        let arguments = arguments.iter().map(Into::into).collect();
        let config = WorkerConfig { start_limit, ..WorkerConfig::default() };
        WorkerBackend::new("mock", Program::Found { path: path.into(), arguments }, config).probe()
    };
    let fails = ["-c", "echo no such library >&2; exit 127"];
    let talks = ["-c", "printf 'HTTP/1.1 200 OK' >&0; exec sleep 1000"];
    for (path, arguments, says) in [
        ("/nowhere/farkas-x", &[][..], "/nowhere/farkas-x does not start: No such file or directory (os error 2)"),
        ("/bin/sh", &fails[..], "its worker ended with exit code 127; it printed: no such library"),
        ("/bin/sh", &sleeps[..], "its worker did not start within 0.3 s"),
        (
            "/bin/sh",
            &talks[..],
            "its worker broke the protocol: a frame of 1347703880 bytes; at most 1048576 are taken",
        ),
    ] {
        assert_eq!(started(path, arguments), Availability::Broken { says: says.into() });
    }
    let missing = WorkerBackend::new("x", Program::Missing { remedy: "install it".into() }, WorkerConfig::default());
    assert_eq!(missing.probe(), Availability::NotFound { remedy: "install it".into() });
    let other = WorkerBackend::new("highs", program(None), WorkerConfig::default());
    assert_eq!(other.probe(), Availability::Broken { says: "its worker hosts 'mock' and not 'highs'".into() });
}

/// A worker started by hand, without a parent that speaks the protocol.
fn by_hand(stdin: Stdio) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_farkas-mock")).stdin(stdin).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_worker_ends_with_its_socket() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut worker = by_hand(OwnedFd::from(theirs).into());
    drop(ours);
    assert_eq!(worker.wait().unwrap().code(), Some(0));

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let worker = by_hand(OwnedFd::from(theirs).into());
    ours.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let output = worker.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(76));
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(says, "broken protocol: a frame of 542393671 bytes; at most 1048576 are taken\n");

    let output = by_hand(Stdio::null()).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("farkas solve --solver mock FILE"));
}

#[test]
fn kill_the_parent_and_no_worker_is_left() {
    let mut parent = Command::new(env!("CARGO_BIN_EXE_farkas-mock"))
        .arg("parent")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let workers: Vec<PathBuf> = children_of(parent.id());
    assert_eq!(workers.len(), 3, "two that hang and one that waits");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let killed = Instant::now();
    while workers.iter().any(|worker| runs(worker)) {
        assert!(killed.elapsed() < Duration::from_secs(1), "orphans: {workers:?}");
        thread::yield_now();
    }
}

/// The folders in `/proc` of a process's children.
fn children_of(parent: u32) -> Vec<PathBuf> {
    let is_child = |folder: &PathBuf| stat(folder).get(1) == Some(&parent.to_string());
    fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(is_child).collect()
}

/// Not when it is dead and only waits to be reaped by whoever adopted it.
fn runs(process: &Path) -> bool {
    stat(process).first().is_some_and(|state| state != "Z" && state != "X")
}

/// State, parent and what follows; nothing when the process is gone.
fn stat(process: &Path) -> Vec<String> {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    after_name.split_whitespace().map(str::to_owned).collect()
}

/// The programs of the solvers that are compiled in.
fn real_programs() -> Vec<(&'static str, &'static str)> {
    let all = [
        ("highs", cfg!(feature = "highs"), option_env!("CARGO_BIN_EXE_farkas-highs")),
        ("scip", cfg!(feature = "scip"), option_env!("CARGO_BIN_EXE_farkas-scip")),
        ("cbc", cfg!(feature = "cbc"), option_env!("CARGO_BIN_EXE_farkas-cbc")),
    ];
    all.into_iter().filter_map(|(name, is_built, program)| Some((name, program.filter(|_| is_built)?))).collect()
}

#[test]
fn real_solvers_solve_in_workers() {
    // maximise 10 a + 13 b + 7 c + 4  subject to  3 a + 4 b + 2 c ≤ 6,  all binary: b and c, 24.
    let knapsack = Arc::new(
        Problem::new(ProblemData {
            sense: Sense::Maximize,
            offset: 4.0,
            cost: vec![10.0, 13.0, 7.0],
            lower: vec![0.0; 3],
            upper: vec![1.0; 3],
            kinds: vec![ColumnKind::Integer; 3],
            row_lower: vec![f64::NEG_INFINITY],
            row_upper: vec![6.0],
            starts: vec![0, 1, 2, 3],
            indices: vec![0, 0, 0],
            values: vec![3.0, 4.0, 2.0],
            ..ProblemData::default()
        })
        .unwrap(),
    );
    for (name, path) in real_programs() {
        let program = Program::Found { path: path.into(), arguments: Vec::new() };
        let backend = WorkerBackend::new(name, program, WorkerConfig::default());
        assert!(matches!(backend.probe(), Availability::Ready { .. }), "{name}: {:?}", backend.probe());
        assert!(backend.capabilities().integers, "{name}");
        for _ in 0..2 {
            let mut session = backend.open(Arc::clone(&knapsack)).unwrap();
            for _ in 0..2 {
                let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).unwrap();
                assert_eq!(claim.termination.reason(), Reason::Optimal, "{name}");
                let point: Vec<f64> = claim.point.unwrap().iter().map(|v| v.round()).collect();
                assert_eq!((point, claim.objective.map(f64::round)), (vec![0.0, 1.0, 1.0], Some(24.0)), "{name}");
            }
        }
    }
}

#[test]
fn a_registry_knows_what_is_missing() {
    let mock = (PathBuf::from(env!("CARGO_BIN_EXE_farkas-mock")), Vec::new());
    let registry = Registry::new(RegistryConfig {
        workers: Some("/nowhere".into()),
        others: vec![("mock".into(), mock.0, mock.1)],
        ..RegistryConfig::default()
    });
    let names = registry.names();
    assert_eq!((&names[..3], names.last()), (&["highs", "scip", "cbc"][..], Some(&"mock")));
    assert!(HOSTED.iter().all(|hosted| names.contains(&hosted.name)), "{names:?}");
    let scip = registry.backend("scip").unwrap();
    let Availability::NotFound { remedy } = scip.probe() else { panic!("{:?}", scip.probe()) };
    assert!(remedy.starts_with("farkas-scip was not found in /nowhere: build it with"), "{remedy}");
    assert_eq!(scip.open(problem(1, 1)).err(), Some(BackendError::Unavailable(remedy)));
    registry.warm(&["mock", "scip"]);
    assert_eq!(registry.backend("mock").unwrap().probe(), Availability::Ready { version: "1".into() });
    registry.shut_down();
}

/// A library that is missing costs the one program that needs it.
#[test]
fn a_program_is_linked_to_its_own_solver_alone() {
    let libraries = [("scip", &b"libscip-"[..]), ("cbc", b"libCbc.so"), ("cbc", b"libClp.so")];
    for (name, program) in real_programs().into_iter().chain([("mock", env!("CARGO_BIN_EXE_farkas-mock"))]) {
        let bytes = fs::read(program).unwrap();
        for (owner, library) in libraries.iter().filter(|(owner, _)| *owner != name) {
            let named = bytes.windows(library.len()).any(|window| window == *library);
            assert!(!named, "farkas-{name} names {}, which is {owner}'s", String::from_utf8_lossy(library));
        }
    }
}
