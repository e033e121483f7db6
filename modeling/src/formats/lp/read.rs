//! The sections of an LP file: which keyword begins what, where a keyword is a name instead, and what the whole comes to.
//!
//! Invariant: a section's reader stops before the next keyword, which is read again here.

use super::Limits;
use super::assemble::Rows;
use super::general::General;
use super::token::{Kind, Span, Token, Tokens};
use super::variables::Variables;
use crate::formats::fault::{Fault, Warnings};
use crate::formats::place::{Warning, quote};
use crate::problem::{Indicator, ProblemData, Product, QuadraticRow, Sense, SpecialOrderedSet};

/// Reads all of it.
pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<(ProblemData, Vec<Warning>), Fault> {
    let mut reader = Reader {
        tokens: Tokens::new(bytes, limits.name_bytes),
        limits,
        warnings: Warnings::default(),
        sense: None,
        objective_name: None,
        offset: 0.0,
        variables: Variables::default(),
        rows: Rows::default(),
        quadratic_objective: Vec::new(),
        quadratic_rows: Vec::new(),
        sets: Vec::new(),
        indicators: Vec::new(),
        general: Vec::new(),
        terms: 0,
        behind_objective: false,
    };
    reader.sections()?;
    reader.finish()
}

/// Everything read so far.
pub(super) struct Reader<'a> {
    pub tokens: Tokens<'a>,
    pub limits: Limits,
    pub warnings: Warnings,
    /// Known once the objective has begun.
    sense: Option<Sense>,
    pub objective_name: Option<Span>,
    pub offset: f64,
    pub variables: Variables,
    pub rows: Rows,
    pub quadratic_objective: Vec<Product>,
    pub quadratic_rows: Vec<QuadraticRow>,
    pub sets: Vec<SpecialOrderedSet>,
    pub indicators: Vec<Indicator>,
    pub general: Vec<General>,
    /// Terms of all kinds so far.
    terms: usize,
    /// Whether a section behind the objective has begun.
    behind_objective: bool,
}

/// What a keyword begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Objective(Sense),
    Rows,
    Lazy,
    Cuts,
    Bounds,
    Generals,
    Binaries,
    Semi,
    SemiIntegers,
    /// With the order of all its sets, where the keyword says it.
    Sets(Option<u8>),
    PiecewiseObjective,
    GeneralConstraints,
    Unsupported(&'static str),
    End,
}

impl<'a> Reader<'a> {
    fn sections(&mut self) -> Result<(), Fault> {
        loop {
            let token = self.tokens.peek()?;
            let Some((section, end)) = self.keyword(token) else { return self.outside(token) };
            self.tokens.continue_at(end);
            self.behind_objective = !matches!(section, Section::Objective(_));
            match section {
                Section::End => {
                    self.behind_end(end);
                    return Ok(());
                }
                Section::Objective(sense) => self.objective(sense, token)?,
                _ if self.sense.is_none() => {
                    let finding = format!("{} before the objective", quote(self.tokens.text(token.span)));
                    let remedy = "begin with Minimize or Maximize; the objective may be empty";
                    return Err(Fault::new(token.span.at, "lp-section-order", finding, remedy));
                }
                Section::Rows => self.read_rows()?,
                Section::Lazy | Section::Cuts => {
                    let what = if section == Section::Lazy { "lazy constraints" } else { "user cuts" };
                    let code = if section == Section::Lazy { "lp-lazy-constraints" } else { "lp-user-cuts" };
                    self.warnings.add(code, Some(token.span.at), || format!("{what} are taken as rows like others"));
                    self.read_rows()?;
                }
                Section::Bounds => self.read_bounds()?,
                Section::Generals | Section::Binaries | Section::Semi | Section::SemiIntegers => {
                    self.read_types(section)?;
                }
                Section::Sets(order) => self.read_sets(order)?,
                Section::PiecewiseObjective => self.read_piecewise_objective()?,
                Section::GeneralConstraints => self.read_general_constraints()?,
                Section::Unsupported(what) => {
                    let finding = format!("the section {what} is not supported");
                    let remedy = "write it as rows, or leave it out";
                    return Err(Fault::new(token.span.at, "lp-section-unsupported", finding, remedy));
                }
            }
        }
    }

