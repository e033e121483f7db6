//! The solve service from Rust: [`Client`] speaks its HTTP interface, and [`Remote`] is a whole service as one solver, for
//! races and for whoever has its cores elsewhere.
//!
//! Nothing that comes over the wire counts before it was examined here: a remote's answer is a claim like any solver's.

mod events;
mod http;
mod remote;

pub use events::Events;
pub use http::{Client, ClientError};
pub use remote::Remote;
