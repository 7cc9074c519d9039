//! Damaged files are errors, or scenes, but never a panic or an endless wait.

use std::path::Path;

use super::Random;
use super::files::{glb_square, heightmap, vox_with_everything};
use crate::voxel::{SceneError, SceneSource};

/// Opens and builds; the result does not matter.
fn open(bytes: &[u8]) -> Result<(), SceneError> {
    SceneSource::from_bytes(Path::new("damaged"), bytes, 24, &|_| {})?.build(&|_| {}).map(|_| ())
}

/// One good file of each format.
fn files() -> [(&'static str, Vec<u8>); 3] {
    let glb =
        glb_square(r#"[{"mesh":0,"rotation":[0,0,0.5,0.8],"children":[1]},{"mesh":0,"translation":[0,0,2]}]"#, "[0]");
    [("vox", vox_with_everything()), ("glb", glb), ("png", heightmap(12, 9, |x, y| (x * x * 40 + y * 7) as u16))]
}

#[test]
fn every_truncation_is_an_error() {
    for (name, file) in files() {
        open(&file).unwrap_or_else(|error| panic!("the good {name} file is refused: {error}"));
        for length in 0..file.len() {
            // What a PNG file has after its pixels is not needed to read them.
            let may_be_fine = name == "png" && length > file.len() - 24;
            assert!(
                open(&file[..length]).is_err() || may_be_fine,
                "{length} of {} bytes of the {name} file",
                file.len()
            );
        }
    }
}

#[test]
fn mutations_never_panic() {
    for (name, file) in files() {
        let mut random = Random(name.len() as u64 + u64::from(name.as_bytes()[0]));
        let mut refused = 0;
        for _ in 0..2_000 {
            let mut bytes = file.clone();
            for _ in 0..=random.below(4) {
                mutate(&mut bytes, &mut random);
            }
            refused += u32::from(open(&bytes).is_err());
        }
        println!("{name}: {refused} of 2000 refused");
        assert!(refused > 200, "so few errors mean that the mutations hit nothing");
    }
}

/// One of the things that happen to files.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.len() < 16 {
        return;
    }
    let at = random.below(bytes.len() - 8);
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        // A length or an offset gone wild.
        2 => bytes[at..at + 4].copy_from_slice(&[0xFF; 4]),
        3 => bytes[at..at + 4].copy_from_slice(&(random.next() as u32 >> random.below(32)).to_le_bytes()),
        4 => drop(bytes.drain(at..at + random.below(8))),
        // A number in text that says something else.
        5 | 6 => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
            if !digits.is_empty() {
                bytes[digits[random.below(digits.len())]] = b"0123456789-"[random.below(11)];
            }
        }
        _ => {
            let piece = bytes[at..at + random.below(8)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

#[test]
fn noise_is_not_a_scene() {
    let mut random = Random(3);
    for magic in [&b""[..], b"VOX ", b"glTF", b"\x89PNG\r\n\x1a\n"] {
        for _ in 0..500 {
            let noise: Vec<u8> = (0..random.below(400)).map(|_| random.next() as u8).collect();
            assert!(open(&[magic, &noise].concat()).is_err());
        }
    }
}

#[test]
fn chunks_within_chunks_do_not_exhaust_the_stack() {
    let mut bytes = Vec::new();
    for depth in (0..200_000u32).rev() {
        bytes.extend(
            [&b"MAIN"[..], &0u32.to_le_bytes(), &(12 * (199_999 - depth)).to_le_bytes()].concat().into_iter().rev(),
        );
    }
    bytes.reverse();
    let file = [&b"VOX \x96\0\0\0"[..], &bytes].concat();
    assert!(open(&file).is_err());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(open(&super::files::glb(&deep, &[])).is_err());
}
