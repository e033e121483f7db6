//! What a client deleted: hidden from these routes for good, on every node, and there all the same. A mark is a document, by the
//! name that the request's jobs are found by, and goes when they do.

use serde::{Deserialize, Serialize};

use super::jobs::Group;
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

/// How much of a request of one job or of a list is hidden.
async fn of(app: &App, principal: &Principal, name: &str) -> Result<Option<Hidden>, Problem> {
    let found = app.desk.store.document(Kind::Hidden, &principal.project, name).await?;
    Ok(found.map(|document| document.read()).transpose()?)
}

fn name_of(group: &Group) -> String {
    if group.together { tag_of(&group.id) } else { group.id.clone() }
}

/// How much of a request is hidden.
pub async fn much(app: &App, principal: &Principal, group: &Group) -> Result<Option<Hidden>, Problem> {
    of(app, principal, &name_of(group)).await
}

/// Hides a request, or more of it; durable when it returns.
pub async fn hide(app: &App, principal: &Principal, group: &Group, what: Hidden) -> Result<(), Problem> {
    let name = name_of(group);
    if of(app, principal, &name).await?.is_some_and(|hidden| hidden >= what) {
        return Ok(());
    }
    let document = Document::new(Kind::Hidden, principal.project.clone(), name, &what)?;
    Ok(app.desk.store.put(document, Vec::new()).await?)
}
