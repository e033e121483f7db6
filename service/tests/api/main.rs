//! The HTTP interface against a running service, with backends that do what the test says.

mod access;
mod at_once;
mod backup;
mod contract;
mod cuopt;
mod errors;
mod fair;
mod gc;
mod history;
mod keys;
mod life;
mod log;
mod mathopt;
mod models;
mod server;
mod tasks;
mod tls;
mod upload;
mod webhooks;
