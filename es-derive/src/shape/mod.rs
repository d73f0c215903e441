//! The shape of data: what its stored bytes depend on. Here as text, for states.

pub(crate) mod attrs;
pub(crate) mod derive;
pub(crate) mod layout;

use syn::Attribute;

use crate::attr::{Body, Field, Item, Style};
use crate::text;

/// The fields, their types and serde attributes; the variants of an enum.
pub(crate) fn of(item: &Item) -> String {
    let serde = serde(&item.serde);
    match &item.body {
        Body::Struct(style, fields) => format!("{serde}struct{}", fields_text(*style, fields)),
        Body::Enum(variants) => {
            let variants: Vec<String> = variants
                .iter()
                .map(|variant| {
                    format!(
                        "{}{}{}",
                        self::serde(&variant.serde),
                        variant.name,
                        fields_text(variant.style, &variant.fields)
                    )
                })
                .collect();
            format!("{serde}enum {{ {} }}", variants.join(", "))
        }
    }
}

fn fields_text(style: Style, fields: &[Field]) -> String {
    let texts: Vec<String> = fields
        .iter()
        .map(|field| {
            let serde = serde(&field.serde());
            let ty = text::source(quote::ToTokens::to_token_stream(&field.ty));
            match style {
                Style::Named => format!("{serde}{}: {ty}", field.name),
                Style::Tuple | Style::Unit => format!("{serde}{ty}"),
            }
        })
        .collect();
    match style {
        Style::Named => format!(" {{ {} }}", texts.join(", ")),
        Style::Tuple => format!("({})", texts.join(", ")),
        Style::Unit => String::new(),
    }
}

/// The serde attributes, each with a space behind it.
fn serde(attrs: &[Attribute]) -> String {
    let mut text = String::new();
    for attr in attrs {
        text = text + "#[" + &text::source(quote::ToTokens::to_token_stream(&attr.meta)) + "] ";
    }
    text
}
