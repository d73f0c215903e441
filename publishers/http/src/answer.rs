//! What an answer, or none, says of a message.

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use es_core::PublishError;
use ureq::http::{HeaderMap, Response, header};
use ureq::{Body, Error, Timeout};

/// The longest that a receiver can have this publisher wait.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// How much of an answer is read, and how much of it is in an error.
const READ: u64 = 64 * 1024;
const SHOWN: usize = 200;

/// What a status says.
pub(crate) fn of_status(mut answer: Response<Body>) -> Result<(), PublishError> {
    let status = answer.status();
    // It is read, so that the connection can be used again; what cannot be read changes nothing.
    let text = answer.body_mut().with_config().limit(READ).lossy_utf8(true).read_to_string().unwrap_or_default();
    if status.is_success() {
        return Ok(());
    }
    let text: String = text.trim().chars().take(SHOWN).collect();
    let what = if text.is_empty() { format!("answered {status}") } else { format!("answered {status}: {text}") };
    let error = match status.as_u16() {
        429 | 502..=504 => PublishError::unavailable(what),
        408 | 425 | 500.. => PublishError::failed(what),
        _ => PublishError::refused(what),
    };
    Err(match retry_after(answer.headers()) {
        Some(wait) => error.after(wait),
        None => error,
    })
}

/// What it says that there is no answer.
pub(crate) fn no_answer(error: &Error) -> PublishError {
    let is_away = match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) => true,
        Error::Timeout(timeout) => matches!(timeout, Timeout::Resolve | Timeout::Connect),
        Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable
        ),
        _ => false,
    };
    let what = format!("no answer: {error}");
    if is_away { PublishError::unavailable(what) } else { PublishError::failed(what) }
}

/// How long the receiver asks to wait: in seconds, or until a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse().map(Duration::from_secs) {
        Ok(wait) => wait,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        assert_eq!(wait("999999999"), Some(LONGEST_WAIT));
        assert_eq!(wait("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("Tue, 31 Dec 2199 23:59:59 GMT"), Some(LONGEST_WAIT));
        for text in ["-1", "soon", "99999999999999999999999", ""] {
            assert_eq!(wait(text), None, "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
