//! How much memory general constraints will take as rows: what is beyond measure is refused, and for the rest there is room at
//! once, since growing bit by bit takes up to half as much again.

use super::general::{General, Relation};
use super::linearise::MOST_OF_LABEL;
use super::read::Reader;
use crate::formats::fault::Fault;

/// Memory that they may take for each byte of their text.
const MOST_BYTES_A_BYTE: usize = 64;
/// What they may take besides, so that only what is large is refused.
const SPARE_BYTES: usize = 1 << 20;
/// What a variable takes beside its name: cost, two bounds, flags and kind, where its column begins while columns are made,
/// and where its name ends.
const VARIABLE_BYTES: usize = 44;
/// What a row takes beside its name and its terms: two sides, its end, and where its name ends.
const ROW_BYTES: usize = 28;
/// What a term takes: twelve bytes by rows, and as many by columns.
const TERM_BYTES: usize = 24;
/// What a variable of a piecewise function takes in its set.
const MEMBER_BYTES: usize = 24;

/// Numbers of what is made of general constraints.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub variables: usize,
    pub variable_name_bytes: usize,
    pub rows: usize,
    pub row_name_bytes: usize,
    pub terms: usize,
    members: usize,
}

impl Room {
    fn add(&mut self, other: Self, name_bytes: usize) {
        self.variables += other.variables;
        self.variable_name_bytes += other.variables * name_bytes;
        self.rows += other.rows;
        self.row_name_bytes += other.rows * name_bytes;
        self.terms += other.terms;
        self.members += other.members;
    }

    fn bytes(&self) -> usize {
        self.variables * VARIABLE_BYTES
            + self.variable_name_bytes
            + self.rows * ROW_BYTES
            + self.row_name_bytes
            + self.terms * TERM_BYTES
            + self.members * MEMBER_BYTES
    }
}

impl Reader<'_> {
    /// What all of them need, or that it is too much. Bounds are settled.
    pub(super) fn room_for(&self, list: &[General]) -> Result<Room, Fault> {
        let (mut room, mut most) = (Room::default(), SPARE_BYTES);
        for (k, general) in list.iter().enumerate() {
            let made = self.made_of(&general.relation);
            let label = general.label.map_or(2 + digits(k + 1), |label| (label.end - label.at).min(MOST_OF_LABEL));
            room.add(made, label + "_weight".len() + digits(made.variables.max(made.rows)));
            most += MOST_BYTES_A_BYTE * (general.at.end - general.at.at);
            if room.bytes() > most {
                let finding = format!(
                    "general constraints, up to here, that become {} rows of {} terms: more than {MOST_BYTES_A_BYTE} times \
                     the memory of their text",
                    room.rows, room.terms
                );
                let remedy = "give their variables names of five bytes and more, or write the rows instead";
                return Err(Fault::new(general.at.at, "lp-general-too-large", finding, remedy));
            }
        }
        Ok(room)
    }

    pub(super) fn make_room(&mut self, room: &Room) {
        self.variables.reserve(room.variables, room.variable_name_bytes);
        self.rows.reserve(room.rows, room.terms, room.row_name_bytes);
    }

    /// What [`linearise`](super::linearise) makes of one, or a little more.
    fn made_of(&self, relation: &Relation) -> Room {
        match relation {
            Relation::Extreme { operands, constant, .. } => {
                let n = operands.len() + usize::from(constant.is_some());
                Room { variables: n, rows: 2 * n + 1, terms: 6 * n, ..Room::default() }
            }
            Relation::Absolute { operand, .. } => {
                let (lower, upper) = self.range(*operand);
                let two_sided = lower < 0.0 && upper > 0.0;
                let (variables, rows, terms) = if two_sided { (1, 4, 10) } else { (0, 1, 2) };
                Room { variables, rows, terms, ..Room::default() }
            }
            Relation::Logic { operands, .. } => {
                Room { rows: operands.len() + 1, terms: 3 * operands.len() + 1, ..Room::default() }
            }
            Relation::Piecewise { points, .. } | Relation::PiecewiseCost { points, .. } => {
                let n = points.len() + 2;
                let rows = if matches!(relation, Relation::Piecewise { .. }) { 3 } else { n };
                Room { variables: n + 1, rows, terms: 3 * n, members: n, ..Room::default() }
            }
        }
    }
}

/// Digits of a count.
fn digits(count: usize) -> usize {
    count.max(1).ilog10() as usize + 1
}
