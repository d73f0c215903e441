//! `#[derive(Shape)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::layout;
use crate::attr::{Item, Known, Once, misplaced, options_of, parse_root};
use crate::errors::Errors;
use crate::expand::in_const;
use crate::text;

const OPTIONS: &[Known] = &[("crate", "crate = path")];

/// Writes `impl Shape`.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let code = read(input, &errors);
    let mut tokens = errors.into_tokens();
    tokens.extend(code);
    tokens
}

fn read(input: TokenStream, errors: &Errors) -> Option<TokenStream> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    misplaced(&input, "shape", "", errors);
    let mut root = Once::default();
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("shape")) {
        let spoiled = options_of(attr, "#[shape(..)]", OPTIONS, errors, &mut |name, span, input| {
            root.set(name, span, parse_root(input)?, errors);
            Ok(())
        });
        for spoiled in spoiled {
            errors.push(spoiled.error);
        }
    }
    let item = Item::read(input, "a type with a `Shape`", errors)?;
    let (ident, name) = (&item.ident, text::plain(&item.ident));
    let shape = layout::type_shape(&item.body, &item.serde);
    let impls = quote! {
        #[automatically_derived]
        impl __es::Shape for #ident {
            fn shape() -> __es::NestedShape {
                __es::NestedShape { name: #name, shape: #shape }
            }
        }
    };
    Some(in_const(root.get().as_ref(), &impls))
}
