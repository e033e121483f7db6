//! The three encodings of a body: JSON, deflated JSON and `MessagePack`. Which one a reply has, the client says; which one
//! a request has, its `Content-Type` tells, and pickles are none of them.

use std::io::{Read, Write};

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use flate2::Compression;
use serde::Serialize;

use super::value::Value;
use crate::api::problem::Problem;

/// Levels that a body may be nested.
const MOST_LEVELS: usize = 32;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    #[default]
    Json,
    Zlib,
    MessagePack,
}

impl Encoding {
    fn named(media: &str) -> Option<Self> {
        match media.split(';').next().unwrap_or_default().trim() {
            "application/json" => Some(Self::Json),
            "application/zlib" => Some(Self::Zlib),
            "application/vnd.msgpack" => Some(Self::MessagePack),
            _ => None,
        }
    }

    /// Of a request's body.
    pub fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        let media = text(headers, &CONTENT_TYPE).unwrap_or("application/json");
        Self::named(media).ok_or_else(|| {
            let detail = match media {
                "application/octet-stream" => "a pickle can run any code and is not read".to_string(),
                other => format!("'{other}' is no encoding that is read here"),
            };
            Problem::new(415, "unsupported-media-type", detail).map(|p| {
                p.in_parameter("Content-Type")
                    .remedy("send application/json, application/zlib or application/vnd.msgpack")
            })
        })
    }

    /// Of a reply: what the client accepts, or for a wildcard what it sent; JSON where nothing can be told.
    pub fn of_reply(headers: &HeaderMap) -> Self {
        let accepted = text(headers, &ACCEPT).unwrap_or("*/*");
        accepted
            .split(',')
            .find_map(Self::named)
            .or_else(|| text(headers, &CONTENT_TYPE).and_then(Self::named))
            .unwrap_or_default()
    }

    /// The exact `Content-Type`: the client compares it whole.
    pub fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Zlib => "application/zlib",
            Self::MessagePack => "application/vnd.msgpack",
        })
    }

    /// Writes a reply.
    pub fn encode<T: Serialize + ?Sized>(self, value: &T) -> Vec<u8> {
        let json = || serde_json::to_vec(value).unwrap_or_default();
        match self {
            Self::Json => json(),
            Self::Zlib => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
                // Writing into a vector does not fail.
                encoder.write_all(&json()).and_then(|()| encoder.finish()).unwrap_or_default()
            }
            Self::MessagePack => rmp_serde::to_vec_named(value).unwrap_or_default(),
        }
    }

    /// Reads a body; what it inflates to is taken from the allowance, in bytes. Blocks.
    pub fn decode(self, body: &[u8], allowance: &mut usize) -> Result<Value, Problem> {
        match self {
            Self::Json => json(body),
            Self::Zlib => json(&inflate(body, allowance)?),
            Self::MessagePack => {
                let mut decoder = rmp_serde::Deserializer::new(body);
                decoder.set_max_depth(MOST_LEVELS);
                serde::Deserialize::deserialize(&mut decoder)
                    .map_err(|error| Problem::new(400, "bad-msgpack", error.to_string()))
            }
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

fn inflate(body: &[u8], allowance: &mut usize) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let read = flate2::read::ZlibDecoder::new(body).take(*allowance as u64 + 1).read_to_end(&mut text);
    match read {
        Ok(_) if text.len() > *allowance => {
            let detail = format!("inflated, the body has more than the {allowance} bytes that are left to it");
            Err(Problem::new(413, "too-large", detail))
        }
        Ok(_) => {
            *allowance -= text.len();
            Ok(text)
        }
        Err(error) => Err(Problem::new(400, "bad-zlib", format!("the body does not inflate: {error}"))),
    }
}

fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(&quote_infinities(body)).map_err(|error| {
        let message = error.to_string();
        let detail = message.rsplit_once(" at line ").map_or(message.as_str(), |(front, _)| front).to_string();
        Problem::new(400, "bad-json", detail).map(|p| p.at_line(error.line() as u64, Some(error.column() as u64)))
    })
}

