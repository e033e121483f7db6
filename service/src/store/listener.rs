//! News from the other nodes: one connection that listens, and hands on what it hears to whoever waits in this process.
//! What is missed while it is away, or by a server that drops it, costs a delay and nothing else: everybody looks again
//! when it is back, and every few seconds anyway.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;

use super::session::{Session, query};
use super::watchers::Watchers;
use super::writer::Told;

const CHANNEL: &str = "farkas";
/// How often everybody looks although nothing was heard.
const LOOK: Duration = Duration::from_secs(10);
const RECONNECT: Duration = Duration::from_secs(1);
/// Jobs in one notification: the server takes less than 8000 bytes.
const MOST_JOBS: usize = 100;

/// A job that changed.
pub(super) struct Changed {
    pub(super) job: String,
    pub(super) last: u64,
    /// Whether a user asked to end it.
    pub(super) wish: bool,
}

/// Tells the other nodes, once the transaction is committed. `node` tells whose news it is.
pub(super) async fn tell(connection: &mut Session, node: &str, told: &Told) -> Result<(), sqlx::Error> {
    let mut texts: Vec<String> = told.jobs.chunks(MOST_JOBS).map(|jobs| jobs.iter().map(line).collect()).collect();
    let words: String = [(told.queue, "queue\n"), (told.duty, "duty\n")].iter().filter(|w| w.0).map(|w| w.1).collect();
    match texts.last_mut() {
        Some(text) => text.push_str(&words),
        None if !words.is_empty() => texts.push(words),
        None => {}
    }
    for text in texts {
        query("SELECT COUNT(*) FROM pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(format!("{node}\n{text}"))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn line(changed: &Changed) -> String {
    format!("{} {}{}\n", changed.job, changed.last, if changed.wish { " wish" } else { "" })
}

/// Listens until it is dropped.
pub(super) async fn listen(url: String, node: String, watchers: Arc<Watchers>) {
    let look = async {
        loop {
            tokio::time::sleep(LOOK).await;
            watchers.everything();
        }
    };
    let hear = async {
        loop {
            if let Err(error) = hear(&url, &node, &watchers).await {
                tracing::warn!(%error, "the other nodes cannot be heard");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    };
    tokio::join!(look, hear);
}

/// Hears until the connection is lost.
async fn hear(url: &str, node: &str, watchers: &Watchers) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    // What was told before it listened was told to nobody.
    watchers.everything();
    while let Some(news) = listener.try_recv().await? {
        hand_on(news.payload(), node, watchers);
    }
    Ok(())
}

fn hand_on(payload: &str, node: &str, watchers: &Watchers) {
    let mut lines = payload.lines();
    if lines.next() == Some(node) {
        // Our own news went to everybody here when the commit was answered.
        return;
    }
    for line in lines {
        let mut words = line.split(' ');
        match (words.next(), words.next().map(str::parse), words.next()) {
            (Some("queue"), None, _) => watchers.queue(),
            (Some("duty"), None, _) => watchers.wish(),
            (Some(job), Some(Ok(last)), wish) => {
                watchers.changed(job, last);
                if wish.is_some() {
                    watchers.wish();
                }
            }
            // A later version may tell more.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_others_reach_whoever_waits() {
        let watchers = Watchers::default();
        let (job, queue, wishes) = (watchers.watch("a"), watchers.watch_queue(), watchers.watch_wishes());
        let jobs =
            [Changed { job: "a".into(), last: 7, wish: true }, Changed { job: "b".into(), last: 1, wish: false }];
        let text: String = jobs.iter().map(line).collect();
        hand_on(&format!("me\n{text}queue\n"), "me", &watchers);
        assert!(!job.has_changed().unwrap() && !queue.has_changed().unwrap());
        hand_on(&format!("other\n{text}queue\nduty\nsomething new\n"), "me", &watchers);
        assert_eq!((*job.borrow(), *queue.borrow(), *wishes.borrow()), (7, 1, 2));
    }
}
