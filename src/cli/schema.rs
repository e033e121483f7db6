//! `farkas schema`: the published JSON Schemas, for editors and for programs that write models.

use clap::{Args, ValueEnum};
use farkas_api_types::{EVIDENCE_SCHEMA, MODEL_SCHEMA, result_schema};

use crate::cli::{Exit, Failure};

/// What `farkas schema` takes.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    what: What,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Models in Farkas JSON
    Model,
    /// Results, as `farkas solve --json` prints them
    Result,
    /// Evidence files, as `farkas solve --evidence-file` writes them
    Evidence,
}

/// Prints it.
pub fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    match args.what {
        What::Model => print!("{MODEL_SCHEMA}"),
        What::Evidence => print!("{EVIDENCE_SCHEMA}"),
        What::Result => {
            let text = serde_json::to_string_pretty(&result_schema())
                .map_err(|e| Failure::new(Exit::Failed, format!("the schema could not be written: {e}")))?;
            println!("{text}");
        }
    }
    Ok(Exit::Solved)
}
