//! Names of columns and rows: in one arena, made on demand, or absent. A name costs nothing until somebody asks.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::Buffer;

/// Makes the name of an index when asked for it: a family's name and its key, say.
pub trait NameSource: Send + Sync {
    /// The name of column or row `index`.
    fn name(&self, index: usize) -> String;
}

/// The names of all columns, or of all rows.
#[derive(Clone)]
pub struct Names {
    kind: Kind,
    len: usize,
    index: Arc<OnceLock<HashMap<Box<str>, u32>>>,
    /// Whoever made them has seen that no name is there twice.
    distinct: bool,
}

#[derive(Clone)]
enum Kind {
    /// `prefix` and the position counted from 1: `C1`, `R17`.
    Numbered(&'static str),
    Arena(Arc<NameArena>),
    /// An arena inside somebody else's bytes (a mapped image); looked at once, in `from_shared`.
    Shared(Arc<(Buffer<u8>, Buffer<u32>)>),
    Source(Arc<dyn NameSource>),
    /// Those that a patch left of others, and those that it added.
    Revised(Arc<RevisedNames>),
}

/// Names after rows or columns were added or removed. However often that happens, all stand on the first problem's names.
struct RevisedNames {
    /// The first problem's.
    root: Names,
    /// For each: its position in `root`, or behind that in `added`.
    places: Vec<u32>,
    added: Vec<Option<Arc<str>>>,
    /// What stands before the number of those that were added without a name.
    prefix: &'static str,
    /// The added names, made different from all others; worked out when one is asked for.
    distinct: OnceLock<Vec<Box<str>>>,
}

impl RevisedNames {
    fn get(&self, index: usize) -> Cow<'_, str> {
        match (self.places[index] as usize).checked_sub(self.root.len()) {
            None => self.root.get(self.places[index] as usize),
            Some(added) => Cow::Borrowed(&self.distinct.get_or_init(|| self.distinct())[added]),
        }
    }

    /// `cut`, and where that is taken `cut~2`: against the root's names, removed ones too, and each other.
    fn distinct(&self) -> Vec<Box<str>> {
        let mut taken: HashSet<Box<str>> = HashSet::with_capacity(self.added.len());
        let mut numbers: HashMap<Box<str>, usize> = HashMap::new();
        let names = self.added.iter().zip(self.root.len() + 1..).map(|(name, number)| {
            let plain: Box<str> = match name {
                Some(name) => (**name).into(),
                None => format!("{}{number}", self.prefix).into(),
            };
            let free = |taken: &HashSet<Box<str>>, name: &str| self.root.find(name).is_none() && !taken.contains(name);
            let mut name = plain.clone();
            // Counts on from the last number that a name needed, so that many equal names do not take quadratic time.
            let count = numbers.entry(plain.clone()).or_insert(1);
            while !free(&taken, &name) {
                *count += 1;
                name = format!("{plain}~{count}").into();
            }
            taken.insert(name.clone());
            name
        });
        names.collect()
    }
}

impl Names {
    /// No names: `C1`, `C2`, … with the given prefix.
    pub fn numbered(prefix: &'static str, len: usize) -> Self {
        Self { kind: Kind::Numbered(prefix), len, index: Arc::default(), distinct: false }
    }

