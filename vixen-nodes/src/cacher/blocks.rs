//! Bytes of a file, block by block on all cores: reading, checking and the pages that they land in are then as fast as memory.

use std::fs::File;
use std::io;

use xxhash_rust::xxh3::xxh3_128;

use crate::voxel::parallel;

/// Large enough that a thread's turn is worth it.
const BLOCK: usize = 1 << 20;

/// The checksum of bytes: that of the checksums of their blocks.
pub(super) fn checksum(bytes: &[u8]) -> u128 {
    of_blocks(bytes.chunks(BLOCK).map(xxh3_128))
}

/// Fills bytes from a file, from this offset on, and returns their checksum.
pub(super) fn read(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<u128> {
    let mut sums = vec![Ok(0); bytes.len().div_ceil(BLOCK)];
    let work = (offset..).step_by(BLOCK).zip(bytes.chunks_mut(BLOCK)).zip(&mut sums).collect();
    parallel::each(
        work,
        || (),
        |(), ((offset, block), sum)| {
            *sum = read_at(file, offset, block).map(|()| xxh3_128(block)).map_err(|error| error.kind());
        },
    );
    let sums = sums.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(of_blocks(sums.into_iter()))
}

fn of_blocks(sums: impl Iterator<Item = u128>) -> u128 {
    let sums: Vec<u8> = sums.flat_map(u128::to_le_bytes).collect();
    xxh3_128(&sums)
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !bytes.is_empty() {
        match file.seek_read(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => (offset, bytes) = (offset + read as u64, &mut bytes[read..]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_has_the_checksum_of_what_was_written() {
        let path = std::env::temp_dir().join(format!("vixen-blocks-{}", std::process::id()));
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 77] {
            let content: Vec<u8> = (0..length + 3).map(|index| (index * 7 + index / 251) as u8).collect();
            std::fs::write(&path, &content).expect("the folder for what is temporary is writable");
            let file = File::open(&path).expect("it was just written");
            let mut bytes = vec![0; length];
            let sum = read(&file, 3, &mut bytes).expect("the file is that long");
            assert!(bytes == content[3..] && sum == checksum(&content[3..]), "{length} bytes");
            let beyond = read(&file, 4, &mut vec![0; length + 1]).map_err(|error| error.kind());
            assert_eq!(beyond, Err(io::ErrorKind::UnexpectedEof));
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
                assert_ne!(checksum(&bytes), sum);
            }
        }
        std::fs::remove_file(&path).expect("it is there");
    }
}
