//! The segments behind the header, in any order that defines before it uses, and the problem they come to.

use super::expression::{self, Definitions};
use super::header::{self, Header};
use super::input::Input;
use super::names;
use super::suffixes::Suffixes;
use super::{Model, Settings};
use crate::formats::place::{FormatError, Read, Warning};
use crate::formats::polynomial::{Budget, Polynomial};
use crate::formats::triplets::{self, Triplet};
use crate::problem::{ColumnKind, Problem, ProblemData, QuadraticRow, Sense};

/// Reads all of it.
pub(super) fn read(bytes: &[u8], settings: &Settings<'_>) -> Result<Read<Model>, FormatError> {
    let mut input = Input::new(bytes);
    let header = header::read(&mut input)?;
    let mut reader = Reader {
        budget: Budget::for_text(bytes.len()),
        objective: settings.objective.unwrap_or(1).checked_sub(1),
        input,
        header,
        definitions: Definitions::new(),
        bodies: Vec::new(),
        objectives: Vec::new(),
        jacobian: Vec::new(),
        gradients: Vec::new(),
        columns: None,
        rows: None,
        start: Vec::new(),
        suffixes: Suffixes::default(),
        warnings: Vec::new(),
    };
    while let Some(letter) = reader.input.segment() {
        reader.segment(letter)?;
    }
    reader.finish(settings)
}

/// A constraint's or an objective's expression, and where it stands.
struct Body {
    at: usize,
    index: u32,
    value: Polynomial,
}

/// Lower and upper bounds.
type Bounds = (Vec<f64>, Vec<f64>);

