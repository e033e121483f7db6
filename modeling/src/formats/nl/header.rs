//! The ten lines at the head of an `.nl` file: how it is written, and how much of everything there is.
//!
//! Invariant: every size was compared with the file's length, so that it can be counted up to.

use super::Echo;
use super::input::{Form, Input};
use crate::formats::place::{FormatError, quote};
use crate::problem::MOST_ENTRIES;

/// The sizes, by the names of "Writing .nl files".
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub echo: Echo,
    pub variables: usize,
    pub constraints: usize,
    pub objectives: usize,
    pub logical: usize,
    pub nonlinear_constraints: usize,
    pub nonlinear_objectives: usize,
    /// Nonlinear variables in constraints, in objectives (counting those in constraints before them), in both.
    pub nonlinear: [usize; 3],
    pub arcs: usize,
    /// Linear binary and linear integer variables.
    pub binaries: usize,
    pub integers: usize,
    /// Integer variables among the nonlinear ones: in both, in constraints only, in objectives only.
    pub nonlinear_integers: [usize; 3],
    pub jacobian: usize,
    pub gradient: usize,
    pub definitions: usize,
}

/// What stands in the lines behind the first, for messages.
const LINES: [&str; 9] = [
    "the numbers of variables, constraints, objectives, ranges and equations",
    "the numbers of nonlinear constraints and objectives",
    "the numbers of network constraints",
    "the numbers of nonlinear variables",
    "the numbers of network variables and functions",
    "the numbers of discrete variables",
    "the numbers of nonzeros",
    "the longest names",
    "the numbers of common expressions",
];

/// Fewest numbers in each of these lines.
const FEWEST: [usize; 9] = [3, 2, 2, 2, 2, 2, 2, 0, 5];

/// Reads the header and leaves the input behind it, in the form that the header tells.
pub(super) fn read(input: &mut Input<'_>) -> Result<Header, FormatError> {
    let (binary, echo) = first_line(input)?;
    let mut lines = [const { Vec::new() }; 9];
    for (k, line) in lines.iter_mut().enumerate() {
        *line = sizes(input, LINES[k], FEWEST[k])?;
    }
    let get = |line: usize, k: usize| lines[line].get(k).copied().unwrap_or(0);
    let header = Header {
        echo,
        variables: get(0, 0),
        constraints: get(0, 1),
        objectives: get(0, 2),
        logical: get(0, 5),
        nonlinear_constraints: get(1, 0),
        nonlinear_objectives: get(1, 1),
        nonlinear: [get(3, 0), get(3, 1), get(3, 2)],
        arcs: get(4, 0),
        binaries: get(5, 0),
        integers: get(5, 1),
        nonlinear_integers: [get(5, 2), get(5, 3), get(5, 4)],
        jacobian: get(6, 0),
        gradient: get(6, 1),
        definitions: (0..5).fold(0, |sum: usize, k| sum.saturating_add(get(8, k))),
    };
    if binary {
        input.form = match get(4, 2) {
            0 | 1 => Form::LittleEndian,
            2 => Form::BigEndian,
            other => {
                let finding = format!("the arithmetic is of kind {other}, which no machine of today has");
                return Err(input.error(0, "nl-arithmetic", finding, "write the file as text (option g)"));
            }
        };
    }
    input.header_end = input.at;
    check_sizes(input, &header)?;
    Ok(header)
}

/// `g3 1 1 0`: whether it is binary, and the options that a solution file has to repeat.
fn first_line(input: &mut Input<'_>) -> Result<(bool, Echo), FormatError> {
    let line = next_line(input, "a header such as 'g3 1 1 0'")?;
    let binary = match line.first() {
        Some(b'g') => false,
        Some(b'b') => true,
        _ => {
            let finding = format!("the file begins with {}", quote(line));
            return Err(input.error(0, "nl-header", finding, "an .nl file begins with 'g' or 'b', such as 'g3 1 1 0'"));
        }
    };
    let bad = |input: &Input<'_>, what: &[u8]| {
        let finding = format!("{} in the first line", quote(what));
        input.error(0, "nl-header", finding, "behind 'g' or 'b' stand a number of options and the options themselves")
    };
    let mut words = line[1..].split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let mut options: Vec<i64> = Vec::new();
    let mut tolerance = None;
    let Some(first) = words.next() else { return Ok((binary, Echo::default())) };
    let number = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|t| t.parse::<i64>().ok());
    let count = number(first).filter(|n| (0..=9).contains(n)).ok_or_else(|| bad(input, first))?;
    for word in words.by_ref().take(count as usize) {
        options.push(number(word).ok_or_else(|| bad(input, word))?);
    }
    // Where the second option is 3, a tolerance follows that goes back with the solution.
    if options.get(1) == Some(&3)
        && let Some(word) = words.next()
    {
        tolerance = Some(crate::formats::number::parse(word).ok_or_else(|| bad(input, word))?);
    }
    Ok((binary, Echo { options, tolerance }))
}

