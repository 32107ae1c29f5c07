fn main() {
    let _: u32 = "one";
}
