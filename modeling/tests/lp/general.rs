//! General constraints as rows: at every point of a grid, the rows can be satisfied exactly where the constraint holds.

use farkas_modeling::Problem;
use farkas_modeling::formats::lp;

/// Whether the other columns can be chosen so that everything holds, the first `given` being fixed: tried by walking
/// through the binaries and the pieces, the rest being determined by them.
struct Search<'a> {
    problem: &'a Problem,
    values: Vec<f64>,
}

impl Search<'_> {
    /// Columns from `next` on are tried at the values that can matter for these little constraints.
    fn holds(&mut self, next: usize) -> bool {
        if next == self.values.len() {
            return self.feasible();
        }
        let p = self.problem;
        let candidates: Vec<f64> = if p.kind(next).is_integer() {
            vec![0.0, 1.0]
        } else {
            // Weights and rays: multiples of a quarter up to 4 hold every grid point used below.
            (0..=16).map(|k| f64::from(k) / 4.0).filter(|v| *v <= p.upper()[next]).collect()
        };
        candidates.into_iter().any(|value| {
            self.values[next] = value;
            self.holds(next + 1)
        })
    }

    fn feasible(&self) -> bool {
        let (p, x) = (self.problem, &self.values);
        let switched_off =
            |i: usize| p.indicators().iter().any(|k| k.row as usize == i && (x[k.column as usize] == 1.0) != k.active);
        let by_rows = p.by_rows();
        let rows = (0..p.num_rows()).all(|i| {
            let (columns, values) = by_rows.row(i);
            let sum: f64 = columns.iter().zip(values).map(|(&j, v)| v * x[j as usize]).sum();
            switched_off(i) || (p.row_lower()[i] <= sum && sum <= p.row_upper()[i])
        });
        let bounds = (0..x.len()).all(|j| p.lower()[j] <= x[j] && x[j] <= p.upper()[j]);
        rows && bounds
            && p.sets().iter().all(|set| {
                let nonzero: Vec<usize> =
                    set.members.iter().enumerate().filter(|(_, m)| x[m.0 as usize] != 0.0).map(|(at, _)| at).collect();
                let span = nonzero.last().map_or(0, |last| last - nonzero[0]);
                span < usize::from(set.order)
            })
    }
}

/// The variables of the file's objective stand first; the constraint as text, and as a function of them.
type Case = (&'static str, &'static str, fn(&[f64]) -> bool);

const CASES: &[Case] = &[
    ("r = MAX ( x , y )", "-2 <= x <= 3\n -1 <= y <= 2\n r free", |v| v[0] == v[1].max(v[2])),
    ("r = MAX(x, y, 1)", "x free\n -1 <= y <= 2\n r free", |v| v[0] == v[1].max(v[2]).max(1.0)),
    ("r = MIN(x,y)", "-2 <= x <= 3\n -1 <= y <= 2\n r free", |v| v[0] == v[1].min(v[2])),
    ("r = MIN(x, y, -1)", "x free\n y free\n r free", |v| v[0] == v[1].min(v[2]).min(-1.0)),
    ("r = MAX(x)", "x free\n y free\n r free", |v| v[0] == v[1]),
    ("r = ABS(x)", "-2 <= x <= 3\n y free\n r free", |v| v[0] == v[1].abs()),
    ("r = ABS(x)", "x free\n y free\n r free", |v| v[0] == v[1].abs()),
    ("r = ABS(x)", "x <= 0\n x >= -3\n y free\n r free", |v| v[0] == -v[1] && v[1] <= 0.0),
    ("r = ABS(x)", "y free\n r free", |v| v[0] == v[1] && v[1] >= 0.0),
    ("r = AND(x, y)", "", |v| v[0] == f64::from(u8::from(v[1] + v[2] == 2.0))),
    ("r = OR(x, y)", "", |v| v[0] == f64::from(u8::from(v[1] + v[2] > 0.0))),
    ("r = PWL(x): (-1, 1) (0, 0) (1, 2)", "x free\n y free\n r free", |v| {
        v[0] == if v[1] < 0.0 { -v[1] } else { 2.0 * v[1] }
    }),
    ("r = PWL(x): (-2, 1) (0, 0) (0, 1) (1, 1)", "-2 <= x <= 1\n y free\n r free", |v| match v[1] {
        x if !(-2.0..=1.0).contains(&x) => false,
        x if x < 0.0 => v[0] == -x / 2.0,
        0.0 => (0.0..=1.0).contains(&v[0]),
        _ => v[0] == 1.0,
    }),
    ("x = 1 -> r + y >= 2", "r free\n y free", |v| v[1] != 1.0 || v[0] + v[2] >= 2.0),
];

