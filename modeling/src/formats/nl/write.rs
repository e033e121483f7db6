//! Writes `.nl` as text, and the names for the `.col` and `.row` files beside it.
//!
//! The format wants nonlinear rows before linear ones, and columns in groups: nonlinear ones first, then linear ones by
//! kind. So rows and columns may come in another order; the files of names say in which.

use std::io::{self, Write};

use crate::formats::number::Digits;
use crate::formats::place::Warning;
use crate::formats::write::WriteError;
use crate::problem::{Problem, Product, Sense};

/// The order in which columns and rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The column at each place.
    columns: Vec<u32>,
    /// The row at each place.
    rows: Vec<u32>,
    /// Sizes of the groups of columns: nonlinear in both, in rows, in the objective; then linear continuous, binary and
    /// integer ones.
    groups: [usize; 6],
    /// How many of each of the first three are integer.
    integers: [usize; 3],
}

impl Order {
    /// The order that the format wants; within its groups nothing moves.
    pub fn of(problem: &Problem) -> Self {
        let p = problem;
        let n = p.num_columns();
        let (mut in_rows, mut in_objective) = (vec![false; n], vec![false; n]);
        let mut quadratic = vec![false; p.num_rows()];
        for row in p.quadratic_rows() {
            quadratic[row.row as usize] = true;
            for product in &row.products {
                in_rows[product.first as usize] = true;
                in_rows[product.second as usize] = true;
            }
        }
        for product in p.quadratic_objective() {
            in_objective[product.first as usize] = true;
            in_objective[product.second as usize] = true;
        }
        let group = |j: usize| match (in_rows[j], in_objective[j]) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            _ if !p.kind(j).is_integer() => 3,
            _ if (p.lower()[j], p.upper()[j]) == (0.0, 1.0) => 4,
            _ => 5,
        };
        let mut columns: Vec<u32> = (0..n as u32).collect();
        columns.sort_by_key(|&j| (group(j as usize), p.kind(j as usize).is_integer()));
        let mut groups = [0; 6];
        let mut integers = [0; 3];
        for j in 0..n {
            let g = group(j);
            groups[g] += 1;
            if g < 3 && p.kind(j).is_integer() {
                integers[g] += 1;
            }
        }
        let mut rows: Vec<u32> = (0..p.num_rows() as u32).collect();
        rows.sort_by_key(|&i| !quadratic[i as usize]);
        Self { columns, rows, groups, integers }
    }

    /// Whether columns or rows come in another order than the problem's.
    pub fn moves(&self) -> bool {
        !self.columns.is_sorted() || !self.rows.is_sorted()
    }

    /// The `.col` file: a column's name a line.
    ///
    /// # Errors
    /// Those of the target.
    pub fn write_column_names<W: Write>(&self, problem: &Problem, out: &mut W) -> io::Result<()> {
        self.columns.iter().try_for_each(|&j| writeln!(out, "{}", problem.column_names().get(j as usize)))
    }

    /// The `.row` file: a row's name a line, then the objective's.
    ///
    /// # Errors
    /// Those of the target.
    pub fn write_row_names<W: Write>(&self, problem: &Problem, out: &mut W) -> io::Result<()> {
        self.rows.iter().try_for_each(|&i| writeln!(out, "{}", problem.row_names().get(i as usize)))?;
        writeln!(out, "{}", problem.objective_name().unwrap_or("objective"))
    }
}

/// Writes the problem. Names are not part of the file, so they are told as lost where there are any: [`Order`] writes them
/// beside it.
///
/// # Errors
/// Those of the target; `nl-semicontinuous`, `nl-indicators`, and `nl-sets` for a column in two special ordered sets.
///
/// ```
/// use farkas_modeling::formats::{json, nl};
/// let text = br#"{"objective": "x^2 - 2 x + 1", "variables": {"x": {}}, "constraints": ["1 <= x <= 3"]}"#;
/// let problem = json::read(text)?.value;
/// let mut out = Vec::new();
/// let lost = nl::write(&problem, &mut out)?;
/// assert_eq!(lost[0].code, "nl-names");
/// let again = nl::read_model(&out, &nl::Settings { column_names: Some(b"x\n"), ..nl::Settings::default() })?;
/// assert_eq!(again.value.problem, problem);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write<W: Write>(problem: &Problem, out: &mut W) -> Result<Vec<Warning>, WriteError> {
    let sets = sets(problem)?;
    let order = Order::of(problem);
    let mut warnings = Vec::new();
    let mut warn = |code, detail: &str| warnings.push(Warning { code, line: None, detail: detail.to_owned() });
    if problem.column_names().are_given() || problem.row_names().are_given() || problem.objective_name().is_some() {
        warn("nl-names", "names are not part of the file; they stand in .col and .row files beside it");
    }
    if order.moves() {
        warn("nl-order", "rows and columns come in another order: nonlinear ones first, then by kind");
    }
    if problem.sets().iter().any(|set| !set.name.is_empty()) {
        warn("nl-set-names", "names of special ordered sets are left out");
    }
    if problem.sets().iter().any(|set| set.members.is_empty()) {
        warn("nl-empty-sets", "special ordered sets without members are left out");
    }
    let mut places = vec![0; problem.num_columns()];
    for (place, &j) in order.columns.iter().enumerate() {
        places[j as usize] = place as u32;
    }
    let mut writer = Writer { p: problem, order: &order, places, out };
    writer.header()?;
    writer.suffixes(&sets)?;
    writer.bodies()?;
    writer.bounds()?;
    writer.matrix()?;
    Ok(warnings)
}

