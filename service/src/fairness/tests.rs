//! Who is next: a table of single choices, and simulations of what follows from many.

use super::*;

fn job(project: &str, cores: u32) -> Waiting {
    let demand = Demand { project: project.into(), cores, ..Demand::default() };
    Waiting { demand, ..Waiting::default() }
}

fn tiny(job: Waiting) -> Waiting {
    Waiting { demand: Demand { tiny: true, ..job.demand }, ..job }
}

fn by(job: Waiting, solver: &str) -> Waiting {
    Waiting { demand: Demand { solvers: vec![solver.into()], ..job.demand }, ..job }
}

fn twice(job: Waiting) -> Waiting {
    let solvers = [job.demand.solvers.clone(), job.demand.solvers].concat();
    Waiting { demand: Demand { solvers, ..job.demand }, ..job }
}

fn after(job: Waiting, waited_seconds: f64) -> Waiting {
    Waiting { waited_seconds, ..job }
}

fn at(job: Waiting, priority: i32) -> Waiting {
    Waiting { priority, ..job }
}

fn large(job: Waiting, memory_bytes: u64) -> Waiting {
    Waiting { demand: Demand { memory_bytes, ..job.demand }, ..job }
}

fn running(jobs: &[Waiting]) -> InUse {
    let mut in_use = InUse::default();
    for job in jobs {
        in_use.add(&job.demand);
    }
    in_use
}

struct Case {
    what: &'static str,
    waiting: Vec<Waiting>,
    room: Room,
    running: Vec<Waiting>,
    expected: Choice,
}

fn cases() -> Vec<Case> {
    let free = |free| Room::of_cores(free, 4);
    let memory = |memory_free| Room { memory_free, memory: 100, ..free(4) };
    let beside = |tiny_free| Room { tiny_free, ..free(0) };
    let case = |what, waiting, room, running, expected| Case { what, waiting, room, running, expected };
    vec![
        case("nobody waits", vec![], free(4), vec![], Choice::Nobody),
        case("the oldest", vec![job("a", 1), job("a", 1)], free(4), vec![], Choice::OnCores(0)),
        case("the higher priority", vec![job("a", 1), at(job("a", 1), 1)], free(4), vec![], Choice::OnCores(1)),
        case(
            "waiting makes up for priority",
            vec![after(job("a", 1), 121.0), at(job("a", 1), 2)],
            free(4),
            vec![],
            Choice::OnCores(0),
        ),
        case("who fits passes", vec![job("a", 4), job("a", 1)], free(2), vec![], Choice::OnCores(1)),
        case("but not for ever", vec![after(job("a", 4), 11.0), job("a", 1)], free(2), vec![], Choice::Nobody),
        case("a job from a larger machine", vec![job("a", 64)], free(4), vec![], Choice::OnCores(0)),
        case(
            "the project that uses less",
            vec![job("a", 1), job("b", 1)],
            free(2),
            vec![job("a", 2)],
            Choice::OnCores(1),
        ),
        case(
            "for its weight",
            vec![job("a", 1), job("heavy", 1)],
            free(1),
            vec![job("a", 1), job("heavy", 2)],
            Choice::OnCores(1),
        ),
        case(
            "priority counts within a project",
            vec![at(job("a", 1), 100), job("b", 1)],
            free(2),
            vec![job("a", 2)],
            Choice::OnCores(1),
        ),
        case("memory", vec![large(job("a", 1), 60), large(job("a", 1), 40)], memory(50), vec![], Choice::OnCores(1)),
        case("more memory than there is", vec![large(job("a", 1), 999)], memory(100), vec![], Choice::OnCores(0)),
        case("over quota", vec![job("a", 1)], free(4), vec![job("a", 3)], Choice::Nobody),
        case("one job is always within quota", vec![job("a", 4)], free(4), vec![], Choice::OnCores(0)),
        case("no licence", vec![by(job("a", 1), "cplex")], free(4), vec![by(job("b", 1), "cplex")], Choice::Nobody),
        case("more lanes than licences", vec![twice(by(job("a", 1), "cplex"))], free(4), vec![], Choice::OnCores(0)),
        case(
            "more lanes than licences, and one is taken",
            vec![twice(by(job("a", 1), "cplex"))],
            free(4),
            vec![by(job("b", 1), "cplex")],
            Choice::Nobody,
        ),
        case(
            "nothing is kept for want of a licence",
            vec![after(by(job("a", 1), "cplex"), 999.0), job("a", 1)],
            free(4),
            vec![by(job("b", 1), "cplex")],
            Choice::OnCores(1),
        ),
        case("a tiny one beside", vec![job("a", 1), tiny(job("a", 1))], beside(1), vec![], Choice::Beside(1)),
        case("no place beside", vec![tiny(job("a", 1))], beside(0), vec![], Choice::Nobody),
        case(
            "a tiny one does not wait for what is kept",
            vec![after(job("a", 4), 11.0), tiny(job("a", 1))],
            Room { tiny_free: 1, ..free(2) },
            vec![],
            Choice::Beside(1),
        ),
        case(
            "a tiny one takes a core that is free",
            vec![tiny(job("a", 1))],
            Room { tiny_free: 1, ..free(1) },
            vec![],
            Choice::OnCores(0),
        ),
    ]
}

