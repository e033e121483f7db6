//! Statements, and where they run. The text and its values are the same for both databases: a server's are sent to it, and wait
//! for their answer; a [file's](file) run where they stand, on the writer's own thread, since the way to another thread and
//! back costs more than most of them.

mod file;

use std::borrow::Cow;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Any, AnyConnection, AnyPool, Executor};

pub(super) use file::File;

/// A connection that writes.
pub(super) enum Session {
    /// To a file.
    File(File),
    /// To a server.
    Server(Box<AnyConnection>),
}

impl Session {
    /// Runs statements that take no values; several are parted by semicolons.
    pub(super) async fn run(&mut self, statements: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::File(file) => file.run(statements),
            Self::Server(connection) => connection.execute(statements).await.map(|_| ()),
        }
    }
}

/// Where a statement runs.
pub(super) enum On<'c> {
    Session(&'c mut Session),
    /// A connection that reads.
    Pool(&'c AnyPool),
}

impl<'c> From<&'c mut Session> for On<'c> {
    fn from(session: &'c mut Session) -> Self {
        Self::Session(session)
    }
}

impl<'c> From<&'c AnyPool> for On<'c> {
    fn from(pool: &'c AnyPool) -> Self {
        Self::Pool(pool)
    }
}

/// What stands for a place in a statement.
#[derive(Debug, Clone)]
pub(super) enum Value<'q> {
    Integer(Option<i64>),
    Flag(bool),
    Text(Option<Cow<'q, str>>),
    Bytes(&'q [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(value: &'q str) -> Self {
        Self::Text(Some(value.into()))
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(value: &'q String) -> Self {
        value.as_str().into()
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Some(value.into()))
    }
}

impl<'q> From<Option<&'q str>> for Value<'q> {
    fn from(value: Option<&'q str>) -> Self {
        Self::Text(value.map(Into::into))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.map(Into::into))
    }
}

impl<'q> From<&'q Vec<u8>> for Value<'q> {
    fn from(value: &'q Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// A statement with its values: the first for `$1`, and so on.
pub(super) struct Query<'q> {
    sql: &'q str,
    values: Vec<Value<'q>>,
}

/// A statement without values so far.
pub(super) fn query(sql: &str) -> Query<'_> {
    Query { sql, values: Vec::new() }
}

impl<'q> Query<'q> {
    /// The value of the next place.
    pub(super) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it, and says how many rows it changed.
    pub(super) async fn execute(self, on: impl Into<On<'_>>) -> Result<u64, sqlx::Error> {
        let done = match on.into() {
            On::Session(Session::File(file)) => return file.execute(self.sql, &self.values),
            On::Session(Session::Server(connection)) => self.for_server().execute(&mut **connection).await?,
            On::Pool(pool) => self.for_server().execute(pool).await?,
        };
        Ok(done.rows_affected())
    }

    /// Runs it, and answers with all rows.
    pub(super) async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, sqlx::Error> {
        let rows = match on.into() {
            On::Session(Session::File(file)) => return file.fetch(self.sql, &self.values),
            On::Session(Session::Server(connection)) => self.for_server().fetch_all(&mut **connection).await?,
            On::Pool(pool) => self.for_server().fetch_all(pool).await?,
        };
        Ok(rows.into_iter().map(Row::Server).collect())
    }

    /// Runs it, and answers with its first row.
    pub(super) async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>, sqlx::Error> {
        let row = match on.into() {
            On::Session(Session::File(file)) => return Ok(file.fetch(self.sql, &self.values)?.into_iter().next()),
            On::Session(Session::Server(connection)) => self.for_server().fetch_optional(&mut **connection).await?,
            On::Pool(pool) => self.for_server().fetch_optional(pool).await?,
        };
        Ok(row.map(Row::Server))
    }

    /// The same for a statement that always has one.
    pub(super) async fn fetch_one(self, on: impl Into<On<'_>>) -> Result<Row, sqlx::Error> {
        self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }

    fn for_server(self) -> sqlx::query::Query<'q, Any, AnyArguments<'q>> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Integer(value) => query.bind(value),
            Value::Flag(value) => query.bind(value),
            Value::Text(None) => query.bind(None::<String>),
            Value::Text(Some(Cow::Borrowed(value))) => query.bind(value),
            Value::Text(Some(Cow::Owned(value))) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
    }
}

/// A row of an answer.
pub(super) enum Row {
    File(file::Values),
    Server(AnyRow),
}

impl Row {
    /// A column, by its name or its number.
    pub(super) fn try_get<'r, T: Column<'r>>(&'r self, column: impl Into<Which<'r>>) -> Result<T, sqlx::Error> {
        T::read(self, column.into())
    }
}

/// Which column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Name(&'a str),
    At(usize),
}

impl<'a> From<&'a str> for Which<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Which<'_> {
    fn from(at: usize) -> Self {
        Self::At(at)
    }
}

/// What a column can be read as.
pub(super) trait Column<'r>: Sized {
    fn read(row: &'r Row, which: Which<'_>) -> Result<Self, sqlx::Error>;
}

macro_rules! columns {
    ($($kind:ty),*) => {$(
        impl<'r> Column<'r> for $kind {
            fn read(row: &'r Row, which: Which<'_>) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                match (row, which) {
                    (Row::File(values), which) => values.read(which),
                    (Row::Server(row), Which::Name(name)) => row.try_get(name),
                    (Row::Server(row), Which::At(at)) => row.try_get(at),
                }
            }
        }
    )*};
}

columns!(i64, &'r str, Option<&'r str>, String, Option<String>, Vec<u8>);
