//! How many of n things something happens to, in one look at a table.

use super::lanes::{Dice, LANES, Lanes};

/// Things that are drawn together; more are drawn in several goes.
const TOGETHER: usize = 31;
const COLUMNS: usize = TOGETHER + 1;
/// A share of a column is a whole number of 2⁻²⁴.
const UNITS: f64 = (1u32 << 24) as f64;

/// A binomial distribution of one chance and any number of things, by the method of aliases (Walker1977): a column is
/// chosen evenly, and the answer is its number or its alias. No loop and no branch, where a draw for each of the things
/// or a search in a table of chances was most of the kernel's time.
#[derive(Clone, Debug)]
pub(super) struct Binomial {
    /// For n = 0, 1, …: columns 0, 1, …, each its share in the high bits and its alias in the low eight.
    columns: Box<[[u32; COLUMNS]; COLUMNS]>,
}

impl Binomial {
    /// * `p` — the chance of one thing.
    pub(super) fn new(p: f64) -> Self {
        let mut columns = Box::new([[0; COLUMNS]; COLUMNS]);
        let mut chances = [0.0; COLUMNS];
        chances[0] = 1.0;
        for (n, row) in columns.iter_mut().enumerate() {
            if n > 0 {
                // From n - 1 things to n: the last is one of them or is not.
                for k in (1..=n).rev() {
                    chances[k] = p * chances[k - 1] + (1.0 - p) * chances[k];
                }
                chances[0] *= 1.0 - p;
            }
            *row = aliases(&chances);
        }
        Self { columns }
    }

    /// How many of `count` things of each course; one of them, if there are any.
    ///
    /// * `bits` — of which the upper half is used.
    #[inline]
    pub(super) fn draw(&self, count: Lanes, bits: &[u64; LANES], dice: &mut Dice) -> Lanes {
        let mut got = Lanes::NONE;
        for ((got, count), bits) in got.0.iter_mut().zip(count.0).zip(bits) {
            *got = self.of_few(count.min(TOGETHER as i32), *bits);
        }
        if count.most() > TOGETHER as i32 {
            self.draw_rest(count, dice, &mut got);
        }
        got
    }

    #[cold]
    fn draw_rest(&self, count: Lanes, dice: &mut Dice, got: &mut Lanes) {
        for lane in 0..LANES {
            let mut left = count.0[lane] - TOGETHER as i32;
            while left > 0 {
                got.0[lane] += self.of_few(left.min(TOGETHER as i32), dice.of(lane).bits());
                left -= TOGETHER as i32;
            }
        }
    }

    #[inline]
    fn of_few(&self, n: i32, bits: u64) -> i32 {
        let column = (bits >> 59) as usize;
        let cell = self.columns[n as usize % COLUMNS][column];
        let share = (bits >> 35) as u32 & (UNITS as u32 - 1);
        if share < cell >> 8 {
            column as i32
        } else {
            (cell & 0xff) as i32
        }
    }
}

/// The columns of a distribution over 0 to 31 (Vose1991): what a column of average height lacks is filled up by one
/// that has too much.
fn aliases(chances: &[f64; COLUMNS]) -> [u32; COLUMNS] {
    let mut height = chances.map(|chance| chance * COLUMNS as f64);
    let mut alias: [usize; COLUMNS] = std::array::from_fn(|column| column);
    let (mut low, mut high): (Vec<usize>, Vec<usize>) =
        (0..COLUMNS).partition(|column| height[*column] < 1.0);
    while let (Some(small), Some(large)) = (low.pop(), high.last().copied()) {
        alias[small] = large;
        height[large] -= 1.0 - height[small];
        if height[large] < 1.0 {
            high.pop();
            low.push(large);
        }
    }
    // What is left over is full, but for the last digits.
    std::array::from_fn(|column| {
        let share = if alias[column] == column {
            0.0
        } else {
            (height[column] * UNITS).round().clamp(0.0, UNITS - 1.0)
        };
        (share as u32) << 8 | alias[column] as u32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Greatest distance, in standard errors, between how often k of n happened and its chance by the formula.
    fn worst(drawn: &Binomial, p: f64, n: i32) -> f64 {
        const RUNS: i32 = 64_000;
        let streams = lazaret_smc::random::StreamKey::new(3).at(0);
        let mut dice = Dice::new(&streams, 0);
        let mut counts = vec![0u32; n as usize + 1];
        for _ in 0..RUNS / LANES as i32 {
            let count = Lanes::all(n);
            let bits = dice.bits_for(&count);
            for got in drawn.draw(count, &bits, &mut dice).0 {
                counts[got as usize] += 1;
            }
        }
        let mut chance = (1.0 - p).powi(n);
        let mut worst = 0.0f64;
        for (k, count) in counts.iter().enumerate() {
            let expected = chance * f64::from(RUNS);
            // What is expected less than five times is no normal count.
            if expected > 5.0 {
                let error = (expected * (1.0 - chance)).sqrt();
                worst = worst.max((f64::from(*count) - expected).abs() / error);
            }
            chance *= p / (1.0 - p) * f64::from(n - k as i32) / (k + 1) as f64;
        }
        worst
    }

    #[test]
    fn a_train_is_shared_out_as_wagon_by_wagon() {
        // 5 standard errors: 6e-7 each, 1e-4 over all.
        for (p, n) in [(0.3, 5), (0.77, 18), (0.5, 30), (0.02, 31), (0.4, 45)] {
            let worst = worst(&Binomial::new(p), p, n);
            assert!(worst < 5.0, "{n} with {p}: {worst}");
        }
    }

    #[test]
    fn a_chance_one_fiftieth_off_is_noticed() {
        assert!(worst(&Binomial::new(0.51), 0.5, 30) > 5.0);
    }

    #[test]
    fn nothing_and_everything() {
        let streams = lazaret_smc::random::StreamKey::new(3).at(0);
        let mut dice = Dice::new(&streams, 0);
        for _ in 0..1000 {
            for (p, n, got) in [(0.0, 20, 0), (1.0, 20, 20), (1.0, 50, 50), (0.5, 0, 0)] {
                let count = Lanes::all(n);
                let bits = dice.bits_for(&count);
                assert_eq!(
                    Binomial::new(p).draw(count, &bits, &mut dice),
                    Lanes::all(got)
                );
            }
        }
    }
}
