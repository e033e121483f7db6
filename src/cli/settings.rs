//! Where the service's settings come from: a flag, else an environment variable, else the configuration file, else the
//! default. One table, the flags of `farkas serve`, names them all: `--queued-jobs` is `FARKAS_QUEUED_JOBS` in the
//! environment and `queued_jobs` in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::cli::{Exit, Failure};

/// The subcommands that take the service's settings.
pub const COMMANDS: [&str; 3] = ["serve", "node", "config"];

/// Names the file; a setting in itself, but not in the file.
const FILE: &str = "config";
/// Flags of `farkas config` that are no settings.
const OTHERS: [&str; 5] = ["help", "version", FILE, "show", "json"];

/// Settings whose values are not shown.
const SECRET: [&str; 1] = ["admin_key"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag,
    /// The variable's name.
    Environment(String),
    /// The file.
    File(PathBuf),
    Default,
}

/// A setting as it came out.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file.
    pub name: String,
    /// Its value; `None` where the default depends on the machine, and is not a fixed value.
    pub value: Option<String>,
    pub origin: Origin,
}

/// Gives every setting its environment variable.
pub fn with_environment(command: Command) -> Command {
    COMMANDS.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| {
            command.mut_args(|arg| if is_setting(&arg) || arg.get_id() == FILE { of_environment(arg) } else { arg })
        })
    })
}

fn is_setting(arg: &Arg) -> bool {
    !OTHERS.contains(&arg.get_id().as_str())
}

fn of_environment(arg: Arg) -> Arg {
    let variable = variable(arg.get_id().as_str());
    arg.env(variable).hide_env_values(true)
}

/// Settings that have a variable of their own name and, where that is not set, one that other programs go by as well.
const COMMON: [(&str, &str); 1] = [("otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT")];

fn variable(setting: &str) -> String {
    let own = format!("FARKAS_{}", setting.to_ascii_uppercase());
    let is_set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let common = COMMON.into_iter().find(|(name, common)| *name == setting && !is_set(&own) && is_set(common));
    common.map_or(own, |(_, common)| common.into())
}

/// Parses again with the file's values as defaults, if the command takes settings and a file is named.
pub fn with_file(command: &Command, arguments: &[std::ffi::OsString]) -> Result<ArgMatches, Failure> {
    let matches = command.clone().get_matches_from(arguments);
    let Some((name, given)) = matches.subcommand().filter(|(name, _)| COMMANDS.contains(name)) else {
        return Ok(matches);
    };
    let Some(path) = given.get_one::<PathBuf>(FILE) else { return Ok(matches) };
    // One file may serve a service and its nodes, which have not all of its settings.
    let known = |name| command.find_subcommand(name).map(names).unwrap_or_default();
    let (settings, own) = ([known("serve"), known(name)].concat(), known(name));
    let mut values = read(path, &settings)?;
    values.retain(|setting, _| own.contains(setting));
    let with_values = |command: Command| {
        values
            .into_iter()
            .fold(command, |command, (setting, values)| command.mut_arg(setting, |arg| arg.default_values(values)))
    };
    Ok(command.clone().mut_subcommand(name, with_values).get_matches_from(arguments))
}

fn names(command: &Command) -> Vec<String> {
    command.get_arguments().filter(|arg| is_setting(arg)).map(|arg| arg.get_id().to_string()).collect()
}

/// Every setting with its value and where it came from, in the order of `farkas serve --help`.
pub fn listed(command: &Command, given: &ArgMatches) -> Result<Vec<Setting>, Failure> {
    let path = given.get_one::<PathBuf>(FILE);
    let in_file = match path {
        Some(path) => read(path, &names(command))?,
        None => BTreeMap::new(),
    };
    let setting = |name: String| {
        let values = given.get_raw(&name).map(|values| {
            let texts: Vec<_> = values.map(|value| without_password(&value.to_string_lossy())).collect();
            if SECRET.contains(&name.as_str()) { "…".into() } else { texts.join(", ") }
        });
        let origin = match given.value_source(&name) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Environment(variable(&name)),
            _ => match path.filter(|_| in_file.contains_key(&name)) {
                Some(path) => Origin::File(path.clone()),
                None => Origin::Default,
            },
        };
        Setting { name, value: values, origin }
    };
    Ok(names(command).into_iter().map(setting).collect())
}

