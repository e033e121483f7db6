//! What parent and worker say to each other, and how it stands on the wire. A frame is a little-endian u32, the length
//! of what follows, and one `MessagePack` message with named fields; vectors are byte strings of little-endian f64. No
//! frame is longer than the limit that both sides derive from the problem's size.
//!
//! A worker says [`Hello`] first, without being asked. Then, any number of times: `open` (with the problem's image as a
//! file descriptor beside the frame) is answered by `opened` or `open_failed`; any number of `solve`, each with a number
//! of its own and answered by `claim` or `failed`; `conflict`, numbered along with them and answered by `members` or
//! `failed`; `apply`, answered by `applied` or `apply_failed`; `close` is answered by `closed`. Meanwhile come `event`s, and
//! go `offer`s and `stop`s, each with the number of the solve that it is about; one about another solve is late, and is
//! dropped. The worker ends when its socket does.
//!
//! A message or a field that came later than the version's number did is one that either side may do without: a parent
//! asks only for what a worker's hello announces, and what is left out has a default.

use std::borrow::Cow;

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals, Ray};
use farkas_modeling::patch::Patch;
use farkas_modeling::{Claim, Termination};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::{Availability, BackendError, Capabilities, Progress, SessionError};
use crate::options::Options;
use crate::worker::members::WireMembers;

/// Version of these messages. A worker of another version is not used.
pub const PROTOCOL: u32 = 2;

/// Limit of a frame before a problem is open, in bytes.
pub const SMALL_FRAME_BYTES: usize = 1 << 20;

/// Limit of a frame about a problem of n columns and m rows: room for a claim with everything (point, reduced costs,
/// multipliers, a ray, a basis), twice.
pub fn frame_limit_bytes(columns: usize, rows: usize) -> usize {
    let vectors = columns.saturating_add(rows).saturating_mul(64);
    SMALL_FRAME_BYTES.saturating_add(vectors).min(u32::MAX as usize)
}

/// What a claim may have beyond that for so many further points of n values.
pub fn pool_limit_bytes(columns: usize, points: usize) -> usize {
    columns.saturating_add(2).saturating_mul(8).saturating_mul(points)
}

/// From the parent to its worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// Open the problem whose image comes as a descriptor (a sealed memory file) with this frame.
    Open {
        /// Memory that the worker may use from now on, in bytes.
        memory_limit_bytes: Option<u64>,
    },
    /// Change what is open; by position, without names.
    Apply {
        /// The changes.
        patch: Box<Patch>,
    },
    /// Solve what is open.
    Solve {
        /// Number of this solve, rising.
        number: u64,
        /// Limits, tolerances and the rest.
        options: Box<Options>,
        /// n values to begin from, NaN where nothing is known.
        point: Option<Vector>,
        /// A basis to begin from.
        basis: Option<Statuses>,
    },
    /// Look for what cannot hold together, by the solver's own search; only for who says that it [`Hello::conflicts`].
    Conflict {
        /// Number of this search, rising along with those of solves.
        number: u64,
        /// Limits, tolerances and the rest.
        options: Box<Options>,
    },
    /// A point found elsewhere.
    Offer {
        /// The solve that may want it.
        number: u64,
        /// n values.
        values: Vector,
    },
    /// End this solve or search, with what was found.
    Stop {
        /// The one that shall end.
        number: u64,
    },
    /// Close the problem; another may be opened.
    Close {},
}

/// From a worker to its parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// Who this is.
    Hello(Hello),
    /// The problem is open.
    Opened {
        /// Version of the solver behind it.
        version: String,
    },
    /// It is not, and the worker is as it was.
    OpenFailed {
        /// Why.
        error: BackendError,
    },
    /// The problem is changed.
    Applied {},
    /// It is not, and is as it was.
    ApplyFailed {
        /// Why.
        error: SessionError,
    },
    /// The problem is closed.
    Closed {},
    /// Something happened during a solve.
    Event {
        /// Which solve.
        number: u64,
        /// What.
        event: WireEvent,
    },
    /// A solve ended with a claim.
    Claim {
        /// Which solve.
        number: u64,
        /// What the solver says.
        claim: Box<WireClaim>,
    },
    /// A search for a conflict ended.
    Members {
        /// Which search.
        number: u64,
        /// What was found; nothing where nothing was.
        members: WireMembers,
    },
    /// A solve or a search ended without.
    Failed {
        /// Which one.
        number: u64,
        /// Why.
        error: SessionError,
    },
}

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the worker.
    pub protocol: u32,
    /// Name of the backend it hosts.
    pub backend: String,
    /// Whether that can be used.
    pub availability: Availability,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Whether it changes an open problem by `apply`; to one that does not, the changed problem is handed as an image.
    #[serde(default)]
    pub applies: bool,
    /// Whether it takes `conflict`. Without it nobody asks, whatever its capabilities say.
    #[serde(default)]
    pub conflicts: bool,
    /// What its solver does by itself, where the worker adds bridges.
    #[serde(default)]
    pub native: Option<Capabilities>,
}

