//! Small problems, claims and sources for the tests.

use farkas_modeling::answer::{Counters, Duals, Ray};
use farkas_modeling::problem::{Indicator, Sense, SpecialOrderedSet};
use farkas_modeling::{Claim, ColumnKind, Limit, Problem, ProblemData, Reason, Source, Termination};

pub const INF: f64 = f64::INFINITY;

/// A problem written row by row.
#[derive(Debug, Clone, Default)]
pub struct Small {
    pub sense: Sense,
    pub offset: f64,
    /// cost, lower, upper
    pub columns: Vec<(f64, f64, f64)>,
    /// lower side, coefficients, upper side
    pub rows: Vec<(f64, Vec<f64>, f64)>,
    pub kinds: Vec<ColumnKind>,
    pub sets: Vec<(u8, Vec<u32>)>,
    /// row, column, active
    pub indicators: Vec<(u32, u32, bool)>,
}

impl Small {
    pub fn freeze(&self) -> Problem {
        let n = self.columns.len();
        let mut data = ProblemData {
            sense: self.sense,
            offset: self.offset,
            cost: self.columns.iter().map(|c| c.0).collect(),
            lower: self.columns.iter().map(|c| c.1).collect(),
            upper: self.columns.iter().map(|c| c.2).collect(),
            kinds: self.kinds.clone(),
            row_lower: self.rows.iter().map(|r| r.0).collect(),
            row_upper: self.rows.iter().map(|r| r.2).collect(),
            starts: vec![0],
            ..ProblemData::default()
        };
        for j in 0..n {
            for (i, row) in self.rows.iter().enumerate().filter(|(_, row)| row.1[j] != 0.0) {
                data.indices.push(i as u32);
                data.values.push(row.1[j]);
            }
            data.starts.push(data.indices.len() as u32);
        }
        let weigh = |members: &Vec<u32>| members.iter().enumerate().map(|(k, &j)| (j, k as f64)).collect();
        data.sets = self
            .sets
            .iter()
            .map(|(order, members)| SpecialOrderedSet { name: String::new(), order: *order, members: weigh(members) })
            .collect();
        data.indicators =
            self.indicators.iter().map(|&(row, column, active)| Indicator { row, column, active }).collect();
        Problem::new(data).expect("a valid problem")
    }
}

/// Parses `min 2 | 1 0..5, -1 0..inf int | 1 <= 1 2 <= 4; 3 <= 1 0 <= inf`: sense and offset, columns (cost and bounds,
/// kind), rows (sides and coefficients).
pub fn problem(text: &str) -> Problem {
    let number = |t: &str| t.parse::<f64>().expect("a number");
    let mut parts = text.split('|').map(str::trim);
    let mut small = Small::default();
    let mut head = parts.next().unwrap_or_default().split_whitespace();
    if head.next() == Some("max") {
        small.sense = Sense::Maximize;
    }
    small.offset = head.next().map_or(0.0, number);
    for column in parts.next().unwrap_or_default().split(',').filter(|c| !c.trim().is_empty()) {
        let words: Vec<&str> = column.split_whitespace().collect();
        let (lower, upper) = words[1].split_once("..").expect("bounds");
        small.columns.push((number(words[0]), number(lower), number(upper)));
        small.kinds.push(match words.get(2) {
            None => ColumnKind::Continuous,
            Some(&"int") => ColumnKind::Integer,
            Some(&"semi") => ColumnKind::SemiContinuous,
            Some(&"semint") => ColumnKind::SemiInteger,
            Some(other) => panic!("kind {other}"),
        });
    }
    for row in parts.next().unwrap_or_default().split(';').filter(|r| !r.trim().is_empty()) {
        let sides: Vec<&str> = row.split("<=").collect();
        let coefficients = sides[1].split_whitespace().map(number).collect();
        small.rows.push((number(sides[0].trim()), coefficients, number(sides[2].trim())));
    }
    small.freeze()
}

pub fn source(backend: &str, lane: u16) -> Source {
    Source { backend: backend.into(), version: "1.0".into(), lane }
}

/// A claim with a reason; `Feasible` and `NoSolutionFound` stand for the time limit.
pub fn claim(reason: Reason) -> Claim {
    Claim::bare(match reason {
        Reason::Feasible | Reason::NoSolutionFound => {
            Termination::at_limit(reason == Reason::Feasible, Limit::Time, "")
        }
        other => Termination::new(other, ""),
    })
}

pub fn optimal(point: &[f64], objective: f64) -> Claim {
    Claim { point: Some(point.to_vec()), objective: Some(objective), bound: Some(objective), ..claim(Reason::Optimal) }
}

pub fn with_duals(claim: Claim, problem: &Problem, rows: &[f64]) -> Claim {
    let reduced_costs = (0..problem.num_columns())
        .map(|j| problem.cost()[j] - problem.column(j).iter().map(|(i, a)| rows[i] * a).sum::<f64>())
        .collect();
    Claim { duals: Some(Duals { rows: rows.to_vec(), reduced_costs }), ..claim }
}

pub fn with_ray(claim: Claim, ray: Ray) -> Claim {
    Claim { ray: Some(ray), counters: Counters::default(), ..claim }
}
