//! API keys: made, found by the hash of what was sent, revoked; and who a request is without one.

mod offline;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_api_types::{ApiKeyMade, ApiKeyView, Role};
use serde::{Deserialize, Serialize};

use crate::access::{Principal, Token};
use crate::jobs::DEFAULT_PROJECT;
use crate::store::{Document, Kind, Store, StoreError};
use crate::time::Timestamp;

pub use offline::{Keys, KeysAt};

/// Environment variable with a key that is an admin's of the default project: for the first hour of a service, and for those
/// who keep their keys elsewhere.
pub const ADMIN_KEY_VARIABLE: &str = "FARKAS_ADMIN_KEY";
/// Such a key has at least so many characters: nobody else makes sure that it cannot be guessed.
pub const LEAST_ADMIN_KEY: usize = 32;
/// How long it is taken for granted that there are no keys. Another node, or `farkas keys`, may make the first.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Keys of one project that a list shows.
const MOST_KEYS: u32 = 1000;

/// A key as it is stored, beside its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    role: Role,
    begins: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewKey {
    /// For people.
    pub name: String,
    /// Whose.
    pub project: String,
    /// What it may do.
    pub role: Role,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Without any key the service would be open to everybody.
    #[error("it is the last key, and without one everybody who reaches the service could use it")]
    Last,
}

impl RevokeError {
    /// What to do instead.
    pub const REMEDY: &str = "make another key first, or rotate this one";
}

/// Why a request has no principal.
#[derive(Debug)]
pub enum Unknown {
    /// It needs a key, and has none.
    NoKey,
    /// Its key is none, is revoked, or has ended.
    BadKey,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for Unknown {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who needs a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Everybody, whether there are keys or not.
    Closed,
    /// Everybody, as soon as there is a key.
    OpenWithoutKeys,
}

/// Tells who comes.
pub struct Keyring {
    door: Door,
    /// Hash of the key in the environment.
    admin: Option<String>,
    seen: Mutex<Seen>,
    /// Held while a key is revoked: of the last two one stays, also where both are revoked at once.
    revoking: tokio::sync::Mutex<()>,
}

/// What is known of there being keys.
#[derive(Debug, Clone, Copy, Default)]
enum Seen {
    /// Nothing.
    #[default]
    Unknown,
    /// There were none at this time.
    NoneAt(Instant),
    /// There were some. Where they are gone again, behind the service's back, that opens nothing.
    Some,
}

impl Keyring {
    /// A keyring; `admin` is the operator's key from the environment.
    pub fn new(door: Door, admin: Option<&Token>) -> Self {
        Self { door, admin: admin.map(Token::hash), seen: Mutex::default(), revoking: tokio::sync::Mutex::default() }
    }

    /// Who sent this key, or none.
    ///
    /// # Errors
    /// When a key is needed and is not there or not good.
    pub async fn principal(&self, store: &impl Store, token: Option<&Token>) -> Result<Principal, Unknown> {
        let Some(token) = token else {
            return if self.is_open(store).await? { Ok(Principal::anyone()) } else { Err(Unknown::NoKey) };
        };
        let hash = token.hash();
        if self.admin.as_ref() == Some(&hash) {
            let key = Some(ADMIN_KEY_VARIABLE.to_owned());
            return Ok(Principal { project: DEFAULT_PROJECT.into(), role: Role::Admin, key });
        }
        // Any other text is no key, and is not looked for with every request of those who send one by habit.
        let found = if token.is_ours() { store.found(Kind::Key, &hash).await? } else { None };
        let Some(found) = found else {
            // Where no key is needed, one that clients send by habit does no harm.
            return if self.is_open(store).await? { Ok(Principal::anyone()) } else { Err(Unknown::BadKey) };
        };
        self.close();
        let record: Record = found.read()?;
        if record.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Unknown::BadKey);
        }
        Ok(Principal { project: found.project, role: record.role, key: Some(found.id) })
    }

    /// There are keys: from now on nobody comes in without one.
    pub fn close(&self) {
        self.see(Seen::Some);
    }

    /// Revokes a key; false where there is none.
    ///
    /// # Errors
    /// When the store fails, or it is the last key of all, the operator's in the environment among them.
    pub async fn revoke(&self, store: &impl Store, project: &str, id: &str) -> Result<bool, RevokeError> {
        if self.admin.is_some() {
            return Ok(store.remove(Kind::Key, project, id).await?);
        }
        let _turn = self.revoking.lock().await;
        revoke(store, project, id).await
    }

    async fn is_open(&self, store: &impl Store) -> Result<bool, StoreError> {
        if self.door == Door::Closed || self.admin.is_some() {
            return Ok(false);
        }
        match *self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Seen::Some => return Ok(false),
            Seen::NoneAt(at) if at.elapsed() < LOOK_AGAIN => return Ok(true),
            Seen::NoneAt(_) | Seen::Unknown => {}
        }
        let none = !any(store).await?;
        self.see(if none { Seen::NoneAt(Instant::now()) } else { Seen::Some });
        Ok(none)
    }

    /// Whoever looked before a key was made does not make its maker's word undone.
    fn see(&self, now: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*seen, Seen::Some) {
            *seen = now;
        }
    }
}

