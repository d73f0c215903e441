//! A crate of its own, made for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate in a folder of its own, with one aggregate. It shares what is built with this workspace.
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    target: PathBuf,
}

impl Package {
    /// A crate of that name, which has no source yet. Crates of one name would share what is built of them.
    pub(crate) fn new(name: &str) -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = tmp.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             es-core = {{ path = \"{}\" }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n",
            root.join("es-core").display()
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The versions that the workspace was built with are there without a network.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder, target: tmp.parent().unwrap().to_owned() }
    }

    /// Writes the source.
    pub(crate) fn source(&self, source: &str) {
        fs::write(self.folder.join("src/lib.rs"), source).unwrap();
    }

    /// Writes the lock file.
    pub(crate) fn write_lock(&self, text: &str) {
        fs::write(self.folder.join("events.lock"), text).unwrap();
    }

    /// The lock file.
    pub(crate) fn lock(&self) -> String {
        fs::read_to_string(self.folder.join("events.lock")).unwrap()
    }

    /// Runs the tests of the crate, and gives whether they pass and what is said.
    pub(crate) fn test(&self, update: bool) -> (bool, String) {
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--offline", "--lib", "--color=never", "--", "--nocapture"]).current_dir(&self.folder);
        command.env("CARGO_TARGET_DIR", &self.target).env_remove("UPDATE_LOCK").env_remove("RUST_BACKTRACE");
        if update {
            command.env("UPDATE_LOCK", "1");
        }
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.success(), text)
    }

    /// Runs the tests, which pass, and gives what is said.
    #[track_caller]
    pub(crate) fn passes(&self) -> String {
        let (success, text) = self.test(false);
        assert!(success, "{text}");
        text
    }

    /// The only error that the crate does not compile with, and the source that it is at.
    #[track_caller]
    pub(crate) fn does_not_compile(&self) -> (String, String) {
        let (success, text) = self.test(false);
        assert!(!success && text.contains("could not compile"), "{text}");
        assert_eq!(errors(&text).len(), 1, "one mistake, one error: {text}");
        let error = text.lines().skip_while(|line| !is_error(line)).collect::<Vec<_>>().join("\n");
        let place = error.split_once("--> src/lib.rs:").unwrap().1.lines().next().unwrap();
        let (line, column) = place.split_once(':').unwrap();
        let source = fs::read_to_string(self.folder.join("src/lib.rs")).unwrap();
        let line = source.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        let at = line[column.parse::<usize>().unwrap() - 1..].to_owned();
        (error, at)
    }
}

/// The lines that begin the errors of the crate.
pub(crate) fn errors(text: &str) -> Vec<&str> {
    text.lines().filter(is_error).collect()
}

fn is_error(line: &&str) -> bool {
    line.starts_with("error") && !line.contains("could not compile")
}
