//! Records as a table and lists: a pure function from records to text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use comfy_table::{CellAlignment, Table, presets};

use super::compare::{Comparison, compare};
use super::{Record, RunKey};
use crate::catalogue::Class;
use crate::judge::Verdict;

/// Shift of the geometric mean, in seconds: differences far below it do not count.
pub(super) const SHIFT_SECONDS: f64 = 1.0;
/// A list of names is cut after this many.
const LONGEST_LIST: usize = 60;

/// How one candidate fared on one class of instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The candidate.
    pub solver: String,
    /// Class of the instances; none for all together.
    pub class: Option<Class>,
    /// How many runs.
    pub runs: usize,
    /// How many of them came to this.
    pub solved: usize,
    /// See [`Verdict`].
    pub undecided: usize,
    /// See [`Verdict`].
    pub imprecise: usize,
    /// See [`Verdict`].
    pub failed: usize,
    /// See [`Verdict`].
    pub wrong: usize,
    /// Of the wall-clock times, in seconds; what was not solved counts as the time limit.
    pub mean_seconds: f64,
}

/// Runs with the same limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Of each run.
    pub time_limit_seconds: f64,
    /// Of each run.
    pub threads: u32,
    /// A line for each candidate and class, then one for each candidate.
    pub lines: Vec<Line>,
    /// Races beside single solvers, for each class, then all together.
    pub comparisons: Vec<Comparison>,
    /// Instances that not every candidate ran: the means then are of different sets.
    pub incomplete: usize,
}

/// What a benchmark came to. Print it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// By the limits of the runs.
    pub groups: Vec<Group>,
    /// What is worth telling by name: verdict, instance, candidate, detail.
    pub named: BTreeMap<Verdict, Vec<(String, String, String)>>,
}

/// exp(mean(ln(t + shift))) − shift, with a shift of one second; none of nothing.
///
/// ```
/// use farkas_instances::bench::shifted_geometric_mean;
/// assert_eq!(shifted_geometric_mean([0.0, 3.0]), Some(1.0));
/// assert_eq!(shifted_geometric_mean([]), None);
/// ```
pub fn shifted_geometric_mean(seconds: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut logs, mut count) = (0.0, 0_usize);
    for time in seconds {
        logs += (time + SHIFT_SECONDS).ln();
        count += 1;
    }
    (count > 0).then(|| (logs / count as f64).exp() - SHIFT_SECONDS)
}

/// The time that counts: what was not solved has taken all it was given.
pub(super) fn counted_seconds(record: &Record) -> f64 {
    match record.verdict {
        Verdict::Solved => record.wall_seconds,
        _ => record.key.time_limit_seconds,
    }
}

fn line(solver: &str, class: Option<Class>, records: &[&Record]) -> Line {
    let count = |verdict| records.iter().filter(|record| record.verdict == verdict).count();
    Line {
        solver: solver.into(),
        class,
        runs: records.len(),
        solved: count(Verdict::Solved),
        undecided: count(Verdict::Undecided),
        imprecise: count(Verdict::Imprecise),
        failed: count(Verdict::Failed),
        wrong: count(Verdict::Wrong),
        mean_seconds: shifted_geometric_mean(records.iter().map(|record| counted_seconds(record))).unwrap_or_default(),
    }
}

/// Whether several solvers run, by the candidate's text: `race`, or names with + between them.
pub(super) fn is_race(solver: &str) -> bool {
    let name = solver.split(':').next().unwrap_or(solver);
    name == "race" || name.contains('+')
}

/// Puts records together. Candidates stand in the order in which they first appear.
pub fn report(records: &[Record]) -> Report {
    let mut limits: Vec<(f64, u32)> = Vec::new();
    let mut named: BTreeMap<Verdict, Vec<(String, String, String)>> = BTreeMap::new();
    for record in records {
        let limit = (record.key.time_limit_seconds, record.key.threads);
        if !limits.contains(&limit) {
            limits.push(limit);
        }
        if record.verdict != Verdict::Solved {
            let told = (record.key.instance.clone(), record.key.solver.clone(), record.detail.clone());
            named.entry(record.verdict).or_default().push(told);
        }
    }
    let groups = limits.into_iter().map(|(seconds, threads)| {
        let within = |key: &RunKey| (key.time_limit_seconds, key.threads) == (seconds, threads);
        let records: Vec<&Record> = records.iter().filter(|record| within(&record.key)).collect();
        group(&told_apart(&records), seconds, threads)
    });
    Report { groups: groups.collect(), named }
}

