//! What a body says, whatever it is encoded in: JSON and `MessagePack` are read by one visitor. Lists of numbers become
//! one vector at once, and numpy's arrays (maps with the binary keys `nd, type, kind, shape, data`) become lists; whatever
//! would have to be unpickled is refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value. What is nested deeper than its decoder allows never gets here.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Numbers alone; also an empty list of anything.
    Numbers(Vec<f64>),
    List(Vec<Self>),
    /// In the order of the body.
    Map(Vec<(String, Self)>),
}

impl Value {
    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Numbers(_) => "a list of numbers",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(value.into()))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        // A length that is announced is no reason to reserve memory for it.
        let mut numbers = Vec::new();
        while let Some(item) = items.next_element()? {
            if let Value::Number(number) = item {
                numbers.push(number);
                continue;
            }
            let mut list: Vec<Value> = numbers.into_iter().map(Value::Number).collect();
            list.push(item);
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            return Ok(Value::List(list));
        }
        Ok(Value::Numbers(numbers))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some((Key(key), value)) = entries.next_entry()? {
            map.push((key, value));
        }
        if map.iter().any(|(key, _)| key == "nd") { array(map).map_err(A::Error::custom) } else { Ok(Value::Map(map)) }
    }
}

/// A key: text, or bytes that are text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyReader;
        impl Visitor<'_> for KeyReader {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key of text")
            }

            fn visit_str<E>(self, value: &str) -> Result<Key, E> {
                Ok(Key(value.into()))
            }

            fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Key, E> {
                std::str::from_utf8(value).map(|text| Key(text.into())).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(KeyReader)
    }
}

/// A numpy array or scalar.
fn array(map: Vec<(String, Value)>) -> Result<Value, String> {
    let mut map: std::collections::HashMap<String, Value> = map.into_iter().collect();
    let mut take = |key: &str| map.remove(key);
    let (nd, kind, shape) = (take("nd"), take("kind"), take("shape"));
    let Some(Value::Bytes(data)) = take("data") else { return Err("an array without its data".into()) };
    if !matches!(kind, None | Some(Value::Bytes(_) | Value::Null)) || kind.as_ref().is_some_and(is_pickled) {
        return Err("an array of objects or records, which would have to be unpickled; send numbers or text".into());
    }
    let Some(Value::Text(name)) = take("type") else { return Err("an array without its type".into()) };
    let elements = elements(&name, &data)?;
    if nd == Some(Value::Bool(false)) {
        return match elements {
            Value::Numbers(numbers) if numbers.len() == 1 => Ok(Value::Number(numbers[0])),
            _ => Err("a scalar that is not one number".into()),
        };
    }
    let length = match &elements {
        Value::Numbers(numbers) => numbers.len(),
        Value::List(list) => list.len(),
        _ => 0,
    };
    match shape {
        Some(Value::Numbers(shape)) if shape.len() == 1 && shape[0] == length as f64 => Ok(elements),
        _ => Err(format!("an array of {length} elements whose shape is not one-dimensional of that length")),
    }
}

fn is_pickled(kind: &Value) -> bool {
    matches!(kind, Value::Bytes(kind) if !kind.is_empty())
}

/// The elements of an array of this type, little-endian.
fn elements(name: &str, data: &[u8]) -> Result<Value, String> {
    fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Result<Value, String> {
        let (chunks, rest) = data.as_chunks::<N>();
        if !rest.is_empty() {
            return Err("an array whose data ends within an element".into());
        }
        Ok(Value::Numbers(chunks.iter().map(|chunk| number(*chunk)).collect()))
    }
    match name.trim_start_matches(['<', '=', '|']) {
        "f8" => each(data, f64::from_le_bytes),
        "f4" => each(data, |bytes| f64::from(f32::from_le_bytes(bytes))),
        "i1" => each(data, |bytes| f64::from(i8::from_le_bytes(bytes))),
        "i2" => each(data, |bytes| f64::from(i16::from_le_bytes(bytes))),
        "i4" => each(data, |bytes| f64::from(i32::from_le_bytes(bytes))),
        "i8" => each(data, |bytes| i64::from_le_bytes(bytes) as f64),
        "u1" | "b1" => each(data, |bytes| f64::from(u8::from_le_bytes(bytes))),
        "u2" => each(data, |bytes| f64::from(u16::from_le_bytes(bytes))),
        "u4" => each(data, |bytes| f64::from(u32::from_le_bytes(bytes))),
        "u8" => each(data, |bytes| u64::from_le_bytes(bytes) as f64),
        text if text.starts_with('U') => texts(text, data),
        _ => Err(format!("an array of type '{name}'; there may be f4, f8, i1 to i8, u1 to u8 and U, little-endian")),
    }
}

