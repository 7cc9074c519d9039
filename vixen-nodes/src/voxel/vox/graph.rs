//! The scene graph of a `.vox` file: which model stands where.

use glam::I64Vec3;

use super::chunks::{File, Node};

/// A model in its place.
pub(super) struct Instance {
    pub(super) model: usize,
    transform: Transform,
}

/// A rotation by quarter turns, perhaps mirrored, then a shift.
#[derive(Clone, Copy)]
struct Transform {
    /// For each axis of the result, the axis that it comes from and its sign.
    rows: [(usize, i64); 3],
    shift: I64Vec3,
}

/// The most nodes that are visited: shared nodes and loops could go on without end.
const MAX_VISITS: usize = 1 << 20;

/// All models that are visible, each time they are used. Without a scene graph: all models, side by side.
pub(super) fn instances(file: &File) -> Result<Vec<Instance>, String> {
    if file.nodes.is_empty() {
        return Ok(side_by_side(file));
    }
    let mut instances = Vec::new();
    let mut open = vec![(0, Transform::IDENTITY)];
    let mut visits = 0;
    while let Some((number, transform)) = open.pop() {
        visits += 1;
        if visits > MAX_VISITS {
            return Err("its scene graph runs in a circle".to_owned());
        }
        match file.nodes.get(&number).ok_or_else(|| format!("its scene graph has no node {number}"))? {
            Node::Transform { hidden: true, .. }
            | Node::Group { hidden: true, .. }
            | Node::Shape { hidden: true, .. } => {}
            Node::Transform { layer, .. } if file.hidden_layers.contains(layer) => {}
            Node::Transform { child, rotation, translation, .. } => {
                let local = Transform { rows: rows(*rotation)?, shift: I64Vec3::from_array(*translation) };
                open.push((*child, transform.after(local)));
            }
            Node::Group { children, .. } => open.extend(children.iter().rev().map(|child| (*child, transform))),
            // Several models are the frames of an animation: show the first.
            Node::Shape { models, .. } => {
                let model = *models.first().ok_or_else(|| format!("shape {number} has no model"))? as usize;
                if model >= file.models.len() {
                    return Err(format!("shape {number} uses model {model} of {}", file.models.len()));
                }
                instances.push(Instance { model, transform });
            }
        }
    }
    Ok(instances)
}

fn side_by_side(file: &File) -> Vec<Instance> {
    let mut x = 0;
    let instance = |(model, data): (usize, &super::Model)| {
        let half = |i: usize| i64::from(data.size[i] / 2);
        let shift = I64Vec3::new(x + half(0), half(1), half(2));
        x += i64::from(data.size[0]) + 2;
        Instance { model, transform: Transform { shift, ..Transform::IDENTITY } }
    };
    file.models.iter().enumerate().map(instance).collect()
}

/// The rows of a packed rotation: two bits for the axis of the first row, two for the second, then three signs.
fn rows(packed: u8) -> Result<[(usize, i64); 3], String> {
    let (first, second) = (usize::from(packed & 3), usize::from(packed >> 2 & 3));
    if first > 2 || second > 2 || first == second {
        return Err(format!("{packed} is not a rotation"));
    }
    let sign = |row: u8| if packed >> (4 + row) & 1 == 0 { 1 } else { -1 };
    Ok([(first, sign(0)), (second, sign(1)), (3 - first - second, sign(2))])
}

impl Transform {
    const IDENTITY: Self = Self { rows: [(0, 1), (1, 1), (2, 1)], shift: I64Vec3::ZERO };

    fn rotate(&self, v: I64Vec3) -> I64Vec3 {
        I64Vec3::from_array(self.rows.map(|(axis, sign)| sign * v[axis]))
    }

    /// First `inner`, then this.
    fn after(&self, inner: Self) -> Self {
        let rows = self.rows.map(|(axis, sign)| (inner.rows[axis].0, sign * inner.rows[axis].1));
        Self { rows, shift: self.rotate(inner.shift) + self.shift }
    }
}

impl Instance {
    /// Where a voxel of the model comes to lie. Models turn around their middle, so this counts in half voxels.
    pub(super) fn place(&self, voxel: [u8; 3], size: [u32; 3]) -> I64Vec3 {
        let from_middle = std::array::from_fn(|i| 2 * i64::from(voxel[i]) + 1 - i64::from(size[i]));
        let turned = self.transform.rotate(I64Vec3::from_array(from_middle));
        I64Vec3::from_array(turned.to_array().map(|half_voxels| half_voxels.div_euclid(2))) + self.transform.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_turn_around_their_middle() {
        // A quarter turn around z: x from -y, y from x.
        let turn = Transform { rows: rows(0b001_0001).expect("it is a rotation"), shift: I64Vec3::new(10, 20, 30) };
        let instance = Instance { model: 0, transform: turn };
        assert_eq!(instance.place([0, 0, 0], [4, 2, 2]), I64Vec3::new(10, 18, 29));
        assert_eq!(instance.place([3, 1, 1], [4, 2, 2]), I64Vec3::new(9, 21, 30));
        let twice = Instance { model: 0, transform: turn.after(Transform { shift: I64Vec3::ZERO, ..turn }) };
        assert_eq!(twice.place([0, 0, 0], [4, 2, 2]), I64Vec3::new(11, 20, 29));
        assert!(rows(0b0000).is_err() && rows(0b0011).is_err() && rows(0b1100).is_err());
    }

    #[test]
    fn without_rotation_the_middle_voxel_is_at_the_shift() {
        let instance = Instance { model: 0, transform: Transform::IDENTITY };
        assert_eq!(instance.place([0, 0, 0], [3, 4, 5]), I64Vec3::new(-1, -2, -2));
    }
}
