//! Processes that host solvers, so that a crash, a print or a hang costs one lane.
//!
//! A worker is a program that is started with a socket as its descriptor 0 and speaks the messages of [`frame`] on it.
//! [`host`] is the worker's side; [`client`] shows a worker as a [`Backend`](crate::contract::Backend); [`pool`] keeps
//! some warm; [`spawner`] is the one thread that starts and reaps them. No worker outlives its parent: the kernel kills
//! it when the spawner's thread ends (`PR_SET_PDEATHSIG`), and it ends by itself when its socket does.

pub mod frame;

#[cfg(target_os = "linux")]
mod alarm;
#[cfg(target_os = "linux")]
pub mod client;
#[cfg(target_os = "linux")]
mod desk;
#[cfg(target_os = "linux")]
mod ffi;
#[cfg(target_os = "linux")]
pub mod host;
#[cfg(target_os = "linux")]
mod image_cache;
#[cfg(target_os = "linux")]
mod inquiry;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod link;
pub mod members;
#[cfg(target_os = "linux")]
mod outbox;
#[cfg(target_os = "linux")]
mod pause;
#[cfg(target_os = "linux")]
pub mod pool;
#[cfg(target_os = "linux")]
pub mod spawner;

#[cfg(target_os = "linux")]
pub use client::WorkerBackend;
#[cfg(target_os = "linux")]
pub use ffi::give_back_memory;
#[cfg(target_os = "linux")]
pub use image_cache::share;
#[cfg(target_os = "linux")]
pub use pool::{Program, WorkerConfig};

/// Hosts a backend for the parent that started this program; see [`host::serve`].
#[cfg(target_os = "linux")]
pub use host::serve;

/// Says that workers run on Linux, and answers with exit code 69.
#[cfg(not(target_os = "linux"))]
pub fn serve(backend: &dyn crate::contract::Backend) -> std::process::ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "Workers run on Linux; here {} is solved with in-process.", backend.name());
    std::process::ExitCode::from(69)
}

/// The C library keeps what it keeps.
#[cfg(not(target_os = "linux"))]
pub fn give_back_memory() {}

/// Without workers nobody shares a problem: it stays where it is.
#[cfg(not(target_os = "linux"))]
pub fn share(problem: farkas_modeling::Problem) -> std::sync::Arc<farkas_modeling::Problem> {
    std::sync::Arc::new(problem)
}

/// Environment variable by which a parent tells its worker who it is, so that the worker can see that it died.
pub const PARENT_VARIABLE: &str = "FARKAS_WORKER_PARENT";
