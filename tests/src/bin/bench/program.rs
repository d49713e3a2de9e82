//! The program as it is run: how many requests its service answers, and how soon it decides.
//!
//! The client stands in this process and takes its share of the processors.

use anyhow::{Context as _, Result, ensure};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Row, times};

const QUESTION: &str = r#"{"ev":8,"min_ev":10,"tier":"thriving"}"#;
/// Connections that each ask again as soon as they are answered.
const CLIENTS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
/// At least 20,000 requests a second.
const MOST_US: f64 = 50.0;
/// From the start of the process to its first decision.
const START_MS: f64 = 15.0;
/// What the command may weigh, in megabytes.
const MOST_MB: f64 = 15.0;

pub fn rows(program: &Path) -> Result<Vec<Row>> {
    let mut rows = vec![weight(program)?];
    rows.extend(starts(program)?);
    rows.extend(services(program)?);
    Ok(rows)
}

fn weight(program: &Path) -> Result<Row> {
    let bytes = std::fs::metadata(program)
        .with_context(|| {
            format!(
                "{}: build it, or name another with --program",
                program.display()
            )
        })?
        .len();
    let name = "the command, against the limit";
    Ok(Row::new(name, bytes as f64 / 1e6, MOST_MB, "MB"))
}

/// A process that answers one question; the compiled module lies in the cache from the warm-up on.
fn starts(program: &Path) -> Result<Vec<Row>> {
    let asked = |flags: &[&str]| -> Result<()> {
        let mut command = Command::new(program);
        command.args(["call", "rebalance.accept", "-"]).args(flags);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        stdin.write_all(QUESTION.as_bytes())?;
        drop(stdin);
        let ended = child.wait()?;
        // The exit code says what was decided.
        ensure!(
            ended.code().is_some_and(|code| code < 2),
            "{command:?}: {ended}"
        );
        Ok(())
    };
    let [cached, native] = times(51, [&mut || asked(&[]), &mut || asked(&["--native"])])?;
    let row = |how: &str, time, peer| {
        Row::new(format!("start to first decision, {how}"), time, peer, "ms")
    };
    Ok(vec![
        row("sandbox with its cache; at most", cached, START_MS),
        row("sandbox with its cache, against native", cached, native),
    ])
}

/// Time per request, client included, in rounds that alternate between the services.
fn services(program: &Path) -> Result<Vec<Row>> {
    let sandboxed = Service::start(program, "sandboxed", &[])?;
    let native = Service::start(program, "native", &["--native"])?;
    let question = format!(
        "POST /v1/call/rebalance.accept HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{QUESTION}",
        QUESTION.len()
    );
    let alive = "GET /livez HTTP/1.1\r\nHost: t\r\n\r\n".to_owned();
    let ways = [
        (&sandboxed, &question),
        (&native, &question),
        (&native, &alive),
    ];
    let mut kept = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for (kept, (service, question)) in kept.iter_mut().zip(ways) {
            let time = service.load(question.as_bytes())?;
            if round > 0 {
                kept.push(time);
            }
        }
    }
    let [sandbox, native, plain] = kept.map(super::median);
    let row = |whom: &str, time, peer| {
        let name = format!("service, a request on a Unix socket with keep-alive, {whom}");
        Row::new(name, time, peer, "us")
    };
    Ok(vec![
        row("sandbox; at most", sandbox, MOST_US),
        row("sandbox, against /livez", sandbox, plain),
        row("native; at most", native, MOST_US),
        row("native, against /livez", native, plain),
    ])
}

/// A service as a process of its own; it ends with this value.
struct Service {
    child: Child,
    socket: PathBuf,
}

impl Service {
    fn start(program: &Path, name: &str, flags: &[&str]) -> Result<Self> {
        let name = format!("trimtab-bench-{}-{name}", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg("--socket")
            .arg(&socket)
            .args(flags);
        let child = command.stderr(Stdio::null()).spawn()?;
        let service = Self { child, socket };
        let begun = Instant::now();
        while UnixStream::connect(&service.socket).is_err() {
            ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "the service does not listen"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(service)
    }

    /// Microseconds per request, over all connections.
    fn load(&self, question: &[u8]) -> Result<f64> {
        let begun = Instant::now();
        let answered = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| self.hammer(question, begun)))
                .collect();
            let mut answered = 0;
            for client in clients {
                let count = client
                    .join()
                    .map_err(|_| anyhow::anyhow!("a client panicked"))?;
                answered += count?;
            }
            anyhow::Ok(answered)
        })?;
        Ok(begun.elapsed().as_secs_f64() * 1e6 / answered as f64)
    }

    /// One connection; every answer must be as long as the first and say 200.
    fn hammer(&self, question: &[u8], begun: Instant) -> Result<usize> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(question)?;
        let mut answer = vec![0; 64 << 10];
        // Answers are written as a whole, so that one read takes the first.
        let length = stream.read(&mut answer)?;
        answer.truncate(length);
        let mut answered = 1;
        while begun.elapsed() < ROUND {
            stream.write_all(question)?;
            stream.read_exact(&mut answer)?;
            ensure!(
                answer.starts_with(b"HTTP/1.1 200 OK\r\n"),
                "an answer that is no 200"
            );
            answered += 1;
        }
        Ok(answered)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to clear away.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
