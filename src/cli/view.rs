//! The live view of a race on a terminal: the merged state on top, one line a lane below. Drawn on standard error, so
//! that standard output carries the answer alone.

use std::sync::Mutex;
use std::time::Duration;

use console::style;
use farkas_backends::race::{Observer, RaceEvent};
use farkas_modeling::answer::LaneState;
use farkas_modeling::tolerances::relative_gap;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// What is known of one lane.
struct LaneLine {
    bar: ProgressBar,
    solver: String,
    state: LaneState,
    phase: String,
    nodes: u64,
    iterations: u64,
    incumbent: Option<f64>,
    bound: Option<f64>,
}

#[derive(Default)]
struct State {
    lanes: Vec<LaneLine>,
    incumbent: Option<(f64, String)>,
    bound: Option<(f64, String)>,
}

/// Draws a race on standard error.
pub struct LiveView {
    draw: MultiProgress,
    top: ProgressBar,
    state: Mutex<State>,
    /// Solver log lines are printed above the view.
    log: bool,
}

impl LiveView {
    /// A view for the given problem; `log` prints the solvers' own lines above it.
    pub fn new(title: &str, log: bool) -> Self {
        let draw = MultiProgress::new();
        let top = draw.add(ProgressBar::new_spinner());
        top.set_style(template("{spinner:.cyan} {msg}"));
        top.set_message(title.to_string());
        top.enable_steady_tick(Duration::from_millis(120));
        Self { draw, top, state: Mutex::default(), log }
    }

    /// Takes the view off the screen.
    pub fn finish(&self) {
        if let Ok(state) = self.state.lock() {
            for lane in &state.lanes {
                lane.bar.finish_and_clear();
            }
        }
        self.top.finish_and_clear();
    }

    fn note(&self, line: &str) {
        // A terminal that went away is no reason to end a solve.
        let _ = self.draw.println(line);
    }

