//! Which play is to be told when that a time is over. Pure.

use std::collections::BTreeSet;

use hero_sdk::{PlaySid, Timestamp};

use crate::play::Timer;

/// A timer of a play and its moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    /// When.
    pub(crate) at: Timestamp,
    /// Which play.
    pub(crate) play_sid: PlaySid,
    /// Which of its times.
    pub(crate) timer: Timer,
}

/// Timers in order of their moments. Setting one twice is once.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<Due>);

impl Timers {
    pub(crate) fn set(&mut self, due: Due) {
        self.0.insert(due);
    }

    pub(crate) fn forget(&mut self, due: &Due) {
        self.0.remove(due);
    }

    /// The next one whose moment has come.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<Due> {
        self.next().filter(|at| *at <= now)?;
        self.0.pop_first()
    }

    /// The earliest moment.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|due| due.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_ring_in_order_once_and_not_when_forgotten() {
        let plays: Vec<PlaySid> = (0..3).map(|_| PlaySid::new()).collect();
        let due = |at, play: usize| Due {
            at: Timestamp(at),
            play_sid: plays[play].clone(),
            timer: Timer::Deadline,
        };
        let mut timers = Timers::default();
        for due in [due(30, 0), due(10, 1), due(20, 2), due(10, 1)] {
            timers.set(due);
        }
        assert_eq!(timers.take(Timestamp(9)), None);
        assert_eq!(timers.next(), Some(Timestamp(10)));
        assert_eq!(timers.take(Timestamp(20)), Some(due(10, 1)));
        assert_eq!(timers.take(Timestamp(20)), Some(due(20, 2)));
        assert_eq!(timers.take(Timestamp(20)), None);
        timers.forget(&due(29, 0));
        timers.forget(&due(30, 0));
        assert_eq!((timers.take(Timestamp(99)), timers.next()), (None, None));
    }
}
