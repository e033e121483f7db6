//! What a worker has to say. A solver's callback puts it here and goes on at once; the attendant sends it when it is due, or the
//! answer takes it along. Everything is bounded: of incumbents, bounds, progress and phases the newest waits, of log lines so
//! many.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::SendFlags;

use super::alarm::Alarm;
use super::frame::{FromWorker, Vector, WireEvent, encode};
use crate::contract::{Event, Progress};

/// Nothing is sent on the way before a task takes so long: what a quick one tells comes with its answer, and nobody is woken for
/// it.
pub(super) const QUICK: Duration = Duration::from_millis(2);
/// What is told for people (lines, phases, progress) is sent no more often than this.
const GATHER: Duration = Duration::from_millis(50);
/// Lines of the log that wait to be sent.
const MOST_LINES: usize = 512;
/// Bytes of a line; the rest of it is cut.
const MOST_LINE_BYTES: usize = 2000;

#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// What is being sent: locked by whoever sends, before the state.
    sending: Mutex<Vec<u8>>,
    alarm: Alarm,
    socket: Arc<OwnedFd>,
}

#[derive(Debug)]
struct State {
    /// The solve that the slots are about.
    number: u64,
    /// The newest incumbent that has values.
    point: Option<(f64, Vector)>,
    /// The newest incumbent, where it came without values and after that point.
    objective: Option<f64>,
    bound: Option<f64>,
    progress: Option<Progress>,
    phase: Option<String>,
    lines: VecDeque<String>,
    dropped: u64,
    /// When the task under way began, or the last one.
    begun: Instant,
    /// When something was sent last, if not before that.
    sent: Instant,
    /// A task is under way, and the attendant does not look after it yet.
    unattended: bool,
    /// What the alarm is set to, if it is.
    alarm: Option<Instant>,
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            number: 0,
            point: None,
            objective: None,
            bound: None,
            progress: None,
            phase: None,
            lines: VecDeque::new(),
            dropped: 0,
            begun: now,
            sent: now,
            unattended: false,
            alarm: None,
        }
    }

    /// When the attendant is needed next: for a task that turns out not to be quick, and for what waits to be sent.
    fn due(&self) -> Option<Instant> {
        let not_quick = self.begun + QUICK;
        if self.unattended {
            return Some(not_quick);
        }
        let matters = self.point.is_some() || self.objective.is_some() || self.bound.is_some();
        let told = self.phase.is_some() || self.progress.is_some() || !self.lines.is_empty();
        let due = match (matters || self.lines.len() >= MOST_LINES / 2, told) {
            (true, _) => self.begun,
            (false, true) => self.sent + GATHER,
            (false, false) => return None,
        };
        Some(due.max(not_quick))
    }

    /// Sets the alarm to then, where it would go off later or not at all.
    fn wind(&mut self, alarm: &Alarm, now: Instant) {
        if let Some(due) = self.due()
            && self.alarm.is_none_or(|at| due < at)
        {
            self.alarm = Some(due);
            alarm.set(due.saturating_duration_since(now));
        }
    }

    fn put(&mut self, event: WireEvent) {
        match event {
            WireEvent::Incumbent { objective, values: Some(values) } => {
                (self.point, self.objective) = (Some((objective, values)), None);
            }
            WireEvent::Incumbent { objective, values: None } => self.objective = Some(objective),
            WireEvent::Bound { value } => self.bound = Some(value),
            WireEvent::Progress(progress) => self.progress = Some(progress),
            WireEvent::Phase { name } => self.phase = Some(name),
            WireEvent::Log { line } if self.lines.len() < MOST_LINES => self.lines.push_back(line),
            WireEvent::Log { .. } => self.dropped += 1,
            WireEvent::LogDropped { lines } => self.dropped += lines,
        }
    }

    /// Everything that waits, in the order in which it is sent.
    fn drain(&mut self) -> Vec<FromWorker> {
        let mut events = Vec::new();
        events.extend(self.phase.take().map(|name| WireEvent::Phase { name }));
        events.extend(self.lines.drain(..).map(|line| WireEvent::Log { line }));
        let dropped = std::mem::take(&mut self.dropped);
        events.extend((dropped > 0).then_some(WireEvent::LogDropped { lines: dropped }));
        let incumbent = |objective, values| WireEvent::Incumbent { objective, values };
        events.extend(self.point.take().map(|(objective, values)| incumbent(objective, Some(values))));
        events.extend(self.objective.take().map(|objective| incumbent(objective, None)));
        events.extend(self.bound.take().map(|value| WireEvent::Bound { value }));
        events.extend(self.progress.take().map(WireEvent::Progress));
        let number = self.number;
        events.into_iter().map(|event| FromWorker::Event { number, event }).collect()
    }
}

impl Outbox {
    pub(super) fn new(socket: Arc<OwnedFd>) -> Result<Self, Errno> {
        let (state, sending) = (Mutex::new(State::new(Instant::now())), Mutex::default());
        Ok(Self { state, sending, alarm: Alarm::new()?, socket })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sending(&self) -> MutexGuard<'_, Vec<u8>> {
        let mut bytes = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.clear();
        bytes
    }