    fn objective(&mut self, sense: Sense, token: Token) -> Result<(), Fault> {
        if self.sense.replace(sense).is_some() {
            let finding = "a second objective";
            return Err(Fault::new(token.span.at, "lp-second-objective", finding, "a problem has one"));
        }
        self.read_objective()
    }

    /// What stands where a section should begin.
    fn outside(&mut self, token: Token) -> Result<(), Fault> {
        let at = token.span.at;
        if token.kind == Kind::End {
            if self.sense.is_none() {
                let finding = "the file ends before any section";
                return Err(Fault::new(at, "lp-no-section", finding, "begin with Minimize or Maximize"));
            }
            if !self.behind_objective {
                let finding = "the file ends behind the objective";
                let remedy = "if it was not cut off, write End";
                return Err(Fault::new(at, "lp-no-end", finding, remedy));
            }
            self.warnings.add("lp-no-end", Some(at), || "the file has no End: has it been cut off?".to_owned());
            return Ok(());
        }
        let finding = format!("{} stands in no section", quote(self.shown(token)));
        let remedy = if self.sense.is_none() {
            "an LP file begins with Minimize or Maximize"
        } else {
            "begin a section: Subject To, Bounds, Generals, Binaries, …"
        };
        Err(Fault::new(at, "lp-no-section", finding, remedy))
    }

    fn behind_end(&mut self, end: usize) {
        let behind = &self.tokens.bytes[end..];
        if let Some(n) = behind.iter().position(|b| !b.is_ascii_whitespace() && *b != 0x1A)
            && behind[n] != b'\\'
        {
            self.warnings.add("lp-after-end", Some(end + n), || "text behind End is ignored".to_owned());
        }
    }

    // Keywords.

    /// The section that this token begins, and where its keyword ends; `None` where it is a name.
    pub fn keyword(&self, token: Token) -> Option<(Section, usize)> {
        if token.kind != Kind::Name || token.span.end - token.span.at > 14 {
            return None;
        }
        let (section, end) = self.words(token.span)?;
        // A label, or a variable that is compared or multiplied.
        let behind = self.tokens.byte_behind(end);
        (!matches!(behind, b':' | b'<' | b'>' | b'=' | b'^' | b'*')).then_some((section, end))
    }