/// numpy's text: so many UTF-32 characters an element, filled up with zeros.
fn texts(name: &str, data: &[u8]) -> Result<Value, String> {
    let width = name[1..].parse::<usize>().ok().filter(|width| (1..=1 << 16).contains(width));
    let Some(width) = width.filter(|width| data.len().is_multiple_of(4 * width)) else {
        return Err("an array of text whose data does not fit its width".into());
    };
    let text = |element: &[u8]| {
        let (characters, _) = element.as_chunks::<4>();
        let codes = characters.iter().map(|bytes| u32::from_le_bytes(*bytes)).take_while(|code| *code != 0);
        let text: Option<String> = codes.map(char::from_u32).collect();
        text.map(Value::Text).ok_or_else(|| "an array of text with a character that is none".to_string())
    };
    data.chunks_exact(4 * width).map(text).collect::<Result<_, _>>().map(Value::List)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Value {
        Value::Bytes(text.as_bytes().into())
    }

    #[test]
    fn arrays_are_read_by_their_type_and_what_must_be_unpickled_is_refused() {
        let entry = |key: &str, value| (key.to_string(), value);
        let array_of = |name: &str, kind: Value, shape: &[f64], data: &[u8]| {
            array(vec![
                entry("nd", Value::Bool(true)),
                entry("type", Value::Text(name.into())),
                entry("kind", kind),
                entry("shape", Value::Numbers(shape.into())),
                entry("data", Value::Bytes(data.into())),
            ])
        };
        let numbers = |values: &[f64]| Ok(Value::Numbers(values.into()));
        let none = || bytes("");
        assert_eq!(array_of("<i4", none(), &[2.0], &[1, 0, 0, 0, 255, 255, 255, 255]), numbers(&[1.0, -1.0]));
        assert_eq!(array_of("|u1", none(), &[2.0], &[1, 255]), numbers(&[1.0, 255.0]));
        assert_eq!(array_of("<f8", none(), &[1.0], &0.5_f64.to_le_bytes()), numbers(&[0.5]));
        let text = [73, 0, 0, 0, 0, 0, 0, 0, 67, 0, 0, 0, 228, 0, 0, 0];
        let expected = Value::List(vec![Value::Text("I".into()), Value::Text("Cä".into())]);
        assert_eq!(array_of("<U2", none(), &[2.0], &text), Ok(expected));
        let wrong = [
            (array_of("|O", bytes("O"), &[1.0], b"\x80\x04N."), "unpickled"),
            (array_of("<f8", bytes("V"), &[1.0], &[0; 8]), "unpickled"),
            (array_of("<f8", none(), &[1.0], &[0; 7]), "within an element"),
            (array_of("<f8", none(), &[2.0], &[0; 8]), "shape"),
            (array_of("<f8", none(), &[1.0, 1.0], &[0; 8]), "shape"),
            (array_of(">f8", none(), &[1.0], &[0; 8]), "'>f8'"),
            (array_of("<U0", none(), &[1.0], &[0; 8]), "width"),
            (array_of("<U1", none(), &[1.0], &[0, 0, 17, 0]), "character"),
        ];
        for (found, expected) in wrong {
            assert!(found.as_ref().unwrap_err().contains(expected), "{expected}: {found:?}");
        }
    }

    #[test]
    fn lists_of_numbers_are_one_vector() {
        let cases = [
            ("[1, 2.5]", Value::Numbers(vec![1.0, 2.5])),
            ("[]", Value::Numbers(vec![])),
            ("[1, \"inf\"]", Value::List(vec![Value::Number(1.0), Value::Text("inf".into())])),
            ("{\"a\": null}", Value::Map(vec![("a".into(), Value::Null)])),
        ];
        for (json, expected) in cases {
            assert_eq!(serde_json::from_str::<Value>(json).unwrap(), expected, "{json}");
        }
    }
}
