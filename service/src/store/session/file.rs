//! SQLite's file. Every call here blocks, for as long as the disk does when a transaction is committed: it belongs on a thread of
//! its own.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::types::{FromSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql};
use sqlx::error::{DatabaseError, ErrorKind};

use super::{Row, Value, Which};

/// Statements that are kept prepared.
const MOST_PREPARED: usize = 64;

/// A connection to a file.
pub struct File(Connection);

impl File {
    /// Opens one; it is made if need be.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(MOST_PREPARED);
        Ok(Self(connection))
    }

    pub(super) fn run(&mut self, statements: &str) -> Result<(), sqlx::Error> {
        self.0.execute_batch(statements).map_err(failed)
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let changed = self.bound(sql, values).and_then(|mut statement| {
            // What answers with rows runs to its end too.
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            drop(rows);
            Ok(self.0.changes())
        });
        changed.map_err(failed)
    }

    pub(super) fn fetch(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        self.bound(sql, values).and_then(|mut statement| all(&mut statement)).map_err(failed)
    }

    /// A statement with its values in their places. `$3` is a name to SQLite, numbered by where it is first met.
    fn bound(&self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<CachedStatement<'_>> {
        let mut statement = self.0.prepare_cached(sql)?;
        for place in 1..=statement.parameter_count() {
            let name = statement.parameter_name(place).unwrap_or_default();
            let number: Option<usize> = name.get(1..).and_then(|digits| digits.parse().ok());
            let value = number.and_then(|number| values.get(number.wrapping_sub(1)));
            let missing = || rusqlite::Error::InvalidParameterName(name.into());
            let value = value.ok_or_else(missing)?;
            statement.raw_bind_parameter(place, value)?;
        }
        Ok(statement)
    }
}

fn all(statement: &mut CachedStatement<'_>) -> rusqlite::Result<Vec<Row>> {
    let names: Arc<[String]> = statement.column_names().into_iter().map(Into::into).collect();
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values = (0..names.len()).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
        found.push(Row::File(Values { names: Arc::clone(&names), values }));
    }
    Ok(found)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(Some(value)) => ValueRef::Integer(*value),
            Self::Flag(value) => ValueRef::Integer(i64::from(*value)),
            Self::Text(Some(value)) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Integer(None) | Self::Text(None) => ValueRef::Null,
        }))
    }
}

/// A row's values.
pub struct Values {
    names: Arc<[String]>,
    values: Vec<rusqlite::types::Value>,
}

impl Values {
    pub(super) fn read<'r, T: ReadFrom<'r>>(&'r self, which: Which<'_>) -> Result<T, sqlx::Error> {
        let at = match which {
            Which::At(at) => at,
            Which::Name(name) => self
                .names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| sqlx::Error::ColumnNotFound(name.into()))?,
        };
        let value =
            self.values.get(at).ok_or(sqlx::Error::ColumnIndexOutOfBounds { index: at, len: self.values.len() })?;
        T::read_from(value.into()).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

/// What a value can be read as, borrowed texts among it.
pub(super) trait ReadFrom<'r>: Sized {
    fn read_from(value: ValueRef<'r>) -> Result<Self, rusqlite::types::FromSqlError>;
}

macro_rules! owned {
    ($($kind:ty),*) => {$(
        impl ReadFrom<'_> for $kind {
            fn read_from(value: ValueRef<'_>) -> Result<Self, rusqlite::types::FromSqlError> {
                Self::column_result(value)
            }
        }
    )*};
}

owned!(i64, String, Option<String>, Vec<u8>);

impl<'r> ReadFrom<'r> for &'r str {
    fn read_from(value: ValueRef<'r>) -> Result<Self, rusqlite::types::FromSqlError> {
        value.as_str()
    }
}

impl<'r> ReadFrom<'r> for Option<&'r str> {
    fn read_from(value: ValueRef<'r>) -> Result<Self, rusqlite::types::FromSqlError> {
        value.as_str_or_null()
    }
}

/// What SQLite says, as an error of either database.
#[derive(Debug)]
struct Said(String);

fn failed(error: rusqlite::Error) -> sqlx::Error {
    let text = match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text,
        other => other.to_string(),
    };
    sqlx::Error::Database(Box::new(Said(text)))
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Said {}

impl DatabaseError for Said {
    fn message(&self) -> &str {
        &self.0
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Session, query};
    use super::*;

    async fn session() -> Session {
        let mut session = Session::File(File::open(Path::new(":memory:")).unwrap());
        session
            .run("CREATE TABLE t (a BIGINT, b TEXT, c BLOB); INSERT INTO t VALUES (1, 'one', x'01'), (2, NULL, NULL)")
            .await
            .unwrap();
        session
    }

    #[tokio::test]
    async fn values_go_where_their_numbers_say() {
        let mut session = session().await;
        let changed = query("UPDATE t SET b = $2, c = $3 WHERE a = $1 OR b = $2")
            .bind(2_i64)
            .bind("two")
            .bind(&vec![7_u8])
            .execute(&mut session)
            .await;
        assert_eq!(changed.unwrap(), 1);
        let rows = query("SELECT a, b, c FROM t WHERE b = $2 AND $1 ORDER BY a").bind(true).bind("two".to_owned());
        let rows = rows.fetch_all(&mut session).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].try_get::<i64>("a").unwrap(), 2);
        assert_eq!(rows[0].try_get::<&str>(1).unwrap(), "two");
        assert_eq!(rows[0].try_get::<Vec<u8>>("c").unwrap(), [7]);
        let none = query("SELECT a FROM t WHERE a = $1").bind(None::<i64>).fetch_optional(&mut session).await;
        assert!(none.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_wrong_is_told() {
        let mut session = session().await;
        let row = query("SELECT a, b FROM t WHERE a = 2").fetch_one(&mut session).await.unwrap();
        assert_eq!(row.try_get::<Option<&str>>("b").unwrap(), None);
        assert!(matches!(row.try_get::<String>("b"), Err(sqlx::Error::Decode(_))));
        assert!(matches!(row.try_get::<i64>("c"), Err(sqlx::Error::ColumnNotFound(_))));
        assert!(matches!(row.try_get::<i64>(2), Err(sqlx::Error::ColumnIndexOutOfBounds { .. })));
        let error = query("SELECT d FROM t").fetch_all(&mut session).await.err().unwrap();
        assert!(error.to_string().contains("no such column: d"), "{error}");
        let error = query("SELECT a FROM t WHERE a = $2").bind(1_i64).fetch_all(&mut session).await.err().unwrap();
        assert!(error.to_string().contains("$2"), "{error}");
    }
}
