//! Sockets and connections: where they come from, how many there may be, how they end.

use std::error::Error as _;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as Dial;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, process};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::Stopped;
use super::metrics::Limit;
use super::refusal::Refusal;
use super::routes;
use super::service::Service;
use super::steady::Steady;

/// After an error of `accept`, which mostly means that this process has too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens until a signal ends it.
pub(super) async fn until_told(service: Arc<Service>) -> Result<(), Stopped> {
    let mut ends = [
        caught(SignalKind::terminate())?,
        caught(SignalKind::interrupt())?,
    ];
    let changes = caught(SignalKind::hangup())?;
    let settings = &service.settings;
    let tcp = match settings.http {
        Some(address) => Some(
            TcpListener::bind(address)
                .await
                .map_err(|error| Stopped::Setting(format!("{address}: {error}")))?,
        ),
        None => None,
    };
    let unix = match &settings.socket {
        Some(path) => Some(SocketFile::bind(path)?),
        None => None,
    };
    if let Some(address) = tcp.as_ref().and_then(|tcp| tcp.local_addr().ok()) {
        service.tell(&format!("listening on http://{address}"));
    }
    if let Some(unix) = &unix {
        service.tell(&format!("listening on unix:{}", unix.path.display()));
    }
    let reloading = tokio::spawn(reload(Arc::clone(&service), changes));
    let (stop, stopped) = watch::channel(false);
    let graceful = GracefulShutdown::new();
    let door = Door {
        service: Arc::clone(&service),
        router: routes::router(Arc::clone(&service)),
        graceful: &graceful,
    };
    let [terminate, interrupt] = &mut ends;
    let told = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        service.stopping.store(true, Ordering::Relaxed);
        // The other side stands in this function and outlives this message.
        let _ = stop.send(true);
    };
    tokio::join!(
        told,
        door.tcp(tcp, stopped.clone()),
        door.unix(unix.as_ref(), stopped)
    );
    drop(door);
    drop(unix);
    service.tell("stopping: no new requests");
    let ended = tokio::select! {
        ended = timeout(service.settings.bounds.stop_time, graceful.shutdown()) => ended.is_ok(),
        // Told twice, it goes at once.
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
    };
    reloading.abort();
    service.close();
    if ended {
        Ok(())
    } else {
        Err(Stopped::Unfinished)
    }
}

fn caught(kind: SignalKind) -> Result<Signal, Stopped> {
    signal(kind).map_err(|error| Stopped::Setting(format!("no signals: {error}")))
}

async fn reload(service: Arc<Service>, mut changes: Signal) {
    while changes.recv().await.is_some() {
        let service = Arc::clone(&service);
        // A panic of it leaves the old config in force, as any other failure does.
        let _ = tokio::task::spawn_blocking(move || service.reload()).await;
    }
}

/// Where connections come in.
struct Door<'s> {
    service: Arc<Service>,
    router: Router,
    graceful: &'s GracefulShutdown,
}

impl Door<'_> {
    async fn tcp(&self, listener: Option<TcpListener>, mut stopped: watch::Receiver<bool>) {
        let Some(listener) = listener else { return };
        loop {
            tokio::select! {
                _ = stopped.changed() => return,
                came = listener.accept() => match came {
                    Ok((stream, _)) => self.tcp_came(stream),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
            }
        }
    }

    fn tcp_came(&self, stream: TcpStream) {
        match self.room() {
            Some(room) => {
                // Answers are whole: nothing is gained by waiting for more to send.
                let _ = stream.set_nodelay(true);
                self.converse(stream, room);
            }
            None => turn_away(stream.into_std()),
        }
    }

    async fn unix(&self, listener: Option<&SocketFile>, mut stopped: watch::Receiver<bool>) {
        let Some(listener) = listener else { return };
        loop {
            tokio::select! {
                _ = stopped.changed() => return,
                came = listener.listener.accept() => match came {
                    Ok((stream, _)) => self.unix_came(stream),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
            }
        }
    }

    fn unix_came(&self, stream: UnixStream) {
        match self.room() {
            Some(room) => self.converse(stream, room),
            None => turn_away(stream.into_std()),
        }
    }

    fn room(&self) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.service.connections).try_acquire_owned();
        if room.is_err() {
            self.service.metrics.hit(Limit::Connections);
        }
        room.ok()
    }

    fn converse<S>(&self, stream: S, room: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(conversation(
            Arc::clone(&self.service),
            self.router.clone(),
            self.graceful.watcher(),
            stream,
            room,
        ));
    }
}

async fn conversation<S>(
    service: Arc<Service>,
    router: Router,
    watcher: Watcher,
    stream: S,
    room: OwnedSemaphorePermit,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let bounds = &service.settings.bounds;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.io_time)
        .max_header_size(bounds.head_bytes)
        .serve_connection(
            TokioIo::new(Steady::new(stream, bounds.io_time)),
            TowerToHyperService::new(router),
        );
    service.metrics.connections.inc();
    let ended = watcher.watch(connection).await;
    service.metrics.connections.dec();
    if let Err(error) = ended
        && let Some(limit) = limit_of(&error)
    {
        service.metrics.hit(limit);
    }
    drop(room);
}

/// Which limit ended a connection; other ends are the business of the client.
fn limit_of(error: &hyper::Error) -> Option<Limit> {
    if error.is_parse_too_large() {
        return Some(Limit::HeadSize);
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    let slow = |cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut;
    if cause.is_some_and(slow) {
        return Some(Limit::WriteTime);
    }
    error.is_timeout().then_some(Limit::HeadOrIdleTime)
}

/// One connection too many: told in one breath and closed, so that it takes no room.
fn turn_away(stream: io::Result<impl io::Write>) {
    let text = Refusal::TooManyConnections.text();
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\nretry-after: 1\r\n\r\n{text}"
    );
    if let Ok(mut stream) = stream {
        // It may be gone already.
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// A Unix socket with its file, which goes when this goes.
struct SocketFile {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file: another one under the same path is not ours to remove.
    identity: (u64, u64),
}

impl SocketFile {
    /// The file is made under another name and gets its mode before anybody can find it; it takes
    /// its place only where nothing is, or the socket of a process that is gone.
    fn bind(path: &Path) -> Result<Self, Stopped> {
        let refuse = |error: &dyn std::fmt::Display| {
            Stopped::Setting(format!("{}: {error}", path.display()))
        };
        let mut hidden = path.as_os_str().to_owned();
        hidden.push(format!(".{}", process::id()));
        let hidden = Hidden(PathBuf::from(hidden));
        let listener = UnixListener::bind(&hidden.0).map_err(|error| refuse(&error))?;
        let own_mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&hidden.0, own_mode).map_err(|error| refuse(&error))?;
        let found = fs::symlink_metadata(&hidden.0).map_err(|error| refuse(&error))?;
        // A hard link never replaces a file; renaming would.
        match fs::hard_link(&hidden.0, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove_stale(path).map_err(|error| refuse(&error))?;
                fs::hard_link(&hidden.0, path).map_err(|error| refuse(&error))?;
            }
            linked => linked.map_err(|error| refuse(&error))?,
        }
        Ok(Self {
            listener,
            path: path.to_owned(),
            identity: (found.dev(), found.ino()),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| (found.dev(), found.ino()) == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The name under which a socket is made.
struct Hidden(PathBuf);

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes a socket that nobody listens on; anything else is somebody's.
fn remove_stale(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::other("there is a file that is no socket"));
    }
    match Dial::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("somebody listens there already")),
    }
}
