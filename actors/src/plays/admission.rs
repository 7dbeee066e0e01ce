//! Who may run: a bounded number of places and a queue in order of arrival. Pure.

use std::collections::{HashSet, VecDeque};

use hero_sdk::PlaySid;

/// Places and queue.
#[derive(Debug)]
pub(crate) struct Admission {
    places: usize,
    running: HashSet<PlaySid>,
    queue: VecDeque<PlaySid>,
}

impl Admission {
    /// `places` plays may run at once; 0 lets none run.
    pub(crate) fn new(places: usize) -> Self {
        Self { places, running: HashSet::new(), queue: VecDeque::new() }
    }

    /// A play queues up. Twice is once.
    pub(crate) fn want(&mut self, play_sid: PlaySid) {
        if !self.running.contains(&play_sid) && !self.queue.contains(&play_sid) {
            self.queue.push_back(play_sid);
        }
    }

    /// A play gives its place back, or leaves the queue.
    pub(crate) fn leave(&mut self, play_sid: &PlaySid) {
        if !self.running.remove(play_sid) {
            self.queue.retain(|queued| queued != play_sid);
        }
    }

    /// The next play that gets a place, while there is one.
    pub(crate) fn admit(&mut self) -> Option<PlaySid> {
        if self.running.len() >= self.places {
            return None;
        }
        let play_sid = self.queue.pop_front()?;
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
    use super::*;

    #[test]
    fn places_are_bounded_and_given_in_order() {
        let plays: Vec<PlaySid> = (0..3).map(|_| PlaySid::new()).collect();
        let mut admission = Admission::new(2);
        for play in plays.iter().chain(&plays) {
            admission.want(play.clone());
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
}
