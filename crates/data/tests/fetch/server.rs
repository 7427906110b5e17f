//! A web server in the test's own process, and what it is told to answer.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as the server saw it: the path without `/`, and the byte from which on it is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub path: String,
    pub from: Option<usize>,
}

/// The answer to a request.
pub enum Answer {
    /// The file from the byte that was asked for.
    File(Vec<u8>),
    /// The same, but the connection ends after so many bytes.
    Cut(Vec<u8>, usize),
    /// The whole file, whatever was asked for.
    Whole(Vec<u8>),
    /// No file, but a status.
    Status(u16),
    /// The head of a file of that size and nothing of it.
    Announced(u64),
}

pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers every request by what `answer` makes of it and of how many came before it.
    pub fn start(answer: impl Fn(usize, &Asked) -> Answer + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let before = log.lock().unwrap().len();
                log.lock().unwrap().push(request.clone());
                // The other side may have read enough.
                let _ = send(&mut stream, answer(before, &request), request.from);
            }
        });
        Server { address, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range =
        headers.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    Asked { path, from: range.map(|range| range.trim_end_matches('-').parse().unwrap()) }
}

fn send(stream: &mut TcpStream, answer: Answer, from: Option<usize>) -> std::io::Result<()> {
    let (file, end, from) = match answer {
        Answer::Status(status) => {
            return write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
        Answer::Announced(size) => {
            return write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n");
        }
        Answer::File(file) => (file, usize::MAX, from),
        Answer::Cut(file, end) => (file, end, from),
        Answer::Whole(file) => (file, usize::MAX, None),
    };
    let rest = file.get(from.unwrap_or(0)..).unwrap_or_default();
    if from.is_some() && rest.is_empty() {
        return write!(stream, "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    match from {
        Some(from) => {
            let last = file.len() - 1;
            write!(stream, "HTTP/1.1 206 Part\r\nContent-Range: bytes {from}-{last}/{}\r\n", file.len())?;
        }
        None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
    }
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", rest.len())?;
    stream.write_all(&rest[..rest.len().min(end)])
}
