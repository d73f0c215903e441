//! Two futures side by side.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// Has a future begin; gives what it gives if it ends at once.
pub(crate) async fn begun<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Waits for both to end.
pub(crate) async fn join<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> (A, B) {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let (mut left_ended, mut right_ended) = (None, None);
    poll_fn(|cx| {
        if left_ended.is_none()
            && let Poll::Ready(ended) = left.as_mut().poll(cx)
        {
            left_ended = Some(ended);
        }
        if right_ended.is_none()
            && let Poll::Ready(ended) = right.as_mut().poll(cx)
        {
            right_ended = Some(ended);
        }
        match (left_ended.take(), right_ended.take()) {
            (Some(left), Some(right)) => Poll::Ready((left, right)),
            (left, right) => {
                (left_ended, right_ended) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}
