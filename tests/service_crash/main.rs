//! Services, nodes, workers and PostgreSQL are killed with -9 (or paused) at random moments under load: every job that was
//! accepted is finished exactly once, no published incumbent is lost, no event is missing from a log, and no process is
//! left. Seeds are fixed; `FARKAS_FAULTS` says how many faults, half of them with a file as the store and half with a server.

mod load;
#[path = "../../service/tests/support/postgres.rs"]
mod postgres;
mod processes;

use std::time::{Duration, Instant};

use load::{Load, Random};
use processes::{Process, Program, assert_gone, kill_worker};
use rustix::process::Signal;

const FAULTS: u64 = 50;
const SEED: u64 = 20_260_101;
/// Of the nodes: short, so that a job whose node is gone goes on soon.
const LEASE: &str = "2";
const LEASE_TIME: Duration = Duration::from_secs(2);

fn faults() -> u64 {
    let faults = std::env::var("FARKAS_FAULTS").map_or(FAULTS, |text| text.parse().expect("FARKAS_FAULTS is a number"));
    faults / 2
}

#[test]
fn a_killed_service_loses_nothing() {
    let faults = faults();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data").display().to_string();
    let start = || Program::start(&["serve", "--listen", "127.0.0.1:0", "--threads", "2", "--data", &data]);
    let mut service = start();
    if !load::has_solver(&load::agent(), &service.url) {
        println!("not run: no solver's worker program stands beside the binary");
        return assert_gone(&service.stop());
    }
    let load = Load::new(vec![service.url.clone()]);
    let submitters = load.start();
    let mut random = Random(SEED);
    for fault in 0..faults {
        // The moment is the fault's own; nothing is waited for.
        std::thread::sleep(Duration::from_millis(50 + random.below(500)));
        if fault + 1 == faults {
            load.stop();
        }
        if random.below(4) == 0 {
            kill_worker(&service, |workers| random.below(workers as u64) as usize);
            continue;
        }
        let children = service.kill();
        service = start();
        load.moved(0, &service.url);
        assert_gone(&children);
    }
    load.stop();
    for submitter in submitters {
        submitter.join().expect("a submitter met an answer that it must not meet");
    }
    let jobs = load.check(&service.url);
    assert!(jobs as u64 >= faults / 2, "only {jobs} jobs under {faults} faults");
    println!("{faults} faults, {jobs} jobs, each finished once");
    assert_gone(&service.stop());
}

/// Two services and a node on one server, and what was killed of them.
struct Cluster {
    server: postgres::Server,
    store: String,
    blobs: String,
    services: Vec<Program>,
    node: Option<Program>,
    /// Since when the node is paused.
    paused: Option<Instant>,
    orphans: Vec<Process>,
}

impl Cluster {
    fn start(server: postgres::Server) -> Self {
        let store = server.database("farkas");
        let blobs = format!("file://{}/blobs", server.folder().display());
        let (services, node) = (Vec::new(), None);
        let mut cluster = Self { server, store, blobs, services, node, paused: None, orphans: Vec::new() };
        cluster.services = vec![cluster.serve(), cluster.serve()];
        cluster.node = Some(cluster.work());
        cluster
    }

    fn place(&self) -> [&str; 8] {
        ["--threads", "1", "--lease", LEASE, "--store", &self.store, "--blobs", &self.blobs]
    }

    fn serve(&self) -> Program {
        Program::start(&[&["serve", "--listen", "127.0.0.1:0"][..], &self.place()].concat())
    }

    fn work(&self) -> Program {
        Program::start(&[&["node"][..], &self.place()].concat())
    }

    /// Does some harm.
    fn fault(&mut self, random: &mut Random, load: &Load) {
        match random.below(10) {
            0..=2 => {
                let at = random.below(2) as usize;
                self.orphans.extend(self.services.remove(at).kill());
                let service = self.serve();
                load.moved(at, &service.url);
                self.services.insert(at, service);
            }
            3 | 4 => {
                self.paused = None;
                self.orphans.extend(self.node.take().map(Program::kill).unwrap_or_default());
                self.node = Some(self.work());
            }
            5 | 6 => self.pause(),
            7 | 8 => {
                let programs: Vec<&Program> = self.services.iter().chain(&self.node).collect();
                let program = programs[random.below(programs.len() as u64) as usize];
                kill_worker(program, |workers| random.below(workers as u64) as usize);
            }
            _ => {
                self.server.kill();
                std::thread::sleep(Duration::from_millis(random.below(300)));
                self.server.run();
            }
        }
        if self.paused.is_some_and(|since| since.elapsed() > LEASE_TIME + Duration::from_millis(500)) {
            self.wake();
        }
    }

    fn pause(&mut self) {
        if let Some(node) = self.node.as_ref().filter(|_| self.paused.is_none()) {
            node.signal(Signal::STOP);
            self.paused = Some(Instant::now());
        }
    }

    fn wake(&mut self) {
        if let Some(node) = self.node.as_ref().filter(|_| self.paused.take().is_some()) {
            node.signal(Signal::CONT);
        }
    }

    /// Ends everything in order.
    fn stop(mut self) {
        let programs = self.services.drain(..).chain(self.node.take());
        self.orphans.extend(programs.flat_map(Program::stop));
        assert_gone(&self.orphans);
    }
}

#[test]
fn a_cluster_loses_nothing() {
    let faults = faults();
    let Some(server) = postgres::Server::start() else { return };
    let mut cluster = Cluster::start(server);
    if !load::has_solver(&load::agent(), &cluster.services[0].url) {
        println!("not run: no solver's worker program stands beside the binary");
        return cluster.stop();
    }
    let load = Load::new(cluster.services.iter().map(|service| service.url.clone()).collect());
    let submitters = load.start();
    let mut random = Random(SEED + 1000);
    for _ in 0..faults {
        // The moment is the fault's own; nothing is waited for.
        std::thread::sleep(Duration::from_millis(50 + random.below(500)));
        cluster.fault(&mut random, &load);
    }
    load.stop();
    cluster.wake();
    for submitter in submitters {
        submitter.join().expect("a submitter met an answer that it must not meet");
    }
    let jobs = load.check(&cluster.services[0].url);
    assert!(jobs as u64 >= faults / 2, "only {jobs} jobs under {faults} faults");
    println!("{faults} faults, {jobs} jobs, each finished once");
    cluster.stop();
}
