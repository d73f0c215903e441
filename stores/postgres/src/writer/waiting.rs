//! `Waiting`: appends, and who waits for their answers.

use std::sync::Arc;

use es_core::{Append, AppendError, Appended};

use super::Answer;
use super::commit::{Answered, Failure};
use crate::place::Place;

/// The appends of a batch. Each is answered as soon as its answer is known: what comes after, and may take long or fail,
/// does not concern it.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) appends: Vec<Append>,
    /// Where the answers go that are still open.
    answers: Vec<Option<Answer<Appended>>>,
}

impl Waiting {
    pub(super) fn push(&mut self, append: Append, answer: Answer<Appended>) {
        self.appends.push(append);
        self.answers.push(Some(answer));
    }

    /// Those that have no answer yet.
    pub(super) fn open(&self) -> Vec<usize> {
        let answers = self.answers.iter().enumerate();
        answers.filter(|(_, answer)| answer.is_some()).map(|(index, _)| index).collect()
    }

    /// Answers an append, unless it has its answer.
    pub(super) fn answer(&mut self, index: usize, answered: Answered) {
        if let Some(answer) = self.answers[index].take() {
            // Nobody may wait for the answer any more.
            drop(answer.send(answered));
        }
    }

    /// Answers those of these appends that are open with the same failure.
    pub(super) fn fail(&mut self, indices: &[usize], failure: Failure, place: &Place) {
        let failure = Arc::new(failure);
        for index in indices {
            self.answer(*index, Err(Failure::for_each(&failure, place)));
        }
    }

    /// Says of those that are open that nobody knows whether they were written.
    pub(super) fn lose(&mut self, why: impl Fn() -> AppendError) {
        for index in self.open() {
            self.answer(index, Err(why()));
        }
    }
}

#[cfg(test)]
mod tests {
    use es_core::Timestamp;
    use tokio::sync::oneshot;

    use super::*;
    use crate::writer::answer::nothing;

    #[test]
    fn what_was_answered_is_not_lost_with_the_rest() {
        let mut waiting = Waiting::default();
        let mut answered = [0, 1].map(|_| {
            let (answer, answered) = oneshot::channel();
            waiting.push(Append { streams: Vec::new() }, answer);
            answered
        });
        waiting.answer(0, Ok(nothing(Timestamp::MIN)));
        assert_eq!(waiting.open(), [1]);
        waiting.lose(|| AppendError::Unknown { source: "no answer".into() });
        assert!(answered[0].try_recv().unwrap().is_ok());
        assert!(matches!(answered[1].try_recv().unwrap(), Err(AppendError::Unknown { .. })));
        assert!(waiting.open().is_empty());
    }
}
