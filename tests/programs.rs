//! The programs that pages show, compiled and run as the pages show them; a test is named after its page and line.

include!(concat!(env!("OUT_DIR"), "/skeptic-tests.rs"));
