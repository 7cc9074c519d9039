//! The graphs that are compared: a number of nodes, in layers of independent ones.

/// How many numbers a node adds to: one workgroup, so that the GPU has next to nothing to do.
pub const VALUES: u64 = 64;

/// The push constant of every node.
pub const FACTOR: u32 = 3;

/// Nodes in layers: node `i` of each layer adds to column `i` in place, so every layer waits for the one before it, and the
/// first waits for the last of the frame before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Nodes a layer: 1 makes a chain.
    pub width: usize,
    /// Nodes in all.
    pub nodes: usize,
}

impl Shape {
    /// A chain.
    pub const fn chain(nodes: usize) -> Self {
        Self { width: 1, nodes }
    }

    /// Layers of ten.
    pub const fn layers_of_ten(nodes: usize) -> Self {
        Self { width: 10, nodes }
    }

    /// How many layers there are, and so how many barrier commands a frame needs.
    pub const fn layers(self) -> usize {
        self.nodes / self.width
    }

    /// What figures call it.
    pub const fn label(self) -> &'static str {
        if self.width == 1 { "chain" } else { "layers" }
    }

    /// A node's debug label.
    pub fn name(self, layer: usize, column: usize) -> String {
        format!("bump {}", layer * self.width + column)
    }

    /// What each number is after frames whose amounts add up to `amounts`.
    pub fn expected(self, amounts: u32) -> u32 {
        amounts.wrapping_mul(FACTOR).wrapping_mul(self.layers() as u32)
    }
}