#[test]
fn hold_where_their_rows_do() {
    for (constraint, bounds, meant) in CASES {
        let logic = bounds.is_empty();
        let binaries = if logic {
            "r x y"
        } else if constraint.contains("->") {
            "x"
        } else {
            ""
        };
        let text = format!(
            "min r + x + y\nst\nbounds\n {bounds}\nbinaries\n {binaries}\ngeneral constraints\n c: {constraint}\nend"
        );
        let problem = lp::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}")).value;
        let inside = |j: usize, v: f64| {
            problem.lower()[j] <= v && v <= problem.upper()[j] && (!problem.kind(j).is_integer() || v.fract() == 0.0)
        };
        let grid: Vec<f64> = (-4..=6).map(|k| f64::from(k) / 2.0).collect();
        let (mut held, mut broken) = (0, 0);
        for &r in &grid {
            for &x in &grid {
                for &y in &grid[..if constraint.contains('y') { grid.len() } else { 1 }] {
                    let mut values = vec![0.0; problem.num_columns()];
                    values[..3].copy_from_slice(&[r, x, y]);
                    let expected = meant(&[r, x, y]) && (0..3).all(|j| inside(j, values[j]));
                    let found = (0..3).all(|j| inside(j, values[j])) && Search { problem: &problem, values }.holds(3);
                    assert_eq!(found, expected, "{constraint} at r = {r}, x = {x}, y = {y}\n{text}");
                    if expected { held += 1 } else { broken += 1 }
                }
            }
        }
        assert!(held > 1 && broken > 1, "{constraint}: {held} held, {broken} broken");
    }
}

#[test]
fn piecewise_objectives() {
    // Convex and minimised: rows alone.
    let text = "min st\n x >= 0\nbounds\n x <= 4\npwlobj\n x: (0, 0) (1, 1) (2, 3)\nend";
    let p = lp::read(text.as_bytes()).expect("it reads").value;
    assert_eq!((p.num_columns(), p.num_rows(), p.sets().len()), (2, 3, 0));
    assert_eq!((p.cost(), p.lower()[1]), (&[0.0, 1.0][..], f64::NEG_INFINITY));
    // The other way round it takes a set.
    let p = lp::read(text.replace("min", "max").as_bytes()).expect("it reads").value;
    assert_eq!((p.sets().len(), p.sets()[0].order), (1, 2));
}

#[test]
fn many_operands_without_blanks() {
    let operands: Vec<String> = (0..20_000).map(|k| format!("a{k}")).collect();
    let text = format!("min x st\ngencons\n r=max({},a0)\nend", operands.join(","));
    let p = lp::read(text.as_bytes()).expect("it reads").value;
    assert_eq!((p.num_columns(), p.num_rows()), (2 + 2 * 20_000, 1 + 2 * 20_000));
}

#[test]
fn names_stay_distinct_and_short() {
    let label = "l".repeat(5000);
    let text = format!(
        "min x + gc1_is1 st\n gc1_one: x >= 0\nbounds\n x <= 1\ngencons\n r = max(x, gc1_is1)\n {label}: s = max(x, r)\nend"
    );
    let p = lp::read(text.as_bytes()).expect("it reads").value;
    assert!(p.column_names().find("gc1_is1_").is_some() && p.row_names().find("gc1_one_").is_some());
    assert!(p.row_names().iter().all(|name| name.len() < 100));
}
