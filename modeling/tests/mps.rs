//! MPS: what each section means, what a file is refused for, that what is written reads back, and that nothing panics.

#[path = "support/any_problem.rs"]
mod any_problem;
#[path = "mps/fuzz.rs"]
mod fuzz;
#[path = "mps/refused.rs"]
mod refused;
#[path = "mps/round_trip.rs"]
mod round_trip;
#[path = "mps/sections.rs"]
mod sections;