    fn line<'a>(&self, state: &'a mut State, lane: u16, solver: &str) -> &'a mut LaneLine {
        while state.lanes.len() <= usize::from(lane) {
            let bar = self.draw.add(ProgressBar::new_spinner());
            bar.set_style(template("  {msg}"));
            state.lanes.push(LaneLine {
                bar,
                solver: String::new(),
                state: LaneState::Waiting,
                phase: String::new(),
                nodes: 0,
                iterations: 0,
                incumbent: None,
                bound: None,
            });
        }
        let line = &mut state.lanes[usize::from(lane)];
        if !solver.is_empty() {
            line.solver = solver.to_string();
        }
        line
    }

    fn redraw_top(&self, seconds: f64, state: &State) {
        let gap = match (&state.incumbent, &state.bound) {
            (Some((i, _)), Some((b, _))) => percent(relative_gap(*i, *b)),
            _ => "–".to_string(),
        };
        let by = |what: &Option<(f64, String)>| {
            what.as_ref().map_or("–".to_string(), |(v, who)| format!("{} ({who})", short(Some(*v))))
        };
        self.top.set_message(format!(
            "{seconds:7.1}s  incumbent {}  bound {}  gap {}",
            style(by(&state.incumbent)).for_stderr().bold(),
            by(&state.bound),
            style(gap).for_stderr().bold()
        ));
    }
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A number in a few characters, for a column of a table.
pub fn short(value: Option<f64>) -> String {
    match value {
        None => "–".to_string(),
        Some(v) if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.to_string(),
        Some(0.0) => "0".to_string(),
        Some(v) if v.abs() >= 1e9 || v.abs() < 1e-3 => format!("{v:.5e}"),
        Some(v) => {
            let text = format!("{v:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
    }
}

/// A gap as a percentage.
pub fn percent(gap: f64) -> String {
    if gap.is_infinite() {
        "–".to_string()
    } else if gap != 0.0 && gap < 1e-4 {
        format!("{:.4}%", gap * 100.0)
    } else {
        format!("{:.2}%", gap * 100.0)
    }
}

/// The word for a lane's state.
pub fn state_word(state: LaneState) -> &'static str {
    match state {
        LaneState::Waiting => "waiting",
        LaneState::Running => "running",
        LaneState::Paused => "paused",
        LaneState::Finished => "finished",
        LaneState::Stopped => "stopped",
        LaneState::Killed => "killed",
        LaneState::Failed => "failed",
        LaneState::Disqualified => "disqualified",
    }
}

impl LaneLine {
    fn redraw(&self) {
        let what = if self.state == LaneState::Running && !self.phase.is_empty() {
            self.phase.as_str()
        } else {
            state_word(self.state)
        };
        let gap = match (self.incumbent, self.bound) {
            (Some(i), Some(b)) => percent(relative_gap(i, b)),
            _ => "–".to_string(),
        };
        let work = if self.nodes > 0 {
            format!("{} nodes", self.nodes)
        } else if self.iterations > 0 {
            format!("{} iterations", self.iterations)
        } else {
            String::new()
        };
        let line = format!(
            "{:<8} {what:<12} incumbent {:>14}  bound {:>14}  gap {gap:>8}  {work}",
            self.solver,
            short(self.incumbent),
            short(self.bound),
        );
        let styled = match self.state {
            LaneState::Failed | LaneState::Killed | LaneState::Disqualified => style(line).for_stderr().red(),
            LaneState::Running => style(line).for_stderr(),
            _ => style(line).for_stderr().dim(),
        };
        self.bar.set_message(styled.to_string());
    }
}

impl Observer for LiveView {
    fn on(&self, seconds: f64, event: &RaceEvent) {
        let Ok(mut state) = self.state.lock() else { return };
        match event {
            RaceEvent::Lane { lane, solver, state: now, detail } => {
                let line = self.line(&mut state, *lane, solver);
                line.state = *now;
                line.redraw();
                if let (LaneState::Failed | LaneState::Killed | LaneState::Disqualified, Some(detail)) = (now, detail) {
                    self.note(&format!("{seconds:8.2}s  {solver} {}: {detail}", state_word(*now)));
                }
            }
            RaceEvent::Incumbent { point, lane, found_by } => {
                let line = self.line(&mut state, *lane, found_by);
                line.incumbent = Some(point.objective());
                line.redraw();
                state.incumbent = Some((point.objective(), found_by.clone()));
            }
            RaceEvent::Bound { bound, lane, found_by } => {
                let line = self.line(&mut state, *lane, found_by);
                line.bound = Some(*bound);
                line.redraw();
                state.bound = Some((*bound, found_by.clone()));
            }
            RaceEvent::Progress(p) => {
                let line = self.line(&mut state, p.lane, "");
                line.phase.clone_from(&p.phase);
                (line.nodes, line.iterations) = (p.nodes, p.iterations);
                line.incumbent = p.incumbent.or(line.incumbent);
                line.bound = p.bound.or(line.bound);
                line.redraw();
            }
            RaceEvent::Log { lane, line } => {
                if self.log {
                    let solver = self.line(&mut state, *lane, "").solver.clone();
                    self.note(&format!("{} {line}", style(format!("{solver}:")).for_stderr().dim()));
                }
            }
            RaceEvent::Warning { code, detail } => {
                self.note(&format!("{} {detail} [{code}]", style("warning:").for_stderr().yellow().bold()));
            }
        }
        self.redraw_top(seconds, &state);
    }
}

/// Prints log lines, incumbents and warnings on standard error without drawing: for pipes and files.
pub struct PlainView {
    /// Whether solver log lines and incumbents are wanted.
    pub log: bool,
}

impl Observer for PlainView {
    fn on(&self, seconds: f64, event: &RaceEvent) {
        match event {
            RaceEvent::Log { lane, line } if self.log => eprintln!("[{lane}] {line}"),
            RaceEvent::Incumbent { point, found_by, .. } if self.log => {
                eprintln!("{seconds:8.2}s  incumbent {} ({found_by})", point.objective());
            }
            RaceEvent::Warning { code, detail } => eprintln!("warning: {detail} [{code}]"),
            RaceEvent::Lane { solver, state: LaneState::Failed | LaneState::Killed, detail: Some(detail), .. } => {
                eprintln!("{seconds:8.2}s  {solver}: {detail}");
            }
            _ => {}
        }
    }
}
