//! Opens a shared library and takes functions out of it. A library that was opened stays so until the process ends:
//! solvers leave threads and exit handlers behind that must not lose their code.

use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::path::Path;

/// A loaded library.
pub struct Library {
    inner: ManuallyDrop<libloading::Library>,
}

impl Library {
    /// Opens the file with everything in it bound at once, and its names kept from the rest of the process: two solvers
    /// may carry the same third library in two versions.
    ///
    /// # Errors
    /// What the loader says: no such file, another machine's, a library that it needs and that is not there.
    pub fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: running a library's initialisers is what loading a solver means; the file was named by the user, or lies
        // where the vendor installs it.
        #[cfg(unix)]
        let opened = unsafe {
            use libloading::os::unix;
            unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL).map(libloading::Library::from)
        };
        // SAFETY: as above.
        #[cfg(not(unix))]
        let opened = unsafe { libloading::Library::new(path) };
        opened.map(|inner| Self { inner: ManuallyDrop::new(inner) }).map_err(|e| e.to_string())
    }

    /// The function of this name.
    ///
    /// # Errors
    /// When the library has none.
    ///
    /// # Safety
    /// `T` is the type of a pointer to that very function.
    pub unsafe fn function<T: Copy>(&self, name: &CStr) -> Result<T, String> {
        // SAFETY: the caller answers for the type; the library is never unloaded, so the copy stays good.
        let found = unsafe { self.inner.get::<T>(name.to_bytes_with_nul()) };
        found.map(|symbol| *symbol).map_err(|_| format!("it has no function {}", name.to_string_lossy()))
    }
}

/// A struct of function pointers, one for each line, and `of(&Library)`, which fills it.
macro_rules! functions {
    ($(#[$about:meta])* struct $Table:ident { $($field:ident = $symbol:literal ($($argument:ty),* $(,)?) $(-> $result:ty)?;)* }) => {
        $(#[$about])*
        pub(super) struct $Table {
            $(pub(super) $field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl $Table {
            /// Takes every function out of the library, or names one that it lacks.
            pub(super) fn of(library: &$crate::loading::ffi::Library) -> Result<Self, String> {
                Ok(Self {
                    // SAFETY: the types stand in the table, written after the vendor's reference manual.
                    $($field: unsafe { library.function($symbol)? },)*
                })
            }
        }
    };
}

pub(crate) use functions;
