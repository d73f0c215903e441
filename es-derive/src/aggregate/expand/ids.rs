//! `impl IdOf`: what names an aggregate.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::model::Model;
use super::id_type;

/// Writes the impls for the type of ids and for a reference to it.
pub(super) fn impls(model: &Model) -> TokenStream {
    let (ident, id) = (&model.ident, id_type(model));
    quote! {
        #[automatically_derived]
        impl __es::IdOf<#ident> for #id {
            fn id_text(&self) -> __es::Cow<'_, str> {
                __es::id_text::<#ident>(self)
            }
        }

        #[automatically_derived]
        impl __es::IdOf<#ident> for &#id {
            fn id_text(&self) -> __es::Cow<'_, str> {
                __es::id_text::<#ident>(*self)
            }
        }
    }
}
