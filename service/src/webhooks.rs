//! Webhooks: whoever wants to hear of a project's jobs is called on their changes of state. What is to be told is written in
//! the transaction of the change itself, so nothing is forgotten; it is told until somebody hears it, a bounded number of
//! times, and signed, so that the listener knows whom it comes from.

mod address;
mod caller;
mod turns;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::access::hex;
use crate::time::Timestamp;

pub use address::{Addresses, UrlError, parse};
pub use caller::Caller;

/// Header of the signature: `t=` seconds since 1970, `v1=` HMAC-SHA256 in hexadecimal over `{t}.{body}`.
pub const SIGNATURE: &str = "farkas-signature";
/// How often one change is told before it is given up.
pub const MOST_ATTEMPTS: u32 = 10;
/// Seconds before the second attempt; each further one waits four times as long, up to six hours: half a day in all.
const FIRST_WAIT_SECONDS: f64 = 1.0;
const LONGEST_WAIT_SECONDS: f64 = 6.0 * 3600.0;

/// A webhook as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where to call.
    pub url: String,
    /// What signs. It has to be at hand in clear, and leaves the service once, when it is made.
    pub secret: Secret,
    /// States to tell of; empty means all.
    pub states: Vec<farkas_api_types::JobState>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A secret that is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A webhook that something is to be told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Whose.
    pub project: String,
    /// Its id.
    pub webhook: String,
}

/// Something to be told to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; the same in every attempt.
    pub id: String,
    /// Whose.
    pub project: String,
    /// To whom.
    pub webhook: String,
    /// Of which job.
    pub job: String,
    /// Number of the job's event.
    pub event: u64,
    /// The job's state.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
}

/// Seconds to wait after so many attempts have failed; `None` when it is given up.
pub fn wait_after(attempts: u32) -> Option<f64> {
    let wait = FIRST_WAIT_SECONDS * 4f64.powi(attempts.saturating_sub(1) as i32);
    (attempts < MOST_ATTEMPTS).then(|| wait.min(LONGEST_WAIT_SECONDS))
}

/// The signature's header. The time is in it, so that what was overheard cannot be sent again later.
///
/// ```
/// use farkas_service::webhooks::{Secret, sign};
/// // openssl: printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
/// let signature = sign(&Secret("secret".into()), 1_700_000_000, b"{}");
/// assert_eq!(signature, "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163");
/// ```
pub fn sign(secret: &Secret, seconds: i64, body: &[u8]) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()) else { return String::new() };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_again_later_and_later_and_not_for_ever() {
        let waits: Vec<Option<f64>> = (1..=MOST_ATTEMPTS).map(wait_after).collect();
        assert_eq!(waits[..3], [Some(1.0), Some(4.0), Some(16.0)]);
        assert_eq!(waits[MOST_ATTEMPTS as usize - 1], None);
        let all: f64 = waits.into_iter().flatten().sum();
        assert!((6.0 * 3600.0..24.0 * 3600.0).contains(&all), "{all} seconds in all");
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", Secret("abc".into())).contains("abc"));
    }
}
