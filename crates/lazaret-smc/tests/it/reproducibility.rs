//! Same seed, same answer: on any number of threads, through a save, row by row or at once.

use lazaret_smc::SmcError;
use lazaret_smc::model::{BatchModel, StateSpaceModel};
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::{StreamKey, Streams};
use lazaret_smc::smc2::{Revised, Saved, Smc2, Smc2Settings};

use crate::models::{Family, Walk};

fn prior() -> Independent {
    Independent::new()
        .with(
            "phi",
            Density::Uniform {
                low: -1.0,
                high: 1.0,
            },
        )
        .with(
            "sighting_sd",
            Density::LogNormal {
                mean_log: -0.3,
                sd_log: 0.5,
            },
        )
}

fn settings() -> Smc2Settings {
    Smc2Settings {
        theta_particles: 60,
        state_particles: 16,
        most_state_particles: 64,
        ..Smc2Settings::default()
    }
}

fn family(walk: &Walk) -> Family<Walk> {
    let walk = walk.clone();
    Box::new(move |theta| Walk {
        phi: theta[0],
        sighting_sd: theta[1],
        ..walk.clone()
    })
}

fn run(walk: &Walk, seed: u64) -> Smc2<Vec<f64>> {
    let family = family(walk);
    let mut sampler = Smc2::start(&family, &prior(), &settings(), seed).unwrap();
    sampler.run_to(&family, &prior(), walk.last()).unwrap();
    sampler
}

#[test]
fn threads_do_not_matter() {
    let walk = Walk::example();
    let family = family(&walk);
    let answer = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let sampler = run(&walk, 3);
            let key = StreamKey::new(1);
            let paths = sampler
                .paths(&family, 40, walk.last() + 5, key, |x, _| *x)
                .unwrap();
            let present = sampler.present(&family, |x| *x);
            (sampler.save(), paths, present)
        })
    };
    let one = answer(1);
    assert!(!one.0.eq(&run(&walk, 4).save()), "another seed must matter");
    for threads in [2, 5] {
        assert!(answer(threads) == one, "{threads} threads");
    }
}

#[test]
fn a_saved_sampler_goes_on_as_if_it_had_not_been_saved() {
    let walk = Walk::example();
    let family = family(&walk);
    let straight = run(&walk, 5);
    assert!(!straight.rejuvenations().is_empty());
    let mut sampler = Smc2::start(&family, &prior(), &settings(), 5).unwrap();
    for stop in [0, 4, 5, 17, walk.last()] {
        sampler.run_to(&family, &prior(), stop).unwrap();
        let text = serde_json::to_string(&sampler.save()).unwrap();
        let saved: Saved = serde_json::from_str(&text).unwrap();
        sampler = Smc2::resume(&saved, &family, &prior()).unwrap();
    }
    assert!(sampler.save() == straight.save());
    assert!(sampler.present(&family, |x| *x) == straight.present(&family, |x| *x));
}

#[test]
fn a_saved_sampler_refuses_what_it_was_not_made_for() {
    let walk = Walk::example();
    let saved = run(&walk, 5).save();
    let mut changed = walk.clone();
    changed.sightings[2] = Some(0.1);
    let refused = |result: Result<Smc2<Vec<f64>>, SmcError>| match result {
        Err(SmcError::Saved(message)) => message,
        other => panic!("{:?}", other.map(|_| "resumed")),
    };
    let message = refused(Smc2::resume(&saved, &family(&changed), &prior()));
    assert!(message.contains("have changed"), "{message}");
    let other = Independent::new().with(
        "psi",
        Density::Uniform {
            low: 0.0,
            high: 1.0,
        },
    );
    let message = refused(Smc2::resume(&saved, &family(&walk), &other));
    assert!(message.contains("\"psi\""), "{message}");
}

#[test]
fn a_late_row_through_a_save_equals_a_late_row_without() {
    let mut early = Walk::example();
    let late = early.clone();
    early.sightings[12] = None; // published only after the end
    let mut sampler = run(&early, 6);
    let saved = sampler.save();
    assert_eq!(
        sampler.revise(&family(&late), &prior()).unwrap(),
        Revised::Reweighted
    );
    let (resumed, revised) = Smc2::resume_revised(&saved, &family(&late), &prior()).unwrap();
    assert_eq!(revised, Revised::Reweighted);
    assert!(resumed.save() == sampler.save());
}

/// The walk again, a population at a time, in another layout.
struct Batch(Walk);

impl BatchModel for Batch {
    /// Particles in reverse order, to be sure that nobody looks inside.
    type Population = Vec<f64>;
    type State = f64;

    fn initialise(&self, count: usize, streams: &Streams) -> Vec<f64> {
        let draw = |i| StateSpaceModel::initialise(&self.0, &mut streams.particle(i));
        (0..count).rev().map(draw).collect()
    }

    fn step(&self, population: &mut Vec<f64>, time: usize, streams: &Streams) {
        for (i, x) in population.iter_mut().rev().enumerate() {
            StateSpaceModel::step(&self.0, x, time, &mut streams.particle(i));
        }
    }

    fn select(&self, from: &Vec<f64>, ancestors: &[u32], into: &mut Vec<f64>) {
        into.clear();
        into.extend(
            ancestors
                .iter()
                .rev()
                .map(|a| from[from.len() - 1 - *a as usize]),
        );
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        StateSpaceModel::rows(&self.0, time)
    }

    fn log_likelihood(&self, population: &Vec<f64>, time: usize, row: usize, into: &mut [f64]) {
        for (slot, x) in into.iter_mut().zip(population.iter().rev()) {
            *slot = StateSpaceModel::log_likelihood(&self.0, x, time, row);
        }
    }

    fn state(&self, population: &Vec<f64>, index: usize) -> f64 {
        population[population.len() - 1 - index]
    }
}

#[test]
fn a_batch_in_another_layout_gives_the_same_answer() {
    let walk = Walk::example();
    let batch = |theta: &[f64]| {
        Batch(Walk {
            phi: theta[0],
            sighting_sd: theta[1],
            ..walk.clone()
        })
    };
    let mut sampler = Smc2::start(&batch, &prior(), &settings(), 3).unwrap();
    sampler.run_to(&batch, &prior(), walk.last()).unwrap();
    let single = run(&walk, 3);
    assert!(sampler.save() == single.save());
    let key = StreamKey::new(1);
    let ahead = walk.last() + 3;
    let a = sampler.paths(&batch, 30, ahead, key, |x, _| *x).unwrap();
    let b = single
        .paths(&family(&walk), 30, ahead, key, |x, _| *x)
        .unwrap();
    assert!(a == b);
}
