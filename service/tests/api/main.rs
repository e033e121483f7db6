//! The HTTP interface against a running service, with backends that do what the test says.

mod cuopt;
mod errors;
mod history;
mod life;
mod mathopt;
mod server;
mod tasks;
