//! What a mock shall do, as text: steps separated by `;`, read strictly, since a misread script would test nothing.
//!
//! | step | what happens |
//! |---|---|
//! | `wait 50` | 50 ms, cut short by the stop token or the time limit |
//! | `until-stop` | waits for the stop token |
//! | `hang` | never comes back, whatever the token says |
//! | `crash`, `exit 3`, `panic` | ends the process, or unwinds |
//! | `print` | garbage on fd 1 and fd 2 |
//! | `leak 512` | takes 512 MiB and keeps them |
//! | `log TEXT`, `phase NAME`, `flood 1000` | a line, a phase, so many lines |
//! | `incumbent 1 0 1` | reports these n values |
//! | `objective 12` | reports an incumbent without values |
//! | `bound 12.5` | reports a bound |
//! | `take` | takes what is offered, and reports it as its own |
//! | `slow 20` | reports ever better points, 20 ms apart, and ends with the truth |
//!
//! and at the end one of `honest` (the default), `best` (claims the best it reported or took as optimal), `limit` (keeps it
//! and says a time limit came), `node-limit` (the same of nodes), `lie-objective`, `lie-point`, `lie-optimal`, `lie-bound`, `lie-infeasible`,
//! `lie-unbounded`, `nan`, `short`, `broken`, `refuse`.
//!
//! Asked for a conflict, it plays the same steps, or those behind a `|`; of the ends `lie-infeasible` names all there is,
//! `short` a row that there is not, `limit` none, `broken` and `refuse` are what they are, and any other is honest.

use std::time::Duration;

/// Most steps of a script, and most of what a number in it may ask for.
const MOST: u64 = 1_000_000;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Wait(Duration),
    UntilStop,
    Hang,
    Crash,
    Exit(i32),
    Panic,
    Print,
    LeakMebibytes(u64),
    Log(String),
    Phase(String),
    Flood(u64),
    Incumbent(Vec<f64>),
    Objective(f64),
    Bound(f64),
    Take,
    Slow(Duration),
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum End {
    #[default]
    Honest,
    Best,
    Limit,
    NodeLimit,
    LieObjective,
    LiePoint,
    LieOptimal,
    LieBound,
    LieInfeasible,
    LieUnbounded,
    Nan,
    Short,
    Broken,
    Refuse,
}

/// Steps and an end.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
    /// What it plays instead where it is asked for a conflict.
    pub(super) search: Option<Box<Script>>,
}

const ENDS: [(&str, End); 14] = [
    ("honest", End::Honest),
    ("best", End::Best),
    ("limit", End::Limit),
    ("node-limit", End::NodeLimit),
    ("lie-objective", End::LieObjective),
    ("lie-point", End::LiePoint),
    ("lie-optimal", End::LieOptimal),
    ("lie-bound", End::LieBound),
    ("lie-infeasible", End::LieInfeasible),
    ("lie-unbounded", End::LieUnbounded),
    ("nan", End::Nan),
    ("short", End::Short),
    ("broken", End::Broken),
    ("refuse", End::Refuse),
];

impl Script {
    /// Reads a script.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (text, search) = text.split_once('|').map_or((text, None), |(solve, search)| (solve, Some(search)));
        let search = search.map(Self::parse).transpose()?.map(Box::new);
        let mut script = Self { search, ..Self::default() };
        let mut ended = false;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            if ended {
                return Err(format!("'{part}' stands after the end"));
            }
            if let Some((_, end)) = ENDS.iter().find(|(name, _)| *name == part) {
                script.end = *end;
                ended = true;
            } else if script.steps.len() as u64 >= MOST {
                return Err(format!("more than {MOST} steps"));
            } else {
                script.steps.push(step(part)?);
            }
        }
        Ok(script)
    }
}

fn step(part: &str) -> Result<Step, String> {
    let (word, rest) = part.split_once(' ').map_or((part, ""), |(word, rest)| (word, rest.trim()));
    let float = |text: &str| text.parse::<f64>().map_err(|_| format!("'{text}' of '{part}' is no number"));
    let count = || match rest.parse::<u64>() {
        Ok(count) if count <= MOST => Ok(count),
        _ => Err(format!("'{part}' needs a whole number up to {MOST}")),
    };
    Ok(match word {
        "wait" => Step::Wait(Duration::from_millis(count()?)),
        "slow" => Step::Slow(Duration::from_millis(count()?)),
        "until-stop" => Step::UntilStop,
        "hang" => Step::Hang,
        "crash" => Step::Crash,
        "exit" => Step::Exit(rest.parse().map_err(|_| format!("'{part}' needs an exit code"))?),
        "panic" => Step::Panic,
        "print" => Step::Print,
        "leak" => Step::LeakMebibytes(count()?),
        "log" => Step::Log(rest.to_owned()),
        "phase" => Step::Phase(rest.to_owned()),
        "flood" => Step::Flood(count()?),
        "incumbent" => Step::Incumbent(rest.split_whitespace().map(float).collect::<Result<_, _>>()?),
        "objective" => Step::Objective(float(rest)?),
        "bound" => Step::Bound(float(rest)?),
        "take" => Step::Take,
        _ => {
            let ends: Vec<&str> = ENDS.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "there is no step '{word}'; there are wait, slow, until-stop, hang, crash, exit, panic, print, leak, log, \
                 phase, flood, incumbent, objective, bound, take, and as the last {}",
                ends.join(", ")
            ));
        }
    })
}
