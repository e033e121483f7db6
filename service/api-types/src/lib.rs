//! The shapes of the HTTP API: one request, one result and one set of events for service, client and command line
//! (`--json`). What is written here is what goes over the wire; nothing here does IO.
//!
//! Numbers that may be infinite are [`Number`]s: JSON has no infinity, so it is the string `"inf"` or `"-inf"`. Times
//! are RFC 3339, durations are seconds. An unknown field is an error that names its JSON pointer.

mod access;
mod analysis;
mod event;
mod job;
mod model;
mod number;
mod options;
mod problem;
mod published;
mod reported;
mod request;
mod result;
mod schema;
mod task;
mod webhook;
mod worker;

pub use access::{ApiKeyList, ApiKeyMade, ApiKeyView, NewApiKey, Role};
pub use analysis::{
    Analysis, CheckDocument, Conflict, CostRange, GivesWay, IisDocument, Misses, RelaxationDocument,
    SensitivityDocument, SideRange,
};
pub use event::{EventBody, JobEvent, LaneStatus};
pub use job::{
    BackendInfo, BackendList, IncumbentEntry, IncumbentList, JobList, JobState, JobView, LaneView, LogEntry, LogPage,
    OfferedPoint, TakenPoint,
};
pub use model::{BatchList, BatchRequest, BatchView, ModelList, ModelView, Scenario, ScenarioView, StoredModel};
pub use number::Number;
pub use options::{MOST_LANES, SolveOptions, SolverChoice};
pub use problem::{Finding, ProblemDetails};
pub use published::{EVIDENCE_SCHEMA, MODEL_SCHEMA, result_schema};
pub use reported::ReportError;
pub use request::{BATCH_TAG, MODEL_POINTER, RequestError, SolveRequest, check_names, read_json, read_json_at};
pub use result::{
    EvidenceDocument, Fields, LaneDocument, NamedRay, ProblemShape, RayKind, SolveResult, TerminationDocument, Vectors,
};
pub use task::{RelaxOptions, StatedSolution, Task};
pub use webhook::{NewWebhook, WebhookList, WebhookMade, WebhookView};
pub use worker::{WorkerList, WorkerView};
