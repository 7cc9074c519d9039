//! Tests that need more than one module: files in, voxels and rays out.

mod corruption;
mod edit;
mod files;
mod loaders;
mod march;
mod rays;
mod structure;
mod trees;

/// Random numbers that are the same in every run (Vigna's splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end` - 1.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number from 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Whether a voxel of a random scene is solid: caves, boxes and dust, the same for the same seed.
fn random_voxel(seed: u64, at: glam::IVec3) -> Option<u8> {
    let noise = |cell: glam::IVec3, salt: u64| {
        let [x, y, z] = cell.to_array().map(|v| v as u64);
        Random(
            seed ^ salt
                ^ x.wrapping_mul(0x9E3779B1)
                ^ y.wrapping_mul(0x85EB_CA77_0001)
                ^ z.wrapping_mul(0xC2B2_AE3D_0000_0001),
        )
        .next()
    };
    // The first block is never empty, so no scene is.
    let block = if at.max_element() < 16 { 7 } else { noise(at >> 4, 1) % 8 };
    let dust = noise(at, 2);
    match block {
        0..4 => None,
        4 => Some((noise(at >> 4, 3) % 5) as u8),
        5 => (dust % 3 == 0).then_some((dust >> 8) as u8),
        6 => (dust % 40 == 0).then_some((dust >> 8 & 7) as u8),
        _ => ((at.x + at.y) & 7 < 3).then_some((at.z & 15) as u8),
    }
}
