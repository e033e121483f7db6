//! Documents: what the service keeps beside jobs, a JSON text each, by kind, project and id, and for some by a second, secret
//! name. One table and five statements hold keys, models' entries, batches and webhooks alike: nothing here is searched by
//! what stands inside.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AnyPool;

use super::StoreError;
use super::session::{Row, query};
use super::writes::Write;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An API key.
    Key,
    /// A project's entry for a stored model.
    Model,
    /// A batch.
    Batch,
    /// A webhook.
    Webhook,
    /// A point on its way to the node that has its job.
    Offer,
    /// What a client of another service deleted, by a job's id or the tag of several; goes with the last of them.
    Hidden,
}

impl Kind {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Model => "model",
            Self::Batch => "batch",
            Self::Webhook => "webhook",
            Self::Offer => "offer",
            Self::Hidden => "hidden",
        }
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub project: String,
    /// Its id, the project's own; ids of most kinds sort by time.
    pub id: String,
    /// Another name that it is found by, over all projects; no two of a kind have the same.
    pub found_by: Option<String>,
    /// JSON.
    pub json: String,
}

impl Document {
    /// A document that holds this.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn new<T: Serialize>(kind: Kind, project: String, id: String, value: &T) -> Result<Self, StoreError> {
        let mut document = Self { kind, project, id, found_by: None, json: String::new() };
        document.write(value)?;
        Ok(document)
    }

    /// The same with another name to find it by.
    #[must_use]
    pub fn found_by(mut self, name: String) -> Self {
        self.found_by = Some(name);
        self
    }

    /// What it holds.
    ///
    /// # Errors
    /// When another version wrote it, or the file is damaged.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.json).map_err(|error| self.unreadable(&error))
    }

    /// Puts something else in.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn write<T: Serialize>(&mut self, value: &T) -> Result<(), StoreError> {
        self.json = serde_json::to_string(value).map_err(|error| self.unreadable(&error))?;
        Ok(())
    }

    fn unreadable(&self, error: &serde_json::Error) -> StoreError {
        StoreError::Unreadable { what: format!("{} {}", self.kind.name(), self.id), error: error.to_string() }
    }

    fn of(kind: Kind, row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind,
            project: row.try_get("project")?,
            id: row.try_get("id")?,
            found_by: row.try_get("found_by")?,
            json: row.try_get("body")?,
        })
    }
}

pub(super) async fn read(reads: &AnyPool, kind: Kind, project: &str, id: &str) -> Result<Option<Document>, StoreError> {
    let row = query("SELECT project, id, found_by, body FROM documents WHERE kind = $1 AND project = $2 AND id = $3")
        .bind(kind.name())
        .bind(project)
        .bind(id)
        .fetch_optional(reads)
        .await?;
    Ok(row.as_ref().map(|row| Document::of(kind, row)).transpose()?)
}

pub(super) async fn find(reads: &AnyPool, kind: Kind, name: &str) -> Result<Option<Document>, StoreError> {
    let row = query("SELECT project, id, found_by, body FROM documents WHERE kind = $1 AND found_by = $2")
        .bind(kind.name())
        .bind(name)
        .fetch_optional(reads)
        .await?;
    Ok(row.as_ref().map(|row| Document::of(kind, row)).transpose()?)
}

pub(super) async fn list(
    reads: &AnyPool,
    kind: Kind,
    project: Option<&str>,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Document>, StoreError> {
    let rows = query(
        "SELECT project, id, found_by, body FROM documents
         WHERE kind = $1 AND ($2 IS NULL OR project = $2) AND ($3 IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
    )
    .bind(kind.name())
    .bind(project)
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(reads)
    .await?;
    Ok(rows.iter().map(|row| Document::of(kind, row)).collect::<Result<_, _>>()?)
}

impl Write {
    pub(super) async fn put_document(&mut self, document: &Document) -> Result<(), StoreError> {
        query(
            "INSERT INTO documents (kind, project, id, found_by, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, project, id) DO UPDATE SET found_by = $4, body = $5",
        )
        .bind(document.kind.name())
        .bind(&document.project)
        .bind(&document.id)
        .bind(document.found_by.as_deref())
        .bind(&document.json)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    pub(super) async fn remove_document(&mut self, kind: Kind, project: &str, id: &str) -> Result<bool, StoreError> {
        let removed = query("DELETE FROM documents WHERE kind = $1 AND project = $2 AND id = $3")
            .bind(kind.name())
            .bind(project)
            .bind(id)
            .execute(&mut self.connection)
            .await?;
        Ok(removed > 0)
    }
}
