//! The code for a command.

use proc_macro2::TokenStream;
use quote::quote;

use super::attr::Attributes;
use crate::expand::{field_models, in_const};
use crate::text;

/// Writes `impl Command`.
pub(crate) fn expand(command: &Attributes) -> TokenStream {
    let Attributes { item, root } = command;
    let (ident, docs) = (&item.ident, &item.docs);
    let name = text::plain(ident);
    let fields = field_models(item.fields());
    let impls = quote! {
        #[automatically_derived]
        impl __es::Command for #ident {
            const MODEL: __es::CommandModel = __es::CommandModel::new(#name, #docs, #fields);
        }
    };
    in_const(root.as_ref(), &impls)
}
