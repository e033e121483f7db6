//! Which backends there are, by name.
