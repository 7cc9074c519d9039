use vixen::node;

#[node(compute)]
enum Copy {
    Once,
    Twice,
}

fn main() {}
