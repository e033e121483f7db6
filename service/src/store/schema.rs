//! The schema's versions, applied in order; each in a transaction of its own with its number, so a crash between two
//! leaves a database that the next start brings on. One text serves both databases.

use super::StoreError;
use super::database::Database;
use super::session::{Session, query};
use crate::blobs::Blobs;

const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001_jobs.sql"),
    include_str!("migrations/0002_projects.sql"),
    include_str!("migrations/0003_nodes.sql"),
    include_str!("migrations/0004_documents.sql"),
    include_str!("migrations/0005_turns.sql"),
    include_str!("migrations/0006_waiting.sql"),
    include_str!("migrations/0007_holders.sql"),
    include_str!("migrations/0008_subscribers.sql"),
];

/// Nodes that start together bring the schema on one after the other. The number is any that nobody else uses.
const LOCK: &str = "SELECT COUNT(*) FROM pg_advisory_lock(7037141)";
const UNLOCK: &str = "SELECT COUNT(*) FROM pg_advisory_unlock(7037141)";

/// Brings a database to the newest schema.
///
/// The bodies are those that belong to it: a node that has others would find no model. Whoever reads and writes none has none to
/// compare.
pub(super) async fn migrate(
    database: &Database,
    session: &mut Session,
    blobs: Option<&Blobs>,
) -> Result<(), StoreError> {
    if database.is_shared() {
        session.run(LOCK).await?;
    }
    let done = match (bring_on(database, session).await, blobs) {
        (Ok(()), Some(blobs)) => belong_together(session, blobs).await,
        (done, _) => done,
    };
    if database.is_shared() {
        session.run(UNLOCK).await?;
    }
    done
}

/// Database and bodies bear the same mark; the first who opens them makes it.
async fn belong_together(session: &mut Session, blobs: &Blobs) -> Result<(), StoreError> {
    let known = query("SELECT value FROM settings WHERE name = 'bodies'").fetch_optional(&mut *session).await?;
    let known: Option<String> = known.map(|row| row.try_get(0)).transpose()?;
    let found = blobs.mark().await?;
    match (known, found) {
        (Some(known), Some(found)) if known == found => Ok(()),
        (Some(_), _) => Err(StoreError::OtherBodies(blobs.to_string())),
        (None, found) => {
            let mark = match found {
                Some(mark) => mark,
                None => blobs.set_mark().await?,
            };
            let insert = query("INSERT INTO settings (name, value) VALUES ('bodies', $1)").bind(mark);
            insert.execute(session).await?;
            Ok(())
        }
    }
}

async fn bring_on(database: &Database, session: &mut Session) -> Result<(), StoreError> {
    let found = version(database, session).await?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS).skip(found as usize) {
        // A pragma takes no parameters; the number is ours.
        let set = if database.is_shared() {
            format!("UPDATE schema_version SET version = {number}")
        } else {
            format!("PRAGMA user_version = {number}")
        };
        session.run("BEGIN").await?;
        let done = async {
            session.run(&database.words(migration)).await?;
            session.run(&set).await
        }
        .await;
        session.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        done?;
    }
    Ok(())
}

async fn version(database: &Database, session: &mut Session) -> Result<i64, StoreError> {
    if database.is_shared() {
        let table = "CREATE TABLE IF NOT EXISTS writers (id TEXT NOT NULL PRIMARY KEY, batch BIGINT NOT NULL);
            CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
            INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)";
        session.run(table).await?;
    }
    let read = if database.is_shared() { "SELECT version FROM schema_version" } else { "PRAGMA user_version" };
    Ok(query(read).fetch_one(session).await?.try_get(0)?)
}
