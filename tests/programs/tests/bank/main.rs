//! The example `bank`, used as a person uses it: each test has a folder of its own and runs the program in it.

mod apply;
mod commands;
mod demo;
mod faults;
mod folder;
mod old_journal;
