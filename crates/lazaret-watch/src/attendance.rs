//! Somebody who looks on while something long is computed: is told how far it is, and may want an end.

/// Who looks on. Every question of the watcher takes one, so that each can be stopped in the same way.
#[derive(Clone, Copy)]
pub struct Attendance<'a> {
    /// Is told how many steps more are done.
    pub progress: &'a (dyn Fn(usize) + Sync),
    /// Whether an end is wanted. Asked before every step.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Attendance<'static> {
    /// Nobody looks on.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            progress: &|_| {},
            stop: &|| false,
        }
    }
}

impl Attendance<'_> {
    /// Says that `steps` more are done.
    pub fn done(&self, steps: usize) {
        (self.progress)(steps);
    }

    /// Whether an end is wanted.
    #[must_use]
    pub fn wants_an_end(&self) -> bool {
        (self.stop)()
    }

    /// The same, told nothing: for a part whose whole is one step.
    #[must_use]
    pub fn untold(&self) -> Self {
        Attendance {
            progress: &|_| {},
            stop: self.stop,
        }
    }
}
