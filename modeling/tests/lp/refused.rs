//! What a file is refused for: the words that people read, each with its line and column.

use farkas_modeling::formats::lp;

/// Text, and what is told of it.
const CASES: &[(&str, &str, &str)] = &[
    ("", "lp-empty", "LP line 1, column 1: the file is empty; give a file with an objective and rows"),
    (
        "\\ a comment\n",
        "lp-no-section",
        "LP line 2, column 1: the file ends before any section; begin with Minimize or Maximize",
    ),
    (
        "<html>",
        "lp-other-format",
        "LP line 1, column 1: this is HTML or XML, not LP; was an error page saved instead of the file?",
    ),
    (
        "/* objective */ max: 3x;",
        "lp-other-format",
        "LP line 1, column 1: this is the LP format of lp_solve, not CPLEX's; let lp_solve write it as MPS: -parse -wfmps FILE",
    ),
    (
        " max : 3x;",
        "lp-other-format",
        "LP line 1, column 2: this is the LP format of lp_solve, not CPLEX's; let lp_solve write it as MPS: -parse -wfmps FILE",
    ),
    (
        "NAME t\nROWS\n",
        "lp-no-section",
        "LP line 1, column 1: 'NAME' stands in no section; an LP file begins with Minimize or Maximize",
    ),
    ("min\0", "lp-nul", "LP line 1, column 4: a NUL byte; LP is plain text; is this a binary file, or a damaged one?"),
    (
        "min x\x07",
        "lp-control-character",
        "LP line 1, column 6: the control character 0x07; LP is plain text; is this another kind of file?",
    ),
    (
        "Subject To\n x >= 1\nend",
        "lp-section-order",
        "LP line 1, column 1: 'Subject' before the objective; begin with Minimize or Maximize; the objective may be empty",
    ),
    ("min x\nmax y\nend", "lp-second-objective", "LP line 2, column 1: a second objective; a problem has one"),
    ("min x", "lp-no-end", "LP line 1, column 6: the file ends behind the objective; if it was not cut off, write End"),
    (
        "min multi-objectives\n a: x\nend",
        "lp-multi-objective",
        "LP line 1, column 5: several objectives; give one objective",
    ),
    (
        "min x y st\nend",
        "lp-syntax",
        "LP line 1, column 7: 'y' where +, - or a section must stand; correct what is written here, or what stands before it",
    ),
    (
        "min 3 +\nst\nend",
        "lp-syntax",
        "LP line 2, column 1: 'st' where a term must stand; a section begins here before the last one is complete",
    ),
    (
        "min (x + y) st\nend",
        "lp-parenthesis",
        "LP line 1, column 5: an expression in parentheses; LP has no parentheses: multiply out, or put products into [ ]",
    ),
    (
        "min x^2 st\nend",
        "lp-product",
        "LP line 1, column 6: a product with 'x' outside of brackets; products stand in brackets: [ 2 x ^2 + 3 x * y ]",
    ),
    ("min [ x^3 ] st\nend", "lp-power", "LP line 1, column 9: the power '3'; only squares are supported"),
    (
        "min [ x*y*z ] st\nend",
        "lp-power",
        "LP line 1, column 10: a product of more than two variables; introduce a variable for a part of it",
    ),
    (
        "min [ x^2 + 3 y ] st\nend",
        "lp-syntax",
        "LP line 1, column 17: ']' where ^2 or * must stand; within brackets there are products only; linear terms stand outside",
    ),
    (
        "min [ x^2 ] / 3 st\nend",
        "lp-bracket",
        "LP line 1, column 15: '3' behind ] /; brackets can be divided by 2 only",
    ),
    (
        "min 2 [ x^2 ] st\nend",
        "lp-syntax",
        "LP line 1, column 7: a number that multiplies brackets; multiply out what stands in [ ]",
    ),
    (
        "min [ x^2\nst\n c: x >= 1\nend",
        "lp-bracket",
        "LP line 2, column 1: the bracket of line 1 is not closed; close it by ] before the section ends",
    ),
    (
        "min 1e400 x st\nend",
        "lp-not-finite",
        "LP line 1, column 5: '1e400' where a finite number must stand; give a value that a double holds",
    ),
    (
        "min inf st\nend",
        "lp-infinity",
        "LP line 1, column 5: 'inf' where a variable must stand; infinity is a number; give the variable a name",
    ),
    (
        "min x st\n x + y\nend",
        "lp-syntax",
        "LP line 3, column 1: 'end' where +, - or a comparison (<=, >=, =) must stand; a section begins here before the last one is complete",
    ),
    (
        "min x st\n x + y >= 3 z\nend",
        "lp-behind-row",
        "LP line 2, column 13: 'z' behind a complete row; variables stand left of the comparison; another row begins on a new line, or with a label",
    ),
    (
        "min x st\n 1 <= x >= 3\nend",
        "lp-range",
        "LP line 2, column 9: two sides that do not enclose the expression; write 1 <= x + y <= 5 or 5 >= x + y >= 1",
    ),
    (
        "min x st\n x >= 1 <= 3\nend",
        "lp-range",
        "LP line 2, column 9: a second comparison behind the right-hand side; write a row with two sides as 1 <= x + y <= 5",
    ),
    (
        "min x st\n x >= inf\nend",
        "lp-not-finite",
        "LP line 2, column 7: 'inf' as a side of this row; no value satisfies it; leave the row out if it is free",
    ),
    (
        "min x st\n c: x >= 1\n c: x >= 2\nend",
        "lp-duplicate-row",
        "LP line 3, column 2: a second row named 'c'; give each row a name of its own",
    ),
    (
        "min x st\n x = 2 -> y >= 1\nend",
        "lp-indicator",
        "LP line 2, column 6: '2' where 0 or 1 must stand; say when the row must hold",
    ),
    (
        "min x st\n x = 1 <-> y >= 1\nend",
        "lp-indicator",
        "LP line 2, column 8: an equivalence '<->'; write two rows with ->, one for each direction",
    ),
    (
        "min x st\nbounds\n 2 x <= 3\nend",
        "lp-bound-form",
        "LP line 3, column 2: 'x' behind a number; a bound is 1 <= x <= 5, x >= 1, x <= 5, x = 5 or x free; with a coefficient or two variables it is a row",
    ),
    (
        "min x st\nbounds\n x >= inf\nend",
        "lp-not-finite",
        "LP line 3, column 7: 'inf' as this bound of 'x'; no value satisfies it; 'x free' lifts both bounds",
    ),
    (
        "min x st\nbounds\n x frei\nend",
        "lp-bound-form",
        "LP line 3, column 4: 'frei' where a comparison or 'free' must stand; a bound is 1 <= x <= 5, x >= 1, x <= 5, x = 5 or x free; with a coefficient or two variables it is a row",
    ),
    (
        "min x st\nbounds\n x <=",
        "lp-cut-off",
        "LP line 3, column 6: the file ends where a number must stand; complete the file",
    ),
    (
        "min x st\ngen\n x + y\nend",
        "lp-syntax",
        "LP line 3, column 4: '+' where a variable or a section must stand; correct what is written here, or what stands before it",
    ),
    (
        "min x st\nsos\n a: S3:: x:1\nend",
        "lp-sos",
        "LP line 3, column 5: 'S3' is not a kind of set; there are S1 and S2",
    ),
    (
        "min x st\nsos1\n +\nend",
        "lp-syntax",
        "LP line 3, column 2: '+' where a set must stand; correct what is written here, or what stands before it",
    ),
    (
        "min x st\npwl\nend",
        "lp-section-unsupported",
        "LP line 2, column 1: the section PWL is not supported; write it as rows, or leave it out",
    ),
    (
        "min x st\ngeneral constraints\n y = sin(x)\nend",
        "lp-general-function",
        "LP line 3, column 6: the function 'sin'; there are MIN, MAX, ABS, AND, OR and PWL; approximate others by PWL",
    ),
    (
        "min x st\ngeneral constraints\n y = and(x, z)\nend",
        "lp-general-binary",
        "LP line 3, column 2: 'x', which is not binary, in AND or OR; list it under Binaries",
    ),
    (
        "min x st\ngeneral constraints\n y = pwl(x): (0, 0)\nend",
        "lp-points",
        "LP line 3, column 14: 1 point without a slope at both ends; give at least two points; the first two and the last two differ in x",
    ),
    (
        "min x st\n b = 1 -> x >= 1\nend",
        "problem-bad-kind",
        "1 defect in the problem\n  indicator 1: variable 'b' is not binary",
    ),
];

