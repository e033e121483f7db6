//! What a file is refused for: the words that people read, each with its line and column.

use farkas_modeling::formats::mps;

/// Text, and what is told of it.
const CASES: &[(&str, &str, &str)] = &[
    ("", "mps-empty", "MPS line 1, column 1: the file is empty; give a file with ROWS and COLUMNS"),
    (
        "* only a comment\n",
        "mps-no-section",
        "MPS line 1, column 17: the file ends before any section; give a file with ROWS and COLUMNS",
    ),
    (
        "<html>",
        "mps-other-format",
        "MPS line 1, column 1: this is HTML or XML, not MPS; was an error page saved instead of the file?",
    ),
    (
        "NAME\0",
        "mps-nul",
        "MPS line 1, column 5: a NUL byte; MPS is plain text; is this a binary file, or a damaged one?",
    ),
    (
        " NAME t\n",
        "mps-no-section",
        "MPS line 1, column 2: 'NAME' stands in no section; sections (NAME, ROWS, …) begin in column 1",
    ),
    (
        "HELLO\n",
        "mps-unknown-section",
        "MPS line 1, column 1: 'HELLO' is not a section of an MPS file; lines that belong to a section begin with a blank",
    ),
    (
        "COLUMNS\n",
        "mps-section-order",
        "MPS line 1, column 1: COLUMNS before ROWS; the order is ROWS, COLUMNS, then the others",
    ),
    (
        "ROWS\n N o\nBOUNDS\n",
        "mps-section-order",
        "MPS line 3, column 1: BOUNDS before COLUMNS; the order is ROWS, COLUMNS, then the others",
    ),
    (
        "ROWS\n N o\nROWS\n",
        "mps-section-order",
        "MPS line 3, column 1: ROWS after it was closed, or a second time; put its lines into one section",
    ),
    (
        "ROWS\n N o\nENDATA\n",
        "mps-section-missing",
        "MPS line 3, column 1: ENDATA, but there was no section COLUMNS; complete the file",
    ),
    ("OBJSENSE best\n", "mps-objsense", "MPS line 1, column 10: 'best' is not an objective sense; write MAX or MIN"),
    (
        "OBJNAME q\nROWS\n N o\nCOLUMNS\n",
        "mps-objname",
        "MPS line 1, column 9: 'q' is not an N row; name an N row of ROWS",
    ),
    ("ROWS\n N o\n X c\n", "mps-row-type", "MPS line 3, column 2: 'X' is not a type of row; there are N, L, G and E"),
    (
        "ROWS\n N\n",
        "mps-field-count",
        "MPS line 2, column 2: 1 field in a line of ROWS; it takes a type (N, L, G or E) and a name",
    ),
    (
        "ROWS\n N o\n L o\nCOLUMNS\n",
        "mps-duplicate-row",
        "MPS line 3, column 4: a second row named 'o'; give each row a name of its own",
    ),
    (
        "ROWS\n N o\n L a_rather_long_name\n L a_rather_long_name\nCOLUMNS\n",
        "mps-duplicate-row",
        "MPS line 4, column 4: a second row named 'a_rather_long_name'; give each row a name of its own",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o\n",
        "mps-field-count",
        "MPS line 4, column 4: 2 fields in a line of COLUMNS; it takes a column and one or two pairs of row and value",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1,5\n",
        "mps-number",
        "MPS line 4, column 6: '1,5' is not a number; write it as 12, -0.5 or 1e-3",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1e400\n",
        "mps-not-finite",
        "MPS line 4, column 6: '1e400' where a finite number must stand; give a value that a double holds",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o NaN\n",
        "mps-not-finite",
        "MPS line 4, column 6: 'NaN' where a number must stand; give its value",
    ),
    (
        "ROWS\n N o\n L c\nCOLUMNS\n Ü c 1 d 2\n",
        "mps-unknown-row",
        "MPS line 5, column 8: 'd' is not a row named in ROWS; rows end at line 3",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\n y o 1\n x o 1\nENDATA\n",
        "mps-duplicate-column",
        "MPS line 6, column 2: column 'x' a second time; all lines of a column stand together, on one side of a marker",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n M 'MARKER' 'SOSORG'\n",
        "mps-marker",
        "MPS line 4, column 13: the marker ''SOSORG''; there are 'INTORG' and 'INTEND'; sets go into a section SOS",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nRHS\n R q 1\n",
        "mps-unknown-row",
        "MPS line 6, column 4: 'q' is not a row named in ROWS; rows end at line 2",
    ),
    (
        "ROWS\n N o\n E e\nCOLUMNS\n x o 1\nRHS\n R e inf\n",
        "mps-not-finite",
        "MPS line 7, column 6: the right-hand side inf of a row of type E; give a finite value",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nBOUNDS\n ZZ B x 1\n",
        "mps-bound-type",
        "MPS line 6, column 2: 'ZZ' is not a type of bound; there are UP, LO, FX, FR, MI, PL, BV, LI, UI, SC and SI",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nBOUNDS\n UP B q 1\n",
        "mps-unknown-column",
        "MPS line 6, column 7: 'q' is not a column of COLUMNS; give it an entry there, or correct the name",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nBOUNDS\n UP B x -inf\n",
        "mps-not-finite",
        "MPS line 6, column 9: '-inf' as a bound of this type; no value satisfies it; FR, MI and PL lift bounds",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nBOUNDS\n UP B\n",
        "mps-field-count",
        "MPS line 6, column 5: 2 fields in a line of BOUNDS; it takes a type, a set's name (or none), a column and a value",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nSOS\n x 1\n",
        "mps-sos",
        "MPS line 6, column 2: a member before any set; begin the set by a line 'S1 name'",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nINDICATORS\n IF o x 1\n",
        "mps-indicator",
        "MPS line 6, column 5: 'o' is an N row; only a constraint can be switched",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nCSECTION\n x x 1\n",
        "mps-section-unsupported",
        "MPS line 5, column 1: the section CSECTION is not supported; write what it holds as rows, or leave it out",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nQUADOBJ\n x 1\n",
        "mps-field-count",
        "MPS line 6, column 4: 2 fields in a line of QUADOBJ; it takes two columns and a value",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\n y o 1\nQUADOBJ\n x y 1\n y x 1\nENDATA\n",
        "mps-quadratic-repeated",
        "MPS line 8, column 4: a pair of columns a second time; this section holds one triangle of the matrix; QMATRIX and QCMATRIX hold both",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\n y o 1\nQMATRIX\n x x 1\n x y 1\nENDATA\n",
        "mps-quadratic-asymmetric",
        "MPS line 8, column 4: 1 here, but 0 where the columns change places; this section holds all of a symmetric matrix; QUADOBJ holds one triangle",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1\nQCMATRIX o\n x x 1\n",
        "mps-quadratic-row",
        "MPS line 5, column 10: 'o' is an N row; the objective's products stand in QUADOBJ or QMATRIX",
    ),
    (
        "ROWS\n N o\x07\n",
        "mps-control-character",
        "MPS line 2, column 5: the control character 0x07; MPS is plain text; is this another kind of file?",
    ),
    (
        "ROWS\n N o\nCOLUMNS\n x o 1",
        "mps-no-endata",
        "MPS line 4, column 7: the file ends within COLUMNS, without ENDATA; it was cut off; get the whole file",
    ),
    (
        "ROWS\n N o\n L c\nCOLUMNS\n x c 1\nINDICATORS\n IF c x 1\nENDATA\n",
        "problem-bad-kind",
        "1 defect in the problem\n  indicator 1: variable 'x' is not binary",
    ),
    // Fixed format, further than free can follow.
    (
        "NAME\nROWS\n N  TOT COST\n L  CAP A\nCOLUMNS\n    MAKE X    CAP B                1\nENDATA\n",
        "mps-unknown-row",
        "MPS line 6, column 15: 'CAP B' is not a row named in ROWS; rows end at line 4",
    ),
];

