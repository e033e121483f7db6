//! The table: name, problem, what it is. Every solver answers every row that its capabilities let it take.

use std::sync::Arc;

use farkas_modeling::{ColumnKind, Problem, Reason};

use crate::problems::{Build, INF, maximize, minimize};
use crate::quadratics::quadratics;

/// What a problem is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truth {
    /// Its best objective.
    Optimum(f64),
    Infeasible,
    /// Feasible, and better without end.
    Unbounded,
    /// Infeasible, and its dual too: a solver may leave open which.
    BothInfeasible,
}

impl Truth {
    /// The reasons that a solver may give for it.
    pub fn reasons(self, is_lp: bool) -> &'static [Reason] {
        match self {
            Self::Optimum(_) => &[Reason::Optimal],
            Self::Infeasible => &[Reason::Infeasible],
            Self::Unbounded if is_lp => &[Reason::Unbounded],
            Self::Unbounded => &[Reason::Unbounded, Reason::InfeasibleOrUnbounded],
            Self::BothInfeasible => &[Reason::Infeasible, Reason::InfeasibleOrUnbounded],
        }
    }
}

/// One row.
pub struct Case {
    pub name: &'static str,
    pub problem: Arc<Problem>,
    pub truth: Truth,
    /// m multipliers, where they are unique.
    pub multipliers: Option<&'static [f64]>,
    /// n reduced costs, where they are unique.
    pub reduced_costs: Option<&'static [f64]>,
}

pub fn case(name: &'static str, build: Build, truth: Truth) -> Case {
    Case { name, problem: build.freeze(), truth, multipliers: None, reduced_costs: None }
}

/// A row with known duals.
fn dual(
    name: &'static str,
    build: Build,
    optimum: f64,
    multipliers: &'static [f64],
    reduced_costs: &'static [f64],
) -> Case {
    Case {
        multipliers: Some(multipliers),
        reduced_costs: Some(reduced_costs),
        ..case(name, build, Truth::Optimum(optimum))
    }
}

pub fn cases() -> Vec<Case> {
    let mut all = lps();
    all.extend(duals());
    all.extend(without_end());
    all.extend(infeasible());
    all.extend(mips());
    all.extend(small_and_tricky());
    all.extend(beyond());
    all.extend(quadratics());
    all
}

use Truth::{BothInfeasible, Infeasible, Optimum, Unbounded};