    /// Names that are made when asked for.
    pub fn from_source(source: Arc<dyn NameSource>, len: usize) -> Self {
        Self { kind: Kind::Source(source), len, index: Arc::default(), distinct: false }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the names came from a person or a file, not from counting.
    pub fn are_given(&self) -> bool {
        !matches!(self.kind, Kind::Numbered(_))
    }

    /// These names after a patch: `places` are positions in these names, or behind them in `added`, whose names are made
    /// different from all others (`cut`, `cut~2`) and, where there is none, by counting.
    pub(crate) fn revised(
        &self,
        places: &[u32],
        added: impl IntoIterator<Item = Option<Arc<str>>>,
        prefix: &'static str,
    ) -> Self {
        let len = places.len();
        let revised = match &self.kind {
            Kind::Revised(before) => {
                let (root, known) = (before.root.clone(), before.added.len() as u32);
                let shift = root.len() as u32 + known;
                let places = places.iter().map(|&place| match (place as usize).checked_sub(self.len) {
                    None => before.places[place as usize],
                    Some(new) => shift + new as u32,
                });
                let places = places.collect();
                let added = before.added.iter().cloned().chain(added).collect();
                RevisedNames { root, places, added, prefix, distinct: OnceLock::new() }
            }
            _ => RevisedNames {
                root: self.clone(),
                places: places.to_vec(),
                added: added.into_iter().collect(),
                prefix,
                distinct: OnceLock::new(),
            },
        };
        Self { kind: Kind::Revised(Arc::new(revised)), len, index: Arc::default(), distinct: true }
    }

    /// The same names, of which the problem they come from has seen that no two are alike.
    pub(crate) fn seen(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// These names, if they are written down and may hold one twice: not made on demand, counted, or known to be
    /// distinct.
    pub(super) fn to_be_compared(&self) -> Option<&Self> {
        (!self.distinct && self.written().is_some()).then_some(self)
    }

    /// Names of which the caller has seen that no two are the same: hashing a million of them again costs more than
    /// reading them did.
    pub(crate) fn known_distinct(arena: NameArena) -> Self {
        Self { distinct: true, ..Self::from(arena) }
    }

    /// An arena in somebody else's memory: UTF-8 text, and where each name ends in it. `None` where the ends do not rise
    /// to the end of the text, or cut a character.
    pub(crate) fn from_shared(text: Buffer<u8>, ends: Buffer<u32>) -> Option<Self> {
        let whole = std::str::from_utf8(&text).ok()?;
        let mut from = 0;
        for &end in &*ends {
            whole.get(from..end as usize)?;
            from = end as usize;
        }
        let len = ends.len();
        (from == whole.len()).then(|| Self {
            kind: Kind::Shared(Arc::new((text, ends))),
            len,
            index: Arc::default(),
            distinct: false,
        })
    }

    /// The same names without somebody else's bytes, which they would keep whole in memory.
    pub(crate) fn detached(self) -> Self {
        let Kind::Shared(arena) = &self.kind else { return self };
        let (text, ends) = (Buffer::from(arena.0.to_vec()), Buffer::from(arena.1.to_vec()));
        Self { kind: Kind::Shared(Arc::new((text, ends))), ..self }
    }

    /// The arena's bytes and ends, where the names are written down.
    pub(crate) fn written(&self) -> Option<(&[u8], &[u32])> {
        match &self.kind {
            Kind::Arena(arena) => Some((arena.text.as_bytes(), &arena.ends)),
            Kind::Shared(arena) => Some((&arena.0, &arena.1)),
            Kind::Numbered(_) | Kind::Source(_) | Kind::Revised(_) => None,
        }
    }

    /// All names in one text, and where each ends in it, where they are written down.
    pub(crate) fn text(&self) -> Option<(&str, &[u32])> {
        match &self.kind {
            Kind::Arena(arena) => Some((&arena.text, &arena.ends)),
            Kind::Shared(arena) => Some((std::str::from_utf8(&arena.0).ok()?, &arena.1)),
            Kind::Numbered(_) | Kind::Source(_) | Kind::Revised(_) => None,
        }
    }

    /// What stands before the number, where names are made by counting.
    pub(crate) fn prefix(&self) -> Option<&'static str> {
        if let Kind::Numbered(prefix) = self.kind { Some(prefix) } else { None }
    }

    /// The name at `index` (0-based).
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn get(&self, index: usize) -> Cow<'_, str> {
        assert!(index < self.len, "name {index} of {}", self.len);
        match &self.kind {
            Kind::Numbered(prefix) => Cow::Owned(format!("{prefix}{}", index + 1)),
            Kind::Arena(arena) => {
                let from = if index == 0 { 0 } else { arena.ends[index - 1] as usize };
                Cow::Borrowed(&arena.text[from..arena.ends[index] as usize])
            }
            Kind::Shared(arena) => {
                let (text, ends) = &**arena;
                let from = if index == 0 { 0 } else { ends[index - 1] as usize };
                // `from_shared` has seen that the text is UTF-8 and that names end between characters.
                Cow::Borrowed(std::str::from_utf8(&text[from..ends[index] as usize]).unwrap_or_default())
            }
            Kind::Source(source) => Cow::Owned(source.name(index)),
            Kind::Revised(revised) => revised.get(index),
        }
    }

    /// Where `name` stands, if it is there. The first call builds an index.
    pub fn find(&self, name: &str) -> Option<usize> {
        if let Kind::Numbered(prefix) = self.kind {
            let digits = name.strip_prefix(prefix)?;
            if digits.starts_with(['0', '+']) {
                return None;
            }
            let at: usize = digits.parse().ok()?;
            return (1..=self.len).contains(&at).then(|| at - 1);
        }
        let index = self
            .index
            .get_or_init(|| (0..self.len).map(|i| (self.get(i).into_owned().into_boxed_str(), i as u32)).collect());
        index.get(name).map(|&i| i as usize)
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len).map(|i| self.get(i))
    }
}

/// Collects names into one arena.
#[derive(Debug, Default, Clone)]
pub struct NameArena {
    text: String,
    ends: Vec<u32>,
}

impl NameArena {
    /// Names one after the other, each ending at its position in `ends`; `None` where a name is not UTF-8, or the ends do
    /// not rise to the end of the text.
    pub(crate) fn from_utf8(text: Vec<u8>, ends: Vec<u32>) -> Option<Self> {
        let text = String::from_utf8(text).ok()?;
        let rise = ends.is_sorted() && ends.last().map_or(0, |&end| end as usize) == text.len();
        // In ASCII every position is one between characters.
        let between = text.is_ascii() || ends.iter().all(|&end| text.is_char_boundary(end as usize));
        (rise && between).then_some(Self { text, ends })
    }

    /// Names one after the other, each ending at its position in `ends`, as they were added to a text.
    pub(crate) fn of_whole(text: String, ends: Vec<u32>) -> Self {
        debug_assert!(ends.last().map_or(0, |&end| end as usize) == text.len());
        Self { text, ends }
    }

    /// Adds the next name. Answers `false`, adding nothing, when the arena would pass 4 GiB.
    #[must_use]
    pub fn push(&mut self, name: &str) -> bool {
        let Ok(end) = u32::try_from(self.text.len() + name.len()) else { return false };
        self.text.push_str(name);
        self.ends.push(end);
        true
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl From<NameArena> for Names {
    fn from(arena: NameArena) -> Self {
        let len = arena.ends.len();
        Self { kind: Kind::Arena(Arc::new(arena)), len, index: Arc::default(), distinct: false }
    }
}

impl<S: AsRef<str>> FromIterator<S> for Names {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut arena = NameArena::default();
        for name in names {
            assert!(arena.push(name.as_ref()), "names of more than 4 GiB");
        }
        arena.into()
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().take(20)).finish()
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}
