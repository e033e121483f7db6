//! Where things stand in an image, version 1: shared by writer and reader, so that they cannot differ.

/// How an image begins. Not text (the high bit), and broken by whatever turns line feeds into something else.
pub(super) const MAGIC: [u8; 8] = *b"\x89FARKAS\n";
/// Version of this layout.
pub(super) const VERSION: u32 = 1;
/// Reads as this in the right byte order.
pub(super) const ORDER_MARK: u32 = 0x0102_0304;
/// Bytes of the header.
pub(super) const HEADER: usize = 64;
/// Bytes of an entry in the section table.
pub(super) const ENTRY: usize = 24;
/// Sections begin at multiples of this: a cache line, and enough for every vector instruction.
pub(super) const ALIGNMENT: usize = 64;

/// The sections, in their order. Those marked "optional" are left out of the table where they would be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(super) enum Section {
    /// n × f64.
    Cost = 1,
    /// n × f64.
    Lower = 2,
    /// n × f64.
    Upper = 3,
    /// n × u8, codes of `ColumnKind`.
    Kinds = 4,
    /// m × f64.
    RowLower = 5,
    /// m × f64.
    RowUpper = 6,
    /// (n + 1) × u32.
    Starts = 7,
    /// nonzeros × u32.
    Indices = 8,
    /// nonzeros × f64.
    Values = 9,
    /// The problem's own name, UTF-8; optional.
    Name = 10,
    /// The objective's name, UTF-8; there when the objective has a name, even an empty one.
    ObjectiveName = 11,
    /// n × u32, where each column's name ends in the text; there when names were given.
    ColumnNameEnds = 12,
    /// UTF-8; optional.
    ColumnNameText = 13,
    /// m × u32; there when names were given.
    RowNameEnds = 14,
    /// UTF-8; optional.
    RowNameText = 15,
    /// A record of three u32 a set: order, where its name ends, where its members end; optional.
    Sets = 16,
    /// Names of the sets, UTF-8; optional.
    SetText = 17,
    /// Column of each member, u32; optional.
    MemberColumns = 18,
    /// Weight of each member, f64; optional.
    MemberWeights = 19,
    /// A record of three u32 an indicator: row, column, active value (0 or 1); optional.
    Indicators = 20,
    /// A record of two u32 a product of the objective: first and second column; optional.
    ObjectivePairs = 21,
    /// Value of each of those products, f64; optional.
    ObjectiveProducts = 22,
    /// A record of three u32 a product in a row: row, first and second column; optional.
    RowPairs = 23,
    /// Value of each of those products, f64; optional.
    RowProducts = 24,
}

/// All of them, in order.
pub(super) const SECTIONS: [Section; 24] = [
    Section::Cost,
    Section::Lower,
    Section::Upper,
    Section::Kinds,
    Section::RowLower,
    Section::RowUpper,
    Section::Starts,
    Section::Indices,
    Section::Values,
    Section::Name,
    Section::ObjectiveName,
    Section::ColumnNameEnds,
    Section::ColumnNameText,
    Section::RowNameEnds,
    Section::RowNameText,
    Section::Sets,
    Section::SetText,
    Section::MemberColumns,
    Section::MemberWeights,
    Section::Indicators,
    Section::ObjectivePairs,
    Section::ObjectiveProducts,
    Section::RowPairs,
    Section::RowProducts,
];

impl Section {
    /// The section with this number.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        SECTIONS.into_iter().find(|&s| s as u32 == number)
    }

    /// Whether it stands in every image, even when empty.
    pub(super) fn is_required(self) -> bool {
        self <= Self::Values
    }
}

/// The first multiple of [`ALIGNMENT`] that is not below `at`; `None` past the end of the address space.
pub(super) fn align(at: u64) -> Option<u64> {
    at.checked_next_multiple_of(ALIGNMENT as u64)
}
