//! The shape of data as constants of es-core: what the schema lock compares.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Attribute, GenericArgument, PathArguments, Type};

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
        let probes = parts(ty).into_iter().map(|part| {
            let span = located(syn::spanned::Spanned::span(part));
            quote_spanned!(span=> __es::Probe::<#part>::NESTED)
        });
        quote!({ use __es::NoShape as _; &[#(#probes),*] })
    } else {
        quote!(&[])
    };
    quote!(__es::FieldShape { name: #name, ty: #source, serde: #serde, nested: #nested })
}

/// A type, and the types in it: `Vec<(A, B)>`, `A` and `B`. A container of the standard library passes on what it holds, but a
/// tuple cannot, and a map passes on its values alone.
fn parts(ty: &Type) -> Vec<&Type> {
    let mut parts = Vec::new();
    let mut rest = vec![ty];
    while let Some(part) = rest.pop() {
        match part {
            Type::Path(path) => {
                parts.push(part);
                for segment in &path.path.segments {
                    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                        rest.extend(arguments.args.iter().filter_map(|argument| match argument {
                            GenericArgument::Type(ty) => Some(ty),
                            _ => None,
                        }));
                    }
                }
            }
            Type::Tuple(tuple) => rest.extend(&tuple.elems),
            Type::Array(array) => rest.push(&array.elem),
            Type::Slice(slice) => rest.push(&slice.elem),
            Type::Reference(reference) => rest.push(&reference.elem),
            Type::Paren(paren) => rest.push(&paren.elem),
            Type::Group(group) => rest.push(&group.elem),
            _ => {}
        }
    }
    parts
}
