//! `farkas gc`: forgets jobs that ended long ago.

use std::time::Duration;

use clap::Args;
use farkas_service::retention;
use farkas_service::store::Extent;

use crate::cli::{Exit, Failure, serve};

/// What `farkas gc` takes.
#[derive(Debug, Args)]
pub struct GcArgs {
    /// How long ago a job must have ended: 30d, 12h, 90m, 600s
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Duration,
    /// Say how many there are, and forget none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    node: serve::NodeArgs,
}

/// Forgets them, with their events, results and points.
pub fn run(args: GcArgs) -> Result<Exit, Failure> {
    args.node.finds_store()?;
    let extent = if args.dry_run { Extent::Look } else { Extent::Forget };
    let jobs = retention::run(args.node.options(), args.older_than, extent);
    let jobs = jobs.map_err(|e| Failure::new(Exit::Failed, format!("{e} [{}]", e.code())))?;
    println!("{jobs} jobs {}", if args.dry_run { "would be forgotten" } else { "forgotten" });
    Ok(Exit::Solved)
}

/// A number and a unit.
pub fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no age such as 30d, 12h, 90m or 600s");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}
