use vixen::graph;

#[graph(budget(descriptors = 8))]
fn nothing(count: u32) -> u32 {
    count
}

fn main() {
    nothing(1);
}
