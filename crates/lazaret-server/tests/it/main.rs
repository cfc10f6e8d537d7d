//! The server from outside.

mod document;
