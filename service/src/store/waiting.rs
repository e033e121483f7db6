//! How many jobs wait, in all and of each holder: counted by an index, and followed from then on, so that a submission costs
//! the same however many wait. Where one process has the store for itself a count holds as long as the process does. Where
//! several share it, it holds for a transaction, and for a second while its limit is far; two that submit at the same
//! moment may pass a limit by as many as they are.

use std::collections::HashMap;

use farkas_api_types::JobState;
use sqlx::AnyPool;

use super::session::query;
use super::writes::Write;
use super::{NewJob, Queued, StoreError};
use crate::jobs::Ticket;
use crate::time::Timestamp;

/// Holders whose counts are kept.
const MOST_HOLDERS: usize = 10_000;
/// How long a count serves where others submit too.
const SERVES_SECONDS: f64 = 1.0;
/// How far from its limit it then has to be: more than others submit meanwhile.
const MARGIN: u64 = 5000;

const IN_ALL: &str = "SELECT COUNT(*) FROM jobs WHERE state = 'queued'";
const OF_HOLDER: &str = "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND holder = $1";

/// What was counted.
#[derive(Default)]
pub(super) struct Counted {
    in_all: Option<Count>,
    of: HashMap<String, Count>,
}

#[derive(Clone, Copy)]
struct Count {
    jobs: u64,
    /// The time of the transaction that counted.
    at: Timestamp,
}

impl Count {
    /// Whether it serves, where others submit too.
    fn serves(self, now: Timestamp, most: u64) -> bool {
        self.at == now || (now.seconds_since(self.at) < SERVES_SECONDS && self.jobs.saturating_add(MARGIN) < most)
    }
}

impl Counted {
    /// A job went from one state to another; one that is new was in none.
    pub(super) fn follow(&mut self, ticket: &Ticket, before: Option<JobState>, now: JobState) {
        let (was, is) = (before == Some(JobState::Queued), now == JobState::Queued);
        for count in self.in_all.iter_mut().chain(self.of.get_mut(ticket.holder())) {
            count.jobs = (count.jobs + u64::from(is)).saturating_sub(u64::from(was));
        }
    }
}

/// Which limit leaves no room, and how many wait under it.
pub(super) enum Full {
    /// That of all.
    Queue(u64),
    /// That of one holder.
    Share(u64),
}

impl Write {
    /// Why so many more jobs like this one may not wait, where they may not.
    pub(super) async fn no_room(&mut self, new: &NewJob, more: u64) -> Result<Option<Full>, StoreError> {
        let too_many = |queued: u64, most: u64| queued.saturating_add(more) > most;
        let queued = self.waiting_in_all(new.most_queued.saturating_sub(more)).await?;
        if too_many(queued, new.most_queued) {
            return Ok(Some(Full::Queue(queued)));
        }
        // What is not more than all holds for all.
        if new.most_queued_of_holder >= new.most_queued {
            return Ok(None);
        }
        let queued = self.waiting_of(new.ticket.holder(), new.most_queued_of_holder.saturating_sub(more)).await?;
        Ok(too_many(queued, new.most_queued_of_holder).then_some(Full::Share(queued)))
    }

    async fn waiting_in_all(&mut self, most: u64) -> Result<u64, StoreError> {
        if let Some(count) = self.counted.in_all.filter(|count| self.serves(*count, most)) {
            return Ok(count.jobs);
        }
        let row = query(IN_ALL).fetch_one(&mut self.connection).await?;
        let jobs = row.try_get::<i64>(0)? as u64;
        self.counted.in_all = Some(Count { jobs, at: self.now });
        Ok(jobs)
    }

    async fn waiting_of(&mut self, holder: &str, most: u64) -> Result<u64, StoreError> {
        if let Some(count) = self.counted.of.get(holder).filter(|count| self.serves(**count, most)) {
            return Ok(count.jobs);
        }
        if self.counted.of.len() >= MOST_HOLDERS {
            self.counted.of.clear();
        }
        let row = query(OF_HOLDER).bind(holder).fetch_one(&mut self.connection).await?;
        let jobs = row.try_get::<i64>(0)? as u64;
        self.counted.of.insert(holder.into(), Count { jobs, at: self.now });
        Ok(jobs)
    }

    fn serves(&self, count: Count, most: u64) -> bool {
        !self.database.is_shared() || count.serves(self.now, most)
    }
}

/// The same for whoever only looks.
pub(super) async fn read(reads: &AnyPool, holder: &str) -> Result<Queued, StoreError> {
    let in_all = query(IN_ALL).fetch_one(reads).await?.try_get::<i64>(0)? as u64;
    let of_holder = query(OF_HOLDER).bind(holder).fetch_one(reads).await?.try_get::<i64>(0)? as u64;
    Ok(Queued { in_all, of_holder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_serves_in_its_transaction_and_for_a_while_far_from_the_limit() {
        let at = Timestamp::from_millis(1000);
        for (jobs, after_seconds, most, expected) in [
            (10, 0.0, 10, true),
            (10, 0.5, 100_000, true),
            (10, 1.5, 100_000, false),
            (10, 0.5, 1000, false),
            (95_000, 0.5, 100_000, false),
        ] {
            let found = Count { jobs, at }.serves(at.plus_seconds(after_seconds), most);
            assert_eq!(found, expected, "{jobs} of {most} after {after_seconds} s");
        }
    }
}
