//! Solve jobs over HTTP: the rules of a job ([`jobs`]), where jobs live ([`store`], [`blobs`]), who works on them and
//! how they are asked for ([`api`]).
//!
//! `api` (thin: parse, call, present) → [`jobs`] (a pure transition function) → [`store`] (one transaction a
//! transition) → [`scheduler`] (claims what fits the free cores, and has it solved). A job that got its 201 survives
//! the death of every process.
//!
//! ```no_run
//! use farkas_service::{ServeOptions, serve};
//! let backends = Vec::new();
//! serve(ServeOptions::new("farkas-data", backends), |url| println!("Farkas is listening on {url}"))?;
//! # Ok::<(), farkas_service::ServeError>(())
//! ```

pub mod access;
pub mod api;
pub mod backup;
pub mod blobs;
mod compat;
pub mod execution;
pub mod fairness;
pub mod incoming;
pub mod jobs;
pub mod keyring;
pub mod limits;
pub mod metrics;
pub mod models;
pub mod node;
mod passing;
mod recorder;
pub mod retention;
pub mod roster;
pub mod scheduler;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod tls;
pub mod webhooks;

pub use limits::Limits;
pub use node::{Node, NodeOptions, work};
pub use server::{ServeError, ServeOptions, Service, serve};
