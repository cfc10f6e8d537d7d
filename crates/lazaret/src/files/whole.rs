//! A file that gets its name when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::place::{Place, open_stream, part_of, place_of, reason};
use crate::output::Failure;

/// A file that grows under a temporary name next to its own and is renamed when it is whole, so that nobody takes half
/// a file for all of it. Dropped before, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct WholeFile {
    out: BufWriter<File>,
    /// The path as it was given.
    shown: PathBuf,
    /// Its temporary and its own name; none for a device or a pipe, which cannot be replaced.
    names: Option<(PathBuf, PathBuf)>,
}

impl WholeFile {
    pub(super) fn create(path: &Path) -> Result<WholeFile, Failure> {
        let cannot =
            |why: String| Failure::BadInput(format!("{} cannot be written: {why}", path.display()));
        let (opened, names) = match place_of(path).map_err(cannot)? {
            Place::Stream { .. } => (open_stream(path), None),
            // A symbolic link stays one: what it leads to is replaced.
            Place::File { real, .. } => {
                let part = part_of(&real);
                (File::create(&part), Some((part, real)))
            }
        };
        let opened = opened.map_err(|error| super::refused(path, &error))?;
        Ok(WholeFile {
            out: BufWriter::with_capacity(1 << 16, opened),
            shown: path.to_path_buf(),
            names,
        })
    }

    /// A failure to write it.
    pub(crate) fn cannot(&self, error: &io::Error) -> Failure {
        failed(&self.shown, error)
    }

    /// Gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| self.cannot(&error))?;
        let Some((part, real)) = self.names.take() else {
            return Ok(());
        };
        if let Ok(old) = fs::metadata(&real) {
            // A file that only its owner may read stays so. Not every file system can say that.
            let _ = fs::set_permissions(&part, old.permissions());
        }
        if let Err(error) = self.out.get_ref().sync_all() {
            let failure = self.cannot(&error);
            self.names = Some((part, real));
            return Err(failure);
        }
        fs::rename(&part, &real).map_err(|error| {
            Failure::Machine(format!(
                "{} cannot be replaced: {}; the complete new file stays in {}",
                self.shown.display(),
                reason(&error),
                part.display()
            ))
        })
    }

    /// Ends a file that is not whole, and keeps it under its temporary name, which is returned; none for a device.
    pub(crate) fn keep_part(mut self) -> Result<Option<PathBuf>, Failure> {
        self.out.flush().map_err(|error| self.cannot(&error))?;
        Ok(self.names.take().map(|(part, _)| part))
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::OutputClosed;
    }
    Failure::Machine(format!(
        "{} cannot be written: {}",
        path.display(),
        reason(error)
    ))
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.names {
            // If it cannot be removed, its name says what it is.
            let _ = fs::remove_file(part);
        }
    }
}
