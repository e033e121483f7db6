//! Models of the crate `good_lp` solved by Farkas: `.using(farkas::good_lp::farkas)` in place of another solver.
//!
//! `good_lp` 1.15 shows a solver of another crate neither the objective nor the variables of a model, except in the form that
//! it writes for programs that read LP files. So a model is recorded twice: by `good_lp`'s own writer, from which variables and
//! objective are read (exactly: Rust writes every digit that a double needs), and here, where constraints come in as they
//! are. Initial values set on variables are not shown either; `with_initial_solution` is heard.
//!
//! ```
//! use good_lp::{Solution, SolverModel, constraint, variable, variables};
//! variables! { vars: 0 <= a <= 1; 2 <= b <= 4; }
//! let solution = vars
//!     .maximise(10 * (a - b / 5) - b)
//!     .using(farkas::good_lp::farkas) // or `Farkas::from(Solver::race())`
//!     .with(constraint!(a + 2 <= b))
//!     .with(constraint!(1 + a >= 4 - b))
//!     .solve()?;
//! assert_eq!((solution.value(a), solution.value(b)), (1.0, 3.0));
//! # Ok::<(), farkas::good_lp::NoSolution>(())
//! ```

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farkas_modeling::answer::Answer;
use farkas_modeling::problem::{Defects, Names};
use farkas_modeling::{ColumnKind, Limit, Problem, ProblemData, Reason, Sense};
use good_lp::constraint::ConstraintReference;
use good_lp::solvers::lp_solvers::{LpSolver, Model as Written, Solution as WrittenSolution, SolverTrait, Status};
use good_lp::solvers::{MipGapError, SolutionStatus, SolutionWithDual, WithInitialSolution, WithMipGap, WithTimeLimit};
use good_lp::variable::UnsolvedProblem;
use good_lp::{Constraint, DualValues, IntoAffineExpression, ResolutionError, SolverModel, Variable};
use lp_solvers::lp_format::{AsVariable, LpObjective, LpProblem, WriteToLpFileFormat};

use crate::solver::{SolveError, Solver};

/// A solver of ours for `good_lp`: [`Solver::in_process`], unless it was made from another [`Solver`].
#[derive(Clone)]
pub struct Farkas(Solver<'static>);

impl From<Solver<'static>> for Farkas {
    fn from(solver: Solver<'static>) -> Self {
        Self(solver)
    }
}

/// A solver in this process: `.using(farkas)`.
pub fn farkas(problem: UnsolvedProblem) -> FarkasModel {
    good_lp::Solver::create_model(&mut Farkas(Solver::in_process()), problem)
}

impl good_lp::Solver for Farkas {
    type Model = FarkasModel;

    fn create_model(&mut self, problem: UnsolvedProblem) -> FarkasModel {
        let recorder = Recorder::default();
        let written = LpSolver(recorder.clone()).create_model(problem);
        let (solver, rows, start) = (self.0.clone(), Vec::new(), Vec::new());
        FarkasModel { written, recorder, solver, rows, references: Vec::new(), start, gap: None }
    }

    fn name() -> &'static str {
        "Farkas"
    }
}

/// Why there is no solution.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoSolution {
    /// As `good_lp` has it: infeasible, unbounded.
    #[error(transparent)]
    Resolution(#[from] ResolutionError),
    /// Neither is known: a limit without a point, or the answer was not precise.
    #[error("no solution: {0}")]
    Unknown(String),
    /// The model is no problem.
    #[error(transparent)]
    Model(#[from] Defects),
    /// The solver failed, or is not there.
    #[error(transparent)]
    Solver(#[from] SolveError),
}

/// What `good_lp` would write for a solver program.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Option<Recorded>>>);

struct Recorded {
    sense: Sense,
    names: Vec<String>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinds: Vec<ColumnKind>,
    objective: String,
}

/// Shows an expression as it is written to a file.
struct Shown<E>(E);

impl<E: WriteToLpFileFormat> fmt::Display for Shown<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_lp_file_format(f)
    }
}

