//! One Markdown page as its author wrote it, and what stands in it: sections,
//! blocks, admonitions, links, directives. It reads; it judges nothing.

use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::directive::{self, Directive};

/// The two editions of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// English, under `src/en`.
    En,
    /// Korean, under `src/ko`.
    Ko,
}

impl Edition {
    /// Both, English first.
    pub const ALL: [Edition; 2] = [Edition::En, Edition::Ko];

    /// The folder under `src/`, which is also the language's code.
    pub fn code(self) -> &'static str {
        match self {
            Edition::En => "en",
            Edition::Ko => "ko",
        }
    }

    /// The other one.
    pub fn twin(self) -> Edition {
        match self {
            Edition::En => Edition::Ko,
            Edition::Ko => Edition::En,
        }
    }
}

/// A heading and what follows it up to the next one.
#[derive(Clone, Debug)]
pub struct Section {
    /// The explicit id, or `opening` for what stands under the page's title.
    pub id: Option<String>,
    /// 1 for the title, 2 and more below it.
    pub level: usize,
    /// The heading's words.
    pub title: String,
    /// The bytes of the heading.
    pub heading: Range<usize>,
    /// The bytes from the heading to the next one.
    pub span: Range<usize>,
}

/// What a block is, as far as both editions must agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A directive that stands alone on its line, by its index in [`Page::directives`].
    Directive(usize),
    /// A fenced code block: the info string and the code.
    Fence {
        /// What follows the three backticks.
        info: String,
        /// The code.
        code: String,
    },
    /// Code by indentation.
    Indented,
    /// A table: rows below its head, and columns.
    Table(usize, usize),
    /// `> [!WARNING]` and its kind.
    Admonition(&'static str),
    /// Raw HTML.
    Html,
    /// A paragraph or list: words.
    Prose,
}

/// A block and where it stands.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its bytes.
    pub span: Range<usize>,
    /// The deepest container around it starts here, so that neighbours can be told.
    pub container: usize,
}

/// A Markdown link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it leads.
    pub target: String,
    /// Its bytes.
    pub span: Range<usize>,
}

/// A page of one edition.
#[derive(Clone, Debug)]
pub struct Page {
    /// The edition.
    pub edition: Edition,
    /// The path within the edition, such as `architecture/errors.md`.
    pub path: String,
    /// What the file holds.
    pub text: String,
    /// Sections in order; the first is the title's.
    pub sections: Vec<Section>,
    /// Blocks in order of their start.
    pub blocks: Vec<Block>,
    /// Directives in order.
    pub directives: Vec<Directive>,
    /// Links in order.
    pub links: Vec<Link>,
    /// Bytes of inline code, where no directive may stand.
    pub code_spans: Vec<Range<usize>>,
}

impl Page {
    /// Reads a page.
    pub fn new(edition: Edition, path: impl Into<String>, text: String) -> Self {
        let directives = directive::scan(&text);
        let mut page = Page {
            edition,
            path: path.into(),
            sections: Vec::new(),
            blocks: Vec::new(),
            links: Vec::new(),
            code_spans: Vec::new(),
            directives,
            text,
        };
        page.read();
        page
    }

    /// The file's path from the book's root.
    pub fn file(&self) -> String {
        format!("src/{}/{}", self.edition.code(), self.path)
    }

    /// The first folder of the path, or the file's stem for a page at the top.
    pub fn part(&self) -> &str {
        match self.path.split_once('/') {
            Some((part, _)) => part,
            None => self.path.trim_end_matches(".md"),
        }
    }

    /// The title, without its id.
    pub fn title(&self) -> &str {
        self.sections.first().map_or(&self.path, |s| &s.title)
    }

    /// `../` as often as it takes to reach the edition's root.
    pub fn to_root(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }

    /// The section in which a byte stands.
    pub fn section_at(&self, byte: usize) -> Option<&Section> {
        self.sections.iter().rfind(|s| s.span.start <= byte)
    }

    /// The 1-based line of a byte.
    pub fn line_at(&self, byte: usize) -> usize {
        self.text[..byte].matches('\n').count() + 1
    }

