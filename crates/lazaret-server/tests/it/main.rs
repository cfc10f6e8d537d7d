//! The server from outside.

mod access;
mod board;
mod document;
mod office;
mod scene;
mod screens;
mod tables;
mod tls;
