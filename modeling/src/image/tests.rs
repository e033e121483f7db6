//! Images: round trips, one way to write each problem, hostile bytes, and what the identity depends on.

use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Contents, ImageError, ModelId, identity, open, size, write};
use crate::problem::{
    Bytes, ColumnKind, Indicator, NameSource, Names, Problem, ProblemData, Product, QuadraticRow, Sense,
    SpecialOrderedSet,
};

type Change = fn(&mut ProblemData);
type Harm = fn(&mut Vec<u8>);

fn bytes_of(problem: &Problem, contents: Contents) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(problem, contents, &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, size(problem, contents).unwrap());
    bytes
}

/// Three columns, two rows, one of everything.
fn everything() -> ProblemData {
    ProblemData {
        name: "ein Maß".into(),
        objective_name: Some("cost".into()),
        sense: Sense::Maximize,
        offset: -1.5,
        cost: vec![1.0, -2.0, 0.1],
        lower: vec![0.0, f64::NEG_INFINITY, 1.0],
        upper: vec![1.0, f64::INFINITY, 7.0],
        kinds: vec![ColumnKind::Integer, ColumnKind::Continuous, ColumnKind::SemiContinuous],
        row_lower: vec![f64::NEG_INFINITY, 2.0],
        row_upper: vec![4.0, 2.0],
        starts: vec![0, 2, 3, 4],
        indices: vec![0, 1, 1, 0],
        values: vec![1.0, 2.0, 3.0, 1e-300],
        column_names: Some(["öffnen", "", "x"].into_iter().collect()),
        row_names: Some(["r", "s"].into_iter().collect()),
        sets: vec![
            SpecialOrderedSet { name: "först".into(), order: 1, members: vec![(2, 1.0), (0, 2.0)] },
            SpecialOrderedSet { name: String::new(), order: 2, members: vec![(0, -1.0), (1, 0.5), (2, 9.0)] },
        ],
        indicators: vec![Indicator { row: 1, column: 0, active: true }],
        quadratic_objective: vec![Product::new(0, 1, 0.5), Product::new(2, 2, -1.0)],
        quadratic_rows: vec![
            QuadraticRow { row: 0, products: vec![Product::new(1, 1, 3.0)] },
            QuadraticRow { row: 1, products: vec![Product::new(0, 2, 1e-9), Product::new(1, 2, 4.0)] },
        ],
    }
}

fn problem(data: ProblemData) -> Problem {
    Problem::new(data).unwrap()
}

fn same(a: &Problem, b: &Problem) {
    assert_eq!(
        (a.name(), a.objective_name(), a.sense(), a.offset()),
        (b.name(), b.objective_name(), b.sense(), b.offset())
    );
    assert_eq!((a.cost(), a.lower(), a.upper(), a.kind_codes()), (b.cost(), b.lower(), b.upper(), b.kind_codes()));
    assert_eq!((a.row_lower(), a.row_upper()), (b.row_lower(), b.row_upper()));
    assert_eq!((a.starts(), a.indices(), a.values()), (b.starts(), b.indices(), b.values()));
    assert_eq!((a.column_names(), a.row_names()), (b.column_names(), b.row_names()));
    assert_eq!((a.sets(), a.indicators()), (b.sets(), b.indicators()));
    assert_eq!((a.quadratic_objective(), a.quadratic_rows()), (b.quadratic_objective(), b.quadratic_rows()));
}

#[test]
fn a_problem_comes_back_as_it_was() {
    for data in [everything(), ProblemData::default(), ProblemData { name: "empty".into(), ..ProblemData::default() }] {
        let before = problem(data);
        let bytes = bytes_of(&before, Contents::Everything);
        let after = open(Arc::new(bytes.clone())).unwrap();
        same(&before, &after);
        assert_eq!(identity(&before), identity(&after));
        assert_eq!(bytes, bytes_of(&after, Contents::Everything));
    }
}

#[test]
fn arrays_are_read_in_place() {
    let bytes: Arc<Vec<u8>> = Arc::new(bytes_of(&problem(everything()), Contents::Everything));
    let inside = bytes.as_ptr_range();
    let opened = open(Arc::clone(&bytes) as _).unwrap();
    // A vector of bytes need not be aligned to 8, in which case the costs are copied; one-byte codes always stay.
    assert!(inside.contains(&opened.kind_codes().as_ptr()));
    assert_eq!(inside.contains(&opened.cost().as_ptr().cast()), (bytes.as_ptr() as usize).is_multiple_of(8));
}

/// An image that begins at an odd address.
struct Odd(Vec<u8>, Range<usize>);

