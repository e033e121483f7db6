//! Statistics as people read them: aligned text, without colours.

use std::fmt;

use super::{Range, Sizes, Spread, Statistics};

impl fmt::Display for Statistics {
    /// Sizes, kinds of rows, ranges, findings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            writeln!(f, "{}", self.name)?;
        }
        sizes(f, &self.sizes)?;
        if !self.rows.is_empty() {
            writeln!(f, "\nRows by kind")?;
            for (class, count) in &self.rows {
                writeln!(f, "  {count:>10}  {class:<18}  {}", class.words().1)?;
            }
        }
        self.ranges(f)?;
        if self.findings.is_empty() {
            writeln!(f, "\nNothing stands out.")?;
        } else {
            writeln!(f, "\nFindings")?;
        }
        for finding in &self.findings {
            writeln!(f, "  {:>10}  {}  ({}, {})", finding.count, finding.what, finding.severity, finding.code)?;
            for example in &finding.examples {
                writeln!(f, "              {example}")?;
            }
            if finding.count > finding.examples.len() {
                writeln!(f, "              … and {} more", finding.count - finding.examples.len())?;
            }
            writeln!(f, "              → {}", finding.remedy)?;
        }
        Ok(())
    }
}

impl Statistics {
    fn ranges(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.ranges;
        let all = [
            ("coefficients", &r.coefficients),
            ("costs", &r.costs),
            ("sides", &r.sides),
            ("bounds", &r.bounds),
            ("objective's products", &r.objective_products),
            ("rows' products", &r.row_products),
        ];
        if all.iter().any(|(_, range)| range.is_some()) {
            writeln!(f, "\nRanges of absolute values")?;
        }
        for (what, range) in all {
            if let Some(Range { least, least_at, most, most_at }) = range {
                writeln!(f, "  {what:<20}  {} ({least_at})  to  {} ({most_at})", number(*least), number(*most))?;
            }
        }
        for (what, worst) in [("widest row", &r.worst_row), ("widest column", &r.worst_column)] {
            if let Some(worst) = worst.as_ref().filter(|worst| worst.ratio > 1.0) {
                writeln!(f, "  {what:<20}  {} (largest / smallest {})", worst.name, number(worst.ratio))?;
            }
        }
        Ok(())
    }
}

fn sizes(f: &mut fmt::Formatter<'_>, s: &Sizes) -> fmt::Result {
    let list = |parts: &[(usize, &str)]| {
        let there: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if there.is_empty() { String::new() } else { format!("  ({})", there.join(", ")) }
    };
    let columns = list(&[
        (s.binaries, "binary"),
        (s.integers, "integer"),
        (s.continuous, "continuous"),
        (s.semicontinuous, "semicontinuous"),
        (s.semi_integer, "semi-integer"),
        (s.fixed, "of all fixed"),
        (s.free, "of all free"),
    ]);
    let rows =
        list(&[(s.equalities, "equations"), (s.ranged_rows, "ranges"), (s.indicators, "switched by an indicator")]);
    writeln!(f, "  {:<14}{:>12}{columns}", "variables", s.columns)?;
    writeln!(f, "  {:<14}{:>12}{rows}", "rows", s.rows)?;
    writeln!(f, "  {:<14}{:>12}  (density {:.4} %)", "coefficients", s.nonzeros, 100.0 * s.density)?;
    if s.nonzeros > 0 {
        let spread = |of: Spread| format!("{} to {}, {:.1} on average", of.least, of.most, of.mean);
        writeln!(f, "  {:<16}{}", "a row has", spread(s.row_entries))?;
        writeln!(f, "  {:<16}{}", "a variable has", spread(s.column_entries))?;
    }
    writeln!(f, "  {:<14}{:>12}", "costs", s.costs)?;
    if s.sets > 0 {
        writeln!(f, "  {:<14}{:>12}", "ordered sets", s.sets)?;
    }
    if s.objective_products + s.row_products > 0 {
        let (objective, products, rows) = (s.objective_products, s.row_products, s.quadratic_rows);
        writeln!(
            f,
            "  {:<14}{:>12}  ({objective} in the objective, {products} in {rows} rows)",
            "products",
            objective + products
        )?;
    }
    Ok(())
}

/// Few digits, whatever the size.
fn number(v: f64) -> String {
    if v.fract() == 0.0 && v < 1e6 {
        format!("{v}")
    } else if (1e-3..1e6).contains(&v) {
        let text = format!("{v:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        format!("{v:.2e}")
    }
}
