//! Who may run: a bounded number of places, and a queue by priority. Pure.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
};

use hero_sdk::{PlaySid, Timestamp, model::Play};

/// Where a play stands in the queue: those of a higher priority first, then those that were created earlier. It is the
/// same over pauses, retries and restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(Reverse<i32>, Timestamp);

impl Turn {
    pub(crate) fn of(play: &Play) -> Self {
        Self(Reverse(play.priority), play.created_at)
    }
}

/// Places and queue.
#[derive(Debug)]
pub(crate) struct Admission {
    places: usize,
    running: HashSet<PlaySid>,
    queue: BTreeSet<(Turn, PlaySid)>,
    /// Of those in the queue.
    turns: HashMap<PlaySid, Turn>,
}

impl Admission {
    /// `places` plays may run at once; 0 lets none run.
    pub(crate) fn new(places: usize) -> Self {
        Self { places, running: HashSet::new(), queue: BTreeSet::new(), turns: HashMap::new() }
    }

    /// A play queues up. Twice is once.
    pub(crate) fn want(&mut self, play_sid: PlaySid, turn: Turn) {
        if !self.running.contains(&play_sid) && !self.turns.contains_key(&play_sid) {
            self.turns.insert(play_sid.clone(), turn);
            self.queue.insert((turn, play_sid));
        }
    }

    /// A play gives its place back, or leaves the queue.
    pub(crate) fn leave(&mut self, play_sid: &PlaySid) {
        self.running.remove(play_sid);
        if let Some(turn) = self.turns.remove(play_sid) {
            self.queue.remove(&(turn, play_sid.clone()));
        }
    }

    /// The next play that gets a place, while there is one.
    pub(crate) fn admit(&mut self) -> Option<PlaySid> {
        if self.running.len() >= self.places {
            return None;
        }
        let (_, play_sid) = self.queue.pop_first()?;
        self.turns.remove(&play_sid);
        self.running.insert(play_sid.clone());
        Some(play_sid)
    }

    /// How many have a place, and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.running.len(), self.queue.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turn(priority: i32, created_at: i64) -> Turn {
        Turn(Reverse(priority), Timestamp(created_at))
    }

    #[test]
    fn places_are_bounded_and_given_in_order() {
        let plays: Vec<PlaySid> = (0..3).map(|_| PlaySid::new()).collect();
        let mut admission = Admission::new(2);
        for (number, play) in plays.iter().chain(&plays).enumerate() {
            admission.want(play.clone(), turn(0, number as i64));
        }
        assert_eq!(admission.counts(), (0, 3));
        assert_eq!(admission.admit().as_ref(), plays.first());
        assert_eq!(admission.admit().as_ref(), plays.get(1));
        assert_eq!(admission.admit(), None);
        admission.leave(&plays[0]);
        assert_eq!(admission.admit().as_ref(), plays.get(2));
        admission.leave(&plays[1]);
        admission.leave(&plays[2]);
        assert_eq!(admission.counts(), (0, 0));
        assert_eq!(Admission::new(0).admit(), None);
    }

    /// None of them looks at all the others.
    #[test]
    fn a_hundred_thousand_queue_up() {
        let mut admission = Admission::new(1);
        let plays: Vec<PlaySid> = (0..100_000).map(|_| PlaySid::new()).collect();
        for (number, play) in plays.iter().enumerate() {
            admission.want(play.clone(), turn(number as i32 % 7, number as i64));
        }
        assert_eq!(admission.counts(), (0, plays.len()));
        while let Some(play) = admission.admit() {
            admission.leave(&play);
        }
        plays.iter().for_each(|play| admission.want(play.clone(), turn(0, 0)));
        plays.iter().rev().for_each(|play| admission.leave(play));
        assert_eq!(admission.counts(), (0, 0));
    }

    proptest! {
        /// Whoever gets a place has the highest priority of those that wait, and is the oldest of these.
        #[test]
        fn the_next_is_the_oldest_of_the_highest_priority(
            steps in prop::collection::vec((0usize..12, 0u8..3), 1..200),
            priorities in prop::collection::vec(-2i32..3, 12),
        ) {
            let plays: Vec<PlaySid> = (0..12).map(|_| PlaySid::new()).collect();
            let mut admission = Admission::new(3);
            let (mut waiting, mut running) = (BTreeSet::new(), BTreeSet::new());
            for (which, what) in steps {
                match what {
                    0 => {
                        admission.want(plays[which].clone(), turn(priorities[which], which as i64));
                        if !running.contains(&which) {
                            waiting.insert(which);
                        }
                    }
                    1 => {
                        admission.leave(&plays[which]);
                        waiting.remove(&which);
                        running.remove(&which);
                    }
                    _ => {
                        let is_free = running.len() < 3;
                        let best = |which: &&usize| (priorities[**which], Reverse(**which));
                        let next = waiting.iter().filter(|_| is_free).max_by_key(best).copied();
                        prop_assert_eq!(admission.admit(), next.map(|next| plays[next].clone()));
                        if let Some(next) = next {
                            waiting.remove(&next);
                            running.insert(next);
                        }
                    }
                }
                prop_assert_eq!(admission.counts(), (running.len(), waiting.len()));
            }
        }
    }
}