#[test]
fn with_place_finding_and_remedy() {
    let mut wrong = Vec::new();
    for (text, code, told) in CASES {
        match lp::read(text.as_bytes()) {
            Err(error) if error.code == *code && error.to_string() == *told => {}
            Err(error) => wrong.push(format!("{text:?}\n  [{}] {error}", error.code)),
            Ok(_) => wrong.push(format!("{text:?} was read")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_are_not_utf8() {
    let error = lp::read(b"min caf\xE9 st\nend").unwrap_err();
    assert_eq!(
        error.to_string(),
        "LP line 1, column 8: the name 'caf\u{FFFD}' is not UTF-8; convert the file to UTF-8"
    );
}

#[test]
fn limits() {
    let tight = lp::Limits { name_bytes: 12, entries: 3 };
    let code = |text: &str| lp::read_with(text.as_bytes(), &tight).unwrap_err().code;
    assert_eq!(code("min a_rather_long_name st\nend"), "lp-name-too-long");
    assert_eq!(code("min a + b + c + d st\nend"), "lp-too-large");
    assert_eq!(code("min st\n<= 1\nend"), "lp-syntax");
    assert_eq!(code("min st\na: <= 1\nb: <= 1\nc: <= 1\nd: <= 1\nend"), "lp-too-large");
    assert_eq!(code("min st\nbounds\n a<=1 b<=1 c<=1 d<=1\nend"), "lp-too-large");
    assert_eq!(code("min st\ngeneral constraints\n m = max(a, b)\nend"), "lp-too-large");
}
