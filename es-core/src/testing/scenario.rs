//! `Scenario`: given these events, when this command comes, then this happens.