    /// The last sentence before a byte, on one line: what a proof mark closes.
    pub fn sentence_before(&self, byte: usize) -> String {
        let from = self
            .blocks
            .iter()
            .rfind(|b| b.kind == BlockKind::Prose && b.span.contains(&byte))
            .map_or_else(|| self.text[..byte].rfind('\n').map_or(0, |n| n + 1), |b| b.span.start);
        let mut words = String::new();
        let mut rest = &self.text[from..byte];
        // Earlier marks in the paragraph are not words.
        while let Some(start) = rest.find("{{#") {
            words.push_str(&rest[..start]);
            rest = rest[start..].split_once("}}").map_or("", |(_, after)| after);
        }
        words.push_str(rest);
        let words: Vec<&str> = words.split_whitespace().filter(|word| *word != ">").collect();
        let line = plain_names(&words.join(" "));
        let cut = line.rsplit(" | ").next().unwrap_or(&line).trim_start_matches("| ");
        let start = cut
            .char_indices()
            .rev()
            .skip(2)
            .filter(|(_, c)| matches!(c, '.' | '?' | '!'))
            // A symptom in bold is a sentence, too.
            .map(|(i, _)| cut[i + 1..].trim_start_matches('*'))
            .find(|after| after.starts_with(' '))
            .map_or(0, |after| cut.len() - after.len() + 1);
        let said = cut[start..].trim_start();
        said.strip_prefix("- ").or(said.strip_prefix("* ")).unwrap_or(said).to_owned()
    }

    fn read(&mut self) {
        let text = std::mem::take(&mut self.text);
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_GFM;
        let mut containers = vec![0];
        let mut events = Parser::new_ext(&text, options).into_offset_iter();
        while let Some((event, span)) = events.next() {
            let container = containers.last().copied().unwrap_or_default();
            let mut block = |kind| {
                self.blocks.push(Block { kind, span: span.clone(), container });
            };
            match event {
                Event::Start(Tag::Heading { level, id, .. }) => {
                    let title = words(&mut events);
                    self.sections.push(Section {
                        id: id
                            .map(|id| id.to_string())
                            .or_else(|| (level == HeadingLevel::H1).then(|| "opening".into())),
                        level: level as usize,
                        title,
                        heading: span.start..span.start + text[span.clone()].trim_end().len(),
                        span,
                    });
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let code = words(&mut events);
                    block(match kind {
                        CodeBlockKind::Fenced(info) => BlockKind::Fence { info: info.to_string(), code },
                        CodeBlockKind::Indented => BlockKind::Indented,
                    });
                }
                Event::Start(Tag::Table(columns)) => {
                    let rows = text[span.clone()].trim_end().lines().count().saturating_sub(2);
                    block(BlockKind::Table(rows, columns.len()));
                }
                Event::Start(Tag::BlockQuote(kind)) => {
                    if let Some(kind) = kind {
                        block(BlockKind::Admonition(admonition(kind)));
                    }
                    containers.push(span.start);
                }
                Event::End(TagEnd::BlockQuote(_)) => {
                    containers.pop();
                }
                Event::Start(Tag::Paragraph) => {
                    let directive =
                        self.directives.iter().position(|d| d.alone.is_some() && span.contains(&d.span.start));
                    let alone = directive.filter(|i| text[span.clone()].trim().len() == self.directives[*i].span.len());
                    block(alone.map_or(BlockKind::Prose, BlockKind::Directive));
                }
                Event::Start(Tag::Item) => block(BlockKind::Prose),
                Event::Start(Tag::HtmlBlock) => block(BlockKind::Html),
                // `<Worker as Future>::poll` in a directive's address is no HTML.
                Event::InlineHtml(_) if !self.directives.iter().any(|d| d.span.contains(&span.start)) => {
                    block(BlockKind::Html);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    self.links.push(Link { target: dest_url.to_string(), span });
                }
                Event::Code(_) => self.code_spans.push(span),
                _ => {}
            }
        }
        let ends: Vec<usize> = self.sections.iter().skip(1).map(|s| s.span.start).collect();
        for (i, section) in self.sections.iter_mut().enumerate() {
            section.span.end = ends.get(i).copied().unwrap_or(text.len());
        }
        self.text = text;
    }
}

