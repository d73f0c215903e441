//! The code for an event.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Model;
use crate::expand::{field_models, in_const};
use crate::shape::layout;
use crate::text;

/// Writes `impl Event`.
pub(crate) fn expand(event: &Model) -> TokenStream {
    let Model { root, ident, docs, body, serde, name, aliases, version } = event;
    let type_name = text::plain(ident);
    let fields = field_models(body.fields());
    let shape = layout::type_shape(body, serde);
    let impls = quote! {
        #[automatically_derived]
        impl __es::Event for #ident {
            const MODEL: __es::EventModel =
                __es::EventModel::new(#name, &[#(#aliases),*], #type_name, #docs, #version, #version, #fields);
            const SHAPES: &'static [__es::VersionShape] = &[__es::VersionShape { version: #version, shape: #shape }];

            fn decode<__C: __es::Codec>(
                version: u32,
                payload: __es::Payload<'_>,
            ) -> __es::Result<Self, __es::DecodeError> {
                match version {
                    #version => __es::decode_current::<Self, __C>(payload),
                    _ => __es::Result::Err(__es::unknown_version::<Self>(version)),
                }
            }
        }
    };
    in_const(root.as_ref(), &impls)
}