/// An event of the contract, owned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireEvent {
    /// A better point. Of several that wait to be sent the newest is.
    Incumbent {
        /// As the solver has it.
        objective: f64,
        /// n values.
        values: Option<Vector>,
    },
    /// A tighter bound; the newest.
    Bound {
        /// Its value.
        value: f64,
    },
    /// How far it is; the newest.
    Progress(Progress),
    /// What it does now; the newest.
    Phase {
        /// `presolve`, `root`, …
        name: String,
    },
    /// A line of the log.
    Log {
        /// Without the newline.
        line: String,
    },
    /// Lines of the log that came faster than they could be sent.
    LogDropped {
        /// How many.
        lines: u64,
    },
}

/// A vector of numbers: bytes on the wire.
#[derive(Debug, Clone, Default)]
pub struct Vector(pub Vec<f64>);

impl PartialEq for Vector {
    /// By bits, so that NaN (nothing known) equals itself.
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|v| v.to_bits()).eq(other.0.iter().map(|v| v.to_bits()))
    }
}

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Cow<'_, [u8]> = if cfg!(target_endian = "little") {
            bytemuck::cast_slice(&self.0).into()
        } else {
            self.0.iter().flat_map(|v| v.to_le_bytes()).collect()
        };
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <Cow<'de, serde_bytes::Bytes>>::deserialize(deserializer)?;
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(D::Error::custom(format!("a vector of {} bytes, which is no multiple of 8", bytes.len())));
        }
        Ok(Self(chunks.iter().map(|&b| f64::from_le_bytes(b)).collect()))
    }
}

/// A basis: one byte a column, then one a row (0 basic, 1 at its lower, 2 at its upper bound, 3 free).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Statuses {
    #[serde(with = "serde_bytes")]
    columns: Vec<u8>,
    #[serde(with = "serde_bytes")]
    rows: Vec<u8>,
}

impl From<&Basis> for Statuses {
    fn from(basis: &Basis) -> Self {
        let code = |status: &BasisStatus| match status {
            BasisStatus::Basic => 0,
            BasisStatus::AtLower => 1,
            BasisStatus::AtUpper => 2,
            BasisStatus::Free => 3,
        };
        Self { columns: basis.columns.iter().map(code).collect(), rows: basis.rows.iter().map(code).collect() }
    }
}

impl Statuses {
    /// The basis, where it has n columns and m rows and no status that there is not.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn into_basis(self, columns: usize, rows: usize) -> Result<Basis, String> {
        length("basis columns", self.columns.len(), columns)?;
        length("basis rows", self.rows.len(), rows)?;
        let status = |code: u8| match code {
            0 => Ok(BasisStatus::Basic),
            1 => Ok(BasisStatus::AtLower),
            2 => Ok(BasisStatus::AtUpper),
            3 => Ok(BasisStatus::Free),
            other => Err(format!("a basis status of {other}; there are 0 to 3")),
        };
        Ok(Basis {
            columns: self.columns.into_iter().map(status).collect::<Result<_, _>>()?,
            rows: self.rows.into_iter().map(status).collect::<Result<_, _>>()?,
        })
    }
}

/// A claim as it travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireClaim {
    termination: Termination,
    point: Option<Vector>,
    objective: Option<f64>,
    bound: Option<f64>,
    multipliers: Option<Vector>,
    reduced_costs: Option<Vector>,
    primal_ray: Option<Vector>,
    farkas_ray: Option<Vector>,
    basis: Option<Statuses>,
    counters: Counters,
    #[serde(default)]
    pool: Vec<Vector>,
}

impl From<Claim> for WireClaim {
    fn from(claim: Claim) -> Self {
        let (multipliers, reduced_costs) = claim.duals.map(|d| (Vector(d.rows), Vector(d.reduced_costs))).unzip();
        let (primal_ray, farkas_ray) = match claim.ray {
            Some(Ray::Primal(values)) => (Some(Vector(values)), None),
            Some(Ray::Farkas(values)) => (None, Some(Vector(values))),
            None => (None, None),
        };
        Self {
            termination: claim.termination,
            point: claim.point.map(Vector),
            objective: claim.objective,
            bound: claim.bound,
            multipliers,
            reduced_costs,
            primal_ray,
            farkas_ray,
            basis: claim.basis.as_ref().map(Statuses::from),
            counters: claim.counters,
            pool: claim.pool.into_iter().map(Vector).collect(),
        }
    }
}

