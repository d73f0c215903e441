//! What is made of each answer.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use es_core::{PublishError, PublishErrorKind, Publisher};
use es_http::{HttpPublisher, HttpPublisherError};

use crate::domain::message;
use crate::receiver::{Answer, Receiver};

const UNAVAILABLE: PublishErrorKind = PublishErrorKind::Unavailable;
const FAILED: PublishErrorKind = PublishErrorKind::Failed;
const REFUSED: PublishErrorKind = PublishErrorKind::Refused;

async fn send(answer: Answer) -> Result<(), PublishError> {
    let receiver = Receiver::new(move || answer.clone()).await;
    let publisher = HttpPublisher::new(&receiver.address).unwrap().timeout(Duration::from_mins(1));
    publisher.send(&message()).await
}

#[tokio::test]
async fn a_request_is_a_cloud_event() {
    let receiver = Receiver::new(|| Answer::OK).await;
    let publisher = HttpPublisher::new(&receiver.address).unwrap().header("Authorization", "Bearer 4711").unwrap();
    let message = message();
    publisher.send(&message).await.unwrap();
    publisher.send(&message).await.unwrap();
    let taken = receiver.taken();
    assert_eq!(taken.len(), 2);
    for request in taken {
        assert_eq!(request.line, "POST /news?a=b HTTP/1.1");
        assert_eq!(request.headers["content-type"], "application/cloudevents+json; charset=UTF-8");
        assert_eq!(request.headers["authorization"], "Bearer 4711");
        assert_eq!(request.body, message.json);
        let event: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(event["data"]["account"], "alic\u{e9}");
    }
    assert!(!format!("{publisher:?}").contains("4711"), "{publisher:?}");
}

#[tokio::test]
async fn each_status_says_what_is_done() {
    for status in [200, 201, 202, 204, 299] {
        send(Answer::Status(status, "")).await.unwrap();
    }
    let expected = [
        (UNAVAILABLE, &[429, 502, 503, 504][..]),
        (FAILED, &[408, 425, 500, 501, 505, 599]),
        (REFUSED, &[301, 307, 400, 401, 403, 404, 409, 410, 413, 415, 422, 499]),
    ];
    for (kind, statuses) in expected {
        for status in statuses {
            let error = send(Answer::Status(*status, "location: http://elsewhere\r\n")).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{status}");
            let text = error.to_string();
            assert!(
                text.starts_with(&format!("answered {status}")) && text.ends_with(&format!("status {status}")),
                "{text}"
            );
            assert_eq!(error.wait(), None);
        }
    }
}

#[tokio::test]
async fn a_receiver_may_say_how_long_to_wait() {
    for (status, kind) in [(503, UNAVAILABLE), (429, UNAVAILABLE), (500, FAILED)] {
        let error = send(Answer::Status(status, "retry-after: 7\r\n")).await.unwrap_err();
        assert_eq!((error.kind(), error.wait()), (kind, Some(Duration::from_secs(7))));
    }
}

#[tokio::test]
async fn no_answer_is_a_failure() {
    for answer in [Answer::DropBefore, Answer::DropAfter, Answer::Torn] {
        let error = send(answer.clone()).await.unwrap_err();
        assert_eq!(error.kind(), FAILED, "{answer:?}: {error}");
    }
    let receiver = Receiver::new(|| Answer::Late(Duration::from_mins(10))).await;
    let publisher = HttpPublisher::new(&receiver.address).unwrap().timeout(Duration::from_millis(100));
    let error = publisher.send(&message()).await.unwrap_err();
    assert_eq!(error.kind(), FAILED, "{error}");
    assert!(error.to_string().contains("timeout"), "{error}");
}

#[tokio::test]
async fn a_host_that_drops_what_is_sent_to_it_is_not_the_messages_fault() {
    // Once its queue is full nobody gets a connection, nor an answer that says so.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(connection) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queue.push(connection);
    }
    let publisher = HttpPublisher::new(&format!("http://{address}")).unwrap().timeout(Duration::from_millis(600));
    let error = publisher.send(&message()).await.unwrap_err();
    assert_eq!(error.kind(), UNAVAILABLE, "{error}");
}

#[tokio::test]
async fn nobody_there_is_not_the_messages_fault() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = HttpPublisher::new(&address).unwrap().send(&message()).await.unwrap_err();
    assert_eq!(error.kind(), UNAVAILABLE, "{error}");
}

#[test]
fn what_is_no_address_is_refused() {
    for address in
        ["", "/news", "localhost:80/news", "ftp://host/", "http://", "http:///news", "http://a b/", "mailto:a@b"]
    {
        let error = HttpPublisher::new(address).unwrap_err();
        assert!(matches!(error, HttpPublisherError::Address { .. }), "{address}: {error}");
    }
    let tls = HttpPublisher::new("https://host/news");
    if cfg!(feature = "rustls") {
        tls.unwrap();
    } else {
        let error = tls.unwrap_err().to_string();
        assert_eq!(error, "`https://host/news` needs TLS; compile es-http with the feature `rustls`");
    }
}

#[test]
fn headers_that_cannot_be_sent_are_refused() {
    for (name, value) in [("", "x"), ("a b", "x"), ("x-a", "a\nb"), ("Content-Type", "text/plain"), ("host", "x")] {
        let error = HttpPublisher::new("http://host/").unwrap().header(name, value).unwrap_err();
        assert!(matches!(error, HttpPublisherError::Header { .. }), "{name}: {error}");
    }
}
