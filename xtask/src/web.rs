//! What a site needs beyond the pages of mdBook: a root page, a 404 page, and,
//! where the environment names its address, canonical links and a sitemap.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, bail};
use proofreader::{evidence::below, page::Edition};

/// Writes what surrounds the editions. `address` is where the site will stand, such as
/// `https://example.org/book/`; without one, no page says where it stands.
pub fn surround(root: &Path, site: &Path, address: Option<&str>) -> Result<()> {
    let address = address.map(whole).transpose()?;
    write(&site.join("index.html"), &read(&root.join("theme/root.html"))?)?;
    let base = address.as_deref().map_or("/", path_of);
    let lost = read(&root.join("theme/404.html"))?;
    write(&site.join("404.html"), &lost.replace(r#"<base href="/">"#, &format!(r#"<base href="{base}">"#)))?;
    let Some(address) = address else { return Ok(()) };
    let pages = pages(site)?;
    for page in &pages {
        for edition in Edition::ALL {
            let file = site.join(edition.code()).join(page);
            let text = read(&file)?;
            let Some((head, rest)) = text.split_once("</head>") else {
                bail!("{} has no head to name its address in", file.display())
            };
            write(&file, &format!("{head}{}</head>{rest}", links(&address, edition, page)))?;
        }
    }
    write(&site.join("sitemap.xml"), &sitemap(&address, &pages))
}

/// An address with a scheme and a slash at its end.
fn whole(address: &str) -> Result<String> {
    if !address.starts_with("https://") && !address.starts_with("http://") {
        bail!("BOOK_SITE is `{address}`: give the site's whole address, such as https://example.org/book/");
    }
    Ok(format!("{}/", address.trim_end_matches('/')))
}

/// The path of a whole address.
fn path_of(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    address[host..].find('/').map_or("/", |at| &address[host + at..])
}

/// The pages that both editions have, without those that only repeat others.
fn pages(site: &Path) -> Result<BTreeSet<String>> {
    let of = |edition: Edition| {
        let mut pages = below(&site.join(edition.code()), ".html");
        pages.retain(|page| page != "print.html" && page != "toc.html");
        pages
    };
    let (en, ko) = (of(Edition::En), of(Edition::Ko));
    match en.symmetric_difference(&ko).next() {
        Some(page) => bail!("{page} was built in one edition only"),
        None => Ok(en),
    }
}

fn links(address: &str, edition: Edition, page: &str) -> String {
    let mut links = format!("<link rel=\"canonical\" href=\"{address}{}/{page}\">\n", edition.code());
    for other in Edition::ALL {
        let code = other.code();
        let _ = writeln!(links, "<link rel=\"alternate\" hreflang=\"{code}\" href=\"{address}{code}/{page}\">");
    }
    links
}

fn sitemap(address: &str, pages: &BTreeSet<String>) -> String {
    let mut map = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    map.push_str("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for page in pages {
        for edition in Edition::ALL {
            let _ = writeln!(map, "<url><loc>{address}{}/{page}</loc></url>", edition.code());
        }
    }
    map + "</urlset>\n"
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A site with these pages, each an empty document.
    fn built(name: &str, pages: &[&str]) -> PathBuf {
        let site = std::env::temp_dir().join(format!("inside-kube-rs-{}-{name}", std::process::id()));
        for page in pages {
            let file = site.join(page);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "<html><head></head><body></body></html>").unwrap();
        }
        site
    }

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn a_named_address_stands_in_every_page_and_in_the_sitemap() {
        let site = built("named", &["en/a/b.html", "ko/a/b.html", "en/print.html", "ko/print.html"]);
        surround(root(), &site, Some("https://example.org/book")).unwrap();
        let page = read(&site.join("ko/a/b.html")).unwrap();
        assert!(page.contains(r#"<link rel="canonical" href="https://example.org/book/ko/a/b.html">"#), "{page}");
        assert!(page.contains(r#"hreflang="en" href="https://example.org/book/en/a/b.html">"#), "{page}");
        let map = read(&site.join("sitemap.xml")).unwrap();
        let found: Vec<_> = map.split("<loc>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert_eq!(found, ["https://example.org/book/en/a/b.html", "https://example.org/book/ko/a/b.html"]);
        assert!(read(&site.join("404.html")).unwrap().contains(r#"<base href="/book/">"#));
        fs::remove_dir_all(site).unwrap();
    }

    #[test]
    fn without_an_address_no_page_says_where_it_stands() {
        let site = built("nameless", &["en/a.html", "ko/a.html"]);
        surround(root(), &site, None).unwrap();
        assert!(!read(&site.join("en/a.html")).unwrap().contains("<link"));
        assert!(!site.join("sitemap.xml").exists());
        fs::remove_dir_all(site).unwrap();
    }

    #[test]
    fn a_page_of_one_edition_and_an_address_without_a_scheme_are_refused() {
        let site = built("uneven", &["en/a.html", "ko/a.html", "en/b.html"]);
        let told = |address| surround(root(), &site, Some(address)).unwrap_err().to_string();
        assert_eq!(told("https://example.org"), "b.html was built in one edition only");
        assert!(told("example.org").starts_with("BOOK_SITE is `example.org`"));
        fs::remove_dir_all(site).unwrap();
    }
}
