//! What a person reads at the end of a solve: the outcome, how good it is, who found it, and what the check says.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use console::style;
use farkas_modeling::answer::{Answer, EvidenceLevel};
use farkas_modeling::problem::Names;
use farkas_modeling::{Problem, Reason};

use crate::cli::view::{percent, short, state_word};

/// The summary of one answer.
pub fn render(problem: &Problem, answer: &Answer) -> String {
    let mut out = String::new();
    let status = answer.termination().to_string();
    let status = match answer.reason() {
        Reason::Optimal => style(status).green().bold(),
        Reason::Infeasible | Reason::Unbounded | Reason::InfeasibleOrUnbounded => style(status).cyan().bold(),
        Reason::Feasible | Reason::NoSolutionFound | Reason::Imprecise => style(status).yellow().bold(),
        Reason::NumericalError | Reason::OtherError => style(status).red().bold(),
    };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "Status     {status}");
    if !answer.termination().detail().is_empty() {
        let _ = writeln!(out, "           {}", answer.termination().detail());
    }
    if let Some(objective) = answer.objective() {
        let _ = writeln!(out, "Objective  {objective}");
    }
    if let Some(bound) = answer.bound() {
        let gap = answer.gap().map_or(String::new(), |g| format!("   gap {}", percent(g)));
        let _ = writeln!(out, "Bound      {bound}{gap}");
    }
    if let (Some(proven), false) =
        (answer.evidence().certified_bound, answer.evidence().level == EvidenceLevel::Certified)
    {
        let gap = answer.certified_gap().map_or(String::new(), |g| format!("   gap {}", percent(g)));
        let _ = writeln!(out, "Proven     {proven}{gap}, without trust in a solver");
    }
    evidence(&mut out, problem, answer);
    let _ = writeln!(out, "Time       {:.3} s", answer.seconds());
    if !answer.lanes().is_empty() {
        let _ = write!(out, "\n{}", lanes(answer));
    }
    out
}

fn evidence(out: &mut String, problem: &Problem, answer: &Answer) {
    let e = answer.evidence();
    let level = match e.level {
        EvidenceLevel::Certified => style(e.level.to_string()).green(),
        EvidenceLevel::Checked => style(e.level.to_string()).cyan(),
        EvidenceLevel::Claimed => style(e.level.to_string()).yellow(),
    };
    let _ = write!(out, "Evidence   {level}");
    if !e.agreed_by.is_empty() {
        let _ = write!(out, ", agreed by {}", e.agreed_by.join(" and "));
    }
    if !e.contradicted.is_empty() {
        let _ = write!(out, ", contradicting {}", style(e.contradicted.join(", ")).red());
    }
    out.push('\n');
    if let Some(v) = &e.violations {
        let at = |size: f64, index: Option<usize>, names: &Names| match index {
            Some(i) if size > 0.0 && names.are_given() => format!(" at '{}'", names.get(i)),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "           largest violation: rows {:.1e}{}, bounds {:.1e}{}, integrality {:.1e}{}",
            v.row,
            at(v.row, v.worst_row, problem.row_names()),
            v.bound,
            at(v.bound, v.worst_bound, problem.column_names()),
            v.integrality,
            at(v.integrality, v.worst_integrality, problem.column_names()),
        );
    }
    for note in &e.notes {
        let _ = writeln!(out, "           {note}");
    }
}

fn lanes(answer: &Answer) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["Solver", "Version", "State", "Seconds", "Incumbents", "Nodes", "Bound"]);
    for lane in answer.lanes() {
        table.add_row([
            lane.solver.clone(),
            lane.version.clone(),
            state_word(lane.state).to_string(),
            format!("{:.3}", lane.seconds),
            lane.incumbents.to_string(),
            lane.nodes.to_string(),
            short(lane.bound),
        ]);
    }
    for column in 3..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = table.to_string();
    text.push('\n');
    for lane in answer.lanes().iter().filter(|l| !l.detail.is_empty()) {
        let _ = writeln!(text, " {}: {}", lane.solver, lane.detail);
    }
    text
}
