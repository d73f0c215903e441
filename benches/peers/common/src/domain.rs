//! What happens to the bank accounts. As in `benches/run/domain.rs`: the events have 55 to 90 bytes of JSON.

/// Deposits mostly, every 8th a small withdrawal: the balance never falls below 0.
pub fn is_withdrawal(number: u64) -> bool {
    number % 8 == 7
}

/// The amount of an account's event with this number.
pub fn amount(number: u64) -> u64 {
    if is_withdrawal(number) { 10 } else { 100 + number % 900 }
}

/// The reference of an account's event with this number.
pub fn reference(number: u64) -> String {
    format!("invoice-2026-{number:010}-ac")
}

/// The name of an account.
pub fn account(number: u64) -> String {
    format!("account-{number:06}")
}
