//! `farkas convert`: a problem from one format into another, and what the other cannot hold.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use farkas_modeling::Problem;
use farkas_modeling::formats::{self, Compression, Encoder, Format};

use crate::cli::{Exit, Failure, input};

/// What `farkas convert` takes.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The problem; `-` is standard input
    input: PathBuf,
    /// Where it goes; the name says in which format and how it is compressed (a.lp, b.mps.zst), `-` is standard output
    output: PathBuf,
    /// The format read, where the input's name does not tell: mps, lp, json, nl, mof.json
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    from: Option<Format>,
    /// The format written, where the output's name does not tell
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    to: Option<Format>,
    /// Fail, and write nothing, if anything would be lost or changed
    #[arg(long)]
    exact: bool,
}

fn format(text: &str) -> Result<Format, String> {
    Format::of_hint(&format!("model.{text}")).ok_or_else(|| "one of mps, lp, json, nl, mof.json".to_string())
}

/// Converts; exit 0 when the output says what the input said, or told what it could not.
pub fn run(args: &ConvertArgs) -> Result<Exit, Failure> {
    let name = args.output.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (compression, plain) = Compression::of_file_name(&name);
    let Some(format) = args.to.or_else(|| Format::of_hint(plain)) else {
        let shown = args.output.display();
        return Err(Failure::new(
            Exit::Usage,
            format!("{shown} does not say in which format; give it a suffix, or --to"),
        ));
    };
    let problem = read(args)?;
    let stdout = args.output.as_os_str() == "-";
    // The names of an .nl model stand in files beside it.
    let names = (format == Format::Nl && !stdout).then(|| names_beside(&problem));
    let bytes = written(args, &problem, format, compression, names.is_some())?;
    let failed =
        |e: std::io::Error| Failure::new(Exit::Failed, format!("{}: could not be written: {e}", args.output.display()));
    if stdout {
        let mut out = std::io::stdout().lock();
        match out.write_all(&bytes).and_then(|()| out.flush()) {
            // Whoever read it has seen enough.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            other => other.map_err(failed)?,
        }
    } else {
        std::fs::write(&args.output, &bytes).map_err(failed)?;
        let plain = args.output.with_file_name(plain);
        for (suffix, text) in names.into_iter().flatten() {
            std::fs::write(plain.with_extension(suffix), text).map_err(failed)?;
        }
    }
    Ok(Exit::Solved)
}

/// The `.col` and the `.row` file of an `.nl` file.
fn names_beside(problem: &Problem) -> [(&'static str, Vec<u8>); 2] {
    let order = formats::nl::Order::of(problem);
    let (mut columns, mut rows) = (Vec::new(), Vec::new());
    // A vector takes everything.
    let _ = order.write_column_names(problem, &mut columns);
    let _ = order.write_row_names(problem, &mut rows);
    [("col", columns), ("row", rows)]
}

fn read(args: &ConvertArgs) -> Result<Problem, Failure> {
    match args.from {
        None => input::problem(&args.input),
        Some(format) => input::problem_in(&args.input, format),
    }
}

/// The whole text: a file is not touched before it is known that it can be written.
fn written(
    args: &ConvertArgs,
    problem: &Problem,
    format: Format,
    compression: Compression,
    names_beside: bool,
) -> Result<Vec<u8>, Failure> {
    let refuse = |e: &dyn std::fmt::Display, code: &str| {
        Failure::new(Exit::Unreadable, format!("{}: {e} [{code}]", args.input.display()))
    };
    let mut encoder = Encoder::new(Vec::new(), compression);
    let mut lost = formats::write_problem(problem, format, &mut encoder).map_err(|e| refuse(&e, e.code()))?;
    lost.retain(|warning| !(names_beside && warning.code == "nl-names"));
    for warning in &lost {
        tell(&args.output, warning);
    }
    if args.exact && !lost.is_empty() {
        return Err(refuse(&"it cannot be held exactly, and --exact is given; nothing is written", "convert-inexact"));
    }
    encoder.finish().map_err(|e| Failure::new(Exit::Failed, format!("it could not be compressed: {e}")))
}

fn tell(path: &Path, warning: &formats::Warning) {
    let head = console::style("warning:").for_stderr().yellow().bold();
    eprintln!("{head} {}: {warning} [{}]", path.display(), warning.code);
}