struct Reader<'a> {
    input: Input<'a>,
    header: Header,
    budget: Budget,
    /// Position of the objective that is wanted, if one is.
    objective: Option<usize>,
    definitions: Definitions,
    bodies: Vec<Body>,
    objectives: Vec<(Sense, Body)>,
    /// Row, column, coefficient.
    jacobian: Vec<Triplet>,
    /// Objective, column, coefficient.
    gradients: Vec<(u32, u32, f64)>,
    columns: Option<Bounds>,
    rows: Option<Bounds>,
    start: Vec<(u32, f64)>,
    suffixes: Suffixes,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn segment(&mut self, letter: u8) -> Result<(), FormatError> {
        let at = self.input.at - 1;
        match letter {
            b'C' => self.body(at)?,
            b'O' => self.objective(at)?,
            b'V' => self.definition()?,
            b'J' => self.jacobian()?,
            b'G' => self.gradient()?,
            b'r' => self.ranges(at)?,
            b'b' => self.bounds(at)?,
            b'k' | b'K' => self.column_lengths()?,
            b'x' => self.start()?,
            b'd' => self.dual_start()?,
            b'S' => self.suffix(at)?,
            b'L' => {
                let finding = "a logical constraint, which is neither linear nor quadratic";
                return Err(self.input.error(
                    at,
                    "nl-nonlinear",
                    finding,
                    "linear and quadratic models are solved here",
                ));
            }
            b'F' => {
                let finding = "an imported function, which is neither linear nor quadratic";
                return Err(self.input.error(
                    at,
                    "nl-nonlinear",
                    finding,
                    "linear and quadratic models are solved here",
                ));
            }
            other => {
                let finding = format!("'{}' begins no segment", other.escape_ascii());
                let remedy = "segments begin with C, O, V, J, G, r, b, k, x, d or S; is the file damaged?";
                return Err(self.input.error(at, "nl-segment", finding, remedy));
            }
        }
        Ok(())
    }

    fn expression(&mut self) -> Result<Polynomial, FormatError> {
        expression::read(&mut self.input, self.header.variables, &self.definitions, &mut self.budget)
    }

    fn body(&mut self, at: usize) -> Result<(), FormatError> {
        let index = self.input.index(self.header.constraints, "the constraint's position")?;
        self.input.end_of_line()?;
        let value = self.expression()?;
        self.bodies.push(Body { at, index, value });
        Ok(())
    }

    fn objective(&mut self, at: usize) -> Result<(), FormatError> {
        let index = self.input.index(self.header.objectives, "the objective's position")?;
        let sense = match self.input.count(1, "the objective's sense")? {
            0 => Sense::Minimize,
            _ => Sense::Maximize,
        };
        self.input.end_of_line()?;
        let value = self.expression()?;
        self.objectives.push((sense, Body { at, index, value }));
        Ok(())
    }

    fn definition(&mut self) -> Result<(), FormatError> {
        let begin = self.input.at;
        let n = self.header.variables;
        let end = n.saturating_add(self.header.definitions);
        let index = self.input.index(end, "the common expression's position")?;
        if (index as usize) < n || self.definitions.contains_key(&index) {
            let finding = format!("v{index} is a variable, or defined already");
            let remedy = format!("common expressions count from {n}, behind the variables");
            return Err(self.input.error(self.input.word_at(begin), "nl-index", finding, remedy));
        }
        let terms = self.input.count(self.input.bytes.len(), "the number of linear terms")?;
        self.input.integer("where the expression is used")?;
        self.input.end_of_line()?;
        let mut value = Polynomial::default();
        for _ in 0..terms {
            let column = self.input.index(n, "the variable of a linear term")?;
            let coefficient = self.input.finite("the coefficient of a linear term")?;
            self.input.end_of_line()?;
            value.linear.push((column, coefficient));
        }
        value.take_in(self.expression()?, 1.0);
        value.merge();
        self.definitions.insert(index, value);
        Ok(())
    }

    /// The linear part of constraints. Columns without one are listed too, with a coefficient 0.
    fn jacobian(&mut self) -> Result<(), FormatError> {
        let row = self.input.index(self.header.constraints, "the constraint's position")?;
        let count = self.input.count(self.header.variables, "the number of terms")?;
        self.input.end_of_line()?;
        for _ in 0..count {
            let (column, value) = self.linear_term()?;
            self.jacobian.push((row, column, value));
        }
        Ok(())
    }

    fn gradient(&mut self) -> Result<(), FormatError> {
        let objective = self.input.index(self.header.objectives, "the objective's position")?;
        let count = self.input.count(self.header.variables, "the number of terms")?;
        self.input.end_of_line()?;
        for _ in 0..count {
            let (column, value) = self.linear_term()?;
            self.gradients.push((objective, column, value));
        }
        Ok(())
    }

    fn linear_term(&mut self) -> Result<(u32, f64), FormatError> {
        let column = self.input.index(self.header.variables, "the variable of a term")?;
        let value = self.input.finite("the coefficient of a term")?;
        self.input.end_of_line()?;
        Ok((column, value))
    }

    fn ranges(&mut self, at: usize) -> Result<(), FormatError> {
        if self.rows.is_some() {
            return Err(self.twice(at, "r"));
        }
        self.rows = Some(self.pairs(self.header.constraints, "a constraint")?);
        Ok(())
    }

    fn bounds(&mut self, at: usize) -> Result<(), FormatError> {
        if self.columns.is_some() {
            return Err(self.twice(at, "b"));
        }
        self.columns = Some(self.pairs(self.header.variables, "a variable")?);
        Ok(())
    }

    #[cold]
    fn twice(&self, at: usize, segment: &str) -> FormatError {
        let finding = format!("a second segment {segment}");
        self.input.error(at, "nl-repeated", finding, "give it once; is the file damaged?")
    }

    /// A kind and one or two numbers for each.
    fn pairs(&mut self, count: usize, what: &str) -> Result<Bounds, FormatError> {
        self.input.end_of_line()?;
        let (mut lowers, mut uppers) = (Vec::new(), Vec::new());
        let (none, wanted) = (f64::INFINITY, format!("a bound of {what}"));
        for _ in 0..count {
            let at = self.input.at;
            let (lower, upper) = match self.input.letter(&format!("the kind of bounds of {what}"))? {
                b'0' => {
                    let lower = self.input.double(&wanted)?;
                    (lower, self.input.double(&wanted)?)
                }
                b'1' => (-none, self.input.double(&wanted)?),
                b'2' => (self.input.double(&wanted)?, none),
                b'3' => (-none, none),
                b'4' => {
                    let side = self.input.finite(&wanted)?;
                    (side, side)
                }
                b'5' if what == "a constraint" => {
                    let finding = "a complementarity condition, which is neither linear nor quadratic";
                    let remedy = "linear and quadratic models are solved here";
                    return Err(self.input.error(at, "nl-nonlinear", finding, remedy));
                }
                other => {
                    let finding = format!("'{}' is no kind of bounds", other.escape_ascii());
                    let remedy = "there are 0 (both), 1 (upper), 2 (lower), 3 (none) and 4 (equal)";
                    return Err(self.input.error(at, "nl-bounds", finding, remedy));
                }
            };
            self.input.end_of_line()?;
            lowers.push(lower);
            uppers.push(upper);
        }
        Ok((lowers, uppers))
    }

    /// What the segments J say again, so nothing of it is kept.
    fn column_lengths(&mut self) -> Result<(), FormatError> {
        let begin = self.input.at;
        let count = self.input.count(self.header.variables, "the number of columns")?;
        if count + 1 < self.header.variables {
            let finding = format!("{count} lengths of columns for {} variables", self.header.variables);
            let at = self.input.word_at(begin);
            return Err(self.input.error(at, "nl-count", finding, "all but the last variable have one"));
        }
        self.input.end_of_line()?;
        for _ in 0..count {
            self.input.count(self.header.jacobian, "the length of a column")?;
            self.input.end_of_line()?;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), FormatError> {
        let count = self.input.count(self.header.variables, "the number of values")?;
        self.input.end_of_line()?;
        for _ in 0..count {
            let pair = self.linear_term()?;
            self.start.push(pair);
        }
        Ok(())
    }

    /// Multipliers to start from: no solver here takes them.
    fn dual_start(&mut self) -> Result<(), FormatError> {
        let constraints = self.header.constraints;
        let count = self.input.count(constraints, "the number of values")?;
        self.input.end_of_line()?;
        for _ in 0..count {
            self.input.index(constraints, "the constraint of a value")?;
            self.input.finite("a value")?;
            self.input.end_of_line()?;
        }
        Ok(())
    }

    fn suffix(&mut self, at: usize) -> Result<(), FormatError> {
        let sizes = [
            self.header.variables,
            self.header.constraints.saturating_add(self.header.logical),
            self.header.objectives,
            1,
        ];
        if let Some(name) = self.suffixes.read(&mut self.input, sizes)? {
            let line = crate::formats::place::locate(self.input.bytes, at).0;
            let line = (self.input.form == super::input::Form::Text).then_some(line);
            self.warn("nl-suffix-ignored", line, format!("the suffix {name} is not used here"));
        }
        Ok(())
    }

    fn warn(&mut self, code: &'static str, line: Option<usize>, detail: String) {
        if !self.warnings.iter().any(|w| w.code == code) {
            self.warnings.push(Warning { code, line, detail });
        }
    }

    fn finish(mut self, settings: &Settings<'_>) -> Result<Read<Model>, FormatError> {
        let (n, m) = (self.header.variables, self.header.constraints);
        let missing = |segment: &str, of: usize, things: &str| {
            let finding = format!("the file ends without the segment {segment} of its {of} {things}");
            Err(self.input.error(self.input.bytes.len(), "nl-cut-off", finding, "was the file copied whole?"))
        };
        let (lower, upper) = match self.columns.take() {
            Some(bounds) => bounds,
            None if n == 0 => Bounds::default(),
            None => return missing("b", n, "variables"),
        };
        let (row_lower, row_upper) = match self.rows.take() {
            Some(bounds) => bounds,
            None if m == 0 => Bounds::default(),
            None => return missing("r", m, "constraints"),
        };
        self.complete()?;
        let mut data = ProblemData {
            cost: vec![0.0; n],
            kinds: vec![ColumnKind::Continuous; n],
            lower,
            upper,
            row_lower,
            row_upper,
            ..ProblemData::default()
        };
        for range in self.header.integer_ranges() {
            data.kinds[range].fill(ColumnKind::Integer);
        }
        self.store_objective(&mut data);
        self.store_rows(&mut data);
        let (sets, warning) = std::mem::take(&mut self.suffixes).sets(n);
        data.sets = sets;
        if let Some(warning) = warning {
            self.warn("nl-sos-without-ref", None, warning);
        }
        for (code, detail) in names::store(settings, &mut data) {
            self.warn(code, None, detail);
        }
        let mut start = vec![0.0; if self.start.is_empty() { 0 } else { n }];
        for &(column, value) in &self.start {
            start[column as usize] = value;
        }
        let model = Model {
            problem: Problem::new(data)?,
            start: (!start.is_empty()).then_some(start),
            echo: self.header.echo,
            objectives: self.header.objectives,
        };
        Ok(Read { value: model, warnings: self.warnings })
    }

    /// Nothing is there twice, and all is there that the header tells.
    fn complete(&self) -> Result<(), FormatError> {
        let constraints = once(&self.input, self.bodies.iter(), self.header.constraints)?;
        let objectives = once(&self.input, self.objectives.iter().map(|o| &o.1), self.header.objectives)?;
        let end = self.input.bytes.len();
        let counts = [
            ("nonzeros in constraints (segments J)", self.jacobian.len(), self.header.jacobian),
            ("nonzeros in objectives (segments G)", self.gradients.len(), self.header.gradient),
        ];
        for (what, found, told) in counts {
            if found != told {
                let finding = format!("{found} {what}, where the header says {told}");
                return Err(self.input.error(end, "nl-cut-off", finding, "was the file copied whole?"));
            }
        }
        let segments = [
            ("C", &constraints[..self.header.nonlinear_constraints.min(constraints.len())]),
            ("O", &objectives[..self.header.nonlinear_objectives.min(objectives.len())]),
        ];
        for (letter, seen) in segments {
            if let Some(absent) = seen.iter().position(|seen| !seen) {
                let finding = format!("the file ends without the segment {letter}{absent}");
                return Err(self.input.error(end, "nl-cut-off", finding, "was the file copied whole?"));
            }
        }
        Ok(())
    }

    fn store_objective(&mut self, data: &mut ProblemData) {
        let Some(wanted) = self.objective else { return };
        if self.header.objectives > 1 {
            let detail = format!("the file has {} objectives; number {} is taken", self.header.objectives, wanted + 1);
            self.warn("nl-several-objectives", None, detail);
        }
        let wanted = wanted as u32;
        for &(_, column, value) in self.gradients.iter().filter(|g| g.0 == wanted) {
            data.cost[column as usize] += value;
        }
        let Some((sense, body)) = self.objectives.iter_mut().find(|o| o.1.index == wanted) else { return };
        data.sense = *sense;
        data.offset = body.value.constant;
        for &(column, value) in &body.value.linear {
            data.cost[column as usize] += value;
        }
        data.quadratic_objective = std::mem::take(&mut body.value.products);
    }

    /// The matrix, and what of the bodies is no coefficient.
    fn store_rows(&mut self, data: &mut ProblemData) {
        let mut entries = std::mem::take(&mut self.jacobian);
        for body in &mut self.bodies {
            let row = body.index as usize;
            entries.extend(body.value.linear.iter().map(|&(column, value)| (body.index, column, value)));
            for side in [&mut data.row_lower[row], &mut data.row_upper[row]] {
                *side -= body.value.constant;
            }
            let products = std::mem::take(&mut body.value.products);
            if !products.is_empty() {
                data.quadratic_rows.push(QuadraticRow { row: body.index, products });
            }
        }
        triplets::store(entries, data);
    }
}

/// Which of `count` have a body; an error for a second one.
fn once<'b>(input: &Input<'_>, bodies: impl Iterator<Item = &'b Body>, count: usize) -> Result<Vec<bool>, FormatError> {
    let mut seen = vec![false; count];
    for body in bodies {
        if std::mem::replace(&mut seen[body.index as usize], true) {
            let finding = format!("a second expression of number {}", body.index);
            return Err(input.error(body.at, "nl-repeated", finding, "give each constraint and objective once"));
        }
    }
    Ok(seen)
}
