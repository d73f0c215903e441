//! Why a publisher cannot be made.

/// Says why there can be no publisher to an address, or with a header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpPublisherError {
    /// The address is none.
    #[error("`{address}` is no address to send to: {why}; write it as `https://host/path`")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// The address needs TLS, and this program was compiled without.
    #[error("`{address}` needs TLS; compile es-http with the feature `rustls`")]
    NoTls {
        /// The address.
        address: String,
    },
    /// The header is none, or one that the publisher sets itself.
    #[error("the header `{name}` cannot be sent: {why}")]
    Header {
        /// The name of the header.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
}
