//! The server from outside.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod access;
mod adoption;
mod board;
mod clock;
mod document;
mod epcis;
mod hygiene;
mod office;
mod scene;
mod screens;
mod strict;
mod tables;
mod tls;
