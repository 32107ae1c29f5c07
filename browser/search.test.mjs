// Search finds what readers ask for, in both languages, and works from the keyboard.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queries } from './queries.mjs';
import { browser, checkAccess, editions, open, pages, read, serve, site } from './site.mjs';

const words = {
    en: { button: 'Search the book', close: 'Close', nothing: 'Nothing found for' },
    ko: { button: '책에서 검색', close: '닫기', nothing: '결과가 없습니다' },
};
const deepest = 'architecture/client-and-tower-stack.html';

/** A page with the dialog open. */
async function opened(edition, name = 'index.html', options = {}) {
    const opened = await open(browser, site.url(edition, name), options);
    await opened.page.keyboard.press('/');
    await opened.page.locator('#book-search[open]').waitFor();
    return opened;
}

/** Types a query and waits for its results, as `PAGE#SECTION`. */
async function ask(page, edition, query) {
    await page.locator('#book-search input').fill(query);
    await page.locator('#book-search ol[aria-busy="false"]').waitFor({ state: 'attached' });
    const links = await page.locator('#book-search li a').evaluateAll(links => links.map(link => link.href));
    return links.map(link => link.slice(site.url(edition, '').length));
}

/** Every warning's words in bold, and the section that it stands in. */
function symptoms(edition) {
    const heading = /<h[23] id="([^"]*)"|blockquote-tag-warning.*?<strong>(.*?)<\/strong>/gs;
    const found = pages(edition).filter(name => !name.startsWith('appendix/')).flatMap(name => {
        let section = name;
        const warnings = [];
        for (const [, id, bold] of read(edition, name).split('<main>')[1].matchAll(heading)) {
            if (id) {
                section = `${name}#${id}`;
            } else {
                warnings.push({ symptom: plain(bold), section });
            }
        }
        return warnings;
    });
    assert.ok(found.length > 0, 'no page has a warning: nothing was asked');
    return found;
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" };