/// Set number (negative for order 2) and weight by column; an error for what the format has no words for.
fn sets(p: &Problem) -> Result<Vec<(u32, i64, f64)>, WriteError> {
    let refuse = |code, finding: &str, remedy: &'static str| WriteError::cannot_hold("NL", code, finding, remedy);
    if p.num_semis() > 0 {
        return Err(refuse("nl-semicontinuous", "semicontinuous columns", "write them with binary ones"));
    }
    if !p.indicators().is_empty() {
        return Err(refuse("nl-indicators", "rows that are switched by a column", "write them with a big-M"));
    }
    let mut members = Vec::new();
    for (k, set) in p.sets().iter().enumerate() {
        let number = (k as i64 + 1) * if set.order == 1 { 1 } else { -1 };
        members.extend(set.members.iter().map(|&(column, weight)| (column, number, weight)));
    }
    members.sort_by_key(|m| m.0);
    if members.windows(2).any(|w| w[0].0 == w[1].0) {
        return Err(refuse(
            "nl-sets",
            "a column in two special ordered sets",
            "give the second set a copy of the column",
        ));
    }
    Ok(members)
}

struct Writer<'a, 'o, W> {
    p: &'a Problem,
    order: &'a Order,
    /// Where each column is written.
    places: Vec<u32>,
    out: &'o mut W,
}

impl<W: Write> Writer<'_, '_, W> {
    fn number(&mut self, before: &str, value: f64) -> io::Result<()> {
        self.out.write_all(before.as_bytes())?;
        let mut digits = Digits::default();
        self.out.write_all(digits.of(value))
    }

    fn header(&mut self) -> io::Result<()> {
        let p = self.p;
        let [both, rows, objective, _, binaries, integers] = self.order.groups;
        let in_rows = both + rows;
        let in_objective = if objective > 0 { in_rows + objective } else { both };
        let sides = || p.row_lower().iter().zip(p.row_upper());
        let equations = sides().filter(|(l, u)| l == u).count();
        let ranges = sides().filter(|(l, u)| l.is_finite() && u.is_finite() && l != u).count();
        let (n, m) = (p.num_columns(), p.num_rows());
        let jacobian: usize = (0..m).map(|i| self.row_terms(i).len()).sum();
        let gradient = self.gradient().len();
        let quadratic = (p.quadratic_rows().len(), usize::from(!p.quadratic_objective().is_empty()));
        let [i_both, i_rows, i_objective] = self.order.integers;
        let title = p.name().lines().next().unwrap_or_default();
        write!(
            self.out,
            "g3 1 1 0\t# problem {title}\n \
             {n} {m} 1 {ranges} {equations}\t# variables, constraints, objectives, ranges, equations\n \
             {} {}\t# nonlinear constraints, objectives\n \
             0 0\t# network constraints: nonlinear, linear\n \
             {in_rows} {in_objective} {both}\t# nonlinear variables in constraints, objectives, both\n \
             0 0 0 1\t# linear network variables; functions; arithmetic, flags\n \
             {binaries} {integers} {i_both} {i_rows} {i_objective}\t# discrete variables: binary, integer, nonlinear\n \
             {jacobian} {gradient}\t# nonzeros in constraints, objectives\n \
             0 0\t# longest names: constraints, variables\n \
             0 0 0 0 0\t# common expressions\n",
            quadratic.0, quadratic.1
        )
    }

