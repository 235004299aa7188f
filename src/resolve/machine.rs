//! Reads what the files of this machine say of its name, within a time (R13).

use crate::executor::{Alarm, InFlight};
use crate::host::{self, Contents, FileProblem, NameFile, Reading};
use crate::resolve::warning::Warning;

/// The files that were read.
#[derive(Debug, Default)]
pub(super) struct Machine(Vec<(NameFile, Contents)>);

impl Machine {
    /// Reads some files, all at once. What has not answered when the alarm rings is given up.
    pub(super) async fn read(files: &[NameFile], alarm: &Alarm) -> Self {
        let mut reading = InFlight::default();
        for &file in files {
            if let Some(path) = file.path() {
                let contents = Reading::start(&path);
                reading.push(async move { (file, contents.await) });
            }
        }
        let mut read = Vec::new();
        while let Some(one) = reading.next_before(alarm).await {
            read.push(one);
        }
        let is_missing = |file: &NameFile| read.iter().all(|(other, _)| other != file);
        let missing: Vec<NameFile> = files.iter().copied().filter(is_missing).collect();
        let missing = missing.into_iter().filter(|file| file.path().is_some());
        read.extend(missing.map(|file| (file, Err(FileProblem::TooSlow))));
        read.sort_by_key(|(file, _)| *file);
        Self(read)
    }

    /// Returns what `/etc/mailname` says.
    pub(super) fn mailname(&self) -> Option<Vec<u8>> {
        host::mailname_in(self.text(NameFile::Mailname)?).map(<[u8]>::to_vec)
    }

    /// Returns the canonical name of a host in the hosts file.
    pub(super) fn canonical_name(&self, host: &[u8]) -> Option<Vec<u8>> {
        host::canonical_name_in(self.text(NameFile::Hosts)?, host).map(<[u8]>::to_vec)
    }

    /// Returns the domain that the resolver appends to bare names.
    pub(super) fn resolver_domain(&self) -> Option<Vec<u8>> {
        host::resolver_domain_in(self.text(NameFile::ResolvConf)?).map(<[u8]>::to_vec)
    }

    /// Returns a warning for each file that was not read.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        self.0.iter().filter_map(|(file, contents)| {
            let problem = *contents.as_ref().err()?;
            let path = file.path()?.display().to_string();
            Some(Warning::UnreadableFile { path, problem })
        })
    }

    fn text(&self, file: NameFile) -> Option<&[u8]> {
        let (_, contents) = self.0.iter().find(|(other, _)| *other == file)?;
        contents.as_ref().ok()?.as_deref()
    }
}