#[test]
fn with_place_finding_and_remedy() {
    let mut wrong = Vec::new();
    for (text, code, told) in CASES {
        match mps::read(text.as_bytes()) {
            Err(error) if error.code == *code && error.to_string() == *told => {}
            Err(error) => wrong.push(format!("{text:?}\n  [{}] {error}", error.code)),
            Ok(_) => wrong.push(format!("{text:?} was read")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_are_not_utf8() {
    let error = mps::read(b"ROWS\n N o\n L caf\xE9\nCOLUMNS\n x o 1\nENDATA\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "MPS line 3, column 7: the name 'caf\u{FFFD}' is not UTF-8; convert the file to UTF-8"
    );
}

#[test]
fn limits() {
    let tight = mps::Limits { line_bytes: 40, name_bytes: 5, entries: 2 };
    let code = |text: &str| mps::read_with(text.as_bytes(), &tight).unwrap_err().code;
    assert_eq!(code(&format!("*{}\n", "c".repeat(50))), "mps-line-too-long");
    assert_eq!(code("ROWS\n N o\n L a_long_name\nCOLUMNS\n"), "mps-name-too-long");
    assert_eq!(code("ROWS\n N o\n L a\n L b\n L c\n"), "mps-too-large");
    assert_eq!(code("ROWS\n N o\nCOLUMNS\n a o 1\n b o 1\n c o 1\n"), "mps-too-large");
    assert_eq!(code("ROWS\n N o\n L a\n L b\nCOLUMNS\n x a 1 b 1\n y a 1\nENDATA\n"), "mps-too-large");
}