/// The next line without its comment.
fn next_line<'a>(input: &mut Input<'a>, wanted: &str) -> Result<&'a [u8], FormatError> {
    let rest = &input.bytes[input.at..];
    if rest.is_empty() {
        let finding = format!("the file ends where {wanted} must stand");
        return Err(input.error(input.at, "nl-cut-off", finding, "was the file copied whole?"));
    }
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    input.at += (end + 1).min(rest.len());
    let line = &rest[..end];
    Ok(&line[..memchr::memchr(b'#', line).unwrap_or(line.len())])
}

/// A line of sizes, none of them negative.
fn sizes(input: &mut Input<'_>, wanted: &str, fewest: usize) -> Result<Vec<usize>, FormatError> {
    let begin = input.at;
    let line = next_line(input, wanted)?;
    let mut sizes = Vec::new();
    // Later versions of the format append numbers, so a longer line is fine; this long is none.
    for word in line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).take(20) {
        let at = begin + (word.as_ptr().addr() - line.as_ptr().addr());
        let value = std::str::from_utf8(word).ok().and_then(|text| text.parse::<i64>().ok());
        match value {
            Some(value) if (0..=MOST_ENTRIES as i64).contains(&value) => sizes.push(value as usize),
            _ => {
                let finding = format!("{} among {wanted}", quote(word));
                let remedy = format!("sizes are whole numbers from 0 to {MOST_ENTRIES}");
                return Err(input.error(at, "nl-header", finding, remedy));
            }
        }
    }
    if sizes.len() < fewest {
        let finding = format!("{} numbers where {wanted} must stand", sizes.len());
        return Err(input.error(begin, "nl-header", finding, "an .nl file has ten lines of header"));
    }
    Ok(sizes)
}

/// Every variable, constraint, objective and nonzero takes a byte at least, so a size beyond the file's is a lie.
fn check_sizes(input: &Input<'_>, header: &Header) -> Result<(), FormatError> {
    let left = input.bytes.len() - input.at;
    let line_at = |line: usize| {
        memchr::memchr_iter(b'\n', input.bytes).nth(line.wrapping_sub(2)).map_or(0, |newline| newline + 1)
    };
    for (what, size, line) in [
        ("variables", header.variables, 2),
        ("constraints", header.constraints, 2),
        ("objectives", header.objectives, 2),
        ("nonzeros", header.jacobian, 8),
        ("nonzeros of objectives", header.gradient, 8),
        ("common expressions", header.definitions, 10),
    ] {
        if size > left {
            let finding = format!("the header says {size} {what}, but only {left} bytes follow it");
            return Err(input.error(line_at(line), "nl-cut-off", finding, "was the file copied whole?"));
        }
    }
    let [in_constraints, in_objectives, in_both] = header.nonlinear;
    let nonlinear = in_constraints.max(in_objectives);
    let linear = header.arcs.saturating_add(header.binaries).saturating_add(header.integers);
    if in_both > in_constraints.min(in_objectives) || nonlinear.saturating_add(linear) > header.variables {
        let finding = format!("more nonlinear, network and discrete variables than the {} there are", header.variables);
        return Err(input.error(line_at(5), "nl-header", finding, "correct the numbers of variables"));
    }
    let [both, constraints, objectives] = header.nonlinear_integers;
    let groups = [
        (both, in_both),
        (constraints, in_constraints - in_both),
        (objectives, in_objectives.saturating_sub(in_constraints)),
    ];
    if groups.iter().any(|(integers, all)| integers > all) {
        let finding = "more nonlinear integer variables than nonlinear ones";
        return Err(input.error(line_at(7), "nl-header", finding, "correct the numbers of discrete variables"));
    }
    Ok(())
}

impl Header {
    /// Which variables are integer: they stand last in each of their groups.
    pub fn integer_ranges(&self) -> [std::ops::Range<usize>; 4] {
        let [in_constraints, in_objectives, in_both] = self.nonlinear;
        let [both, constraints, objectives] = self.nonlinear_integers;
        let nonlinear = in_constraints.max(in_objectives);
        let n = self.variables;
        [
            in_both - both..in_both,
            in_constraints - constraints..in_constraints,
            nonlinear - objectives..nonlinear,
            n - self.binaries - self.integers..n,
        ]
    }
}
