//! A job that was begun before it was written: it is written with the first that there is to tell of it, at the end for most,
//! so that one commit does for all; and whoever waits for it hears how it ended without reading it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use farkas_api_types::{EventBody, JobState, SolveResult};
use farkas_modeling::Problem;
use tokio::sync::oneshot;

use super::Desk;
use crate::jobs::{Cause, Job};
use crate::store::{Body, NewJob, Store, StoreError, Submitted};

/// See the module.
pub struct Unwritten {
    /// The job.
    pub new: NewJob,
    /// Its problem.
    pub problem: Arc<Problem>,
    /// Who has begun it.
    pub node: String,
    /// Hears what became of it.
    pub told: oneshot::Sender<Result<Begun, StoreError>>,
    /// Set once it is written.
    pub written: Arc<AtomicBool>,
    /// Its result, once there is one.
    pub result: Option<Box<SolveResult>>,
}

/// What became of a job that was begun before it was written.
#[derive(Debug)]
pub struct Begun {
    /// What the store says.
    pub submitted: Submitted,
    /// How it ended, if it was over when it was written.
    pub end: Option<End>,
}

/// The end of a job, as the store has it too.
#[derive(Debug)]
pub struct End {
    /// The whole result.
    pub result: Box<SolveResult>,
    /// The sentences of all its warnings, in their order.
    pub warnings: Vec<String>,
}

impl Unwritten {
    /// Writes it, and tells whoever waits; `NoJob` where it was not accepted. It is tried once: its client is there to hear that
    /// it was not.
    pub(super) async fn write(self, desk: &Desk, causes: Vec<Cause>, bodies: Vec<Body>) -> Result<Job, StoreError> {
        let Self { new, node, told, written, result, .. } = self;
        let id = new.ticket.id.clone();
        let warnings = if result.is_some() { warnings(&new, &causes) } else { Vec::new() };
        let begun = desk.store.begin(new, &node, causes, bodies).await;
        let job = match &begun {
            Ok(Submitted::New(stored)) => {
                written.store(true, Ordering::Release);
                Ok(stored.job.clone())
            }
            _ => Err(StoreError::NoJob(id)),
        };
        // Where the log was cut, the rules have added a warning of their own.
        let is_told = |job: &Job| job.state == JobState::Succeeded && job.log_bytes < desk.rules.log_bytes;
        let end = result.filter(|_| job.as_ref().is_ok_and(is_told)).map(|result| End { result, warnings });
        // A client that went away hears nothing; the job is there all the same.
        let _ = told.send(begun.map(|submitted| Begun { submitted, end }));
        job
    }
}

fn warnings(new: &NewJob, causes: &[Cause]) -> Vec<String> {
    let told = causes.iter().filter_map(|cause| match cause {
        Cause::Told(told) => match &told.body {
            EventBody::Warning { detail, .. } => Some(detail),
            _ => None,
        },
        _ => None,
    });
    new.warnings.iter().map(|(_, detail)| detail).chain(told).cloned().collect()
}
