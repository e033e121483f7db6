//! Solution files of several writers, and what is told of those that make no sense.

use farkas_modeling::Problem;
use farkas_modeling::formats::{json, solution};

fn problem() -> Problem {
    json::read(br#"{"variables": {"x": {}, "y": {}, "my var": {}, "z": {}}}"#).expect("it is a model").value
}

/// Writer, text, values, objective, and how many are missing.
type Case = (&'static str, &'static str, [f64; 4], Option<f64>, usize);

#[test]
fn every_dialect() {
    let cases: &[Case] = &[
        ("MIPLIB", "=obj= 20\nx 4\ny 1.5e1\n", [4.0, 15.0, 0.0, 0.0], Some(20.0), 2),
        ("without an objective", "x 4", [4.0, 0.0, 0.0, 0.0], None, 3),
        (
            "SCIP",
            "solution status: optimal solution found\nobjective value:                    20\r\nx                  4 \t(obj:3)\r\nmy var   -2 \t(obj:0)\n",
            [4.0, 0.0, -2.0, 0.0],
            Some(20.0),
            2,
        ),
        (
            "Gurobi",
            "# Solution for model t\n# Objective value = 2.0e+01\nx 4\nz 1\n",
            [4.0, 0.0, 0.0, 1.0],
            Some(20.0),
            2,
        ),
        (
            "HiGHS",
            "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective 20\n# Columns 4\nx 4\ny 5\nmy var 0\nz 1\n# Rows 1\nc 9\n\n\
                   # Dual solution values\nFeasible\n# Columns 4\nx 0\ny 0\nmy var 1\nz 0\n# Rows 1\nc 1\n",
            [4.0, 5.0, 0.0, 1.0],
            Some(20.0),
            0,
        ),
        (
            "CBC",
            "Optimal - objective value 20.00000000\n      0 x                      4                       3\n**    3 z    1   2\n",
            [4.0, 0.0, 0.0, 1.0],
            Some(20.0),
            2,
        ),
    ];
    for (writer, text, values, objective, missing) in cases {
        let found = solution::read(&problem(), text.as_bytes()).unwrap_or_else(|error| panic!("{writer}: {error}"));
        assert_eq!(
            (&found.values[..], found.objective, found.missing),
            (&values[..], *objective, *missing),
            "{writer}"
        );
    }
}

#[test]
fn what_makes_no_sense() {
    let cases = [
        ("", "solution line 1, column 1: the file is empty; give lines of a name and a value"),
        ("=infeas=\n", "solution line 1, column 1: the file says '=infeas='; give a file with a solution"),
        (
            "no solution available\n",
            "solution line 1, column 1: the file says 'no solution available'; give a file with a solution",
        ),
        (
            "x 4\n  q 3\n",
            "solution line 2, column 3: 'q' is not a column of the problem; is this the solution of another problem?",
        ),
        ("x four\n", "solution line 1, column 1: 'four' is not a number; give lines of a name and a value"),
        ("x\n", "solution line 1, column 1: 'x' is no name with a value; give lines of a name and a value"),
        ("x nan\n", "solution line 1, column 1: 'x' is 'nan'; give a finite value"),
        ("x 1\nx 2\n", "solution line 2, column 1: a second value of 'x'; give each column once"),
        (
            "<?xml version=\"1.0\"?>",
            "solution line 1, column 1: this is XML; give lines of a name and a value (CPLEX writes XML, which is not read yet)",
        ),
        (
            "Model status\nInfeasible\n",
            "solution line 1, column 1: HiGHS wrote no values (no heading '# Columns'); give a file with a solution",
        ),
        (
            "Infeasible - objective value 0\nx\n",
            "solution line 2, column 1: 'x' is no name with a value; give lines of a name and a value",
        ),
        (
            "x 1\n\u{1}\u{2} 4\n",
            "solution line 2, column 1: '\\u{1}\\u{2}' is not a column of the problem; is this the solution of another problem?",
        ),
    ];
    for (text, told) in cases {
        let error = solution::read(&problem(), text.as_bytes()).expect_err(text);
        assert_eq!(error.to_string(), told, "{text}");
    }
}

#[test]
fn what_is_written_reads_back() {
    let (problem, values) = (problem(), [1.0 / 3.0, 0.0, -1e-300, 5e20]);
    let mut out = Vec::new();
    solution::write(&problem, &values, Some(-0.1), &mut out).expect("a vector takes everything");
    let text = String::from_utf8(out).expect("it is text");
    assert_eq!(text, "=obj= -0.1\nx 0.3333333333333333\nmy var -1e-300\nz 5e20\n");
    let found = solution::read(&problem, text.as_bytes()).expect("it reads");
    assert_eq!((&found.values[..], found.objective, found.missing), (&values[..], Some(-0.1), 1));
}
