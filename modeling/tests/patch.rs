//! Patches: against a plain table of the same problem, through JSON, with everything that is wrong with them at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use farkas_modeling::answer::{Basis, BasisStatus};
use farkas_modeling::formats::json;
use farkas_modeling::patch::{Change, Key, NewColumn, NewRow, Patch, Revision};
use farkas_modeling::problem::{Indicator, Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};
use proptest::prelude::*;

/// Cost, lower bound, upper bound and kind of a column.
type Column = (f64, f64, f64, ColumnKind);

/// A problem as a table, changed in the plainest way.
#[derive(Debug, Clone, Default)]
struct Table {
    sense: Sense,
    offset: f64,
    /// By identity: cost, lower, upper, kind.
    columns: BTreeMap<u32, Column>,
    /// By identity: lower, upper.
    rows: BTreeMap<u32, (f64, f64)>,
    entries: BTreeMap<(u32, u32), f64>,
}

impl Table {
    fn problem(&self) -> Problem {
        let row_place: BTreeMap<u32, u32> = self.rows.keys().copied().zip(0..).collect();
        let mut data = ProblemData {
            sense: self.sense,
            offset: self.offset,
            starts: vec![0],
            row_lower: self.rows.values().map(|r| r.0).collect(),
            row_upper: self.rows.values().map(|r| r.1).collect(),
            ..ProblemData::default()
        };
        for (&j, &(cost, lower, upper, kind)) in &self.columns {
            data.cost.push(cost);
            data.lower.push(lower);
            data.upper.push(upper);
            data.kinds.push(kind);
            for (&(_, i), &value) in self.entries.range((j, 0)..=(j, u32::MAX)) {
                if value != 0.0 {
                    data.indices.push(row_place[&i]);
                    data.values.push(value);
                }
            }
            data.starts.push(data.values.len() as u32);
        }
        Problem::new(data).expect("a table is a problem")
    }

    fn set(&mut self, row: u32, column: u32, value: f64) {
        if value == 0.0 {
            self.entries.remove(&(column, row));
        } else {
            self.entries.insert((column, row), value);
        }
    }

    /// What the patch is to do; removals last, as it says of itself.
    fn apply(&mut self, patch: &Patch) {
        let at = |key: &Key| if let Key::At(at) = key { *at } else { panic!("by position") };
        let (mut next_column, mut next_row) = (self.columns.len() as u32, self.rows.len() as u32);
        for change in &patch.changes {
            match change {
                Change::AddColumn(c) => {
                    self.columns.insert(next_column, (c.cost, c.lower, c.upper, c.kind));
                    for (row, value) in &c.entries {
                        *self.entries.entry((next_column, at(row))).or_default() += value;
                    }
                    next_column += 1;
                }
                Change::AddRow(r) => {
                    self.rows.insert(next_row, (r.lower, r.upper));
                    for (column, value) in &r.entries {
                        *self.entries.entry((at(column), next_row)).or_default() += value;
                    }
                    next_row += 1;
                }
                _ => {}
            }
        }
        for change in &patch.changes {
            let column = |table: &mut Self, key: &Key, f: &dyn Fn(&mut Column)| {
                f(table.columns.get_mut(&at(key)).expect("in range"));
            };
            match change {
                Change::Sense { sense } => self.sense = *sense,
                Change::Offset { value } => self.offset = *value,
                Change::Cost { column: j, value } => column(self, j, &|c| c.0 = *value),
                Change::Lower { column: j, value } => column(self, j, &|c| c.1 = *value),
                Change::Upper { column: j, value } => column(self, j, &|c| c.2 = *value),
                Change::Kind { column: j, kind } => column(self, j, &|c| c.3 = *kind),
                Change::RowLower { row, value } => self.rows.get_mut(&at(row)).expect("in range").0 = *value,
                Change::RowUpper { row, value } => self.rows.get_mut(&at(row)).expect("in range").1 = *value,
                Change::Coefficient { row, column, value } => self.set(at(row), at(column), *value),
                _ => {}
            }
        }
        for change in &patch.changes {
            match change {
                Change::RemoveColumn { column } => {
                    self.columns.remove(&at(column));
                    self.entries.retain(|(j, _), _| *j != at(column));
                }
                Change::RemoveRow { row } => {
                    self.rows.remove(&at(row));
                    self.entries.retain(|(_, i), _| *i != at(row));
                }
                _ => {}
            }
        }
    }
}

