//! Which instances are run: those of a folder or a list that are of the classes and difficulties asked for.

use std::path::{Path, PathBuf};

use farkas_modeling::formats;
use farkas_modeling::statistics::Features;

use super::{BenchError, BenchOptions};
use crate::catalogue::{Catalogue, Class, Instance, Known};

/// The instances that are asked for, and where their paths count from.
pub(super) fn choose(options: &BenchOptions) -> Result<(PathBuf, Vec<Instance>), BenchError> {
    let at = &options.instances;
    let (folder, mut instances) = if at.join("index.csv").is_file() {
        let catalogue = Catalogue::read(at)?;
        (at.clone(), catalogue.instances().to_vec())
    } else if at.is_dir() {
        (at.clone(), files_in(at)?)
    } else {
        listed(at, options.catalogue.as_deref())?
    };
    let class = |instance: &Instance| match instance.class {
        Some(class) if options.classes.is_empty() => matches!(class, Class::Lp | Class::Mip),
        Some(class) => options.classes.contains(&class),
        None => true,
    };
    let difficulty = |instance: &Instance| {
        options.difficulties.is_empty() || instance.difficulty.is_some_and(|d| options.difficulties.contains(&d))
    };
    instances.retain(|instance| class(instance) && difficulty(instance) && instance.known != Known::Refused);
    if instances.is_empty() {
        return Err(BenchError::Nothing { instances: at.clone() });
    }
    Ok((folder, instances))
}

/// The problem files right in a folder that has no index.
fn files_in(folder: &Path) -> Result<Vec<Instance>, BenchError> {
    let error =
        |source| BenchError::File { path: folder.into(), source, remedy: "give a folder or a list of instances" };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        let instance = Instance::unknown(entry.map_err(error)?.file_name().to_string_lossy());
        if instance.is_problem_file() {
            found.push(instance);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The files that a list names, one a line; empty lines and those that begin with # are passed over.
fn listed(list: &Path, catalogue: Option<&Path>) -> Result<(PathBuf, Vec<Instance>), BenchError> {
    let remedy = "give a folder or a list of instances";
    let text =
        std::fs::read_to_string(list).map_err(|source| BenchError::File { path: list.into(), source, remedy })?;
    let catalogue = catalogue.map(Catalogue::read).transpose()?;
    let here = list.parent().unwrap_or(Path::new("")).to_path_buf();
    let folder = catalogue.as_ref().map_or(here, |catalogue| catalogue.folder().to_path_buf());
    let known = |path: &str| catalogue.as_ref().and_then(|catalogue| catalogue.find(path)).cloned();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok((folder, lines.map(|path| known(path).unwrap_or_else(|| Instance::unknown(path))).collect()))
}

/// What rules see of a file; nothing of one that cannot be read, which is the run's to tell.
pub(super) fn features(file: &Path) -> Option<Features> {
    let bytes = std::fs::read(file).ok()?;
    let name = file.file_name()?.to_string_lossy();
    Some(Features::of(&formats::read_problem(&bytes, Some(&name)).ok()?.value))
}
