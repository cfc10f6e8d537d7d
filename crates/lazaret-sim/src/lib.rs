//! The simulator of a quarantine gateway.
