//! How a file of the disk cache begins, and what can be wrong with one.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | magic |
//! | 4 | version of this format |
//! | 4 | version of what is stored |
//! | 4 | byte-order mark: contents are in the machine's own order |
//! | 4 + 4 | length of the key, number of sections |
//! | .. | the key in full |
//! | 24 each | length and checksum of a section |
//! | 8 | checksum of all of the above |
//! | .. | the sections |
//!
//! Numbers of the header have their low byte first.

use std::io;
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 8] = *b"VIXCACHE";
/// Raised whenever this format changes.
const FORMAT: u32 = 2;
const BYTE_ORDER: u32 = 0x0A0B_0C0D;
const START: usize = 28;
const SECTION: usize = 24;
/// Nothing that is stored has longer keys or more sections; a damaged header must not ask for memory without end.
const MAX_KEY: usize = 4096;
const MAX_SECTIONS: usize = 64;

/// What is wrong with a file of the disk cache. What it held is built again.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It cannot be read.
    #[error("the cache file {} cannot be read ({source}); its content is built again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It is no cache file, or one of another machine, another version or another key.
    #[error("the cache file {} is foreign: {problem}; its content is built again", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is foreign.
        problem: &'static str,
    },
    /// It ends too early, or was changed.
    #[error("the cache file {} is damaged: {problem}; its content is built again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
}

vixen::debug_as_display!(Damage);

/// One section's length and checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub bytes: u64,
    pub checksum: u128,
}

/// The header of a file with these sections.
pub(super) fn write(version: u32, key: &[u8], sections: &[Section]) -> Vec<u8> {
    debug_assert!(key.len() <= MAX_KEY && sections.len() <= MAX_SECTIONS);
    let mut header = MAGIC.to_vec();
    header.extend(FORMAT.to_le_bytes());
    header.extend(version.to_le_bytes());
    header.extend(BYTE_ORDER.to_ne_bytes());
    header.extend((key.len() as u32).to_le_bytes());
    header.extend((sections.len() as u32).to_le_bytes());
    header.extend(key);
    for section in sections {
        header.extend(section.bytes.to_le_bytes());
        header.extend(section.checksum.to_le_bytes());
    }
    header.extend(xxh3_64(&header).to_le_bytes());
    header
}

/// Why a header is refused.
pub(super) enum Refusal {
    Io(io::Error),
    Foreign(&'static str),
    Damaged(&'static str),
}

/// Reads the header of a file of this many bytes, and leaves the reader at the first section.
pub(super) fn read(
    file: &mut impl io::Read,
    file_bytes: u64,
    version: u32,
    key: &[u8],
) -> Result<Vec<Section>, Refusal> {
    let mut header = vec![0; START];
    fill(file, &mut header)?;
    let word = |header: &[u8], at: usize| u32::from_le_bytes(array(&header[at..]));
    if header[..8] != MAGIC {
        return Err(Refusal::Foreign("it is none of Vixen's"));
    }
    if word(&header, 8) != FORMAT {
        return Err(Refusal::Foreign("it has the format of another version of Vixen"));
    }
    let (key_bytes, count) = (word(&header, 20) as usize, word(&header, 24) as usize);
    if key_bytes > MAX_KEY || count > MAX_SECTIONS {
        return Err(Refusal::Damaged("its header makes no sense"));
    }
    header.resize(START + key_bytes + count * SECTION, 0);
    fill(file, &mut header[START..])?;
    let mut checksum = [0; 8];
    fill(file, &mut checksum)?;
    if u64::from_le_bytes(checksum) != xxh3_64(&header) {
        return Err(Refusal::Damaged("its header was changed"));
    }
    if word(&header, 12) != version {
        return Err(Refusal::Foreign("another version of Vixen made it"));
    }
    if header[16..20] != BYTE_ORDER.to_ne_bytes() {
        return Err(Refusal::Foreign("a machine of another byte order made it"));
    }
    if header[START..START + key_bytes] != *key {
        return Err(Refusal::Foreign("it was made for another key"));
    }
    let sections: Vec<_> = header[START + key_bytes..]
        .chunks_exact(SECTION)
        .map(|entry| Section {
            bytes: u64::from_le_bytes(array(entry)),
            checksum: u128::from_le_bytes(array(&entry[8..])),
        })
        .collect();
    // Exactly this long: no memory is asked for that the file does not fill.
    let bytes = sections.iter().try_fold((header.len() + 8) as u64, |sum, section| sum.checked_add(section.bytes));
    if bytes != Some(file_bytes) {
        return Err(Refusal::Damaged("it is not as long as it should be"));
    }
    Ok(sections)
}

fn fill(file: &mut impl io::Read, bytes: &mut [u8]) -> Result<(), Refusal> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Refusal::Damaged("it ends too early"),
        _ => Refusal::Io(error),
    })
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| bytes[index])
}
