//! Whether two payloads are the same.

use serde_json::{Number, Value};

use crate::codec::{Codec, Json, Payload};

/// Whether two payloads of one format are equal byte for byte, or are JSON of the same value: a store may keep JSON in
/// another order of keys, or write its numbers otherwise.
pub(super) fn same_payload(one: Payload<'_>, other: Payload<'_>) -> bool {
    if one.bytes == other.bytes {
        return true;
    }
    if one.format != Json::FORMAT {
        return false;
    }
    let (one, other) = (serde_json::from_slice(one.bytes), serde_json::from_slice(other.bytes));
    matches!((one, other), (Ok(one), Ok(other)) if same_value(&one, &other))
}

fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(key, one): (&String, &Value)| other.get(key).is_some_and(|other| same_value(one, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

/// Whether two numbers are the same though one may be written with a fraction or an exponent.
fn same_number(one: &Number, other: &Number) -> bool {
    one == other || (one.is_f64() != other.is_f64() && one.as_f64() == other.as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let payload = |text: &'static str| Payload { format: Json::FORMAT, bytes: text.as_bytes() };
        same_payload(payload(one.to_owned().leak()), payload(other.to_owned().leak()))
    }

    #[test]
    fn json_is_compared_by_value() {
        assert!(same(r#"{"a":1,"b":[1e2,"x"]}"#, r#"{ "b": [100, "\u0078"], "a": 1 }"#));
        assert!(same("1.0", "1"));
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,1]"),
            ("1", "1.5"),
            ("1", "\"1\""),
            ("null", "false"),
            ("1", "no json"),
            ("18446744073709551615", "18446744073709551614"),
        ] {
            assert!(!same(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_not_json_is_compared_byte_for_byte() {
        let payload = |bytes| Payload { format: "bytes", bytes };
        assert!(same_payload(payload(b"1"), payload(b"1")));
        assert!(!same_payload(payload(b"1"), payload(b"1 ")));
    }
}
