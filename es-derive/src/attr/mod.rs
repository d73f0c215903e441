//! What the user wrote: reads syntax, and is the only part that does.

mod item;
mod option;

pub(crate) use item::{Body, Field, Item, Style, Variant};
pub(crate) use option::{Known, Once, Spoiled, options, parse_root, parse_value, skip_comma};
