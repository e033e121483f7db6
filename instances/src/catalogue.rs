//! The catalogue of an instance folder: what each file is, how large, and what its answer is known to be (`index.csv`).

use std::path::{Path, PathBuf};
use std::str::FromStr;

use farkas_modeling::Sense;
use farkas_modeling::formats::Format;
use serde::{Deserialize, Serialize};

/// Where the folder is, for tests and for those who don't say.
pub const FOLDER_VARIABLE: &str = "FARKAS_INSTANCES";

/// What a problem's constraints and objective are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Linear, continuous.
    Lp,
    /// Linear, with integers, sets, indicators or semicontinuous columns.
    Mip,
    /// Quadratic objective.
    Qp,
    /// Quadratic objective, with integers.
    Miqp,
    /// Quadratic constraints.
    Qcp,
    /// Quadratic constraints, with integers.
    Miqcp,
    /// Beyond quadratic.
    Nlp,
    /// A file that is broken, or should be met with care.
    #[serde(rename = "malformed")]
    Malformed,
}

/// How long HiGHS takes on one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// Below a second.
    Easy,
    /// Below a minute.
    Medium,
    /// More.
    Hard,
}

impl FromStr for Class {
    type Err = String;

    /// By its name, in any case: `LP`, `mip`.
    fn from_str(name: &str) -> Result<Self, String> {
        let all = [
            ("lp", Self::Lp),
            ("mip", Self::Mip),
            ("qp", Self::Qp),
            ("miqp", Self::Miqp),
            ("qcp", Self::Qcp),
            ("miqcp", Self::Miqcp),
            ("nlp", Self::Nlp),
            ("malformed", Self::Malformed),
        ];
        by_name(name, &all, "class")
    }
}

impl FromStr for Difficulty {
    type Err = String;

    /// By its name, in any case: `easy`, `medium`, `hard`.
    fn from_str(name: &str) -> Result<Self, String> {
        by_name(name, &[("easy", Self::Easy), ("medium", Self::Medium), ("hard", Self::Hard)], "difficulty")
    }
}

fn by_name<T: Copy>(name: &str, all: &[(&str, T)], what: &str) -> Result<T, String> {
    let found = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, value)| value);
    let names = || all.iter().map(|&(known, _)| known).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("'{name}' is no {what}; there are {}", names()))
}

/// What is known about a problem's answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Known {
    /// This is the optimum, to a gap of 1e-4 at least.
    Optimal(f64),
    /// No point is feasible.
    Infeasible,
    /// Better without end.
    Unbounded,
    /// Nobody has proven an optimum; the best point seen has this objective.
    Open(Option<f64>),
    /// Readers disagree on what the file says, or it holds what Farkas does not solve.
    Disputed,
    /// The file has to be refused.
    Refused,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its path in the folder, which is its name: `miplib3/air03.mps.gz`.
    pub path: String,
    /// What it is made of, if somebody said.
    pub class: Option<Class>,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// Rows (no free ones), columns, nonzeros (none of the objective), integers.
    pub shape: Option<[usize; 4]>,
    /// Which way its objective goes.
    pub sense: Option<Sense>,
    /// What its answer is.
    pub known: Known,
    /// SHA-256 of the file, in hexadecimal; may be empty.
    pub sha256: String,
    /// Where the answer comes from, and oddities.
    pub notes: String,
}

impl Instance {
    /// A file about which nothing is known.
    pub fn unknown(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            class: None,
            difficulty: None,
            shape: None,
            sense: None,
            known: Known::Unknown,
            sha256: String::new(),
            notes: String::new(),
        }
    }

    /// Its name without folder and suffixes: `air03`.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split_once(".mps").or_else(|| name.split_once('.')).map_or(name, |(stem, _)| stem)
    }

    /// Whether its name is that of a problem file, compressed or not. JSON is not counted: that may be anything.
    pub fn is_problem_file(&self) -> bool {
        Format::of_hint(&self.path).is_some_and(|format| format != Format::Json)
    }
}

/// A folder of instances with what is known about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    folder: PathBuf,
    instances: Vec<Instance>,
}

/// Why a catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file or folder cannot be read.
    #[error("{path}: {source}; is it the folder of instances (with its index.csv)?")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A row makes no sense.
    #[error("{path}, line {line}: {finding}")]
    Row {
        /// The index.
        path: PathBuf,
        /// Where in it.
        line: u64,
        /// What is wrong there.
        finding: String,
    },
}

impl CatalogueError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "catalogue-unreadable",
            Self::Row { .. } => "catalogue-row",
        }
    }
}

/// A row of `index.csv`, as it is written.
#[derive(Deserialize)]
struct Line {
    path: String,
    class: Option<Class>,
    difficulty: Option<Difficulty>,
    rows: Option<usize>,
    cols: Option<usize>,
    nnz: Option<usize>,
    ints: Option<usize>,
    sense: String,
    status: String,
    objective: Option<f64>,
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    notes: String,
}

