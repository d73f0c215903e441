//! What the user wrote: reads syntax, and is the only part that does.

mod item;
mod option;

pub(crate) use item::{Body, Field, Item, Style, Variant, docs, misplaced, serde};
pub(crate) use option::{
    ELSEWHERE, Known, Once, Spoiled, options, options_of, parse_root, parse_value, skip_comma, skip_value,
};
