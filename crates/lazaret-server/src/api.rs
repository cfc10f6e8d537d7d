//! The shapes of requests and answers: what the OpenAPI document describes.

#[macro_use]
pub mod table;

pub mod adoption;
pub mod arrivals;
pub mod audit;
pub mod board;
pub mod commands;
pub mod common;
pub mod epcis;
pub mod exceptions;
pub mod live;
pub mod lots;
pub mod people;
pub mod protocols;
pub mod search;
pub mod session;
pub mod site;
pub mod stock;
pub mod today;
pub mod vehicles;
pub mod work;
