//! Misuse is a compile error at the line that caused it, in words that say what to write.
//!
//! See `ui/README.md`: the texts are those of one compiler.

#[test]
fn misuse_is_an_error_that_says_what_to_write() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
