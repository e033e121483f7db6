//! The driver's keywords: what may be said as `name=value` on the command line and in `farkas_options`.

use std::time::Duration;

use farkas_backends::options::{LpMethod, Options, Presolve};

/// Everything that keywords say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub options: Options,
    /// Backends by name; `race` for all.
    pub solvers: Vec<String>,
    /// 0 prints nothing but the outcome, 1 incumbents and the solvers' logs.
    pub outlev: u32,
    /// Which objective, from 1; 0 for none.
    pub objno: usize,
    /// Whether the values of the `.nl` file are a start.
    pub start: bool,
    /// Where no `-AMPL` is given: whether the `.sol` file is written all the same.
    pub write: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        Self {
            options: Options { threads: Some(cores), ..Options::default() },
            solvers: vec!["race".to_owned()],
            outlev: 0,
            objno: 1,
            start: true,
            write: false,
        }
    }
}

/// One keyword: its names (ours, then those of other solvers), what it takes, what it does.
struct Keyword {
    names: &'static [&'static str],
    takes: &'static str,
    does: &'static str,
    set: fn(&mut Settings, &str) -> Result<(), String>,
}

fn number(text: &str, what: &str) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|v| *v >= 0.0).ok_or_else(|| format!("give {what}"))
}

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "give a whole number that is not negative".to_owned())
}

fn tolerance(text: &str) -> Result<f64, String> {
    number(text, "a tolerance such as 1e-6").and_then(|v| if v <= 1.0 { Ok(v) } else { Err("at most 1".to_owned()) })
}

const KEYWORDS: [Keyword; 18] = [
    Keyword {
        names: &["timelimit", "time_limit", "lim:time", "maxtime", "max_cpu_time"],
        takes: "seconds",
        does: "wall-clock limit",
        set: |s, text| {
            let seconds = number(text, "seconds")?;
            // AMPL's users write 1e20 for no limit.
            s.options.time_limit = Duration::try_from_secs_f64(seconds).ok().filter(|d| d.as_secs_f64() < 1e9);
            Ok(())
        },
    },
    Keyword {
        names: &["stalllimit", "stall_limit", "lim:stall"],
        takes: "seconds",
        does: "stop when no better point came for so long",
        set: |s, text| {
            let seconds = number(text, "seconds")?;
            s.options.stall_limit = Duration::try_from_secs_f64(seconds).ok().filter(|d| d.as_secs_f64() < 1e9);
            Ok(())
        },
    },
    Keyword {
        names: &["deterministic"],
        takes: "0 or 1",
        does: "the same answer every time: one thread, one solver after another, no clock",
        set: |s, text| {
            s.options.deterministic = match text {
                "0" => false,
                "1" => true,
                _ => return Err("0 or 1".to_owned()),
            };
            Ok(())
        },
    },
    Keyword {
        names: &["threads", "tech:threads", "nthreads"],
        takes: "number",
        does: "threads over all solvers together",
        set: |s, text| {
            let threads: u32 = whole(text)?;
            if threads > 0 {
                s.options.threads = Some(threads);
            }
            Ok(())
        },
    },
    Keyword {
        names: &["mipgap", "gap", "mip_gap", "mip:gap", "relmipgap"],
        takes: "number",
        does: "relative gap at which a problem counts as solved",
        set: |s, text| {
            s.options.tolerances.relative_gap = number(text, "a gap such as 1e-4")?;
            Ok(())
        },
    },
    Keyword {
        names: &["mipgapabs", "absmipgap", "mip:gapabs"],
        takes: "number",
        does: "absolute gap at which a problem counts as solved",
        set: |s, text| {
            s.options.tolerances.absolute_gap = number(text, "a gap such as 0.5")?;
            Ok(())
        },
    },
    Keyword {
        // Pyomo keeps "solver" for itself and passes "subsolver" on.
        names: &["solver", "solvers", "subsolver"],
        takes: "names",
        does: "race, or one or several of highs, scip, cbc with commas between",
        set: |s, text| {
            s.solvers = text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
            Ok(())
        },
    },
    Keyword {
        names: &["seed", "tech:seed"],
        takes: "number",
        does: "random seed",
        set: |s, text| {
            s.options.seed = Some(whole(text)?);
            Ok(())
        },
    },
    Keyword {
        names: &["outlev", "tech:outlev"],
        takes: "0 or more",
        does: "0: the outcome alone; 1: incumbents and the solvers' logs",
        set: |s, text| {
            s.outlev = whole(text)?;
            Ok(())
        },
    },
    Keyword {
        names: &["nodelimit", "nodelim", "lim:nodes"],
        takes: "number",
        does: "most branch-and-bound nodes",
        set: |s, text| {
            s.options.node_limit = Some(whole(text)?);
            Ok(())
        },
    },
    Keyword {
        names: &["sollimit", "solutionlimit", "lim:sol"],
        takes: "number",
        does: "stop after so many feasible points",
        set: |s, text| {
            s.options.solution_limit = Some(whole(text)?);
            Ok(())
        },
    },
    Keyword {
        names: &["memlimit", "tech:memlimit"],
        takes: "MiB",
        does: "memory that each solver may use",
        set: |s, text| {
            let mib: u64 = whole(text)?;
            s.options.memory_limit_bytes = Some(mib.saturating_mul(1 << 20));
            Ok(())
        },
    },
    Keyword {
        names: &["method", "lpmethod", "alg:method"],
        takes: "name",
        does: "LP algorithm: auto, simplex, barrier or firstorder",
        set: |s, text| {
            s.options.lp_method = match text {
                "auto" | "choose" => LpMethod::Auto,
                "simplex" => LpMethod::Simplex,
                "barrier" | "ipm" => LpMethod::Barrier,
                "firstorder" | "pdlp" => LpMethod::FirstOrder,
                _ => return Err("one of auto, simplex, barrier, firstorder".to_owned()),
            };
            Ok(())
        },
    },
    Keyword {
        names: &["presolve", "pre:solve"],
        takes: "0 or 1",
        does: "whether solvers reduce the problem first",
        set: |s, text| {
            s.options.presolve = match text {
                "0" | "off" => Presolve::Off,
                "1" | "on" => Presolve::On,
                _ => return Err("0 or 1".to_owned()),
            };
            Ok(())
        },
    },
    Keyword {
        names: &["feastol", "alg:feastol"],
        takes: "number",
        does: "what a row may be missed by",
        set: |s, text| {
            s.options.tolerances.feasibility = tolerance(text)?;
            Ok(())
        },
    },
    Keyword {
        names: &["objno", "obj:no"],
        takes: "number",
        does: "which objective, from 1",
        set: |s, text| {
            s.objno = whole(text)?;
            Ok(())
        },
    },
    Keyword {
        names: &["warmstart", "alg:start"],
        takes: "0 or 1",
        does: "whether the values in the .nl file are a start for integer problems",
        set: |s, text| {
            s.start = whole::<u32>(text)? > 0;
            Ok(())
        },
    },
    Keyword {
        names: &["wantsol", "tech:wantsol"],
        takes: "number",
        does: "without -AMPL: 1 writes the .sol file",
        set: |s, text| {
            s.write = whole::<u32>(text)? & 1 == 1;
            Ok(())
        },
    },
];

