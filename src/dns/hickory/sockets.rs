//! The sockets that hickory asks with: few, connected to one server, and counted.
//!
//! hickory binds a socket to a random port for each datagram (RFC 5452 9.2), and leaves it
//! unconnected. Connected, it takes datagrams from the server only, and the system says when there
//! is no way to it or nothing listens there.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hickory_resolver::net::runtime::{
    DnsUdpSocket, RuntimeProvider, TokioRuntimeProvider, TokioTime,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::allowance::{Allowance, Purpose};

/// How many sockets are open at the same time. With those of the runtime and the standard streams,
/// a process needs fewer than 64 descriptors, however many resolutions it runs.
const MAX_SOCKETS: usize = 48;

/// How many of them are kept for questions that were not sent yet.
const KEPT_SOCKETS: usize = MAX_SOCKETS / 3;

/// How often a datagram that is to be repeated looks whether enough sockets are free.
const LOOK: Duration = Duration::from_millis(20);

/// The sockets of the thread that asks: each has one of the permits, or waits for one.
#[derive(Clone, Debug)]
pub(super) struct Permits {
    free: Arc<Semaphore>,
    /// Whether the question has had its turn.
    has_begun: Arc<AtomicBool>,
}

/// The right to have one socket.
type Permit = Option<OwnedSemaphorePermit>;

