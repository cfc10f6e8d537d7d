//! Somebody waits for an answer of the watcher: a bar on a terminal, and an end by Ctrl-C.

use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::WatchError;

use crate::output::{Failure, say};
use crate::waiting::{Bar, Interrupt};

/// Who waits.
pub(crate) struct Waiting {
    bar: Bar,
    interrupt: Interrupt,
}

impl Waiting {
    /// Begins work of `steps` steps: the bar is not shown to machines that want JSON.
    pub(crate) fn begin(steps: u64, what: &'static str, json: bool) -> Result<Self, Failure> {
        Ok(Self {
            bar: Bar::new(what, Some(steps), json).at_once(),
            interrupt: Interrupt::listen()?,
        })
    }

    /// Shows the progress of `compute` to whoever waits.
    pub(crate) fn attend<T>(&self, compute: impl FnOnce(&Attendance<'_>) -> T) -> T {
        compute(&Attendance {
            progress: &|steps| self.bar.advance(steps as u64),
            stop: &|| self.interrupt.came(),
        })
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.came()
    }

    /// Takes the bar away, when it has got to its end or will not.
    pub(crate) fn end(&self) {
        self.bar.end();
    }

    /// How a command ends for which half an answer would be none.
    ///
    /// * `what` — the answer, such as `forecast`.
    pub(crate) fn without(&self, what: &str, failure: Failure) -> Failure {
        self.end();
        if matches!(failure, Failure::Interrupted) {
            say(&format!(
                "stopped before the {what} was complete; it is discarded and nothing was written\n"
            ));
        }
        failure
    }
}

/// Why there is no answer.
pub(crate) fn failed(error: WatchError) -> Failure {
    match error {
        WatchError::Stopped => Failure::Interrupted,
        other => Failure::BadInput(other.to_string()),
    }
}
