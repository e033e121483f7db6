//! Which database it is, and all in which the two differ: how a session is opened, how a transaction begins and whose
//! clock it goes by, what locks a row, and which failures pass. The statements themselves are the same for both.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions, Executor};

use super::StoreError;
use super::session::{File, Session, query};
use crate::time::Timestamp;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// `synchronous=FULL`: what is committed survives a power cut.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = 1;";
/// A server that answers before its disk does is told not to.
const POSTGRES_SESSION: &str = "SET lock_timeout = '10s'; SET client_min_messages = warning;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A file, for one process at a time.
    Sqlite(PathBuf),
    /// A server, for any number of nodes.
    Postgres,
}

/// A database, and how to reach it.
#[derive(Clone)]
pub struct Database {
    kind: Kind,
    url: String,
    options: AnyConnectOptions,
}

/// What a failure means for the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Others were in the way; the same may succeed now.
    Conflict,
    /// The connection is gone; on another one the same may succeed.
    Lost,
    /// The same would fail again.
    Lasting,
}

impl Database {
    /// A file; made if need be.
    ///
    /// # Errors
    /// When the path is no text.
    pub fn file(path: &Path) -> Result<Self, StoreError> {
        let text = path.to_str().ok_or_else(|| StoreError::Address(format!("'{}' is no text", path.display())))?;
        let encoded: String = text.bytes().fold(String::new(), |url, byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => url + &char::from(byte).to_string(),
            other => url + &format!("%{other:02X}"),
        });
        Self::new(Kind::Sqlite(path.into()), format!("sqlite://{encoded}?mode=rwc"))
    }

    /// `postgres://…`: the address of a server, as `libpq` takes it.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::new(Kind::Postgres, url.into());
        }
        // The address may hold a password.
        Err(StoreError::Address("it does not begin with postgres://".into()))
    }

    fn new(kind: Kind, url: String) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options = AnyConnectOptions::from_str(&url).map_err(|error| StoreError::Address(error.to_string()))?;
        Ok(Self { kind, url, options: options.disable_statement_logging() })
    }

    /// Whether other processes work on it too.
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Where those listen who share it.
    pub(super) fn shared_at(&self) -> Option<String> {
        self.is_shared().then(|| self.url.clone())
    }

    /// What locks the rows that a statement reads, until the transaction ends.
    pub(super) fn lock(&self) -> &'static str {
        if self.is_shared() { " FOR UPDATE" } else { "" }
    }

    /// The same, and rows that somebody else has locked are passed over.
    pub(super) fn lock_free(&self) -> &'static str {
        if self.is_shared() { " FOR UPDATE SKIP LOCKED" } else { "" }
    }

    /// What this database calls things in a migration.
    pub(super) fn words(&self, migration: &str) -> String {
        if self.is_shared() {
            migration.replace("BLOB", "BYTEA").replace(" WITHOUT ROWID", "")
        } else {
            migration.into()
        }
    }

    /// A session for writing.
    pub(super) async fn connect(&self, lease_seconds: u32) -> Result<Session, sqlx::Error> {
        if let Kind::Sqlite(path) = &self.kind {
            let mut session = Session::File(File::open(path)?);
            session.run(SQLITE_SESSION).await?;
            return Ok(session);
        }
        let open = async {
            let mut session = Session::Server(Box::new(self.options.connect().await?));
            session.run(POSTGRES_SESSION).await?;
            // A node that is paused inside a transaction loses it within half a lease, so that its locks stop nobody.
            let limit = format!("SET idle_in_transaction_session_timeout = {}", lease_seconds.max(1) * 500);
            session.run(&limit).await?;
            Ok(session)
        };
        tokio::time::timeout(CONNECT, open).await.unwrap_or_else(|_| Err(too_long("no connection")))
    }

    pub(super) async fn readers(&self) -> Result<AnyPool, sqlx::Error> {
        let session = match &self.kind {
            Kind::Sqlite(_) => "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1",
            Kind::Postgres => "SET default_transaction_read_only = 1; SET statement_timeout = '60s'",
        };
        AnyPoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .acquire_timeout(CONNECT)
            .after_connect(move |connection, _| Box::pin(async move { connection.execute(session).await.map(|_| ()) }))
            .connect_with(self.options.clone())
            .await
    }

    /// Where a writer works: a file's on a thread of its own, which its statements block.
    pub(super) fn host(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), StoreError> {
        let runtime = tokio::runtime::Handle::current();
        if self.is_shared() {
            runtime.spawn(work);
            return Ok(());
        }
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || runtime.block_on(work));
        thread.map(|_| ()).map_err(|error| StoreError::Database(error.into()))
    }

    /// How long the database may take for something; a file's statements cannot be given up.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        if !self.is_shared() {
            return work.await;
        }
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(too_long("no answer")))
    }

    /// Begins a transaction; answers with the clock by which it goes: with several nodes, the server's.
    pub(super) async fn begin(&self, session: &mut Session) -> Result<Timestamp, sqlx::Error> {
        match session {
            Session::File(_) => {
                query("BEGIN IMMEDIATE").execute(session).await?;
                Ok(Timestamp::now())
            }
            Session::Server(connection) => {
                let begin = "BEGIN; SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
                // Two statements: the first answers with no row.
                let rows = connection.fetch_all(begin).await?;
                let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
                Ok(Timestamp::from_millis(sqlx::Row::try_get(row, 0)?))
            }
        }
    }

    /// A writer that begins; it has a row for the number of its last transaction.
    pub(super) async fn enter(session: &mut Session, writer: &str) -> Result<(), sqlx::Error> {
        let insert = query("INSERT INTO writers (id, batch) VALUES ($1, 0)").bind(writer);
        insert.execute(session).await.map(|_| ())
    }

    /// Makes a number part of the writer's transaction. The server's own numbers would not do: after a crash it gives one
    /// that was not yet on its disk to somebody else.
    pub(super) async fn number(session: &mut Session, writer: &str, batch: i64) -> Result<(), sqlx::Error> {
        let update = query("UPDATE writers SET batch = $1 WHERE id = $2").bind(batch).bind(writer);
        update.execute(session).await.map(|_| ())
    }

    /// Whether the writer's transaction of this number was committed. The lock waits while the server is still at it.
    pub(super) async fn was_committed(session: &mut Session, writer: &str, batch: i64) -> Result<bool, sqlx::Error> {
        let last = query("SELECT batch FROM writers WHERE id = $1 FOR UPDATE").bind(writer);
        Ok(last.fetch_one(session).await?.try_get::<i64>(0)? == batch)
    }

    pub(super) fn trouble(&self, error: &sqlx::Error) -> Trouble {
        match error {
            _ if !self.is_shared() => Trouble::Lasting,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Trouble::Lost,
            sqlx::Error::Database(error) => match error.code().as_deref() {
                // Serialization failure, deadlock, lock not available.
                Some("40001" | "40P01" | "55P03") => Trouble::Conflict,
                // Idle in a transaction for too long, shut down, crashed, starting, too many connections, and all
                // connection exceptions.
                Some("25P03" | "57P01" | "57P02" | "57P03" | "53300") => Trouble::Lost,
                Some(code) if code.starts_with("08") => Trouble::Lost,
                _ => Trouble::Lasting,
            },
            _ => Trouble::Lasting,
        }
    }
}

/// What stands for an answer that did not come.
pub(super) fn too_long(what: &str) -> sqlx::Error {
    let error = std::io::Error::new(std::io::ErrorKind::TimedOut, format!("{what} within the time allowed"));
    sqlx::Error::Io(error)
}