impl Permits {
    pub(super) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(MAX_SOCKETS)),
            has_begun: Arc::default(),
        }
    }

    /// Returns the same permits, for a question that waits for its turn.
    pub(super) fn for_question(&self) -> Self {
        Self {
            free: Arc::clone(&self.free),
            has_begun: Arc::default(),
        }
    }

    /// Returns whether the question has had a permit.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// Waits for its turn. `None` never occurs: nobody closes the semaphore.
    async fn one(&self) -> Permit {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        self.has_begun.store(true, Ordering::Relaxed);
        permit
    }

    /// Waits until there are enough for others too.
    async fn one_to_spare(&self) -> Permit {
        loop {
            if self.free.available_permits() > KEPT_SOCKETS
                && let Ok(permit) = Arc::clone(&self.free).try_acquire_owned()
            {
                return Some(permit);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Opens the sockets for one try of one question at one server.
#[derive(Clone)]
pub(super) struct Sockets(Arc<Try>);

struct Try {
    server: SocketAddr,
    purpose: Purpose,
    permits: Permits,
    allowance: Arc<Allowance>,
    /// The permit of the first socket.
    first: Mutex<Permit>,
    /// Whether the first datagram has a socket.
    is_sent: AtomicBool,
    runtime: TokioRuntimeProvider,
}

impl Sockets {
    /// Waits until a socket may be opened. A try has its whole time after that.
    pub(super) async fn for_try(
        server: SocketAddr,
        purpose: Purpose,
        permits: &Permits,
        allowance: &Arc<Allowance>,
    ) -> Self {
        let first = permits.one().await;
        Self(Arc::new(Try {
            server,
            purpose,
            permits: permits.clone(),
            allowance: Arc::clone(allowance),
            first: Mutex::new(first),
            is_sent: AtomicBool::new(false),
            runtime: TokioRuntimeProvider::default(),
        }))
    }
}

impl Try {
    fn first(&self) -> MutexGuard<'_, Permit> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the socket for the first datagram, with the permit that the try began with. Where the
    /// port is taken hickory tries another, and the try keeps its turn.
    async fn open_first(&self, local: SocketAddr) -> io::Result<ServerSocket> {
        let begun_with = self.first().take();
        let permit = match begun_with {
            None => self.permits.one().await,
            first => first,
        };
        match UdpSocket::bind(local).await {
            Ok(socket) => self.connect(socket, self.purpose, permit).await,
            Err(error) => {
                *self.first() = permit;
                Err(error)
            }
        }
    }

    /// Opens a socket to repeat the datagram while the first waits for its answer.
    async fn open_another(&self, local: SocketAddr) -> io::Result<ServerSocket> {
        let permit = self.permits.one_to_spare().await;
        let socket = UdpSocket::bind(local).await?;
        self.connect(socket, Purpose::Repeat, permit).await
    }

    async fn connect(
        &self,
        socket: UdpSocket,
        purpose: Purpose,
        permit: Permit,
    ) -> io::Result<ServerSocket> {
        // The address has the zone of a link-local server in it, which names the interface.
        socket.connect(self.server).await?;
        if !self.allowance.take(purpose) {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        Ok(ServerSocket {
            socket,
            server: self.server,
            asked: Mutex::default(),
            _permit: permit,
        })
    }
}

impl RuntimeProvider for Sockets {
    type Handle = <TokioRuntimeProvider as RuntimeProvider>::Handle;
    type Timer = TokioTime;
    type Udp = ServerSocket;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.0.runtime.create_handle()
    }

    fn connect_tcp(
        &self,
        _: SocketAddr,
        local: Option<SocketAddr>,
        patience: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        // The permit stays with the try, which ends with the connection.
        self.0.runtime.connect_tcp(self.0.server, local, patience)
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        _: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        let this = Arc::clone(&self.0);
        Box::pin(async move {
            // hickory tries another port where this one is taken.
            if !this.is_sent.load(Ordering::Relaxed) {
                let socket = this.open_first(local).await?;
                this.is_sent.store(true, Ordering::Relaxed);
                return Ok(socket);
            }
            // hickory repeats a datagram while it waits for the answer to the first. If the
            // repetition cannot leave, the answer may still come.
            match this.open_another(local).await {
                Ok(socket) => Ok(socket),
                Err(_) => pending().await,
            }
        })
    }
}

/// A UDP socket that is connected to a name server.
pub(super) struct ServerSocket {
    socket: UdpSocket,
    server: SocketAddr,
    /// The question that left.
    asked: Mutex<Vec<u8>>,
    _permit: Permit,
}

impl ServerSocket {
    async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            // tokio does not count it as readable when the system reports a closed port or a way
            // that ends.
            let ready = self
                .socket
                .ready(Interest::READABLE | Interest::ERROR)
                .await?;
            let received = if ready.is_error() {
                self.socket.try_io(Interest::ERROR, || self.reported())
            } else {
                self.socket.try_recv(buffer)
            };
            match received {
                Ok(length) => return Ok((self.with_question(buffer, length), self.server)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the error that the system reports; if there is none, nothing was received either.
    fn reported(&self) -> io::Result<usize> {
        Err(match self.socket.take_error()? {
            Some(error) => error,
            None => ErrorKind::WouldBlock.into(),
        })
    }

    fn with_question(&self, buffer: &mut [u8], length: usize) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        with_question(&asked, buffer, length)
    }
}

impl DnsUdpSocket for ServerSocket {
    type Time = TokioTime;

    fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut read = tokio::io::ReadBuf::new(buffer);
        ready!(self.socket.poll_recv(context, &mut read))?;
        let length = read.filled().len();
        Poll::Ready(Ok((self.with_question(buffer, length), self.server)))
    }

    /// Written as `async_trait` would expand it, for a crate less.
    fn recv_from<'socket, 'buffer, 'future>(
        &'socket self,
        buffer: &'buffer mut [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<(usize, SocketAddr)>> + Send + 'future>>
    where
        'socket: 'future,
        'buffer: 'future,
        Self: 'future,
    {
        Box::pin(self.receive(buffer))
    }

    fn poll_send_to(
        &self,
        context: &mut Context<'_>,
        message: &[u8],
        _: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(self.socket.poll_send(context, message))?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        message.clone_into(&mut asked);
        Poll::Ready(Ok(sent))
    }
}

/// The header of a message (RFC 1035 4.1.1).
const HEADER: usize = 12;

/// Adds the question to an error that comes without it, and returns the new length.
///
/// A server that cannot read a question, as one that does not know EDNS, answers FORMERR with a
/// header and nothing else (RFC 6891 7). hickory takes no answer without the question.
fn with_question(asked: &[u8], answer: &mut [u8], length: usize) -> usize {
    let (Some(asked), Some(question)) = (asked.first_chunk::<HEADER>(), question(asked)) else {
        return length;
    };
    let is_bare_error = length == HEADER
        && answer[..2] == asked[..2]
        && answer[2] & 0x80 != 0
        // Neither NOERROR nor NXDOMAIN, which are about the name.
        && !matches!(answer[3] & 0x0f, 0 | 3);
    let Some(room) = answer.get_mut(HEADER..HEADER + question.len()) else {
        return length;
    };
    if !is_bare_error {
        return length;
    }
    room.copy_from_slice(question);
    answer[4..HEADER].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    HEADER + question.len()
}

/// Returns the bytes of the one question in a message that hickory wrote.
fn question(message: &[u8]) -> Option<&[u8]> {
    let mut end = HEADER;
    while let label @ 1.. = usize::from(*message.get(end)?) {
        end += 1 + label;
    }
    // The root, the type and the class.
    message.get(HEADER..end + 5)
}
