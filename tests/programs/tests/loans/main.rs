//! The example `loans`, run as its users run it.

mod folder;

mod faults;
mod figures;
mod kill;
