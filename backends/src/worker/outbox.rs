//! What a worker has to say and has not sent yet. A solver's callback puts it here and goes on at once; a thread sends
//! it. Everything is bounded: of incumbents, bounds, progress and phases the newest waits, of log lines so many.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::SendFlags;

use super::frame::{FromWorker, Vector, WireEvent, encode};
use crate::contract::{Event, Progress};

/// Lines of the log that wait to be sent.
const MOST_LINES: usize = 512;
/// Bytes of a line; the rest of it is cut.
const MOST_LINE_BYTES: usize = 2000;
/// Progress is sent no more often than this.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The solve that the slots are about.
    number: u64,
    /// The newest incumbent that has values.
    point: Option<(f64, Vec<f64>)>,
    /// The newest incumbent, where it came without values and after that point.
    objective: Option<f64>,
    bound: Option<f64>,
    progress: Option<Progress>,
    phase: Option<String>,
    lines: VecDeque<String>,
    dropped: u64,
    /// Answers to what the parent asked: as many as it asked.
    replies: VecDeque<FromWorker>,
}

impl State {
    fn is_urgent(&self) -> bool {
        self.point.is_some()
            || self.objective.is_some()
            || self.bound.is_some()
            || self.phase.is_some()
            || !self.lines.is_empty()
            || !self.replies.is_empty()
    }

    /// Everything that waits, in the order in which it is sent: replies come after what happened before them.
    fn drain(&mut self) -> Vec<FromWorker> {
        let mut events = Vec::new();
        events.extend(self.phase.take().map(|name| WireEvent::Phase { name }));
        events.extend(self.lines.drain(..).map(|line| WireEvent::Log { line }));
        let dropped = std::mem::take(&mut self.dropped);
        events.extend((dropped > 0).then_some(WireEvent::LogDropped { lines: dropped }));
        let incumbent = |objective, values| WireEvent::Incumbent { objective, values };
        events.extend(self.point.take().map(|(objective, values)| incumbent(objective, Some(Vector(values)))));
        events.extend(self.objective.take().map(|objective| incumbent(objective, None)));
        events.extend(self.bound.take().map(|value| WireEvent::Bound { value }));
        events.extend(self.progress.take().map(WireEvent::Progress));
        let number = self.number;
        let events = events.into_iter().map(|event| FromWorker::Event { number, event });
        events.chain(self.replies.drain(..)).collect()
    }
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events from now on are about this solve.
    pub(super) fn begin(&self, number: u64) {
        self.lock().number = number;
    }

    /// Answers the parent.
    pub(super) fn reply(&self, reply: FromWorker) {
        self.lock().replies.push_back(reply);
        self.filled.notify_one();
    }

    /// Notes an event; returns at once.
    pub(super) fn note(&self, event: Event<'_>) {
        match event {
            Event::Incumbent { objective, values: Some(values) } => {
                let copy = values.to_vec(); // before the lock is taken
                let mut state = self.lock();
                (state.point, state.objective) = (Some((objective, copy)), None);
            }
            Event::Incumbent { objective, values: None } => self.lock().objective = Some(objective),
            Event::Bound(value) => self.lock().bound = Some(value),
            Event::Progress(progress) => self.lock().progress = Some(progress),
            Event::Phase(name) => self.lock().phase = Some(cut(name).to_owned()),
            Event::Log(line) => {
                let line = cut(line).to_owned();
                let mut state = self.lock();
                if state.lines.len() < MOST_LINES {
                    state.lines.push_back(line);
                } else {
                    state.dropped += 1;
                }
            }
        }
        self.filled.notify_one();
    }

    /// Sends what is put in, until the socket ends.
    pub(super) fn send_all(&self, socket: &OwnedFd) -> Errno {
        let mut progress_due = Instant::now();
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            for message in self.wait(progress_due) {
                if matches!(message, FromWorker::Event { event: WireEvent::Progress(_), .. }) {
                    progress_due = Instant::now() + PROGRESS_INTERVAL;
                }
                if encode(&message, &mut bytes).is_err() {
                    return Errno::MSGSIZE; // more than 4 GiB
                }
            }
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                match rustix::net::send(socket, rest, SendFlags::NOSIGNAL) {
                    Ok(sent) => rest = &rest[sent..],
                    Err(Errno::INTR) => {}
                    // The parent's end does not wait; this end does, unless somebody made it otherwise.
                    Err(error) => return error,
                }
            }
        }
    }

    /// Waits until there is something to send.
    fn wait(&self, progress_due: Instant) -> Vec<FromWorker> {
        let mut state = self.lock();
        while !state.is_urgent() {
            let now = Instant::now();
            state = match state.progress {
                Some(_) if now >= progress_due => break,
                Some(_) => {
                    let wait = self.filled.wait_timeout(state, progress_due - now);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.drain()
    }
}

fn cut(text: &str) -> &str {
    let fits = (0..=MOST_LINE_BYTES.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..fits.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_waits_and_lines_are_bounded() {
        let outbox = Outbox::default();
        outbox.begin(7);
        for k in 0..2000_u32 {
            let x = f64::from(k);
            outbox.note(Event::Incumbent { objective: x, values: Some(&[x]) });
            outbox.note(Event::Bound(-x));
            outbox.note(Event::Progress(Progress { nodes: k.into(), iterations: 0 }));
            outbox.note(Event::Log(&format!("{k} {}", "ä".repeat(3000))));
        }
        outbox.note(Event::Incumbent { objective: 5.0, values: None });
        outbox.reply(FromWorker::Closed {});
        let sent = outbox.wait(Instant::now());
        let event = |event| FromWorker::Event { number: 7, event };
        assert_eq!(sent.len(), MOST_LINES + 6);
        assert!(
            matches!(&sent[0], FromWorker::Event { event: WireEvent::Log { line }, .. } if line.len() <= MOST_LINE_BYTES)
        );
        let newest = [
            event(WireEvent::LogDropped { lines: 2000 - MOST_LINES as u64 }),
            event(WireEvent::Incumbent { objective: 1999.0, values: Some(Vector(vec![1999.0])) }),
            event(WireEvent::Incumbent { objective: 5.0, values: None }),
            event(WireEvent::Bound { value: -1999.0 }),
            event(WireEvent::Progress(Progress { nodes: 1999, iterations: 0 })),
            FromWorker::Closed {},
        ];
        assert_eq!(sent[MOST_LINES..], newest);
    }
}