fn number() -> impl Strategy<Value = f64> {
    (-9..10_i8).prop_map(f64::from)
}

fn kind() -> impl Strategy<Value = ColumnKind> {
    prop_oneof![Just(ColumnKind::Continuous), Just(ColumnKind::Integer), Just(ColumnKind::SemiContinuous)]
}

fn table(n: u32, m: u32) -> impl Strategy<Value = Table> {
    let columns = prop::collection::vec((number(), number(), number(), kind()), n as usize);
    let rows = prop::collection::vec((number(), number()), m as usize);
    let entries = prop::collection::vec((0..n, 0..m.max(1), number()), 0..12);
    (columns, rows, entries).prop_map(move |(columns, rows, entries)| {
        let mut table =
            Table { columns: (0..).zip(columns).collect(), rows: (0..).zip(rows).collect(), ..Table::default() };
        entries.into_iter().filter(|_| m > 0).for_each(|(j, i, value)| table.set(i, j, value));
        table
    })
}

/// Changes of a problem of n columns and m rows to which the patch adds `new` of each.
fn change(n: u32, m: u32) -> impl Strategy<Value = Change> {
    let (column, row) = (0..n, 0..m);
    let column = column.prop_map(Key::At);
    let row = row.prop_map(Key::At);
    prop_oneof![
        Just(Change::Sense { sense: Sense::Maximize }),
        number().prop_map(|value| Change::Offset { value }),
        (column.clone(), number()).prop_map(|(column, value)| Change::Cost { column, value }),
        (column.clone(), number()).prop_map(|(column, value)| Change::Lower { column, value }),
        (column.clone(), number()).prop_map(|(column, value)| Change::Upper { column, value }),
        (column.clone(), kind()).prop_map(|(column, kind)| Change::Kind { column, kind }),
        (row.clone(), number()).prop_map(|(row, value)| Change::RowLower { row, value }),
        (row.clone(), number()).prop_map(|(row, value)| Change::RowUpper { row, value }),
        (row.clone(), column.clone(), number()).prop_map(|(row, column, value)| Change::Coefficient {
            row,
            column,
            value
        }),
        column.prop_map(|column| Change::RemoveColumn { column }),
        row.prop_map(|row| Change::RemoveRow { row }),
    ]
}

