//! AMPL's `.sol`: what a solver hands back to AMPL, Pyomo or JuMP for an `.nl` file.
//!
//! A message, the options of the `.nl` file said again, m multipliers and n values (or none), the code of the outcome, and
//! suffixes: `rc` (reduced costs), `sstatus` (the basis), `bestbound`, `unbdd` (a primal ray), `dunbdd` (Farkas
//! multipliers). AMPL's multipliers have our sign: d objective / d right-hand side, in the problem's own sense.
//!
//! Sources: D. M. Gay, "Hooking your solver to AMPL" (1997), section "Returning results"; the codes as the AMPL/MP
//! library has them today.

use std::io::{self, Write};

use super::nl::Echo;
use crate::answer::{Answer, Basis, BasisStatus, Limit, Ray, Reason};
use crate::problem::Problem;

/// AMPL's `solve_result_num` for an answer: below 100 solved, then doubtful, infeasible, unbounded (from 300), stopped at
/// a limit (from 400), failed (from 500).
///
/// ```
/// use farkas_modeling::formats::ampl_sol::outcome_code;
/// use farkas_modeling::{Limit, Reason};
/// assert_eq!(outcome_code(Reason::Optimal, None, true), 0);
/// assert_eq!(outcome_code(Reason::Feasible, Some(Limit::Time), true), 402);
/// assert_eq!(outcome_code(Reason::NoSolutionFound, Some(Limit::Time), false), 472);
/// ```
pub fn outcome_code(reason: Reason, limit: Option<Limit>, has_point: bool) -> u16 {
    match reason {
        Reason::Optimal => 0,
        Reason::Imprecise => 100,
        Reason::Infeasible => 200,
        Reason::Unbounded if has_point => 300,
        Reason::Unbounded => 350,
        Reason::InfeasibleOrUnbounded => 450,
        Reason::Feasible | Reason::NoSolutionFound => {
            let kind = match limit {
                Some(Limit::Interrupted) => 1,
                Some(Limit::Time) => 2,
                Some(Limit::Iteration) => 3,
                Some(Limit::Node) => 4,
                Some(Limit::Cutoff) if !has_point => 5,
                Some(Limit::Objective) if has_point => 6,
                Some(Limit::Solution) if has_point => 8,
                Some(Limit::Memory) => 10,
                _ => 0,
            };
            kind + if has_point { 400 } else { 470 }
        }
        Reason::NumericalError => 550,
        Reason::OtherError => 500,
    }
}

/// What a solution file says, vectors by position as the `.nl` file has them.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// For people; several lines, perhaps.
    pub message: &'a str,
    /// The first line of the `.nl` file, which is said again.
    pub echo: &'a Echo,
    /// m.
    pub constraints: usize,
    /// n.
    pub variables: usize,
    /// Which objective was taken, from 0.
    pub objective: usize,
    /// See [`outcome_code`].
    pub code: u16,
}

impl<'a> Report<'a> {
    /// The report of an answer.
    pub fn of(problem: &Problem, answer: &Answer, objective: usize, echo: &'a Echo, message: &'a str) -> Self {
        Self {
            message,
            echo,
            constraints: problem.num_rows(),
            variables: problem.num_columns(),
            objective,
            code: outcome_code(answer.reason(), answer.termination().limit(), answer.point().is_some()),
        }
    }

    /// Writes it without any values: a failure, say.
    ///
    /// # Errors
    /// Those of the target.
    pub fn write_bare<W: Write>(&self, out: &mut W) -> io::Result<()> {
        self.head(None, None, out)
    }

