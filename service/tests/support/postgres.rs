//! A PostgreSQL server of one's own: a cluster in a temporary folder, reached by a socket in it, run as an ordinary user,
//! and gone with whoever started it, however that ends.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    child: Option<Child>,
}

/// Where Debian and others put the programs that only a server needs.
fn programs() -> Option<PathBuf> {
    let named = |folder: PathBuf| folder.join("postgres").exists().then_some(folder);
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, named(entry.path().join("bin"))?)))
        .collect();
    versions.sort();
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find_map(named);
    versions.pop().map(|(_, folder)| folder).or_else(on_path)
}

/// The user who may run a server, when we are root: PostgreSQL refuses that.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody"))
}

impl Server {
    /// Starts one; `None`, said on standard output, where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("not tried on PostgreSQL: it is not installed (Debian: postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).expect("our own folder");
        let cluster = folder.path().join("cluster");
        std::fs::create_dir(&cluster).expect("our own folder");
        std::fs::set_permissions(&cluster, PermissionsExt::from_mode(0o700)).expect("our own folder");
        if let Some((user, group)) = user() {
            chown(&cluster, Some(user), Some(group)).expect("root may");
        }
        let mut server = Self { folder, programs, child: None };
        let made = server
            .command("initdb")
            .args(["--auth=trust", "--username=farkas", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"])
            .arg(&cluster)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.run();
        Some(server)
    }

    /// A program that runs as the server's user and dies with us.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        // QUIT ends a server and all its processes at once.
        command.args(["--pdeathsig", "QUIT"]);
        if let Some((user, group)) = user() {
            command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".into()]);
        }
        command.arg(self.programs.join(program)).current_dir(self.folder.path());
        command
    }

    fn cluster(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    /// Starts it (again) and waits until it answers.
    pub fn run(&mut self) {
        let cluster = self.cluster();
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("our own folder");
        // What is written survives the death of every process without being synced; a power cut is not tried here.
        let child = self
            .command("postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-D"])
            .arg(&cluster)
            .arg("-k")
            .arg(&cluster)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("an open file"))
            .stderr(log)
            .spawn()
            .expect("postgres starts");
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.sql("postgres", "SELECT 1") {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer: {}", self.log());
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok()?);
            assert!(ended.is_none(), "PostgreSQL ended: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it with all its processes, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("our own child");
            child.wait().expect("our own child");
        }
        // The processes that served connections notice, and a new server waits until they have.
    }

    /// A new database in it, and its address.
    pub fn database(&self, name: &str) -> String {
        assert!(self.sql("postgres", &format!("CREATE DATABASE {name}")), "{}", self.log());
        format!("postgres://farkas@localhost/{name}?host={}", self.cluster().display())
    }

    /// Runs a statement; whether it succeeded.
    pub fn sql(&self, database: &str, statement: &str) -> bool {
        let psql = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "farkas", "-d", database, "-h"])
            .arg(self.cluster())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut psql = psql.expect("psql is installed with the server");
        let sent = psql.stdin.take().expect("it was piped").write_all(statement.as_bytes());
        psql.wait().expect("our own child").success() && sent.is_ok()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A folder that is gone with the server.
    #[allow(dead_code)] // not everybody who includes this file needs one
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
