//! The derives of `es-core`.

use proc_macro::TokenStream;

/// Stub.
#[proc_macro_derive(Aggregate, attributes(aggregate, apply))]
pub fn aggregate(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Stub.
#[proc_macro_derive(Command, attributes(command))]
pub fn command(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Stub.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
