//! `Node`: a server that this program has started, and that it can kill.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};

use crate::error::ServerError;
use crate::folder::Folder;
use crate::install::{self, last_lines};
use crate::watchdog::Watchdog;
use crate::{sql, user};

/// How long a server may take for something.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a server may take to end at once.
const END: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// What is the same for all: durable, as by default, and small.
const SETTINGS: [&str; 10] = [
    "unix_socket_directories=",
    "listen_addresses=127.0.0.1",
    "shared_buffers=32MB",
    "max_connections=200",
    "max_wal_size=256MB",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "wal_retrieve_retry_interval=200ms",
    "autovacuum_naptime=10s",
];

/// One that nobody guesses: other users of the machine could connect too.
static PASSWORD: LazyLock<String> = LazyLock::new(|| {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:016x}{:016x}", RandomState::new().hash_one(1), RandomState::new().hash_one(2))
});

/// A private server: it is stopped, and its files are removed, when this is dropped and when the program ends.
#[derive(Debug)]
pub struct Node {
    programs: PathBuf,
    port: u16,
    server: Mutex<Option<Child>>,
    // Dropped in this order: the folder is unlocked when it is gone.
    _watchdog: Watchdog,
    folder: Folder,
}

impl Node {
    /// Starts a new, empty server.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotInstalled`], with a line that says what to install, or what the programs of the server say.
    pub fn start() -> Result<Self, ServerError> {
        let node = Self::prepare()?;
        let password = node.folder.path().join("password");
        fs::write(&password, PASSWORD.as_bytes()).map_err(ServerError::io("write", &password))?;
        user::give(&password);
        let mut initdb = node.program("initdb");
        initdb.args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=password", "--username=postgres"]);
        initdb.arg("--pgdata").arg(node.folder.data()).arg("--pwfile").arg(&password);
        finish(initdb)?;
        node.launch()
    }

    fn prepare() -> Result<Self, ServerError> {
        let programs = install::programs()?;
        let folder = Folder::new()?;
        let watchdog = Watchdog::start(folder.path())?;
        Ok(Self { programs, port: 0, server: Mutex::new(None), _watchdog: watchdog, folder })
    }

    /// Starts the server on a port that is free.
    fn launch(mut self) -> Result<Self, ServerError> {
        let mut tries = 0;
        loop {
            self.port = free_port()?;
            tries += 1;
            match self.restart() {
                // Another program may have been faster.
                Err(ServerError::Ended { log }) if tries < 5 && log.contains("Address already in use") => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(self),
            }
        }
    }

    fn program(&self, name: &str) -> Command {
        let mut command = user::command(self.programs.join(name));
        command.stdin(Stdio::null());
        command
    }

