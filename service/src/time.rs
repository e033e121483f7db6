//! Points in time as the service stores and tells them: whole milliseconds since 1970, in UTC, RFC 3339 on the wire.
//! Rules get the time handed in; only the rim asks the clock.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since the beginning of 1970 (UTC).
///
/// ```
/// use farkas_service::time::Timestamp;
/// let t = Timestamp::from_millis(1_500);
/// assert_eq!(t.to_string(), "1970-01-01T00:00:01.500Z");
/// assert_eq!(t.plus_seconds(0.5).seconds_since(t), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// What the system's clock says.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// This many milliseconds after the beginning of 1970.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// RFC 3339, with a `Z` or an offset.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|time| Self(time.as_millisecond()))
    }

    /// Milliseconds since the beginning of 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Later by so many seconds (earlier if negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * 1000.0) as i64))
    }

    /// Seconds from `earlier` to here; negative if it is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1000.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            // Beyond the year 9999: no clock says so, and a log line should not fail over it.
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}
