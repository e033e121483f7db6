//! What MIPCL prints, line by line: its table of the search gives objectives and bounds as they come, its last lines how it
//! ended. Numbers are those of the minimisation that it was given, without the constant.

/// One line, understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Line {
    /// Preprocessing begins.
    Preprocessing,
    /// The root's linear programs begin.
    Optimizing,
    /// Iterations of the simplex method so far.
    Iterations(u64),
    /// A row of the search's table; infinite where there is nothing yet.
    Search { nodes: u64, solutions: u64, objective: f64, bound: f64, gap_percent: f64 },
    /// The head of the report at the end.
    Version,
    /// How many nodes it took.
    Nodes(u64),
    /// The objective at the end, and whether it says that it is proven.
    Objective { proven: bool },
    /// The bound at the end.
    Bound(f64),
    /// There is no point.
    Infeasible,
    /// `-time` ended it.
    TimeLimit,
}

/// What a line says, if anything.
pub(super) fn understand(line: &str) -> Option<Line> {
    let text = line.trim();
    let field =
        |rest: &str| rest.split_whitespace().next().and_then(|t| t.parse::<f64>().ok()).filter(|v| v.is_finite());
    if text.starts_with("Start preprocessing") {
        return Some(Line::Preprocessing);
    }
    if text.starts_with("Optimizing") {
        return Some(Line::Optimizing);
    }
    if text.starts_with("MIPCL version") {
        return Some(Line::Version);
    }
    if text.starts_with("Time limit reached") {
        return Some(Line::TimeLimit);
    }
    if text.starts_with("This problem is infeasible") {
        return Some(Line::Infeasible);
    }
    if let Some(rest) = text.strip_prefix("Branch-and-Cut nodes:") {
        return rest.trim().parse().ok().map(Line::Nodes);
    }
    if text.starts_with("Objective value:") {
        return Some(Line::Objective { proven: text.ends_with("optimality proven") });
    }
    if let Some(rest) = text.strip_prefix("lower-bound:") {
        return field(rest).map(Line::Bound);
    }
    row(text)
}

/// `Time Nodes Leaves Sols Best LowerBound Gap%`, or `Time Its Deg.Its Method Obj`. The first has objectives with decimals (or
/// `inf`), by which it differs from the table of probing, which has seven whole numbers.
fn row(text: &str) -> Option<Line> {
    let fields: Vec<&str> = text.split_whitespace().take(8).collect();
    let decimal = |at: usize| {
        let field = fields.get(at).filter(|field| field.contains('.') || field.contains("inf"))?;
        field.parse::<f64>().ok().filter(|v| !v.is_nan())
    };
    let whole = |at: usize| fields.get(at)?.parse::<u64>().ok();
    decimal(0)?;
    match fields.len() {
        5 => {
            (fields[3].contains('/') && decimal(4).is_some()).then_some(())?;
            whole(1).map(Line::Iterations)
        }
        7 => Some(Line::Search {
            nodes: whole(1)?,
            solutions: whole(3)?,
            objective: decimal(4)?,
            bound: decimal(5)?,
            gap_percent: decimal(6)?,
        }),
        _ => None,
    }
}

/// Half of the last digit that it prints: a bound is no better than this.
pub(super) const ROUNDING: f64 = 5e-5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_real_logs() {
        let search = |nodes, solutions, objective, bound, gap_percent| {
            Some(Line::Search { nodes, solutions, objective, bound, gap_percent })
        };
        for (line, says) in [
            ("Reading data...", None),
            ("Start preprocessing: Rows - 10, Cols - 100 (Int - 100), NZs - 1000", Some(Line::Preprocessing)),
            ("     Time  Round  Probed vars  Fixed vars  Mod. entries  New var bds  Implications", None),
            ("    0.000      1          100           0             2            0             3", None),
            ("Optimizing...", Some(Line::Optimizing)),
            ("     0.001        120          0      D/S             -43781.2263", Some(Line::Iterations(120))),
            ("     0.002             -43781.2263         10       10", None),
            ("        knapsack          25       10", None),
            ("       Time     Nodes    Leaves   Sols       Best Solution         Lower Bound     Gap%", None),
            (
                "     0.017         1         1      2         -43285.0000         -43774.3465     1.13",
                search(1, 2, -43285.0, -43774.3465, 1.13),
            ),
            (
                "     0.422       500        57      0                 inf             -0.0000      inf",
                search(500, 0, f64::INFINITY, 0.0, f64::INFINITY),
            ),
            ("MIPCL version 1.4.0", Some(Line::Version)),
            ("Branch-and-Cut nodes: 17196", Some(Line::Nodes(17196))),
            ("Objective value: -23.0000 - optimality proven", Some(Line::Objective { proven: true })),
            ("Objective value: -43467.0000 - optimality not proven", Some(Line::Objective { proven: false })),
            ("     lower-bound: -43595.1461 , gap = 0.2948", Some(Line::Bound(-43595.1461))),
            ("Time limit reached", Some(Line::TimeLimit)),
            ("This problem is infeasible", Some(Line::Infeasible)),
            ("", None),
            ("nan nan nan nan nan nan nan", None),
        ] {
            assert_eq!(understand(line), says, "{line}");
        }
    }
}