    /// Writes it with what the answer has.
    ///
    /// # Errors
    /// Those of the target.
    pub fn write<W: Write>(&self, problem: &Problem, answer: &Answer, out: &mut W) -> io::Result<()> {
        let duals = answer.duals();
        self.head(duals.map(|d| d.rows.as_slice()), answer.point(), out)?;
        if let Some(basis) = answer.basis() {
            sstatus(problem, basis, out)?;
        }
        if let Some(duals) = duals {
            reals(Owner::Variables, "rc", &duals.reduced_costs, out)?;
        }
        if !problem.is_lp()
            && let Some(bound) = answer.bound().filter(|bound| bound.is_finite())
        {
            writeln!(
                out,
                "suffix {} 1 10 0 0\nbestbound\n{} {bound:?}",
                Owner::Objectives as u8 | REAL,
                self.objective
            )?;
        }
        match answer.ray() {
            Some(Ray::Primal(ray)) => reals(Owner::Variables, "unbdd", ray, out),
            Some(Ray::Farkas(multipliers)) => reals(Owner::Constraints, "dunbdd", multipliers, out),
            None => Ok(()),
        }
    }

    fn head<W: Write>(&self, duals: Option<&[f64]>, point: Option<&[f64]>, out: &mut W) -> io::Result<()> {
        // An empty line ends the message, so none may stand in it.
        for line in self.message.lines() {
            writeln!(out, "{}", if line.is_empty() { " " } else { line })?;
        }
        let options = &self.echo.options;
        let tolerance = self.echo.tolerance;
        writeln!(out, "\nOptions\n{}", options.len() + if tolerance.is_some() { 2 } else { 0 })?;
        for option in options {
            writeln!(out, "{option}")?;
        }
        let (duals, point) = (duals.unwrap_or_default(), point.unwrap_or_default());
        writeln!(out, "{}\n{}\n{}\n{}", self.constraints, duals.len(), self.variables, point.len())?;
        if let Some(tolerance) = tolerance {
            writeln!(out, "{tolerance:?}")?;
        }
        for value in duals.iter().chain(point) {
            // + 0.0 turns −0 into 0.
            writeln!(out, "{:?}", value + 0.0)?;
        }
        writeln!(out, "objno {} {}", self.objective, self.code)
    }
}

/// Whose values a suffix holds.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Variables = 0,
    Constraints = 1,
    Objectives = 2,
}

/// Added to the owner where the values are not whole.
const REAL: u8 = 4;

fn suffix_head<W: Write>(kind: u8, count: usize, name: &str, out: &mut W) -> io::Result<()> {
    // The length counts the zero byte that C puts behind a name; no table of words follows.
    writeln!(out, "suffix {kind} {count} {} 0 0\n{name}", name.len() + 1)
}

/// The values that are not zero.
fn reals<W: Write>(owner: Owner, name: &str, values: &[f64], out: &mut W) -> io::Result<()> {
    let count = values.iter().filter(|v| **v != 0.0).count();
    if count == 0 {
        return Ok(());
    }
    suffix_head(owner as u8 | REAL, count, name, out)?;
    for (index, value) in values.iter().enumerate().filter(|(_, v)| **v != 0.0) {
        writeln!(out, "{index} {value:?}")?;
    }
    Ok(())
}

/// The basis in AMPL's words: 1 basic, 2 superbasic (nonbasic and free), 3 at lower, 4 at upper, 5 at equal bounds.
fn sstatus<W: Write>(problem: &Problem, basis: &Basis, out: &mut W) -> io::Result<()> {
    let sides = [
        (Owner::Variables, &basis.columns, problem.lower(), problem.upper()),
        (Owner::Constraints, &basis.rows, problem.row_lower(), problem.row_upper()),
    ];
    for (owner, statuses, lower, upper) in sides {
        if statuses.is_empty() {
            continue;
        }
        suffix_head(owner as u8, statuses.len(), "sstatus", out)?;
        for (index, status) in statuses.iter().enumerate() {
            let fixed = lower.get(index).is_some_and(|l| Some(l) == upper.get(index));
            let code = match status {
                BasisStatus::Basic => 1,
                BasisStatus::Free => 2,
                BasisStatus::AtLower | BasisStatus::AtUpper if fixed => 5,
                BasisStatus::AtLower => 3,
                BasisStatus::AtUpper => 4,
            };
            writeln!(out, "{index} {code}")?;
        }
    }
    Ok(())
}
