//! The HTTP interface against a running service, with backends that do what the test says.

mod errors;
mod history;
mod life;
mod server;
mod tasks;
