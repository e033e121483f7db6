//! `docs/adding-a-solver.md`, followed: a new solver in one file, its line, and the suite over it.

#[path = "../conformance/asked.rs"]
mod asked;
#[path = "../conformance/behaviour.rs"]
mod behaviour;
#[path = "../conformance/choices.rs"]
mod choices;
#[path = "../conformance/claims.rs"]
mod claims;
#[path = "../conformance/ear.rs"]
mod ear;
#[path = "../conformance/judge.rs"]
mod judge;
#[path = "../conformance/patches.rs"]
mod patches;
#[path = "../conformance/problems.rs"]
mod problems;
#[path = "../conformance/quadratics.rs"]
mod quadratics;
#[path = "../conformance/sessions.rs"]
mod sessions;
#[path = "../conformance/table.rs"]
mod table;
mod toy;

use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::Backend;

use asked::{for_each, for_each_of};

/// The suite's way to everybody as they are: here, to the toy alone.
fn native() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(toy::Toy)]
}

/// And with bridges, as users meet it: so it takes what it lacks, maximisation say.
fn backends() -> Vec<Arc<dyn Backend>> {
    native().into_iter().map(|backend| Arc::new(Bridged::over(backend)) as Arc<dyn Backend>).collect()
}

/// The page shows this very file, which is short.
#[test]
fn the_page_shows_the_toy() {
    let page = include_str!("../../../docs/adding-a-solver.md");
    let toy = include_str!("toy.rs");
    assert!(page.contains(&format!("```rust\n{toy}```\n")), "docs/adding-a-solver.md shows another toy than toy.rs");
    assert!(toy.lines().count() <= 150);
}
