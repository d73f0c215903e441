//! The code for a command.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::attr::Attributes;
use crate::expand::{field_models, in_const, located};
use crate::text;

/// Writes `impl Command`.
pub(crate) fn expand(command: &Attributes) -> TokenStream {
    let Attributes { item, root } = command;
    let (ident, docs) = (&item.ident, &item.docs);
    let name = text::plain(ident);
    let fields = field_models(item.fields());
    let data = quote_spanned!(located(ident.span())=> __es::command_data::<#ident>());
    let impls = quote! {
        #[automatically_derived]
        impl __es::Command for #ident {
            const MODEL: __es::CommandModel = __es::CommandModel::new(#name, #docs, #fields);
            const DATA: __es::CommandData<Self> = #data;
        }
    };
    in_const(root.as_ref(), &impls)
}
