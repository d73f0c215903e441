//! The shape of data as constants of es-core: what the schema lock compares.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Attribute, Type};

use super::attrs;
use crate::attr::{Body, Field, Style, Variant};
use crate::expand::located;
use crate::text;

/// `__es::TypeShape` of a struct or an enum with the attributes `serde`.
pub(crate) fn type_shape(body: &Body, serde: &[Attribute]) -> TokenStream {
    let content = match (attrs::type_of(serde, "into"), body) {
        // Something else is written in its place.
        (Some(into), _) => {
            let field = field_shape("0", &into, "", true);
            quote!(__es::Content::Tuple(&[#field]))
        }
        (None, Body::Struct(style, fields)) => self::content(*style, fields),
        (None, Body::Enum(variants)) => {
            let variants = variants.iter().map(variant_shape);
            quote!(__es::Content::Enum(&[#(#variants),*]))
        }
    };
    let serde = attrs::written(serde);
    quote!(__es::TypeShape { content: #content, serde: #serde })
}

fn content(style: Style, fields: &[Field]) -> TokenStream {
    let fields = fields.iter().filter_map(|field| {
        let serde = field.serde();
        // What is neither written nor read is not there.
        let absent = attrs::has(&serde, "skip")
            || (attrs::has(&serde, "skip_serializing") && attrs::has(&serde, "skip_deserializing"));
        let as_it_is = !attrs::has(&serde, "with") && !attrs::has(&serde, "serialize_with");
        (!absent).then(|| field_shape(&field.name, &field.ty, &attrs::written(&serde), as_it_is))
    });
    match style {
        Style::Named => quote!(__es::Content::Named(&[#(#fields),*])),
        Style::Tuple => quote!(__es::Content::Tuple(&[#(#fields),*])),
        Style::Unit => quote!(__es::Content::Unit),
    }
}

fn variant_shape(variant: &Variant) -> TokenStream {
    let (name, serde) = (&variant.name, attrs::written(&variant.serde));
    let content = content(variant.style, &variant.fields);
    quote!(__es::VariantShape { name: #name, serde: #serde, content: #content })
}

/// `as_it_is` says that the type itself is written, not what a function of the user makes of it.
fn field_shape(name: &str, ty: &Type, serde: &str, as_it_is: bool) -> TokenStream {
    let source = text::source(ty.to_token_stream());
    let nested = if as_it_is {
        let probe = quote_spanned!(located(syn::spanned::Spanned::span(ty))=> __es::Probe::<#ty>::NESTED);
        quote!({ use __es::NoShape as _; #probe })
    } else {
        quote!(__es::Option::None)
    };
    quote!(__es::FieldShape { name: #name, ty: #source, serde: #serde, nested: #nested })
}