impl WireClaim {
    /// The claim, where all its vectors fit a problem of n columns and m rows.
    ///
    /// # Errors
    /// Which vector has which length, in words.
    pub fn into_claim(self, columns: usize, rows: usize) -> Result<Claim, String> {
        for (what, vector, want) in [
            ("point", &self.point, columns),
            ("multipliers", &self.multipliers, rows),
            ("reduced costs", &self.reduced_costs, columns),
            ("primal ray", &self.primal_ray, columns),
            ("Farkas multipliers", &self.farkas_ray, rows),
        ] {
            if let Some(vector) = vector {
                length(what, vector.0.len(), want)?;
            }
        }
        for point in &self.pool {
            length("further point", point.0.len(), columns)?;
        }
        let duals = match (self.multipliers, self.reduced_costs) {
            (Some(rows), Some(reduced_costs)) => Some(Duals { rows: rows.0, reduced_costs: reduced_costs.0 }),
            (None, None) => None,
            _ => return Err("multipliers without reduced costs, or reduced costs without multipliers".into()),
        };
        let ray = match (self.primal_ray, self.farkas_ray) {
            (Some(ray), None) => Some(Ray::Primal(ray.0)),
            (None, Some(ray)) => Some(Ray::Farkas(ray.0)),
            (None, None) => None,
            _ => return Err("a primal ray and Farkas multipliers in one claim".into()),
        };
        Ok(Claim {
            termination: self.termination,
            point: self.point.map(|p| p.0),
            objective: self.objective,
            bound: self.bound,
            duals,
            ray,
            basis: self.basis.map(|b| b.into_basis(columns, rows)).transpose()?,
            counters: self.counters,
            pool: self.pool.into_iter().map(|point| point.0).collect(),
        })
    }
}

/// Says that a vector has the wrong length.
///
/// # Errors
/// When it has.
pub fn length(what: &str, got: usize, want: usize) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what}: {got} values where {want} are needed")) }
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is longer than the limit.
    #[error("a frame of {bytes} bytes; at most {limit} are taken")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// It is no message of this protocol.
    #[error("a frame that is no message: {0}")]
    NotAMessage(String),
}

/// Appends a message to `bytes` as a frame; on an error nothing is appended.
///
/// # Errors
/// When it is longer than 4 GiB.
pub fn encode(message: &impl Serialize, bytes: &mut Vec<u8>) -> Result<(), FrameError> {
    let begin = bytes.len();
    bytes.extend([0; 4]);
    let written = rmp_serde::encode::write_named(bytes, message).map_err(|e| FrameError::NotAMessage(e.to_string()));
    let length = bytes.len() - begin - 4;
    let header = u32::try_from(length).map_err(|_| FrameError::TooLong { bytes: length, limit: u32::MAX as usize });
    match written.and(header) {
        Ok(header) => {
            bytes[begin..begin + 4].copy_from_slice(&header.to_le_bytes());
            Ok(())
        }
        Err(error) => {
            bytes.truncate(begin);
            Err(error)
        }
    }
}

/// Cuts a stream of bytes into messages. Holds at most one frame and what was read beyond it.
#[derive(Debug, Clone)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// How many of them are used up.
    from: usize,
    limit: usize,
}

impl Decoder {
    /// A decoder that takes frames of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), from: 0, limit }
    }

    /// Sets another limit for the frames to come.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds what was read.
    pub fn feed(&mut self, read: &[u8]) {
        if self.from > 0 {
            self.bytes.drain(..self.from);
            self.from = 0;
        }
        self.bytes.extend_from_slice(read);
    }

    /// The next message, when it is there completely.
    ///
    /// # Errors
    /// When the frame is too long or no message; the stream cannot be used any more then.
    pub fn message<M: DeserializeOwned>(&mut self) -> Result<Option<M>, FrameError> {
        let Some((header, rest)) = self.bytes[self.from..].split_first_chunk::<4>() else { return Ok(None) };
        let bytes = u32::from_le_bytes(*header) as usize;
        if bytes > self.limit {
            return Err(FrameError::TooLong { bytes, limit: self.limit });
        }
        let Some(message) = rest.get(..bytes) else { return Ok(None) };
        let message = rmp_serde::from_slice(message).map_err(|e| FrameError::NotAMessage(e.to_string()))?;
        self.from += 4 + bytes;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests;
