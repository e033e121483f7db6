//! What the sections mean: a table of texts, and the bounds, sides and warnings that they come to.

use farkas_modeling::formats::{Read, mps};
use farkas_modeling::{ColumnKind, Problem, Sense};

const INF: f64 = f64::INFINITY;

fn read(text: &str) -> Read<Problem> {
    mps::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Columns x, y and integer i over one row; `rest` stands behind COLUMNS.
fn with(rest: &str) -> Read<Problem> {
    read(&format!(
        "NAME T\nROWS\n N obj\n L l\n G g\n E e\n N other\nCOLUMNS\n x obj 1 l 1\n x g 1 e 1\n y obj 1 l 1\n \
         M 'MARKER' 'INTORG'\n i obj 1 l 1\n i other 5\n M 'MARKER' 'INTEND'\n{rest}ENDATA\n"
    ))
}

fn codes(read: &Read<Problem>) -> Vec<&'static str> {
    read.warnings.iter().map(|w| w.code).collect()
}

/// Lines of BOUNDS, the column they are about (0 = x, 2 = i), what it is then, and the codes of the warnings.
type BoundCase = (&'static str, usize, ColumnKind, f64, f64, &'static [&'static str]);

#[test]
fn bounds() {
    use ColumnKind::{Continuous, Integer, SemiContinuous, SemiInteger};
    let cases: &[BoundCase] = &[
        ("", 0, Continuous, 0.0, INF, &["mps-default-binary"]),
        ("", 2, Integer, 0.0, 1.0, &["mps-default-binary"]),
        (" PL B i\n", 2, Integer, 0.0, INF, &[]),
        (" LO B i 2\n", 2, Integer, 2.0, INF, &[]),
        (" UP B i 7\n", 2, Integer, 0.0, 7.0, &[]),
        (" FR B i\n", 2, Integer, -INF, INF, &[]),
        (" PL i\n UP B x 4\n", 0, Continuous, 0.0, 4.0, &[]),
        (" PL i\n up B x 1.5D1\n", 0, Continuous, 0.0, 15.0, &[]),
        (" PL i\n UP x 4\n", 0, Continuous, 0.0, 4.0, &[]),
        (" PL i\n LO B x -3\n", 0, Continuous, -3.0, INF, &[]),
        (" PL i\n FX B x 2\n", 0, Continuous, 2.0, 2.0, &[]),
        (" PL i\n FR B x\n", 0, Continuous, -INF, INF, &[]),
        (" PL i\n FR x\n", 0, Continuous, -INF, INF, &[]),
        (" PL i\n FR B x 0\n", 0, Continuous, -INF, INF, &[]),
        (" PL i\n FR x 0\n", 0, Continuous, -INF, INF, &[]),
        (" PL i\n MI B x\n UP B x 8\n", 0, Continuous, -INF, 8.0, &[]),
        (" PL i\n UP B x -2\n", 0, Continuous, -INF, -2.0, &["mps-negative-upper-bound"]),
        (" PL i\n LO B x -9\n UP B x -2\n", 0, Continuous, -9.0, -2.0, &[]),
        (" PL i\n UP B x -2\n LO B x -9\n", 0, Continuous, -9.0, -2.0, &["mps-negative-upper-bound"]),
        (" PL i\n UP B x 0\n", 0, Continuous, 0.0, 0.0, &[]),
        (" PL i\n UP B x 1e30\n", 0, Continuous, 0.0, INF, &[]),
        (" PL i\n UP B x Infinity\n", 0, Continuous, 0.0, INF, &[]),
        (" PL i\n LO B x 5\n UP B x 3\n", 0, Continuous, 5.0, 3.0, &[]),
        (" PL i\n BV B x\n", 0, Integer, 0.0, 1.0, &[]),
        (" PL i\n LI B x 2\n UI B x 9\n", 0, Integer, 2.0, 9.0, &[]),
        (" PL i\n SC B x 9\n", 0, SemiContinuous, 0.0, 9.0, &[]),
        (" PL i\n SC B x 9\n LO B x 2\n", 0, SemiContinuous, 2.0, 9.0, &[]),
        (" PL i\n SC B x\n", 0, SemiContinuous, 0.0, INF, &[]),
        (" PL i\n SC B x 0\n", 0, SemiContinuous, 0.0, INF, &[]),
        (" PL i\n SI B x 9\n", 0, SemiInteger, 0.0, 9.0, &[]),
        (" SC B i 9\n", 2, SemiInteger, 0.0, 9.0, &[]),
        (" PL i\n UP B x 4\n UP B x 5\n", 0, Continuous, 0.0, 5.0, &["mps-repeated-bound"]),
        (" PL B i\n UP B x 4\n UP C x 5\n", 0, Continuous, 0.0, 4.0, &["mps-other-set"]),
        (" PL i\n UP B x 4 $ a comment\n", 0, Continuous, 0.0, 4.0, &[]),
    ];
    for (lines, j, kind, lower, upper, warnings) in cases {
        let read = with(&format!("BOUNDS\n{lines}"));
        let p = &read.value;
        assert_eq!((p.kind(*j), p.lower()[*j], p.upper()[*j]), (*kind, *lower, *upper), "{lines}");
        assert_eq!(codes(&read), *warnings, "{lines}");
    }
}

/// Lines behind COLUMNS, the sides of rows l, g and e, the objective's constant, and the codes of the warnings.
type SideCase = (&'static str, [(f64, f64); 3], f64, &'static [&'static str]);

#[test]
fn right_hand_sides_and_ranges() {
    let cases: &[SideCase] = &[
        ("", [(-INF, 0.0), (0.0, INF), (0.0, 0.0)], 0.0, &[]),
        ("RHS\n R l 4 g 2\n R e 3\n", [(-INF, 4.0), (2.0, INF), (3.0, 3.0)], 0.0, &[]),
        ("RHS\n l 4 g 2\n e 3\n", [(-INF, 4.0), (2.0, INF), (3.0, 3.0)], 0.0, &[]),
        ("RHS\n R obj -10 other 7\n", [(-INF, 0.0), (0.0, INF), (0.0, 0.0)], 10.0, &[]),
        ("RHS\n R l 4\n S l 5\n", [(-INF, 4.0), (0.0, INF), (0.0, 0.0)], 0.0, &["mps-other-set"]),
        ("RHS\n R l 4\n R l 5\n", [(-INF, 5.0), (0.0, INF), (0.0, 0.0)], 0.0, &["mps-repeated-rhs"]),
        ("RHS\n R l 1e30 g -inf\n", [(-INF, INF), (-INF, INF), (0.0, 0.0)], 0.0, &[]),
        ("RHS\n R l 4 g 2\nRANGES\n N l 3 g 5\n", [(1.0, 4.0), (2.0, 7.0), (0.0, 0.0)], 0.0, &[]),
        ("RANGES\n N l -3 g -5\nRHS\n R l 4 g 2\n", [(1.0, 4.0), (2.0, 7.0), (0.0, 0.0)], 0.0, &[]),
        ("RHS\n R e 3\nRANGES\n N e 2\n", [(-INF, 0.0), (0.0, INF), (3.0, 5.0)], 0.0, &[]),
        ("RHS\n R e 3\nRANGES\n N e -2\n", [(-INF, 0.0), (0.0, INF), (1.0, 3.0)], 0.0, &[]),
        ("RHS\n R e 3\nRANGES\n N e 0\n", [(-INF, 0.0), (0.0, INF), (3.0, 3.0)], 0.0, &[]),
        ("RANGES\n N e 1\n N e 2\n", [(-INF, 0.0), (0.0, INF), (0.0, 2.0)], 0.0, &["mps-repeated-range"]),
        ("RANGES\n N obj 1\n", [(-INF, 0.0), (0.0, INF), (0.0, 0.0)], 0.0, &["mps-range-of-objective"]),
    ];
    for (lines, sides, offset, warnings) in cases {
        let read = with(&format!("{lines}BOUNDS\n PL i\n"));
        let p = &read.value;
        let found: Vec<_> = p.row_lower().iter().copied().zip(p.row_upper().iter().copied()).collect();
        assert_eq!((found, p.offset()), (sides.to_vec(), *offset), "{lines}");
        assert_eq!(codes(&read), *warnings, "{lines}");
    }
}

#[test]
fn dimensions_leave_out_every_n_row() {
    let p = with("").value;
    assert_eq!((p.num_rows(), p.num_columns(), p.num_nonzeros(), p.num_integers()), (3, 3, 5, 1));
    assert_eq!(p.row_names().iter().collect::<Vec<_>>(), ["l", "g", "e"]);
    assert_eq!(p.column_names().iter().collect::<Vec<_>>(), ["x", "y", "i"]);
    assert_eq!((p.cost(), p.objective_name()), (&[1.0, 1.0, 1.0][..], Some("obj")));
}

#[test]
fn objectives() {
    let rows = "ROWS\n N cost\n N profit\n L c\n";
    let columns = "COLUMNS\n x cost 5 profit 1\n x c 1\nRHS\n R c 4\nENDATA\n";
    let cases = [
        (format!("{rows}{columns}"), Sense::Minimize, "cost", 5.0),
        (format!("OBJSENSE\n    MAX\n{rows}{columns}"), Sense::Maximize, "cost", 5.0),
        (format!("OBJSENSE MAXIMIZE\n{rows}{columns}"), Sense::Maximize, "cost", 5.0),
        (format!("OBJSENSE\nMAX\n{rows}{columns}"), Sense::Maximize, "cost", 5.0),
        (format!("OBJSENSE\n  MIN\nOBJNAME\n  profit\n{rows}{columns}"), Sense::Minimize, "profit", 1.0),
        (format!("NAME\nOBJNAME profit\n{rows}{columns}"), Sense::Minimize, "profit", 1.0),
        (format!("{rows}OBJSENSE MAX\n{columns}"), Sense::Maximize, "cost", 5.0),
    ];
    for (text, sense, name, cost) in cases {
        let p = read(&text).value;
        assert_eq!((p.sense(), p.objective_name(), p.cost()), (sense, Some(name), &[cost][..]), "{text}");
    }
    let none = read("ROWS\n L c\nCOLUMNS\n x c 1\nENDATA\n");
    assert_eq!((none.value.objective_name(), codes(&none)), (None, vec!["mps-no-objective"]));
}

#[test]
fn fixed_format_with_blanks_in_names() {
    let text = "\
NAME          SPACES
ROWS
 N  TOT COST
 L  CAP A
 G  DEM 1
COLUMNS
    MAKE X    TOT COST             3   CAP A                1
    MAKE X    DEM 1                1   $ a comment
    MAKE Y    TOT COST             2   CAP A                1
    MAKE Y    DEM 1                2
RHS
    RHS 1     CAP A               10   DEM 1                8             000120
BOUNDS
 UP BND 1     MAKE Y               3
ENDATA
";
    let p = read(text).value;
    assert_eq!(p.column_names().iter().collect::<Vec<_>>(), ["MAKE X", "MAKE Y"]);
    assert_eq!((p.row_upper(), p.row_lower(), p.upper()), (&[10.0, INF][..], &[-INF, 8.0][..], &[INF, 3.0][..]));
    let crlf = read(&text.replace('\n', "\r\n")).value;
    assert_eq!(crlf, p);
}

#[test]
fn sets_in_both_dialects() {
    let cplex = "SOS\n S1 one\n    x 1\n    y 2\n S2 SOS two 5\n    SOS y 1\n    SOS i 2\n";
    let lp_solve = "SOS1\n SOS one 5\n    x 1\n    y 2\nSOS2\n SOS two 5\n    SOS y 1\n    SOS i 2\n";
    let without_weights = "SOS\n S1 one\n    x\n    y\n S2 two\n    y\n    i\n";
    for text in [cplex, lp_solve, without_weights] {
        let p = with(&format!("BOUNDS\n PL i\n{text}")).value;
        let sets: Vec<_> = p.sets().iter().map(|s| (s.name.as_str(), s.order, s.members.clone())).collect();
        assert_eq!(sets, [("one", 1, vec![(0, 1.0), (1, 2.0)]), ("two", 2, vec![(1, 1.0), (2, 2.0)])], "{text}");
    }
}

#[test]
fn indicators() {
    let p = with("INDICATORS\n IF l i 1\n IF g i 0\n").value;
    let found: Vec<_> = p.indicators().iter().map(|i| (i.row, i.column, i.active)).collect();
    assert_eq!(found, [(0, 2, true), (1, 2, false)]);
}

#[test]
fn products() {
    use farkas_modeling::problem::Product;
    /// A section, and the products of the objective and of row l that it comes to.
    type Case = (&'static str, &'static [(u32, u32, f64)], &'static [(u32, u32, f64)]);
    let cases: &[Case] = &[
        ("QUADOBJ\n x x 2\n x y 3\n y y 4\n", &[(0, 0, 1.0), (0, 1, 3.0), (1, 1, 2.0)], &[]),
        ("QUADOBJ\n y x 3\n", &[(0, 1, 3.0)], &[]),
        ("QSECTION obj\n x x 2 y 3\n", &[(0, 0, 1.0), (0, 1, 3.0)], &[]),
        ("QSECTION\n x x 2\n", &[(0, 0, 1.0)], &[]),
        ("QSECTION l\n x x 2\n x y 3\n", &[], &[(0, 0, 1.0), (0, 1, 3.0)]),
        ("QMATRIX\n x x 2\n x y 3\n y x 3\n y y 4\n", &[(0, 0, 1.0), (0, 1, 3.0), (1, 1, 2.0)], &[]),
        ("QCMATRIX l\n x x 2\n x y 3\n y x 3\n", &[], &[(0, 0, 2.0), (0, 1, 6.0)]),
        ("QUADOBJ\n x x 2\nQCMATRIX l\n y y 1\n", &[(0, 0, 1.0)], &[(1, 1, 1.0)]),
    ];
    for (text, objective, row) in cases {
        let p = with(&format!("BOUNDS\n PL i\n{text}")).value;
        let as_products = |list: &[(u32, u32, f64)]| -> Vec<Product> {
            list.iter().map(|&(i, j, v)| Product::new(i, j, v)).collect()
        };
        assert_eq!(p.quadratic_objective(), as_products(objective), "{text}");
        assert_eq!(p.row_products(0), as_products(row), "{text}");
    }
}

#[test]
fn lazy_rows_are_rows() {
    let read = read("ROWS\n N o\n L a\nLAZYCONS\n L b\nUSERCUTS\n G c\nCOLUMNS\n x a 1 b 1\n x c 1\nRHS\nENDATA\n");
    assert_eq!((read.value.num_rows(), codes(&read)), (3, vec!["mps-lazy-rows"]));
}

#[test]
fn odd_but_valid() {
    // Comments, blank lines, tabs, CRLF, names like keywords, entries twice, text behind ENDATA.
    let read = read(
        "* a comment\r\nNAME\tROWS\r\n\r\nROWS\r\n\tN\tobj\r\n  G  c $ a comment\r\n G d *a comment\r\nCOLUMNS\r\n\
         \tRHS\tobj\t1.5D+0\tc\t1\r\n RHS c 2 $ a comment\r\n RHS d 1 *a comment\r\n Übung d 0\r\n\
         RHS\r\n *set* c 7\r\nENDATA\r\nIMPORTANCES\r\n",
    );
    let p = &read.value;
    assert_eq!(
        (p.name(), p.cost(), p.values(), p.row_lower()),
        ("ROWS", &[1.5, 0.0][..], &[3.0, 1.0][..], &[7.0, 0.0][..])
    );
    assert_eq!(p.column_names().iter().collect::<Vec<_>>(), ["RHS", "Übung"]);
    let told: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 12: a coefficient 0 is left out",
            "line 16: text behind ENDATA is ignored",
            "line 9: the column that begins here names a row twice; the values are added",
        ]
    );
}

#[test]
fn endata_may_be_missing_once_all_columns_are_read() {
    let whole = "ROWS\n N obj\n L c\nCOLUMNS\n x c 3\nRHS\n R obj 5\n";
    let read = read(whole);
    assert_eq!((read.value.offset(), codes(&read)), (-5.0, vec!["mps-no-endata"]));
    for cut in ["ROWS\n N obj\n", "ROWS\n N obj\n L c\nCOLUMNS\n x c 3\n"] {
        assert_eq!(mps::read(cut.as_bytes()).unwrap_err().code, "mps-no-endata", "{cut}");
    }
}
