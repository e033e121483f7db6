//! What a client deleted: hidden from these routes for good, on every node, and there all the same. A mark is a document, by the
//! name that the request's jobs are found by, and goes when they do.

use serde::{Deserialize, Serialize};

use super::jobs::tag_of;
use crate::access::Principal;
use crate::api::App;
use crate::api::problem::Problem;
use crate::store::{Document, Kind, Store};

/// How much of a request is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hidden {
    /// Its log.
    Log,
    /// All of it.
    Whole,
}

/// The name of a request's mark.
fn name_of(id: &str, together: bool) -> String {
    if together { tag_of(id) } else { id.to_owned() }
}

/// Whether a request, of one job or of a list, is known to be hidden whole, without asking the store.
pub fn is_known(app: &App, principal: &Principal, id: &str) -> bool {
    let of = |together| app.marks.of(&principal.project, &name_of(id, together));
    [of(false), of(true)].contains(&Some(Hidden::Whole))
}

/// How much of a request is hidden.
pub async fn much(app: &App, principal: &Principal, id: &str, together: bool) -> Result<Option<Hidden>, Problem> {
    let name = name_of(id, together);
    if let Some(known) = app.marks.of(&principal.project, &name) {
        return Ok(Some(known));
    }
    let found = app.desk.store.document(Kind::Hidden, &principal.project, &name).await?;
    Ok(found.map(|document| document.read()).transpose()?)
}

/// Hides a request, or more of it: for this process when it returns, and durable then or a moment later (see
/// [`marks`](super::marks)).
pub async fn hide(app: &App, principal: &Principal, id: &str, together: bool, what: Hidden) -> Result<(), Problem> {
    let name = name_of(id, together);
    if app.marks.put_off(&principal.project, &name, what) {
        return Ok(());
    }
    if much(app, principal, id, together).await?.is_some_and(|hidden| hidden >= what) {
        return Ok(());
    }
    let document = Document::new(Kind::Hidden, principal.project.clone(), name, &what)?;
    Ok(app.desk.store.put(document, Vec::new()).await?)
}
