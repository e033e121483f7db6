//! What one Rust file says that the rules ask about: the paths it names, its `unsafe`, its prints, its first line.
//!
//! Works on tokens, so comments and strings are never mistaken for code and the insides of macros are seen. Nothing is
//! expanded or looked up: a path that a macro glues together stays unseen.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Macros that write to the standard streams.
const PRINTS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

/// The facts of one file. Lines count from 1.
#[derive(Debug, Default, PartialEq)]
pub struct Source {
    pub first_line_tells_subject: bool,
    pub paths: Vec<Mention>,
    pub prints: Vec<Mention>,
    pub unsafes: Vec<Unsafe>,
}

/// A path (or macro) as it stands in the file, made absolute where it began with `self` or `super`.
#[derive(Debug, PartialEq)]
pub struct Mention {
    pub line: usize,
    /// `crate`, `race`, `run`; a glob import ends in `*`.
    pub segments: Vec<String>,
    /// Below a `#[cfg(test)]`.
    pub in_tests: bool,
}

/// One `unsafe` keyword.
#[derive(Debug, PartialEq)]
pub struct Unsafe {
    pub line: usize,
    /// Whether it makes a promise (a block or an impl), and so owes an argument, or asks for one (`unsafe fn`).
    pub promises: bool,
    /// A `// SAFETY:` comment stands before it.
    pub argued: bool,
}

impl Source {
    /// Reads `text`, the file of the module `module` (`[]` for the crate's root, `["solvers", "highs"]`).
    ///
    /// # Errors
    ///
    /// The line and the finding, if the text cannot be cut into tokens.
    pub fn read(text: &str, module: &[String]) -> Result<Self, (usize, String)> {
        let tokens: TokenStream = text
            .parse()
            .map_err(|error: proc_macro2::LexError| (error.span().start().line, format!("cannot be read: {error}")))?;
        let mut reader = Reader {
            found: Self {
                first_line_tells_subject: text
                    .lines()
                    .next()
                    .and_then(|line| line.strip_prefix("//!"))
                    .is_some_and(|subject| !subject.trim().is_empty()),
                ..Self::default()
            },
            lines: text.lines().collect(),
        };
        let in_tests = module.iter().any(|name| name == "tests");
        reader.walk(&listed(tokens), module, in_tests);
        Ok(reader.found)
    }
}

struct Reader<'text> {
    found: Source,
    lines: Vec<&'text str>,
}

