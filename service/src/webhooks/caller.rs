//! The one who calls: takes what is due from the store, as many of each webhook's as it may have under way, calls, and strikes
//! out what was heard.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::address::{Judge, parse};
use super::turns::Turns;
use super::{Addresses, Delivery, SIGNATURE, Webhook, sign, wait_after};
use crate::store::{Kind, SqlStore, Store, StoreError};
use crate::time::Timestamp;

/// How often it is looked what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How soon after a call ended, where more is due than could be taken.
const GATHER: Duration = Duration::from_millis(10);

/// Calls webhooks until it is told to stop.
pub struct Caller {
    store: Arc<SqlStore>,
    client: Client,
    allowed: Addresses,
}

impl Caller {
    /// One that calls these addresses, and gives each so long to answer.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(store: Arc<SqlStore>, allowed: Addresses, patience: Duration) -> Result<Self, reqwest::Error> {
        // Another part of the program may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            // A redirect would lead past the judgement of the address.
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Judge(allowed)))
            .timeout(patience)
            .user_agent(concat!("farkas/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { store, client, allowed })
    }

    /// Calls what is due, again and again.
    pub async fn run(self, closing: CancellationToken) {
        let (mut turns, mut calls) = (Turns::default(), FuturesUnordered::new());
        // A store that is away for an hour is told of once.
        let mut fails = false;
        loop {
            let mut more = false;
            if turns.are_free() {
                match self.take(&mut turns).await {
                    Ok(taken) => {
                        (more, fails) = (taken.more, false);
                        for delivery in taken.due {
                            turns.begin(&delivery);
                            calls.push(self.deliver(delivery));
                        }
                    }
                    Err(error) if fails => tracing::debug!(%error, "it can still not be seen which webhooks are due"),
                    Err(error) => {
                        fails = true;
                        tracing::error!(%error, "it could not be seen which webhooks are due");
                    }
                }
            }
            let mut look = tokio::time::Instant::now() + LOOK;
            loop {
                tokio::select! {
                    Some(delivery) = calls.next() => {
                        turns.end(&delivery);
                        // Its place is wanted; those that end with it are given away by the same transaction.
                        if more {
                            look = look.min(tokio::time::Instant::now() + GATHER);
                        }
                    }
                    () = tokio::time::sleep_until(look) => break,
                    // What was not heard is due again when its lease is over.
                    () = closing.cancelled() => return,
                }
            }
        }
    }

    /// Takes what is due and may be told now.
    async fn take(&self, turns: &mut Turns) -> Result<Taken, StoreError> {
        let waiting = self.store.due_for().await?;
        let shares = turns.shares(&waiting);
        if shares.is_empty() {
            return Ok(Taken { more: !waiting.is_empty(), due: Vec::new() });
        }
        let asked: usize = shares.iter().map(|(_, share)| share).sum();
        let all = shares.len() == waiting.len();
        let due = self.store.due(shares).await?;
        Ok(Taken { more: !all || due.len() == asked, due })
    }

    /// Calls, and writes what became of it.
    async fn deliver(&self, delivery: Delivery) -> Delivery {
        let heard = self.call(&delivery).await;
        let attempts = delivery.attempts + 1;
        let written = match heard {
            Ok(()) => self.store.heard(&delivery.id).await,
            Err(why) => {
                let wait = wait_after(attempts);
                let (webhook, job) = (&delivery.webhook, &delivery.job);
                if let Some(seconds) = wait {
                    tracing::warn!(webhook, job, attempts, why, seconds, "a webhook did not hear, and is called again");
                    self.store.not_heard(&delivery.id, attempts, seconds).await
                } else {
                    tracing::error!(webhook, job, attempts, why, "a webhook did not hear, and is not called again");
                    self.store.heard(&delivery.id).await
                }
            }
        };
        if let Err(error) = written {
            tracing::error!(%error, "what became of a webhook's call could not be written; it is called again");
        }
        delivery
    }

    /// Calls; what there is nobody to tell of counts as heard.
    async fn call(&self, delivery: &Delivery) -> Result<(), String> {
        let store_failed = |error: StoreError| format!("the store failed: {error}");
        let found = self.store.document(Kind::Webhook, &delivery.project, &delivery.webhook).await;
        let Some(document) = found.map_err(store_failed)? else { return Ok(()) };
        let webhook: Webhook = document.read().map_err(store_failed)?;
        if !webhook.states.is_empty() && !webhook.states.iter().any(|state| state.name() == delivery.state) {
            return Ok(());
        }
        let stored = match self.store.job(&delivery.job).await {
            Ok(stored) => stored,
            Err(StoreError::NoJob(_)) => return Ok(()),
            Err(error) => return Err(store_failed(error)),
        };
        let body = json!({
            "id": delivery.id,
            "type": "job.state",
            "event": delivery.event,
            "state": delivery.state,
            "project": delivery.project,
            "job": crate::api::listed(&stored),
        });
        let body = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        // Judged again: what is allowed may have changed since it was stored.
        let url = parse(&webhook.url, self.allowed).map_err(|error| error.to_string())?;
        let seconds = Timestamp::now().millis().div_euclid(1000);
        let request = self.client.post(url).header(SIGNATURE, sign(&webhook.secret, seconds, &body));
        let request = request.header("content-type", "application/json").header("farkas-delivery", &delivery.id);
        let response = request.body(body).send().await.map_err(|error| told(&error))?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answers {status}")) }
    }
}

/// What is to be told now.
struct Taken {
    due: Vec<Delivery>,
    /// Whether more may be due than could be taken.
    more: bool,
}

/// An error with its causes; without the URL, whose query may be somebody's secret.
fn told(error: &reqwest::Error) -> String {
    let mut text = String::from(if error.is_timeout() { "it takes too long" } else { "it cannot be reached" });
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
