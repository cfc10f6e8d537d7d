//! The watcher's board beside the operator's screens: an evidence file that is looked after, and its picture.
//!
//! The server keeps the file and draws in a thread of its own, so that no request ever waits for an inference. What the
//! evidence means is for whoever made the [`Draw`]: the server knows texts, diagnostics and a page.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use lazaret_gateway::Diagnostic;
use lazaret_ledger::Digest;

/// What makes a board of a text.
pub trait Draw: Send + Sync + 'static {
    /// The columns of an evidence file, for one that is still empty.
    fn columns(&self) -> Vec<&'static str>;

    /// Reads an evidence file without weighing it: quick.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn check(&self, evidence: &str) -> Result<Checked, Vec<Diagnostic>>;

    /// Draws the page: takes as long as it takes.
    ///
    /// # Errors
    /// Why it cannot be drawn, and what to do.
    fn draw(&self, evidence: &str, progress: &Progress) -> Result<String, String>;
}

/// What an evidence file holds.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Its rows.
    pub rows: usize,
    /// Ids of those that say nothing about the gateway, and why.
    pub unused: BTreeMap<String, &'static str>,
    /// Words already in use, by column: what a form offers.
    pub known: BTreeMap<&'static str, Vec<String>>,
    /// Subject, quantity and unit of what the rules measure.
    pub measures: Vec<[String; 3]>,
}

/// How far a drawing is.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Says how many steps there are.
    pub fn expect(&self, steps: u64) {
        self.total.store(steps, Ordering::Relaxed);
    }

    /// Says that `steps` more were made.
    pub fn made(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    /// Steps made and steps in all; 0 in all is not known yet.
    #[must_use]
    pub fn so_far(&self) -> (u64, u64) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }
}

/// A page that has been drawn.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) version: Digest,
    pub(crate) html: String,
    pub(crate) drawn: Timestamp,
    pub(crate) took: Duration,
}

/// Where a board stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) checked: Arc<Checked>,
    pub(crate) version: Digest,
    pub(crate) page: Option<Arc<Page>>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) drawing: bool,
    /// Why there is no newer page, or why the file is not as it was read last.
    pub(crate) wrong: Option<String>,
}

