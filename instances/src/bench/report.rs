//! Records as a table and lists: a pure function from records to text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use comfy_table::{CellAlignment, Table, presets};

use super::Record;
use crate::catalogue::Class;
use crate::judge::Verdict;

/// Shift of the geometric mean, in seconds: differences far below it do not count.
const SHIFT_SECONDS: f64 = 1.0;
/// A list of names is cut after this many.
const LONGEST_LIST: usize = 60;

/// How one solver fared on one class of instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the solver.
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

/// What a benchmark came to. Print it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// A line for each solver and class, then one for each solver.
    pub lines: Vec<Line>,
    /// What is worth telling by name: verdict, instance, solver, detail.
    pub named: BTreeMap<Verdict, Vec<(String, String, String)>>,
    /// Instances that not every solver ran: the means then are of different sets.
    pub incomplete: usize,
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
fn counted_seconds(record: &Record) -> f64 {
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

/// Puts records together. Solvers stand in the order in which they first appear.
pub fn report(records: &[Record]) -> Report {
    let mut solvers: Vec<&str> = Vec::new();
    for record in records {
        if !solvers.contains(&record.key.solver.as_str()) {
            solvers.push(&record.key.solver);
        }
    }
    let classes: BTreeSet<Class> = records.iter().filter_map(|record| record.class).collect();
    let of = |solver: &str, class: Option<Class>| -> Vec<&Record> {
        let wanted = |r: &&Record| r.key.solver == solver && (class.is_none() || r.class == class);
        records.iter().filter(wanted).collect()
    };
    let mut lines = Vec::new();
    if classes.len() > 1 {
        for &class in &classes {
            lines.extend(solvers.iter().map(|solver| line(solver, Some(class), &of(solver, Some(class)))));
        }
    }
    lines.extend(solvers.iter().map(|solver| line(solver, None, &of(solver, None))));
    let mut runs_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut named: BTreeMap<Verdict, Vec<(String, String, String)>> = BTreeMap::new();
    for record in records {
        *runs_of.entry(&record.key.instance).or_default() += 1;
        if record.verdict != Verdict::Solved {
            let told = (record.key.instance.clone(), record.key.solver.clone(), record.detail.clone());
            named.entry(record.verdict).or_default().push(told);
        }
    }
    let incomplete = runs_of.values().filter(|&&runs| runs != solvers.len()).count();
    Report { lines, named, incomplete }
}

impl Report {
    /// How many runs contradict a known answer.
    pub fn wrong(&self) -> usize {
        self.named.get(&Verdict::Wrong).map_or(0, Vec::len)
    }

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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.table())?;
        writeln!(
            f,
            "seconds: shifted geometric mean (shift {SHIFT_SECONDS} s) of wall-clock times; what was not solved counts as its time limit"
        )?;
        if self.incomplete > 0 {
            writeln!(
                f,
                "{} instances were not run by every solver, so the means are not of the same set",
                self.incomplete
            )?;
        }
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
