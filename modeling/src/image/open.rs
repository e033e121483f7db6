//! Opens an image in place. Every length, position and number is looked at before it is used; nothing is believed.

use std::ops::Range;
use std::str;
use std::sync::Arc;

use bytemuck::Pod;

use super::ImageError;
use super::layout::{ALIGNMENT, ENTRY, HEADER, MAGIC, ORDER_MARK, SECTIONS, Section, VERSION, align};
use crate::problem::{
    Buffer, Bytes, Indicator, Names, Problem, ProblemBuffers, Product, QuadraticRow, Sense, SpecialOrderedSet,
};

/// Opens an image: the problem's arrays stay in `bytes` (where those are aligned to 8; otherwise they are copied).
///
/// # Errors
/// When the bytes are no image of this version, are damaged, or hold a problem with defects.
pub fn open(bytes: Arc<dyn Bytes>) -> Result<Problem, ImageError> {
    let sections = Sections::read(bytes)?;
    let (n, m, entries) = (sections.columns, sections.rows, sections.nonzeros);
    let (sets, indicators) = (sections.sets()?, sections.indicators()?);
    Ok(Problem::from_buffers(ProblemBuffers {
        name: sections.text(Section::Name)?.unwrap_or_default(),
        objective_name: sections.text(Section::ObjectiveName)?,
        sense: sections.sense,
        offset: sections.offset,
        cost: sections.array(Section::Cost, n)?,
        lower: sections.array(Section::Lower, n)?,
        upper: sections.array(Section::Upper, n)?,
        kinds: sections.array(Section::Kinds, n)?,
        row_lower: sections.array(Section::RowLower, m)?,
        row_upper: sections.array(Section::RowUpper, m)?,
        starts: sections.array(Section::Starts, n + 1)?,
        indices: sections.array(Section::Indices, entries)?,
        values: sections.array(Section::Values, entries)?,
        column_names: sections.names([Section::ColumnNameEnds, Section::ColumnNameText], n)?,
        row_names: sections.names([Section::RowNameEnds, Section::RowNameText], m)?,
        sets,
        indicators,
        quadratic_objective: sections.objective_products()?,
        quadratic_rows: sections.row_products()?,
    })?)
}

fn damaged(at: u64, finding: impl Into<String>) -> ImageError {
    ImageError::Damaged { at, finding: finding.into() }
}

/// The header and where each section is.
struct Sections {
    bytes: Arc<dyn Bytes>,
    places: [Option<Range<usize>>; SECTIONS.len()],
    sense: Sense,
    offset: f64,
    columns: usize,
    rows: usize,
    nonzeros: usize,
}

impl Sections {
    fn read(shared: Arc<dyn Bytes>) -> Result<Self, ImageError> {
        let bytes = shared.bytes();
        if !bytes.starts_with(&MAGIC) {
            let found: Vec<String> = bytes.iter().take(8).map(|b| format!("{b:02x}")).collect();
            return Err(ImageError::NotAnImage {
                found: if found.is_empty() { "nothing".into() } else { found.join(" ") },
            });
        }
        let length = bytes.len() as u64;
        if bytes.len() < HEADER {
            return Err(ImageError::Length { expected: HEADER as u64, got: length });
        }
        if cfg!(target_endian = "big") || u32_at(bytes, 12) == ORDER_MARK.swap_bytes() {
            return Err(ImageError::ByteOrder);
        }
        if u32_at(bytes, 8) != VERSION {
            return Err(ImageError::Version { found: u32_at(bytes, 8), known: VERSION });
        }
        if u32_at(bytes, 12) != ORDER_MARK {
            return Err(damaged(12, "no byte-order mark"));
        }
        if u64_at(bytes, 16) != length {
            return Err(ImageError::Length { expected: u64_at(bytes, 16), got: length });
        }
        let sense = match u32_at(bytes, 56) {
            0 => Sense::Minimize,
            1 => Sense::Maximize,
            other => return Err(damaged(56, format!("sense {other}; there are 0 and 1"))),
        };
        // A count that is too large is longer than the image, which the arrays' lengths tell; n + 1 must not overflow.
        let count = |at| usize::try_from(u64_at(bytes, at)).unwrap_or(usize::MAX).min(usize::MAX - 1);
        Ok(Self {
            places: table(bytes)?,
            sense,
            offset: f64::from_bits(u64_at(bytes, 48)),
            columns: count(24),
            rows: count(32),
            nonzeros: count(40),
            bytes: shared,
        })
    }

