//! Names of keys, made from their `Debug` text: short, and without borrowing the keys.

use std::fmt::{Debug, Write};
use std::sync::Arc;

/// Sets with more keys than this are numbered: writing down the names of a million keys costs more than the model.
const MOST_NAMED: usize = 1 << 16;

/// Of a key's `Debug` text no more than this is looked at, nor shown in a message.
const LONGEST: usize = 200;

/// The names of an index set's keys.
///
/// A key is named by its `Debug` text: a string without its quotes (`Lyon`), a struct or newtype by its first field alone
/// (`City { name: "Lyon", … }` is `Lyon` too), a tuple by its members. Keys beyond 65,536 in one set are numbered from 1.
#[derive(Debug, Clone)]
pub struct Labels(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Single,
    Numbered,
    Written(Arc<Written>),
    Product(Arc<[(Labels, usize)]>),
    Selected(Arc<(Labels, Arc<[u32]>)>),
}

#[derive(Debug)]
struct Written {
    text: String,
    ends: Vec<u32>,
}

impl Labels {
    /// One thing that needs no key.
    pub(in crate::model) fn single() -> Self {
        Self(Kind::Single)
    }

    /// Writes the names of these keys down.
    pub(super) fn of(keys: impl ExactSizeIterator<Item: Debug>) -> Self {
        if keys.len() > MOST_NAMED {
            return Self(Kind::Numbered);
        }
        let mut written = Written { text: String::new(), ends: Vec::with_capacity(keys.len()) };
        let mut debug = String::new();
        for key in keys {
            start_of_debug(&key, &mut debug);
            label(&debug, &mut written.text);
            written.ends.push(written.text.len() as u32);
        }
        Self(Kind::Written(Arc::new(written)))
    }

    pub(super) fn product(axes: Vec<(Self, usize)>) -> Self {
        Self(Kind::Product(axes.into()))
    }

    pub(super) fn selected(from: Self, positions: Arc<[u32]>) -> Self {
        Self(Kind::Selected(Arc::new((from, positions))))
    }

    /// Whether there is a key at all.
    pub(in crate::model) fn is_single(&self) -> bool {
        matches!(self.0, Kind::Single)
    }

    /// Adds the name of the key at `position` to `out`.
    pub(in crate::model) fn write(&self, position: usize, out: &mut String) {
        match &self.0 {
            Kind::Single => {}
            Kind::Numbered => write!(out, "{}", position + 1).unwrap_or_default(),
            Kind::Written(written) => {
                let from = if position == 0 { 0 } else { written.ends[position - 1] as usize };
                out.push_str(&written.text[from..written.ends[position] as usize]);
            }
            Kind::Product(axes) => {
                let mut below: usize = axes.iter().map(|(_, len)| len).product();
                let mut rest = position;
                for (axis, (labels, len)) in axes.iter().enumerate() {
                    below /= len;
                    if axis > 0 {
                        out.push(',');
                    }
                    labels.write(rest / below, out);
                    rest %= below;
                }
            }
            Kind::Selected(selected) => selected.0.write(selected.1[position] as usize, out),
        }
    }

    /// Whether different positions are sure to have different names: no name is there twice, none contains the comma that
    /// joins the names of a product.
    pub(in crate::model) fn are_distinct(&self) -> bool {
        match &self.0 {
            Kind::Single | Kind::Numbered => true,
            Kind::Written(written) => {
                let mut seen = std::collections::HashSet::with_capacity(written.ends.len());
                let mut from = 0;
                written.ends.iter().all(|&end| {
                    let name = &written.text[from..end as usize];
                    from = end as usize;
                    seen.insert(name)
                })
            }
            Kind::Product(axes) => axes.iter().all(|(labels, _)| labels.are_distinct() && labels.have_no_comma()),
            Kind::Selected(selected) => selected.0.are_distinct(),
        }
    }

    fn have_no_comma(&self) -> bool {
        match &self.0 {
            Kind::Single | Kind::Numbered => true,
            Kind::Written(written) => !written.text.contains(','),
            Kind::Product(_) | Kind::Selected(_) => false,
        }
    }
}

