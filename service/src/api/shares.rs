//! How much of something each holder of a key has at a time, so that one does not take what is there for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::Principal;

/// What is counted, by key; where there are no keys, by project.
#[derive(Clone, Default)]
pub(crate) struct Shares(Arc<Mutex<HashMap<String, usize>>>);

/// One of a holder's; given back when it is dropped.
pub(crate) struct Share {
    of: Shares,
    holder: String,
}

/// Who is counted: a key; where there are none, a project.
pub(super) fn holder(principal: &Principal) -> String {
    principal.key.clone().unwrap_or_else(|| principal.project.clone())
}

impl Shares {
    /// One more for this principal; `None` if it has as many already.
    pub(crate) fn take(&self, principal: &Principal, most: usize) -> Option<Share> {
        let holder = holder(principal);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(holder.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Share { of: self.clone(), holder })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holder_has_its_own_and_gives_back() {
        let shares = Shares::default();
        let (anyone, other) = (Principal::anyone(), Principal { key: Some("k".into()), ..Principal::anyone() });
        let first = shares.take(&anyone, 2);
        let second = shares.take(&anyone, 2);
        assert!(first.is_some() && second.is_some() && shares.take(&anyone, 2).is_none());
        assert!(shares.take(&other, 2).is_some(), "a key of the same project has its own");
        drop(first);
        assert!(shares.take(&anyone, 2).is_some());
        drop(second);
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