    fn server(&self) -> MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What is needed to connect to its database `postgres`, as its superuser.
    pub fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port);
        options.username("postgres").password(&PASSWORD).database("postgres").ssl_mode(PgSslMode::Disable)
    }

    /// Runs statements, and gives the rows.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn sql(&self, statements: &str) -> Result<Vec<PgRow>, ServerError> {
        sql::run(&self.options(), statements)
    }

    /// Ends all other connections, in the midst of whatever they do; gives how many there were.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn terminate_backends(&self) -> Result<usize, ServerError> {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        Ok(self.sql(sql)?.len())
    }

    /// Kills the server, with all its processes and at once, as a crash would.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn kill(&self) -> Result<(), ServerError> {
        let mut server = self.server();
        let Some(mut child) = server.take() else { return Ok(()) };
        // Stopped first, so that it makes no more of them.
        signal("-STOP", &[child.id()])?;
        let mut all = children(child.id());
        all.push(child.id());
        signal("-KILL", &all)?;
        child.wait().map_err(ServerError::io("wait for", "postgres"))?;
        // It is in the way of the next one for as long as the number is another process's. What it says of shared memory
        // is for the one who cleans up: nobody else gives that back.
        let _ = fs::rename(self.folder.data().join("postmaster.pid"), self.folder.killed());
        self.wait_for_the_last()
    }

    /// Waits until the last process of a server that was killed is gone: they end each in their own time, and the next
    /// server does not start while one of them has its shared memory.
    fn wait_for_the_last(&self) -> Result<(), ServerError> {
        let note = fs::read_to_string(self.folder.killed()).unwrap_or_default();
        let Some(id) = note.lines().nth(6).and_then(|memory| memory.split_whitespace().nth(1)) else { return Ok(()) };
        let began = Instant::now();
        while is_attached(id) {
            if began.elapsed() > PATIENCE {
                return Err(ServerError::Silent { what: "end", log: self.last_of_log() });
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Has the server end at once, but by itself, so that it gives its shared memory back.
    fn quit(&self) -> Result<(), ServerError> {
        let mut server = self.server();
        let Some(child) = server.as_mut() else { return Ok(()) };
        signal("-QUIT", &[child.id()])?;
        let began = Instant::now();
        while began.elapsed() < END {
            if child.try_wait().map_err(ServerError::io("wait for", "postgres"))?.is_some() {
                *server = None;
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Starts it again, at the same address; returns when it answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn restart(&self) -> Result<(), ServerError> {
        // A server takes over the shared memory of the one before.
        let _ = fs::remove_file(self.folder.killed());
        let log = self.folder.log();
        let out = File::options().create(true).append(true).open(&log).map_err(ServerError::io("write", &log))?;
        let err = out.try_clone().map_err(ServerError::io("write", &log))?;
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.folder.data()).args(["-p", &self.port.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let child = command.process_group(0).stdout(out).stderr(err).spawn();
        *self.server() = Some(child.map_err(ServerError::io("run", self.programs.join("postgres")))?);
        self.wait_until("answer", |node| Ok(node.sql("SELECT 1").is_ok()))
    }

    /// Waits for something; fails when the server has ended.
    fn wait_until(
        &self,
        what: &'static str,
        mut is: impl FnMut(&Self) -> Result<bool, ServerError>,
    ) -> Result<(), ServerError> {
        let began = Instant::now();
        while !is(self)? {
            if self.server().as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None))) {
                *self.server() = None;
                return Err(ServerError::Ended { log: self.last_of_log() });
            }
            if began.elapsed() > PATIENCE {
                return Err(ServerError::Silent { what, log: self.last_of_log() });
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn last_of_log(&self) -> String {
        last_lines(&fs::read(self.folder.log()).unwrap_or_default())
    }

    /// Starts a standby of this server. From then on a commit here is answered when the standby has it too.
    ///
    /// # Errors
    ///
    /// What the programs of the server say.
    pub fn standby(&self) -> Result<Self, ServerError> {
        let standby = Self::prepare()?;
        let mut backup = standby.program("pg_basebackup");
        let address = format!("host=127.0.0.1 port={} user=postgres password={}", self.port, *PASSWORD);
        backup.args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync", "--dbname"]);
        backup.arg(address).arg("--pgdata").arg(standby.folder.data());
        finish(backup)?;
        let standby = standby.launch()?;
        // After the backup, so that the standby does not wait for a standby once it has taken over.
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.sql("SELECT pg_reload_conf()")?;
        self.wait_until("follow", |node| {
            let rows = node.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")?;
            Ok(rows.first().is_some_and(|row| row.get::<i64, _>(0) == 1))
        })?;
        Ok(standby)
    }

    /// Has a standby take over. The server that it followed has to be dead.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn promote(&self) -> Result<(), ServerError> {
        self.sql("SELECT pg_promote(true, 60)")?;
        self.wait_until("take over", |node| {
            let rows = node.sql("SELECT pg_is_in_recovery()")?;
            Ok(rows.first().is_some_and(|row| !row.get::<bool, _>(0)))
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // There is nothing to keep. What does not end is killed.
        let _ = self.quit();
        let _ = self.kill();
    }
}

/// A port that nobody listens on.
fn free_port() -> Result<u16, ServerError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(ServerError::io("listen on", "127.0.0.1"))
}

fn finish(mut command: Command) -> Result<(), ServerError> {
    let program = command.get_program().to_owned();
    let output = command.output().map_err(ServerError::io("run", program))?;
    if output.status.success() {
        return Ok(());
    }
    let name = command.get_args().chain([command.get_program()]).find_map(|part| {
        let name = Path::new(part).file_name()?.to_str()?;
        ["initdb", "pg_basebackup"].contains(&name).then(|| name.to_owned())
    });
    let output = last_lines(&[output.stdout, output.stderr].concat());
    Err(ServerError::Program { command: name.unwrap_or_default(), output })
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<u32> {
    let parse = |text: &str| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) {
        return parse(&text);
    }
    let output = Command::new("pgrep").args(["-P", &pid.to_string()]).stdin(Stdio::null()).output();
    output.map_or_else(|_| Vec::new(), |output| parse(&String::from_utf8_lossy(&output.stdout)))
}

/// Whether a process has this shared memory. Only Linux shows it.
fn is_attached(id: &str) -> bool {
    let all = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    all.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next() == Some(id) && fields.nth(4).is_some_and(|attached| attached != "0")
    })
}

fn signal(name: &str, pids: &[u32]) -> Result<(), ServerError> {
    let mut command = Command::new("sh");
    // The shell's own `kill`: not every machine has the program. One that has ended meanwhile is no mistake.
    command.args([
        "-c",
        r#"signal=$1; shift; for pid; do kill "$signal" "$pid" 2>/dev/null; done; true"#,
        "kill",
        name,
    ]);
    command.args(pids.iter().map(ToString::to_string));
    command.status().map(drop).map_err(ServerError::io("run", "sh"))
}
