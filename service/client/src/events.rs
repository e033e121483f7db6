//! Server-sent events (WHATWG HTML, section 9.2) as the service sends them: an id, a name, one line of JSON.

use std::io::{BufRead, BufReader, Read};

use farkas_api_types::JobEvent;

use crate::ClientError;

/// Longest line that is read: a log line, or a result without its vectors.
const MOST_LINE_BYTES: u64 = 4 << 20;

/// Reads a job's events until the stream ends. An item of `None` is a heartbeat.
pub struct Events {
    lines: BufReader<Box<dyn Read + Send>>,
    data: String,
}

impl Events {
    pub(crate) fn new(body: Box<dyn Read + Send>) -> Self {
        Self { lines: BufReader::new(body), data: String::new() }
    }

    /// One line without its end; `None` at the end of the stream.
    fn line(&mut self) -> Result<Option<String>, ClientError> {
        let mut bytes = Vec::new();
        let read = (&mut self.lines).take(MOST_LINE_BYTES).read_until(b'\n', &mut bytes);
        let broken = |says: String| ClientError::Broken(format!("the event stream: {says}"));
        if read.map_err(|error| broken(error.to_string()))? == 0 {
            return Ok(None);
        }
        if bytes.pop_if(|byte| *byte == b'\n').is_none() && bytes.len() as u64 >= MOST_LINE_BYTES {
            return Err(broken(format!("a line of more than {MOST_LINE_BYTES} bytes")));
        }
        bytes.pop_if(|byte| *byte == b'\r');
        String::from_utf8(bytes).map(Some).map_err(|_| broken("a line is not UTF-8".into()))
    }
}

impl Iterator for Events {
    type Item = Result<Option<JobEvent>, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.line() {
                Ok(line) => line?,
                Err(error) => return Some(Err(error)),
            };
            if line.starts_with(':') {
                return Some(Ok(None));
            }
            if let Some(data) = line.strip_prefix("data:") {
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            } else if line.is_empty() && !self.data.is_empty() {
                let event = serde_json::from_str(&std::mem::take(&mut self.data));
                return Some(event.map(Some).map_err(|error| ClientError::Broken(format!("an event: {error}"))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<Result<Option<JobEvent>, ClientError>> {
        Events::new(Box::new(text.as_bytes())).collect()
    }

    #[test]
    fn events_heartbeats_and_what_is_neither() {
        let events = read(concat!(
            ": heartbeat\n\nid: 3\r\nevent: log\r\n",
            "data: {\"id\":3,\"event\":\"log\",\"at\":\"2026-01-01T00:00:00Z\",\"seconds\":0.5,\"lane\":0,\"line\":\"x\"}\r\n\r\n",
            "data: {nonsense\n\ndata: cut off"
        ));
        let seen: Vec<Option<Option<u64>>> =
            events.iter().map(|event| event.as_ref().ok().map(|e| e.as_ref().map(|e| e.id))).collect();
        assert_eq!(seen, [Some(None), Some(Some(3)), None], "{events:?}");
    }
}
