//! What a race tells, on its way to the job's log: bounded slots, newest wins. The race's driver never waits here; what
//! was not yet published may be superseded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farkas_api_types::{EventBody, LaneStatus, Number};
use farkas_backends::race::{Observer, RaceEvent};
use farkas_modeling::answer::LaneState;
use farkas_modeling::check::CheckedPoint;
use farkas_modeling::problem::Sense;
use farkas_modeling::tolerances::relative_gap;
use tokio::sync::Notify;
use tracing::Span;
use tracing::field::Empty;

/// Log lines, warnings and lane changes that may wait to be written.
const MOST_WAITING: usize = 4096;
/// Seconds between two progress events of a lane at first; later a hundredth of the time so far, up to ten seconds, so
/// that a day's solve does not fill the disk.
const PROGRESS_SECONDS: f64 = 0.25;
const LONGEST_PROGRESS_SECONDS: f64 = 10.0;
/// Lines longer than this are cut.
const MOST_LINE_BYTES: usize = 4096;

/// Something told, with the point where it has one.
#[derive(Debug, Clone)]
pub struct Note {
    /// Seconds since the race began.
    pub seconds: f64,
    /// What happened.
    pub body: EventBody,
    /// An incumbent's values.
    pub point: Option<Arc<CheckedPoint>>,
}

#[derive(Default)]
struct Slots {
    notes: Vec<Note>,
    lines_lost: u64,
    progress_at: Vec<f64>,
    turned_at: Vec<f64>,
    incumbent: Option<f64>,
    bound: Option<f64>,
    /// Of the lanes that have begun and are not over.
    spans: HashMap<u16, Span>,
}

/// A point handed in from outside, until the race asks for it; the newest wins.
#[derive(Clone, Default)]
pub struct Offers(Arc<Mutex<Option<Arc<[f64]>>>>);

impl Offers {
    /// Hands in a point of n values.
    pub fn offer(&self, values: Arc<[f64]>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(values);
    }

    fn take(&self) -> Option<Arc<[f64]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Collects until somebody takes.
pub struct Recorder {
    sense: Sense,
    offers: Offers,
    slots: Mutex<Slots>,
    news: Notify,
    /// The job's, in which the recorder was made.
    span: Span,
}

impl Recorder {
    /// An empty one; `incumbent` is the best that earlier attempts published.
    pub fn new(sense: Sense, incumbent: Option<f64>, offers: Offers) -> Self {
        let slots = Slots { incumbent, ..Slots::default() };
        Self { sense, offers, slots: Mutex::new(slots), news: Notify::new(), span: Span::current() }
    }

    /// Waits until there is something.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Takes all that was told since.
    pub fn take(&self) -> Vec<Note> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes = std::mem::take(&mut slots.notes);
        let lost = std::mem::take(&mut slots.lines_lost);
        if let Some(last) = notes.last().filter(|_| lost > 0) {
            let detail = format!("{lost} log lines came faster than they could be written, and were left out");
            notes.push(Note {
                seconds: last.seconds,
                body: EventBody::Warning { code: "log-overrun".into(), detail },
                point: None,
            });
        }
        notes
    }

    /// Begins a lane's span, or ends it.
    fn trace(&self, spans: &mut HashMap<u16, Span>, lane: u16, solver: &str, state: LaneState) {
        match state {
            LaneState::Waiting => {}
            LaneState::Running | LaneState::Paused => {
                spans
                    .entry(lane)
                    .or_insert_with(|| tracing::info_span!(parent: &self.span, "lane", lane, solver, state = Empty));
            }
            over => {
                if let Some(span) = spans.remove(&lane) {
                    span.record("state", tracing::field::debug(over));
                }
            }
        }
    }

    /// Whether it is long enough since a lane last told something of this sort; then it tells it now.
    fn is_due(last: &mut Vec<f64>, lane: u16, seconds: f64) -> bool {
        let at = usize::from(lane);
        if last.len() <= at {
            last.resize(at + 1, f64::NEG_INFINITY);
        }
        let interval = (seconds / 100.0).clamp(PROGRESS_SECONDS, LONGEST_PROGRESS_SECONDS);
        let due = seconds - last[at] >= interval;
        if due {
            last[at] = seconds;
        }
        due
    }
}

