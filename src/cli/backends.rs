//! `farkas backends`: which solvers are here, what they can do, what they make of a problem, and what to do about
//! those that are not.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use comfy_table::{Table, presets::NOTHING};
use console::style;
use farkas_backends::contract::{Availability, Backend, BackendError, Capabilities, Fit};
use farkas_backends::race::trust::{Record, TrustTable};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::sidecars;
use farkas_modeling::Problem;
use serde::Serialize;

use crate::cli::{Exit, Failure};

/// What `farkas backends` takes.
#[derive(Debug, Args)]
pub struct BackendsArgs {
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Another solver: a worker program by a name of your own, to be named by --solver (see docs/worker-protocol.md)
    #[arg(long, value_name = "NAME=PROGRAM ARGS", value_parser = sidecars::command)]
    backend_program: Vec<sidecars::Command>,
    /// Say of each whether it takes this problem as it is, by which bridges, or why not (its size and numbers included; nothing is solved)
    #[arg(long, value_name = "FILE")]
    explain: Option<PathBuf>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    availability: Availability,
    capabilities: Capabilities,
    /// What it claimed where the truth was known; none if nobody looked.
    record: Option<&'static Record>,
}

/// Probes every known backend (each in a process of its own) and prints what it says.
pub fn run(args: &BackendsArgs) -> Result<Exit, Failure> {
    let others = args.backend_program.clone();
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "workers run on Linux alone"))]
    let mut config = RegistryConfig { others, ..RegistryConfig::default() };
    if let Some(file) = &args.explain {
        #[cfg(target_os = "linux")]
        {
            config.worker.open_limit = ASK_LIMIT;
        }
        return explain(&Registry::new(config), &Arc::new(crate::cli::input::problem(file)?), args.json);
    }
    let registry = Registry::new(config);
    let rows: Vec<Row> = registry.all().iter().map(|b| row(b.as_ref())).collect();
    if args.json {
        let text = serde_json::to_string_pretty(&rows)
            .map_err(|e| Failure::new(Exit::Failed, format!("the table could not be written as JSON: {e}")))?;
        println!("{text}");
        return Ok(Exit::Solved);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["Solver", "Version", "Takes", "Gives", "While solving"]);
    for row in &rows {
        if let Availability::Ready { version } = &row.availability {
            let c = &row.capabilities;
            table.add_row([row.name.clone(), version.clone(), takes(c), gives(c), meanwhile(c)]);
        }
    }
    println!("{table}");
    tell_records(&rows);
    for row in &rows {
        let says = match &row.availability {
            Availability::Ready { .. } => continue,
            Availability::NotFound { remedy } => format!("not found: {remedy}"),
            Availability::TooOld { version, remedy } => format!("too old ({version}): {remedy}"),
            Availability::NoLicense { says } => format!("no licence: {says}"),
            Availability::Broken { says } => format!("does not work: {says}"),
        };
        println!("{} {says}", style(&row.name).yellow().bold());
    }
    let ready = rows.iter().any(|r| matches!(r.availability, Availability::Ready { .. }));
    Ok(if ready { Exit::Solved } else { Exit::NoSolver })
}