    fn suffixes(&mut self, members: &[(u32, i64, f64)]) -> io::Result<()> {
        if members.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "S0 {} sosno", members.len())?;
        for &(column, number, _) in members {
            writeln!(self.out, "{} {number}", self.places[column as usize])?;
        }
        writeln!(self.out, "S4 {} ref", members.len())?;
        for &(column, _, weight) in members {
            write!(self.out, "{}", self.places[column as usize])?;
            self.number(" ", weight)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn bodies(&mut self) -> io::Result<()> {
        let p = self.p;
        for (place, &i) in self.order.rows.iter().enumerate() {
            writeln!(self.out, "C{place}")?;
            // Quadratic rows come first, in the problem's order.
            let products = p.quadratic_rows().get(place).map_or(&[][..], |row| &row.products);
            debug_assert!(products.is_empty() || p.quadratic_rows()[place].row == i);
            self.expression(products, 0.0)?;
        }
        writeln!(self.out, "O0 {}", u8::from(p.sense() == Sense::Maximize))?;
        self.expression(p.quadratic_objective(), p.offset())
    }

    fn expression(&mut self, products: &[Product], constant: f64) -> io::Result<()> {
        let terms = products.len() + usize::from(constant != 0.0);
        match terms {
            0 => return writeln!(self.out, "n0"),
            1 => {}
            2 => writeln!(self.out, "o0")?,
            _ => writeln!(self.out, "o54\n{terms}")?,
        }
        for product in products {
            if product.value != 1.0 {
                self.out.write_all(b"o2\n")?;
                self.number("n", product.value)?;
                writeln!(self.out)?;
            }
            let (first, second) = (self.places[product.first as usize], self.places[product.second as usize]);
            if first == second {
                writeln!(self.out, "o5\nv{first}\nn2")?;
            } else {
                writeln!(self.out, "o2\nv{first}\nv{second}")?;
            }
        }
        if constant != 0.0 {
            self.number("n", constant)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn bounds(&mut self) -> io::Result<()> {
        let p = self.p;
        self.out.write_all(b"r\n")?;
        for &i in &self.order.rows {
            self.pair(p.row_lower()[i as usize], p.row_upper()[i as usize])?;
        }
        self.out.write_all(b"b\n")?;
        for &j in &self.order.columns {
            self.pair(p.lower()[j as usize], p.upper()[j as usize])?;
        }
        Ok(())
    }

    fn pair(&mut self, lower: f64, upper: f64) -> io::Result<()> {
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower == upper => self.number("4 ", lower)?,
            (true, true) => {
                self.number("0 ", lower)?;
                self.number(" ", upper)?;
            }
            (false, true) => self.number("1 ", upper)?,
            (true, false) => self.number("2 ", lower)?,
            (false, false) => self.out.write_all(b"3")?,
        }
        writeln!(self.out)
    }

    /// The columns of a row with their places: those of its products too, with a coefficient 0 where they have no other.
    fn row_terms(&self, i: usize) -> Vec<(u32, f64)> {
        let p = self.p;
        let (columns, values) = p.by_rows().row(i);
        let found = p.quadratic_rows().binary_search_by_key(&(i as u32), |row| row.row);
        let products = found.map_or(&[][..], |k| &p.quadratic_rows()[k].products);
        self.terms(columns.iter().copied().zip(values.iter().copied()), products)
    }

    fn gradient(&self) -> Vec<(u32, f64)> {
        let costs = self.p.cost().iter().enumerate().filter(|(_, c)| **c != 0.0);
        self.terms(costs.map(|(j, &c)| (j as u32, c)), self.p.quadratic_objective())
    }

    fn terms(&self, linear: impl Iterator<Item = (u32, f64)>, products: &[Product]) -> Vec<(u32, f64)> {
        let mut terms: Vec<(u32, f64)> = linear.map(|(j, v)| (self.places[j as usize], v)).collect();
        let nonlinear = products.iter().flat_map(|q| [q.first, q.second]);
        terms.extend(nonlinear.map(|j| (self.places[j as usize], 0.0)));
        terms.sort_by_key(|t| t.0);
        // Of a column's terms the first is the linear one: the sort is stable.
        terms.dedup_by_key(|t| t.0);
        terms
    }

    fn matrix(&mut self) -> io::Result<()> {
        let n = self.p.num_columns();
        let rows: Vec<usize> = self.order.rows.iter().map(|&i| i as usize).collect();
        if n > 0 {
            let mut lengths = vec![0_usize; n];
            for &i in &rows {
                self.row_terms(i).iter().for_each(|t| lengths[t.0 as usize] += 1);
            }
            writeln!(self.out, "k{}", n - 1)?;
            let mut sum = 0;
            for length in &lengths[..n - 1] {
                sum += length;
                writeln!(self.out, "{sum}")?;
            }
        }
        for (place, &i) in rows.iter().enumerate() {
            let terms = self.row_terms(i);
            self.linear('J', place, &terms)?;
        }
        let terms = self.gradient();
        self.linear('G', 0, &terms)
    }

    fn linear(&mut self, segment: char, place: usize, terms: &[(u32, f64)]) -> io::Result<()> {
        if terms.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{segment}{place} {}", terms.len())?;
        for &(column, value) in terms {
            write!(self.out, "{column}")?;
            self.number(" ", value)?;
            writeln!(self.out)?;
        }
        Ok(())
    }
}