impl Odd {
    fn new(image: &[u8]) -> Self {
        let mut room = vec![0; image.len() + 1];
        let from = 1 - room.as_ptr() as usize % 2;
        let range = from..from + image.len();
        room[range.clone()].copy_from_slice(image);
        Self(room, range)
    }
}

impl Bytes for Odd {
    fn bytes(&self) -> &[u8] {
        &self.0[self.1.clone()]
    }
}

#[test]
fn misaligned_bytes_are_copied() {
    let before = problem(everything());
    let odd = Odd::new(&bytes_of(&before, Contents::Everything));
    assert_eq!(odd.bytes().as_ptr() as usize % 2, 1);
    same(&before, &open(Arc::new(odd)).unwrap());
}

#[test]
fn a_worker_gets_no_names() {
    let named = problem(everything());
    let bytes = bytes_of(&named, Contents::WithoutNames);
    for secret in ["Maß", "cost", "öffnen", "först"] {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret} is in the image");
    }
    let opened = open(Arc::new(bytes)).unwrap();
    assert_eq!((opened.name(), opened.objective_name(), &*opened.column_names().get(2)), ("", None, "C3"));
    assert_eq!(opened.sets()[1].members, named.sets()[1].members);
}

#[test]
fn what_is_stored_by_identity_does_not_tell_whose_it_was() {
    let [mine, yours] = ["mine", "yours"].map(|name| problem(everything()).named(name));
    let bytes = bytes_of(&mine, Contents::Nameless);
    assert_eq!(bytes, bytes_of(&yours, Contents::Nameless));
    let opened = open(Arc::new(bytes)).unwrap();
    same(&opened, &mine.named(""));
    assert_eq!(identity(&opened), identity(&yours));
}

#[test]
fn names_made_on_demand_are_written_down() {
    struct Family;
    impl NameSource for Family {
        fn name(&self, index: usize) -> String {
            format!("ship[{index}]")
        }
    }
    let made = ProblemData { column_names: Some(Names::from_source(Arc::new(Family), 3)), ..everything() };
    let given =
        ProblemData { column_names: Some(["ship[0]", "ship[1]", "ship[2]"].into_iter().collect()), ..everything() };
    let (made, given) = (problem(made), problem(given));
    assert_eq!(bytes_of(&made, Contents::Everything), bytes_of(&given, Contents::Everything));
    assert_eq!(identity(&made), identity(&given));
}

#[test]
fn identity_is_the_content() {
    let base = identity(&problem(everything()));
    let with = |change: fn(&mut ProblemData)| {
        let mut data = everything();
        change(&mut data);
        identity(&problem(data))
    };
    let same: [(&str, Change); 3] = [
        ("the model's own name", |d| d.name = "other".into()),
        ("minus zero", |d| d.lower[0] = -0.0),
        ("order of entries in a column", |d| {
            d.indices.swap(0, 1);
            d.values.swap(0, 1);
        }),
    ];
    for (what, change) in same {
        assert_eq!(with(change), base, "{what} should not count");
    }
    let other: [(&str, Change); 12] = [
        ("sense", |d| d.sense = Sense::Minimize),
        ("constant", |d| d.offset = 0.0),
        ("cost", |d| d.cost[1] = 2.0),
        ("bound", |d| d.upper[2] = 8.0),
        ("kind", |d| d.kinds[2] = ColumnKind::SemiInteger),
        ("side", |d| d.row_upper[0] = 4.5),
        ("value", |d| d.values[2] = 3.5),
        ("place", |d| d.indices[3] = 1),
        ("column name", |d| d.column_names = Some(["öffnen", "y", "x"].into_iter().collect())),
        ("objective name", |d| d.objective_name = None),
        ("set", |d| d.sets[0].order = 2),
        ("indicator", |d| d.indicators[0].active = false),
    ];
    for (what, change) in other {
        assert_ne!(with(change), base, "{what} should count");
    }
    let counted = ProblemData { column_names: None, ..everything() };
    let given = ProblemData { column_names: Some(["C1", "C2", "C3"].into_iter().collect()), ..everything() };
    assert_eq!(identity(&problem(counted)), identity(&problem(given)));
}

/// The identity is stored and compared over years: what it is made of may not change by accident. The values were
/// computed from the description at [`identity`] by a Python program of its own.
#[test]
fn identity_stays_what_it_was() {
    let linear = ProblemData { quadratic_objective: Vec::new(), quadratic_rows: Vec::new(), ..everything() };
    for (data, expected) in [
        (linear, "c8b0c807dd7a890dd3894ce3e012dfdd3d78b9c713ab09ef0cb4bc3d0cf5ec83"),
        (everything(), "dbab74fce5b505890d505bb9bfb7939f315b052c94c0f4745ecab64b25668a88"),
    ] {
        assert_eq!(identity(&problem(data)).to_string(), expected);
    }
}