/// `82 bounds, 3 infeasible`.
fn claims(record: &Record) -> String {
    let kinds = [(record.bounds, "bounds"), (record.infeasible, "infeasible"), (record.unbounded, "unbounded")];
    let told = kinds.into_iter().filter(|(count, _)| count.claims > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{} {what}", count.claims)).collect();
    if told.is_empty() { "not counted".to_owned() } else { told.join(", ") }
}

/// How far the word of those that are here can be trusted.
fn tell_records(rows: &[Row]) {
    let here = rows.iter().filter(|row| matches!(row.availability, Availability::Ready { .. }));
    let told: Vec<_> = here.filter_map(|row| Some((&row.name, row.record?))).collect();
    if told.is_empty() {
        return;
    }
    println!(
        "\nWhat they claimed where the truth was known, and how much of it was false (`farkas bench trust` counts):"
    );
    for (name, record) in told {
        let holes = record.holes();
        let holes = if holes.is_empty() { "none false" } else { &holes };
        let doubt = match (record.distrusts_bounds(), record.distrusts_infeasible()) {
            (true, _) => "; its unproven bound ends no race of several",
            (false, true) => "; its unproven \"infeasible\" ends no race of several",
            (false, false) => "",
        };
        println!("{} {}: {holes}{doubt}", style(format!("{name:<10}")).bold(), claims(record));
    }
    println!("");
}

/// A problem with more entries than this is handed to nobody for the question alone: that takes seconds and gigabytes.
const MOST_ENTRIES: usize = 5_000_000;

/// Nobody is waited for longer.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// What a backend makes of a problem.
#[derive(Serialize)]
struct Explained {
    name: String,
    availability: Availability,
    #[serde(flatten)]
    fit: Option<Fit>,
    /// Why it was not asked about the problem's numbers, although it may refuse some.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers_unasked: Option<String>,
}

impl Explained {
    fn of(backend: &dyn Backend, problem: &Arc<Problem>) -> Self {
        // The probe comes first: a worker tells its capabilities when it starts.
        let availability = backend.probe();
        let name = backend.name().to_owned();
        if !matches!(availability, Availability::Ready { .. }) {
            return Self { name, availability, fit: None, numbers_unasked: None };
        }
        let (fit, numbers_unasked) = asked(backend, problem);
        Self { name, availability, fit: Some(fit), numbers_unasked }
    }
}

/// What it says of the problem's kind, and, where that is taken and its data may not be, of its numbers: by opening it, and
/// without a solve. Why that was not asked, if so.
fn asked(backend: &dyn Backend, problem: &Arc<Problem>) -> (Fit, Option<String>) {
    let fit = backend.fits(problem);
    if !fit.takes() || !backend.capabilities().data_limits {
        return (fit, None);
    }
    if problem.num_nonzeros() > MOST_ENTRIES {
        return (fit, Some(format!("the problem has more than {MOST_ENTRIES} entries")));
    }
    match backend.open(Arc::clone(problem)) {
        Ok(_) => (fit, None),
        Err(BackendError::Unsupported(why)) => (Fit::Refuses { why }, None),
        Err(error) => (fit, Some(error.to_string())),
    }
}

/// Says of each backend whether it takes a problem, and by which bridges.
fn explain(registry: &Registry, problem: &Arc<Problem>, json: bool) -> Result<Exit, Failure> {
    let explained = registry.all().into_iter().map(|backend| Explained::of(&*backend, problem));
    let explained: Vec<Explained> = explained.collect();
    if json {
        let text = serde_json::to_string_pretty(&explained)
            .map_err(|e| Failure::new(Exit::Failed, format!("the table could not be written as JSON: {e}")))?;
        println!("{text}");
    } else {
        for Explained { name, fit, numbers_unasked, .. } in &explained {
            let name = style(format!("{name:<10}")).bold();
            match fit {
                None => println!("{name} is not here"),
                Some(Fit::Takes) => println!("{name} takes it as it is"),
                Some(Fit::NeedsBridges { bridges }) => {
                    println!("{name} takes it by bridges:");
                    for need in bridges {
                        println!("{:10}   {}: {}", "", need.bridge, need.why);
                    }
                }
                Some(Fit::TooLarge { limit }) => println!("{name} refuses it as too large: {limit}"),
                Some(Fit::Refuses { why }) => println!("{name} refuses it: {why}"),
            }
            if let Some(why) = numbers_unasked {
                println!("{:10}   its numbers may still be beyond it, which was not asked: {why}", "");
            }
        }
    }
    let taken = explained.iter().any(|one| one.fit.as_ref().is_some_and(Fit::takes));
    Ok(if taken { Exit::Solved } else { Exit::NoSolver })
}

fn row(backend: &dyn Backend) -> Row {
    // The probe comes first: a worker tells its capabilities when it starts.
    let availability = backend.probe();
    let record = TrustTable::built_in().backend.get(backend.name());
    Row { name: backend.name().to_string(), availability, capabilities: backend.capabilities(), record }
}

fn words(facts: &[(bool, &'static str)]) -> String {
    let words: Vec<&str> = facts.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    words.join(", ")
}

fn takes(c: &Capabilities) -> String {
    words(&[
        (true, "LP"),
        (c.integers, "MIP"),
        (c.semicontinuous, "semicontinuous"),
        (c.sets, "SOS"),
        (c.indicators, "indicators"),
        (c.quadratic_objective && !c.quadratic, "convex QP"),
        (c.quadratic, "quadratic"),
        (c.binary_products && !c.quadratic, "products with binaries"),
        (c.start_point, "start"),
        (c.threads, "threads"),
        (c.seed, "seed"),
        (c.memory_limit, "memory limit"),
    ])
}

fn gives(c: &Capabilities) -> String {
    words(&[(c.duals, "duals"), (c.primal_ray, "ray"), (c.farkas_ray, "Farkas proof"), (c.basis, "basis")])
}

fn meanwhile(c: &Capabilities) -> String {
    words(&[
        (c.incumbents_out, "incumbents out"),
        (c.incumbents_in, "incumbents in"),
        (c.live_bound, "bound"),
        (c.stop, "stop"),
    ])
}
