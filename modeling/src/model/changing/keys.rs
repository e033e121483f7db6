//! Variables and rows of an open model, by handle or by name.

use super::super::expression::Var;
use super::super::family::Row;
use super::super::naming;
use super::{ChangeError, Changing};

/// A variable, by handle or by name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a variable",
    label = "expected a variable or its name",
    note = "variables are named by their handle (`ship[(p, c)]`) or by their name (`\"ship[Lyon,Paris]\"`)"
)]
pub trait VariableKey {
    /// Where it stands in the problem, added ones counting on.
    #[doc(hidden)]
    fn find(self, model: &Changing) -> Result<u32, ChangeError>;
}

/// A row, by handle or by name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a row",
    label = "expected a row or its name",
    note = "rows are named by the handle that `m.row` and `m.rows` return, or by their name (`\"demand[Paris]\"`)"
)]
pub trait RowKey {
    /// Where it stands in the problem, added ones counting on.
    #[doc(hidden)]
    fn find(self, model: &Changing) -> Result<u32, ChangeError>;
}

impl VariableKey for Var {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        let name = || naming::variable_name(self);
        model.columns.find(self.index, self.model == model.known.id, name, model)
    }
}

impl VariableKey for &Var {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        VariableKey::find(*self, model)
    }
}

impl VariableKey for &str {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        Changing::named("variable", self, &model.columns, model.problem.column_names())
    }
}

impl VariableKey for &String {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        VariableKey::find(self.as_str(), model)
    }
}

impl RowKey for Row {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        let name = || format!("row {} of {}", self.index, naming::model_name(self.model));
        model.rows.find(self.index, self.model == model.known.id, name, model)
    }
}

impl RowKey for &Row {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        RowKey::find(*self, model)
    }
}

impl RowKey for &str {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        Changing::named("row", self, &model.rows, model.problem.row_names())
    }
}

impl RowKey for &String {
    fn find(self, model: &Changing) -> Result<u32, ChangeError> {
        RowKey::find(self.as_str(), model)
    }
}
