use vixen::node;

struct Copy;

#[node]
impl Clone for Copy {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
