//! What the commands have in common: how they end, how they read and write lines, and how they read
//! the values of options.

use std::fmt::Display;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use helo_name::ResolveError;
use helo_name::dns::Resolver;

/// How a command ends.
pub(crate) type Outcome = Result<ExitCode, Stop>;

/// Why a command cannot go on.
pub(crate) enum Stop {
    Io(io::Error),
    NoName(ResolveError),
    /// The options are wrong, and this says how.
    Usage(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ResolveError> for Stop {
    fn from(error: ResolveError) -> Self {
        Self::NoName(error)
    }
}

/// Writes a line. A reader that has seen enough (`head`) is no reason to stop.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Ends a command whose output may be cut off: a reader that has seen enough is a success.
pub(crate) fn until_read(written: io::Result<()>) -> Outcome {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Reads lines of any bytes, and keeps no more of each than the limit.
pub(crate) struct Lines<R> {
    input: R,
    limit: usize,
    number: u64,
    kept: Vec<u8>,
}

pub(crate) struct Line<'a> {
    /// The first is 1.
    pub(crate) number: u64,
    /// The line without its LF, up to the limit.
    pub(crate) text: &'a [u8],
    /// How many bytes of the input it took.
    pub(crate) length: u64,
    /// Whether the line was longer than the limit.
    pub(crate) is_cut: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R, limit: usize) -> Self {
        Self {
            input,
            limit,
            number: 0,
            kept: Vec::new(),
        }
    }

    /// Returns the next line, or `None` at the end of the input.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.number += 1;
        self.kept.clear();
        // One byte more: the LF of a line that just fits.
        let mut start = self
            .input
            .by_ref()
            .take((self.limit as u64).saturating_add(1));
        let mut length = start.read_until(b'\n', &mut self.kept)?;
        if length == 0 {
            return Ok(None);
        }
        if self.kept.pop_if(|last| *last == b'\n').is_none() {
            length += self.input.skip_until(b'\n')?;
        }
        let is_cut = self.kept.len() > self.limit;
        self.kept.truncate(self.limit);
        Ok(Some(Line {
            number: self.number,
            text: &self.kept,
            length: length as u64,
            is_cut,
        }))
    }
}

/// Reads the value of an option that takes an address.
pub(crate) fn ip_address(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "give an IP address")
}

/// Reads the value of `--outside`.
pub(crate) fn outside(text: &str) -> Result<Resolver, &'static str> {
    match text {
        "public" => Ok(Resolver::public()),
        _ => match name_server(text) {
            Ok(server) => Ok(Resolver::asking([server])),
            Err(_) => Err("give `public`, or an IP address and a port, as in 192.0.2.53:53"),
        },
    }
}

/// Reads the value of `--dns`.
pub(crate) fn name_server(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "give an IP address and a port, as in 192.0.2.53:53")
}