impl SolverTrait for Recorder {
    fn run<'a, P: LpProblem<'a>>(&self, problem: &'a P) -> Result<WrittenSolution, String> {
        let sense = match problem.sense() {
            LpObjective::Maximize => Sense::Maximize,
            LpObjective::Minimize => Sense::Minimize,
        };
        let objective = Shown(problem.objective()).to_string();
        let mut recorded =
            Recorded { sense, names: Vec::new(), lower: Vec::new(), upper: Vec::new(), kinds: Vec::new(), objective };
        for variable in problem.variables() {
            recorded.names.push(variable.name().to_owned());
            recorded.lower.push(variable.lower_bound());
            recorded.upper.push(variable.upper_bound());
            recorded.kinds.push(if variable.is_integer() { ColumnKind::Integer } else { ColumnKind::Continuous });
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorded);
        Ok(WrittenSolution::new(Status::Optimal, HashMap::new()))
    }
}

/// A variable's number in its model, which `good_lp` shows to nobody but a hasher.
fn number(variable: Variable) -> usize {
    struct Hears(usize);
    impl Hasher for Hears {
        fn finish(&self) -> u64 {
            self.0 as u64
        }
        fn write(&mut self, _: &[u8]) {}
        fn write_usize(&mut self, number: usize) {
            self.0 = number;
        }
    }
    let mut hears = Hears(usize::MAX);
    variable.hash(&mut hears);
    hears.0
}

/// One constraint: Σ value · x ≤ side, or = side.
struct Row {
    name: Option<String>,
    entries: Vec<(usize, f64)>,
    side: f64,
    equation: bool,
}

/// A `good_lp` model on its way to Farkas.
pub struct FarkasModel {
    written: Written<Recorder>,
    recorder: Recorder,
    solver: Solver<'static>,
    rows: Vec<Row>,
    references: Vec<ConstraintReference>,
    start: Vec<(usize, f64)>,
    gap: Option<f32>,
}

impl SolverModel for FarkasModel {
    type Solution = FarkasSolution;
    type Error = NoSolution;

    fn add_constraint(&mut self, constraint: Constraint) -> ConstraintReference {
        let expression = constraint.expression();
        let entries = expression.linear_coefficients().map(|(x, value)| (number(x), value)).collect();
        self.rows.push(Row {
            name: constraint.name().map(str::to_owned),
            entries,
            side: -expression.constant(),
            equation: constraint.is_equality(),
        });
        let reference = self.written.add_constraint(constraint);
        self.references.push(reference.clone());
        reference
    }

    fn solve(self) -> Result<FarkasSolution, NoSolution> {
        let Self { written, recorder, mut solver, rows, references, start, .. } = self;
        written.solve()?;
        let recorded = recorder.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let recorded = recorded.ok_or_else(|| NoSolution::Unknown("good_lp did not show the model".into()))?;
        let n = recorded.names.len();
        let problem = Arc::new(problem(recorded, &rows)?);
        if !start.is_empty() {
            let mut point = vec![f64::NAN; n];
            start.iter().filter(|(at, _)| *at < n).for_each(|&(at, value)| point[at] = value);
            solver = solver.start(point);
        }
        let answer = solver.solve_problem(&problem)?;
        match (answer.reason(), answer.point()) {
            (Reason::Infeasible, _) => Err(ResolutionError::Infeasible.into()),
            (Reason::Unbounded, _) => Err(ResolutionError::Unbounded.into()),
            (Reason::Optimal | Reason::Feasible, Some(_)) => Ok(FarkasSolution { answer, problem, references }),
            _ => Err(NoSolution::Unknown(answer.termination().to_string())),
        }
    }

    fn name() -> &'static str {
        "Farkas"
    }
}

