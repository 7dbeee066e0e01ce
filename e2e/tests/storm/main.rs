//! A server under load that is killed again and again, and its flows with it: whatever was acknowledged is there at the
//! end, and has ended right, once. (FAULTS 1)
//!
//! `HERO_STORM_KILLS` sets another number of kills of the server than some, `HERO_SOAK_MINUTES` has them go on for so
//! long instead, at fifty plays a second. `HERO_STORM_SEED` repeats what was drawn; what the machine makes of it differs.

#[cfg(test)]
mod draw;
#[cfg(test)]
mod killer;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod load;

#[cfg(test)]
mod tests {
    use std::{
        collections::hash_map::RandomState,
        env,
        hash::BuildHasher as _,
        str::FromStr,
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    };

    use hero_e2e::Served;

    use crate::{
        draw::Draw,
        killer::{Killer, Until},
        ledger::Ledger,
        load,
    };

    /// Clients that start plays at the same time.
    const CLIENTS: u64 = 4;

    fn variable<T: FromStr>(name: &str) -> Option<T> {
        let parse = |text: String| text.parse().unwrap_or_else(|_| panic!("{name} has {text}"));
        env::var(name).ok().map(parse)
    }

    /// Ends the others when a part of the test fails, so that the test ends.
    struct EndAll<'a>(&'a AtomicBool);

    impl Drop for EndAll<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn nothing_acknowledged_is_lost() {
        let seed = variable("HERO_STORM_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("HERO_STORM_SEED={seed}");
        let until = match variable::<u64>("HERO_SOAK_MINUTES") {
            Some(minutes) => Until::Elapsed(Duration::from_secs(60 * minutes)),
            None => Until::Kills(variable("HERO_STORM_KILLS").unwrap_or(4)),
        };
        let served = Served::started(&[]);
        let ledger = Ledger::default();
        let (starting_ends, answering_ends) = (AtomicBool::new(false), AtomicBool::new(false));
        let mut killer = Killer::new(&served, &ledger, Draw::new(seed));
        thread::scope(|scope| {
            let _ends = (EndAll(&starting_ends), EndAll(&answering_ends));
            let (served, ledger, starting_ends, answering_ends) =
                (&served, &ledger, &starting_ends, &answering_ends);
            let answering = scope.spawn(move || load::answer(served, ledger, answering_ends));
            let starting: Vec<_> = (1..=CLIENTS)
                .map(|client| {
                    let draw = Draw::new(seed.wrapping_add(client));
                    scope.spawn(move || {
                        let _ends = EndAll(starting_ends);
                        load::start(served, ledger, draw, client, until, starting_ends);
                    })
                })
                .collect();
            killer.rage(until, starting_ends);
            starting_ends.store(true, Ordering::Relaxed);
            for client in starting {
                client.join().unwrap();
            }
            // Once more, while everybody waits for the rest.
            killer.kill_server();
            ledger.check(served);
            answering_ends.store(true, Ordering::Relaxed);
            answering.join().unwrap();
        });
        killer.report();
    }
}
