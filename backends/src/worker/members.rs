//! A solver's own conflict as it travels: a byte a row and a byte a column. So it is no longer than its problem, names
//! nothing twice, and nothing that there is not.

use serde::{Deserialize, Serialize};

use super::frame::length;
use crate::contract::{End, Member};

const LOWER: u8 = 1;
const UPPER: u8 = 2;

/// Which sides and bounds take part: 0 none, 1 the lower, 2 the upper, 3 both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WireMembers {
    /// m rows.
    #[serde(with = "serde_bytes")]
    rows: Vec<u8>,
    /// n columns.
    #[serde(with = "serde_bytes")]
    columns: Vec<u8>,
}

fn bit(end: End) -> u8 {
    match end {
        End::Lower => LOWER,
        End::Upper => UPPER,
    }
}

impl WireMembers {
    /// Members of a problem of n columns and m rows.
    ///
    /// # Errors
    /// Which member there is not, in words.
    pub fn new(members: &[Member], columns: usize, rows: usize) -> Result<Self, String> {
        let mut wire = Self { rows: vec![0; rows], columns: vec![0; columns] };
        for member in members {
            let (place, end) = match *member {
                Member::Row(i, end) => (wire.rows.get_mut(i), end),
                Member::Bound(j, end) => (wire.columns.get_mut(j), end),
            };
            *place
                .ok_or_else(|| format!("{member:?} in a conflict; there are {rows} rows and {columns} columns"))? |=
                bit(end);
        }
        Ok(wire)
    }

    /// The members, rows first, where there is a byte for each of m rows and n columns, and none that means nothing.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn into_members(self, columns: usize, rows: usize) -> Result<Vec<Member>, String> {
        length("rows of a conflict", self.rows.len(), rows)?;
        length("columns of a conflict", self.columns.len(), columns)?;
        if let Some(other) = self.rows.iter().chain(&self.columns).find(|&&ends| ends > (LOWER | UPPER)) {
            return Err(format!("a {other} in a conflict; there are 0 to 3"));
        }
        let ends = |byte: u8| [End::Lower, End::Upper].into_iter().filter(move |&end| byte & bit(end) != 0);
        let named = |bytes: Vec<u8>, member: fn(usize, End) -> Member| {
            bytes.into_iter().enumerate().flat_map(move |(at, byte)| ends(byte).map(move |end| member(at, end)))
        };
        Ok(named(self.rows, Member::Row).chain(named(self.columns, Member::Bound)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_and_what_there_is_not_is_refused() {
        use End::{Lower, Upper};
        use Member::{Bound, Row};
        let members = [Row(0, Lower), Row(2, Lower), Row(2, Upper), Bound(1, Upper)];
        let wire = WireMembers::new(&members, 2, 3).unwrap();
        assert_eq!((&wire.rows[..], &wire.columns[..]), (&[1, 0, 3][..], &[0, 2][..]));
        assert_eq!(wire.clone().into_members(2, 3), Ok(members.to_vec()));
        // Twice is once.
        assert_eq!(WireMembers::new(&[members[0], members[0]], 2, 3).unwrap().into_members(2, 3), Ok(vec![members[0]]));
        for (bad, says) in [
            (wire.clone().into_members(2, 2), "rows of a conflict: 3 values where 2 are needed"),
            (wire.into_members(3, 3), "columns of a conflict: 2 values where 3 are needed"),
            (WireMembers { rows: vec![4], columns: vec![] }.into_members(0, 1), "a 4 in a conflict; there are 0 to 3"),
        ] {
            assert_eq!(bad, Err(says.into()));
        }
        let beyond = WireMembers::new(&[Row(3, Lower)], 2, 3);
        assert_eq!(beyond, Err("Row(3, Lower) in a conflict; there are 3 rows and 2 columns".into()));
    }
}