/// Python writes `Infinity`, `-Infinity` and `NaN` where JSON has no number: outside of text they become text.
fn quote_infinities(body: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    if !body.windows(3).any(|word| word == b"Inf" || word == b"NaN") {
        return body.into();
    }
    let mut quoted = Vec::with_capacity(body.len() + 64);
    let (mut at, mut in_text) = (0, false);
    while at < body.len() {
        let rest = &body[at..];
        let word = if in_text { None } else { WORDS.into_iter().find(|word| rest.starts_with(word)) };
        let length = match (word, rest[0]) {
            (Some(word), _) => {
                quoted.push(b'"');
                quoted.extend_from_slice(word);
                quoted.push(b'"');
                at += word.len();
                continue;
            }
            (None, b'\\') if in_text => 2.min(rest.len()),
            (None, b'"') => {
                in_text = !in_text;
                1
            }
            (None, _) => 1,
        };
        quoted.extend_from_slice(&rest[..length]);
        at += length;
    }
    quoted.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_client_says_what_it_reads() {
        let cases: [(&[(HeaderName, &'static str)], Encoding); 5] = [
            (&[], Encoding::Json),
            (&[(ACCEPT, "application/vnd.msgpack")], Encoding::MessagePack),
            (&[(ACCEPT, "application/*"), (CONTENT_TYPE, "application/zlib")], Encoding::Zlib),
            (&[(ACCEPT, "*/*"), (CONTENT_TYPE, "application/octet-stream")], Encoding::Json),
            (&[(ACCEPT, "application/json"), (CONTENT_TYPE, "application/zlib")], Encoding::Json),
        ];
        for (given, expected) in cases {
            assert_eq!(Encoding::of_reply(&headers(given)), expected, "{given:?}");
        }
    }

    #[test]
    fn a_body_is_the_same_in_every_encoding() {
        let value = serde_json::json!({"a": [1.5, 2.0], "b": {"c": null, "d": "x"}, "e": true});
        for encoding in [Encoding::Json, Encoding::Zlib, Encoding::MessagePack] {
            let read = encoding.decode(&encoding.encode(&value), &mut 1000).unwrap();
            let expected = Encoding::Json.decode(&serde_json::to_vec(&value).unwrap(), &mut 1000).unwrap();
            assert_eq!(read, expected, "{encoding:?}");
        }
    }

    #[test]
    fn what_is_inflated_is_taken_from_one_allowance() {
        let body = Encoding::Zlib.encode(&serde_json::json!(vec![0; 300]));
        let mut allowance = 1000;
        assert!(Encoding::Zlib.decode(&body, &mut allowance).is_ok());
        assert_eq!(allowance, 1000 - 601, "a list of 300 zeros");
        assert_eq!(Encoding::Zlib.decode(&body, &mut allowance).unwrap_err().details().code, "too-large");
    }

    #[test]
    fn bodies_that_cannot_be_read_are_refused_with_a_code() {
        let deep_json = [b'['; 1000];
        let deep_pack = [0x91_u8; 1000];
        let large = Encoding::Zlib.encode(&serde_json::json!(vec![0; 1000]));
        let cases: [(Encoding, &[u8], &str); 6] = [
            (Encoding::Json, b"{\"a\": }", "bad-json"),
            (Encoding::Json, &deep_json, "bad-json"),
            (Encoding::Zlib, b"x", "bad-zlib"),
            (Encoding::Zlib, &large, "too-large"),
            (Encoding::MessagePack, b"\xc1", "bad-msgpack"),
            (Encoding::MessagePack, &deep_pack, "bad-msgpack"),
        ];
        for (encoding, body, code) in cases {
            let error = encoding.decode(body, &mut 1000).unwrap_err();
            assert_eq!(error.details().code, code, "{encoding:?}");
        }
    }

    #[test]
    fn what_python_writes_for_infinity_is_text_outside_of_text_alone() {
        let cases = [
            ("[Infinity, -Infinity,NaN]", "[\"Infinity\", \"-Infinity\",\"NaN\"]"),
            ("{\"NaN \\\" Infinity\": Infinity}", "{\"NaN \\\" Infinity\": \"Infinity\"}"),
            ("[1]", "[1]"),
        ];
        for (given, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&quote_infinities(given.as_bytes())), expected);
        }
    }
}
