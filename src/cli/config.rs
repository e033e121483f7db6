//! `farkas config`: the service's settings as they come out, and where each came from.

use clap::{ArgMatches, Args, Command};
use comfy_table::{Table, presets::NOTHING};

use crate::cli::settings::{self, Origin};
use crate::cli::{Exit, Failure, serve};

/// What `farkas config` takes: all that `farkas serve` does.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub serve: serve::ServeArgs,
    /// Show every setting with its value and where it came from; it does so without the flag too
    #[arg(long)]
    show: bool,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// Prints the settings; what could not be parsed was refused before.
pub fn run(args: &ConfigArgs, command: &Command, given: &ArgMatches) -> Result<Exit, Failure> {
    let settings = settings::listed(command, given)?;
    if args.json {
        let document: serde_json::Map<String, serde_json::Value> = settings
            .into_iter()
            .map(|setting| {
                let entry = serde_json::json!({"value": setting.value, "from": told(&setting.origin)});
                (setting.name, entry)
            })
            .collect();
        println!("{:#}", serde_json::Value::Object(document));
        return Ok(Exit::Solved);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["setting", "value", "from"]);
    for setting in settings {
        table.add_row([setting.name, setting.value.unwrap_or_else(|| "-".into()), told(&setting.origin)]);
    }
    println!("{table}");
    Ok(Exit::Solved)
}

fn told(origin: &Origin) -> String {
    match origin {
        Origin::Flag => "flag".into(),
        Origin::Environment(variable) => format!("environment: {variable}"),
        Origin::File(path) => format!("file: {}", path.display()),
        Origin::Default => "default".into(),
    }
}