    /// What goes off when the attendant is needed.
    pub(super) fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    /// A task begins; should it take long, the alarm goes off.
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        (state.begun, state.sent, state.unattended, state.alarm) = (now, now, true, None);
        state.wind(&self.alarm, now);
    }

    /// Events from now on are about this solve.
    pub(super) fn number(&self, number: u64) {
        self.lock().number = number;
    }

    /// Answers the parent, after what happened before.
    pub(super) fn reply(&self, reply: &FromWorker) -> Result<(), Errno> {
        let mut bytes = self.sending();
        let mut state = self.lock();
        state.unattended = false;
        if state.alarm.take().is_some() {
            self.alarm.clear();
        }
        let events = state.drain();
        drop(state);
        for message in events.iter().chain([reply]) {
            encode(message, &mut bytes).map_err(|_| Errno::MSGSIZE)?; // more than 4 GiB
        }
        send(&self.socket, &bytes)
    }

    /// Notes an event; returns at once.
    pub(super) fn note(&self, event: Event<'_>) {
        let event = copied(event); // before the lock is taken
        let mut state = self.lock();
        state.put(event);
        state.wind(&self.alarm, Instant::now());
    }

    /// Sends what is due, and sets the alarm for what is not yet.
    pub(super) fn send_due(&self) -> Result<(), Errno> {
        let mut bytes = self.sending();
        let mut state = self.lock();
        let now = Instant::now();
        state.alarm = None; // it has gone off, or is set anew
        state.unattended &= now < state.begun + QUICK;
        if state.due().is_none_or(|due| now < due) {
            state.wind(&self.alarm, now);
            return Ok(());
        }
        state.sent = now;
        let events = state.drain();
        drop(state);
        for event in &events {
            encode(event, &mut bytes).map_err(|_| Errno::MSGSIZE)?;
        }
        send(&self.socket, &bytes)
    }
}

/// Waits where the parent is slow to read.
fn send(socket: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::net::send(socket, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// An event of its own.
fn copied(event: Event<'_>) -> WireEvent {
    match event {
        Event::Incumbent { objective, values } => {
            WireEvent::Incumbent { objective, values: values.map(|values| Vector(values.to_vec())) }
        }
        Event::Bound(value) => WireEvent::Bound { value },
        Event::Progress(progress) => WireEvent::Progress(progress),
        Event::Phase(name) => WireEvent::Phase { name: cut(name).to_owned() },
        Event::Log(line) => WireEvent::Log { line: cut(line).to_owned() },
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
        let mut state = State { number: 7, ..State::new(Instant::now()) };
        for k in 0..2000_u32 {
            let x = f64::from(k);
            state.put(copied(Event::Incumbent { objective: x, values: Some(&[x]) }));
            state.put(copied(Event::Bound(-x)));
            state.put(copied(Event::Progress(Progress { nodes: k.into(), iterations: 0 })));
            state.put(copied(Event::Log(&format!("{k} {}", "ä".repeat(3000)))));
        }
        state.put(copied(Event::Incumbent { objective: 5.0, values: None }));
        let sent = state.drain();
        let event = |event| FromWorker::Event { number: 7, event };
        assert_eq!(sent.len(), MOST_LINES + 5);
        assert!(
            matches!(&sent[0], FromWorker::Event { event: WireEvent::Log { line }, .. } if line.len() <= MOST_LINE_BYTES)
        );
        let newest = [
            event(WireEvent::LogDropped { lines: 2000 - MOST_LINES as u64 }),
            event(WireEvent::Incumbent { objective: 1999.0, values: Some(Vector(vec![1999.0])) }),
            event(WireEvent::Incumbent { objective: 5.0, values: None }),
            event(WireEvent::Bound { value: -1999.0 }),
            event(WireEvent::Progress(Progress { nodes: 1999, iterations: 0 })),
        ];
        assert_eq!(sent[MOST_LINES..], newest);
        assert!(state.drain().is_empty() && state.due().is_none());
    }

    #[test]
    fn what_matters_is_due_once_the_task_is_not_quick_and_the_rest_gathers() {
        let begun = Instant::now();
        let line = || copied(Event::Log("line"));
        let later = begun + Duration::from_secs(1);
        let told = [line(), copied(Event::Phase("root")), copied(Event::Progress(Progress::default()))];
        let matters = [copied(Event::Bound(1.0)), copied(Event::Incumbent { objective: 1.0, values: None })];
        let many = vec![line(); MOST_LINES / 2];
        let cases = [
            (vec![], begun, None),
            (told.to_vec(), begun, Some(begun + GATHER)),
            (told.to_vec(), later, Some(later + GATHER)),
            (matters.to_vec(), later, Some(begun + QUICK)),
            (many, later, Some(begun + QUICK)),
        ];
        for (events, sent, due) in cases {
            let mut state = State { sent, ..State::new(begun) };
            let which = format!("{:?}", events.first());
            for event in events {
                state.put(event);
            }
            assert_eq!(state.due(), due, "{which}");
            state.unattended = true;
            assert_eq!(state.due(), Some(begun + QUICK), "{which}");
        }
    }
}
