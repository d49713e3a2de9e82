//! A service as a process of its own, and a client that also speaks broken HTTP.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// No answer of a test takes longer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The program under test; another build of it when a measurement says so.
pub fn program() -> PathBuf {
    std::env::var_os("TRIMTAB_PROGRAM").map_or(env!("CARGO_BIN_EXE_trimtab").into(), PathBuf::from)
}

/// A path that no other test has. A socket's path may not be long.
pub fn place(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir().join(format!("trimtab-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{}-{name}", NUMBER.fetch_add(1, Ordering::Relaxed)))
}

/// A running service.
pub struct Service {
    pub child: Child,
    pub socket: PathBuf,
    pub address: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// Starts it on a socket and on a free port.
    pub fn start(flags: &[&str]) -> Self {
        let socket = place("socket");
        let mut service = Self::spawn(&socket, true, flags);
        service.address = service.line("listening on http://");
        service.line("listening on unix:");
        service
    }

    pub fn spawn(socket: &Path, http: bool, flags: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.arg("serve").arg("--socket").arg(socket);
        if http {
            command.args(["--http", "127.0.0.1:0"]);
        }
        let mut child = command
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (lines, heard) = (child.stderr.take().unwrap(), Arc::clone(&told));
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines() {
                heard.lock().unwrap().push(line.unwrap());
            }
        });
        Self {
            child,
            socket: socket.to_owned(),
            address: String::new(),
            told,
        }
    }

    /// Waits until it has said something, and gives what comes after it.
    pub fn line(&self, part: &str) -> String {
        let begun = Instant::now();
        loop {
            for line in self.told.lock().unwrap().iter() {
                if let Some((_, rest)) = line.split_once(part) {
                    return rest.to_owned();
                }
            }
            assert!(begun.elapsed() < PATIENCE, "it never said {part}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn told(&self) -> String {
        self.told.lock().unwrap().join("\n")
    }

    pub fn unix(&self) -> Client<UnixStream> {
        Client::of(UnixStream::connect(&self.socket).unwrap())
    }

    pub fn tcp(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client::of(stream)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.unix().ask("GET", path, "", b"")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.unix().ask("POST", path, "", body)
    }

    pub fn status(&self) -> serde_json::Value {
        self.get("/v1/status").json()
    }

    /// The value of a line of /metrics.
    pub fn counted(&self, line: &str) -> f64 {
        let page = self.get("/metrics").text();
        let found = page
            .lines()
            .find_map(|found| found.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("no {line} in {page}"))
    }

    pub fn limit_hits(&self, limit: &str) -> f64 {
        self.counted(&format!("trimtab_limit_hits_total{{limit=\"{limit}\"}}"))
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Memory that it holds, in bytes.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() << 10
    }

    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of an error that has the shape of every error.
    pub fn refusal(&self) -> (u16, String) {
        let json = self.json();
        let error = json["error"].as_object().unwrap();
        for field in ["code", "expected", "field", "got"] {
            assert!(error[field].is_string(), "{field} in {json}");
        }
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}

/// One connection.
pub struct Client<S> {
    pub stream: S,
    read: Vec<u8>,
}

pub trait Patient {
    fn patient(&self);
}

impl Patient for UnixStream {
    fn patient(&self) {
        self.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}

impl Patient for TcpStream {
    fn patient(&self) {
        self.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}

/// The bytes of a request; `headers` end with a line break or are empty.
pub fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: t\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

impl<S: Read + Write + Patient> Client<S> {
    pub fn of(stream: S) -> Self {
        stream.patient();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.send(&request(method, path, headers, body));
        self.answer()
    }

    /// Sends bytes, whatever they are. Who is refused early may find the connection closed.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub fn answer(&mut self) -> Answer {
        self.answer_or_end().expect("the connection was closed")
    }

    /// The next answer, or nothing where the connection is closed instead.
    pub fn answer_or_end(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more() {
                return None;
            }
        };
        let head = String::from_utf8(self.read[..end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        let length = head.to_ascii_lowercase();
        let length = length
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while self.read.len() < end + length {
            assert!(self.more(), "half an answer: {head}");
        }
        let rest = self.read.split_off(end + length);
        let body = self.read.split_off(end);
        self.read = rest;
        Some(Answer { status, head, body })
    }

    fn more(&mut self) -> bool {
        let mut part = [0; 1 << 16];
        match self.stream.read(&mut part) {
            Ok(0) => false,
            Ok(count) => {
                self.read.extend_from_slice(&part[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("no answer came")
            }
            // A connection that is reset is a closed one.
            Err(_) => false,
        }
    }
}
