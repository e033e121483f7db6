//! Stopping and continuing a solve from another thread, without ending it.

/// Stops and continues the solves of one session, where it can: a solver in a process of its own does nothing between the two,
/// and takes no core. Not every session has one: [`Session::pause`](super::Session::pause).
///
/// A solve that begins while it is stopped does not run before it is continued. Time limits count on meanwhile, and a stop
/// token that is set continues the solve first, so that it hears of it; a kill ends it as it is. When the solve has ended,
/// neither call does anything.
pub trait Pause: Send + Sync {
    /// Stops the solve. Returns at once.
    fn pause(&self);
    /// Lets it go on. Returns at once.
    fn resume(&self);
}
