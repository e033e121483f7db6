//! Exchanges that lead away from a tableau, which stays as it is: of the tableau behind them only the rows and columns are
//! worked out that somebody asks for. With k exchanges that is k · n or k · m multiplications, where writing the tableau anew is n · m each time.

use super::tableau::Tableau;

/// Where the exchanges led, and each one's row and column: enough to work out any other.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// Place of the basic and of the nonbasic variable that changed places.
    exchanged: Vec<(usize, usize)>,
    /// n numbers an exchange: its row as it was afterwards.
    rows: Vec<f64>,
    /// m numbers an exchange: its column as it was before.
    columns: Vec<f64>,
    /// m variables.
    pub(super) basic: Vec<u32>,
    /// n variables.
    pub(super) nonbasic: Vec<u32>,
    /// n reduced costs of the nonbasic variables, for minimising.
    pub(super) reduced_costs: Vec<f64>,
    /// m reference weights of the basic variables (Devex), the squared norms of their rows at first.
    pub(super) weights: Vec<f64>,
}

impl Path {
    /// No exchange yet.
    pub(super) fn begin(&mut self, home: &Tableau) {
        self.exchanged.clear();
        self.rows.clear();
        self.columns.clear();
        home.basic().clone_into(&mut self.basic);
        home.nonbasic().clone_into(&mut self.nonbasic);
        home.reduced_costs().clone_into(&mut self.reduced_costs);
        home.norms().clone_into(&mut self.weights);
    }

    pub(super) fn exchanged(&self) -> &[(usize, usize)] {
        &self.exchanged
    }

    /// How the basic variable in place `at` depends on the nonbasic ones.
    pub(super) fn row(&self, home: &Tableau, at: usize, row: &mut Vec<f64>) {
        home.row(at).clone_into(row);
        for (&(leaves, enters), of) in self.exchanged.iter().zip(self.rows.chunks_exact(self.nonbasic.len())) {
            if leaves == at {
                row.copy_from_slice(of);
                continue;
            }
            let factor = std::mem::take(&mut row[enters]);
            if factor != 0.0 {
                add(row, factor, of);
            }
        }
    }

    /// How the basic variables depend on the nonbasic one in place `at`.
    pub(super) fn column(&self, home: &Tableau, at: usize, column: &mut Vec<f64>) {
        column.clear();
        column.extend(home.column(at));
        let (n, m) = (self.nonbasic.len(), self.basic.len());
        let each = self.rows.chunks_exact(n).zip(self.columns.chunks_exact(m));
        for (&(leaves, enters), (row, of)) in self.exchanged.iter().zip(each) {
            if enters == at {
                column.fill(0.0);
            }
            if row[at] != 0.0 {
                add(column, row[at], of);
            }
            column[leaves] = row[at];
        }
    }

    /// The basic variable in place `leaves` and the nonbasic one in place `enters`, whose row and column these are, change places.
    pub(super) fn exchange(&mut self, leaves: usize, enters: usize, row: &[f64], column: &[f64]) {
        let pivot = row[enters];
        let begin = self.rows.len();
        self.rows.extend(row.iter().map(|entry| entry / -pivot));
        self.rows[begin + enters] = 1.0 / pivot;
        self.columns.extend_from_slice(column);
        self.exchanged.push((leaves, enters));
        let factor = std::mem::take(&mut self.reduced_costs[enters]);
        add(&mut self.reduced_costs, factor, &self.rows[begin..]);
        let own = self.weights[leaves] / (pivot * pivot);
        for (weight, entry) in self.weights.iter_mut().zip(column) {
            *weight = weight.max(own * entry * entry);
        }
        self.weights[leaves] = own.max(1.0);
        std::mem::swap(&mut self.basic[leaves], &mut self.nonbasic[enters]);
    }
}

/// to += factor · of
fn add(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}

#[cfg(test)]
mod tests {
    use farkas_modeling::{Problem, ProblemData};

    use super::*;

    /// 4 columns and 3 rows without a zero.
    fn tableau() -> Tableau {
        let data = ProblemData {
            cost: vec![3.0, -1.0, 2.0, 0.5],
            lower: vec![0.0; 4],
            upper: vec![9.0; 4],
            row_lower: vec![1.0; 3],
            row_upper: vec![f64::INFINITY; 3],
            starts: vec![0, 3, 6, 9, 12],
            indices: [0, 1, 2].repeat(4),
            values: vec![1.0, 2.0, -1.0, 3.0, -4.0, 0.5, 2.5, 1.5, 7.0, -2.0, 6.0, 1.25],
            ..ProblemData::default()
        };
        Tableau::of(&Problem::new(data).expect("sound"))
    }

    fn near(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn what_is_worked_out_is_what_exchanges_in_the_tableau_give() {
        let (home, mut there, mut path) = (tableau(), tableau(), Path::default());
        let (mut row, mut column) = (Vec::new(), Vec::new());
        path.begin(&home);
        // The same places more than once: a variable may come back.
        for (leaves, enters) in [(0, 2), (1, 0), (0, 2), (2, 3), (1, 3), (0, 0)] {
            path.row(&home, leaves, &mut row);
            path.column(&home, enters, &mut column);
            path.exchange(leaves, enters, &row, &column);
            there.exchange(leaves, enters);
            assert_eq!((&*path.basic, &*path.nonbasic), (there.basic(), there.nonbasic()));
            assert!(near(&path.reduced_costs, there.reduced_costs()), "{path:?}, {there:?}");
            for i in 0..3 {
                path.row(&home, i, &mut row);
                assert!(near(&row, there.row(i)), "row {i} after {:?}", path.exchanged);
            }
            for j in 0..4 {
                path.column(&home, j, &mut column);
                assert!(near(&column, &there.column(j).collect::<Vec<_>>()), "column {j} after {:?}", path.exchanged);
            }
        }
    }
}