/// Replaces `out` by the first [`LONGEST`] characters of the `Debug` text; longer texts end in an ellipsis.
pub(in crate::model) fn start_of_debug(value: &dyn Debug, out: &mut String) {
    struct Limited<'o>(&'o mut String, usize);
    impl Write for Limited<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for c in text.chars() {
                if self.1 == 0 {
                    self.0.push('…');
                    return Err(std::fmt::Error); // stops a derived `Debug` here
                }
                self.0.push(c);
                self.1 -= 1;
            }
            Ok(())
        }
    }
    out.clear();
    // An error means that the limit was reached, or that the caller's own `Debug` failed: what is there is good enough.
    let _ = write!(Limited(out, LONGEST), "{value:?}");
}

/// Adds the label for a `Debug` text: see [`Labels`].
fn label(debug: &str, out: &mut String) {
    let mut rest = debug;
    let before = out.len();
    value(&mut rest, out, 8);
    if out.len() == before {
        out.push_str(debug); // something with a `Debug` of its own taste
    }
}

/// Takes one value from the front of `rest` and adds its label.
fn value(rest: &mut &str, out: &mut String, depth: usize) {
    *rest = rest.trim_start();
    if depth == 0 {
        return;
    }
    if rest.starts_with(['"', '\'']) {
        quoted(rest, out);
    } else if let Some(inner) = rest.strip_prefix('(') {
        *rest = inner;
        tuple(rest, out, depth);
    } else {
        let end = rest.find(['(', '{', ',', ')', '}']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let word = word.trim_end();
        match after.chars().next() {
            Some('(') if !word.is_empty() => {
                *rest = &after[1..];
                value(rest, out, depth - 1);
            }
            Some('{') if !word.is_empty() => {
                *rest = after[1..].split_once(": ").map_or("", |(_, field)| field);
                value(rest, out, depth - 1);
            }
            _ => {
                out.push_str(word);
                *rest = after;
            }
        }
    }
}

fn quoted(rest: &mut &str, out: &mut String) {
    let mut chars = rest.chars();
    let quote = chars.next();
    while let Some(c) = chars.next() {
        if Some(c) == quote {
            break;
        }
        if c == '\\' {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    *rest = chars.as_str();
}

fn tuple(rest: &mut &str, out: &mut String, depth: usize) {
    loop {
        value(rest, out, depth - 1);
        // What is left of a struct whose first field was taken, up to the comma that separates the tuple's members.
        skip_to_separator(rest);
        match rest.strip_prefix(',') {
            Some(next) if !next.trim_start().starts_with(')') => {
                *rest = next;
                out.push(',');
            }
            _ => break,
        }
    }
}

fn skip_to_separator(rest: &mut &str) {
    *rest = rest.strip_prefix([')', '}']).unwrap_or(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_texts_become_short_names() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct City {
            name: &'static str,
            demand: f64,
        }
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct Node(u32);
        #[derive(Debug)]
        enum Shift {
            Early,
        }
        let lyon = City { name: "Lyon", demand: 2.5 };
        let table: &[(&dyn Debug, &str)] = &[
            (&"Lyon", "Lyon"),
            (&"say \"hi\"", "say \"hi\""),
            (&'x', "x"),
            (&-17, "-17"),
            (&2.5, "2.5"),
            (&lyon, "Lyon"),
            (&&&lyon, "Lyon"),
            (&Node(3), "3"),
            (&Some(Node(3)), "3"),
            (&None::<u8>, "None"),
            (&Shift::Early, "Early"),
            (&("a", 2), "a,2"),
            (&(Node(1), Node(2)), "1,2"),
            (&(Node(1), "x", Shift::Early), "1,x,Early"),
            (&((1, 2), 3), "1,2,3"),
            (&[1, 2], "[1"),
        ];
        for (key, want) in table {
            let (mut debug, mut got) = (String::new(), String::new());
            start_of_debug(key, &mut debug);
            label(&debug, &mut got);
            assert_eq!(&got, want, "{debug}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let mut text = String::new();
        start_of_debug(&vec![0; 10_000], &mut text);
        assert_eq!(text.chars().count(), LONGEST + 1);
    }
}
