'use strict';

/*
 * Search: a button in the menu bar, and the keys / and s, open a dialog. Pagefind
 * and its index (made by `cargo xtask serve` and `cargo xtask build`) are fetched
 * when it first opens. Without scripts there is no button.
 */

/* global path_to_root */

(() => {
    const korean = document.documentElement.lang === 'ko';
    const words = korean ? {
        search: '책에서 검색',
        close: '닫기',
        found: count => `결과 ${count}개`,
        nothing: text => `“${text}”에 대한 결과가 없습니다.`,
        missing: '검색 색인이 없습니다. cargo xtask serve나 cargo xtask build로 만들 수 있습니다.',
        help: '<kbd>S</kbd> <kbd>/</kbd> 책에서 검색하기',
    } : {
        search: 'Search the book',
        close: 'Close',
        found: count => count === 1 ? '1 result' : `${count} results`,
        nothing: text => `Nothing found for “${text}”.`,
        missing: 'There is no index: cargo xtask serve and cargo xtask build make one.',
        help: 'Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book',
    };
    const root = new URL(path_to_root || './', document.baseURI);

    // ---- Finding ----

    const PAGES = 14;
    const RESULTS = 12;
    const FROM_ONE_PAGE = 3;

    let engine = null;
    function load() {
        engine ??= import(new URL('pagefind/pagefind.js', root)).then(async pagefind => {
            await pagefind.options({ excerptLength: 22, excerptEllipsis: '…' });
            await pagefind.init();
            return pagefind;
        });
        // A build may be under way: the next attempt starts afresh.
        engine.catch(() => { engine = null; });
        return engine;
    }

    async function find(text) {
        const pagefind = await load();
        const asked = text.toLowerCase().split(/\s+/);
        let words = korean ? asked.map(word => noun(word, 2)) : withoutFillers(asked);
        let results = await matching(pagefind, words);
        if (korean && results.length === 0) {
            words = asked.map(word => noun(word, 1));
            results = await matching(pagefind, words);
        }
        const pages = await Promise.all(results.slice(0, PAGES)
            .map(async result => ({ score: result.score, page: await result.data() })));
        return pages.flatMap(({ score, page }) => sections(words, score, page)).sort(byScore).slice(0, RESULTS);
    }

    // Pagefind wants every word on a page. If that leaves next to nothing, pages
    // follow that have all words but one: a question has words that no answer has.
    async function matching(pagefind, words) {
        const { results } = await pagefind.search(words.join(' '));
        if (results.length > 2 || words.length < 2) {
            return results;
        }
        const searches = words.map((_, i) => pagefind.search(words.toSpliced(i, 1).join(' ')));
        const more = (await Promise.all(searches)).flatMap(({ results }) => results).sort(byScore).reverse();
        const best = new Map([...more, ...results].map(result => [result.id, result]));
        return [...best.values()].sort(byScore);
    }

    // The first page asks what others answer, the appendix lists what they explain,
    // and proofs repeat their sentences.
    const shares = [['appendix/proofs/', 0.25], ['appendix/', 0.3], ['index.html', 0.7]];

    function share(url) {
        const path = url.slice(root.pathname.length);
        return shares.find(([start]) => path.startsWith(start))?.[1] ?? 1;
    }

    // The best sections of a page: the best of them has the page's score, others less.
    function sections(words, score, page) {
        const text = page.content.toLowerCase().split(/\s+/);
        const starts = page.anchors.map(({ location }) => location).sort((a, b) => a - b);
        const found = page.sub_results.map(({ title, url, anchor, excerpt, plain_excerpt, weighted_locations }) => {
            const start = anchor?.location ?? 0;
            const end = starts.find(other => other > start);
            const weight = weighted_locations.reduce((sum, { balanced_score }) => sum + balanced_score, 0);
            const there = weighted_locations.map(({ location }) => text[location] ?? '');
            const covered = words.filter(word => there.some(other => other.includes(beginning(word)))).length;
            const heading = title.toLowerCase();
            return {
                title,
                url,
                named: words.filter(word => heading.includes(beginning(word))).length / words.length,
                told: told(words, text.slice(start, end), heading.split(/\s+/)),
                // A section begins with its own heading, word by word the same.
                excerpt: plain_excerpt.startsWith(title)
                    ? excerpt.split(' ').slice(title.split(' ').length).join(' ')
                    : excerpt,
                page: page.meta.title,
                // One with all the words is worth more than one that repeats a word.
                score: Math.sqrt(weight) * (covered || 1) ** 2,
            };
        });
        const best = Math.max(...found.map(({ score }) => score));
        const appendix = page.url.startsWith('appendix/', root.pathname.length);
        for (const section of found) {
            // What a heading promises, its section tells at length; an appendix has headings of another sort.
            const promise = appendix ? 1 : 1 + section.named;
            section.score = score * share(page.url) * (0.4 + 0.6 * section.score / best) * promise * (1 + section.told);
        }
        return found.sort(byScore).slice(0, FROM_ONE_PAGE);
    }

    // How much of what is asked a section says word for word, from 0 to 1: a symptom that
    // somebody has pasted stands in one warning, its words alone on many pages. A heading
    // that is nothing but what is asked says all of it, be it one word.
    function told(words, text, heading) {
        const asked = words.map(bare).filter(word => word);
        const title = telling(heading);
        if (title.length === asked.length && title.every((word, i) => word.startsWith(asked[i]))) {
            return 1;
        }
        let longest = 1;
        let runs = [];
        for (const word of telling(text)) {
            runs = asked.map((other, i) => word.startsWith(beginning(other)) ? (i && runs[i - 1] || 0) + 1 : 0);
            longest = Math.max(longest, ...runs);
        }
        return asked.length > 1 ? (longest - 1) / (asked.length - 1) : 0;
    }

    function telling(words) {
        return words.map(bare).filter(word => word && !fillers.has(word));
    }

    function bare(word) {
        return word.replace(/^[^\p{L}\p{N}_]+|[^\p{L}\p{N}_]+$/gu, '');
    }

    // Enough to tell which of the asked words Pagefind has found, inflected as they may be.
    function beginning(word) {
        return korean ? word : word.slice(0, Math.max(3, word.length - 3));
    }

    function byScore(a, b) {
        return b.score - a.score;
    }

    const fillers = new Set(('a an and are as at be by can do does for from how i if in is it its my of on or '
        + 'that the then there this to what when where which who why will with').split(' '));

    // Every section has these, and a heading that begins with How would come first.
    function withoutFillers(words) {
        const rest = words.filter(word => !fillers.has(word.replace(/\W/g, '')));
        return rest.length > 0 ? rest : words;
    }

    // Pagefind finds words that begin with what is asked: 토큰 finds 토큰을, but 토큰을
    // does not find 토큰은. So a particle goes, if at least `least` syllables stay; only
    // 을 and 를 end nothing else than a noun, however short.
    const agreeing = [['을', '를'], ['은', '는'], ['이', '가'], ['과', '와'], ['으로', '로']];
    const others = ['에서', '에게', '까지', '부터', '처럼', '보다', '에', '의'];

    function noun(word, least) {
        return withoutParticle(withoutParticle(word, least), least);
    }

    function withoutParticle(word, least) {
        const particle = [...agreeing.flat(), ...others].find(particle => {
            const noun = word.slice(0, -particle.length);
            const enough = agreeing[0].includes(particle) ? 1 : least;
            return word.endsWith(particle) && stays(noun, enough) && agrees(noun, particle);
        });
        return particle ? word.slice(0, -particle.length) : word;
    }

    function stays(noun, least) {
        return /[A-Za-z0-9`)]$/.test(noun) || /[가-힣]$/.test(noun) && noun.length >= least;
    }

    function agrees(noun, particle) {
        const pair = agreeing.find(pair => pair.includes(particle));
        const last = noun.charCodeAt(noun.length - 1) - '가'.charCodeAt(0);
        if (!pair || last < 0) {
            return true;
        }
        const final = last % 28;
        return particle === '로' && final === 8 || pair.indexOf(particle) === (final === 0 ? 1 : 0);
    }

    // ---- The dialog ----

    const dialog = make('dialog', { id: 'book-search', 'aria-label': words.search });
    const form = make('form', { role: 'search' });
    const input = make('input', {
        type: 'text',
        inputmode: 'search',
        enterkeyhint: 'search',
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        autofocus: '',
        'aria-label': words.search,
        placeholder: words.search,
    });
    const close = make('button', { type: 'button', class: 'close' }, words.close);
    const status = make('p', { role: 'status' });
    const list = make('ol', {});
    form.append(input, close);
    dialog.append(form, status, list);
    document.body.append(dialog);

    const button = make('button', {
        id: 'book-search-toggle',
        class: 'icon-button',
        type: 'button',
        title: `${words.search} (/)`,
        'aria-label': words.search,
        'aria-haspopup': 'dialog',
        'aria-keyshortcuts': '/ s',
    });
    document.querySelector('.left-buttons').append(button);

    function make(name, attributes, text = '') {
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
            element.setAttribute(key, value);
        }
        element.textContent = text;
        return element;
    }

    function open() {
        dialog.showModal();
        input.select();
        load().catch(() => { status.textContent = words.missing; });
    }

    let latest = 0;
    async function search() {
        latest += 1;
        const mine = latest;
        const text = input.value.trim();
        try {
            const found = text ? await find(text) : [];
            if (mine === latest) {
                list.replaceChildren(...found.map(entry));
                list.scrollTop = 0;
                list.ariaBusy = 'false';
                status.textContent = text && (found.length ? words.found(found.length) : words.nothing(text));
            }
        } catch (error) {
            console.warn(error);
            list.ariaBusy = 'false';
            status.textContent = words.missing;
        }
    }

    function entry({ title, url, excerpt, page }) {
        const link = make('a', { href: url }, title);
        const item = make('li', {});
        item.append(link);
        if (page !== title) {
            item.append(make('span', { class: 'where' }, page));
        }
        const text = make('p', {});
        // Pagefind's excerpt is escaped text with `mark` elements.
        text.innerHTML = excerpt;
        item.append(text);
        return item;
    }

    let pause;
    input.addEventListener('input', () => {
        list.ariaBusy = 'true';
        clearTimeout(pause);
        pause = setTimeout(search, 120);
    });
    form.addEventListener('submit', async event => {
        event.preventDefault();
        // Whoever types fast means what is typed, not what was found before.
        clearTimeout(pause);
        await search();
        list.querySelector('a')?.click();
    });
    button.addEventListener('click', open);
    close.addEventListener('click', () => dialog.close());
    list.addEventListener('click', event => {
        // A place on this very page does not load it anew.
        if (event.target.closest('a')) {
            dialog.close();
        }
    });
    // The dialog has no padding: what is clicked outside of its children is the backdrop.
    dialog.addEventListener('click', event => {
        if (event.target === dialog) {
            dialog.close();
        }
    });

    dialog.addEventListener('keydown', event => {
        // mdBook's keys are for the page behind.
        event.stopPropagation();
        if (event.isComposing || !['ArrowDown', 'ArrowUp'].includes(event.key)) {
            return;
        }
        const stops = [input, ...list.querySelectorAll('a')];
        const next = stops.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
        if (next >= 0 && next < stops.length) {
            stops[next].focus();
        }
        event.preventDefault();
    });

    document.addEventListener('keydown', event => {
        const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
        const modified = event.altKey || event.ctrlKey || event.metaKey;
        // ㄴ is the key s of a Korean keyboard.
        if (!typing && !modified && !dialog.open && ['/', 's', 'S', 'ㄴ'].includes(event.key)) {
            event.preventDefault();
            open();
        }
    });

    // mdBook's list of keys has the line only with its own search.
    const help = document.querySelector('#mdbook-help-popup p');
    const line = make('p', {});
    line.innerHTML = words.help;
    help?.after(line);
})();