/// The words up to the end of a heading or of a code block.
fn words<'a>(events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>) -> String {
    let inside = events.map_while(|(event, _)| match event {
        Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock) => None,
        Event::Text(words) | Event::Code(words) => Some(words.to_string()),
        _ => Some(String::new()),
    });
    inside.collect()
}

/// Text with API names as mere code. ``[`Api`][kube::Api]`` is a link only in the built site, where rustdoc tells its address.
pub fn plain_names(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("`][") {
        let Some((open, close)) = before.rfind("[`").zip(after.find(']')) else { break };
        shown.extend([&before[..open], &before[open + 1..], "`"]);
        rest = &after[close + 1..];
    }
    shown + rest
}

fn admonition(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "note",
        BlockQuoteKind::Tip => "tip",
        BlockQuoteKind::Important => "important",
        BlockQuoteKind::Warning => "warning",
        BlockQuoteKind::Caution => "caution",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page::new(Edition::En, "part/page.md", text.to_owned())
    }

    #[test]
    fn sections_end_where_the_next_begins() {
        let page = page("# Title\n\nwords\n\n## One { #one }\n\nmore\n");
        let ids: Vec<_> = page.sections.iter().map(|s| s.id.as_deref()).collect();
        assert_eq!(ids, [Some("opening"), Some("one")]);
        assert_eq!(&page.text[page.sections[1].span.clone()], "## One { #one }\n\nmore\n");
        assert_eq!(page.title(), "Title");
        assert_eq!(page.to_root(), "../");
    }

    #[test]
    fn a_directive_alone_is_a_block_and_within_words_is_not() {
        let page = page("# T\n\n{{#quote a b c}}\n\nWords. {{#proof x}}\n");
        let kinds: Vec<_> = page.blocks.iter().map(|b| b.kind.clone()).collect();
        assert_eq!(kinds, [BlockKind::Directive(0), BlockKind::Prose]);
    }

    #[test]
    fn the_sentence_before_a_mark_is_the_last_one() {
        let text = "# T\n\nFirst one. The second\nuses `Api::get`. {{#proof x}} Third. {{#proof y}}\n";
        let page = page(text);
        let said: Vec<_> = page.directives.iter().map(|d| page.sentence_before(d.span.start)).collect();
        assert_eq!(said, ["The second uses `Api::get`.", "Third."]);
    }

    #[test]
    fn a_symptom_in_bold_is_a_sentence_of_its_own() {
        let page = page(
            "# T\n\n> [!WARNING]\n> **It hangs.** Nobody polls. {{#proof x}}\n\n**It hangs.** Why? {{#proof y}}\n",
        );
        let said: Vec<_> = page.directives.iter().map(|d| page.sentence_before(d.span.start)).collect();
        assert_eq!(said, ["Nobody polls.", "Why?"]);
    }

    #[test]
    fn api_names_are_code_where_nobody_resolves_them() {
        assert_eq!(plain_names("of [`Api::list`][kube::Api::list] or [`a`](b)"), "of `Api::list` or [`a`](b)");
        let page = page("# T\n\nFirst. Then [`get`][kube::Api::get] waits. {{#proof x}}\n");
        assert_eq!(page.sentence_before(page.directives[0].span.start), "Then `get` waits.");
    }

    #[test]
    fn a_table_is_counted_without_its_head() {
        let page = page("# T\n\n| a | b |\n|---|---|\n| `x` | [y](z) |\n| 1 | 2 |\n\nwords\n");
        assert_eq!(page.blocks[0].kind, BlockKind::Table(2, 2));
    }

    #[test]
    fn a_warning_holds_its_own_blocks() {
        let page = page("# T\n\n> [!WARNING]\n> **Bad.** So it is. {{#proof x}}\n>\n> {{#snippet src/a.rs b}}\n");
        let kinds: Vec<_> = page.blocks.iter().map(|b| b.kind.clone()).collect();
        assert_eq!(kinds, [BlockKind::Admonition("warning"), BlockKind::Prose, BlockKind::Directive(1)]);
    }
}
