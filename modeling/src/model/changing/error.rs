//! Why a change to an open model is not made.

/// Why a change is not made. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Nothing has this name.
    #[error("there is no {what} '{name}'")]
    Unknown {
        /// `variable` or `row`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// It was removed before.
    #[error("{name} was removed")]
    Removed {
        /// Its name.
        name: String,
    },
    /// It is another model's, or was made after this one was opened.
    #[error("{name} is not in the opened model {model}")]
    Foreign {
        /// Its name, as far as it is known.
        name: String,
        /// The model's name.
        model: String,
    },
    /// A number that cannot stand there.
    #[error("{what} cannot be {value}")]
    Number {
        /// What.
        what: String,
        /// The number, as text.
        value: String,
    },
    /// A right-hand side was set where there is none, or where there are two.
    #[error("row '{row}' has {sides}; set its sides with `sides`")]
    RightHandSide {
        /// The row's name.
        row: String,
        /// `two sides` or `no side`.
        sides: &'static str,
    },
    /// Products of variables cannot be changed in an open model.
    #[error("{what}; build the model again to change its products")]
    Quadratic {
        /// What was asked for.
        what: &'static str,
    },
}

impl ChangeError {
    /// A stable code: `change-unknown`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "change-unknown",
            Self::Removed { .. } => "change-removed",
            Self::Foreign { .. } => "change-foreign",
            Self::Number { .. } => "change-number",
            Self::RightHandSide { .. } => "change-right-hand-side",
            Self::Quadratic { .. } => "change-quadratic",
        }
    }
}
