//! The deserializer that gives a small value for whatever is asked of it, and notes it down as JSON.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_json::{Map, Value};

use super::sample::{Choices, Refusal};

/// Where values begin to be as small as they can be, so that a type which holds itself comes to an end.
const DEEP: usize = 4;
/// Where a value is given up.
const TOO_DEEP: usize = 10;

/// Gives one value.
pub(super) struct Sampler<'a> {
    choices: &'a mut Choices,
    json: &'a mut Value,
    depth: usize,
}

impl<'a> Sampler<'a> {
    #[inline]
    pub(super) fn new(choices: &'a mut Choices, json: &'a mut Value) -> Self {
        Self { choices, json, depth: 0 }
    }

    /// Decides whether there is something or nothing.
    #[inline]
    fn something(&mut self) -> bool {
        (self.choices.choose(2) == 0) == (self.depth < DEEP)
    }

    #[inline]
    fn inner<'b>(&'b mut self, json: &'b mut Value) -> Result<Sampler<'b>, Refusal> {
        if self.depth == TOO_DEEP {
            return Err(Refusal::custom("it holds itself without an end"));
        }
        Ok(Sampler { choices: self.choices, json, depth: self.depth + 1 })
    }

    fn elements<'de, V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Refusal> {
        let mut elements = Vec::new();
        let value = visitor.visit_seq(Elements { sampler: &mut self, left: length, given: &mut elements })?;
        *self.json = elements.into();
        Ok(value)
    }

    fn entries<'de, V: Visitor<'de>>(
        mut self,
        keys: Vec<Option<&'static str>>,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let mut entries = Map::new();
        let entries_given =
            Entries { sampler: &mut self, keys: keys.into_iter(), key: String::new(), given: &mut entries };
        let value = visitor.visit_map(entries_given)?;
        *self.json = entries.into();
        Ok(value)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty, $least:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            let distinct = self.choices.number();
            let number = [distinct, 1, 0, 100][self.choices.choose(4).min(3)];
            *self.json = number.into();
            visitor.$visit(<$number>::from(<$least>::try_from(number).unwrap_or(1)))
        }
    )*};
}

macro_rules! as_other {
    ($($method:ident($($argument:ty),*) $other:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Refusal> {
            self.$other(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Sampler<'_> {
    type Error = Refusal;

    numbers! {
        deserialize_i8 visit_i8 i8, i8;
        deserialize_i16 visit_i16 i16, i8;
        deserialize_i32 visit_i32 i32, i8;
        deserialize_i64 visit_i64 i64, i8;
        deserialize_i128 visit_i128 i128, i8;
        deserialize_u8 visit_u8 u8, u8;
        deserialize_u16 visit_u16 u16, u8;
        deserialize_u32 visit_u32 u32, u8;
        deserialize_u64 visit_u64 u64, u8;
        deserialize_u128 visit_u128 u128, u8;
    }

    as_other! {
        deserialize_string() deserialize_str;
        deserialize_identifier() deserialize_str;
        deserialize_byte_buf() deserialize_bytes;
        deserialize_ignored_any() deserialize_unit;
        deserialize_unit_struct(&'static str) deserialize_unit;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.choices.choose(7) {
            0 => self.deserialize_str(visitor),
            1 => self.deserialize_u64(visitor),
            2 => self.deserialize_bool(visitor),
            3 => self.deserialize_f64(visitor),
            4 => self.deserialize_map(visitor),
            5 => self.elements(0, visitor),
            _ => self.deserialize_unit(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let value = self.choices.choose(2) == 0;
        *self.json = value.into();
        visitor.visit_bool(value)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let number = f32::from(self.choices.number()) + 0.5;
        let number = [number, 1.0, 0.5, 0.0][self.choices.choose(4).min(3)];
        *self.json = number.into();
        visitor.visit_f32(number)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let number = f64::from(self.choices.number()) + 0.5;
        let number = [number, 1.0, 0.5, 0.0][self.choices.choose(4).min(3)];
        *self.json = number.into();
        visitor.visit_f64(number)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let letter = char::from(b'a' + self.choices.number() % 26);
        *self.json = letter.to_string().into();
        visitor.visit_char(letter)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let text = self.choices.text();
        *self.json = text.clone().into();
        visitor.visit_string(text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let bytes = vec![self.choices.number()];
        *self.json = bytes.clone().into();
        visitor.visit_byte_buf(bytes)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        if self.something() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        *self.json = Value::Null;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        let length = usize::from(self.something());
        self.elements(length, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.elements(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.elements(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        let missed = self.choices.missed();
        let keys = if !missed.is_empty() && self.choices.choose(2) == 0 {
            missed.into_iter().map(Some).collect()
        } else if self.something() {
            vec![None]
        } else {
            Vec::new()
        };
        self.entries(keys, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.choices.offer(fields);
        self.entries(fields.iter().copied().map(Some).collect(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let at = self.choices.choose(variants.len());
        let variant = variants.get(at).ok_or_else(|| Refusal::custom("it is an enum without variants"))?;
        let mut content = None;
        let value = visitor.visit_enum(Variant { sampler: &mut self, name: variant, content: &mut content })?;
        *self.json = match content {
            None => (*variant).into(),
            Some(content) => Map::from_iter([((*variant).to_owned(), content)]).into(),
        };
        Ok(value)
    }
}

struct Elements<'a, 'b> {
    sampler: &'a mut Sampler<'b>,
    left: usize,
    given: &'a mut Vec<Value>,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut json = Value::Null;
        let value = seed.deserialize(self.sampler.inner(&mut json)?)?;
        self.given.push(json);
        Ok(Some(value))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

struct Entries<'a, 'b> {
    sampler: &'a mut Sampler<'b>,
    /// The keys to come; `None` is one to be made up.
    keys: std::vec::IntoIter<Option<&'static str>>,
    key: String,
    given: &'a mut Map<String, Value>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        for key in self.keys.by_ref() {
            let Some(key) = key else {
                let mut json = Value::Null;
                let value = seed.deserialize(self.sampler.inner(&mut json)?)?;
                self.key = match json {
                    Value::String(text) => text,
                    Value::Number(_) | Value::Bool(_) => json.to_string(),
                    _ => return Err(Refusal::custom("JSON has no such keys")),
                };
                return Ok(Some(value));
            };
            // A key may be left out: it can be another name of a field that was there.
            if self.sampler.choices.choose(2) == 0 {
                key.clone_into(&mut self.key);
                let key: StrDeserializer<'_, Refusal> = key.into_deserializer();
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let mut json = Value::Null;
        let value = seed.deserialize(self.sampler.inner(&mut json)?)?;
        self.given.insert(std::mem::take(&mut self.key), json);
        Ok(value)
    }
}

struct Variant<'a, 'b> {
    sampler: &'a mut Sampler<'b>,
    name: &'static str,
    content: &'a mut Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let name: StrDeserializer<'_, Refusal> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Refusal;

    #[inline]
    fn unit_variant(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        let json = self.content.insert(Value::Null);
        seed.deserialize(self.sampler.inner(json)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refusal> {
        let json = self.content.insert(Value::Null);
        self.sampler.inner(json)?.elements(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refusal> {
        let json = self.content.insert(Value::Null);
        let sampler = self.sampler.inner(json)?;
        sampler.choices.offer(fields);
        sampler.entries(fields.iter().copied().map(Some).collect(), visitor)
    }
}
