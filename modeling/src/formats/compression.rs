//! Compressed files: recognised by their first bytes, never by their name, and opened within limits on the size and on
//! the ratio, so that a small file cannot fill the memory.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Read, Write};

use bzip2::bufread::MultiBzDecoder;
use bzip2::write::BzEncoder;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::place::FormatError;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// `.gz`, RFC 1952.
    Gzip,
    /// `.zst`, RFC 8878.
    Zstd,
    /// `.bz2`.
    Bzip2,
    /// `.xz`.
    Xz,
}

/// Most memory that a dictionary of `.xz` may take: twice what its strongest preset asks for.
const XZ_MEMORY_KIB: u32 = 160 << 10;

impl Compression {
    /// Looks at the first bytes.
    ///
    /// ```
    /// use farkas_modeling::formats::Compression;
    /// assert_eq!(Compression::detect(b"NAME afiro"), Compression::None);
    /// assert_eq!(Compression::detect(&[0x1F, 0x8B, 8, 0]), Compression::Gzip);
    /// ```
    pub fn detect(bytes: &[u8]) -> Self {
        match bytes {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // A frame, or one of the frames to be skipped.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // A block follows, or the end of an empty file.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// What a file of this name is to be written as, and the name without that suffix.
    ///
    /// ```
    /// use farkas_modeling::formats::Compression;
    /// assert_eq!(Compression::of_file_name("air03.mps.gz"), (Compression::Gzip, "air03.mps"));
    /// assert_eq!(Compression::of_file_name("air03.mps"), (Compression::None, "air03.mps"));
    /// ```
    pub fn of_file_name(name: &str) -> (Self, &str) {
        let suffixes = [
            (".gz", Self::Gzip),
            (".zst", Self::Zstd),
            (".zstd", Self::Zstd),
            (".bz2", Self::Bzip2),
            (".xz", Self::Xz),
        ];
        for (suffix, kind) in suffixes {
            let Some(cut) = name.len().checked_sub(suffix.len()) else { continue };
            if name.is_char_boundary(cut) && name[cut..].eq_ignore_ascii_case(suffix) {
                return (kind, &name[..cut]);
            }
        }
        (Self::None, name)
    }
}

/// How large a file may become when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Most bytes, compressed or not. Default 4 GiB.
    pub bytes: usize,
    /// Most bytes out for a byte in, once [`ratio_from_bytes`](Self::ratio_from_bytes) are out. Default 300: models
    /// compress 3 to 50 times, bombs a thousand times.
    pub ratio: usize,
    /// Below this size any ratio is fine. Default 16 MiB.
    pub ratio_from_bytes: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self { bytes: 4 << 30, ratio: 300, ratio_from_bytes: 16 << 20 }
    }
}

/// Opens what is compressed and hands through what is not.
///
/// # Errors
/// `compression-damaged` (a wrong checksum, a stream that makes no sense), `compression-cut-off`, `compression-ratio`,
/// `too-large`.
pub fn decompress<'a>(bytes: &'a [u8], limits: &SizeLimits) -> Result<Cow<'a, [u8]>, FormatError> {
    let mut opened = Vec::new();
    match open_into(bytes, limits, &mut opened) {
        Ok(Compression::None) => Ok(Cow::Borrowed(bytes)),
        Ok(_) => Ok(Cow::Owned(opened)),
        Err(Unopened::Format(error)) => Err(error),
        // Memory takes what it is given.
        Err(Unopened::Sink(error)) => Err(damaged("memory", 0, &error)),
    }
}

/// As [`decompress`], from a stream of which at most the limit is read.
///
/// # Errors
/// Those of the stream, and [`FormatError`] inside [`io::ErrorKind::InvalidData`].
pub fn read_all(source: impl Read, limits: &SizeLimits) -> io::Result<Vec<u8>> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut bytes = Vec::new();
    source.take(limits.bytes as u64 + 1).read_to_end(&mut bytes)?;
    match decompress(&bytes, limits).map_err(invalid)? {
        Cow::Owned(opened) => Ok(opened),
        Cow::Borrowed(_) => Ok(bytes),
    }
}

