//! The checker, from outside: exact sums against big integers, points against a naive judge in integers, proofs against
//! enumeration, answers against hand-made and random claims.

mod answers;
mod audited;
mod build;
mod exact;
mod exact_basis;
mod points;
mod proofs;
mod quadratic;
mod reports;
mod rigour;