impl Reader<'_> {
    fn walk(&mut self, tokens: &[TokenTree], module: &[String], in_tests: bool) {
        let mut rest = tokens;
        let mut in_tests = in_tests;
        while let Some(token) = rest.first() {
            let taken = match token {
                TokenTree::Group(group) => {
                    self.walk(&listed(group.stream()), module, in_tests);
                    1
                }
                TokenTree::Punct(punct) if punct.as_char() == '#' => match test_attribute(rest) {
                    Some(Attribute::Inner(length)) => {
                        in_tests = true;
                        length
                    }
                    Some(Attribute::Outer(length)) => {
                        let end = length + item_length(&rest[length..]);
                        self.walk(&rest[length..end], module, true);
                        end
                    }
                    None => 1,
                },
                TokenTree::Ident(ident) => self.word(ident, rest, module, in_tests),
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
            rest = &rest[taken..];
        }
    }

    /// Takes what begins with the word `ident`, the first of `tokens`, and says how many tokens that was.
    fn word(&mut self, ident: &Ident, tokens: &[TokenTree], module: &[String], in_tests: bool) -> usize {
        let word = name(ident);
        match (word.as_str(), &tokens[1..]) {
            ("mod", [TokenTree::Ident(child), TokenTree::Group(body), ..]) if body.delimiter() == Delimiter::Brace => {
                let mut inside = module.to_vec();
                inside.push(name(child));
                let in_tests = in_tests || inside.last().is_some_and(|name| name == "tests");
                self.walk(&listed(body.stream()), &inside, in_tests);
                3
            }
            // Not the `use<'a>` of a return type.
            ("use", [next, ..]) if !is_punct(next, '<') => {
                let end = tokens.iter().position(|token| is_punct(token, ';')).unwrap_or(tokens.len());
                self.use_tree(&tokens[1..end], &[], module, in_tests);
                end
            }
            ("unsafe", after) => {
                let promises = match after.first() {
                    Some(TokenTree::Group(block)) => block.delimiter() == Delimiter::Brace,
                    Some(TokenTree::Ident(next)) => next == "impl",
                    _ => false,
                };
                let line = ident.span().start().line;
                let argued = self.is_argued(line);
                self.found.unsafes.push(Unsafe { line, promises, argued });
                1
            }
            _ => {
                let (segments, taken) = path(tokens);
                let line = ident.span().start().line;
                let is_macro = matches!(&tokens[taken..], [bang, TokenTree::Group(_), ..] if is_punct(bang, '!'));
                if is_macro && segments.last().is_some_and(|last| PRINTS.contains(&last.as_str())) {
                    self.found.prints.push(Mention { line, segments, in_tests });
                } else if segments.len() > 1 {
                    self.mention(line, segments, module, in_tests);
                }
                taken
            }
        }
    }

    /// Takes one tree of a `use` declaration, `prefix` being what stands before its brace.
    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], module: &[String], in_tests: bool) {
        let mut segments = prefix.to_vec();
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if ident == "as" => break,
                // `{self, …}` names what stands before the brace; `self::…` is resolved below.
                TokenTree::Ident(ident) if ident == "self" && !segments.is_empty() => {
                    line = ident.span().start().line;
                }
                TokenTree::Ident(ident) => {
                    line = ident.span().start().line;
                    segments.push(name(ident));
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => segments.push("*".to_owned()),
                TokenTree::Group(group) => {
                    for tree in listed(group.stream()).split(|token| is_punct(token, ',')) {
                        self.use_tree(tree, &segments, module, in_tests);
                    }
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if !segments.is_empty() && !tokens.is_empty() {
            let line = if line == 0 { tokens[0].span().start().line } else { line };
            self.mention(line, segments, module, in_tests);
        }
    }

    fn mention(&mut self, line: usize, segments: Vec<String>, module: &[String], in_tests: bool) {
        let segments = absolute(segments, module);
        self.found.paths.push(Mention { line, segments, in_tests });
    }

    /// Whether a comment with `SAFETY:` stands on the line, directly above it, or above the statement it is part of.
    fn is_argued(&self, line: usize) -> bool {
        let is_argument = |line: &str| line.contains("// SAFETY:");
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        let above = self.lines[..line - 1].iter().rev();
        is_argument(self.lines[line - 1])
            || above
                .skip_while(|line| continues(line))
                .take_while(|line| is_comment(line))
                .any(|line| is_argument(line))
    }
}

/// Whether the next line belongs to the statement or signature that this line is part of.
fn continues(line: &str) -> bool {
    let line = line.trim();
    let is_attribute = line.starts_with("#[");
    is_attribute || !(line.is_empty() || line.starts_with("//") || line.ends_with([';', '{', '}', ',']))
}

enum Attribute {
    Inner(usize),
    Outer(usize),
}

/// The `#[cfg(test)]`, or `#[cfg(all(test, …))]`, that `tokens` begin with, and its length.
fn test_attribute(tokens: &[TokenTree]) -> Option<Attribute> {
    let (group, attribute) = match tokens {
        [_, TokenTree::Group(group), ..] => (group, Attribute::Outer(2)),
        [_, bang, TokenTree::Group(group), ..] if is_punct(bang, '!') => (group, Attribute::Inner(3)),
        _ => return None,
    };
    let text: String = group.stream().to_string().split_whitespace().collect();
    (text == "cfg(test)" || text.starts_with("cfg(all(test,")).then_some(attribute)
}

/// How many tokens the item takes that `tokens` begin with: up to its `;` or its braces.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(other, ';'),
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |end| end + 1)
}

/// The path `a::b::c` that `tokens` begin with, and how many tokens it takes.
fn path(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    let mut taken = 0;
    while let Some(TokenTree::Ident(ident)) = tokens.get(taken) {
        segments.push(name(ident));
        taken += 1;
        match &tokens[taken..] {
            [first, second, TokenTree::Ident(_), ..] if is_punct(first, ':') && is_punct(second, ':') => taken += 2,
            _ => break,
        }
    }
    (segments, taken)
}

/// `super::x` in the module `a::b` is `crate::a::x`; paths that begin otherwise stay as they are.
fn absolute(mut segments: Vec<String>, module: &[String]) -> Vec<String> {
    let ups =
        segments.iter().skip_while(|segment| *segment == "self").take_while(|segment| *segment == "super").count();
    let dots = ups + usize::from(segments[0] == "self");
    if dots > 0 {
        let kept = module.len().saturating_sub(ups);
        let home = std::iter::once("crate".to_owned()).chain(module[..kept].iter().cloned());
        segments.splice(..dots, home);
    }
    segments
}

fn listed(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}
