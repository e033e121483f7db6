//! The one writer of a process: takes what waits, runs it in one transaction, commits, and only then answers. One fsync
//! serves all who waited (group commit). A command looks before it writes, so one that is refused has written nothing;
//! a database that fails, fails the transaction, and nothing of it remains.
//!
//! What fails because others were in the way, or because the server went away, is done again. A commit whose answer was
//! lost is asked for by its number, so that nothing is done twice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::claims::Known;
use super::database::{Database, Trouble};
use super::faults::Faults;
use super::listener::{self, Changed};
use super::schema;
use super::session::{Session, query};
use super::waiting::Counted;
use super::watchers::Watchers;
use super::writes::Write;
use super::{Bodies, StoreError};
use crate::blobs::Blobs;
use crate::fairness::Policy;
use crate::jobs::Rules;

/// Most commands of one transaction.
const MOST_TOGETHER: usize = 128;
/// How long a transaction that fails for a passing reason is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
/// How long a transaction's work, and its commit, may take before the connection is given up.
const ANSWER: Duration = Duration::from_secs(60);

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What a transaction has to tell once it is committed.
#[derive(Default)]
pub(super) struct Told {
    pub(super) jobs: Vec<Changed>,
    pub(super) queue: bool,
    pub(super) drops: Vec<String>,
    /// Whether a node was given another duty.
    pub(super) duty: bool,
}

/// Something to be done in a transaction, perhaps several times, until one is committed; then it is answered.
pub(super) trait Command: Send {
    /// Does it; an error is one of the database.
    fn run<'a>(&'a mut self, write: &'a mut Write) -> BoxFuture<'a, Result<(), sqlx::Error>>;

    /// Answers whoever asked: with what the last run found, or the failure of the transaction.
    fn answer(self: Box<Self>, failure: Option<&str>);
}

/// A command and who waits for it.
struct Asked<F, T> {
    work: F,
    found: Option<Result<T, StoreError>>,
    reply: Reply<T>,
}

/// A command that does some work, and the receiver of its answer.
pub(super) fn command<T, F>(work: F) -> (Box<dyn Command>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: for<'a> FnMut(&'a mut Write) -> BoxFuture<'a, Result<T, StoreError>> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Asked { work, found: None, reply }), answer)
}

impl<T, F> Command for Asked<F, T>
where
    T: Send + 'static,
    F: for<'a> FnMut(&'a mut Write) -> BoxFuture<'a, Result<T, StoreError>> + Send + 'static,
{
    fn run<'a>(&'a mut self, write: &'a mut Write) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            match (self.work)(write).await {
                Err(StoreError::Database(error)) => Err(error),
                found => {
                    self.found = Some(found);
                    Ok(())
                }
            }
        })
    }

    fn answer(self: Box<Self>, failure: Option<&str>) {
        let found = match failure {
            Some(failure) => Some(Err(StoreError::Failed(failure.into()))),
            None => self.found,
        };
        // A caller that went away hears nothing; what it asked for happened all the same.
        let _ = self.reply.send(found.unwrap_or(Err(StoreError::Closed)));
    }
}

/// Why there is no commit.
enum Failure {
    /// Nothing was written.
    Before(sqlx::Error),
    /// It is not known: the answer to the commit of this transaction was lost.
    Unanswered { told: Told, error: sqlx::Error },
}

/// What writes need.
pub(super) struct Writer {
    pub(super) database: Database,
    /// `None` once it is lost, until the next transaction.
    pub(super) connection: Option<Session>,
    /// Whose news it is, among the nodes.
    pub(super) node: String,
    /// The number of its last transaction.
    pub(super) batch: i64,
    pub(super) watchers: Arc<Watchers>,
    pub(super) blobs: Blobs,
    pub(super) rules: Rules,
    pub(super) faults: Faults,
    pub(super) policy: Arc<Policy>,
    pub(super) known: Known,
    /// What transactions counted that were committed.
    pub(super) counted: Counted,
}

impl Writer {
    /// Opens the database, says whether that went well, and writes until every sender is gone.
    pub(super) async fn run(
        mut self,
        bodies: Bodies,
        opened: oneshot::Sender<Result<(), StoreError>>,
        mut commands: mpsc::Receiver<Box<dyn Command>>,
    ) {
        let open = self.open(bodies).await;
        let failed = open.is_err();
        if opened.send(open).is_err() || failed {
            return;
        }
        let mut batch = Vec::with_capacity(MOST_TOGETHER);
        while commands.recv_many(&mut batch, MOST_TOGETHER).await > 0 {
            let written = self.write(&mut batch).await;
            if self.faults.have_struck() || self.faults.strike() {
                return;
            }
            let refused = matches!(&written, Err(error) if self.database.trouble(error) != Trouble::Lost);
            if refused && batch.len() > 1 {
                // One command that the database cannot take shall not fail the others; one that is away fails all at once.
                for command in batch.drain(..) {
                    let mut alone = vec![command];
                    let written = self.write(&mut alone).await;
                    self.answer(alone, written).await;
                }
            } else {
                self.answer(std::mem::take(&mut batch), written).await;
            }
        }
    }

