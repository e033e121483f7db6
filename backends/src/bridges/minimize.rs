//! A maximised objective, turned around and minimised.

use farkas_modeling::{Problem, Sense};

use super::Bridge;
use super::draft::Draft;
use crate::contract::Capabilities;

pub(super) struct Minimize;

impl Bridge for Minimize {
    fn name(&self) -> &'static str {
        "maximisation by minimising the negative"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        (problem.sense() == Sense::Maximize && !can.maximize).then(|| "maximisation".to_owned())
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        let data = &mut draft.data;
        data.sense = Sense::Minimize;
        data.offset = -data.offset;
        data.cost.iter_mut().for_each(|cost| *cost = -*cost);
        data.quadratic_objective.iter_mut().for_each(|product| product.value = -product.value);
        Ok(())
    }
}
