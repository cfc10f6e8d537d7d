//! The loops as programs: what they print, and whether they mean the same model.

mod agreement;
mod command_line;
