//! How an attempt is reached from outside: stopped, killed, handed points, or told that nobody waits for it here any more.

use farkas_backends::contract::StopToken;
use tokio_util::sync::CancellationToken;

use crate::metrics::{Kill, Metrics};
use crate::recorder::Offers;

/// What an attempt and those who may end it have in common.
#[derive(Clone, Default)]
pub struct Ending {
    /// Reaches the race.
    pub stop: StopToken,
    /// Points that users hand in.
    pub offers: Offers,
    /// Set once the attempt needs its cores no more: what is left is to write.
    pub over: CancellationToken,
    /// The service shuts down: what is not solved goes back to the queue.
    pub closing: CancellationToken,
}

impl Ending {
    /// Kills a race whose lease is lost. Several may notice, and again while it dies; it is one kill.
    pub fn fence(&self, metrics: &Metrics) {
        if !self.stop.is_killed() {
            metrics.killed(Kill::Fenced);
            self.stop.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::Now;

    #[test]
    fn a_lost_lease_is_one_kill() {
        let (metrics, ending) = (Metrics::default(), Ending::default());
        for _ in 0..3 {
            ending.clone().fence(&metrics);
        }
        let now = Now { jobs: Vec::new(), cores: 1, cores_used: 0, event_streams: 0, uptime: Duration::ZERO };
        let text = metrics.encode(&now);
        assert!(text.contains("farkas_kills_total{why=\"fenced\"} 1\n"), "{text}");
        assert!(ending.stop.is_killed());
    }
}
