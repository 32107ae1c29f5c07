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
        help: '책에서 검색하기',
    } : {
        search: 'Search the book',
        close: 'Close',
        found: count => count === 1 ? '1 result' : `${count} results`,
        nothing: text => `Nothing found for “${text}”.`,
        missing: 'There is no index: cargo xtask serve and cargo xtask build make one.',
        help: 'Search in the book',
    };
    const root = new URL(path_to_root || './', document.baseURI);

    // ---- Finding ----

    const PAGES = 10;
    const RESULTS = 12;
    const FROM_ONE_PAGE = 3;

    let engine = null;
    function load() {
        engine ??= import(new URL('pagefind/pagefind.js', root)).then(async pagefind => {
            await pagefind.options({ excerptLength: 22 });
            await pagefind.init();
            return pagefind;
        });
        // A build may be under way: the next attempt starts afresh.
        engine.catch(() => { engine = null; });
        return engine;
    }

    async function find(text) {
        const pagefind = await load();
        let results = await matching(pagefind, korean ? withoutParticles(text, 2) : text);
        if (korean && results.length === 0) {
            results = await matching(pagefind, withoutParticles(text, 1));
        }
        const pages = await Promise.all(results.slice(0, PAGES)
            .map(async result => ({ score: result.score, page: await result.data() })));
        return pages.flatMap(sections).sort(byScore).slice(0, RESULTS);
    }

    // Pagefind wants every word on a page. If that leaves next to nothing, pages
    // follow that have all words but one: a question has words that no answer has.
    async function matching(pagefind, text) {
        const { results } = await pagefind.search(text);
        const words = text.split(/\s+/);
        if (results.length > 2 || words.length < 2) {
            return results;
        }
        const all = words.map((_, i) => words.toSpliced(i, 1).join(' '));
        const more = (await Promise.all(all.map(text => pagefind.search(text)))).flatMap(({ results }) => results);
        const best = new Map([...more.sort(byScore).reverse(), ...results].map(result => [result.id, result]));
        return [...best.values()].sort(byScore);
    }

    // The appendix lists what other pages explain; proofs repeat their sentences.
    function share(url) {
        if (url.includes('/appendix/proofs/')) {
            return 0.25;
        }
        return url.includes('/appendix/') ? 0.5 : 1;
    }

    // The best sections of a page: the best of them has the page's score, others less.
    function sections({ score, page }) {
        const found = page.sub_results.map(({ title, url, excerpt, weighted_locations }) => ({
            title,
            url,
            excerpt,
            page: page.meta.title,
            score: Math.sqrt(weighted_locations.reduce((sum, { balanced_score }) => sum + balanced_score, 0)),
        }));
        const best = Math.max(...found.map(({ score }) => score));
        for (const section of found) {
            section.score = score * share(page.url) * (0.4 + 0.6 * section.score / best);
        }
        return found.sort(byScore).slice(0, FROM_ONE_PAGE);
    }

    function byScore(a, b) {
        return b.score - a.score;
    }

    // Pagefind finds words that begin with what is asked: 토큰 finds 토큰을, but 토큰을
    // does not find 토큰은. So a particle goes, if at least `least` syllables stay; only
    // 을 and 를 end nothing else than a noun, however short.
    const agreeing = [['을', '를'], ['은', '는'], ['이', '가'], ['과', '와'], ['으로', '로']];
    const others = ['에서', '에게', '까지', '부터', '처럼', '보다', '에', '의'];

    function withoutParticles(text, least) {
        return text.split(/\s+/).map(word => withoutParticle(withoutParticle(word, least), least)).join(' ');
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
            item.append(make('span', { class: 'page' }, page));
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
    form.addEventListener('submit', event => {
        event.preventDefault();
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
        if (!typing && !modified && !dialog.open && ['/', 's', 'S'].includes(event.key)) {
            event.preventDefault();
            open();
        }
    });

    // mdBook's list of keys has the line only with its own search.
    const help = document.querySelector('#mdbook-help-popup p');
    const line = make('p', {});
    line.innerHTML = korean ? `<kbd>S</kbd> <kbd>/</kbd> ${words.help}` : `Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book`;
    help?.after(line);
})();