    fn words(&self, span: Span) -> Option<(Section, usize)> {
        let word = self.tokens.text(span).to_ascii_lowercase();
        let bytes = self.tokens.bytes;
        // The end of `second`, if it follows on the same line.
        let then = |second: &str| {
            let blanks = bytes[span.end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let from = span.end + blanks;
            let text = bytes.get(from..from + second.len())?;
            let ends = bytes.get(from + second.len()).is_none_or(|b| !super::token::is_name_byte(*b));
            (text.eq_ignore_ascii_case(second.as_bytes()) && ends).then_some(from + second.len())
        };
        let hyphen = |second: &str| {
            let blanks = bytes[span.end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let from = span.end + blanks;
            if bytes.get(from) != Some(&b'-') {
                return None;
            }
            let from = from + 1 + bytes[from + 1..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let text = bytes.get(from..from + second.len())?;
            text.eq_ignore_ascii_case(second.as_bytes()).then_some(from + second.len())
        };
        let plural = |end: usize| if matches!(bytes.get(end), Some(b's' | b'S')) { end + 1 } else { end };
        let one = |section| Some((section, span.end));
        match word.as_slice() {
            b"minimize" | b"minimise" | b"minimum" | b"min" => one(Section::Objective(Sense::Minimize)),
            b"maximize" | b"maximise" | b"maximum" | b"max" => one(Section::Objective(Sense::Maximize)),
            b"subject" => then("to").map(|end| (Section::Rows, end)),
            b"such" => then("that").map(|end| (Section::Rows, end)),
            b"st" | b"s.t." | b"st." | b"s.t" => one(Section::Rows),
            b"lazy" => then("constraints").or_else(|| then("constraint")).map(|end| (Section::Lazy, end)),
            b"user" => then("cuts").or_else(|| then("cut")).map(|end| (Section::Cuts, end)),
            b"bounds" | b"bound" => one(Section::Bounds),
            b"general" | b"generals" | b"gen" => match then("constraints").or_else(|| then("constraint")) {
                Some(end) => Some((Section::GeneralConstraints, end)),
                None => one(Section::Generals),
            },
            b"gens" | b"gin" | b"integer" | b"integers" | b"int" => one(Section::Generals),
            b"gencons" | b"gconstrs" => one(Section::GeneralConstraints),
            b"binary" | b"binaries" | b"bin" => one(Section::Binaries),
            b"semi" | b"semis" => match hyphen("continuous") {
                Some(end) => Some((Section::Semi, end)),
                None => match hyphen("integer") {
                    Some(end) => Some((Section::SemiIntegers, plural(end))),
                    None => one(Section::Semi),
                },
            },
            b"semicontinuous" | b"sec" => one(Section::Semi),
            b"semiinteger" | b"semiintegers" | b"sin" => one(Section::SemiIntegers),
            b"sos" => one(Section::Sets(None)),
            b"sos1" => one(Section::Sets(Some(1))),
            b"sos2" => one(Section::Sets(Some(2))),
            b"pwlobj" => one(Section::PiecewiseObjective),
            b"pwl" => one(Section::Unsupported("PWL")),
            b"scenario" | b"scenarios" => one(Section::Unsupported("Scenario")),
            b"end" => one(Section::End),
            _ => None,
        }
    }

    /// Whether the keyword that this token may be is one here, within an expression: it stands first on its line, or where
    /// no name can.
    pub fn ends_section(&self, token: Token, name_fits: bool) -> bool {
        token.kind == Kind::End || (self.keyword(token).is_some() && (token.first || !name_fits))
    }

    /// Whether the token is the label of what follows: a name or a number with a single colon on its line.
    pub fn is_label(&self, token: Token) -> bool {
        if !matches!(token.kind, Kind::Name | Kind::Number(_)) {
            return false;
        }
        let rest = &self.tokens.bytes[token.span.end..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        rest.get(blanks) == Some(&b':') && rest.get(blanks + 1) != Some(&b':')
    }

    /// Takes a label and its colon, if there is one.
    pub fn label(&mut self) -> Result<Option<Span>, Fault> {
        let token = self.tokens.peek()?;
        if !self.is_label(token) {
            return Ok(None);
        }
        self.tokens.next()?;
        self.tokens.next()?;
        Ok(Some(token.span))
    }

    // What the sections' readers share.

    /// A name as text.
    pub fn name_text(&self, span: Span) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.tokens.text(span)).map_err(|e| {
            let finding = format!("the name {} is not UTF-8", quote(self.tokens.text(span)));
            Fault::new(span.at + e.valid_up_to(), "lp-not-utf8", finding, "convert the file to UTF-8")
        })
    }

    /// The variable of this name, new if it is not there yet.
    pub fn variable(&mut self, name: Span) -> Result<u32, Fault> {
        if let Some(known) = self.variables.names.find(self.tokens.text(name)) {
            return Ok(known);
        }
        let text = self.name_text(name)?;
        if is_infinity(text.as_bytes()) {
            let finding = format!("{} where a variable must stand", quote(text.as_bytes()));
            return Err(Fault::new(name.at, "lp-infinity", finding, "infinity is a number; give the variable a name"));
        }
        if self.variables.len() >= self.limits.entries {
            return Err(self.too_many(name.at, "variables"));
        }
        self.variables.add(text, name).ok_or_else(|| self.too_many(name.at, "bytes of names"))
    }

    /// As [`variable`](Self::variable), behind the rows: a new one is worth a word.
    pub fn late_variable(&mut self, name: Span) -> Result<u32, Fault> {
        let before = self.variables.len();
        let index = self.variable(name)?;
        if self.variables.len() > before {
            let text = quote(self.tokens.text(name));
            self.warnings.add("lp-late-variable", Some(name.at), || {
                format!("{text} stands neither in the objective nor in a row")
            });
        }
        Ok(index)
    }

    /// Counts a term against the limit.
    pub fn count_term(&mut self, at: usize) -> Result<(), Fault> {
        self.terms += 1;
        if self.terms > self.limits.entries { Err(self.too_many(at, "terms")) } else { Ok(()) }
    }

    #[cold]
    pub fn too_many(&self, at: usize, what: &str) -> Fault {
        let finding = format!("more than {} {what}", self.limits.entries);
        Fault::new(at, "lp-too-large", finding, "no solver here takes more")
    }

    /// A number with its signs; infinite where it says so.
    pub fn limit(&mut self) -> Result<(f64, Span), Fault> {
        let begin = self.tokens.peek()?.span;
        let mut sign = 1.0;
        loop {
            let token = self.tokens.peek()?;
            match token.kind {
                Kind::Plus => {}
                Kind::Minus => sign = -sign,
                Kind::Number(value) => {
                    self.tokens.next()?;
                    return Ok((sign * value, Span { at: begin.at, end: token.span.end }));
                }
                Kind::Name if is_infinity(self.tokens.text(token.span)) => {
                    self.tokens.next()?;
                    return Ok((sign * f64::INFINITY, Span { at: begin.at, end: token.span.end }));
                }
                _ => return Err(self.expected("a number", token)),
            }
            self.tokens.next()?;
        }
    }

    /// A number with its signs that must be finite.
    pub fn finite(&mut self) -> Result<f64, Fault> {
        let (value, span) = self.limit()?;
        if value.is_finite() { Ok(value) } else { Err(self.not_finite(span)) }
    }

    #[cold]
    pub fn not_finite(&self, span: Span) -> Fault {
        let finding = format!("{} where a finite number must stand", quote(self.tokens.text(span)));
        Fault::new(span.at, "lp-not-finite", finding, "give a value that a double holds")
    }

    /// Takes a name.
    pub fn name(&mut self, what: &str) -> Result<Span, Fault> {
        let token = self.tokens.peek()?;
        if token.kind != Kind::Name {
            return Err(self.expected(what, token));
        }
        self.tokens.next()?;
        Ok(token.span)
    }

    /// Takes this token and no other.
    pub fn take(&mut self, kind: Kind, what: &str) -> Result<Token, Fault> {
        let token = self.tokens.peek()?;
        if token.kind != kind {
            return Err(self.expected(what, token));
        }
        self.tokens.next()
    }

    pub fn shown(&self, token: Token) -> &'a [u8] {
        self.tokens.text(token.span)
    }

    /// Something else stands where `what` must.
    #[cold]
    pub fn expected(&self, what: &str, token: Token) -> Fault {
        let at = token.span.at;
        if token.kind == Kind::End {
            let finding = format!("the file ends where {what} must stand");
            return Fault::new(at, "lp-cut-off", finding, "complete the file");
        }
        let finding = format!("{} where {what} must stand", quote(self.shown(token)));
        let remedy = if self.keyword(token).is_some() {
            "a section begins here before the last one is complete"
        } else if matches!(token.kind, Kind::Open | Kind::Close | Kind::Power | Kind::Times | Kind::Slash) {
            "products stand in brackets: [ 2 x ^2 + 3 x * y ]"
        } else {
            "correct what is written here, or what stands before it"
        };
        Fault::new(at, "lp-syntax", finding, remedy)
    }

    pub fn sense(&self) -> Sense {
        self.sense.unwrap_or_default()
    }
}

/// Words that are no names: keywords, or the first words of some, and what Bounds knows.
pub(super) const RESERVED: [&str; 47] = [
    "minimize",
    "minimise",
    "minimum",
    "min",
    "maximize",
    "maximise",
    "maximum",
    "max",
    "subject",
    "such",
    "st",
    "s.t.",
    "st.",
    "s.t",
    "lazy",
    "user",
    "bounds",
    "bound",
    "general",
    "generals",
    "gen",
    "gens",
    "gin",
    "integer",
    "integers",
    "int",
    "gencons",
    "gconstrs",
    "binary",
    "binaries",
    "bin",
    "semi",
    "semis",
    "semicontinuous",
    "sec",
    "semiinteger",
    "semiintegers",
    "sin",
    "sos",
    "sos1",
    "sos2",
    "pwlobj",
    "pwl",
    "scenario",
    "scenarios",
    "end",
    "free",
];

/// Whether a word stands for infinity.
pub(super) fn is_infinity(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity")
}
