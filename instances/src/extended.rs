//! Numbers that may be infinite, as JSON can hold them: `"inf"` and `"-inf"`, the same words as everywhere in Farkas.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    let written = value.map(|value| match value {
        f64::INFINITY => Written::Word("inf".into()),
        f64::NEG_INFINITY => Written::Word("-inf".into()),
        value => Written::Number(value),
    });
    written.serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(match Option::<Written>::deserialize(from)? {
        None => None,
        Some(Written::Number(value)) => Some(value),
        Some(Written::Word(word)) => match word.as_str() {
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            other => return Err(serde::de::Error::custom(format!("'{other}' is no number"))),
        },
    })
}