fn case() -> impl Strategy<Value = (Table, Patch)> {
    (1..5_u32, 1..5_u32, 0..3_u32, 0..3_u32).prop_flat_map(|(n, m, new_columns, new_rows)| {
        let (all_columns, all_rows) = (n + new_columns, m + new_rows);
        let entries = move |most: u32| prop::collection::vec((0..most, number()), 0..4);
        let keys = |list: Vec<(u32, f64)>| list.into_iter().map(|(at, value)| (Key::At(at), value)).collect();
        let column = (number(), number(), number(), kind(), entries(all_rows)).prop_map(
            move |(cost, lower, upper, kind, list)| {
                Change::AddColumn(NewColumn { name: None, kind, lower, upper, cost, entries: keys(list) })
            },
        );
        let row = (number(), number(), entries(all_columns)).prop_map(move |(lower, upper, list)| {
            Change::AddRow(NewRow { name: None, lower, upper, entries: keys(list) })
        });
        let added = (
            prop::collection::vec(column, new_columns as usize),
            prop::collection::vec(row, new_rows as usize),
            prop::collection::vec(change(all_columns, all_rows), 0..12),
        );
        let patch = added.prop_flat_map(|(columns, rows, changes)| {
            // Added ones are numbered in their order, wherever they stand among the rest.
            let rest: Vec<Change> = columns.into_iter().chain(rows).collect();
            Just(changes).prop_map(move |changes| Patch { changes: [rest.clone(), changes].concat() })
        });
        (table(n, m), patch)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The patched problem is the one that the changed table makes, zeros that added up in the matrix aside.
    #[test]
    fn patches_do_what_a_table_does((table, patch) in case()) {
        let before = table.problem();
        let after = patch.apply(&before).expect("a patch within range");
        let mut table = table;
        table.apply(&patch);
        let expected = table.problem();
        let dense = |p: &Problem| -> Vec<(usize, usize, u64)> {
            (0..p.num_columns())
                .flat_map(|j| p.column(j).iter().filter(|e| e.1 != 0.0).map(move |(i, v)| (j, i, v.to_bits())).collect::<Vec<_>>())
                .collect()
        };
        prop_assert_eq!(dense(&after), dense(&expected));
        prop_assert_eq!(after.cost(), expected.cost());
        prop_assert_eq!((after.lower(), after.upper()), (expected.lower(), expected.upper()));
        prop_assert_eq!((after.row_lower(), after.row_upper()), (expected.row_lower(), expected.row_upper()));
        prop_assert_eq!(after.kind_codes(), expected.kind_codes());
        prop_assert_eq!((after.sense(), after.offset()), (expected.sense(), expected.offset()));
        // The transpose is shared where the matrix is the same; it must be right either way.
        let _ = before.by_rows();
        let fresh = patch.apply(&before).expect("as before");
        prop_assert_eq!(fresh.by_rows(), after.by_rows());
        // By position it says the same.
        let revision = Revision::new(&Arc::new(before), &patch).expect("as before");
        let positional = revision.delta().by_position().apply(revision.base()).expect("as before");
        prop_assert!(positional == after, "{:?}", revision.delta());
        // Over a wire and back.
        let wire = serde_json::to_string(&patch).expect("a patch is JSON");
        prop_assert_eq!(serde_json::from_str::<Patch>(&wire).expect("and is read back"), patch);
    }
}

fn named() -> Problem {
    let text = br#"{"objective": "x + 2 y + 3 z", "variables": {"x": {}, "y": {"type": "binary"}, "z": {"upper": 9}},
        "constraints": {"a": "x + y >= 1", "b": "y + z <= 5", "c": "x - z = 0"}}"#;
    json::read(text).expect("a problem").value
}

#[test]
fn a_patch_is_readable_json() {
    let text = r#"{"changes": [
        {"change": "upper", "column": "x", "value": "inf"},
        {"change": "row_lower", "row": 0, "value": 2},
        {"change": "add_column", "name": "w", "kind": "integer", "upper": 3, "cost": 1, "entries": [["a", 1], ["b", -1]]},
        {"change": "add_row", "name": "d", "lower": 1, "entries": [["w", 1], ["x", 1]]},
        {"change": "remove_row", "row": "c"}]}"#;
    let patch: Patch = serde_json::from_str(text).unwrap();
    let after = patch.apply(&named()).unwrap();
    assert_eq!(after.column_names().iter().collect::<Vec<_>>(), ["x", "y", "z", "w"]);
    assert_eq!(after.row_names().iter().collect::<Vec<_>>(), ["a", "b", "d"]);
    assert_eq!(after.column(3).iter().collect::<Vec<_>>(), [(0, 1.0), (1, -1.0), (2, 1.0)]);
    assert_eq!((after.kind(3), after.upper()[3]), (ColumnKind::Integer, 3.0));
    for wrong in [
        r#"{"changes": [{"change": "uper", "column": "x", "value": 1}]}"#,
        r#"{"changes": [{"change": "upper", "column": "x", "value": "many"}]}"#,
        r#"{"changes": [{"change": "upper", "column": "x", "value": 1, "why": 2}]}"#,
        r#"{"changes": [{"change": "upper", "column": -1, "value": 1}]}"#,
    ] {
        assert!(serde_json::from_str::<Patch>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn names_stay_distinct_and_survive_many_patches() {
    let mut problem = named();
    for round in 0..5 {
        let mut patch = Patch::new();
        patch.add_row(NewRow { name: Some("cut".into()), ..NewRow::default() });
        patch.add_row(NewRow::default());
        if round == 3 {
            patch.remove_row("a").remove_row("cut~2");
        }
        problem = patch.apply(&problem).unwrap();
    }
    let names: Vec<_> = problem.row_names().iter().map(String::from).collect();
    assert_eq!(names, ["b", "c", "cut", "R5", "R7", "cut~3", "R9", "cut~4", "R11", "cut~5", "R13"]);
    assert_eq!(problem.row_names().find("cut~4"), Some(7));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let mut patch = Patch::new();
    patch.upper("w", 1.0).row_lower(7, 0.0).cost("y", f64::INFINITY).lower("x", f64::INFINITY);
    patch.add_row(NewRow { entries: vec![("v".into(), 1.0)], ..NewRow::default() });
    let told = patch.apply(&named()).unwrap_err();
    assert_eq!(
        told.to_string(),
        "5 defects in the problem
  change 1 of the patch: there is no variable 'w'
  change 2 of the patch: there is no constraint at position 7; there are 4
  change 5 of the patch: there is no variable 'v'
  variable 'y': its cost is infinite; it must be a finite number
  variable 'x': its lower bound is inf"
    );
    assert_eq!(told.code(), "problem-unknown-name");
}

#[test]
fn sets_indicators_and_products_follow() {
    let mut data = ProblemData {
        cost: vec![1.0; 4],
        lower: vec![0.0; 4],
        upper: vec![1.0; 4],
        kinds: vec![ColumnKind::Integer; 4],
        row_lower: vec![0.0; 3],
        row_upper: vec![1.0; 3],
        starts: vec![0, 1, 2, 3, 3],
        indices: vec![0, 1, 2],
        values: vec![1.0; 3],
        ..ProblemData::default()
    };
    data.sets = vec![SpecialOrderedSet { name: "s".into(), order: 1, members: vec![(0, 1.0), (1, 2.0), (3, 3.0)] }];
    data.indicators = vec![Indicator { row: 2, column: 3, active: true }];
    data.quadratic_objective = vec![Product::new(0, 1, 2.0), Product::new(2, 3, 4.0)];
    data.quadratic_rows = vec![QuadraticRow { row: 2, products: vec![Product::new(1, 3, 5.0)] }];
    let problem = Problem::new(data).unwrap();
    let after = Patch::new().remove_column(0).remove_row(1).apply(&problem).unwrap();
    assert_eq!(after.sets()[0].members, [(0, 2.0), (2, 3.0)]);
    assert_eq!(after.indicators(), [Indicator { row: 1, column: 2, active: true }]);
    assert_eq!(after.quadratic_objective(), [Product::new(1, 2, 4.0)]);
    assert_eq!(after.row_products(1), [Product::new(0, 2, 5.0)]);
    let told = Patch::new().remove_column(3).apply(&problem).unwrap_err().to_string();
    assert!(told.contains("constraint 'R3': its indicator 'C4' is removed"), "{told}");
    assert!(Patch::new().remove_column(3).remove_row(2).apply(&problem).unwrap().indicators().is_empty());
}

#[test]
fn points_and_bases_come_along() {
    use BasisStatus::{AtLower, AtUpper, Basic};
    let base = Arc::new(named());
    let mut patch = Patch::new();
    patch.remove_column("y").upper("z", f64::INFINITY).remove_row("a");
    patch.add_column(NewColumn::default()).add_row(NewRow::default());
    let revision = Revision::new(&base, &patch).unwrap();
    let basis = Basis { columns: vec![Basic, AtLower, AtUpper], rows: vec![AtLower, Basic, Basic] };
    let carried = revision.carry_basis(&basis);
    assert_eq!(carried.columns, [Basic, AtLower, AtLower]); // z has no upper bound any more
    assert_eq!(carried.rows, [Basic, Basic, Basic]);
    assert_eq!((revision.row_place(0), revision.row_place(2), revision.row_place(3)), (None, Some(1), Some(2)));
    assert!(revision.carry_point(&[1.0, 2.0, 3.0])[2].is_nan());
}
