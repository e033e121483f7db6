//! Names of a model's variables and rows: one entry a family, made into single names when somebody asks, never twice the
//! same; and the list of living models that lets a message name a variable that strayed.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::expression::Var;
use super::index::Labels;
use crate::problem::{NameSource, Names};

/// The name of one of a family: `demand[Paris]`.
pub(super) fn labelled(family: &str, labels: &Labels, position: usize) -> String {
    let mut name = String::from(family);
    if !labels.is_single() {
        name.push('[');
        labels.write(position, &mut name);
        name.push(']');
    }
    name
}

/// Names in the order of what they name.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    /// How many there are in all, where that is known.
    pub(super) len: usize,
    text: String,
    list: Vec<Block>,
}

/// A family, or one variable or row.
#[derive(Debug, Clone)]
struct Block {
    first: u32,
    /// Where its name ends in the text.
    end: u32,
    labels: Labels,
}

impl Blocks {
    /// Notes the name of what begins at `first`.
    pub(super) fn push(&mut self, first: usize, name: &str, labels: Labels) {
        self.text.push_str(name);
        let end = u32::try_from(self.text.len()).expect("the names of a model must stay below 4 GiB");
        self.list.push(Block { first: first as u32, end, labels });
    }

    /// The part of a position's name that the user gave: block and the position in it.
    fn find(&self, index: usize) -> Option<(usize, usize)> {
        let block = self.list.partition_point(|block| block.first as usize <= index).checked_sub(1)?;
        Some((block, index - self.list[block].first as usize))
    }

    fn block_name(&self, block: usize) -> &str {
        let from = block.checked_sub(1).map_or(0, |before| self.list[before].end as usize);
        &self.text[from..self.list[block].end as usize]
    }

    /// The name of position `index`; `repeat` tells apart blocks of one name, and `unnamed` begins those without one.
    fn name(&self, index: usize, unnamed: &str, repeat: impl Fn(usize) -> u32) -> String {
        let Some((block, within)) = self.find(index) else { return format!("{unnamed}{}", index + 1) };
        let mut name = String::from(self.block_name(block));
        let labels = &self.list[block].labels;
        if name.is_empty() && labels.is_single() {
            return format!("{unnamed}{}", index + 1);
        }
        let repeat = repeat(block);
        if repeat > 0 {
            write!(name, "~{}", repeat + 1).unwrap_or_default();
        }
        if !labels.is_single() {
            name.push('[');
            labels.write(within, &mut name);
            name.push(']');
        }
        name
    }

    /// What a message calls the variable at `index`.
    pub(super) fn name_of(&self, index: usize) -> String {
        self.name(index, "C", |_| 0)
    }

    /// Names for a frozen problem.
    pub(super) fn freeze(&self, unnamed: &'static str, len: usize) -> Names {
        let source = Frozen { blocks: self.clone(), unnamed, len, unique: OnceLock::new() };
        Names::from_source(Arc::new(source), len)
    }
}

/// Names as they were when the model was frozen.
struct Frozen {
    blocks: Blocks,
    unnamed: &'static str,
    len: usize,
    unique: OnceLock<Unique>,
}

/// How names are kept apart; found out when the first is asked for.
enum Unique {
    /// Only whole blocks share a name: how many came before each.
    Blocks(Vec<u32>),
    /// Anything else: all names, written down.
    Written(Vec<Box<str>>),
}

impl Frozen {
    fn unique(&self) -> Unique {
        let mut seen: hashbrown::HashMap<&str, u32> = hashbrown::HashMap::new();
        let mut plain = true;
        let repeats = (0..self.blocks.list.len()).map(|block| {
            let name = self.blocks.block_name(block);
            plain &= !name.is_empty() && !name.contains(['[', '~']) && self.blocks.list[block].labels.are_distinct();
            let count = seen.entry(name).or_default();
            *count += 1;
            *count - 1
        });
        let repeats: Vec<u32> = repeats.collect();
        if plain { Unique::Blocks(repeats) } else { Unique::Written(self.written()) }
    }

    fn written(&self) -> Vec<Box<str>> {
        let mut taken: HashSet<String> = HashSet::with_capacity(self.len);
        // Counts on from the last number that a name needed, so that many equal names do not take quadratic time.
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let all = (0..self.len).map(|index| {
            let name = self.blocks.name(index, self.unnamed, |_| 0);
            if taken.insert(name.clone()) {
                return name.into_boxed_str();
            }
            let number = numbers.entry(name.clone()).or_insert(1);
            loop {
                *number += 1;
                let free = format!("{name}~{number}");
                if taken.insert(free.clone()) {
                    return free.into_boxed_str();
                }
            }
        });
        all.collect()
    }
}

impl NameSource for Frozen {
    fn name(&self, index: usize) -> String {
        match self.unique.get_or_init(|| self.unique()) {
            Unique::Blocks(repeats) => self.blocks.name(index, self.unnamed, |block| repeats[block]),
            Unique::Written(names) => names[index].to_string(),
        }
    }
}

/// What others may know about a model while it lives.
#[derive(Debug)]
pub(super) struct Known {
    /// A number that no other model of this process ever has, but for its clones; 0 means none.
    pub(super) id: u32,
    /// Tells clones apart.
    serial: u32,
    pub(super) name: String,
    variables: Mutex<Blocks>,
}

impl Known {
    /// Registers a model.
    pub(super) fn new(name: String) -> Arc<Self> {
        let id = next_number();
        Self { id, serial: id, name, variables: Mutex::default() }.register()
    }

    /// Registers a clone of it.
    pub(super) fn duplicate(&self) -> Arc<Self> {
        let variables = Mutex::new(self.variables().clone());
        Self { id: self.id, serial: next_number(), name: self.name.clone(), variables }.register()
    }

    fn register(self) -> Arc<Self> {
        let known = Arc::new(self);
        models().insert((known.id, known.serial), Arc::downgrade(&known));
        known
    }

    /// The names of its variables.
    pub(super) fn variables(&self) -> MutexGuard<'_, Blocks> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        models().remove(&(self.id, self.serial));
    }
}

/// From 1, each once.
fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number != 0, "a process can make 2^32 models, and made them all");
    number
}

type Living = BTreeMap<(u32, u32), Weak<Known>>;

static MODELS: Mutex<Living> = Mutex::new(Living::new());

fn models() -> MutexGuard<'static, Living> {
    MODELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The model with this number, or a clone of it.
fn known(model: u32) -> Option<Arc<Known>> {
    models().range((model, 0)..=(model, u32::MAX)).find_map(|(_, known)| known.upgrade())
}

/// What a message calls a model.
pub(super) fn model_name(model: u32) -> String {
    known(model).map_or_else(|| "a model that is gone".into(), |known| format!("model '{}'", known.name))
}

/// What a message calls a variable: its name and that of its model.
pub(super) fn variable_name(variable: Var) -> String {
    // Of a model and its clones, whichever has the variable: an opened one may have more.
    let all: Vec<Arc<Known>> = models()
        .range((variable.model, 0)..=(variable.model, u32::MAX))
        .filter_map(|(_, known)| known.upgrade())
        .collect();
    let Some(known) = all.iter().find(|known| variable.index() < known.variables().len).or(all.first()) else {
        return format!("variable {} of a model that is gone", variable.index());
    };
    let variables = known.variables();
    if variable.index() >= variables.len {
        return format!("variable {} of model '{}'", variable.index(), known.name);
    }
    let name = variables.name_of(variable.index());
    format!("variable '{name}' of model '{}'", known.name)
}
