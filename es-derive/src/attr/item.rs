//! The item that a derive stands on.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Expr, Fields, Lit, Member, Meta, Type, Visibility};

use crate::errors::Errors;
use crate::text;

/// The struct or enum that a derive stands on.
pub(crate) struct Item {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: String,
    /// The item's own `#[serde(..)]`.
    pub(crate) serde: Vec<Attribute>,
    pub(crate) body: Body,
}

/// What an item consists of.
pub(crate) enum Body {
    Struct(Style, Vec<Field>),
    Enum(Vec<Variant>),
}

/// How the fields of a struct or of a variant are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `{ a: A }`
    Named,
    /// `(A)`
    Tuple,
    /// Neither.
    Unit,
}

/// A field.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) member: Member,
    /// The name without `r#`; the number of a field without one.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) vis: Visibility,
    pub(crate) docs: String,
    /// All attributes.
    pub(crate) attrs: Vec<Attribute>,
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field>,
    pub(crate) serde: Vec<Attribute>,
}

impl Item {
    /// Reads the item under `#[derive(..)]`; `what` is what it becomes, "an event".
    ///
    /// Refuses what cannot be one: a union, and anything with type parameters or lifetimes.
    pub(crate) fn read(input: DeriveInput, what: &str, errors: &Errors) -> Option<Self> {
        let generic = input.generics.params.first();
        if let Some(parameter) = generic {
            errors.at(
                parameter.span(),
                format!(
                    "{what} cannot have type parameters or lifetimes: the journal must know what it reads; \
                     write the types that `{}` is used with",
                    text::plain(&input.ident)
                ),
            );
        }
        let refused = generic.is_some();
        let body = match input.data {
            Data::Struct(data) => {
                let (style, fields) = read_fields(data.fields);
                Body::Struct(style, fields)
            }
            Data::Enum(data) => Body::Enum(data.variants.into_iter().map(read_variant).collect()),
            Data::Union(data) => {
                errors.at(data.union_token.span, format!("{what} cannot be a union; write a struct or an enum"));
                return None;
            }
        };
        let (docs, serde) = (docs(&input.attrs), serde(&input.attrs));
        (!refused).then_some(Self { ident: input.ident, vis: input.vis, docs, serde, body })
    }

    /// The fields of a struct; none for an enum.
    pub(crate) fn fields(&self) -> &[Field] {
        self.body.fields()
    }
}

impl Body {
    /// The fields of a struct; none for an enum.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Struct(_, fields) => fields,
            Self::Enum(_) => &[],
        }
    }
}

impl Field {
    /// The field's `#[serde(..)]`.
    pub(crate) fn serde(&self) -> Vec<Attribute> {
        serde(&self.attrs)
    }
}

/// Reports each `#[name(..)]` on a field or a variant, where nothing reads it.
pub(crate) fn misplaced(input: &DeriveInput, name: &str, help: &str, errors: &Errors) {
    let report = |attrs: &[Attribute]| {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
            let (item, attr) = (text::plain(&input.ident), attr.path());
            let message = format!("`#[{name}(..)]` stands on `{item}` itself, not in it{help}");
            errors.push(syn::Error::new_spanned(attr, message));
        }
    };
    match &input.data {
        Data::Struct(data) => data.fields.iter().for_each(|field| report(&field.attrs)),
        Data::Enum(data) => {
            for variant in &data.variants {
                report(&variant.attrs);
                variant.fields.iter().for_each(|field| report(&field.attrs));
            }
        }
        Data::Union(_) => {}
    }
}

fn read_variant(variant: syn::Variant) -> Variant {
    let (style, fields) = read_fields(variant.fields);
    Variant {
        name: text::plain(&variant.ident),
        span: variant.ident.span(),
        style,
        fields,
        serde: serde(&variant.attrs),
    }
}

fn read_fields(fields: Fields) -> (Style, Vec<Field>) {
    let style = match &fields {
        Fields::Named(_) => Style::Named,
        Fields::Unnamed(_) => Style::Tuple,
        Fields::Unit => Style::Unit,
    };
    let fields = fields.into_iter().enumerate().map(|(at, field)| {
        let name = field.ident.as_ref().map_or_else(|| at.to_string(), text::plain);
        let member = field.ident.map_or_else(|| Member::from(at), Member::Named);
        Field { member, name, ty: field.ty, vis: field.vis, docs: docs(&field.attrs), attrs: field.attrs }
    });
    (style, fields.collect())
}

/// The `#[serde(..)]` among `attrs`.
pub(crate) fn serde(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("serde")).cloned().collect()
}

/// The doc comment as text.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(line) => Some(line.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').map_or(line.clone(), str::to_owned)).collect();
    lines.join("\n").trim().to_owned()
}
