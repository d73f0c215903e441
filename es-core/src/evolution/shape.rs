//! Shapes: what serde writes of a type, as plain data, so that a change of it is noticed.

/// What the derive knows of a type that is written into the journal.
#[derive(Debug, Clone, Copy)]
pub struct TypeShape {
    /// The fields or variants.
    pub content: Content,
    /// The serde attributes of the type that change what is written, as in the source; empty if there are none.
    pub serde: &'static str,
}

/// The fields or variants of a type.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// A struct or variant without fields.
    Unit,
    /// Fields with names.
    Named(&'static [FieldShape]),
    /// Fields without names: `0`, `1`, ..
    Tuple(&'static [FieldShape]),
    /// The variants of an enum.
    Enum(&'static [VariantShape]),
}

/// A field of a type that is written into the journal.
#[derive(Debug, Clone, Copy)]
pub struct FieldShape {
    /// The name; the number of a field without one.
    pub name: &'static str,
    /// The type, as it is written in the source.
    pub ty: &'static str,
    /// The serde attributes that change what is written; empty if there are none.
    pub serde: &'static str,
    /// The shapes of the types that it is made of, as far as they are known: those with [`derive(Shape)`](trait@Shape).
    pub nested: &'static [Option<fn() -> NestedShape>],
}

/// A variant of an enum that is written into the journal.
#[derive(Debug, Clone, Copy)]
pub struct VariantShape {
    /// The name.
    pub name: &'static str,
    /// The serde attributes that change what is written; empty if there are none.
    pub serde: &'static str,
    /// The fields.
    pub content: Content,
}

/// The shape of one version of an event.
#[derive(Debug, Clone, Copy)]
pub struct VersionShape {
    /// The version.
    pub version: u32,
    /// What is written of it.
    pub shape: TypeShape,
}

/// The shape of a type that stands in a field, under its own name.
#[derive(Debug, Clone, Copy)]
pub struct NestedShape {
    /// The name of the type, as it is declared.
    pub name: &'static str,
    /// What is written of it.
    pub shape: TypeShape,
}

/// A type whose shape takes part in the schema lock of the events that hold it.
///
/// Implemented by `#[derive(Shape)]`, and here for the containers of the standard library, which pass on what they hold.
/// A type that is not `Shape` is locked by its name alone.
pub trait Shape {
    /// The shape of the type.
    fn shape() -> NestedShape;
}

macro_rules! containers {
    ($($(#[$meta:meta])* $container:ty;)*) => {$(
        $(#[$meta])*
        impl<T: Shape> Shape for $container {
            fn shape() -> NestedShape {
                T::shape()
            }
        }
    )*};
}

containers! {
    Option<T>;
    Vec<T>;
    Box<T>;
    std::sync::Arc<T>;
    std::rc::Rc<T>;
    [T];
    std::collections::VecDeque<T>;
    std::collections::BTreeSet<T>;
    std::collections::HashSet<T>;
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    fn shape() -> NestedShape {
        T::shape()
    }
}

impl<K, V: Shape> Shape for std::collections::BTreeMap<K, V> {
    fn shape() -> NestedShape {
        V::shape()
    }
}

impl<K, V: Shape, H> Shape for std::collections::HashMap<K, V, H> {
    fn shape() -> NestedShape {
        V::shape()
    }
}

/// Finds out whether `T` is [`Shape`], in a constant: an associated constant of the type itself comes before one of a
/// trait, and is there only where its bound holds.
///
/// ```text
/// // #[derive(Event)] expands to, for a field of type Vec<T>:
/// nested: { use private::NoShape as _; &[private::Probe::<Vec<T>>::NESTED, private::Probe::<T>::NESTED] }
/// ```
#[doc(hidden)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

impl<T: ?Sized + Shape> Probe<T> {
    /// The shapes of `T`.
    pub const NESTED: Option<fn() -> NestedShape> = Some(T::shape);
}

/// What [`Probe`] gives for a type that is not [`Shape`].
#[doc(hidden)]
pub trait NoShape {
    /// Nothing is known of the type.
    const NESTED: Option<fn() -> NestedShape> = None;
}

impl<T: ?Sized> NoShape for Probe<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Shape for Known {
        fn shape() -> NestedShape {
            NestedShape { name: "Known", shape: TypeShape { content: Content::Unit, serde: "" } }
        }
    }

    #[test]
    fn a_constant_knows_whether_a_type_is_shaped() {
        const OF_KNOWN: Option<fn() -> NestedShape> = Probe::<Option<Vec<Known>>>::NESTED;
        const OF_STRING: Option<fn() -> NestedShape> = Probe::<Vec<String>>::NESTED;
        assert_eq!(OF_KNOWN.map(|nested| nested().name), Some("Known"));
        assert!(OF_STRING.is_none());
    }
}
