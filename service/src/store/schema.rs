//! The schema's versions, applied in order; each in a transaction of its own with its number, so a crash between two
//! leaves a database that the next start brings on.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor, Row};

use super::StoreError;

const MIGRATIONS: [&str; 2] = [include_str!("migrations/0001_jobs.sql"), include_str!("migrations/0002_projects.sql")];

/// Brings a database to the newest schema.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *connection).await?.get(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS).skip(found as usize) {
        let mut transaction = connection.begin().await?;
        transaction.execute(migration).await?;
        // A pragma takes no parameters; the number is ours.
        transaction.execute(format!("PRAGMA user_version = {number}").as_str()).await?;
        transaction.commit().await?;
    }
    Ok(())
}
