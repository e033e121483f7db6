//! Schemas of enumerations that other crates own; the names come from their own serialisation, so they cannot drift.

use farkas_backends::contract::End;
use farkas_modeling::answer::{EvidenceLevel, LaneState};
use farkas_modeling::problem::Sense;
use farkas_modeling::{Limit, Reason};
use serde::Serialize;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};

fn names<T: Serialize>(all: &[T]) -> Vec<serde_json::Value> {
    all.iter().filter_map(|value| serde_json::to_value(value).ok()).collect()
}

fn one_of<T: Serialize>(all: &[T]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names(all))).build()
}

pub(crate) fn reason() -> Object {
    use Reason as R;
    one_of(&[
        R::Optimal,
        R::Infeasible,
        R::Unbounded,
        R::InfeasibleOrUnbounded,
        R::Imprecise,
        R::Feasible,
        R::NoSolutionFound,
        R::NumericalError,
        R::OtherError,
    ])
}

pub(crate) fn limit() -> Schema {
    use Limit as L;
    let limits = one_of(&[
        L::Iteration,
        L::Time,
        L::Node,
        L::Solution,
        L::Memory,
        L::Objective,
        L::Norm,
        L::Interrupted,
        L::SlowProgress,
        L::Cutoff,
        L::Other,
        L::Undetermined,
    ]);
    OneOfBuilder::new().item(limits).item(ObjectBuilder::new().schema_type(Type::Null)).build().into()
}

pub(crate) fn evidence_level() -> Object {
    one_of(&[EvidenceLevel::Claimed, EvidenceLevel::Checked, EvidenceLevel::Certified])
}

pub(crate) fn lane_state() -> Object {
    use LaneState as L;
    one_of(&[L::Waiting, L::Running, L::Paused, L::Finished, L::Stopped, L::Killed, L::Failed, L::Disqualified])
}

pub(crate) fn end() -> Object {
    one_of(&[End::Lower, End::Upper])
}

pub(crate) fn sense() -> Object {
    one_of(&[Sense::Minimize, Sense::Maximize])
}

pub(crate) fn any_object() -> Object {
    ObjectBuilder::new().schema_type(Type::Object).build()
}
