//! A model's problem while it changes: handles, names, tombstones, and what is told when a change is wrong.

use farkas_modeling::model::prelude::*;
use farkas_modeling::model::{ChangeError, Changing};
use farkas_modeling::{ColumnKind, Sense};

fn transport() -> (Model, Family<impl farkas_modeling::model::index::IndexSet>, Row, Row) {
    let mut m = Model::new("transport");
    let x = m.nonnegative("x").upper(9).over(0..3);
    m.minimize(x[0] + 2 * x[1] + 3 * x[2]);
    let need = m.row("need", (x[0] + x[1] + x[2]).ge(4));
    let range = m.row("range", (x[0] - x[1] + 1).between(0, 5));
    (m, x, need, range)
}

fn code<T: std::fmt::Debug>(result: Result<T, ChangeError>) -> (&'static str, String) {
    let error = result.expect_err("a mistake");
    (error.code(), error.to_string())
}

#[test]
fn changes_by_handle_and_by_name_are_made_together() {
    let (m, x, need, range) = transport();
    let mut c = Changing::new(&m).unwrap();
    let vars: Vec<Var> = x.members().to_vec();
    c.upper(vars[0], 1).unwrap();
    c.lower("x[1]", -1).unwrap();
    c.cost(&String::from("x[2]"), 0.5).unwrap();
    c.kind(vars[1], ColumnKind::Integer).unwrap();
    c.rhs(need, 7).unwrap();
    c.sides("range", -2, 2).unwrap();
    c.coefficient(need, vars[1], 4).unwrap();
    let extra = c.column(Column::integer("extra").bounds(0, 3).cost(9).entry(need, 2).entry("range", 1)).unwrap();
    c.upper("extra", 2).unwrap();
    let cap = c.row("cap", (vars[0] + 2 * extra).le(vars[2] + 8)).unwrap();
    c.rhs(cap, 6).unwrap();
    assert_eq!(c.problem().num_columns(), 3, "nothing is made before the commit");
    let revision = c.commit().unwrap().expect("changes");
    let p = revision.problem();
    assert_eq!((p.num_rows(), p.num_columns(), c.number()), (3, 4, 1));
    assert_eq!((p.lower(), p.upper()), (&[0.0, -1.0, 0.0, 0.0][..], &[1.0, 9.0, 9.0, 2.0][..]));
    assert_eq!(p.cost(), [1.0, 2.0, 0.5, 9.0]);
    assert_eq!((p.row_lower(), p.row_upper()), (&[7.0, -2.0, f64::NEG_INFINITY][..], &[f64::INFINITY, 2.0, 6.0][..]));
    assert_eq!(p.by_rows().row(2), (&[0, 2, 3][..], &[1.0, -1.0, 2.0][..]));
    assert_eq!(p.column_names().get(3), "extra");
    assert!(c.commit().unwrap().is_none());
    let _ = range;
}

#[test]
fn handles_survive_what_is_removed() {
    let (m, x, need, range) = transport();
    let vars: Vec<Var> = x.members().to_vec();
    let mut c = Changing::new(&m).unwrap();
    c.remove_variable(vars[0]).unwrap();
    c.remove_row(need).unwrap();
    assert_eq!(
        code(c.upper(vars[0], 1)),
        ("change-removed", "variable 'x[0]' of model 'transport' was removed".into())
    );
    assert_eq!(code(c.upper("x[0]", 1)).0, "change-removed");
    c.commit().unwrap();
    c.upper(vars[2], 5).unwrap(); // stands at 1 now
    c.rhs("range", 1).unwrap_err();
    c.sides(range, 0, 1).unwrap();
    let late = c.column(Column::nonnegative("late").entry(range, 1)).unwrap();
    assert_eq!(code(c.upper("x[0]", 1)).0, "change-unknown");
    let p = c.commit().unwrap().expect("changes").problem().clone();
    assert_eq!(p.column_names().iter().collect::<Vec<_>>(), ["x[1]", "x[2]", "late"]);
    assert_eq!(p.upper(), [9.0, 5.0, f64::INFINITY]);
    c.remove_variable("x[1]").unwrap();
    c.remove_variable(late).unwrap();
    let p = c.commit().unwrap().expect("changes").problem().clone();
    assert_eq!((p.num_columns(), p.num_nonzeros()), (1, 0));
    assert_eq!(code(c.cost(late, 1)).0, "change-removed");
    c.cost(vars[2], 8).unwrap();
    assert_eq!(c.commit().unwrap().unwrap().problem().cost(), [8.0]);
}

#[test]
fn mistakes_are_told_and_change_nothing() {
    let (m, x, need, range) = transport();
    let vars: Vec<Var> = x.members().to_vec();
    let mut other = Model::new("other");
    let stranger = other.nonnegative("y").one();
    let their_row = other.row("r", stranger.le(1));
    let mut c = Changing::new(&m).unwrap();
    assert_eq!(
        code(c.upper(stranger, 1)),
        ("change-foreign", "variable 'y' of model 'other' is not in the opened model transport".into())
    );
    assert_eq!(code(c.rhs(their_row, 1)).0, "change-foreign");
    assert_eq!(code(c.lower("z", 1)), ("change-unknown", "there is no variable 'z'".into()));
    assert_eq!(code(c.rhs("z", 1)), ("change-unknown", "there is no row 'z'".into()));
    assert_eq!(code(c.upper(vars[1], f64::NAN)), ("change-number", "the upper bound of 'x[1]' cannot be NaN".into()));
    assert_eq!(code(c.cost(vars[1], f64::INFINITY)).1, "the cost of 'x[1]' cannot be inf");
    assert_eq!(code(c.coefficient(need, "x[2]", f64::NAN)).1, "the coefficient of 'x[2]' in 'need' cannot be NaN");
    assert_eq!(
        code(c.rhs(range, 1)),
        ("change-right-hand-side", "row 'range' has two sides; set its sides with `sides`".into())
    );
    assert_eq!(code(c.row("nan", (f64::NAN * vars[0]).le(1))).1, "the coefficient of 'x[0]' cannot be NaN");
    assert!(c.pending().is_empty());
}

#[test]
fn another_objective() {
    let (m, x, ..) = transport();
    let vars: Vec<Var> = x.members().to_vec();
    let mut c = Changing::new(&m).unwrap();
    c.cost(vars[2], 100).unwrap();
    c.objective(Sense::Maximize, 2 * vars[1] + vars[1] + 5).unwrap();
    let p = c.commit().unwrap().expect("changes").problem().clone();
    assert_eq!((p.cost(), p.offset(), p.sense()), (&[0.0, 3.0, 0.0][..], 5.0, Sense::Maximize));
}

#[test]
fn families_of_rows_are_named_by_their_keys() {
    let (m, x, ..) = transport();
    let vars: Vec<Var> = x.members().to_vec();
    let days = ["mon", "tue"];
    let mut c = Changing::new(&m).unwrap();
    let cap = c.rows("cap", &days, |day| vars[0].le(day.len())).unwrap();
    c.rhs(cap[&days[1]], 8).unwrap();
    let p = c.commit().unwrap().expect("changes").problem().clone();
    assert_eq!(p.row_names().iter().skip(2).collect::<Vec<_>>(), ["cap[mon]", "cap[tue]"]);
    assert_eq!(p.row_upper()[2..], [3.0, 8.0]);
}
