//! The messages of a client: which statements it runs.

use std::collections::HashMap;
use std::io::{self, Read};

/// A message as it was sent.
pub(super) struct Message {
    /// `None` for the first one of a connection.
    pub(super) kind: Option<u8>,
    pub(super) bytes: Vec<u8>,
}

/// Asks whether the connection is to be encrypted.
const SSL_REQUEST: u32 = 80_877_103;
/// No message of a program's is that long.
const LONGEST: usize = 256 * 1024 * 1024;

impl Message {
    /// Reads a message that begins with its kind.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        Self::read_rest(from, Some(kind[0]))
    }

    /// Reads the first message of a connection, which has no kind.
    pub(super) fn read_first(from: &mut impl Read) -> io::Result<Self> {
        Self::read_rest(from, None)
    }

    fn read_rest(from: &mut impl Read, kind: Option<u8>) -> io::Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let rest = (u32::from_be_bytes(length) as usize).checked_sub(4).filter(|rest| *rest <= LONGEST);
        let rest = rest.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let mut bytes: Vec<u8> = kind.into_iter().chain(length).collect();
        let start = bytes.len();
        bytes.resize(start + rest, 0);
        from.read_exact(&mut bytes[start..])?;
        Ok(Self { kind, bytes })
    }

    pub(super) fn asks_for_ssl(&self) -> bool {
        self.kind.is_none() && self.bytes.get(4..8) == Some(&SSL_REQUEST.to_be_bytes())
    }

    /// The texts at its begin.
    fn texts(&self) -> impl Iterator<Item = String> {
        let content = self.bytes.get(5..).unwrap_or_default();
        content.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned())
    }
}

/// The statements that a client has prepared.
#[derive(Default)]
pub(super) struct Statements {
    prepared: HashMap<String, String>,
    bound: HashMap<String, String>,
}

impl Statements {
    /// Takes note of a message; gives the statement that it runs, if it does.
    pub(super) fn run_by(&mut self, message: &Message) -> Option<String> {
        let mut texts = message.texts();
        match message.kind? {
            b'Q' => return texts.next(),
            b'P' => {
                let (name, sql) = (texts.next()?, texts.next()?);
                self.prepared.insert(name, sql);
            }
            b'B' => {
                let (portal, name) = (texts.next()?, texts.next()?);
                let sql = self.prepared.get(&name)?.clone();
                self.bound.insert(portal, sql);
            }
            b'E' => return self.bound.get(&texts.next()?).cloned(),
            _ => {}
        }
        None
    }
}