impl Observer for Recorder {
    fn on(&self, seconds: f64, event: &RaceEvent) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = &mut *slots;
        let mut point = None;
        if let RaceEvent::Lane { lane, solver, state, .. } = event {
            self.trace(&mut slots.spans, *lane, solver, *state);
        }
        let body = match event {
            // Lanes that take turns tell of each; their start and their end are always heard.
            RaceEvent::Lane { lane, state: LaneState::Paused | LaneState::Running, .. }
                if !Self::is_due(&mut slots.turned_at, *lane, seconds) =>
            {
                return;
            }
            RaceEvent::Lane { lane, solver, state, detail } => EventBody::Lane(LaneStatus {
                lane: *lane,
                solver: solver.clone(),
                state: *state,
                detail: detail.clone(),
            }),
            RaceEvent::Incumbent { point: found, found_by, .. } => {
                let objective = found.objective();
                if slots.incumbent.is_some_and(|best| !self.sense.better(objective, best)) {
                    return;
                }
                slots.incumbent = Some(objective);
                slots.notes.retain(|note| !matches!(note.body, EventBody::Incumbent { .. }));
                point = Some(Arc::clone(found));
                EventBody::Incumbent {
                    objective: Number(objective),
                    found_by: found_by.clone(),
                    checked: true,
                    blob: None,
                }
            }
            RaceEvent::Bound { bound, found_by, .. } => {
                slots.bound = Some(*bound);
                slots.notes.retain(|note| !matches!(note.body, EventBody::Bound { .. }));
                EventBody::Bound { bound: Number(*bound), found_by: found_by.clone() }
            }
            RaceEvent::Progress(progress) => {
                if !Self::is_due(&mut slots.progress_at, progress.lane, seconds) {
                    return;
                }
                EventBody::Progress {
                    lane: progress.lane,
                    phase: progress.phase.clone(),
                    nodes: progress.nodes,
                    iterations: progress.iterations,
                    gap: slots.incumbent.zip(slots.bound).map(|(a, b)| Number(relative_gap(a, b))),
                    incumbent: number(progress.incumbent),
                    bound: number(progress.bound),
                }
            }
            RaceEvent::Log { lane, line } => EventBody::Log { lane: *lane, line: cut(line) },
            RaceEvent::Warning { code, detail } => EventBody::Warning { code: (*code).into(), detail: detail.clone() },
        };
        let keeps = matches!(body, EventBody::Incumbent { .. } | EventBody::Bound { .. });
        if slots.notes.len() >= MOST_WAITING && !keeps {
            slots.lines_lost += 1;
            return;
        }
        slots.notes.push(Note { seconds, body, point });
        self.news.notify_one();
    }

    fn offered(&self) -> Option<Arc<[f64]>> {
        self.offers.take()
    }
}

/// How long to let news gather before they are written: many commits a second help nobody.
pub const GATHER: Duration = Duration::from_millis(20);

fn number(value: Option<f64>) -> Option<Number> {
    value.filter(|value| !value.is_nan()).map(Number)
}

fn cut(line: &str) -> String {
    if line.len() <= MOST_LINE_BYTES {
        return line.into();
    }
    let mut end = MOST_LINE_BYTES;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(bound: f64) -> RaceEvent {
        RaceEvent::Bound { bound, lane: 0, found_by: "mock".into() }
    }

    #[test]
    fn the_newest_bound_supersedes_one_not_yet_written() {
        let recorder = Recorder::new(Sense::Minimize, None, Offers::default());
        recorder.on(0.1, &bound(1.0));
        recorder.on(0.2, &bound(2.0));
        let notes = recorder.take();
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].body, EventBody::Bound { bound: Number(2.0), found_by: "mock".into() });
        assert!(recorder.take().is_empty());
    }

    #[test]
    fn what_comes_too_fast_is_left_out_and_said() {
        let recorder = Recorder::new(Sense::Minimize, None, Offers::default());
        for i in 0..MOST_WAITING + 10 {
            recorder.on(0.0, &RaceEvent::Log { lane: 0, line: format!("{i}") });
        }
        recorder.on(0.1, &bound(1.0));
        let notes = recorder.take();
        assert_eq!(notes.len(), MOST_WAITING + 2);
        let EventBody::Warning { code, detail } = &notes[MOST_WAITING + 1].body else { panic!("{notes:?}") };
        assert_eq!(code, "log-overrun");
        assert!(detail.starts_with("10 log lines"), "{detail}");
    }

    #[test]
    fn progress_and_turns_are_told_four_times_a_second_at_most_and_rarer_later() {
        let recorder = Recorder::new(Sense::Minimize, None, Offers::default());
        let progress = |lane| {
            RaceEvent::Progress(farkas_backends::race::LaneProgress {
                lane,
                phase: "search".into(),
                nodes: 1,
                iterations: 0,
                incumbent: None,
                bound: None,
            })
        };
        let turn = |lane| RaceEvent::Lane { lane, solver: "mock".into(), state: LaneState::Paused, detail: None };
        let cases =
            [(0.0, 0, 1), (0.1, 0, 0), (0.1, 1, 1), (0.25, 0, 1), (1000.0, 0, 1), (1005.0, 0, 0), (1010.0, 0, 1)];
        for (seconds, lane, expected) in cases {
            for event in [progress(lane), turn(lane)] {
                recorder.on(seconds, &event);
                assert_eq!(recorder.take().len(), expected, "at {seconds} s: {event:?}");
            }
        }
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ä".repeat(MOST_LINE_BYTES);
        let cut = cut(&line);
        assert!(cut.ends_with('…') && cut.len() <= MOST_LINE_BYTES + 3);
    }
}
