//! The engine against a second interpreter of `docs/semantics.md`, on random files.
//!
//! `LAZARET_NIGHTLY=1` plays 200,000 files instead of 2,000; `LAZARET_TWIN_FROM` and `LAZARET_TWIN_FILES` choose others.

#![allow(clippy::disallowed_methods, reason = "tests read the environment")]
#![allow(clippy::print_stdout, reason = "a long run tells what it did")]

mod compare;
mod cut;
mod faults;
mod features;
mod play;
mod write;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use compare::{Verdict, read, shrink, verdict};
use faults::Fault;

/// Files that are played before a change lands.
const FILES: u64 = 2_000;
/// Files that are played by night.
const BY_NIGHT: u64 = 200_000;
/// Files in which a planted fault must show.
const PLANTED: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn engine_and_twin_agree_on_random_files() {
    let nightly = std::env::var_os("LAZARET_NIGHTLY").is_some();
    let by_default = if nightly { BY_NIGHT } else { FILES };
    let files = number("LAZARET_TWIN_FILES").unwrap_or(by_default);
    let next = AtomicU64::new(number("LAZARET_TWIN_FROM").unwrap_or(0));
    let (played, refused, wrong) = (
        AtomicU64::new(0),
        AtomicU64::new(0),
        AtomicU64::new(u64::MAX),
    );
    let play = || {
        while played.load(Relaxed) < files && wrong.load(Relaxed) == u64::MAX {
            let seed = next.fetch_add(1, Relaxed);
            match verdict(&write::file(seed), seed, None) {
                Verdict::Agrees => played.fetch_add(1, Relaxed),
                Verdict::Refused(_) => refused.fetch_add(1, Relaxed),
                Verdict::Differs(_) => wrong.fetch_min(seed, Relaxed),
            };
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (0..threads).for_each(|_| drop(scope.spawn(play)));
    });
    let wrong = wrong.into_inner();
    if wrong < u64::MAX {
        let (small, what) = shrink(&write::file(wrong), wrong, None);
        panic!("file {wrong}: {what}\n\n{}", small.toml());
    }
    println!("{played:?} files played alike, {refused:?} refused by the reader");
}

/// A key that is new in the table of fields fails here until the random files write it.
#[test]
fn every_key_and_word_is_written_beside_every_other() {
    let mut pairs = features::Pairs::default();
    let right = (0..)
        .map(write::file)
        .filter(|file| read(&file.toml()).is_ok());
    right.take(FILES as usize).for_each(|file| pairs.add(&file));
    let missing = pairs.missing();
    assert!(
        missing.is_empty(),
        "{} are not written: {:#?}",
        missing.len(),
        &missing[..missing.len().min(400)]
    );
}

/// The comparison earns its place only if it sees what is wrong.
#[test]
fn every_planted_fault_is_caught() {
    let mut hidden: Vec<Fault> = Vec::new();
    for fault in Fault::ALL {
        let caught = (0..PLANTED).find(|&seed| {
            matches!(
                verdict(&write::file(seed), seed, Some(fault)),
                Verdict::Differs(_)
            )
        });
        println!("{fault:?} shows in file {caught:?}");
        if caught.is_none() {
            hidden.push(fault);
        }
    }
    assert!(
        hidden.is_empty(),
        "{hidden:?} do not show in {PLANTED} files"
    );
}

/// Tells how many files of a range agree, and which do not.
#[test]
#[ignore = "for looking at many disagreements at once"]
fn survey() {
    let from = number("LAZARET_TWIN_FROM").unwrap_or(0);
    let files = number("LAZARET_TWIN_FILES").unwrap_or(FILES);
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for seed in from..from + files {
        let what = match verdict(&write::file(seed), seed, None) {
            Verdict::Agrees => "agree".to_string(),
            Verdict::Refused(why) => {
                let words = why.split(']').next().unwrap_or("").split("error[");
                format!("refused: {}", words.last().unwrap_or(""))
            }
            Verdict::Differs(what) => {
                println!("{seed}: {}", what.lines().next().unwrap_or(""));
                "differ".to_string()
            }
        };
        *counts.entry(what).or_default() += 1;
    }
    println!("{counts:#?}");
}
