//! Fragments of generated code that the derives share.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Path;

use crate::attr::Field;
use crate::text;

/// Puts impls where they name es-core's private module `__es`, and add no name of their own.
pub(crate) fn in_const(root: Option<&Path>, impls: &TokenStream) -> TokenStream {
    let root = root.map_or_else(|| quote!(::es_core), quote::ToTokens::to_token_stream);
    quote! {
        const _: () = {
            use #root::__private as __es;
            #impls
        };
    }
}

/// Where generated code is reported: at the user's token. Its names are still those of the derive, so
/// that `self` is one `self` when a `macro_rules!` wrote the item.
pub(crate) fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The model of fields: `&[__es::FieldModel::new("by", "u64", ""), ..]`.
pub(crate) fn field_models(fields: &[Field]) -> TokenStream {
    let fields = fields.iter().map(|Field { name, ty, docs, .. }| {
        let ty = text::source(ty.to_token_stream());
        quote!(__es::FieldModel::new(#name, #ty, #docs))
    });
    quote!(&[#(#fields),*])
}