/// Races by several tables of rules become several candidates.
fn told_apart(records: &[&Record]) -> Vec<Record> {
    let tables = |solver: &str| -> BTreeSet<&str> {
        let same = records.iter().filter(|record| record.key.solver == solver);
        same.map(|record| record.key.rules.as_str()).collect()
    };
    let apart = |record: &&Record| {
        let mut record = Record::clone(record);
        if is_race(&record.key.solver) && tables(&record.key.solver).len() > 1 {
            record.key.solver = format!("{} [{}]", record.key.solver, record.key.rules);
        }
        record
    };
    records.iter().map(apart).collect()
}

fn group(records: &[Record], time_limit_seconds: f64, threads: u32) -> Group {
    let mut solvers: Vec<&str> = Vec::new();
    for record in records {
        if !solvers.contains(&record.key.solver.as_str()) {
            solvers.push(&record.key.solver);
        }
    }
    let classes: BTreeSet<Class> = records.iter().filter_map(|record| record.class).collect();
    let mut sets: Vec<Option<Class>> = classes.into_iter().map(Some).collect();
    if sets.len() < 2 {
        sets.clear();
    }
    sets.push(None);
    let of = |solver: &str, class: Option<Class>| -> Vec<&Record> {
        let wanted = |r: &&Record| r.key.solver == solver && (class.is_none() || r.class == class);
        records.iter().filter(wanted).collect()
    };
    let all: Vec<&Record> = records.iter().collect();
    let (mut lines, mut comparisons) = (Vec::new(), Vec::new());
    for class in sets {
        lines.extend(solvers.iter().map(|solver| line(solver, class, &of(solver, class))));
        comparisons.extend(compare(&all, class));
    }
    let mut runs_of: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *runs_of.entry(&record.key.instance).or_default() += 1;
    }
    let incomplete = runs_of.values().filter(|&&runs| runs != solvers.len()).count();
    Group { time_limit_seconds, threads, lines, comparisons, incomplete }
}

impl Report {
    /// How many runs contradict a known answer.
    pub fn wrong(&self) -> usize {
        self.named.get(&Verdict::Wrong).map_or(0, Vec::len)
    }
}

impl Group {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["class", "solver", "runs", "solved", "undecided", "imprecise", "failed", "wrong", "seconds"]);
        for line in &self.lines {
            let class = line.class.map_or("all".into(), |class| format!("{class:?}").to_uppercase());
            let counts = [line.runs, line.solved, line.undecided, line.imprecise, line.failed, line.wrong];
            let mut cells = vec![class, line.solver.clone()];
            cells.extend(counts.map(|count| count.to_string()));
            cells.push(format!("{:.2}", line.mean_seconds));
            table.add_row(cells);
        }
        table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        table
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        writeln!(f, "{} thread{s}, {} s", self.threads, self.time_limit_seconds)?;
        writeln!(f, "{}", self.table())?;
        if self.incomplete > 0 {
            writeln!(
                f,
                "{} instances were not run by every solver, so the means are not of the same set",
                self.incomplete
            )?;
        }
        self.comparisons.iter().try_for_each(|comparison| writeln!(f, "{comparison}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in &self.groups {
            writeln!(f, "{group}")?;
        }
        writeln!(
            f,
            "seconds: shifted geometric mean (shift {SHIFT_SECONDS} s) of wall-clock times; what was not solved counts as its time limit"
        )?;
        let titles = [
            (Verdict::Wrong, "Wrong"),
            (Verdict::Failed, "Failed"),
            (Verdict::Imprecise, "Imprecise"),
            (Verdict::Undecided, "Undecided"),
        ];
        for (verdict, title) in titles {
            let Some(list) = self.named.get(&verdict) else { continue };
            writeln!(f, "\n{title}:")?;
            for (instance, solver, detail) in list.iter().take(LONGEST_LIST) {
                let colon = if detail.is_empty() { "" } else { ": " };
                writeln!(f, "  {instance} by {solver}{colon}{detail}")?;
            }
            if list.len() > LONGEST_LIST {
                writeln!(f, "  … and {} more", list.len() - LONGEST_LIST)?;
            }
        }
        Ok(())
    }
}