    fn place(&self, section: Section) -> Option<Range<usize>> {
        self.places[section as usize - 1].clone()
    }

    /// Where a section begins, for messages.
    fn begin(&self, section: Section) -> u64 {
        self.place(section).map_or(0, |range| range.start as u64)
    }

    fn slice(&self, section: Section) -> &[u8] {
        self.place(section).map_or(&[], |range| &self.bytes.bytes()[range])
    }

    /// A section as `count` numbers, in place where the bytes are aligned.
    fn array<T: Pod>(&self, section: Section, count: usize) -> Result<Buffer<T>, ImageError> {
        let range = self.place(section).unwrap_or(0..0);
        if Some(range.len()) != count.checked_mul(size_of::<T>()) {
            let finding = format!("{} bytes of {section:?} where {count} entries are needed", range.len());
            return Err(damaged(range.start as u64, finding));
        }
        Ok(Buffer::shared(Arc::clone(&self.bytes), range.clone())
            .unwrap_or_else(|| bytemuck::pod_collect_to_vec::<u8, T>(&self.bytes.bytes()[range]).into()))
    }

    /// A section as records of N numbers.
    fn records<const N: usize>(&self, section: Section) -> Result<Vec<[u32; N]>, ImageError> {
        let (numbers, bytes) = self.slice(section).as_chunks::<4>();
        let (records, rest) = numbers.as_chunks::<N>();
        if !rest.is_empty() || !bytes.is_empty() {
            let finding = format!("{section:?} is not a multiple of {} bytes", 4 * N);
            return Err(damaged(self.begin(section), finding));
        }
        Ok(records.iter().map(|record| record.map(u32::from_le_bytes)).collect())
    }

    fn text(&self, section: Section) -> Result<Option<String>, ImageError> {
        let Some(range) = self.place(section) else { return Ok(None) };
        let text = str::from_utf8(&self.bytes.bytes()[range.clone()])
            .map_err(|e| damaged((range.start + e.valid_up_to()) as u64, format!("{section:?} is not UTF-8")))?;
        Ok(Some(text.to_owned()))
    }

    fn names(&self, [ends, text]: [Section; 2], count: usize) -> Result<Option<Names>, ImageError> {
        if self.place(ends).is_none() {
            return match self.place(text) {
                Some(range) => Err(damaged(range.start as u64, "names without the places where they end")),
                None => Ok(None),
            };
        }
        let bytes = self.array::<u8>(text, self.slice(text).len())?;
        let names = Names::from_shared(bytes, self.array(ends, count)?);
        names.map(Some).ok_or_else(|| damaged(self.begin(ends), format!("{ends:?} do not cut the text into names")))
    }

    fn sets(&self) -> Result<Vec<SpecialOrderedSet>, ImageError> {
        let at = self.begin(Section::Sets);
        let records = self.records::<3>(Section::Sets)?;
        let text = self.text(Section::SetText)?.unwrap_or_default();
        let members = self.slice(Section::MemberColumns).len() / 4;
        let columns = self.array::<u32>(Section::MemberColumns, members)?;
        let weights = self.array::<f64>(Section::MemberWeights, members)?;
        let (mut name_from, mut member_from) = (0, 0);
        let mut sets = Vec::with_capacity(records.len());
        for [order, name_end, member_end] in records {
            let (name_end, member_end) = (name_end as usize, member_end as usize);
            let name =
                text.get(name_from..name_end).ok_or_else(|| damaged(at, "a set's name ends outside its text"))?;
            let range = member_from..member_end;
            let (Some(columns), Some(weights)) = (columns.get(range.clone()), weights.get(range)) else {
                return Err(damaged(at, "a set's members end outside the list of members"));
            };
            sets.push(SpecialOrderedSet {
                name: name.to_owned(),
                order: u8::try_from(order).unwrap_or(u8::MAX),
                members: columns.iter().copied().zip(weights.iter().copied()).collect(),
            });
            (name_from, member_from) = (name_end, member_end);
        }
        if (name_from, member_from) != (text.len(), members) {
            return Err(damaged(at, "names or members of sets that belong to none"));
        }
        Ok(sets)
    }

