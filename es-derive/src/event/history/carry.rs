//! What older versions take over of the serde attributes of today.

use syn::Attribute;

use crate::shape::attrs::without;

/// Bound to the name of a field: an older name has its own.
const OF_A_NAME: &[&str] = &["alias", "rename"];

/// Bound to the type of a field: functions that take it or give it.
const OF_A_TYPE: &[&str] =
    &["borrow", "bound", "deserialize_with", "getter", "serialize_with", "skip_serializing_if", "with"];

/// The attributes of a field that it has under another name as well.
pub(super) fn to_another_name(attrs: &[Attribute]) -> Vec<Attribute> {
    without(attrs, |meta| OF_A_NAME.iter().any(|name| meta.path().is_ident(name)))
}

/// The attributes of a field that it has with another type as well.
///
/// `default` alone asks of the type that it has a `Default`; `default = ".."` names a function.
pub(super) fn to_another_type(attrs: &[Attribute]) -> Vec<Attribute> {
    without(attrs, |meta| {
        OF_A_TYPE.iter().any(|name| meta.path().is_ident(name))
            || (meta.path().is_ident("default") && meta.require_path_only().is_err())
    })
}
