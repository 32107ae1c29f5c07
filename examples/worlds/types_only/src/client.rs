//! A client, without the feature for it.

use kube::Client;

fn main() {
    println!("{}", size_of::<Client>());
}
