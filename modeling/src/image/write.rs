//! Writes an image. The numbers go out as the slices they are; only names made on demand, sets, indicators and
//! products are gathered first.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Contents;
use super::layout::{ALIGNMENT, ENTRY, HEADER, MAGIC, ORDER_MARK, Section, VERSION, align};
use crate::problem::{Names, Problem, Sense};

type Part<'a> = (Section, Cow<'a, [u8]>);

/// Bytes that [`write()`] will write.
///
/// # Errors
/// As [`write()`], apart from what the writer itself says.
pub fn size(problem: &Problem, contents: Contents) -> io::Result<u64> {
    Ok(place(&parts(problem, contents)?).1)
}

/// Writes the image of a problem.
///
/// # Errors
/// What the writer says; names of more than 4 GiB; a machine that is not little-endian.
pub fn write(problem: &Problem, contents: Contents, out: &mut impl Write) -> io::Result<()> {
    if cfg!(target_endian = "big") {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "images are written on little-endian machines only"));
    }
    let parts = parts(problem, contents)?;
    let (places, total) = place(&parts);
    out.write_all(&header(problem, total, parts.len()))?;
    for ((section, bytes), at) in parts.iter().zip(&places) {
        out.write_all(&(*section as u32).to_le_bytes())?;
        out.write_all(&0_u32.to_le_bytes())?;
        out.write_all(&at.to_le_bytes())?;
        out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    }
    let mut written = (HEADER + ENTRY * parts.len()) as u64;
    for ((_, bytes), &at) in parts.iter().zip(&places) {
        out.write_all(&[0; ALIGNMENT][..(at - written) as usize])?;
        out.write_all(bytes)?;
        written = at + bytes.len() as u64;
    }
    Ok(())
}

fn header(problem: &Problem, total: u64, sections: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(ORDER_MARK.to_le_bytes());
    header.extend(total.to_le_bytes());
    header.extend((problem.num_columns() as u64).to_le_bytes());
    header.extend((problem.num_rows() as u64).to_le_bytes());
    header.extend((problem.num_nonzeros() as u64).to_le_bytes());
    header.extend(problem.offset().to_le_bytes());
    header.extend(u32::from(problem.sense() == Sense::Maximize).to_le_bytes());
    header.extend((sections as u32).to_le_bytes());
    debug_assert_eq!(header.len(), HEADER);
    header
}

/// Where each part begins, and where the last one ends.
fn place(parts: &[Part<'_>]) -> (Vec<u64>, u64) {
    let mut end = (HEADER + ENTRY * parts.len()) as u64;
    let places = parts
        .iter()
        .map(|(_, bytes)| {
            let at = align(end).expect("what is in memory is shorter than the address space");
            end = at + bytes.len() as u64;
            at
        })
        .collect();
    (places, end)
}

fn parts(problem: &Problem, contents: Contents) -> io::Result<Vec<Part<'_>>> {
    let mut parts = vec![
        (Section::Cost, le(problem.cost())),
        (Section::Lower, le(problem.lower())),
        (Section::Upper, le(problem.upper())),
        (Section::Kinds, Cow::Borrowed(problem.kind_codes())),
        (Section::RowLower, le(problem.row_lower())),
        (Section::RowUpper, le(problem.row_upper())),
        (Section::Starts, le(problem.starts())),
        (Section::Indices, le(problem.indices())),
        (Section::Values, le(problem.values())),
    ];
    if contents != Contents::WithoutNames {
        if contents == Contents::Everything && !problem.name().is_empty() {
            parts.push((Section::Name, Cow::Borrowed(problem.name().as_bytes())));
        }
        if let Some(name) = problem.objective_name() {
            parts.push((Section::ObjectiveName, Cow::Borrowed(name.as_bytes())));
        }
        names(problem.column_names(), [Section::ColumnNameEnds, Section::ColumnNameText], &mut parts)?;
        names(problem.row_names(), [Section::RowNameEnds, Section::RowNameText], &mut parts)?;
    }
    sets(problem, contents, &mut parts)?;
    let indicators = problem.indicators().iter().flat_map(|i| [i.row, i.column, u32::from(i.active)]);
    let indicators: Vec<u8> = indicators.flat_map(u32::to_le_bytes).collect();
    parts.push((Section::Indicators, Cow::Owned(indicators)));
    quadratics(problem, &mut parts);
    parts.retain(|(section, bytes)| {
        let even_if_empty = [Section::ObjectiveName, Section::ColumnNameEnds, Section::RowNameEnds];
        section.is_required() || !bytes.is_empty() || even_if_empty.contains(section)
    });
    Ok(parts)
}

fn le<T: bytemuck::Pod>(values: &[T]) -> Cow<'_, [u8]> {
    Cow::Borrowed(bytemuck::cast_slice(values))
}

fn names<'a>(names: &'a Names, [ends, text]: [Section; 2], parts: &mut Vec<Part<'a>>) -> io::Result<()> {
    if !names.are_given() {
        return Ok(());
    }
    if let Some((bytes, positions)) = names.written() {
        parts.push((ends, le(positions)));
        parts.push((text, Cow::Borrowed(bytes)));
        return Ok(());
    }
    let (mut bytes, mut positions) = (Vec::new(), Vec::with_capacity(4 * names.len()));
    for name in names.iter() {
        bytes.extend_from_slice(name.as_bytes());
        positions.extend(end(bytes.len())?.to_le_bytes());
    }
    parts.push((ends, Cow::Owned(positions)));
    parts.push((text, Cow::Owned(bytes)));
    Ok(())
}

fn sets(problem: &Problem, contents: Contents, parts: &mut Vec<Part<'_>>) -> io::Result<()> {
    let (mut records, mut text, mut columns, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for set in problem.sets() {
        if contents != Contents::WithoutNames {
            text.extend_from_slice(set.name.as_bytes());
        }
        for &(column, weight) in &set.members {
            columns.extend(column.to_le_bytes());
            weights.extend(weight.to_le_bytes());
        }
        for number in [u32::from(set.order), end(text.len())?, end(columns.len() / 4)?] {
            records.extend(number.to_le_bytes());
        }
    }
    for (section, bytes) in [
        (Section::Sets, records),
        (Section::SetText, text),
        (Section::MemberColumns, columns),
        (Section::MemberWeights, weights),
    ] {
        parts.push((section, Cow::Owned(bytes)));
    }
    Ok(())
}

fn quadratics(problem: &Problem, parts: &mut Vec<Part<'_>>) {
    let (mut pairs, mut values) = (Vec::new(), Vec::new());
    for product in problem.quadratic_objective() {
        pairs.extend([product.first, product.second].into_iter().flat_map(u32::to_le_bytes));
        values.extend(product.value.to_le_bytes());
    }
    parts.push((Section::ObjectivePairs, Cow::Owned(pairs)));
    parts.push((Section::ObjectiveProducts, Cow::Owned(values)));
    let (mut pairs, mut values) = (Vec::new(), Vec::new());
    for one in problem.quadratic_rows() {
        for product in &one.products {
            pairs.extend([one.row, product.first, product.second].into_iter().flat_map(u32::to_le_bytes));
            values.extend(product.value.to_le_bytes());
        }
    }
    parts.push((Section::RowPairs, Cow::Owned(pairs)));
    parts.push((Section::RowProducts, Cow::Owned(values)));
}

fn end(at: usize) -> io::Result<u32> {
    u32::try_from(at).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "names or sets of more than 4 GiB"))
}