/// Whether there are keys.
///
/// # Errors
/// When the store fails.
pub async fn any(store: &impl Store) -> Result<bool, StoreError> {
    Ok(!store.documents(Kind::Key, None, None, 1).await?.is_empty())
}

/// Makes a key. What is handed back is the only place where it stands whole.
///
/// # Errors
/// When the store fails, or the system has no randomness.
pub async fn make(store: &impl Store, new: NewKey) -> Result<ApiKeyMade, KeyError> {
    let token = Token::generate()?;
    let record = Record {
        name: new.name,
        role: new.role,
        begins: token.shown(),
        created_at: Timestamp::now(),
        expires_at: new.expires_at,
    };
    let id = uuid::Uuid::now_v7().to_string();
    let document = Document::new(Kind::Key, new.project, id, &record)?.found_by(token.hash());
    let view = view(&document)?;
    store.put(document, Vec::new()).await?;
    Ok(ApiKeyMade { key: token.reveal().into(), view })
}

/// A project's keys, or all, the newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(store: &impl Store, project: Option<&str>) -> Result<Vec<ApiKeyView>, StoreError> {
    store.documents(Kind::Key, project, None, MOST_KEYS).await?.iter().map(view).collect()
}

/// Revokes a key; false where there is none.
///
/// # Errors
/// When the store fails, or it is the last one: a service that asks for keys as soon as there are some would be open.
pub async fn revoke(store: &impl Store, project: &str, id: &str) -> Result<bool, RevokeError> {
    let left = store.documents(Kind::Key, None, None, 2).await?;
    if let [last] = left.as_slice()
        && last.project == project
        && last.id == id
    {
        return Err(RevokeError::Last);
    }
    Ok(store.remove(Kind::Key, project, id).await?)
}

/// A new key in a key's place: the same name and role, and the old one ends after `grace_seconds`. `None` where there is no
/// such key.
///
/// # Errors
/// When the store fails, or the system has no randomness.
pub async fn rotate(
    store: &impl Store,
    project: &str,
    id: &str,
    grace_seconds: f64,
) -> Result<Option<ApiKeyMade>, KeyError> {
    let Some(mut old) = store.document(Kind::Key, project, id).await? else { return Ok(None) };
    let mut record: Record = old.read()?;
    let now = Timestamp::now();
    if record.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    let new =
        NewKey { name: record.name.clone(), project: project.into(), role: record.role, expires_at: record.expires_at };
    // The new key first: who loses the service in between has two keys, and not none.
    let made = make(store, new).await?;
    let end = now.plus_seconds(grace_seconds);
    record.expires_at = Some(record.expires_at.map_or(end, |before| before.min(end)));
    old.write(&record)?;
    store.put(old, Vec::new()).await?;
    Ok(Some(made))
}

fn view(document: &Document) -> Result<ApiKeyView, StoreError> {
    let record: Record = document.read()?;
    Ok(ApiKeyView {
        id: document.id.clone(),
        name: record.name,
        project: document.project.clone(),
        role: record.role,
        begins: record.begins,
        created_at: record.created_at.to_string(),
        expires_at: record.expires_at.map(|end| end.to_string()),
    })
}