function plain(html) {
    return html.replace(/<[^>]*>/g, '').replace(/&([#\w]+);/g, (_, name) => entities[name] ?? ' ').replace(/\s+/g, ' ');
}

for (const edition of editions) {
    test(`every query finds what it names among the first three results (${edition})`, async () => {
        const { page, foreign, errors, close } = await opened(edition);
        const failures = [];
        for (const [name, asked] of Object.entries(queries)) {
            for (const [query, section] of asked[edition]) {
                const found = await ask(page, edition, query);
                const wanted = section ? `${name}#${section}` : name;
                if (!found.slice(0, 3).some(link => link === wanted || link.split('#')[0] === wanted)) {
                    failures.push(`${query}: wanted ${wanted}, found ${found.slice(0, 5).join(', ')}`);
                }
            }
        }
        await close();
        assert.ok(failures.length === 0, failures.join('\n'));
        assert.deepEqual(foreign, []);
        assert.deepEqual(errors, []);
    });

    test(`a symptom, word for word as its warning tells it, finds its section (${edition})`, async () => {
        const { page, close } = await opened(edition);
        const failures = [];
        for (const { symptom, section } of symptoms(edition)) {
            const found = await ask(page, edition, symptom);
            if (!found.slice(0, 2).includes(section)) {
                failures.push(`${symptom} wanted ${section}, found ${found.slice(0, 3).join(', ')}`);
            }
        }
        await close();
        assert.ok(failures.length === 0, failures.join('\n'));
    });

    test(`queries.mjs has queries for every page (${edition})`, () => {
        const written = pages(edition).filter(name => !name.startsWith('appendix/'));
        const asked = name => queries[name]?.[edition]?.length ?? 0;
        assert.deepEqual(written.filter(name => asked(name) < 5), [], 'with fewer than five queries');
        assert.deepEqual(Object.keys(queries).filter(name => !written.includes(name)), [], 'no pages');
    });

    test(`the index holds every page of the edition, and no test's source (${edition})`, async () => {
        const { page, close } = await open(browser, site.url(edition, 'index.html'));
        const indexed = await page.evaluate(async () => {
            const pagefind = await import(new URL('pagefind/pagefind.js', location.href));
            const { results } = await pagefind.search(null);
            return Promise.all(results.map(result => result.data()));
        });
        await close();
        const { pathname } = new URL(site.url(edition, ''));
        assert.deepEqual(indexed.map(({ url }) => url.slice(pathname.length)).sort(), pages(edition));
        const proofs = indexed.filter(({ url }) => url.includes('/appendix/proofs/'));
        assert.ok(proofs.length > 0);
        // They would drown the prose.
        assert.deepEqual(proofs.filter(({ content }) => content.includes('assert_eq!')).map(({ url }) => url), []);
    });

    test(`Pagefind's licence lies beside it (${edition})`, () => {
        assert.match(read(edition, 'pagefind/LICENSE.txt'), /Copyright 2022 Pagefind/);
    });

    test(`it works from the keyboard (${edition})`, async () => {
        const { page, errors, close } = await open(browser, site.url(edition, deepest));
        const dialog = page.locator('#book-search');
        const focused = () => page.evaluate(() => document.activeElement.getAttribute('href')
            ?? document.activeElement.localName);
        const before = page.locator('#book-search-toggle');
        await before.focus();
        for (const key of ['s', '/', 'Enter']) {
            await page.keyboard.press(key);
            await dialog.and(page.locator('[open]')).waitFor();
            assert.equal(await focused(), 'input', `after ${key}`);
            assert.equal(await page.locator('#book-search input').inputValue(), '');
            await page.keyboard.press('Escape');
            await dialog.waitFor({ state: 'hidden' });
            assert.ok(await before.evaluate(button => button === document.activeElement), 'focus returns');
        }

        await page.keyboard.press('/');
        await page.keyboard.type(edition === 'ko' ? '연결' : 'connections');
        await page.locator('#book-search li a').nth(2).waitFor();
        await page.locator('#book-search ol[aria-busy="false"]').waitFor();
        const links = await page.locator('#book-search li a').evaluateAll(links => links.map(a => a.getAttribute('href')));
        await page.keyboard.press('ArrowDown');
        assert.equal(await focused(), links[0]);
        await page.keyboard.press('ArrowDown');
        assert.equal(await focused(), links[1]);
        await page.keyboard.press('Tab');
        assert.equal(await focused(), links[2]);
        await page.keyboard.press('ArrowLeft');
        assert.equal(page.url(), site.url(edition, deepest), 'mdBook goes to another page');
        for (let i = 0; i < 3; i += 1) {
            await page.keyboard.press('ArrowUp');
        }
        assert.equal(await focused(), 'input');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.waitForURL(url => url.pathname + url.hash === links[0]);
        await dialog.waitFor({ state: 'hidden' });

        // What was asked stays, to be typed over; Enter takes the first result.
        await page.keyboard.press('s');
        assert.equal(await page.evaluate(() => getSelection().toString()), edition === 'ko' ? '연결' : 'connections');
        await page.keyboard.type('CryptoProvider');
        await page.keyboard.press('Enter');
        await page.waitForURL(site.url(edition, `${deepest}#crypto-provider`));
        assert.deepEqual(errors, []);
        await close();
    });

    test(`the button has a name, the dialog closes (${edition})`, async () => {
        const { page, close } = await open(browser, site.url(edition, 'index.html'));
        await page.getByRole('button', { name: words[edition].button }).click();
        const dialog = page.getByRole('dialog', { name: words[edition].button });
        await dialog.waitFor();
        await page.getByRole('button', { name: words[edition].close, exact: true }).click();
        await dialog.waitFor({ state: 'hidden' });
        await page.getByRole('button', { name: words[edition].button }).click();
        await page.mouse.click(10, 850);
        await dialog.waitFor({ state: 'hidden' });
        await close();
    });

    test(`axe finds nothing serious in the open dialog, and it fits (${edition})`, async () => {
        for (const theme of ['light', 'dark']) {
            const { page, close } = await opened(edition, deepest, { theme });
            for (const query of ['client', '漢字']) {
                await ask(page, edition, query);
                for (const width of [1280, 390]) {
                    await page.setViewportSize({ width, height: 800 });
                    await checkAccess(page, `${query}, ${theme}, ${width} px`);
                    const { x, y, width: wide, height } = await page.locator('#book-search').boundingBox();
                    assert.ok(x >= 0 && y >= 0 && x + wide <= width && y + height <= 800);
                    const list = page.locator('#book-search ol');
                    assert.ok(await list.evaluate(list => list.scrollWidth <= list.clientWidth));
                }
            }
            const status = await page.locator('#book-search [role="status"]').innerText();
            assert.ok(status.includes(words[edition].nothing), status);
            await close();
        }
    });
}

test('a particle does not keep a word from being found', async () => {
    const { page, close } = await opened('ko');
    for (const [word, ...inflected] of [
        ['토큰', '토큰을', '토큰이', '토큰은', '토큰에서'],
        ['런타임', '런타임의', '런타임에서는', '런타임으로'],
        ['재시도', '재시도를', '재시도는'],
        ['백오프', '백오프를', '백오프가'],
        ['Client', 'Client가', 'Client는'],
    ]) {
        const found = await ask(page, 'ko', word);
        assert.ok(found.length > 0, word);
        for (const form of inflected) {
            assert.deepEqual(await ask(page, 'ko', form), found, form);
        }
    }
    await close();
});

test('nothing of it is fetched before the dialog opens, and little then', async () => {
    const alone = await serve();
    const { page, close } = await open(browser, alone.url('ko', deepest));
    await page.waitForLoadState('networkidle');
    const fetched = () => alone.sent.filter(({ file }) => file.includes('/pagefind/'));
    assert.deepEqual(fetched(), []);
    await page.keyboard.press('/');
    await page.locator('#book-search input').fill('연결');
    await page.locator('#book-search li').first().waitFor();
    const bytes = fetched().reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(bytes > 0 && bytes < 300_000, `${bytes} bytes for the first search`);
    await close();
    alone.close();
});

test('the button has its place before it is there', async () => {
    for (const width of [1280, 390]) {
        const { page, close } = await open(browser, site.url('en', deepest), { width });
        const edge = () => page.locator('.menu-title').evaluate(title => title.getBoundingClientRect().left);
        const there = await edge();
        await page.locator('#book-search-toggle').evaluate(button => button.remove());
        assert.equal(await edge(), there, `at ${width} px`);
        await close();
    }
});

test('without its index the dialog says so', async () => {
    const { page, close } = await open(browser, site.url('en', 'index.html'));
    await page.route('**/pagefind/**', route => route.fulfill({ status: 404 }));
    await page.keyboard.press('/');
    await page.locator('#book-search [role="status"]', { hasText: 'There is no index' }).waitFor();
    await close();
});

test('without scripts there is no button', async () => {
    const { page, close } = await open(browser, site.url('en', 'index.html'), { javaScriptEnabled: false });
    assert.equal(await page.locator('#book-search-toggle').count(), 0);
    await close();
});