fn lps() -> Vec<Case> {
    vec![
        case("nothing at all", minimize(), Optimum(0.0)),
        case("nothing but an offset", maximize().offset(-7.5), Optimum(-7.5)),
        case("no columns, rows that hold", minimize().row(-1.0, &[], 1.0).le(&[], 0.0), Optimum(0.0)),
        case("no columns, a row that does not hold", minimize().row(-1.0, &[], 1.0).ge(&[], 1.0), Infeasible),
        case("no columns, a row that does not hold, maximise", maximize().le(&[], -1.0), Infeasible),
        case("no rows", minimize().col(1.0, -3.0, 5.0).col(-2.0, 0.0, 4.0).offset(1.0), Optimum(-10.0)),
        case("no rows, maximise", maximize().col(1.0, -3.0, 5.0).col(-2.0, 0.0, 4.0), Optimum(5.0)),
        case("no rows, no cost, free", minimize().col(0.0, -INF, INF), Optimum(0.0)),
        case("an empty row that holds", minimize().col(1.0, 2.0, INF).row(-1.0, &[], 1.0), Optimum(2.0)),
        case("an empty row that does not hold", minimize().col(1.0, 2.0, INF).ge(&[], 1.0), Infeasible),
        case(
            "an empty row that does not hold beside others",
            minimize().col(1.0, 0.0, INF).col(1.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 1.0).le(&[], -2.0),
            Infeasible,
        ),
        case(
            "an empty column at its best bound",
            minimize().col(1.0, 0.0, INF).col(-3.0, 0.0, 4.0).ge(&[(0, 1.0)], 2.0),
            Optimum(-10.0),
        ),
        case("a free row", minimize().col(1.0, 1.0, INF).row(-INF, &[(0, 1.0)], INF), Optimum(1.0)),
        case(
            "free columns",
            minimize().col(1.0, -INF, INF).col(1.0, -INF, INF).ge(&[(0, 1.0)], -5.0).ge(&[(1, 2.0)], 4.0),
            Optimum(-3.0),
        ),
        case(
            "fixed columns",
            minimize().col(1.0, 2.0, 2.0).col(1.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 5.0),
            Optimum(5.0),
        ),
        case("all columns fixed", maximize().col(3.0, 2.0, 2.0).le(&[(0, 1.0)], 5.0), Optimum(6.0)),
        case(
            "equalities only",
            minimize()
                .col(1.0, -INF, INF)
                .col(1.0, -INF, INF)
                .eq(&[(0, 1.0), (1, 1.0)], 3.0)
                .eq(&[(0, 1.0), (1, -1.0)], 1.0),
            Optimum(3.0),
        ),
        case(
            "a row of one free column",
            minimize().col(3.0, -INF, INF).col(1.0, 0.0, INF).ge(&[(0, 2.0)], 8.0).le(&[(0, 1.0)], 9.0),
            Optimum(12.0),
        ),
        case(
            "a range",
            maximize().col(1.0, 0.0, INF).col(1.0, 0.0, INF).row(1.0, &[(0, 1.0), (1, 1.0)], 4.0),
            Optimum(4.0),
        ),
        case(
            "infinity written 1e20 and 1e30",
            maximize().col(1.0, -1e30, 1e20).row(-1e20, &[(0, 2.0)], 8.0).row(-1e30, &[(0, 1.0)], 1e31),
            Optimum(4.0),
        ),
        case("an offset, maximise", maximize().offset(100.0).col(2.0, 0.0, 3.0).le(&[(0, 1.0)], 2.0), Optimum(104.0)),
        case(
            "huge and tiny coefficients",
            minimize()
                .col(1.0, 0.0, INF)
                .col(1e3, 1.0, 1e6)
                .ge(&[(0, 1e5), (1, 1e-3)], 2e5)
                .le(&[(0, 1e-3), (1, 1e4)], 1e8),
            Optimum(1_001.999_999_99),
        ),
        case(
            "a stored zero",
            minimize().col(1.0, 0.0, INF).col(1.0, 1.0, 3.0).ge(&[(0, 1.0), (1, 0.0)], 2.0),
            Optimum(3.0),
        ),
        case(
            "transport",
            transport(&[20.0, 30.0], &[10.0, 25.0, 15.0], &[8.0, 6.0, 10.0, 9.0, 5.0, 7.0]),
            Optimum(320.0),
        ),
    ]
}

/// Balanced transport: supply rows ≤, demand rows ≥.
fn transport(supply: &[f64], demand: &[f64], cost: &[f64]) -> Build {
    let mut build = minimize();
    for &c in cost {
        build = build.col(c, 0.0, INF);
    }
    let k = demand.len();
    for (i, &s) in supply.iter().enumerate() {
        let terms: Vec<_> = (0..k).map(|d| (i * k + d, 1.0)).collect();
        build = build.le(&terms, s);
    }
    for (d, &need) in demand.iter().enumerate() {
        let terms: Vec<_> = (0..supply.len()).map(|i| (i * k + d, 1.0)).collect();
        build = build.ge(&terms, need);
    }
    build
}

