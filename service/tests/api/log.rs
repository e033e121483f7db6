//! What a service in the test's own thread logs.

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::subscriber::DefaultGuard;

/// Hears it.
pub struct Log {
    lines: mpsc::UnboundedReceiver<String>,
    text: String,
    _guard: DefaultGuard,
}

/// Every line is written at once.
struct Writer(mpsc::UnboundedSender<String>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Nobody hears what is logged after the test's end.
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Hears what this thread logs from now on.
    pub fn hear() -> Self {
        let (send, lines) = mpsc::unbounded_channel();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Writer(send.clone())).finish();
        Self { lines, text: String::new(), _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// What was heard so far.
    pub fn so_far(&mut self) -> &str {
        while let Ok(line) = self.lines.try_recv() {
            self.text += &line;
        }
        &self.text
    }

    /// Waits for a line with these words.
    pub async fn line(&mut self, words: &[&str]) -> String {
        let heard = async {
            loop {
                let line = self.lines.recv().await.unwrap();
                self.text += &line;
                if words.iter().all(|word| line.contains(word)) {
                    return line;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap()
    }
}
