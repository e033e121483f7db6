//! Printing to standard output for people who stop reading: `farkas … | head` ends the program quietly, where the standard
//! macros would panic. The macros here stand in for those of the same names.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use super::Exit;

/// Prints; ends the program with 0 when nobody reads any more, and with [`Exit::NotWritten`] when it cannot be written.
pub fn to_stdout(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    eprintln!("error: standard output cannot be written: {error}");
    std::process::exit(i32::from(Exit::NotWritten as u8));
}

macro_rules! print {
    ($($what:tt)*) => { $crate::cli::print::to_stdout(::std::format_args!($($what)*)) };
}

macro_rules! println {
    ($($what:tt)*) => {
        $crate::cli::print::to_stdout(::std::format_args!("{}\n", ::std::format_args!($($what)*)))
    };
}
