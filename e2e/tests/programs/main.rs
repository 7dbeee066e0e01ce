//! Random flow programs, killed at random by themselves and by the runtime, against plain Python: the same result, and
//! the effects that the contract allows. The programs are made by `sdk/python/tests/random_programs.py`, which tests
//! the SDK alone with them, and run by the flow `programs.py` beside it.
//!
//! `HERO_TEST_SEED` repeats a failure, `HERO_PROGRAM_SEED` the programs of it that shared a store just then;
//! `HERO_TEST_ROUNDS` makes a longer run, 300 programs unless told. What happens next is counted in lines of the log of effects, so that most failures
//! come again; kills that are a moment late are aimed at what lies between two lines.

#[cfg(test)]
mod effects;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod trial;

#[cfg(test)]
mod agreement {
    use std::{
        env,
        hash::{BuildHasher as _, RandomState},
        str::FromStr,
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
        thread,
    };

    use hero_e2e::Stage;

    use crate::{plan, trial};

    const ROUNDS: usize = 300;
    /// Programs that are planned together and share a store.
    const BATCH: usize = 20;
    /// Programs that run side by side, half of them; the others run alone.
    const GROUP: usize = 3;
    /// Batches side by side: as many as keep two cores busy while disks are waited for.
    const WORKERS: usize = 4;

    fn wish<T: FromStr>(variable: &str) -> Option<T> {
        let parse = |text: String| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number"));
        env::var(variable).ok().map(parse)
    }

    /// Seeds of programs, from one that a failure names.
    fn seeds() -> Vec<u64> {
        let mut state: u64 = wish("HERO_TEST_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) >> 32);
        println!("HERO_TEST_SEED={state}");
        // SplitMix64 (Steele, Lea, Flood 2014); the upper half, so that a seed stays readable.
        let next = move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) >> 32
        };
        std::iter::repeat_with(next).take(wish("HERO_TEST_ROUNDS").unwrap_or(ROUNDS)).collect()
    }

    /// Stops the other workers when one panics, so that the failure is told at once.
    struct StopAll<'a>(&'a AtomicBool);

    impl Drop for StopAll<'_> {
        fn drop(&mut self) {
            if thread::panicking() {
                self.0.store(true, Ordering::Relaxed);
            }
        }
    }

    /// A batch of plans as groups: of one, and of several.
    fn groups(plans: &[plan::Plan]) -> impl Iterator<Item = &[plan::Plan]> {
        let (alone, together) = plans.split_at(plans.len() / 2);
        alone.chunks(1).chain(together.chunks(GROUP))
    }

    #[test]
    fn with_plain_python_whatever_is_killed() {
        if let Ok(text) = env::var("HERO_PROGRAM_SEED") {
            let seed = |text: &str| text.parse().unwrap_or_else(|_| panic!("HERO_PROGRAM_SEED has {text}"));
            let seeds: Vec<u64> = text.split(',').map(seed).collect();
            let stage = Stage::new();
            println!("{:?}", trial::run(&stage, &plan::all(&stage, &seeds)));
            return;
        }
        let seeds = seeds();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (kills, attempts) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            let _stop_all = StopAll(&stop);
            while let Some(batch) = seeds.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
                let stage = Stage::new();
                for group in groups(&plan::all(&stage, batch)) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let took = trial::run(&stage, group);
                    kills.fetch_add(took.runtimes_killed, Ordering::Relaxed);
                    attempts.fetch_add(took.attempts, Ordering::Relaxed);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(work);
            }
        });
        let (kills, attempts) = (kills.into_inner(), attempts.into_inner());
        println!("{} programs, {attempts} attempts, {kills} runtimes killed", seeds.len());
        let is_enough = kills >= seeds.len() / 4 && attempts >= 2 * seeds.len();
        assert!(is_enough || seeds.len() < BATCH, "too few kills prove nothing");
    }
}