/// Signs of multipliers and reduced costs: each kind of side and bound, both ways.
fn duals() -> Vec<Case> {
    let x = || minimize().col(3.0, -INF, INF);
    let y = || maximize().col(3.0, -INF, INF);
    vec![
        dual("minimise, held at ≥", x().ge(&[(0, 2.0)], 8.0), 12.0, &[1.5], &[0.0]),
        dual("minimise, held at ≤", minimize().col(-3.0, -INF, INF).le(&[(0, 2.0)], 8.0), -12.0, &[-1.5], &[0.0]),
        dual("minimise, held at =", x().eq(&[(0, 2.0)], 8.0), 12.0, &[1.5], &[0.0]),
        dual(
            "minimise, held at = from the other side",
            minimize().col(-3.0, -INF, INF).eq(&[(0, 2.0)], 8.0),
            -12.0,
            &[-1.5],
            &[0.0],
        ),
        dual("minimise, range held below", x().row(8.0, &[(0, 2.0)], 20.0), 12.0, &[1.5], &[0.0]),
        dual(
            "minimise, range held above",
            minimize().col(-3.0, -INF, INF).row(8.0, &[(0, 2.0)], 20.0),
            -30.0,
            &[-1.5],
            &[0.0],
        ),
        dual("maximise, held at ≤", y().le(&[(0, 2.0)], 8.0), 12.0, &[1.5], &[0.0]),
        dual("maximise, held at ≥", maximize().col(-3.0, -INF, INF).ge(&[(0, 2.0)], 8.0), -12.0, &[-1.5], &[0.0]),
        dual("maximise, held at =", y().eq(&[(0, 2.0)], 8.0), 12.0, &[1.5], &[0.0]),
        dual("maximise, range held above", y().row(8.0, &[(0, 2.0)], 20.0), 30.0, &[1.5], &[0.0]),
        dual(
            "maximise, range held below",
            maximize().col(-3.0, -INF, INF).row(8.0, &[(0, 2.0)], 20.0),
            -12.0,
            &[-1.5],
            &[0.0],
        ),
        dual(
            "minimise, a column at its lower bound",
            minimize().col(3.0, 1.0, 9.0).le(&[(0, 1.0)], 20.0),
            3.0,
            &[0.0],
            &[3.0],
        ),
        dual(
            "minimise, a column at its upper bound",
            minimize().col(-3.0, 1.0, 9.0).le(&[(0, 1.0)], 20.0),
            -27.0,
            &[0.0],
            &[-3.0],
        ),
        dual(
            "maximise, a column at its lower bound",
            maximize().col(-3.0, 1.0, 9.0).le(&[(0, 1.0)], 20.0),
            -3.0,
            &[0.0],
            &[-3.0],
        ),
        dual(
            "maximise, a column at its upper bound",
            maximize().col(3.0, 1.0, 9.0).le(&[(0, 1.0)], 20.0),
            27.0,
            &[0.0],
            &[3.0],
        ),
        dual(
            "no rows: the costs are the reduced costs",
            minimize().col(3.0, 1.0, 9.0).col(-2.0, 1.0, 9.0),
            -15.0,
            &[],
            &[3.0, -2.0],
        ),
        dual(
            "product mix",
            maximize()
                .col(3.0, 0.0, INF)
                .col(5.0, 0.0, INF)
                .le(&[(0, 1.0)], 4.0)
                .le(&[(1, 2.0)], 12.0)
                .le(&[(0, 3.0), (1, 2.0)], 18.0),
            36.0,
            &[0.0, 1.5, 1.0],
            &[0.0, 0.0],
        ),
        dual(
            "diet",
            minimize()
                .offset(2.0)
                .col(0.6, 0.0, INF)
                .col(0.35, 0.0, INF)
                .ge(&[(0, 5.0), (1, 7.0)], 8.0)
                .ge(&[(0, 4.0), (1, 2.0)], 15.0),
            4.25,
            &[0.0, 0.15],
            &[0.0, 0.05],
        ),
    ]
}

fn without_end() -> Vec<Case> {
    vec![
        case("no rows, down without end", minimize().col(1.0, -INF, 5.0), Unbounded),
        case("no rows, up without end", maximize().col(1.0, 0.0, INF).col(0.0, 0.0, 1.0), Unbounded),
        case(
            "a ray through two columns",
            minimize().col(-1.0, 0.0, INF).col(0.5, 0.0, INF).le(&[(0, 1.0), (1, -1.0)], 3.0),
            Unbounded,
        ),
        case(
            "a ray through two columns, maximise",
            maximize().col(1.0, 0.0, INF).col(-0.5, 0.0, INF).le(&[(0, 1.0), (1, -1.0)], 3.0),
            Unbounded,
        ),
        case(
            "a ray without an obvious feasible point",
            maximize()
                .col(1.0, -INF, INF)
                .col(1.0, -INF, INF)
                .col(0.0, 0.0, INF)
                .eq(&[(0, 1.0), (1, -1.0), (2, 1.0)], 2.0)
                .ge(&[(0, 1.0), (1, 1.0)], 10.0)
                .le(&[(0, 1.0), (1, -3.0)], 4.0),
            Unbounded,
        ),
        case(
            "a ray along a column without entries",
            minimize().col(-1.0, 0.0, INF).col(1.0, 0.0, INF).ge(&[(1, 1.0)], 1.0),
            Unbounded,
        ),
        case(
            "infeasible, and its dual too",
            minimize()
                .col(-1.0, 0.0, INF)
                .col(-1.0, 0.0, INF)
                .le(&[(0, 1.0), (1, -1.0)], -1.0)
                .le(&[(0, -1.0), (1, 1.0)], -1.0),
            BothInfeasible,
        ),
    ]
}