/// The recorded model as a problem. Constraints without names are called as `good_lp` writes them: `c0`, `c1`, …
fn problem(recorded: Recorded, rows: &[Row]) -> Result<Problem, NoSolution> {
    let n = recorded.names.len();
    let mut cost = vec![0.0; n];
    let by_name: HashMap<&str, usize> = recorded.names.iter().map(String::as_str).zip(0..).collect();
    let mut words = recorded.objective.split_whitespace();
    while let (Some(value), Some(name)) = (words.next(), words.next()) {
        let term = value.parse::<f64>().ok().zip(by_name.get(name));
        let (value, &at) =
            term.ok_or_else(|| NoSolution::Unknown(format!("the objective's term '{value} {name}' cannot be read")))?;
        cost[at] += value;
    }
    let mut data = ProblemData {
        name: "good_lp".into(),
        sense: recorded.sense,
        cost,
        lower: recorded.lower,
        upper: recorded.upper,
        kinds: recorded.kinds,
        row_upper: rows.iter().map(|row| row.side).collect(),
        row_lower: rows.iter().map(|row| if row.equation { row.side } else { f64::NEG_INFINITY }).collect(),
        column_names: Some(recorded.names.iter().collect::<Names>()),
        ..ProblemData::default()
    };
    if rows.iter().all(|row| row.name.is_none()) {
        data.row_names = Some((0..rows.len()).map(|i| format!("c{i}")).collect::<Names>());
    }
    let starts: Vec<usize> = std::iter::once(0)
        .chain(rows.iter().scan(0, |end, row| {
            *end += row.entries.len();
            Some(*end)
        }))
        .collect();
    let (indices, values): (Vec<usize>, Vec<f64>) = rows.iter().flat_map(|row| &row.entries).copied().unzip();
    Ok(Problem::from_csr(data, &starts, &indices, &values)?)
}

impl WithTimeLimit for FarkasModel {
    fn with_time_limit<T: Into<f64>>(mut self, seconds: T) -> Self {
        // Negative, NaN and too large are no limits.
        if let Ok(limit) = Duration::try_from_secs_f64(seconds.into()) {
            self.solver = self.solver.time_limit(limit);
        }
        self
    }
}

impl WithMipGap for FarkasModel {
    fn mip_gap(&self) -> Option<f32> {
        self.gap
    }

    fn with_mip_gap(mut self, gap: f32) -> Result<Self, MipGapError> {
        if gap.is_sign_negative() {
            return Err(MipGapError::Negative);
        }
        if !gap.is_finite() {
            return Err(MipGapError::Infinite);
        }
        self.gap = Some(gap);
        self.solver = self.solver.gap(f64::from(gap));
        Ok(self)
    }
}

impl WithInitialSolution for FarkasModel {
    fn with_initial_solution(mut self, solution: impl IntoIterator<Item = (Variable, f64)>) -> Self {
        self.start.extend(solution.into_iter().map(|(variable, value)| (number(variable), value)));
        self
    }
}

/// A checked answer, as `good_lp` reads solutions.
pub struct FarkasSolution {
    answer: Answer,
    problem: Arc<Problem>,
    references: Vec<ConstraintReference>,
}

impl FarkasSolution {
    /// The answer with its evidence.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The problem that was solved.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }
}

impl good_lp::Solution for FarkasSolution {
    fn status(&self) -> SolutionStatus {
        match (self.answer.reason(), self.answer.termination().limit()) {
            (Reason::Optimal, _) if self.answer.gap().is_none_or(|gap| gap <= 1e-9) => SolutionStatus::Optimal,
            (Reason::Optimal, _) => SolutionStatus::GapLimit,
            (_, Some(Limit::Time)) => SolutionStatus::TimeLimit,
            _ => SolutionStatus::GapLimit,
        }
    }

    fn value(&self, variable: Variable) -> f64 {
        self.answer.point().map_or(f64::NAN, |point| point[number(variable)])
    }
}

/// Shadow prices; NaN where there are none (as for every mixed-integer model).
pub struct FarkasDuals<'s>(&'s FarkasSolution);

impl DualValues for FarkasDuals<'_> {
    fn dual(&self, constraint: ConstraintReference) -> f64 {
        let at = self.0.references.iter().position(|reference| *reference == constraint);
        at.zip(self.0.answer.duals()).map_or(f64::NAN, |(at, duals)| duals.rows[at])
    }
}

impl<'s> SolutionWithDual<'s> for FarkasSolution {
    type Dual = FarkasDuals<'s>;
    fn compute_dual(&'s mut self) -> FarkasDuals<'s> {
        FarkasDuals(self)
    }
}
