//! `Connection`: what passes between one client and the server.

use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::message::{Message, Statements};
use super::{Cut, Shared};

pub(super) struct Connection {
    shared: Arc<Shared>,
    client: TcpStream,
    server: TcpStream,
    /// Whether the next answer is the last, and does not get through.
    swallow: AtomicBool,
}

impl Connection {
    pub(super) fn start(shared: Arc<Shared>, client: TcpStream, server: TcpStream) {
        let connection = Arc::new(Self { shared, client, server, swallow: AtomicBool::new(false) });
        let other = Arc::clone(&connection);
        std::thread::spawn(move || {
            // Both ways end with whichever ends first.
            let _ = other.pass_to_server();
            if !other.swallow.load(Ordering::SeqCst) {
                shut(&other.client, &other.server);
            }
        });
        std::thread::spawn(move || {
            let _ = connection.pass_to_client();
            shut(&connection.client, &connection.server);
        });
    }

    fn pass_to_server(&self) -> io::Result<()> {
        let mut client = BufReader::new(&self.client);
        let mut server = &self.server;
        let mut statements = Statements::default();
        let mut first = true;
        loop {
            let message = if first { Message::read_first(&mut client)? } else { Message::read(&mut client)? };
            self.shared.pass();
            if message.asks_for_ssl() {
                (&self.client).write_all(b"N")?;
                continue;
            }
            first = false;
            let cut = statements.run_by(&message).and_then(|sql| self.shared.cut(&sql));
            match cut {
                None => server.write_all(&message.bytes)?,
                Some(Cut::Unsent) => return Ok(()),
                Some(cut) => {
                    self.swallow.store(cut == Cut::Answered, Ordering::SeqCst);
                    server.write_all(&message.bytes)?;
                    let mut ended = message.kind == Some(b'Q');
                    // A statement that is executed is done for good with the `Sync` after it.
                    while !ended {
                        let message = Message::read(&mut client)?;
                        server.write_all(&message.bytes)?;
                        ended = message.kind == Some(b'S');
                    }
                    return Ok(());
                }
            }
        }
    }

    fn pass_to_client(&self) -> io::Result<()> {
        let mut server = BufReader::new(&self.server);
        let mut client = &self.client;
        loop {
            let message = Message::read(&mut server)?;
            self.shared.pass();
            if self.swallow.load(Ordering::SeqCst) {
                // It is done when the server is ready for more.
                if message.kind == Some(b'Z') {
                    return Ok(());
                }
            } else {
                client.write_all(&message.bytes)?;
            }
        }
    }
}

/// Cuts a connection; gives whether it was still there.
pub(super) fn shut(client: &TcpStream, server: &TcpStream) -> bool {
    let was_open = client.shutdown(Shutdown::Both).is_ok();
    let _ = server.shutdown(Shutdown::Both);
    was_open
}
