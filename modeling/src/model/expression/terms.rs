//! The buffer that expressions write themselves into: linear terms, products and a constant, of one model.

use super::Var;
use crate::model::naming;
use crate::problem::Product;

/// Terms as they are written down: columns and coefficients side by side, repeated columns allowed, products of two
/// columns apart from them, and a constant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    pub(in crate::model) columns: Vec<u32>,
    pub(in crate::model) values: Vec<f64>,
    pub(in crate::model) products: Vec<Product>,
    pub(in crate::model) constant: f64,
    /// The model whose variables these are; 0 as long as there are none.
    pub(in crate::model) model: u32,
}

impl Terms {
    pub(in crate::model) fn of_model(model: u32) -> Self {
        Self { model, ..Self::default() }
    }

    /// For a sum of so many terms, and a few that will be added to it: growing would cost more than they do.
    pub(super) fn with_capacity(terms: usize) -> Self {
        let room = terms.saturating_add(4);
        Self { columns: Vec::with_capacity(room), values: Vec::with_capacity(room), ..Self::default() }
    }

    pub(in crate::model) fn reserve(&mut self, terms: usize) {
        self.columns.reserve(terms);
        self.values.reserve(terms);
    }

    #[inline]
    pub(super) fn push(&mut self, variable: Var, value: f64) {
        if variable.model != self.model {
            self.meet(variable);
        }
        self.columns.push(variable.index);
        self.values.push(value);
    }

    pub(super) fn append(&mut self, other: &Self, scale: f64) {
        self.meet_all(other);
        self.columns.extend_from_slice(&other.columns);
        if scale == 1.0 {
            self.values.extend_from_slice(&other.values);
        } else {
            self.values.extend(other.values.iter().map(|value| scale * value));
        }
        self.products.extend(other.products.iter().map(|product| Product { value: scale * product.value, ..*product }));
        self.constant += scale * other.constant;
    }

    /// Takes over another's memory: what a large objective would otherwise be copied by. Nothing linear may be here yet.
    pub(super) fn adopt(&mut self, other: &mut Self) {
        self.meet_all(other);
        std::mem::swap(&mut self.columns, &mut other.columns);
        std::mem::swap(&mut self.values, &mut other.values);
        self.products.append(&mut other.products);
        self.constant += other.constant;
    }

    /// Adds `scale` times the product of what two closures write, which must be linear: multiplied out in place.
    #[inline]
    pub(super) fn multiply(&mut self, scale: f64, first: impl FnOnce(&mut Self), second: impl FnOnce(&mut Self)) {
        let constant = std::mem::take(&mut self.constant);
        let start = self.columns.len();
        first(self);
        let (middle, a) = (self.columns.len(), std::mem::take(&mut self.constant));
        second(self);
        let b = std::mem::replace(&mut self.constant, constant);
        self.constant += scale * a * b;
        for i in start..middle {
            for j in middle..self.columns.len() {
                let value = scale * self.values[i] * self.values[j];
                self.products.push(Product { first: self.columns[i], second: self.columns[j], value });
            }
        }
        // Each constant leaves the other factor's terms.
        self.scale_or_drop(middle..self.columns.len(), scale * a);
        self.scale_or_drop(start..middle, scale * b);
    }

    fn scale_or_drop(&mut self, range: std::ops::Range<usize>, by: f64) {
        if by == 0.0 {
            self.columns.drain(range.clone());
            self.values.drain(range);
        } else {
            self.values[range].iter_mut().for_each(|value| *value *= by);
        }
    }

    pub(super) fn scale(&mut self, by: f64) {
        self.values.iter_mut().for_each(|value| *value *= by);
        self.products.iter_mut().for_each(|product| product.value *= by);
        self.constant *= by;
    }

    /// One of its variables, to name in messages.
    fn any_variable(&self) -> Option<Var> {
        let index = self.columns.last().copied().or_else(|| self.products.last().map(|product| product.first))?;
        Some(Var { index, model: self.model })
    }

    fn meet_all(&mut self, other: &Self) {
        if other.model != self.model {
            let index = other.columns.first().copied().or_else(|| other.products.first().map(|product| product.first));
            if let Some(index) = index {
                self.meet(Var { index, model: other.model });
            }
        }
    }

    /// A variable of a model that is not this one's: fine if there was none so far.
    #[cold]
    fn meet(&mut self, variable: Var) {
        if self.model == 0 {
            self.model = variable.model;
            return;
        }
        let ours = self.any_variable().map_or_else(|| naming::model_name(self.model), naming::variable_name);
        panic!("{} is used together with {ours}", naming::variable_name(variable));
    }

    pub(in crate::model) fn clear(&mut self) {
        self.columns.clear();
        self.values.clear();
        self.products.clear();
        self.constant = 0.0;
    }
}
