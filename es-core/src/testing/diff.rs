//! A diff of two values, line by line, for the messages of failed tests.

use std::fmt::Debug;

/// Shows what `actual` has and `expected` has not (`+`), and the other way round (`-`).
pub(super) fn diff(expected: &impl Debug, actual: &impl Debug) -> String {
    let (expected, actual) = (format!("{expected:#?}"), format!("{actual:#?}"));
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let common = common_lengths(&old, &new);
    let mut text = String::from("  - expected, + actual\n");
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let (sign, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', new[j - 1])
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        text.extend(["  ", sign.to_string().as_str(), " ", line, "\n"]);
    }
    text
}

/// `[i][j]` is the length of the longest common subsequence of `old[i..]` and `new[j..]`.
#[inline]
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i][j] =
                if old[i] == new[j] { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_what_differs_with_a_sign() {
        let text = diff(&[1, 2, 3], &[1, 4, 3]);
        assert_eq!(text, "  - expected, + actual\n    [\n        1,\n  -     2,\n  +     4,\n        3,\n    ]\n");
    }
}
