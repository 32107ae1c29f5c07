//! The locks as they are once somebody has read: what `cargo xtask accept` writes.

use proofreader::{
    book::Book,
    locks::{EditionsLock, QuotesLock, Read, words_hash},
    page::Edition,
};

/// `quotes.lock` with all quotes of a page as they are now, and without entries that no page uses.
pub fn quotes(book: &Book, path: &str) -> QuotesLock {
    let mut lock = book.quotes.clone();
    let mut used = QuotesLock::default();
    for page in &book.pages {
        let uses = book.expand(page).uses;
        if page.path == path {
            lock.0.extend(uses.quotes.clone());
        }
        used.0.extend(uses.quotes);
    }
    lock.0.retain(|address, _| used.0.contains_key(address));
    lock
}

/// `editions.lock` with sections of a page (all, if none is named) as both editions have them now,
/// and without entries of sections that are gone.
pub fn editions(book: &Book, path: &str, sections: &[String], behind: Option<Edition>) -> EditionsLock {
    let mut lock = book.editions.clone();
    if !book.pages.iter().any(|page| page.path == path) {
        lock.0.retain(|(page, _), _| page != path);
    }
    let (Some(en), Some(ko)) = (book.page(Edition::En, path), book.page(Edition::Ko, path)) else {
        return lock;
    };
    let key = |id: &str| (path.to_owned(), id.to_owned());
    lock.0.retain(|(page, id), _| page != path || en.sections.iter().any(|s| s.id.as_ref() == Some(id)));
    for one in &en.sections {
        let Some(id) = one.id.as_ref().filter(|id| sections.is_empty() || sections.contains(id)) else {
            continue;
        };
        let Some(other) = ko.sections.iter().find(|s| s.id.as_ref() == Some(id)) else {
            continue;
        };
        let read = Read { hashes: [words_hash(en, one), words_hash(ko, other)], behind };
        lock.0.insert(key(id), read);
    }
    lock
}
