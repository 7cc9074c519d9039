//! Every program in `fail` must not compile, with the message beside it; every one in `pass` must compile and run.
//!
//! All are in one run, because each run builds `vixen` anew. `./x fix` rewrites the messages; read what it changed.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/fail/*.rs");
}
