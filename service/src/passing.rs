//! Points on their way to the node that has their job: kept as documents, which it looks for when it renews its leases.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::store::{Document, Kind, Store, StoreError, Stored};

/// Values other than 0 of a point that is passed on: it travels as text.
const MOST_VALUES: usize = 100_000;
/// Points that are looked at together.
const AT_ONCE: u32 = 100;
/// Between a job's id and what tells its points apart.
const BETWEEN: char = ':';

/// A point, without its zeros.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Passed {
    columns: usize,
    values: Vec<(usize, f64)>,
}

impl Passed {
    fn of(point: &[f64]) -> Self {
        let values = point.iter().copied().enumerate().filter(|(_, value)| *value != 0.0);
        Self { columns: point.len(), values: values.collect() }
    }

    /// The whole; nothing where it is none, which only another version could have written.
    fn point(&self) -> Option<Arc<[f64]>> {
        let mut point = vec![0.0; self.columns];
        for (column, value) in &self.values {
            *point.get_mut(*column)? = *value;
        }
        Some(point.into())
    }
}

/// Passes a checked point on to whoever has the job; false where it is too large for that.
///
/// # Errors
/// When the store fails.
pub async fn pass_on(store: &impl Store, stored: &Stored, point: &[f64]) -> Result<bool, StoreError> {
    let passed = Passed::of(point);
    if passed.values.len() > MOST_VALUES {
        return Ok(false);
    }
    let id = format!("{}{BETWEEN}{}", stored.ticket.id, uuid::Uuid::now_v7());
    store.put(Document::new(Kind::Offer, stored.ticket.project.clone(), id, &passed)?, Vec::new()).await?;
    Ok(true)
}

/// Takes what was passed on to jobs for which `offer` takes it (it answers true), and forgets what came too late.
///
/// # Errors
/// When the store fails.
pub async fn take(store: &impl Store, offer: impl Fn(&str, Arc<[f64]>) -> bool) -> Result<(), StoreError> {
    for document in store.documents(Kind::Offer, None, None, AT_ONCE).await? {
        let job = document.id.split(BETWEEN).next().unwrap_or_default();
        let point = document.read::<Passed>().ok().and_then(|passed| passed.point());
        let taken = point.is_some_and(|point| offer(job, point));
        let late = async || match store.job(job).await {
            Ok(stored) => Ok(stored.job.state.is_finished()),
            Err(StoreError::NoJob(_)) => Ok(true),
            Err(error) => Err(error),
        };
        if taken || late().await? {
            store.remove(Kind::Offer, &document.project, &document.id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_comes_back_whole() {
        for point in [&[][..], &[0.0], &[0.0, 1.5, -0.25, 0.0], &[1e-300, 1e300]] {
            let text = serde_json::to_string(&Passed::of(point)).unwrap();
            assert_eq!(serde_json::from_str::<Passed>(&text).unwrap().point().as_deref(), Some(point), "{text}");
        }
        assert_eq!(Passed { columns: 1, values: vec![(1, 2.0)] }.point(), None);
    }
}
