//! What lanes of a race hand to each other. Each can be switched off, so that a benchmark can say what it brings; what has not
//! been shown to pay is off.
//!
//! Bounds and checked points always count for the race as a whole: sharing is about what a solver gets to see.

use std::str::FromStr;

/// One thing that lanes may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// A checked point that beats what a running lane has is offered to it.
    Incumbents,
    /// A lane that starts when there is a point already starts from it.
    Starts,
    /// A lane that starts when there is a point already looks only for points at least as good ([`Options::cutoff`]).
    ///
    /// That is sound because such a lane never says "infeasible": with nothing found it ends at the limit `Cutoff`, and the cutoff
    /// is its bound ([`Options::within_cutoff`]), which closes the gap if its word counts. Of linear programs it is not asked,
    /// since nothing is searched there.
    ///
    /// [`Options::cutoff`]: crate::options::Options::cutoff
    /// [`Options::within_cutoff`]: crate::options::Options::within_cutoff
    Cutoffs,
    /// A lane that is far behind when half of the time is over leaves its cores to another seed of the best lane's solver.
    Seats,
}

impl Shared {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Incumbents, Self::Starts, Self::Cutoffs, Self::Seats];

    /// As it is named on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incumbents => "incumbents",
            Self::Starts => "starts",
            Self::Cutoffs => "cutoffs",
            Self::Seats => "seats",
        }
    }
}

impl FromStr for Shared {
    type Err = String;

    /// Reads a name; the error lists those there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| format!("there are: {all}"))
    }
}

/// What lanes share.
///
/// ```
/// use farkas_backends::race::{Shared, Sharing};
/// let sharing = Sharing::default().without(Shared::Incumbents).with(Shared::Cutoffs);
/// assert!(sharing.has(Shared::Starts) && sharing.has(Shared::Cutoffs) && !sharing.has(Shared::Incumbents));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    is_on: [bool; Shared::ALL.len()],
}

impl Default for Sharing {
    /// Points, to who runs and to who starts.
    fn default() -> Self {
        Self::none().with(Shared::Incumbents).with(Shared::Starts)
    }
}

impl Sharing {
    /// Nothing: each lane goes its own way.
    pub fn none() -> Self {
        Self { is_on: [false; Shared::ALL.len()] }
    }

    /// Whether lanes share this.
    pub fn has(self, what: Shared) -> bool {
        self.is_on[what as usize]
    }

    /// The same with this.
    #[must_use]
    pub fn with(mut self, what: Shared) -> Self {
        self.is_on[what as usize] = true;
        self
    }

    /// The same without this.
    #[must_use]
    pub fn without(mut self, what: Shared) -> Self {
        self.is_on[what as usize] = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_a_slip_is_answered_with_all() {
        for one in Shared::ALL {
            assert_eq!(one.name().parse(), Ok(one));
            assert!(Sharing::none().with(one).has(one) && !Sharing::default().without(one).has(one));
        }
        assert_eq!("incumbent".parse::<Shared>(), Err("there are: incumbents, starts, cutoffs, seats".to_owned()));
    }
}
