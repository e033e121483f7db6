//! A request's query: every parameter is taken once, by name; what nobody took is an error.

use farkas_api_types::{Fields, RequestError};

/// The decoded pairs that were not taken yet.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes the part of a URI after `?`.
    pub fn parse(raw: Option<&str>) -> Self {
        Self(form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Takes a parameter that may stand once.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, RequestError> {
        let mut found = self.take_all(name);
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(RequestError::new("bad-parameter", format!("'{name}' is given twice")).parameter(name)),
        }
    }

    /// Takes a parameter that may stand several times.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        let (found, rest) = std::mem::take(&mut self.0).into_iter().partition(|(key, _)| key == name);
        self.0 = rest;
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes a number.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, RequestError> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let bad = |_| RequestError::new("bad-parameter", format!("'{text}' is no whole number")).parameter(name);
        text.parse().map(Some).map_err(bad)
    }

    /// Takes `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, RequestError> {
        match self.take(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "True" | "1" | "") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(other) => {
                let detail = format!("'{other}' is neither true nor false");
                Err(RequestError::new("bad-parameter", detail).parameter(name))
            }
        }
    }

    /// Takes `fields` and `nonzeros`: which long parts of a result are wanted. All, if nothing is said.
    pub fn fields(&mut self) -> Result<Fields, RequestError> {
        let mut fields = match self.take("fields")? {
            None => Fields::ALL,
            Some(text) => {
                Fields::parse(&text).map_err(|detail| RequestError::new("bad-parameter", detail).parameter("fields"))?
            }
        };
        fields.nonzeros = self.flag("nonzeros")?.unwrap_or(false);
        Ok(fields)
    }

    /// The pairs that are left.
    pub fn rest(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether everything was taken.
    pub fn finish(self) -> Result<(), RequestError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(RequestError::new("unknown-parameter", format!("'{name}' is no parameter here")).parameter(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_once_and_the_rest_is_an_error() {
        let mut query = Query::parse(Some("a=1&tag=x&tag=y%20z&nonzeros=True&fields=duals"));
        assert_eq!(query.number("a").unwrap(), Some(1));
        assert_eq!(query.take_all("tag"), ["x", "y z"]);
        let fields = query.fields().unwrap();
        assert!(fields.duals && fields.nonzeros && !fields.variables);
        query.finish().unwrap();

        let cases = [
            ("a=1&a=2", "bad-parameter", "a"),
            ("a=x", "bad-parameter", "a"),
            ("b=1", "unknown-parameter", "b"),
            ("nonzeros=maybe", "bad-parameter", "nonzeros"),
            ("fields=all", "bad-parameter", "fields"),
        ];
        for (raw, code, parameter) in cases {
            let mut query = Query::parse(Some(raw));
            let error = query.number("a").and_then(|_| query.fields()).and_then(|_| query.finish()).unwrap_err();
            assert_eq!((error.code, error.parameter.as_deref()), (code, Some(parameter)), "{raw}");
        }
    }
}
