//! Webhooks as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::job::JobState;

/// A webhook to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to call: `https://` or `http://`, an address of the public internet unless the operator allows others.
    #[schema(example = "https://planning.example/farkas")]
    pub url: String,
    /// States to tell of; all, if nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<JobState>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Where is called.
    pub url: String,
    /// States that are told; empty means all.
    #[serde(default)]
    pub states: Vec<JobState>,
    /// When it was made, RFC 3339.
    #[schema(format = "date-time")]
    pub created_at: String,
}

/// A new webhook. This answer is the only one that has its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WebhookMade {
    /// What its calls are signed with.
    pub secret: String,
    /// The webhook.
    #[serde(flatten)]
    pub view: WebhookView,
}

/// A project's webhooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WebhookList {
    /// The newest first.
    pub webhooks: Vec<WebhookView>,
}