/// An address is shown without the password in it.
fn without_password(value: &str) -> String {
    let shown = || {
        let (scheme, rest) = value.split_once("://")?;
        // What follows may name a password as well.
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
        let shown = match rest.rsplit_once('@') {
            Some((user, place)) => match user.split_once(':') {
                Some((name, _)) => format!("{name}:…@{place}"),
                None => rest.to_owned(),
            },
            None => rest.to_owned(),
        };
        Some(format!("{scheme}://{shown}{query}"))
    };
    shown().unwrap_or_else(|| value.into())
}

/// Reads a file: names of settings and their values as text.
fn read(path: &Path, settings: &[String]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let wrong = |finding: String| Failure::new(Exit::Usage, format!("{}{finding}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!(": {error}")))?;
    parse(&text, settings).map_err(|fault| match fault.at {
        Some(at) => {
            let line = text[..at].matches('\n').count() + 1;
            let column = at - text[..at].rfind('\n').map_or(0, |newline| newline + 1) + 1;
            wrong(format!(", line {line}, column {column}: {}", fault.finding))
        }
        None => wrong(format!(": {}", fault.finding)),
    })
}

#[derive(Debug)]
struct Fault {
    /// Byte in the text.
    at: Option<usize>,
    finding: String,
}

fn parse(text: &str, settings: &[String]) -> Result<BTreeMap<String, Vec<String>>, Fault> {
    type Entries = BTreeMap<toml::Spanned<String>, toml::Spanned<toml::Value>>;
    let entries: Entries = toml::from_str(text)
        .map_err(|error| Fault { at: error.span().map(|span| span.start), finding: error.message().to_string() })?;
    let mut values = BTreeMap::new();
    for (name, value) in entries {
        let at = Some(name.span().start);
        if !settings.contains(name.get_ref()) {
            return Err(Fault { at, finding: unknown(name.get_ref(), settings) });
        }
        let at = Some(value.span().start);
        let texts = texts(value.into_inner()).ok_or_else(|| Fault {
            at,
            finding: format!("'{}' takes a text, a number, true or false, or a list of them", name.get_ref()),
        })?;
        values.insert(name.into_inner(), texts);
    }
    Ok(values)
}

fn unknown(name: &str, settings: &[String]) -> String {
    let nearest =
        settings.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let hint = nearest.map(|nearest| format!("; the nearest is '{nearest}'")).unwrap_or_default();
    format!("there is no setting '{name}'{hint} (`farkas config` lists all)")
}

/// A value as a flag takes it: a list is several, a table several `name=value`.
fn texts(value: toml::Value) -> Option<Vec<String>> {
    let one = |value: toml::Value| match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    };
    match value {
        toml::Value::Array(values) => values.into_iter().map(one).collect(),
        toml::Value::Table(entries) => {
            entries.into_iter().map(|(name, value)| Some(format!("{name}={}", one(value)?))).collect()
        }
        other => one(other).map(|text| vec![text]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_its_places() {
        let settings = ["listen", "queued_jobs", "licences"].map(String::from);
        let text = "listen = \"127.0.0.1:0\"\nqueued_jobs = 3\n[licences]\ncplex = 2\n";
        let values = parse(text, &settings).unwrap();
        assert_eq!(values["listen"], ["127.0.0.1:0"]);
        assert_eq!(values["queued_jobs"], ["3"]);
        assert_eq!(values["licences"], ["cplex=2"]);
        let cases = [
            ("listen = 1\nqueud_jobs = 3\n", Some(11), "the nearest is 'queued_jobs'"),
            ("listen = \n", None, ""),
            ("listen = [[1]]\n", Some(9), "takes a text"),
        ];
        for (text, at, finding) in cases {
            let fault = parse(text, &settings).unwrap_err();
            assert!(fault.finding.contains(finding), "{text}: {fault:?}");
            assert!(at.is_none() || fault.at == at, "{text}: {fault:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let cases = [
            ("postgres://farkas:secret@db/farkas", "postgres://farkas:…@db/farkas"),
            ("postgres://farkas@db/farkas", "postgres://farkas@db/farkas"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ];
        for (value, shown) in cases {
            assert_eq!(without_password(value), shown);
        }
    }
}