fn infeasible() -> Vec<Case> {
    vec![
        case("two rows apart", minimize().col(1.0, 0.0, INF).le(&[(0, 1.0)], 1.0).ge(&[(0, 1.0)], 2.0), Infeasible),
        case(
            "two rows apart, maximise",
            maximize().col(1.0, 0.0, INF).le(&[(0, 1.0)], 1.0).ge(&[(0, 1.0)], 2.0),
            Infeasible,
        ),
        case(
            "a row beyond the bounds",
            minimize().col(1.0, 0.0, 1.0).col(1.0, 0.0, 1.0).ge(&[(0, 1.0), (1, 1.0)], 3.0),
            Infeasible,
        ),
        case(
            "a sum of three rows",
            minimize()
                .col(0.0, -INF, INF)
                .col(0.0, -INF, INF)
                .col(1.0, -INF, INF)
                .eq(&[(0, 1.0), (1, 1.0)], 1.0)
                .eq(&[(1, -1.0), (2, 1.0)], 1.0)
                .eq(&[(0, 1.0), (2, 1.0)], 3.0),
            Infeasible,
        ),
        case("crossed bounds", minimize().col(1.0, 2.0, 1.0).ge(&[(0, 1.0)], 0.0), Infeasible),
        case("crossed bounds without rows", minimize().col(1.0, 2.0, 1.0), Infeasible),
        case("crossed sides", minimize().col(1.0, 0.0, INF).row(3.0, &[(0, 1.0)], 2.0), Infeasible),
        case("crossed bounds of an integer column", maximize().int(1.0, 2.0, 1.0).le(&[(0, 1.0)], 4.0), Infeasible),
        case("transport without enough supply", transport(&[5.0], &[4.0, 4.0], &[1.0, 1.0]), Infeasible),
    ]
}

/// Each of them CBC 2.10.8 has answered wrongly, or aborted on, by its own choice of ways; found by random ones.
fn small_and_tricky() -> Vec<Case> {
    vec![
        case(
            "two binaries and a row of two sides",
            minimize().int(2.0, 0.0, 1.0).int(-1.0, 0.0, 1.0).row(-1.0, &[(0, 1.0), (1, -2.0)], 0.0),
            Optimum(0.0),
        ),
        case(
            "an integer, a binary and a row of two sides",
            minimize().int(1.0, 2.0, 4.0).int(-1.0, 0.0, 1.0).row(3.0, &[(0, 2.0), (1, -4.0)], 5.0),
            Optimum(2.0),
        ),
        case(
            "an objective along a row",
            minimize().int(4.0, -1.0, 1.0).int(-3.0, 0.0, 2.0).le(&[(0, -4.0), (1, 3.0)], 5.0),
            Optimum(-4.0),
        ),
        case(
            "an empty row beside integers",
            minimize().int(5.0, 2.0, 6.0).int(-1.0, 1.0, 4.0).le(&[], 1.0).row(-8.0, &[(0, 2.0), (1, -4.0)], -5.0),
            Optimum(7.0),
        ),
    ]
}

