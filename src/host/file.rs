//! Reads a small file of this machine, whatever is in its place (R13).

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use crate::kinds::kinds;

/// How much of a file is read: more than any of them holds on a healthy machine.
const MAX_FILE: usize = 1 << 20;

kinds! {
    /// Why a file of this machine was not read, or not in whole.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum FileProblem {
        /// This process may not read it.
        Denied = "denied" => "permission denied";
        /// Reading it failed.
        Failed = "failed" => "it cannot be read";
        /// It is a directory, a device, a named pipe or a socket.
        NotRegular = "not-regular" => "it is not a regular file";
        /// It did not answer in time, as on a network mount whose server is gone.
        TooSlow = "too-slow" => "it did not answer in time";
    }
}

/// What a file holds, or why that is not known. `None`: there is no such file.
pub(crate) type Contents = Result<Option<Arc<[u8]>>, FileProblem>;

/// Reads a regular file, 1 MiB of it at most. May take for ever on a mount that hangs.
pub(super) fn read(path: &Path) -> Contents {
    match read_regular(path) {
        Ok(contents) => contents.map(Some),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(None),
            ErrorKind::PermissionDenied => Err(FileProblem::Denied),
            _ => Err(FileProblem::Failed),
        },
    }
}

/// To open a named pipe waits for a writer, and to open a device may do anything. So the kind of
/// the file is looked at before, and again after, as it may have been replaced between the two.
fn read_regular(path: &Path) -> io::Result<Result<Arc<[u8]>, FileProblem>> {
    if !is_regular(&path.metadata()?) {
        return Ok(Err(FileProblem::NotRegular));
    }
    let file = open(path)?;
    if !is_regular(&file.metadata()?) {
        return Ok(Err(FileProblem::NotRegular));
    }
    let mut text = Vec::new();
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut text)?;
    if text.len() > MAX_FILE {
        cut(&mut text);
    }
    Ok(Ok(text.into()))
}

fn is_regular(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Drops the last line, which goes on beyond the limit.
fn cut(text: &mut Vec<u8>) {
    text.truncate(MAX_FILE);
    let whole = text.iter().rposition(|&byte| byte == b'\n');
    text.truncate(whole.map_or(0, |end| end + 1));
}

/// Opens a file to read, without waiting for another process.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, O_NONBLOCK);
    options.open(path)
}

/// `O_NONBLOCK` of fcntl.h; nothing where the number is not known here, as it only matters if a
/// file is replaced in the moment in which it is opened.
#[cfg(unix)]
const O_NONBLOCK: i32 = if cfg!(all(
    any(target_os = "linux", target_os = "android"),
    any(
        target_arch = "x86",
        target_arch = "x86_64",
        target_arch = "arm",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "powerpc64",
        target_arch = "s390x",
    )
)) {
    0o4000
} else if cfg!(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
)) {
    4
} else {
    0
};

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;
    use std::process::Command;
    use std::{env, fs, process};

    use super::*;
    use crate::each::each;

    /// A folder that ends with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let folder = env::temp_dir().join(format!("helo-name-file-{}", process::id()));
            fs::create_dir_all(&folder).expect("a folder can be made");
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // A folder that stays hurts nobody.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn only_regular_files_are_read_and_one_mebibyte_at_most() {
        let folder = Folder::new();
        let path = |name: &str| folder.0.join(name);
        fs::write(path("small"), "one\ntwo").unwrap();
        fs::write(path("large"), "0123456789abcde\n".repeat(1 << 17)).unwrap();
        File::create(path("sparse"))
            .unwrap()
            .set_len(1 << 31)
            .unwrap();
        let mut odd = File::create(path("odd")).unwrap();
        odd.write_all(&vec![b'a'; MAX_FILE - 1]).unwrap();
        odd.write_all(b"\n\nrest").unwrap();
        let made = Command::new("mkfifo").arg(path("pipe")).status().unwrap();
        assert!(made.success());
        std::os::unix::fs::symlink(path("pipe"), path("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();

        let cases: [(PathBuf, Result<Option<usize>, FileProblem>); 10] = [
            (path("small"), Ok(Some(7))),
            (path("large"), Ok(Some(MAX_FILE))),
            (path("sparse"), Ok(Some(0))),
            (path("odd"), Ok(Some(MAX_FILE))),
            (path("none"), Ok(None)),
            (path("small/none"), Ok(None)),
            (path("pipe"), Err(FileProblem::NotRegular)),
            (path("link"), Err(FileProblem::NotRegular)),
            (path("socket"), Err(FileProblem::NotRegular)),
            ("/dev/zero".into(), Err(FileProblem::NotRegular)),
        ];
        each(cases, |(path, expected)| {
            let found = read(&path).map(|text| text.map(|text| text.len()));
            assert_eq!(found, expected, "{}", path.display());
        });
    }
}
