//! Solution files of several writers, and what is told of those that make no sense.

use farkas_modeling::Problem;
use farkas_modeling::formats::solution::SolutionFormat;
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

#[test]
fn what_is_written_reads_back_in_every_format() {
    let names = br#"{"variables": {"x": {}, "a \"quoted\", comma": {}, "my var": {}, "z": {}}}"#;
    let problem = json::read(names).expect("it is a model").value;
    let values = [0.1 + 0.2, -1e-300, 0.0, 1e19];
    for format in [SolutionFormat::Sol, SolutionFormat::Mst, SolutionFormat::Csv, SolutionFormat::Json] {
        let mut out = Vec::new();
        solution::write_as(&problem, &values, Some(-2.5), format, &mut out).expect("a vector takes everything");
        let read = solution::read(&problem, &out).unwrap_or_else(|e| panic!("{format:?}: {e}"));
        assert_eq!(read.values, values, "{format:?}");
        let told = matches!(format, SolutionFormat::Sol | SolutionFormat::Json).then_some(-2.5);
        assert_eq!(read.objective, told, "{format:?}");
        assert_eq!(read.missing, usize::from(format == SolutionFormat::Sol), "{format:?}");
    }
}

#[test]
fn json_and_csv_of_others() {
    let cases = [
        (r#"{"x": 4, "my var": 1.5}"#, [4.0, 0.0, 1.5, 0.0], 2),
        (r#"{"termination": {}, "variables": {"x": 4}, "duals": null}"#, [4.0, 0.0, 0.0, 0.0], 3),
        ("Name , Value, rc\n x , 4 ,0\n\"my var\",1.5\n", [4.0, 0.0, 1.5, 0.0], 2),
    ];
    for (text, values, missing) in cases {
        let read = solution::read(&problem(), text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((read.values.as_slice(), read.missing), (&values[..], missing), "{text}");
    }
    let refused = [
        (r#"{"variables": {"q": 4}}"#, "solution-unknown-column", "/variables/q: "),
        (r#"{"x": "many"}"#, "solution-number", "/x: "),
        (r#"{"variables": null}"#, "solution-none", "/variables: "),
        (r#"{"x": 1, "x": 2}"#, "json-duplicate-key", "JSON line 1, "),
        ("variable,value\nx,4\nx,5\n", "solution-repeated", "solution line 3, "),
        ("variable,value\nx,many\n", "solution-number", "solution line 2, "),
        ("variable,value\nx\n", "solution-line", "solution line 2, "),
    ];
    for (text, code, place) in refused {
        let error = solution::read(&problem(), text.as_bytes()).expect_err(text);
        assert!(error.code == code && error.to_string().starts_with(place), "[{}] {error}: {text}", error.code);
    }
}
