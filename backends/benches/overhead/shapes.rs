//! Problems of a million nonzeros whose slack basis is optimal: costs are positive, rows are `≤`, and nothing is to be done.

use farkas_modeling::{Problem, ProblemData};

/// Rows, columns, and entries in each column.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    rows: usize,
    columns: usize,
    each: usize,
}

impl Shape {
    /// Five entries a column.
    pub const SPARSE: Self = Self { rows: 100_000, columns: 200_000, each: 5 };
    /// Every entry.
    pub const DENSE: Self = Self { rows: 1000, columns: 1000, each: 1000 };

    pub fn name(self) -> String {
        format!("{} × {}", self.rows, self.columns)
    }

    pub fn problem(self) -> Problem {
        let (n, m) = (self.columns, self.rows);
        let step = m / self.each;
        let starts: Vec<u32> = (0..=n).map(|j| (j * self.each) as u32).collect();
        // One entry in each of as many bands of rows.
        let row = |j: usize, k: usize| k * step + (j * 31 + k * 17) % step;
        let indices = (0..n).flat_map(|j| (0..self.each).map(move |k| row(j, k) as u32)).collect();
        let values = (0..n * self.each).map(|k| 1.0 + (k % 997) as f64 / 8.0).collect();
        let data = ProblemData {
            cost: (0..n).map(|j| 1.0 + (j % 89) as f64).collect(),
            lower: vec![0.0; n],
            upper: vec![10.0; n],
            row_lower: vec![f64::NEG_INFINITY; m],
            row_upper: (0..m).map(|i| 5.0 + (i % 13) as f64).collect(),
            starts,
            indices,
            values,
            ..ProblemData::default()
        };
        Problem::new(data).expect("it has no defects")
    }
}

/// Processor seconds of the process.
pub fn seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
