//! The `farkas` command.
fn main() {}