#[test]
fn an_id_is_read_back() {
    let id = identity(&problem(everything()));
    assert_eq!(id.to_string().parse::<ModelId>(), Ok(id));
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(serde_json::from_str::<ModelId>(&json).unwrap(), id);
    for wrong in ["", "ab", &"A".repeat(64), &"g".repeat(64), &"a".repeat(63), &"ä".repeat(32)] {
        assert!(wrong.parse::<ModelId>().is_err(), "{wrong}");
    }
}

#[test]
fn damage_is_told() {
    let good = bytes_of(&problem(everything()), Contents::Everything);
    let table: [(&str, Harm); 10] = [
        ("image-not-an-image", |b| b.clear()),
        ("image-not-an-image", |b| b[1] = b'f'),
        ("image-version", |b| b[8] = 9),
        ("image-byte-order", |b| b[12..16].reverse()),
        ("image-length", |b| b.truncate(b.len() - 1)),
        ("image-length", |b| b.truncate(20)),
        ("image-damaged", |b| b[56] = 2),
        ("image-damaged", |b| b[24] = 77),
        ("image-damaged", |b| b[60] = 255),
        ("problem-not-a-number", |b| b[48..56].copy_from_slice(&f64::NAN.to_le_bytes())),
    ];
    for (code, harm) in table {
        let mut bytes = good.clone();
        harm(&mut bytes);
        let error = open(Arc::new(bytes)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let cut = open(Arc::new(good[..good.len() - 3].to_vec())).unwrap_err();
    let (expected, got) = (good.len() as u64, good.len() as u64 - 3);
    assert_eq!(cut, ImageError::Length { expected, got });
}

prop_compose! {
    fn any_problem()(n in 0_usize..6, m in 0_usize..5)(
        cost in prop::collection::vec(-9.0..9.0_f64, n),
        lower in prop::collection::vec(prop_oneof![Just(f64::NEG_INFINITY), -5.0..5.0_f64], n),
        upper in prop::collection::vec(prop_oneof![Just(f64::INFINITY), -5.0..5.0_f64], n),
        kinds in prop::collection::vec((0_u8..4).prop_map(|k| ColumnKind::from_code(k).unwrap()), n),
        row_lower in prop::collection::vec(-9.0..9.0_f64, m),
        row_upper in prop::collection::vec(-9.0..9.0_f64, m),
        dense in prop::collection::vec(prop::option::of(-3.0..3.0_f64), n * m),
        named in any::<bool>(),
        maximize in any::<bool>(),
        offset in -1e9..1e9_f64,
    ) -> Problem {
        let (n, m) = (cost.len(), row_lower.len());
        let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for j in 0..n {
            for i in 0..m {
                if let Some(value) = dense[j * m + i] {
                    indices.push(i as u32);
                    values.push(value);
                }
            }
            starts.push(indices.len() as u32);
        }
        let names = |count: usize| named.then(|| (0..count).map(|k| format!("n{}", k * k)).collect::<Names>());
        let members = (0..n as u32).map(|j| (j, f64::from(j))).collect();
        problem(ProblemData {
            name: if named { "p".into() } else { String::new() },
            sense: if maximize { Sense::Maximize } else { Sense::Minimize },
            offset, cost, lower, upper, kinds, row_lower, row_upper, starts, indices, values,
            column_names: names(n),
            row_names: names(m),
            sets: vec![SpecialOrderedSet { name: "s".into(), order: 1, members }; usize::from(named)],
            ..ProblemData::default()
        })
    }
}

proptest! {
    #[test]
    fn every_problem_comes_back(before in any_problem()) {
        let after = open(Arc::new(bytes_of(&before, Contents::Everything))).unwrap();
        same(&before, &after);
        prop_assert_eq!(identity(&before), identity(&after));
    }

    /// Whatever stands in the bytes: no panic, and what opens is exactly what its problem would be written as.
    #[test]
    fn hostile_bytes_are_refused_or_canonical(
        before in any_problem(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        aim_at_table in any::<bool>(),
    ) {
        let mut bytes = bytes_of(&before, Contents::Everything);
        let within = if aim_at_table { 600.min(bytes.len()) } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(within)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(problem) = open(Arc::new(bytes.clone())) {
            prop_assert_eq!(bytes_of(&problem, Contents::Everything), bytes);
        }
    }
}
