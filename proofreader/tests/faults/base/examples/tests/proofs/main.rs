//! Proofs.

/// It is so.
#[test]
fn it_is_so() {
    output("part/page/out.txt", "1");
}

/// A string is no number.
#[test]
fn a_string_is_no_number() {
    compile_fail("part/page/case.rs");
}