/// As [`decompress`], into a file, say: what is opened is never in memory whole. Bytes that are not compressed are not
/// written; the answer says how they were.
///
/// # Errors
/// Those of `sink`, and [`FormatError`] inside [`io::ErrorKind::InvalidData`].
pub fn decompress_into(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> io::Result<Compression> {
    open_into(bytes, limits, sink).map_err(|error| match error {
        Unopened::Format(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        Unopened::Sink(error) => error,
    })
}

fn open_into(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> Result<Compression, Unopened> {
    let kind = Compression::detect(bytes);
    match kind {
        Compression::None if bytes.len() > limits.bytes => {
            return Err(too_large("file", bytes.len() as u64, limits).into());
        }
        Compression::None => {}
        Compression::Gzip => gunzip(bytes, limits, sink)?,
        Compression::Zstd => unzstd(bytes, limits, sink)?,
        Compression::Bzip2 => unbzip2(bytes, limits, sink)?,
        Compression::Xz => unxz(bytes, limits, sink)?,
    }
    Ok(kind)
}

/// Why something compressed was not opened.
enum Unopened {
    /// It makes no sense, or becomes too large.
    Format(FormatError),
    /// Where it was to be written failed.
    Sink(io::Error),
}

impl From<FormatError> for Unopened {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

/// Opened bytes, counted against the limits.
struct Opened<'a> {
    format: &'static str,
    compressed: usize,
    bytes: usize,
    limits: &'a SizeLimits,
    sink: &'a mut dyn Write,
}

impl Opened<'_> {
    /// Reads until the end; `left` tells how many compressed bytes are still to be read.
    fn read_from<R: Read>(&mut self, reader: &mut R, left: impl Fn(&R) -> usize) -> Result<(), Unopened> {
        let mut chunk = vec![0; 64 << 10];
        loop {
            let n = match reader.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(damaged(self.format, self.compressed - left(reader), &error).into()),
            };
            self.bytes += n;
            let used = self.compressed - left(reader);
            if self.bytes > self.limits.bytes {
                return Err(too_large(self.format, used as u64, self.limits).into());
            }
            if self.bytes > self.limits.ratio_from_bytes.max(used.saturating_mul(self.limits.ratio)) {
                let finding =
                    format!("{} bytes came out of {used}, more than {} times as many", self.bytes, self.limits.ratio);
                let remedy = "no model compresses so well; send it uncompressed if it is one";
                return Err(FormatError::at_byte(self.format, used as u64, "compression-ratio", finding, remedy).into());
            }
            self.sink.write_all(&chunk[..n]).map_err(Unopened::Sink)?;
        }
    }
}

fn gunzip(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> Result<(), Unopened> {
    let mut opened = Opened { format: "gzip", compressed: bytes.len(), bytes: 0, limits, sink };
    let mut decoder = MultiGzDecoder::new(bytes);
    opened.read_from(&mut decoder, |d| d.get_ref().len())
}

fn unbzip2(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> Result<(), Unopened> {
    let mut opened = Opened { format: "bzip2", compressed: bytes.len(), bytes: 0, limits, sink };
    let mut decoder = MultiBzDecoder::new(bytes);
    opened.read_from(&mut decoder, |d| d.get_ref().len())
}

/// Bytes that say how many of them are left.
struct Counted<'a> {
    bytes: &'a [u8],
    left: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(to)?;
        self.left.set(self.bytes.len());
        Ok(n)
    }
}

fn unxz(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> Result<(), Unopened> {
    let mut opened = Opened { format: "xz", compressed: bytes.len(), bytes: 0, limits, sink };
    let left = Cell::new(bytes.len());
    let mut decoder = XzReader::new_mem_limit(Counted { bytes, left: &left }, true, XZ_MEMORY_KIB);
    opened.read_from(&mut decoder, |_| left.get())
}

fn unzstd(bytes: &[u8], limits: &SizeLimits, sink: &mut dyn Write) -> Result<(), Unopened> {
    let mut opened = Opened { format: "zstd", compressed: bytes.len(), bytes: 0, limits, sink };
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let mut decoder = match StreamingDecoder::new(rest) {
            Ok(decoder) => decoder,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                // Eight bytes say how many to skip.
                rest = rest.get(8_usize.saturating_add(length as usize)..).unwrap_or_default();
                continue;
            }
            Err(error) => return Err(damaged("zstd", at, &io::Error::other(error)).into()),
        };
        opened.read_from(&mut decoder, |d| d.get_ref().len())?;
        let sums = (decoder.decoder.get_checksum_from_data(), decoder.decoder.get_calculated_checksum());
        if let (Some(told), Some(is)) = sums
            && told != is
        {
            return Err(damaged("zstd", at, &io::Error::other("the checksum does not match")).into());
        }
        rest = decoder.into_inner();
    }
    Ok(())
}

