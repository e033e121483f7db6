//! API keys as clients see them: who may do what in which project.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a key's holder may do in its project; each role may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Viewer,
    /// Have things solved.
    User,
    /// Make and revoke keys and webhooks.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::User, Self::Admin];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    ///
    /// ```
    /// use farkas_api_types::Role;
    /// assert!(Role::ALL.iter().all(|role| Role::parse(role.name()) == Some(*role)));
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// A name for people.
    #[schema(max_length = 256, example = "nightly planning")]
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// In which project; that of the key which asks if nothing is said. Only the operator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// When it ends by itself; never if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0)]
    pub expires_in_seconds: Option<f64>,
}

/// A key, without what makes it one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Its project.
    pub project: String,
    /// What its holder may do.
    pub role: Role,
    /// The beginning of the key, to tell it from others.
    #[schema(example = "farkas_1a2b3c4d")]
    pub begins: String,
    /// When it was made, RFC 3339.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub expires_at: Option<String>,
}

/// A new key. This answer is the only one that has the key itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyMade {
    /// The key: send it as `Authorization: Bearer …` or `X-Api-Key`.
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub view: ApiKeyView,
}

/// A project's keys, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyList {
    /// The keys.
    pub keys: Vec<ApiKeyView>,
}
