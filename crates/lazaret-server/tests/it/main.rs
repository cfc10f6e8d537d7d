//! The server from outside.

mod access;
mod document;
mod office;
mod scene;
mod screens;
mod tables;
mod tls;
