//! Bodies on their way: so many arrive at a time, of these a part with one key, so that clients who send slowly, or nothing any
//! more, hold up neither other keys nor those whose bodies are there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::problem::{Problem, closing};
use super::upload::{cut_off, receive};
use super::{App, shares};
use crate::access::Principal;
use crate::incoming::Text;

/// Bodies that arrive, for each that is read at the time.
const FOR_EACH_TURN: usize = 8;

/// The places of bodies on their way.
pub(crate) struct Arrivals {
    places: Arc<Semaphore>,
    /// Of these, those of one key: three quarters.
    each: usize,
    of: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A body's place; given back when it is dropped.
struct Place {
    _of_key: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Arrivals {
    /// As many as there are turns to read allow.
    pub(crate) fn for_turns(turns: usize) -> Self {
        let places = turns.saturating_mul(FOR_EACH_TURN).clamp(4, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), each: places * 3 / 4, of: Mutex::default() }
    }

    /// A place; its key's own is waited for first, so that nobody waits in front of others for what he may not have.
    async fn take(&self, principal: &Principal) -> Result<Place, Problem> {
        let own = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            of.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
            let semaphore = of.entry(shares::holder(principal)).or_insert_with(|| Arc::new(Semaphore::new(self.each)));
            Arc::clone(semaphore)
        };
        let of_key = own.acquire_owned().await.map_err(|_| closing())?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| closing())?;
        Ok(Place { _of_key: of_key, _place: place })
    }
}

/// Receives a body that may hold a model, and then waits for its turn to be read. Who sends slowly has no turn meanwhile.
pub(crate) async fn arrive<'a>(
    app: &'a App,
    principal: &Principal,
    headers: &HeaderMap,
    body: Body,
) -> Result<(SemaphorePermit<'a>, Text), Problem> {
    // Held until the turn comes: what waits for it is in memory.
    let _place = app.arrivals.take(principal).await?;
    let text = receive(app, headers, body).await?;
    Ok((app.turn().await?, text))
}

/// The next bytes of a body; `None` at its end. One that stands still is given up.
pub(super) async fn next(body: &mut Body, patience: Duration) -> Result<Option<bytes::Bytes>, Problem> {
    loop {
        let frame = tokio::time::timeout(patience, body.frame()).await.map_err(|_| too_slow(patience))?;
        match frame {
            None => return Ok(None),
            // Trailers say nothing about a model.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => return Err(cut_off(&error)),
        }
    }
}

fn too_slow(patience: Duration) -> Problem {
    Problem::new(408, "body-too-slow", format!("nothing of the body came for {} s", patience.as_secs_f64()))
        .map(|p| p.remedy("send it again; over a bad connection, compressed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Principal {
        Principal { key: Some(name.into()), ..Principal::anyone() }
    }

    #[tokio::test]
    async fn a_key_has_a_part_of_the_places_and_others_the_rest() {
        let arrivals = Arrivals::for_turns(1);
        let at_once = Duration::from_millis(1);
        let mut held = Vec::new();
        for _ in 0..6 {
            held.push(arrivals.take(&key("slow")).await.unwrap());
        }
        assert!(tokio::time::timeout(at_once, arrivals.take(&key("slow"))).await.is_err(), "six of eight are its own");
        let other = [arrivals.take(&key("quick")).await.unwrap(), arrivals.take(&key("quick")).await.unwrap()];
        assert!(tokio::time::timeout(at_once, arrivals.take(&key("third"))).await.is_err(), "there are eight in all");
        drop(other);
        held.pop();
        arrivals.take(&key("slow")).await.unwrap();
        drop(held);
        arrivals.take(&key("third")).await.unwrap();
        assert_eq!(arrivals.of.lock().unwrap().len(), 1, "who is gone is forgotten");
    }
}