    fn objective_products(&self) -> Result<Vec<Product>, ImageError> {
        let pairs = self.records::<2>(Section::ObjectivePairs)?;
        let values = self.array::<f64>(Section::ObjectiveProducts, pairs.len())?;
        Ok(pairs.iter().zip(&*values).map(|(&[first, second], &value)| Product { first, second, value }).collect())
    }

    /// Products of one row stand together, so a row that comes again is a defect that the problem tells.
    fn row_products(&self) -> Result<Vec<QuadraticRow>, ImageError> {
        let pairs = self.records::<3>(Section::RowPairs)?;
        let values = self.array::<f64>(Section::RowProducts, pairs.len())?;
        let mut rows: Vec<QuadraticRow> = Vec::new();
        for (&[row, first, second], &value) in pairs.iter().zip(&*values) {
            let product = Product { first, second, value };
            match rows.last_mut().filter(|one| one.row == row) {
                Some(one) => one.products.push(product),
                None => rows.push(QuadraticRow { row, products: vec![product] }),
            }
        }
        Ok(rows)
    }

    fn indicators(&self) -> Result<Vec<Indicator>, ImageError> {
        let records = self.records(Section::Indicators)?;
        let indicator = |[row, column, active]: [u32; 3]| match active {
            0 | 1 => Ok(Indicator { row, column, active: active == 1 }),
            _ => Err(damaged(self.begin(Section::Indicators), format!("an indicator's value is {active}, not 0 or 1"))),
        };
        records.into_iter().map(indicator).collect()
    }
}

/// Reads the table of sections. Their places follow from their lengths, so there is one way to write a problem.
fn table(bytes: &[u8]) -> Result<[Option<Range<usize>>; SECTIONS.len()], ImageError> {
    let count = u32_at(bytes, 60) as usize;
    if count > SECTIONS.len() || bytes.len() < HEADER + count * ENTRY {
        return Err(damaged(60, format!("{count} sections; there are at most {}", SECTIONS.len())));
    }
    let mut places = [const { None }; SECTIONS.len()];
    let mut end = HEADER + count * ENTRY;
    let mut last = 0;
    for k in 0..count {
        let at = HEADER + k * ENTRY;
        let wrong = |finding: String| damaged(at as u64, finding);
        let (number, begin, length) = (u32_at(bytes, at), u64_at(bytes, at + 8), u64_at(bytes, at + 16));
        let Some(section) = Section::from_number(number).filter(|_| number > last && u32_at(bytes, at + 4) == 0) else {
            return Err(wrong(format!("section {number} after section {last}")));
        };
        let begins = align(end as u64) == Some(begin);
        let until = begin.checked_add(length).filter(|&until| begins && until <= bytes.len() as u64);
        let Some(until) = until else {
            return Err(wrong(format!("{section:?} of {length} bytes does not stand at {begin}")));
        };
        let (begin, until) = (begin as usize, until as usize); // both are within the image
        debug_assert!(begin - end < ALIGNMENT);
        if bytes[end..begin].iter().any(|&b| b != 0) {
            return Err(damaged(end as u64, "something other than zeros between two sections"));
        }
        if length == 0
            && !matches!(section, Section::ObjectiveName | Section::ColumnNameEnds | Section::RowNameEnds)
            && !section.is_required()
        {
            return Err(wrong(format!("{section:?} is there and empty")));
        }
        places[section as usize - 1] = Some(begin..until);
        (end, last) = (until, number);
    }
    if let Some(missing) = SECTIONS.into_iter().find(|&s| s.is_required() && places[s as usize - 1].is_none()) {
        return Err(damaged(60, format!("{missing:?} is missing")));
    }
    if end != bytes.len() {
        return Err(damaged(end as u64, "something after the last section"));
    }
    Ok(places)
}

// The callers have looked at the length.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 4])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 8])
}
