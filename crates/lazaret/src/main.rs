//! The one binary of Lazaret.

fn main() {}
