//! Who may do what: a request has a [`Principal`] (whose project, in which role), a route a [`Need`]; and what a key is
//! made of. Pure but for the operating system's randomness.

use std::fmt;

use farkas_api_types::Role;
use sha2::{Digest, Sha256};

use crate::jobs::DEFAULT_PROJECT;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose jobs, models and keys it sees.
    pub project: String,
    /// What it may do with them.
    pub role: Role,
    /// Id of its key; `None` where no keys are needed.
    pub key: Option<String>,
}

impl Principal {
    /// Who comes where no keys are needed: everything is the default project's.
    pub fn anyone() -> Self {
        Self { project: DEFAULT_PROJECT.into(), role: Role::Admin, key: None }
    }

    /// Whether it may do what concerns more than its project: an admin of the default project, which is the operator's.
    pub fn is_operator(&self) -> bool {
        self.role == Role::Admin && self.project == DEFAULT_PROJECT
    }
}

/// What a route asks of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing, not even a key.
    Nothing,
    /// To look.
    Viewer,
    /// To have things solved.
    User,
    /// To say who may do so.
    Admin,
    /// To run the service.
    Operator,
}

impl Need {
    /// Whether this principal may.
    ///
    /// ```
    /// use farkas_api_types::Role;
    /// use farkas_service::access::{Need, Principal};
    /// let user = Principal { project: "team".into(), role: Role::User, key: None };
    /// assert!(Need::Viewer.admits(&user) && Need::User.admits(&user) && !Need::Admin.admits(&user));
    /// let admin = Principal { role: Role::Admin, ..user };
    /// assert!(Need::Admin.admits(&admin) && !Need::Operator.admits(&admin));
    /// assert!(Need::Operator.admits(&Principal::anyone()));
    /// ```
    pub fn admits(self, principal: &Principal) -> bool {
        match self {
            Self::Nothing => true,
            Self::Viewer => principal.role >= Role::Viewer,
            Self::User => principal.role >= Role::User,
            Self::Admin => principal.role >= Role::Admin,
            Self::Operator => principal.is_operator(),
        }
    }

    /// In words, for a refusal.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Viewer => "the role viewer, user or admin",
            Self::User => "the role user or admin",
            Self::Admin => "the role admin",
            Self::Operator => "the role admin in the project 'default', which is the operator's",
        }
    }
}

/// What every key begins with, so that it is known for one where it should not be (in a repository, in a log).
pub const KEY_PREFIX: &str = "farkas_";
const SECRET_BYTES: usize = 32;
/// Characters of a key that may be shown to tell it from others: the prefix and 32 of its 256 bits.
const SHOWN: usize = KEY_PREFIX.len() + 8;

/// A key as its holder has it. Never stored, never printed.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.shown())
    }
}

impl Token {
    /// A new one: 256 bits of the operating system's randomness.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{KEY_PREFIX}{}", hex(&secret))))
    }

    /// One that somebody sent; it may be anything.
    pub fn sent(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// What is stored of it: SHA-256. A slow hash such as Argon2 guards what people can remember, and others can guess; 256
    /// random bits cannot be guessed, and every request would pay. It is looked up by this hash, so how long the search
    /// takes says something about the hash and nothing about the key.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// Whether it may be one that was [generated](Self::generate).
    pub fn is_ours(&self) -> bool {
        self.0.starts_with(KEY_PREFIX)
    }

    /// The beginning, to tell it from others.
    pub fn shown(&self) -> String {
        if self.is_ours() { self.0.chars().take(SHOWN).collect() } else { String::new() }
    }

    /// The whole: for the one answer that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a project may be called so: it stands in messages, tags and metrics.
pub fn is_project_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_new_and_never_printed_whole() {
        let (first, second) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_eq!(first.reveal().len(), KEY_PREFIX.len() + 64);
        assert_ne!(first.reveal(), second.reveal());
        assert_eq!(first.hash(), Token::sent(&format!(" {} ", first.reveal())).hash());
        assert_ne!(first.hash(), second.hash());
        let printed = format!("{first:?}");
        assert!(printed.contains(&first.shown()) && !printed.contains(&first.reveal()[SHOWN..]), "{printed}");
        assert_eq!(Token::sent("my own secret").shown(), "");
    }

    #[test]
    fn projects_have_plain_names() {
        for (name, right) in [("default", true), ("a-b_c.1", true), ("", false), ("a b", false), ("ä", false)] {
            assert_eq!(is_project_name(name), right, "{name}");
        }
    }
}