fn mips() -> Vec<Case> {
    vec![
        case("rounding down", maximize().int(1.0, 0.0, 10.0).le(&[(0, 2.0)], 5.0), Optimum(2.0)),
        case(
            "rounding up, with an offset",
            minimize().offset(-1.0).int(1.0, 0.0, 10.0).ge(&[(0, 2.0)], 5.0),
            Optimum(2.0),
        ),
        case("integers without rows", maximize().int(2.0, 0.0, 3.7).int(-1.0, -2.5, 9.0), Optimum(8.0)),
        case("an integer without an integer between its bounds", minimize().int(1.0, 0.3, 0.7), Infeasible),
        case(
            "an LP that is feasible, integers that are not",
            minimize().int(1.0, 0.0, 10.0).int(1.0, 0.0, 10.0).eq(&[(0, 2.0), (1, 4.0)], 7.0),
            Infeasible,
        ),
        case(
            "an integer column with fractional bounds in a row",
            minimize().int(1.0, -8.5, 9.0).int(1.0, -8.5, -3.0).ge(&[(0, 1.0), (1, 1.0)], -16.5),
            Optimum(-16.0),
        ),
        case(
            "binary knapsack",
            maximize()
                .int(10.0, 0.0, 1.0)
                .int(13.0, 0.0, 1.0)
                .int(7.0, 0.0, 1.0)
                .int(8.0, 0.0, 1.0)
                .le(&[(0, 3.0), (1, 4.0), (2, 2.0), (3, 3.0)], 7.0),
            Optimum(23.0),
        ),
        case(
            "integers below zero, an equality",
            minimize().int(1.0, -10.0, 10.0).int(1.0, -10.0, 10.0).eq(&[(0, 3.0), (1, 5.0)], 1.0),
            Optimum(-3.0),
        ),
        case(
            "mixed, with a fixed charge",
            minimize()
                .col(1.0, 0.0, INF)
                .int(5.0, 0.0, 1.0)
                .col(2.0, 0.0, INF)
                .ge(&[(0, 1.0), (2, 1.0)], 8.0)
                .le(&[(0, 1.0), (1, -10.0)], 0.0),
            Optimum(13.0),
        ),
        case(
            "a switch with a large coefficient",
            maximize().col(1.0, 0.0, 8.0).int(-3.0, 0.0, 1.0).le(&[(0, 1.0), (1, -1e5)], 0.0),
            Optimum(5.0),
        ),
        case("an integer without end", maximize().int(1.0, 0.0, INF).ge(&[(0, 1.0)], 1.0), Unbounded),
        case(
            "integers along a ray",
            minimize().int(-1.0, 0.0, INF).int(-1.0, 0.0, INF).le(&[(0, 1.0), (1, -1.0)], 1.0),
            Unbounded,
        ),
        case(
            "an unbounded relaxation without an integer point",
            maximize().int(1.0, 0.0, INF).int(0.0, 0.0, INF).eq(&[(0, 2.0), (1, -2.0)], 1.0),
            BothInfeasible,
        ),
    ]
}

/// What not every solver takes: it must then refuse.
fn beyond() -> Vec<Case> {
    let semi = ColumnKind::SemiContinuous;
    vec![
        case(
            "semicontinuous, at zero",
            minimize().kind(semi, 1.0, 2.0, 5.0).col(3.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 0.5),
            Optimum(1.5),
        ),
        case(
            "semicontinuous, at its lower bound",
            minimize().kind(semi, 1.0, 2.0, 5.0).col(9.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 0.5),
            Optimum(2.0),
        ),
        case(
            "semi-integer",
            maximize().kind(ColumnKind::SemiInteger, 1.0, 2.0, 5.0).le(&[(0, 2.0)], 7.0),
            Optimum(3.0),
        ),
        case(
            "semi-integer, at zero",
            maximize().kind(ColumnKind::SemiInteger, 1.0, 2.0, 5.0).le(&[(0, 2.0)], 3.0),
            Optimum(0.0),
        ),
        case("semicontinuous, infeasible", minimize().kind(semi, 1.0, 2.0, 5.0).eq(&[(0, 1.0)], 1.0), Infeasible),
        case(
            "a set of type 1, no integers",
            maximize()
                .col(2.0, 0.0, 4.0)
                .col(3.0, 0.0, 3.0)
                .col(4.0, 0.0, 2.0)
                .le(&[(0, 1.0), (1, 1.0), (2, 1.0)], 5.0)
                .set(1, &[0, 1, 2]),
            Optimum(9.0),
        ),
        case(
            "a set of type 2",
            maximize()
                .col(2.0, 0.0, 2.0)
                .col(1.0, 0.0, 2.0)
                .col(3.0, 0.0, 2.0)
                .le(&[(0, 1.0), (1, 1.0), (2, 1.0)], 4.0)
                .set(2, &[0, 1, 2]),
            Optimum(8.0),
        ),
        case(
            "an indicator that binds",
            maximize().int(5.0, 0.0, 1.0).col(1.0, 0.0, 9.0).le(&[(1, 1.0)], 3.0).indicator(0, 0, true),
            Optimum(9.0),
        ),
        case(
            "an indicator for zero",
            maximize().int(-5.0, 0.0, 1.0).col(2.0, 0.0, 9.0).le(&[(1, 1.0)], 3.0).indicator(0, 0, false),
            Optimum(13.0),
        ),
    ]
}
