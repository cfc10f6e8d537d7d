//! The gateway file, its units and distributions, and the vocabulary of events.
