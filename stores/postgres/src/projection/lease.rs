//! `PostgresLease`: the right to advance a projection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::leases::Command;

/// The right to advance a projection whose read model is in a PostgreSQL database.
///
/// It is renewed for as long as this is there. It ends at once with the process that has it, and when that cannot be
/// reached, after the [lease time](crate::PostgresStoreBuilder::lease_time). Whatever is under way under a lease that another
/// one has taken over cannot be committed.
#[derive(Debug)]
pub struct PostgresLease {
    pub(super) projection: String,
    /// The number of this lease; a later one has a greater number.
    pub(super) epoch: i64,
    pub(super) place: Arc<str>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

/// A lease that this process is giving back: of which store and projection, and what tells the end of it.
type Release = (Arc<str>, String, watch::Receiver<()>);

/// The server is told by another task; whoever asks for the lease next in this process waits for that.
static RELEASES: Mutex<Vec<Release>> = Mutex::new(Vec::new());
/// Where the server does not answer, it finds out by itself.
const PATIENCE: Duration = Duration::from_secs(2);

fn releases() -> MutexGuard<'static, Vec<Release>> {
    RELEASES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the leases of a projection that this process has dropped are free.
pub(super) async fn released(place: &str, projection: &str) {
    let mut ours = Vec::new();
    releases().retain(|(at, of, done)| {
        if &**at == place && of == projection {
            ours.push(done.clone());
        }
        done.has_changed().is_ok()
    });
    for mut done in ours {
        // An error says that there is nobody any more who would tell.
        let _ = tokio::time::timeout(PATIENCE, done.changed()).await;
    }
}

impl Drop for PostgresLease {
    fn drop(&mut self) {
        let (done, is_done) = watch::channel(());
        releases().push((Arc::clone(&self.place), self.projection.clone(), is_done));
        let projection = std::mem::take(&mut self.projection);
        // Where nobody listens any more, the connection is gone, and the lease with it.
        let _ = self.commands.send(Command::Release { projection, epoch: self.epoch, done });
    }
}
