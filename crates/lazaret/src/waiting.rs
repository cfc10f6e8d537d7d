//! Somebody waits for an answer: a bar on a terminal, and an end by Ctrl-C. Every command goes by this.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazaret_plan::simulated::Watch;

use crate::output::Failure;

/// Nothing is drawn for what is done sooner.
const QUIET: Duration = Duration::from_secs(1);

/// Whether somebody wants the run to end. The handler is one for the whole process, so its flag is, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupt(());

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

impl Interrupt {
    /// Listens for Ctrl-C from now on. The first asks for an end, a second ends the process at once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        static LISTENING: OnceLock<Result<(), String>> = OnceLock::new();
        let listening = LISTENING.get_or_init(|| {
            let handler = || {
                if STOP.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            };
            ctrlc::set_handler(handler).map_err(|error| error.to_string())
        });
        match listening {
            Ok(()) => Ok(Interrupt(())),
            Err(why) => Err(Failure::Machine(format!(
                "Ctrl-C cannot be listened for: {why}"
            ))),
        }
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn came(self) -> bool {
        STOP.load(Ordering::Relaxed)
    }
}

/// How far something is. It is drawn on a terminal once a second has passed.
pub(crate) struct Bar {
    bar: ProgressBar,
    began: Instant,
    /// Whether it may be drawn and is not yet.
    waits: AtomicBool,
}

impl Bar {
    /// * `what` — what is counted, such as `replications`.
    /// * `most` — how many there will be; none if that is not known.
    /// * `silent` — whether nothing is drawn, such as for a machine that reads JSON.
    pub(crate) fn new(what: &'static str, most: Option<u64>, silent: bool) -> Self {
        let template = match most {
            Some(_) => "{prefix} {bar:30} {percent:>3} % {eta:>4} left  {msg}",
            None => "{spinner} {human_pos} {prefix}, {per_sec}, {elapsed}  {msg}",
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar {
            bar: ProgressBar::with_draw_target(most, ProgressDrawTarget::hidden())
                .with_style(style)
                .with_prefix(what),
            began: Instant::now(),
            waits: AtomicBool::new(!silent && stderr().is_terminal()),
        }
    }

    /// Draws it from the start: what takes minutes need not wait for a second.
    pub(crate) fn at_once(self) -> Self {
        if self.waits.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self
    }

    /// Whether it is or will be drawn.
    pub(crate) fn is_shown(&self) -> bool {
        self.waits.load(Ordering::Relaxed) || !self.bar.is_hidden()
    }

    /// More is done.
    pub(crate) fn advance(&self, by: u64) {
        self.bar.inc(by);
        if self.waits.load(Ordering::Relaxed)
            && self.began.elapsed() > QUIET
            && self.waits.swap(false, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// What is said beside it.
    pub(crate) fn tell(&self, what: String) {
        self.bar.set_message(what);
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.waits.store(false, Ordering::Relaxed);
        self.bar.force_draw();
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}

/// What looks on while a planner's question is answered.
pub(crate) struct LookOn {
    bar: Bar,
    interrupt: Interrupt,
}

impl LookOn {
    /// Counts runs, and listens for Ctrl-C.
    pub(crate) fn begin(silent: bool) -> Result<Self, Failure> {
        Ok(LookOn {
            bar: Bar::new("runs", None, silent),
            interrupt: Interrupt::listen()?,
        })
    }
}

impl Watch for LookOn {
    fn ran(&self) {
        self.bar.advance(1);
    }

    fn stop(&self) -> bool {
        self.interrupt.came()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_can_be_listened_for_by_several_and_has_not_come() {
        let first = Interrupt::listen().unwrap();
        let second = Interrupt::listen().unwrap();
        assert!(!first.came() && !second.came());
    }

    #[test]
    fn a_silent_bar_is_never_drawn() {
        let bar = Bar::new("runs", Some(2), true);
        bar.advance(2);
        assert!(!bar.is_shown());
    }
}
