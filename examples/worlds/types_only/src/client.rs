//! A client, without the feature for it. Does not compile.

use kube::Client;

fn main() {
    println!("{}", size_of::<Client>());
}