    /// Connects, and brings the schema up to date.
    async fn open(&mut self, bodies: Bodies) -> Result<(), StoreError> {
        let mut session = self.database.connect(self.rules.lease_seconds).await?;
        let compared = (bodies == Bodies::Used).then_some(&self.blobs);
        schema::migrate(&self.database, &mut session, compared).await?;
        if self.database.is_shared() {
            Database::enter(&mut session, &self.node).await?;
        }
        self.connection = Some(session);
        Ok(())
    }

    async fn answer(&mut self, batch: Vec<Box<dyn Command>>, written: Result<Told, sqlx::Error>) {
        let (told, failure) = match written {
            Ok(told) => (told, None),
            Err(error) => {
                tracing::error!(%error, "the job store's transaction failed");
                (Told::default(), Some(error.to_string()))
            }
        };
        for command in batch {
            command.answer(failure.as_deref());
        }
        for Changed { job, last, .. } in &told.jobs {
            self.watchers.changed(job, *last);
        }
        if told.queue {
            self.watchers.queue();
        }
        if told.duty {
            self.watchers.wish();
        }
        if !told.drops.is_empty() && self.faults.strike() {
            return;
        }
        // Files go after the commit that no longer names them; one that stays behind costs space and nothing else.
        for key in told.drops {
            if let Err(error) = self.blobs.remove(&key).await {
                tracing::warn!(%error, "a body that is no longer needed stays behind");
            }
        }
    }

    /// Runs commands in one transaction, again where that helps.
    async fn write(&mut self, batch: &mut [Box<dyn Command>]) -> Result<Told, sqlx::Error> {
        let began = Instant::now();
        loop {
            let error = match self.attempt(batch).await {
                Ok(told) => return Ok(told),
                Err(Failure::Before(error)) => error,
                Err(Failure::Unanswered { told, error }) => {
                    tracing::warn!(%error, "a commit was not answered; asking what became of it");
                    if self.ask_until_known().await {
                        return Ok(told);
                    }
                    error
                }
            };
            if self.database.trouble(&error) == Trouble::Lasting || began.elapsed() > PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attempt(&mut self, batch: &mut [Box<dyn Command>]) -> Result<Told, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connect(self.rules.lease_seconds).await.map_err(Failure::Before)?,
        };
        let known = std::mem::take(&mut self.known);
        let mut write = Write::new(connection, self.database.clone(), self.rules, Arc::clone(&self.policy), known);
        // Lost, unless the transaction is committed.
        write.counted = std::mem::take(&mut self.counted);
        self.batch += 1;
        let mark = (self.node.as_str(), self.batch);
        let done = self.database.within(ANSWER, work(&mut write, batch, mark, &self.faults)).await;
        let Write { mut connection, told, known, counted, .. } = write;
        self.known = known;
        if let Err(error) = done {
            self.give_up(connection, &error).await;
            return Err(Failure::Before(error));
        }
        match self.database.within(ANSWER, query("COMMIT").execute(&mut connection)).await {
            Ok(_) => {
                self.connection = Some(connection);
                self.counted = counted;
                Ok(told)
            }
            Err(error) if self.database.trouble(&error) == Trouble::Lost => Err(Failure::Unanswered { told, error }),
            Err(error) => {
                self.give_up(connection, &error).await;
                Err(Failure::Before(error))
            }
        }
    }

    /// Rolls back; a connection that does not even do that is not used again.
    async fn give_up(&mut self, mut connection: Session, error: &sqlx::Error) {
        let usable = self.database.trouble(error) != Trouble::Lost && connection.run("ROLLBACK").await.is_ok();
        self.connection = usable.then_some(connection);
    }

    /// What became of the last transaction. Waits for the server as long as it takes: whoever is told a wrong answer would do
    /// it again, or not at all.
    async fn ask_until_known(&mut self) -> bool {
        loop {
            if let Ok(mut connection) = self.database.connect(self.rules.lease_seconds).await
                && let Ok(known) = Database::was_committed(&mut connection, &self.node, self.batch).await
            {
                self.connection = Some(connection);
                return known;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// All of a transaction but its commit.
async fn work(
    write: &mut Write,
    batch: &mut [Box<dyn Command>],
    (node, number): (&str, i64),
    faults: &Faults,
) -> Result<(), sqlx::Error> {
    write.begin().await?;
    for command in batch {
        dies_here(faults)?;
        command.run(write).await?;
    }
    dies_here(faults)?;
    if write.database.is_shared() {
        Database::number(&mut write.connection, node, number).await?;
        listener::tell(&mut write.connection, node, &write.told).await?;
    }
    Ok(())
}

fn dies_here(faults: &Faults) -> Result<(), sqlx::Error> {
    if faults.strike() { Err(sqlx::Error::WorkerCrashed) } else { Ok(()) }
}
