//! cuOpt's solver settings as our options. A setting that has no counterpart here is told to the user as a warning, since
//! the answer does not depend on it; a value that makes no sense is an error.

use farkas_api_types::{SolveOptions, SolverChoice};
use farkas_backends::options::{Emphasis, LpMethod, Presolve};

use super::place::{At, Keys};
use super::value::Value;
use crate::api::problem::Problem;

/// What the settings come to.
#[derive(Debug, Default)]
pub struct Settings {
    pub options: SolveOptions,
    pub warnings: Vec<String>,
}

/// How a setting is taken.
enum Means {
    /// It is an option of ours.
    Option(fn(&At<'_>, &mut SolveOptions) -> Result<(), Problem>),
    /// The same, of integer programs (true) or linear ones alone.
    OptionOf(bool, fn(&At<'_>, &mut SolveOptions) -> Result<(), Problem>),
    /// It changes nothing that a user of this service sees.
    Nothing,
}

use Means::{Nothing, Option as Sets, OptionOf};

/// The settings by name; an older name beside a newer one means the same.
const SETTINGS: [(&str, Means); 15] = [
    ("time_limit", Sets(|at, o| positive(at).map(|value| o.time_limit_seconds = Some(value)))),
    ("num_cpu_threads", Sets(threads)),
    ("random_seed", Sets(|at, o| at.number().map(|seed| o.seed = Some(seed.max(0.0) as u32)))),
    ("presolve", Sets(presolve)),
    ("method", Sets(method)),
    ("mip_heuristics_only", Sets(heuristics)),
    ("heuristics_only", Sets(heuristics)),
    ("node_limit", Sets(|at, o| at.number().map(|limit| o.node_limit = Some(limit.max(0.0) as u64)))),
    ("log_to_console", Nothing),
    ("log_file", Nothing),
    ("solution_file", Nothing),
    ("user_problem_file", Nothing),
    ("mip_scaling", Nothing),
    ("crossover", Nothing),
    ("infeasibility_detection", Nothing),
];

const TOLERANCES: [(&str, Means); 16] = [
    ("mip_relative_gap", OptionOf(true, |at, o| gap(at).map(|value| o.gap = Some(value)))),
    ("relative_mip_gap", OptionOf(true, |at, o| gap(at).map(|value| o.gap = Some(value)))),
    ("mip_absolute_gap", OptionOf(true, |at, o| gap(at).map(|value| o.absolute_gap = Some(value)))),
    ("absolute_mip_gap", OptionOf(true, |at, o| gap(at).map(|value| o.absolute_gap = Some(value)))),
    ("mip_integrality_tolerance", OptionOf(true, integrality)),
    ("integrality_tolerance", OptionOf(true, integrality)),
    ("mip_absolute_tolerance", OptionOf(true, feasibility)),
    ("absolute_primal_tolerance", OptionOf(false, feasibility)),
    ("absolute_primal", OptionOf(false, feasibility)),
    ("optimality", OptionOf(false, feasibility)),
    ("relative_gap_tolerance", OptionOf(false, |at, o| gap(at).map(|value| o.gap = Some(value)))),
    ("relative_gap", OptionOf(false, |at, o| gap(at).map(|value| o.gap = Some(value)))),
    ("absolute_gap_tolerance", OptionOf(false, |at, o| gap(at).map(|value| o.absolute_gap = Some(value)))),
    ("absolute_gap", OptionOf(false, |at, o| gap(at).map(|value| o.absolute_gap = Some(value)))),
    // Our solvers have one tolerance for both, and it is the absolute one.
    ("relative_primal_tolerance", Nothing),
    ("relative_dual_tolerance", Nothing),
];

/// Reads the settings of a program with (`integer`) or without integer variables.
pub fn read(config: Option<At<'_>>, integer: bool) -> Result<Settings, Problem> {
    let mut settings = Settings::default();
    let Some(at) = config else { return Ok(settings) };
    let mut keys = at.object()?;
    let tolerances = keys.take("tolerances");
    apply(&SETTINGS, keys, integer, &mut settings)?;
    if let Some(at) = tolerances {
        apply(&TOLERANCES, at.object()?, integer, &mut settings)?;
    }
    settings.options.check(&at.path)?;
    Ok(settings)
}

fn apply(table: &[(&str, Means)], mut keys: Keys<'_>, integer: bool, to: &mut Settings) -> Result<(), Problem> {
    for (name, means) in table {
        match (keys.take(name), means) {
            (Some(at), Sets(set)) => set(&at, &mut to.options)?,
            (Some(at), OptionOf(of, set)) if *of == integer => set(&at, &mut to.options)?,
            _ => {}
        }
    }
    while let Some(at) = keys.first() {
        let name = at.path.rsplit('/').next().unwrap_or_default().to_string();
        // Empty and false are how clients write what they do not ask for.
        let asked = keys.take(&name).is_some_and(|at| !matches!(at.value, Value::Bool(false)) && !is_empty(at.value));
        if asked {
            to.warnings.push(format!("the solver setting {name} has no counterpart here and changes nothing"));
        }
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.is_empty())
}

fn positive(at: &At<'_>) -> Result<f64, Problem> {
    let value = at.number()?;
    if value > 0.0 { Ok(value) } else { Err(at.wrong("bad-option", format!("{value}: it must be more than 0"))) }
}

fn gap(at: &At<'_>) -> Result<f64, Problem> {
    let value = at.number()?;
    if value >= 0.0 { Ok(value) } else { Err(at.wrong("bad-option", format!("{value}: it must be at least 0"))) }
}

/// Tolerances here lie between 1e-9 and 1e-2; the nearest of them serves.
fn tolerance(at: &At<'_>) -> Result<f64, Problem> {
    positive(at).map(|value| value.clamp(1e-9, 1e-2))
}

fn feasibility(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    options.feasibility_tolerance = Some(tolerance(at)?);
    Ok(())
}

fn integrality(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    options.integrality_tolerance = Some(tolerance(at)?);
    Ok(())
}

fn threads(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    // −1 and 0 leave it to the solver.
    options.threads = Some(at.number()?).filter(|threads| *threads >= 1.0).map(|threads| threads as u32);
    Ok(())
}

fn presolve(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    let on = match at.value {
        Value::Bool(on) => *on,
        // Newer clients choose a presolver by number, 0 for none, −1 for the solver's choice.
        _ => match at.number()? {
            number if number < 0.0 => return Ok(()),
            number => number != 0.0,
        },
    };
    options.presolve = Some(if on { Presolve::On } else { Presolve::Off });
    Ok(())
}

fn method(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    options.lp_method = match at.number()? {
        0.0 => None,
        1.0 => Some(LpMethod::FirstOrder),
        2.0 | 4.0 => Some(LpMethod::Simplex),
        3.0 => Some(LpMethod::Barrier),
        other => {
            let detail = format!(
                "{other} is no method; there are 0 to 4: all at once, PDLP, dual simplex, barrier, primal simplex"
            );
            return Err(at.wrong("bad-option", detail));
        }
    };
    options.solver = SolverChoice::Race;
    Ok(())
}

fn heuristics(at: &At<'_>, options: &mut SolveOptions) -> Result<(), Problem> {
    if at.truth()? {
        options.emphasis = Some(Emphasis::Feasibility);
    }
    Ok(())
}
