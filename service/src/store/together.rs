//! Jobs that belong together: written in one transaction with the document that names them, so that whatever happens all of
//! it is there or nothing.

use super::waiting::Full;
use super::writes::Write;
use super::{StoreError, SubmittedTogether, Together};
use crate::jobs;

impl Write {
    pub(super) async fn submit_together(&mut self, together: &Together) -> Result<SubmittedTogether, StoreError> {
        if let Some(first) = together.jobs.first() {
            match self.no_room(first, together.jobs.len() as u64).await? {
                Some(Full::Queue(queued)) => return Ok(SubmittedTogether::QueueFull { queued }),
                Some(Full::Share(queued)) => return Ok(SubmittedTogether::ShareFull { queued }),
                None => {}
            }
        }
        self.put_bodies(together.bodies.iter()).await?;
        if let Some(document) = &together.document {
            self.put_document(document).await?;
        }
        let mut stored = Vec::with_capacity(together.jobs.len());
        for new in &together.jobs {
            let transition = jobs::submit(&new.ticket, new.warnings.clone(), self.now);
            stored.push(self.create(new, transition, "").await?);
        }
        Ok(SubmittedTogether::New(stored))
    }
}
