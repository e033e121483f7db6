//! Models of any size, made from a seed: the same seed gives the same model on every machine and in every version.

mod facility_location;
pub(crate) mod random;
mod set_cover;
mod transport;

pub use facility_location::facility_location;
pub use set_cover::set_cover;
pub use transport::transport;
