//! Quadratic expressions by table: products in every order with references, numbers and sums, what freezing makes of them,
//! and how mistakes are told.

use std::panic::{AssertUnwindSafe, catch_unwind};

use farkas_modeling::model::prelude::*;
use farkas_modeling::problem::Product;
use proptest::prelude::*;

/// Products as triples.
fn triples(products: &[Product]) -> Vec<(u32, u32, f64)> {
    products.iter().map(|p| (p.first, p.second, p.value)).collect()
}

/// Products, linear part and constant of the objective.
fn objective(m: &mut Model, expression: impl Quadratic) -> (Vec<(u32, u32, f64)>, Vec<f64>, f64) {
    m.minimize(expression);
    let p = m.freeze().unwrap_or_else(|defects| panic!("{defects}"));
    (triples(p.quadratic_objective()), p.cost().to_vec(), p.offset())
}

#[test]
fn products_in_every_order() {
    let mut m = Model::new("products");
    let all = m.continuous("v").over(0..2);
    let (x, y) = (all[0], all[1]);
    let (rx, ry) = (&x, &y);
    let total: Expr = sum(0..2, |i| all[i]);
    let mut grown = QuadExpr::default();
    grown += x * y;
    grown -= 2 * x;
    grown += 1;
    let (xy, xx, yy) = ((0, 1), (0, 0), (1, 1));
    let m = &mut m;
    let table = [
        (objective(m, x * y), vec![(xy, 1.0)], [0.0, 0.0], 0.0),
        (objective(m, y * x), vec![(xy, 1.0)], [0.0, 0.0], 0.0),
        (objective(m, x * x), vec![(xx, 1.0)], [0.0, 0.0], 0.0),
        (objective(m, rx * y + x * ry + rx * ry), vec![(xy, 3.0)], [0.0, 0.0], 0.0),
        (objective(m, 3.0 * x * y), vec![(xy, 3.0)], [0.0, 0.0], 0.0),
        (objective(m, x * 3 * y), vec![(xy, 3.0)], [0.0, 0.0], 0.0),
        (objective(m, x * y * 3), vec![(xy, 3.0)], [0.0, 0.0], 0.0),
        (objective(m, x * (3 * y)), vec![(xy, 3.0)], [0.0, 0.0], 0.0),
        (objective(m, 3 * (x * y) / 2), vec![(xy, 1.5)], [0.0, 0.0], 0.0),
        (objective(m, -(x * y)), vec![(xy, -1.0)], [0.0, 0.0], 0.0),
        (objective(m, 1 - x * y - y), vec![(xy, -1.0)], [0.0, -1.0], 1.0),
        (objective(m, (x + y) * (x - 2.0)), vec![(xx, 1.0), (xy, 1.0)], [-2.0, -2.0], 0.0),
        (objective(m, (x + 1) * (y + 2)), vec![(xy, 1.0)], [2.0, 1.0], 2.0),
        (objective(m, 2 * (x + 1) * (y + 2) - 4), vec![(xy, 2.0)], [4.0, 2.0], 0.0),
        (objective(m, x * (y + 2) + x), vec![(xy, 1.0)], [3.0, 0.0], 0.0),
        (objective(m, &total * &total), vec![(xx, 1.0), (xy, 2.0), (yy, 1.0)], [0.0, 0.0], 0.0),
        (objective(m, (&total - 1) * x), vec![(xx, 1.0), (xy, 1.0)], [-1.0, 0.0], 0.0),
        (objective(m, total.clone() * total.clone() + &total), vec![(xx, 1.0), (xy, 2.0), (yy, 1.0)], [1.0, 1.0], 0.0),
        (objective(m, sum(0..2, |i| all[i] * all[1 - i])), vec![(xy, 2.0)], [0.0, 0.0], 0.0),
        (objective(m, sum(0..2, |i| all[i] * all[i] + all[i] - 1)), vec![(xx, 1.0), (yy, 1.0)], [1.0, 1.0], -2.0),
        (
            objective(m, sum((0..2, 0..2), |(i, j)| 0.5 * all[i] * all[j])),
            vec![(xx, 0.5), (xy, 1.0), (yy, 0.5)],
            [0.0; 2],
            0.0,
        ),
        (objective(m, &grown * 2.0), vec![(xy, 2.0)], [-4.0, 0.0], 2.0),
        (objective(m, x + &grown), vec![(xy, 1.0)], [-1.0, 0.0], 1.0),
        (objective(m, total.clone() + x * x - &grown), vec![(xx, 1.0), (xy, -1.0)], [3.0, 1.0], -1.0),
        (objective(m, [x * x, y * y].into_iter().sum::<QuadExpr>()), vec![(xx, 1.0), (yy, 1.0)], [0.0, 0.0], 0.0),
        (objective(m, x * y - y * x + x), vec![], [1.0, 0.0], 0.0),
    ];
    for (row, (got, products, costs, constant)) in table.into_iter().enumerate() {
        let products: Vec<_> = products.into_iter().map(|((i, j), value)| (i, j, value)).collect();
        assert_eq!(got, (products, costs.to_vec(), constant), "row {row}");
    }
}

