//! x
use proofreader::{crates::Crates, cut::RustFile};
use std::path::{Path, PathBuf};
fn rs(folder: &Path, out: &mut Vec<PathBuf>) { for e in std::fs::read_dir(folder).into_iter().flatten().flatten() { let p = e.path(); if p.is_dir() { rs(&p, out) } else if p.extension().is_some_and(|e| e == "rs") { out.push(p) } } }
#[test] fn t() {
    let crates = Crates::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap();
    let (mut n, mut bad, mut nofile, mut slow) = (0, 0, 0, vec![]);
    for c in "tokio tokio-util tower tower-http hyper hyper-util hyper-timeout hyper-rustls rustls rustls-webpki schemars schemars_derive futures-util futures-channel serde_core serde_json http http-body http-body-util jiff async-broadcast backon json-patch tracing tracing-core thiserror@2.0.17 anyhow regex clap_builder kube-derive kube-client".split(' ') {
        let Ok(s) = crates.get(c) else { println!("no {c}"); continue };
        let mut files = vec![]; rs(&s.root, &mut files);
        for f in files {
            let Ok(text) = std::fs::read_to_string(&f) else { continue };
            let t = std::time::Instant::now();
            let file = match RustFile::parse(&text) { Ok(f) => f, Err(e) => { nofile += 1; println!("{} {e}", f.display()); continue } };
            let _ = file.functions().count();
            let _ = file.modules().count();
            for (a, lines) in file.items() {
                n += 1;
                match file.cut(&a) {
                    Ok(cut) => { let p = &cut.pieces[0]; if (p.first_line, p.last_line) != lines { bad += 1; println!("LINES {} {a}", f.display()) }
                        let src: Vec<&str> = text.lines().collect();
                        for l in p.lines.iter() { if !l.is_empty() && !src[p.first_line-1..p.last_line].iter().any(|s| s.contains(l.as_str())) { bad += 1; println!("TEXT {} {a} {l}", f.display()); break } }
                    }
                    Err(e) if e.ambiguous && !e.candidates.is_empty() => {}
                    Err(e) => { bad += 1; if bad < 60 { println!("{} {a:.200}: {e:.200}", f.display()) } }
                }
            }
            slow.push((t.elapsed(), f));
        }
    }
    slow.sort(); println!("{n} items {bad} bad {nofile} unparsed; {:?}", slow.iter().rev().take(4).collect::<Vec<_>>());
}
