//! Where a solver's library may lie: the file or folder that the user names, the vendor's own variables, its usual install
//! folders, the loader's path, and Python environments with the vendor's wheel. Nothing is opened here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Environment variable that names a Python environment with wheels of solvers.
pub const WHEELS_VARIABLE: &str = "FARKAS_WHEELS";

/// Most entries of one folder that are looked at.
const MOST_ENTRIES: usize = 4096;

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// The variable that names the library (or a folder or Python environment with it), and then nothing else counts.
    pub variable: &'static str,
    /// How the file's name begins: digits, `.so` and perhaps more digits follow.
    pub stem: &'static str,
    /// How many digits of the number in the name are the major version; 0 where the number counts as it is.
    pub major_digits: usize,
    /// The vendor's own variables (a trailing `*` stands for any end), with the folder below that holds the library.
    pub homes: &'static [(&'static str, &'static str)],
    /// Usual folders, `*` standing for any part of one name.
    pub folders: &'static [&'static str],
    /// Its folder in a Python environment's `site-packages`.
    pub wheel: &'static str,
}

/// A file to try, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The library.
    pub path: PathBuf,
    /// Where the path came from: a variable, or the folder it was found in.
    pub how: String,
}

/// What is asked of the surroundings; a test has its own.
pub trait Surroundings {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<OsString>;
    /// All variables whose names begin so.
    fn variables(&self, prefix: &str) -> Vec<(String, OsString)>;
}

/// This process' own.
#[derive(Debug, Clone, Copy)]
pub struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    fn variables(&self, prefix: &str) -> Vec<(String, OsString)> {
        let named = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        named.filter(|(name, value)| name.starts_with(prefix) && !value.is_empty()).collect()
    }
}

impl Search {
    /// All files that may be it, the likeliest first. `configured` is what a configuration names; it counts like the
    /// variable, and before it.
    pub fn candidates(&self, configured: Option<&Path>, around: &impl Surroundings) -> Vec<Candidate> {
        let named = configured
            .map(|path| (path.to_owned(), "the configuration".to_owned()))
            .or_else(|| Some((around.variable(self.variable)?.into(), self.variable.to_owned())));
        let mut found = Vec::new();
        if let Some((path, how)) = named {
            if path.is_dir() {
                self.below(&path, &how, &mut found);
            } else {
                found.push(Candidate { path, how });
            }
            return found; // whoever names a file means that one
        }
        for (variable, below) in self.homes {
            let set = match variable.strip_suffix('*') {
                Some(prefix) => around.variables(prefix),
                None => around.variable(variable).map(|value| ((*variable).to_owned(), value)).into_iter().collect(),
            };
            for (name, value) in set {
                for folder in expand(&Path::new(&value).join(below)) {
                    self.in_folder(&folder, &name, &mut found);
                }
            }
        }
        for pattern in self.folders {
            for folder in expand(Path::new(pattern)) {
                self.in_folder(&folder, &folder.display().to_string(), &mut found);
            }
        }
        for folder in around.variable("LD_LIBRARY_PATH").iter().flat_map(std::env::split_paths) {
            self.in_folder(&folder, "LD_LIBRARY_PATH", &mut found);
        }
        for variable in [WHEELS_VARIABLE, "VIRTUAL_ENV", "CONDA_PREFIX"] {
            if let Some(environment) = around.variable(variable) {
                self.in_environment(Path::new(&environment), variable, &mut found);
            }
        }
        found
    }

    /// What was looked for and what to do about it, for people.
    pub fn remedy(&self, solver: &str, package: &str) -> String {
        let homes: Vec<&str> = self.homes.iter().map(|home| home.0).collect();
        format!(
            "no {}*.so was found by {}, in {} or a Python environment ({WHEELS_VARIABLE}, VIRTUAL_ENV): install {solver}, or \
             its free edition by `pip install {package}`, and name its library (or that environment) by {}",
            self.stem,
            homes.join(", "),
            self.folders.join(", "),
            self.variable
        )
    }

    /// In a folder that somebody named, itself or as a Python environment.
    fn below(&self, folder: &Path, how: &str, found: &mut Vec<Candidate>) {
        self.in_folder(folder, how, found);
        for (_, below) in self.homes {
            for folder in expand(&folder.join(below)) {
                self.in_folder(&folder, how, found);
            }
        }
        self.in_environment(folder, how, found);
    }

    fn in_environment(&self, environment: &Path, how: &str, found: &mut Vec<Candidate>) {
        let pattern = environment.join("lib").join("python3*").join("site-packages").join(self.wheel);
        for folder in expand(&pattern) {
            self.in_folder(&folder, how, found);
        }
    }

    /// The newest first.
    fn in_folder(&self, folder: &Path, how: &str, found: &mut Vec<Candidate>) {
        let mut here: Vec<(Vec<u64>, PathBuf)> = names(folder)
            .into_iter()
            .filter_map(|name| Some((self.version(&name)?, folder.join(name))))
            .filter(|(_, path)| path.is_file() && !found.iter().any(|known| known.path == *path))
            .collect();
        here.sort();
        found.extend(here.into_iter().rev().map(|(_, path)| Candidate { path, how: how.to_owned() }));
    }