#[test]
fn single_choices() {
    let policy = Policy {
        project_cores: Some(3),
        weights: HashMap::from([("heavy".to_string(), 4.0)]),
        licences: HashMap::from([("cplex".to_string(), 1)]),
        ..Policy::default()
    };
    for case in cases() {
        let found = choose(&case.waiting, &case.room, &running(&case.running), &policy);
        assert_eq!(found, case.expected, "{}", case.what);
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

/// A queue and a node in simulated time.
struct World {
    second: f64,
    waiting: Vec<(f64, Waiting)>,
    /// When each ends, what it takes, and whether it runs beside the others.
    running: Vec<(f64, Demand, bool)>,
    cores: u32,
    tiny: u32,
    policy: Policy,
    /// Project, seconds waited, whether tiny.
    started: Vec<(String, f64, bool)>,
}

impl World {
    fn new(cores: u32, tiny: u32, policy: Policy) -> Self {
        Self { second: 0.0, waiting: Vec::new(), running: Vec::new(), cores, tiny, policy, started: Vec::new() }
    }

    fn submit(&mut self, job: Waiting) {
        self.waiting.push((self.second, job));
    }

    /// Claims until nobody fits; jobs take `seconds`, tiny ones a hundredth of one.
    fn claim(&mut self, seconds: f64) {
        loop {
            let used: u32 =
                self.running.iter().filter(|(_, _, beside)| !beside).map(|(_, demand, _)| demand.cores).sum();
            let beside = self.running.iter().filter(|(_, _, beside)| *beside).count() as u32;
            let room = Room { tiny_free: self.tiny - beside, ..Room::of_cores(self.cores - used, self.cores) };
            let mut in_use = InUse::default();
            for (_, demand, _) in &self.running {
                in_use.add(demand);
            }
            let second = self.second;
            let aged = |(since, job): &(f64, Waiting)| after(job.clone(), second - since);
            let jobs: Vec<Waiting> = self.waiting.iter().map(aged).collect();
            let (at, beside) = match choose(&jobs, &room, &in_use, &self.policy) {
                Choice::OnCores(at) => (at, false),
                Choice::Beside(at) => (at, true),
                Choice::Nobody => break,
            };
            let (since, job) = self.waiting.remove(at);
            self.started.push((job.demand.project.clone(), self.second - since, job.demand.tiny));
            let takes = if job.demand.tiny { 0.01 } else { seconds };
            self.running.push((self.second + takes, job.demand, beside));
        }
        let used: u32 = self.running.iter().filter(|(_, _, beside)| !beside).map(|(_, demand, _)| demand.cores).sum();
        assert!(used <= self.cores, "{used} of {} cores", self.cores);
    }

    fn go_on(&mut self, seconds: f64) {
        self.second += seconds;
        let now = self.second;
        self.running.retain(|(end, _, _)| *end > now);
    }
}

#[test]
fn a_project_that_floods_the_queue_does_not_starve_another() {
    let mut world = World::new(4, 0, Policy::default());
    for _ in 0..1000 {
        world.submit(at(job("flood", 1), 100));
    }
    for _ in 0..100 {
        world.submit(job("quiet", 1));
        world.claim(1.0);
        world.go_on(1.0);
    }
    let waits: Vec<f64> =
        world.started.iter().filter(|(project, ..)| project == "quiet").map(|(_, wait, _)| *wait).collect();
    assert_eq!(waits.len(), 100);
    assert!(waits.iter().all(|wait| *wait == 0.0), "{waits:?}");
    assert_eq!(world.started.len(), 400, "no core stood idle");
}

#[test]
fn nobody_waits_for_ever() {
    let mut random = Random(1);
    for round in 0..200 {
        let mut world = World::new(4, 1, Policy::default());
        for _ in 0..400 {
            // A little less than the cores can do.
            if random.below(10) < 7 {
                let project = ["a", "b", "c"][random.below(3) as usize];
                world.submit(at(job(project, 1 + random.below(4) as u32), random.below(20) as i32));
            }
            world.claim(1.0);
            world.go_on(1.0);
        }
        let mut last = usize::MAX;
        while !world.waiting.is_empty() {
            assert!(world.waiting.len() < last || !world.running.is_empty(), "round {round}: nothing moves");
            last = world.waiting.len();
            world.claim(1.0);
            world.go_on(1.0);
        }
        let longest = world.started.iter().map(|(_, wait, _)| *wait).fold(0.0, f64::max);
        assert!(longest < 400.0, "round {round}: somebody waited {longest} s");
    }
}

#[test]
fn a_tiny_job_starts_at_once_beside_long_ones() {
    let mut world = World::new(2, 1, Policy::default());
    for _ in 0..50 {
        world.submit(job("a", 2));
    }
    for _ in 0..100 {
        world.submit(tiny(job("b", 1)));
        world.claim(600.0);
        world.go_on(0.1);
    }
    let waits: Vec<f64> = world.started.iter().filter(|(.., tiny)| *tiny).map(|(_, wait, _)| *wait).collect();
    assert_eq!((waits.len(), waits.iter().copied().fold(0.0, f64::max)), (100, 0.0));
}

#[test]
fn what_is_tiny_has_few_of_everything() {
    let size = TinySize::default();
    for (rows, nonzeros, integers, expected) in
        [(2, 4, 0, true), (500, 5000, 20, true), (501, 4, 0, false), (2, 5001, 0, false), (6, 300, 50, false)]
    {
        assert_eq!(size.holds(rows, nonzeros, integers), expected, "{rows} {nonzeros} {integers}");
    }
}
