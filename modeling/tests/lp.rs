//! LP: what each section means, what a file is refused for, that what is written reads back, and that nothing panics.

#[path = "support/any_problem.rs"]
mod any_problem;
#[path = "lp/fuzz.rs"]
mod fuzz;
#[path = "lp/general.rs"]
mod general;
#[path = "lp/refused.rs"]
mod refused;
#[path = "lp/round_trip.rs"]
mod round_trip;
#[path = "lp/sections.rs"]
mod sections;
