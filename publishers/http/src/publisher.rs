//! `HttpPublisher`: one `POST` for each message.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use es_core::{OutboxMessage, PublishError, Publisher};
use ureq::http::{HeaderName, HeaderValue, Uri, header};
use ureq::{Agent, Body, http::Response};

use crate::HttpPublisherError;
use crate::answer::{no_answer, of_status};

/// What is said of the content.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";
/// How long a request may take, unless the user says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends each message by a `POST`, as a `CloudEvent` in the structured mode.
///
/// Connections are kept for the next messages. See [the crate](crate) for what is done about each answer.
#[derive(Clone)]
pub struct HttpPublisher {
    agent: Agent,
    address: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
}

impl HttpPublisher {
    /// Makes a publisher to an address.
    ///
    /// # Errors
    ///
    /// - [`HttpPublisherError::Address`] where it is none, or not one of HTTP;
    /// - [`HttpPublisherError::NoTls`] for `https` where the crate was compiled without TLS.
    pub fn new(address: &str) -> Result<Self, HttpPublisherError> {
        let refused = |why: String| HttpPublisherError::Address { address: address.to_owned(), why };
        let uri: Uri = address.parse().map_err(|error| refused(format!("{error}")))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "rustls") => {}
            Some("https") => return Err(HttpPublisherError::NoTls { address: address.to_owned() }),
            Some(other) => return Err(refused(format!("its scheme is `{other}`"))),
            None => return Err(refused("it has no scheme".to_owned())),
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(refused("it has no host".to_owned()));
        }
        Ok(Self { agent: agent(), address: uri, headers: Vec::new(), timeout: TIMEOUT })
    }

    /// Sends a header along with each message, such as `authorization`.
    ///
    /// # Errors
    ///
    /// [`HttpPublisherError::Header`] where it is none, or describes the content, which the publisher does.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HttpPublisherError> {
        let refused = |why| HttpPublisherError::Header { name: name.to_owned(), why };
        let header: HeaderName =
            name.parse().map_err(|_| refused("its name has characters that headers cannot have"))?;
        let own = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::HOST];
        if own.contains(&header) {
            return Err(refused("it follows from what is sent"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| refused("its value has characters that headers cannot have"))?;
        value.set_sensitive(true);
        self.headers.push((header, value));
        Ok(self)
    }

    /// Says how long a request may take, from the connection to the end of the answer; 30 seconds unless this is called.
    /// To find the receiver's address may take a third of it, and so may the connection.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    fn post(&self, json: &str) -> Result<Response<Body>, ureq::Error> {
        let mut request = self.agent.post(&self.address).header(header::CONTENT_TYPE, CONTENT_TYPE);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        // Below that of the whole, so that it is told which one it was: one that cannot be reached is not the message's fault.
        let reach = Some(self.timeout / 3);
        let config = request.config().timeout_global(Some(self.timeout));
        config.timeout_resolve(reach).timeout_connect(reach).build().send(json)
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .user_agent(concat!("es-http/", env!("CARGO_PKG_VERSION")))
        // What an answer means is decided here.
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false);
    #[cfg(feature = "platform-verifier")]
    let config = {
        use ureq::tls::{RootCerts, TlsConfig};
        config.tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
    };
    config.build().into()
}

impl fmt::Debug for HttpPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may be secret.
        f.debug_struct("HttpPublisher").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Publisher for HttpPublisher {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        let (publisher, json) = (self.clone(), Arc::<str>::from(message.json.as_str()));
        let answered = tokio::task::spawn_blocking(move || match publisher.post(&json) {
            Ok(answer) => of_status(answer),
            Err(error) => Err(no_answer(&error)),
        });
        answered.await?
    }
}
