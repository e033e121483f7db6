//! The share of the folder's linear programs whose answer is certified, and why the others are not. Each certificate is verified
//! by the second checker, from the bytes of its evidence file.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::race::{self, RaceSpec, Sharing, Unobserved, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_instances::catalogue::{Catalogue, Class, Known};
use farkas_modeling::answer::{Answer, EvidenceLevel};
use farkas_modeling::audit::{Document, audit};
use farkas_modeling::check::{TrustPolicy, evidence_file};
use farkas_modeling::{Problem, Reason, Tolerances, formats};

/// What the exact multipliers of a basis may take, in about nanoseconds.
const WORK: u64 = 20_000_000_000;

fn solve(problem: &Arc<Problem>, registry: &Registry) -> Answer {
    let options = Options { time_limit: Some(Duration::from_secs(30)), threads: Some(1), ..Options::default() };
    let backends = registry.select(&["highs"]).expect("a known solver");
    let lineup = lineup::choose(problem, &backends, 1, &options);
    let (start, stop, trust) = (Start::default(), StopToken::new(), TrustPolicy::default());
    let sharing = Sharing::default();
    race::run(problem, RaceSpec { lineup, options, start, trust, sharing, observer: &Unobserved, stop })
}

#[test]
fn long_share_of_certified_lps() {
    let Some(folder) = support::instances("linear programs that are certified") else { return };
    if !support::solvers().contains(&"highs") {
        println!("not run: there is no worker of HiGHS");
        return;
    }
    let catalogue = Catalogue::read(&folder).expect("the folder has an index");
    let registry = Registry::new(RegistryConfig::default());
    let (mut rounding, mut fractions, mut open, mut undecided) = (0, Vec::new(), Vec::new(), Vec::new());
    let settled = |known: Known| matches!(known, Known::Optimal(_) | Known::Infeasible | Known::Unbounded);
    for instance in catalogue.instances().iter().filter(|i| i.class == Some(Class::Lp) && settled(i.known)) {
        let bytes = std::fs::read(catalogue.file(instance)).expect("a file of the index");
        let read = formats::read_problem(&bytes, Some(&instance.path));
        let problem = Arc::new(read.unwrap_or_else(|e| panic!("{}: {e}", instance.path)).value);
        if !problem.is_lp() {
            continue;
        }
        let path = &instance.path;
        let answer = solve(&problem, &registry);
        if !matches!(answer.reason(), Reason::Optimal | Reason::Infeasible | Reason::Unbounded) {
            undecided.push(format!("{path}: {}", answer.termination()));
            continue;
        }
        let before = answer.evidence().level;
        let begun = Instant::now();
        let answer = answer.with_exact_basis(&problem, WORK);
        let took = begun.elapsed().as_secs_f64();
        if answer.evidence().level != EvidenceLevel::Certified {
            let why = answer.evidence().notes.iter().filter(|note| note.starts_with("Not certified"));
            let why: Vec<&str> = why.map(String::as_str).collect();
            open.push(format!("{path}: {}, {} ({took:.2} s)", answer.termination(), why.join(" ")));
            continue;
        }
        let file = serde_json::to_vec(&evidence_file(&problem, &answer)).expect("finite numbers");
        let begun = Instant::now();
        let document = Document::read(&file).unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
        let found = audit(&problem, &document, &Tolerances::default());
        let found = found.unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
        assert_eq!(found.level, EvidenceLevel::Certified, "{path}");
        let verified = begun.elapsed().as_secs_f64();
        if before == EvidenceLevel::Certified {
            rounding += 1;
        } else {
            let bytes = file.len();
            fractions.push(format!("{path}: {took:.3} s, verified from {bytes} bytes in {verified:.3} s"));
        }
    }
    let certified = rounding + fractions.len();
    println!("certified: {certified} of {} solved", certified + open.len());
    println!("  by rounding: {rounding}; by a basis in fractions: {}", fractions.len());
    for (title, lines) in [("in fractions", &fractions), ("not certified", &open), ("not solved in 30 s", &undecided)] {
        println!("  {title}: {}", lines.len());
        for line in lines {
            println!("    {line}");
        }
    }
    assert!(certified * 100 >= 95 * (certified + open.len()), "{open:#?}");
}
