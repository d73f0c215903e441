//! The read models: what can be asked of the applications. Each is a table that any client of the database can read.

mod activities;
mod decisions;
mod irregularities;
mod open_work;
mod progress;

pub use activities::Activities;
pub use decisions::Decisions;
pub use irregularities::Irregularities;
pub use open_work::OpenWork;
pub use progress::Progress;
