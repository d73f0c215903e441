//! `Proxy`: stands between a program and its server, and cuts their connections.

mod connection;
mod message;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use connection::Connection;

/// When a connection is cut, of what it does with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before the server gets to know of it.
    Unsent,
    /// As soon as it has been sent: the server does it, or does not.
    Sent,
    /// When the server has done it, and before the answer reaches the program.
    Answered,
}

/// Stands between a program and its server, and cuts their connections at the moments that matter.
///
/// Programs connect to its [address](Self::address). It is gone with this value.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

type Matches = Box<dyn Fn(&str) -> bool + Send>;

/// What all connections share.
struct Shared {
    target: Mutex<SocketAddr>,
    /// Whether nothing passes, though nothing is cut.
    stalled: Mutex<bool>,
    moved: Condvar,
    armed: Mutex<Option<(Cut, Matches)>>,
    cuts: AtomicUsize,
    connections: Mutex<Vec<(TcpStream, TcpStream)>>,
    closed: AtomicBool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("target", &self.target).field("cuts", &self.cuts).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Stands before the server at `target`.
    ///
    /// # Errors
    ///
    /// When it cannot listen.
    pub fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            stalled: Mutex::new(false),
            moved: Condvar::new(),
            armed: Mutex::new(None),
            cuts: AtomicUsize::new(0),
            connections: Mutex::new(Vec::new()),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.closed.load(Ordering::SeqCst) {
                    return;
                }
                accepting.connect(client);
            }
        });
        Ok(Self { shared, address })
    }

    /// Where programs connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stands before another server from now on. The connections that there are stay.
    pub fn set_target(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// Cuts all connections; gives how many there were.
    pub fn cut_all(&self) -> usize {
        let mut connections = lock(&self.shared.connections);
        let cut = connections.drain(..).filter(|(client, server)| connection::shut(client, server)).count();
        self.shared.cuts.fetch_add(cut, Ordering::SeqCst);
        cut
    }

    /// Lets nothing pass any more, in either direction, and cuts nothing: as a network does that has lost its way.
    pub fn stall(&self) {
        *lock(&self.shared.stalled) = true;
    }

    /// Lets everything pass again.
    pub fn resume(&self) {
        *lock(&self.shared.stalled) = false;
        self.shared.moved.notify_all();
    }

    /// Cuts the next connection that runs a statement for which `matches` is true; the others go on.
    pub fn cut_at(&self, cut: Cut, matches: impl Fn(&str) -> bool + Send + 'static) {
        *lock(&self.shared.armed) = Some((cut, Box::new(matches)));
    }

    /// Whether a cut is still to come.
    pub fn is_armed(&self) -> bool {
        lock(&self.shared.armed).is_some()
    }

    /// How many connections it has cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Whoever accepts looks at it now.
        let _ = TcpStream::connect(self.address);
        self.resume();
        self.cut_all();
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        // A server that is away is a connection that is closed at once.
        let Ok(server) = TcpStream::connect(*lock(&self.target)) else { return };
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        if let (Ok(one), Ok(two)) = (client.try_clone(), server.try_clone()) {
            lock(&self.connections).push((one, two));
            Connection::start(Arc::clone(self), client, server);
        }
    }

    /// Waits while nothing passes.
    fn pass(&self) {
        let mut stalled = lock(&self.stalled);
        while *stalled {
            stalled = self.moved.wait(stalled).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the connection that is about to run a statement is cut, and when.
    fn cut(&self, sql: &str) -> Option<Cut> {
        let mut armed = lock(&self.armed);
        let (cut, _) = armed.take_if(|(_, matches)| matches(sql))?;
        self.cuts.fetch_add(1, Ordering::SeqCst);
        Some(cut)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