/// An evidence file and its board.
pub struct Board {
    file: PathBuf,
    draw: Arc<dyn Draw>,
    inner: Mutex<Inner>,
    wake: Condvar,
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

struct Inner {
    /// Length and time of the file when it was read.
    seen: Option<(u64, SystemTime)>,
    text: Arc<str>,
    standing: Standing,
    /// Pages drawn lately, the latest last: evidence that comes back is not weighed again.
    kept: Vec<Arc<Page>>,
}

/// Pages that are kept.
const KEPT: usize = 4;

/// What somebody asked to add.
#[derive(Debug)]
pub(crate) enum NotAdded {
    /// By column; those that are about no column stand under an empty one.
    Wrong(Vec<(String, String)>),
    /// The disk.
    Machine(String),
}

impl Board {
    /// Reads the evidence at `file` and begins to draw.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub fn start(file: &Path, draw: impl Draw) -> Result<Arc<Board>, String> {
        let text = read(file)?;
        let checked = draw.check(&text).map_err(|wrong| in_words(&text, &wrong))?;
        let board = Arc::new(Board {
            file: file.to_path_buf(),
            draw: Arc::new(draw),
            inner: Mutex::new(Inner {
                seen: seen(file),
                standing: Standing {
                    checked: Arc::new(checked),
                    version: Digest::of(text.as_bytes()),
                    page: None,
                    progress: Arc::default(),
                    drawing: true,
                    wrong: None,
                },
                text: text.into(),
                kept: Vec::new(),
            }),
            wake: Condvar::new(),
        });
        let painter = Arc::downgrade(&board);
        std::thread::Builder::new()
            .name("board".into())
            .spawn(move || {
                // On Linux this is the thread's own, and goes over to the threads that it starts: whoever works at a
                // screen comes first. Where it cannot be done the picture only costs them more.
                #[cfg(target_os = "linux")]
                let _ = rustix::process::setpriority_process(None, 15);
                while let Some(board) = painter.upgrade() {
                    board.paint();
                }
            })
            .map_err(|error| format!("a thread cannot be started: {error}"))?;
        Ok(board)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the file is called, without its folder.
    pub(crate) fn name(&self) -> String {
        self.file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Where the board stands; reads the file again if somebody changed it.
    pub(crate) fn standing(&self) -> Standing {
        let mut inner = self.lock();
        let now = seen(&self.file);
        if now != inner.seen {
            inner.seen = now;
            match read(&self.file) {
                Ok(text) => match self.draw.check(&text) {
                    Ok(checked) => self.take(&mut inner, text, checked),
                    Err(wrong) => inner.standing.wrong = Some(in_words(&text, &wrong)),
                },
                Err(why) => inner.standing.wrong = Some(why),
            }
        }
        inner.standing.clone()
    }

    /// Goes on with `text`.
    fn take(&self, inner: &mut Inner, text: String, checked: Checked) {
        let version = Digest::of(text.as_bytes());
        inner.text = text.into();
        let standing = &mut inner.standing;
        standing.checked = Arc::new(checked);
        standing.wrong = None;
        if standing.version != version {
            standing.version = version;
            match inner.kept.iter().find(|page| page.version == version) {
                Some(page) => {
                    standing.page = Some(Arc::clone(page));
                    standing.drawing = false;
                }
                None => {
                    standing.drawing = true;
                    self.wake.notify_all();
                }
            }
        }
    }

    /// Draws what is to be drawn, or waits a while for something.
    fn paint(&self) {
        let (text, version, progress) = {
            let inner = self.lock();
            let (mut inner, _) = self
                .wake
                .wait_timeout_while(inner, Duration::from_secs(5), |inner| {
                    !inner.standing.drawing
                })
                .unwrap_or_else(PoisonError::into_inner);
            if !inner.standing.drawing {
                return;
            }
            inner.standing.progress = Arc::default();
            let standing = &inner.standing;
            (
                Arc::clone(&inner.text),
                standing.version,
                Arc::clone(&standing.progress),
            )
        };
        let began = Instant::now();
        let drawn = catch_unwind(AssertUnwindSafe(|| self.draw.draw(&text, &progress)))
            .unwrap_or_else(|_| Err("the computation failed; the log says where".into()));
        let took = began.elapsed();
        tracing::info!(
            took_s = took.as_secs_f64(),
            ok = drawn.is_ok(),
            "the board was drawn"
        );
        let mut inner = self.lock();
        // If the evidence changed meanwhile, this page is of its day, and the next is drawn at once.
        let latest = inner.standing.version == version;
        match drawn {
            Ok(html) => {
                let page = Arc::new(Page {
                    version,
                    html,
                    drawn: Timestamp::now(),
                    took,
                });
                inner.kept.push(Arc::clone(&page));
                if inner.kept.len() > KEPT {
                    inner.kept.remove(0);
                }
                if latest || inner.standing.page.is_none() {
                    inner.standing.page = Some(page);
                }
            }
            Err(why) if latest => inner.standing.wrong = Some(why),
            Err(_) => {}
        }
        if latest {
            inner.standing.drawing = false;
        }
    }

    /// Adds a row: `cells` by column. The file is replaced whole, or not at all.
    ///
    /// # Errors
    /// What is wrong, by column.
    pub(crate) fn add(&self, cells: &BTreeMap<&'static str, String>) -> Result<Standing, NotAdded> {
        let mut inner = self.lock();
        let text = read(&self.file).map_err(NotAdded::Machine)?;
        let (longer, spans) = self
            .with_row(&text, cells)
            .map_err(|why| NotAdded::Wrong(vec![(String::new(), why)]))?;
        let checked = self
            .draw
            .check(&longer)
            .map_err(|wrong| NotAdded::Wrong(by_column(&longer, &wrong, &spans)))?;
        replace(&self.file, &longer).map_err(|error| {
            NotAdded::Machine(format!("{} cannot be written: {error}", self.name()))
        })?;
        inner.seen = seen(&self.file);
        self.take(&mut inner, longer, checked);
        Ok(inner.standing.clone())
    }

    /// The file's text with one row more, and where the row's cells stand in it.
    fn with_row(
        &self,
        text: &str,
        cells: &BTreeMap<&'static str, String>,
    ) -> Result<(String, Vec<Span>), String> {
        let mut longer = text.to_owned();
        if longer.trim().is_empty() {
            longer = format!("{}\n", self.draw.columns().join(","));
        }
        if !longer.ends_with('\n') {
            longer.push('\n');
        }
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(longer.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| format!("the file's first line cannot be read: {error}"))?
            .clone();
        let named: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim())
            .collect();
        if let Some((column, _)) = cells
            .iter()
            .find(|(column, cell)| !cell.is_empty() && !named.contains(*column))
        {
            return Err(format!(
                "the file has no column `{column}`; add it to its first line, or leave that field empty"
            ));
        }
        let ending = if longer.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let mut spans = Vec::new();
        for (at, name) in named.iter().enumerate() {
            if at > 0 {
                longer.push(',');
            }
            let start = longer.len();
            let cell = cells.get(name).map_or("", |cell| cell.trim());
            longer.push_str(&quoted(cell));
            spans.push(((*name).to_owned(), start, longer.len()));
        }
        longer.push_str(ending);
        Ok((longer, spans))
    }
}

/// The cell of a column: its first byte in the file, and the first after it.
type Span = (String, usize, usize);

/// A cell as it stands in a file: on one line, quoted where it must be.
fn quoted(cell: &str) -> String {
    let flat = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.contains([',', '"']) {
        format!("\"{}\"", flat.replace('"', "\"\""))
    } else {
        flat
    }
}

fn by_column(text: &str, wrong: &[Diagnostic], spans: &[Span]) -> Vec<(String, String)> {
    let errors = wrong.iter().filter(|wrong| wrong.is_error());
    errors
        .map(|wrong| {
            let help = wrong
                .help
                .as_ref()
                .map_or(String::new(), |help| format!("; {help}"));
            let message = format!("{}{help}", wrong.message);
            let of = wrong.labels.iter().find_map(|label| {
                spans
                    .iter()
                    .find(|(_, start, end)| (*start..=*end).contains(&label.at.start))
            });
            match of {
                Some((column, ..)) => (column.clone(), message),
                None => (
                    String::new(),
                    format!("line {}: {message}", line_of(text, wrong)),
                ),
            }
        })
        .collect()
}

fn line_of(text: &str, wrong: &Diagnostic) -> usize {
    let at = wrong.labels.first().map_or(0, |label| label.at.start);
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// The first errors of a file, with their lines.
fn in_words(text: &str, wrong: &[Diagnostic]) -> String {
    let errors: Vec<String> = wrong
        .iter()
        .filter(|wrong| wrong.is_error())
        .map(|wrong| format!("line {}: {}", line_of(text, wrong), wrong.message))
        .collect();
    let more = errors.len().saturating_sub(3);
    let mut said = errors[..errors.len().min(3)].join("; ");
    if more > 0 {
        said.push_str(&format!(
            " (and {more} more; `lazaret watch check` shows all)"
        ));
    }
    said
}

/// Bytes of an evidence file that is kept by a server.
const BYTES_MAX: u64 = 64 << 20;

fn read(file: &Path) -> Result<String, String> {
    let shown = file.display();
    let about = std::fs::metadata(file).map_err(|error| format!("{shown}: {error}"))?;
    if about.len() > BYTES_MAX {
        return Err(format!(
            "{shown} exceeds {BYTES_MAX} bytes, the limit for a board"
        ));
    }
    std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))
}

fn seen(file: &Path) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// Writes beside the file and puts that in its place: whoever reads finds the old text or the new one, never half.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let file = std::fs::canonicalize(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside
        .as_file()
        .set_permissions(std::fs::metadata(&file)?.permissions())?;
    beside.as_file().sync_all()?;
    beside.persist(&file)?;
    // The new name is durable once its folder is.
    std::fs::File::open(folder)?.sync_all()
}
