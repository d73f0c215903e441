//! A receiver: takes requests, and answers as it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What is done with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status, and headers.
    Status(u16, &'static str),
    /// The connection is closed before the request is read.
    DropBefore,
    /// The request is taken, and the connection closed without an answer.
    DropAfter,
    /// The request is taken, and a part of an answer given.
    Torn,
    /// The request is taken, and there is no answer for this time.
    Late(Duration),
}

impl Answer {
    pub(crate) const OK: Self = Self::Status(202, "");
}

/// A request that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

type Decide = Box<dyn FnMut() -> Answer + Send>;

/// A receiver that runs until it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: String,
    taken: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) async fn new(decide: impl FnMut() -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/news?a=b", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let decide: Arc<Mutex<Decide>> = Arc::new(Mutex::new(Box::new(decide)));
        let kept = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (taken, decide) = (Arc::clone(&kept), Arc::clone(&decide));
                tokio::spawn(async move {
                    // A client that is gone is none of the receiver's business.
                    let _ = serve(stream, &taken, &decide).await;
                });
            }
        });
        Self { address, taken, task }
    }

    /// The requests that were taken, answered or not, in order.
    pub(crate) fn taken(&self) -> Vec<Request> {
        self.taken.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, taken: &Mutex<Vec<Request>>, decide: &Mutex<Decide>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while !stream.fill_buf().await?.is_empty() {
        let answer = decide.lock().unwrap()();
        if matches!(answer, Answer::DropBefore) {
            return Ok(());
        }
        let request = read(&mut stream).await?;
        taken.lock().unwrap().push(request);
        match answer {
            Answer::DropBefore | Answer::DropAfter => return Ok(()),
            Answer::Torn => return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await,
            Answer::Late(time) => {
                tokio::time::sleep(time).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
            }
            Answer::Status(status, headers) => {
                let body = format!("status {status}");
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} Any\r\n{headers}content-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await?;
            }
        }
    }
    Ok(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Request { line: line.trim_end().to_owned(), headers, body: String::from_utf8_lossy(&body).into_owned() })
}
