//! `farkas keys`: API keys of the service, made where its data is. The first key of a service comes from here, or from the
//! environment; later ones may come over HTTP too (`/v1/api-keys`).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use farkas_api_types::Role;
use farkas_service::keyring::{Keys, KeysAt};

use crate::cli::{Exit, Failure};

/// What `farkas keys` takes.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    verb: Verb,
}

/// Where the keys are.
#[derive(Debug, Args)]
struct Place {
    /// The service's data folder
    #[arg(long, env = "FARKAS_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Its PostgreSQL server, if it has one [default: the file in the data folder]
    #[arg(long, env = "FARKAS_STORE", value_name = "URL", hide_env_values = true)]
    store: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a key and print it; it is printed this once
    Create {
        #[command(flatten)]
        place: Place,
        /// Whose jobs and models its holder sees
        #[arg(long, default_value = "default")]
        project: String,
        /// What its holder may do: viewer looks, user has things solved, admin makes keys
        #[arg(long, value_parser = role)]
        role: Role,
        /// For people
        #[arg(long, default_value = "made by farkas keys")]
        name: String,
    },
    /// List keys
    List {
        #[command(flatten)]
        place: Place,
        /// Only this project's
        #[arg(long)]
        project: Option<String>,
    },
    /// Revoke a key: whoever holds it is refused from now on
    Revoke {
        #[command(flatten)]
        place: Place,
        /// Its project
        #[arg(long, default_value = "default")]
        project: String,
        /// Its id, as `list` tells it
        id: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "a role is viewer, user or admin".to_owned())
}

/// Makes, lists or revokes keys; exit 0, or 1 where the key to revoke is not there.
pub fn run(args: KeysArgs) -> Result<Exit, Failure> {
    match args.verb {
        Verb::Create { place, project, role, name } => {
            let made = open(&place)?.make(&project, role, &name).map_err(failed)?;
            if place.json {
                println!("{}", serde_json::to_string_pretty(&made).unwrap_or_default());
            } else {
                eprintln!("Key {} of project {project}, role {}; it is shown this once:", made.view.id, role.name());
                println!("{}", made.key);
            }
        }
        Verb::List { place, project } => {
            let keys = open(&place)?.list(project.as_deref()).map_err(failed)?;
            if place.json {
                println!("{}", serde_json::to_string_pretty(&keys).unwrap_or_default());
            } else {
                for key in keys {
                    let ends = key.expires_at.map(|end| format!("  ends {end}")).unwrap_or_default();
                    println!(
                        "{}  {:16}  {:6}  {}…  {}{ends}",
                        key.id,
                        key.project,
                        key.role.name(),
                        key.begins,
                        key.name
                    );
                }
            }
        }
        Verb::Revoke { place, project, id } => {
            if !open(&place)?.revoke(&project, &id).map_err(failed)? {
                let text = format!("there is no key {id} in the project {project}; `farkas keys list` shows them");
                return Err(Failure::new(Exit::Refuted, text));
            }
        }
    }
    Ok(Exit::Solved)
}

fn open(place: &Place) -> Result<Keys, Failure> {
    Keys::open(&KeysAt { data: place.data.clone(), store: place.store.clone() }).map_err(failed)
}

#[allow(clippy::needless_pass_by_value)] // as map_err hands it over
fn failed(error: farkas_service::ServeError) -> Failure {
    Failure::new(Exit::Failed, format!("{error} [{}]", error.code()))
}