fn damaged(format: &'static str, at: usize, error: &io::Error) -> FormatError {
    let (code, finding) = if ends_early(error) {
        ("compression-cut-off", "the file ends in the middle of its compressed data".to_owned())
    } else {
        ("compression-damaged", format!("the compressed data is damaged ({error})"))
    };
    FormatError::at_byte(format, at as u64, code, finding, "get the file again")
}

/// Whether the stream ended too soon: decoders wrap the reader's own error.
fn ends_early(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    for _ in 0..16 {
        let Some(error) = next else { return false };
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::UnexpectedEof {
                return true;
            }
            // `source` of an `io::Error` skips the error that it holds.
            next = io.get_ref().map(|held| held as &(dyn std::error::Error + 'static));
        } else {
            next = error.source();
        }
    }
    false
}

fn too_large(format: &'static str, at: u64, limits: &SizeLimits) -> FormatError {
    let finding = format!("more than {} bytes of text", limits.bytes);
    FormatError::at_byte(format, at, "too-large", finding, "raise the limit if the file is meant to be so large")
}

/// Compresses what is written to it. Call [`finish`](Self::finish): dropping it loses the end.
pub struct Encoder<W: Write>(Inner<W>);

enum Inner<W: Write> {
    None(W),
    Gzip(Box<GzEncoder<W>>),
    /// The encoder takes all at once.
    Zstd(Vec<u8>, W),
    Bzip2(BzEncoder<W>),
    /// Made at the first byte, since making it can fail.
    Xz(Xz<W>),
}

enum Xz<W: Write> {
    Begun(Box<XzWriter<W>>),
    Empty(W),
    /// While one becomes the other.
    Between,
}

impl<W: Write> Xz<W> {
    fn begin(&mut self) -> io::Result<&mut XzWriter<W>> {
        if let Self::Empty(_) = self
            && let Self::Empty(target) = std::mem::replace(self, Self::Between)
        {
            *self = Self::Begun(Box::new(XzWriter::new(target, XzOptions::with_preset(6))?));
        }
        match self {
            Self::Begun(writer) => Ok(writer),
            _ => Err(io::Error::other("the encoder failed before")),
        }
    }
}

impl<W: Write> Encoder<W> {
    /// Writes to `target`.
    pub fn new(target: W, kind: Compression) -> Self {
        Self(match kind {
            Compression::None => Inner::None(target),
            Compression::Gzip => Inner::Gzip(Box::new(GzEncoder::new(target, flate2::Compression::default()))),
            Compression::Zstd => Inner::Zstd(Vec::new(), target),
            Compression::Bzip2 => Inner::Bzip2(BzEncoder::new(target, bzip2::Compression::best())),
            Compression::Xz => Inner::Xz(Xz::Empty(target)),
        })
    }

    /// Writes the end and hands the target back.
    ///
    /// # Errors
    /// Those of the target.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Inner::None(target) => Ok(target),
            Inner::Gzip(encoder) => encoder.finish(),
            Inner::Zstd(bytes, mut target) => {
                target.write_all(&compress_to_vec(&bytes[..], CompressionLevel::Fastest))?;
                Ok(target)
            }
            Inner::Bzip2(encoder) => encoder.finish(),
            Inner::Xz(mut encoder) => {
                encoder.begin()?;
                match encoder {
                    Xz::Begun(writer) => writer.finish(),
                    _ => Err(io::Error::other("the encoder failed before")),
                }
            }
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::None(target) => target.write(bytes),
            Inner::Gzip(encoder) => encoder.write(bytes),
            Inner::Zstd(all, _) => all.write(bytes),
            Inner::Bzip2(encoder) => encoder.write(bytes),
            Inner::Xz(encoder) => encoder.begin()?.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::None(target) => target.flush(),
            Inner::Gzip(encoder) => encoder.flush(),
            // Flushing in the middle would cost size and gain nothing.
            Inner::Zstd(..) | Inner::Bzip2(_) | Inner::Xz(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compress(bytes: &[u8], kind: Compression) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new(), kind);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn round_trips_and_concatenations() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|i| format!(" x{i} c{} 1\n", i % 97).into_bytes()).collect();
        for kind in [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz] {
            let packed = compress(&text, kind);
            assert_eq!(Compression::detect(&packed), kind);
            let mut sink = Vec::new();
            assert_eq!(decompress_into(&packed, &SizeLimits::default(), &mut sink).unwrap(), kind);
            assert!(sink == if kind == Compression::None { &[] } else { &text[..] }, "{kind:?}");
            let twice = [packed.clone(), packed].concat();
            assert_eq!(decompress(&twice, &SizeLimits::default()).unwrap().len(), 2 * text.len(), "{kind:?}");
            assert_eq!(read_all(&twice[..], &SizeLimits::default()).unwrap().len(), 2 * text.len(), "{kind:?}");
        }
    }

    #[test]
    fn damage_and_bombs_are_told() {
        let text = b"NAME x\nROWS\n N obj\nCOLUMNS\n x obj 1\nENDATA\n".repeat(50);
        let zeros = vec![b' '; 4 << 20];
        let tight = SizeLimits { bytes: 8 << 20, ratio: 100, ratio_from_bytes: 1 << 20 };
        for kind in [Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz] {
            let good = compress(&text, kind);
            let code = |bytes: &[u8], limits: &SizeLimits| decompress(bytes, limits).unwrap_err().code;
            assert_eq!(code(&good[..good.len() / 2], &tight), "compression-cut-off", "{kind:?}");
            let mut wrong_sum = good.clone();
            // In the checksum, or (in `.xz`, whose end has several) in the middle of the data.
            let at = match kind {
                Compression::Gzip => wrong_sum.len() - 6,
                Compression::Xz => wrong_sum.len() / 2,
                Compression::Bzip2 => wrong_sum.len() - 3,
                _ => wrong_sum.len() - 1,
            };
            wrong_sum[at] ^= 0x10;
            assert_eq!(code(&wrong_sum, &tight), "compression-damaged", "{kind:?}");
            let bomb = compress(&zeros, kind);
            assert_eq!(code(&bomb, &tight), "compression-ratio", "{kind:?}");
            let small = SizeLimits { bytes: 1000, ..tight };
            assert_eq!(code(&good, &small), "too-large", "{kind:?}");
            let told = decompress_into(&good, &small, &mut io::sink()).unwrap_err();
            let told = told.get_ref().and_then(|error| error.downcast_ref::<FormatError>()).map(|error| error.code);
            assert_eq!(told, Some("too-large"), "{kind:?}");
            let full = decompress_into(&good, &tight, &mut &mut [0; 10][..]).unwrap_err();
            assert_eq!(full.kind(), io::ErrorKind::WriteZero, "{kind:?}");
        }
        // A dictionary of 1.5 GiB, which nothing here needs.
        let mut greedy = compress(&text, Compression::Xz);
        let dictionary = greedy.windows(3).position(|w| w == [0x21, 0x01, 22]).expect("the filter's properties") + 2;
        greedy[dictionary] = 39;
        assert_eq!(decompress(&greedy, &tight).unwrap_err().code, "compression-damaged");
        assert_eq!(decompress(&compress(b"", Compression::Bzip2), &tight).unwrap().len(), 0);
        assert_eq!(decompress(&compress(b"", Compression::Xz), &tight).unwrap().len(), 0);
        assert_eq!(decompress(&[b'x'; 11], &SizeLimits { bytes: 10, ..tight }).unwrap_err().code, "too-large");
    }
}
