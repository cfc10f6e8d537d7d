//! Where a path leads, and whether it can be written.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What the file system knows a file by, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u64, u64);

impl Id {
    #[cfg(unix)]
    fn of(about: &fs::Metadata) -> Option<Id> {
        use std::os::unix::fs::MetadataExt;
        // A device or a pipe holds nothing that could be destroyed.
        about.is_file().then(|| Id(about.dev(), about.ino()))
    }

    /// Without numbers of files, their full paths tell them apart.
    #[cfg(not(unix))]
    fn of(_about: &fs::Metadata) -> Option<Id> {
        None
    }

    /// The file behind a path that is read; `-` is standard input, which may be a file.
    pub(super) fn of_open(path: &Path) -> Option<Id> {
        if path.as_os_str() == "-" {
            return Id::of(&stream(0)?.metadata().ok()?);
        }
        Id::of(&fs::metadata(path).ok()?)
    }

    /// The file that results are printed to, if they are.
    pub(super) fn of_standard_output() -> Option<Id> {
        Id::of(&stream(1)?.metadata().ok()?)
    }
}

/// Where a path leads.
#[derive(Debug)]
pub(super) enum Place {
    /// A file, there or not, by its name without symbolic links.
    File { real: PathBuf, id: Option<Id> },
    /// A device, a pipe, or what the process has open: written as it is, never replaced.
    Stream { id: Option<Id> },
}

/// As many symbolic links in a row are followed as the system follows.
const LINKS_MOST: usize = 40;

/// Where `path` leads, or why it leads nowhere.
pub(super) fn place_of(path: &Path) -> Result<Place, String> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.is_empty() {
        return Err("the name is empty; give the name of a file".into());
    }
    let mut at = path.to_path_buf();
    for _ in 0..LINKS_MOST {
        if descriptor(&at).is_some() {
            let about = fs::metadata(&at).map_err(|error| reason(&error))?;
            return Ok(Place::Stream { id: Id::of(&about) });
        }
        match fs::symlink_metadata(&at) {
            Ok(about) if about.is_symlink() => {
                let target = fs::read_link(&at).map_err(|error| reason(&error))?;
                at = parent(&at).join(target);
            }
            Ok(about) if about.is_dir() => {
                return Err("it is a folder; give the name of a file".into());
            }
            Ok(about) if about.is_file() => {
                let real = fs::canonicalize(&at).map_err(|error| reason(&error))?;
                let id = Id::of(&about);
                return Ok(Place::File { real, id });
            }
            Ok(about) => {
                unusable(&about)?;
                return Ok(Place::Stream { id: None });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return new_file(&at).map(|real| Place::File { real, id: None });
            }
            Err(error) => return Err(reason(&error)),
        }
    }
    Err("its symbolic links form a circle".into())
}

/// The full name of a file that does not exist yet.
fn new_file(path: &Path) -> Result<PathBuf, String> {
    let ends_in_separator = path
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|byte| std::path::is_separator(char::from(*byte)));
    let name = path.file_name().filter(|_| !ends_in_separator);
    let name = name.ok_or("it names a folder; give the name of a file")?;
    let folder = parent(path);
    match fs::canonicalize(&folder) {
        Ok(real) if real.is_dir() => Ok(real.join(name)),
        Ok(_) => Err(format!("{} is a file, not a folder", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "the folder {} does not exist; create it first, or use another one",
            folder.display()
        )),
        Err(error) => Err(reason(&error)),
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_path_buf(),
        None => path.to_path_buf(),
    }
}

