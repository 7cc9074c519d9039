struct Blur;

fn main() {
    vixen_ui_tests::graph().add(Blur);
}
