//! A line's bytes as bits: its fields are found among 64 bits instead of byte by byte.

use wide::u8x32;

/// Which bytes of 32 are what, one bit a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bits {
    /// Above the blank.
    visible: u64,
    /// Below the blank: the line's end, or something to be looked at.
    control: u64,
}

#[inline]
fn bits(bytes: &[u8; 32]) -> Bits {
    let x = u8x32::new(*bytes);
    let visible = x.max(u8x32::splat(b' ' + 1)).simd_eq(x).to_bitmask();
    let blank = x.simd_eq(u8x32::splat(b' ')).to_bitmask();
    Bits { visible: u64::from(visible), control: u64::from(!(visible | blank)) }
}

/// A line of less than 64 bytes that begins with a blank and holds no other control characters than tabs and carriage
/// returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShortLine {
    /// Where fields begin, from the line's start.
    begins: u64,
    /// Where they end, each the first byte behind it.
    ends: u64,
    at: usize,
    len: usize,
}

impl ShortLine {
    /// The line at `at`, if it is one.
    #[expect(clippy::inline_always, reason = "its four words are to stay in registers; it is called in two places")]
    #[inline(always)]
    pub fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let first = bytes.get(at..)?.first_chunk::<32>()?;
        if !matches!(first[0], b' ' | b'\t') {
            return None;
        }
        let mut is = bits(first);
        let len = newline(bytes, at, is.control).or_else(|| {
            let more = bits(bytes.get(at + 32..)?.first_chunk::<32>()?);
            is.visible |= more.visible << 32;
            newline(bytes, at, is.control | more.control << 32)
        })?;
        let visible = is.visible & ((1 << len) - 1);
        Some(Self { begins: visible & !(visible << 1), ends: !visible & (visible << 1), at, len })
    }

    /// Begin and end of the next field, in the file.
    #[inline]
    pub fn next(&mut self) -> Option<(usize, usize)> {
        if self.begins == 0 {
            return None;
        }
        let span = (self.at + self.begins.trailing_zeros() as usize, self.at + self.ends.trailing_zeros() as usize);
        self.begins &= self.begins - 1;
        self.ends &= self.ends.wrapping_sub(1);
        Some(span)
    }

    /// Where the next line begins.
    #[inline]
    pub fn end(&self) -> usize {
        self.at + self.len + 1
    }
}

/// The first newline among the control characters, if only tabs and carriage returns stand before it.
#[inline]
fn newline(bytes: &[u8], at: usize, mut control: u64) -> Option<usize> {
    while control != 0 {
        let len = control.trailing_zeros() as usize;
        match bytes[at + len] {
            b'\n' => return Some(len),
            b'\t' | b'\r' => control &= control - 1,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_bytes() {
        for shift in 0..=255_u8 {
            let bytes: [u8; 32] = std::array::from_fn(|k| (k as u8).wrapping_mul(7).wrapping_add(shift));
            let mask = |is: fn(u8) -> bool| bytes.iter().rev().fold(0, |mask, &b| mask << 1 | u64::from(is(b)));
            let wanted = Bits { visible: mask(|b| b > b' '), control: mask(|b| b < b' ') };
            assert_eq!(bits(&bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn lines_are_cut_into_fields() {
        let behind = [b'x'; 64];
        let cases: &[(&str, Option<&[&str]>)] = &[
            (" a b 1\n", Some(&["a", "b", "1"])),
            ("\ta\tb  1 \r\n", Some(&["a", "b", "1"])),
            ("    a_name_of_more_than_32_bytes_in_all     another           -1.5e+30\n", None),
            (
                "    a_name_of_more_than_32_bytes_in_all     another   -1.5e+30\n",
                Some(&["a_name_of_more_than_32_bytes_in_all", "another", "-1.5e+30"]),
            ),
            (" Ünï b\n", Some(&["Ünï", "b"])),
            (" \n", Some(&[])),
            ("a b\n", None),
            ("\n", None),
            (" a\x07b\n", None),
        ];
        for &(text, wanted) in cases {
            let bytes = [b"zz", text.as_bytes(), &behind].concat();
            let line = ShortLine::at(&bytes, 2);
            let fields = line.map(|mut line| {
                assert_eq!(line.end(), 2 + text.len(), "{text:?}");
                std::iter::from_fn(|| line.next()).map(|(at, end)| String::from_utf8_lossy(&bytes[at..end])).collect()
            });
            assert_eq!(fields, wanted.map(|list| list.iter().map(|&f| f.into()).collect::<Vec<_>>()), "{text:?}");
        }
        assert_eq!(ShortLine::at(b" a b\n", 0), None, "too near to the end of the file to look at 32 bytes");
    }
}