#[cfg(unix)]
fn unusable(about: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::FileTypeExt;
    let kind = about.file_type();
    if kind.is_block_device() {
        return Err("it is a block device; give the name of a file".into());
    }
    if kind.is_socket() {
        return Err("it is a socket; give the name of a file".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn unusable(_about: &fs::Metadata) -> Result<(), String> {
    Ok(())
}

/// The number of the open file that a path such as `/dev/fd/1` or `/proc/self/fd/1` means.
#[cfg(unix)]
fn descriptor(path: &Path) -> Option<i32> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let folder = fs::canonicalize(path.parent()?).ok()?;
    let own = Path::new("/proc").join(std::process::id().to_string());
    let ours = folder == own.join("fd")
        || folder == Path::new("/dev/fd")
        || (folder.starts_with(own.join("task")) && folder.ends_with("fd"));
    ours.then_some(number)
}

#[cfg(not(unix))]
fn descriptor(_path: &Path) -> Option<i32> {
    None
}

/// One of the three streams of the process, to be used next to the process's own handle of it.
#[cfg(unix)]
fn stream(number: i32) -> Option<File> {
    use std::os::fd::AsFd;
    let own = match number {
        0 => io::stdin().as_fd().try_clone_to_owned(),
        1 => io::stdout().as_fd().try_clone_to_owned(),
        2 => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    own.ok().map(File::from)
}

#[cfg(not(unix))]
fn stream(_number: i32) -> Option<File> {
    None
}

/// Opens a device, a pipe or an open file for writing.
pub(super) fn open_stream(path: &Path) -> io::Result<File> {
    let mut at = path.to_path_buf();
    for _ in 0..LINKS_MOST {
        // The process's own handle keeps its position: what is printed later does not write over this.
        if let Some(own) = descriptor(&at).and_then(stream) {
            return Ok(own);
        }
        match fs::read_link(&at) {
            Ok(target) if descriptor(&at).is_none() => at = parent(&at).join(target),
            _ => break,
        }
    }
    OpenOptions::new().append(true).open(path)
}

/// Tells the temporary files of this process from those of others.
fn tag() -> &'static str {
    static TAG: OnceLock<String> = OnceLock::new();
    TAG.get_or_init(|| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.subsec_nanos());
        // In containers every process may have the number 1.
        format!("{}-{now:x}", std::process::id())
    })
}

/// The longest name that most file systems take, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// The name under which a file grows in the folder of its own.
pub(super) fn part_of(real: &Path) -> PathBuf {
    let ending = format!(".{}.part", tag());
    let name = real.file_name().unwrap_or(OsStr::new("output"));
    let mut part = name.to_os_string();
    if name.len() + ending.len() > NAME_BYTES_MAX {
        let text = name.to_string_lossy();
        let kept = text.chars().scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes + ending.len() <= NAME_BYTES_MAX).then_some(c)
        });
        part = kept.collect::<String>().into();
    }
    part.push(ending);
    real.with_file_name(part)
}

/// Why an output cannot be written, found by trying.
pub(super) fn try_to_write(path: &Path, place: &Place) -> Result<(), String> {
    match place {
        Place::File { real, id } => {
            if id.is_some() || real.exists() {
                let about = fs::metadata(real).map_err(|error| reason(&error))?;
                if about.permissions().readonly() {
                    return Err(
                        "the file is write-protected; change that, or choose another name".into(),
                    );
                }
            }
            let part = part_of(real);
            let made = File::create_new(&part).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
                    "no file can be created in the folder {}: {}",
                    parent(real).display(),
                    reason(&error)
                ),
                _ => reason(&error),
            });
            drop(made?);
            fs::remove_file(&part).map_err(|error| reason(&error))
        }
        Place::Stream { .. } if is_pipe(path) => Ok(()),
        Place::Stream { .. } => open_stream(path).map(drop).map_err(|error| reason(&error)),
    }
}

/// Opening a named pipe waits for its reader, so that it cannot be tried.
#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

/// Whether two names of files that do not exist yet would be one file, as on file systems that do not tell capital
/// letters from small ones. The file system is asked.
pub(super) fn is_one_name(one: &Path, two: &Path) -> bool {
    let lower = |path: &Path| path.to_string_lossy().to_lowercase();
    let alike = lower(one) == lower(two) || !one.to_string_lossy().is_ascii();
    if one.parent() != two.parent() || !alike {
        return false;
    }
    let (part, other) = (part_of(one), part_of(two));
    let made = File::create_new(&part).is_ok();
    let same = made && other.exists();
    if made {
        // The name says what it is if it cannot be removed.
        let _ = fs::remove_file(&part);
    }
    same
}

/// An error of the file system in plain words.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission is denied".into(),
        io::ErrorKind::NotADirectory => "part of the path is a file, not a folder".into(),
        io::ErrorKind::InvalidFilename => {
            "the name is too long or has a forbidden character".into()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}