#[test]
fn rows_of_either_degree() {
    let mut m = Model::new("rows");
    let x = m.continuous("x").over(0..3);
    m.row("linear", (x[0] + x[1]).le(1));
    m.row("ball", sum(0..3, |i| x[i] * x[i]).le(4));
    m.rows("cone", 1..3, |i| (x[i] * x[i] - 1).between(-3, x.len() as i32));
    m.row("right", x[0].ge(x[1] * x[2] + 2));
    m.row("both", (x[0] * x[0]).eq(x[1] * x[1]));
    let switch = m.binary("switch").one();
    m.when("switched", switch, (x[0] * x[1]).le(1));
    let p = m.freeze().expect("sound");
    assert!(p.row_products(0).is_empty());
    assert_eq!(triples(p.row_products(1)), [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)]);
    assert_eq!(triples(p.row_products(2)), [(1, 1, 1.0)]);
    assert_eq!(triples(p.row_products(3)), [(2, 2, 1.0)]);
    assert_eq!((p.row_lower()[3], p.row_upper()[3]), (-2.0, 4.0));
    assert_eq!(triples(p.row_products(4)), [(1, 2, -1.0)]);
    assert_eq!((p.row_lower()[4], p.by_rows().row(4)), (2.0, (&[0][..], &[1.0][..])));
    assert_eq!(triples(p.row_products(5)), [(0, 0, 1.0), (1, 1, -1.0)]);
    assert_eq!((triples(p.row_products(6)), p.indicators()[0].row), (vec![(0, 1, 1.0)], 6));
    assert_eq!(format!("{m:?}"), "Model(rows: 4 variables (1 integer), 7 rows, 12 terms)");
    assert_eq!(m.clone().freeze().expect("sound"), p);
}

#[test]
fn mistakes_are_told_with_names() {
    let mut m = Model::new("here");
    let x = m.continuous("x").over(0..2);
    let theirs = Model::new("there").continuous("y").one();
    let told = catch_unwind(AssertUnwindSafe(|| m.clone().minimize(x[1] * theirs))).expect_err("two models");
    let told = told.downcast_ref::<String>().expect("words");
    assert!(told.ends_with("is used together with variable 'x[1]' of model 'here'"), "{told}");

    m.minimize(f64::NAN * x[0] * x[1]);
    m.row("poisoned", (f64::INFINITY * x[0] * x[0]).le(1));
    let defects = m.freeze().expect_err("defects");
    let told: Vec<String> = defects.list.iter().map(ToString::to_string).collect();
    let want = [
        "objective: the coefficient of 'x[0]' × 'x[1]' is NaN",
        "constraint 'poisoned': the coefficient of 'x[0]' × 'x[0]' is infinite; it must be a finite number",
    ];
    assert_eq!(told, want);
}

/// The value of a sum of products of sums, written down in one go, at a point.
#[derive(Debug, Clone)]
struct Factors {
    scale: i32,
    first: Vec<(usize, i32)>,
    second: Vec<(usize, i32)>,
    constants: (i32, i32),
}

proptest! {
    /// Products of sums, multiplied out in the buffer, are worth what their factors are.
    #[test]
    fn multiplying_out_keeps_the_value(
        products in prop::collection::vec(
            (-3..4, prop::collection::vec((0..4_usize, -3..4), 0..4), prop::collection::vec((0..4_usize, -3..4), 0..4), -2..3, -2..3)
                .prop_map(|(scale, first, second, a, b)| Factors { scale, first, second, constants: (a, b) }),
            0..5,
        ),
        at in prop::array::uniform4(-3..4),
    ) {
        let mut m = Model::new("random");
        let x = m.continuous("x").over(0..4);
        let line = |terms: &[(usize, i32)], constant: i32| sum(terms, |&(j, k)| k * x[j]) + constant;
        m.minimize(sum(&products, |p| p.scale * (line(&p.first, p.constants.0) * line(&p.second, p.constants.1))));
        let value = |terms: &[(usize, i32)], constant: i32| terms.iter().map(|&(j, k)| k * at[j]).sum::<i32>() + constant;
        let want: i32 = products.iter().map(|p| p.scale * value(&p.first, p.constants.0) * value(&p.second, p.constants.1)).sum();
        let got = m.freeze().expect("sound").objective_of(&at.map(f64::from));
        prop_assert_eq!(got, f64::from(want));
    }
}
