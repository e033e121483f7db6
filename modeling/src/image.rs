//! A problem's one canonical byte layout: mapped by workers, stored as a blob, hashed as its identity.