/// What passes an option on to the solvers under their own name for it.
const NATIVE: &str = "native:";

impl Settings {
    /// Applies one assignment.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if let Some(own) = name.strip_prefix(NATIVE).filter(|own| !own.is_empty()) {
            self.options.native.insert(own.to_owned(), value.to_owned());
            return Ok(());
        }
        let lower = name.to_ascii_lowercase();
        let Some(keyword) = KEYWORDS.iter().find(|keyword| keyword.names.contains(&lower.as_str())) else {
            let known: Vec<&str> = KEYWORDS.iter().map(|k| k.names[0]).collect();
            return Err(format!("'{name}' is no keyword; there are {}, and native:NAME", known.join(", ")));
        };
        (keyword.set)(self, value).map_err(|what| format!("{name}={value}: {what}"))
    }

    /// Applies words as the command line and `farkas_options` have them: `name=value`, or `name value`.
    pub fn apply<'t>(&mut self, words: impl IntoIterator<Item = &'t str>) -> Result<(), String> {
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, "")) => (name, words.next()),
                Some((name, value)) => (name, Some(value)),
                None if words.peek() == Some(&"=") => {
                    words.next();
                    (word, words.next())
                }
                None => match words.peek().and_then(|next| next.strip_prefix('=')) {
                    Some(value) if !value.is_empty() => {
                        words.next();
                        (word, Some(value))
                    }
                    _ => (word, words.next()),
                },
            };
            let value = value.ok_or_else(|| format!("'{name}' has no value; write {name}=VALUE"))?;
            self.set(name, value.trim_matches(['"', '\'']))?;
        }
        Ok(())
    }
}

/// Splits what `farkas_options` holds at blanks outside quotes.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut quote = None;
    let separates = |c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        quote.is_none() && c.is_whitespace()
    };
    text.split(separates).filter(|word| !word.is_empty()).collect()
}

/// What `farkas -=` prints.
pub(super) fn list() -> String {
    let line = |k: &Keyword| {
        let others = if k.names.len() > 1 { format!(" (also {})", k.names[1..].join(", ")) } else { String::new() };
        format!("{:<11} {:<9} {}{others}\n", k.names[0], k.takes, k.does)
    };
    let native = format!("{:<11} {:<9} a solver's own option, passed through by name\n", "native:NAME", "value");
    KEYWORDS.iter().map(line).chain([native]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_settings() {
        let mut settings = Settings::default();
        let words = "timelimit=2.5 threads 3 mip:gap = 0.01 solver=\"highs,scip\" seed= 7 native:a=\"b c\"";
        settings.apply(super::words(words)).unwrap();
        assert_eq!(settings.options.time_limit, Some(Duration::from_millis(2500)));
        assert_eq!((settings.options.threads, settings.options.seed), (Some(3), Some(7)));
        assert_eq!(settings.options.tolerances.relative_gap, 0.01);
        assert_eq!(settings.solvers, ["highs", "scip"]);
        assert_eq!(settings.options.native["a"], "b c");
        settings.apply(["timelimit=1e20"]).unwrap();
        assert_eq!(settings.options.time_limit, None);
    }

    #[test]
    fn mistakes_are_told() {
        let cases = [
            ("speed=11", "'speed' is no keyword"),
            ("threads=-1", "threads=-1: give a whole number"),
            ("timelimit", "'timelimit' has no value"),
            ("method=magic", "method=magic: one of auto"),
        ];
        for (words, begin) in cases {
            let error = Settings::default().apply(words.split_whitespace()).unwrap_err();
            assert!(error.starts_with(begin), "{words}: {error}");
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<&str> = KEYWORDS.iter().flat_map(|k| k.names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