impl Catalogue {
    /// Reads a folder's `index.csv`.
    ///
    /// # Errors
    /// When it cannot be read, or a row of it makes no sense.
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        let path = folder.join("index.csv");
        let text = std::fs::read(&path).map_err(|source| CatalogueError::Unreadable { path: path.clone(), source })?;
        Self::parse(folder, &text)
    }

    /// The folder that the environment names (`FARKAS_INSTANCES`), if it names one.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_environment() -> Option<Result<Self, CatalogueError>> {
        let folder = std::env::var_os(FOLDER_VARIABLE)?;
        Some(Self::read(Path::new(&folder)))
    }

    fn parse(folder: &Path, index: &[u8]) -> Result<Self, CatalogueError> {
        let row = |line, finding| CatalogueError::Row { path: folder.join("index.csv"), line, finding };
        let mut reader = csv::Reader::from_reader(index);
        let headers = reader.headers().map_err(|error| row(1, error.to_string()))?.clone();
        let mut instances = Vec::new();
        for record in reader.records() {
            let at = |error: &csv::Error| error.position().map_or(0, csv::Position::line);
            let record = record.map_err(|error| row(at(&error), error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let written: Line = record.deserialize(Some(&headers)).map_err(|error| row(line, error.to_string()))?;
            instances.push(written.understand().map_err(|finding| row(line, finding))?);
        }
        Ok(Self { folder: folder.into(), instances })
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them, in the order of the index.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The instance with this path in the folder.
    pub fn find(&self, path: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.path == path)
    }

    /// Where the file of an instance is.
    pub fn file(&self, instance: &Instance) -> PathBuf {
        self.folder.join(&instance.path)
    }
}

impl Line {
    fn understand(self) -> Result<Instance, String> {
        let known = match (self.status.as_str(), self.objective) {
            ("optimal", Some(objective)) => Known::Optimal(objective),
            ("optimal", None) => return Err("an optimal status needs an objective".into()),
            ("infeasible", _) => Known::Infeasible,
            ("unbounded", _) => Known::Unbounded,
            ("open", objective) => Known::Open(objective),
            ("unknown" | "", _) => Known::Unknown,
            ("unsupported" | "ambiguous" | "error|optimal", _) => Known::Disputed,
            ("error", _) => Known::Refused,
            (other, _) => return Err(format!("'{other}' is no status")),
        };
        let sense = match self.sense.as_str() {
            "min" => Some(Sense::Minimize),
            "max" => Some(Sense::Maximize),
            "" | "fea" => None,
            other => return Err(format!("'{other}' is no sense; there are min and max")),
        };
        let shape = [self.rows, self.cols, self.nnz, self.ints].into_iter().collect::<Option<Vec<_>>>();
        Ok(Instance {
            path: self.path,
            class: self.class,
            difficulty: self.difficulty,
            shape: shape.and_then(|shape| shape.try_into().ok()),
            sense,
            known,
            sha256: self.sha256,
            notes: self.notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "path,class,difficulty,rows,cols,nnz,ints,sense,status,objective,source,licence,sha256,notes\n";

    fn parse(rows: &str) -> Result<Catalogue, CatalogueError> {
        Catalogue::parse(Path::new("folder"), format!("{HEAD}{rows}").as_bytes())
    }

    #[test]
    fn rows_become_instances() {
        let catalogue = parse(
            "miplib3/air03.mps.gz,MIP,easy,124,10757,91028,10757,min,optimal,340160,x,y,abc,\"a, b\"\n\
             bad.mps,malformed,,,,,,,error,,x,y,d,\n\
             big.mps.zst,MIP,hard,1,2,3,0,max,open,7.5,x,y,,\n",
        )
        .unwrap();
        let [air, bad, big] = catalogue.instances() else { panic!("three rows") };
        assert_eq!((air.stem(), air.class, air.difficulty), ("air03", Some(Class::Mip), Some(Difficulty::Easy)));
        assert_eq!((air.shape, air.known), (Some([124, 10757, 91028, 10757]), Known::Optimal(340_160.0)));
        assert_eq!((bad.shape, bad.known, bad.sense), (None, Known::Refused, None));
        assert_eq!((big.known, big.sense), (Known::Open(Some(7.5)), Some(Sense::Maximize)));
        assert!(big.is_problem_file());
        assert_eq!(catalogue.file(air), Path::new("folder/miplib3/air03.mps.gz"));
    }

    #[test]
    fn nonsense_is_told_with_its_line() {
        let cases = [
            ("a.mps,LP,easy,1,1,1,0,min,fine,1,,,,\n", "index.csv, line 2: 'fine' is no status"),
            ("a.mps,LP,,1,1,1,0,min,optimal,,,,,\n", "line 2: an optimal status needs an objective"),
            ("a.mps,LP,,,,,,,unknown,,,,,\na.mps,LP,,1,1,1,0,up,optimal,1,,,,\n", "line 3: 'up' is no sense"),
            ("a.mps,LP,,one,1,1,0,min,optimal,1,,,,\n", "line 2: "),
            ("a.mps,LP\n", "line 2: "),
        ];
        for (rows, want) in cases {
            let error = parse(rows).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn classes_and_difficulties_have_names() {
        assert_eq!(("LP".parse(), "miqp".parse()), (Ok(Class::Lp), Ok(Class::Miqp)));
        assert_eq!("Medium".parse(), Ok(Difficulty::Medium));
        let told = "trivial".parse::<Difficulty>().unwrap_err();
        assert_eq!(told, "'trivial' is no difficulty; there are easy, medium, hard");
    }

    #[test]
    fn the_folder_is_read_where_there_is_one() {
        let Some(catalogue) = Catalogue::from_environment() else {
            println!("not run: {FOLDER_VARIABLE} is not set");
            return;
        };
        let catalogue = catalogue.unwrap_or_else(|error| panic!("{error}"));
        assert!(catalogue.instances().len() > 100);
        for instance in catalogue.instances() {
            assert!(catalogue.file(instance).is_file(), "{}", instance.path);
        }
    }
}