    /// The numbers in a file's name, to compare by; `None` when it is another file.
    fn version(&self, name: &str) -> Option<Vec<u64>> {
        let (number, more) = name.strip_prefix(self.stem)?.split_once(".so")?;
        let major = &number[..self.major_digits.min(number.len())];
        let parts = [major, &number[major.len()..]].into_iter().chain(more.split('.')).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()))).collect()
    }
}

/// The names in a folder; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.take(MOST_ENTRIES).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// The folders that a pattern means; in a part with a `*`, the last ones by name come first.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    for part in pattern {
        let Some((start, end)) = part.to_str().and_then(|part| part.split_once('*')) else {
            for folder in &mut folders {
                folder.push(part);
            }
            continue;
        };
        let fits =
            |name: &String| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end);
        folders = folders
            .iter()
            .flat_map(|folder| {
                let mut here: Vec<String> = names(folder).into_iter().filter(fits).collect();
                here.sort();
                here.into_iter().rev().map(|name| folder.join(name))
            })
            .collect();
    }
    folders.retain(|folder| folder.is_dir());
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search = Search {
        variable: "FARKAS_TOY_LIBRARY",
        stem: "libtoy",
        major_digits: 2,
        homes: &[("TOY_HOME", "lib"), ("TOY_STUDIO*", "toy/bin/x86-64_*")],
        folders: &[],
        wheel: "toy/inside",
    };

    struct Set(Vec<(&'static str, PathBuf)>);

    impl Surroundings for Set {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        }

        fn variables(&self, prefix: &str) -> Vec<(String, OsString)> {
            let all = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
            all.map(|(name, value)| ((*name).to_owned(), value.into())).collect()
        }
    }

    /// A folder with these files, removed at the end.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[&str]) -> Self {
            let root = std::env::temp_dir().join(format!("farkas-find-{}-{name}", std::process::id()));
            for file in files {
                let path = root.join(file);
                std::fs::create_dir_all(path.parent().expect("it lies in the root")).expect("a temporary folder");
                std::fs::write(path, "").expect("a temporary file");
            }
            Self(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn libraries_are_found_where_they_may_lie_and_the_newest_first() {
        let tree = Tree::new(
            "order",
            &[
                "home/lib/libtoy12100.so",
                "home/lib/libtoy2220.so",
                "home/lib/libtoy.so.47",
                "home/lib/libtoyws.so",
                "home/lib/libtoy22.a",
                "studio/toy/bin/x86-64_linux/libtoy2210.so",
                "python/lib/python3.11/site-packages/toy/inside/libtoy2230.so",
            ],
        );
        let at = |part: &str| tree.0.join(part);
        let found = |configured: Option<&Path>, set: Vec<(&'static str, PathBuf)>| -> Vec<(PathBuf, String)> {
            let candidates = SEARCH.candidates(configured, &Set(set));
            candidates.into_iter().map(|c| (c.path, c.how)).collect()
        };
        let want = |rows: &[(&str, &str)]| -> Vec<(PathBuf, String)> {
            rows.iter().map(|(path, how)| (at(path), (*how).to_owned())).collect()
        };
        let all = vec![("VIRTUAL_ENV", at("python")), ("TOY_STUDIO_DIR2210", at("studio")), ("TOY_HOME", at("home"))];
        assert_eq!(
            found(None, all.clone()),
            want(&[
                ("home/lib/libtoy.so.47", "TOY_HOME"),
                ("home/lib/libtoy2220.so", "TOY_HOME"),
                ("home/lib/libtoy12100.so", "TOY_HOME"),
                ("studio/toy/bin/x86-64_linux/libtoy2210.so", "TOY_STUDIO_DIR2210"),
                ("python/lib/python3.11/site-packages/toy/inside/libtoy2230.so", "VIRTUAL_ENV"),
            ])
        );
        // What somebody names is all there is: a file, a folder, an installation, a Python environment.
        for (named, first) in [
            ("home/lib/libtoy12100.so", "home/lib/libtoy12100.so"),
            ("home/lib", "home/lib/libtoy.so.47"),
            ("studio", "studio/toy/bin/x86-64_linux/libtoy2210.so"),
            ("python", "python/lib/python3.11/site-packages/toy/inside/libtoy2230.so"),
            ("nowhere/libtoy1.so", "nowhere/libtoy1.so"),
        ] {
            let mut set = all.clone();
            set.push(("FARKAS_TOY_LIBRARY", at(named)));
            let by_variable = found(None, set);
            assert_eq!(by_variable[0], (at(first), "FARKAS_TOY_LIBRARY".to_owned()), "{named}");
            assert!(by_variable.iter().all(|(_, how)| how == "FARKAS_TOY_LIBRARY"), "{named}");
            assert_eq!(found(Some(&at(named)), all.clone())[0].1, "the configuration");
        }
        assert_eq!(found(None, Vec::new()), []);
    }
}
