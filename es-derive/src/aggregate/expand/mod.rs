//! The code for an aggregate.

mod apply;
mod checks;
mod dispatch;
mod enums;
mod ids;
mod lock;

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Member, Model};
use crate::expand::in_const;

/// Writes the enums of commands and events, and all impls.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let enums = enums::declare(model);
    let parts = [
        enums::impls(model),
        dispatch::aggregate(model),
        dispatch::snapshot(model),
        apply::impls(model),
        ids::impls(model),
        checks::checks(model),
        lock::checks(model),
    ];
    let impls = in_const(model.root.as_ref(), &quote!(#(#parts)*));
    quote!(#enums #impls)
}

/// The type of ids.
fn id_type(model: &Model) -> TokenStream {
    model.id.as_ref().map_or_else(|| quote!(__es::String), quote::ToTokens::to_token_stream)
}

/// `#[cfg(..)]` of a list entry.
fn cfg(member: &Member) -> TokenStream {
    let cfg = &member.cfg;
    quote!(#(#cfg)*)
}
