// What the theme makes of mdBook's own parts: words, buttons, themes, keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, editions, forEveryPage, open, pages, read, site } from './site.mjs';

/** The pages of an edition whose HTML has `mark`; fails if there is none. */
function pagesWith(edition, mark) {
    const found = pages(edition).filter(page => read(edition, page).includes(mark));
    assert.ok(found.length > 0, `no page of ${edition} has ${mark}: nothing was checked`);
    return found;
}

test('titles of warnings and notes are Korean in the Korean edition', async () => {
    // One page of each kind will do: the words are the theme's, not the page's.
    for (const [kind, word] of Object.entries({ warning: '경고', note: '참고' })) {
        const [name] = pagesWith('ko', `blockquote-tag-${kind}`);
        for (const javaScriptEnabled of [true, false]) {
            const { page, close } = await open(browser, site.url('ko', name), { javaScriptEnabled });
            for (const title of await page.locator(`.blockquote-tag-${kind} > .blockquote-tag-title`).all()) {
                assert.equal(await title.evaluate(shown), word, `ko/${name}`);
            }
            await close();
        }
    }
});

// The words that a reader sees: those of a size, and those that CSS adds.
function shown(element) {
    const own = getComputedStyle(element).fontSize === '0px' ? '' : element.innerText.trim();
    const added = getComputedStyle(element, '::after').content;
    return own + (added === 'none' ? '' : JSON.parse(added));
}

test('a quotation mark in Korean closes as it should', () => {
    for (const name of pages('ko')) {
        const [, main] = read('ko', name).split('<main>');
        const opening = main.split('“').length;
        const closing = main.split('”').length;
        assert.equal(opening, closing, `ko/${name}: build it with MDBOOK_OUTPUT__HTML__SMART_PUNCTUATION=false`);
    }
});

test('a block says where it comes from, wrong code cannot be copied, a mark is in one piece', async () => {
    const seen = { wrong: 0, right: 0 };
    await forEveryPage(async (edition, name) => {
        const { page, close } = await open(browser, site.url(edition, name), { width: 390 });
        const { found, wrong, right } = await page.evaluate(faults);
        await close();
        seen.wrong += wrong;
        seen.right += right;
        assert.ok(found.length === 0, found.join('\n'));
    });
    assert.ok(seen.wrong > 0, 'no page shows wrong code: nothing was checked');
    assert.ok(seen.right > 0, 'no page shows code to copy: nothing was checked');
});

// What is wrong with the blocks and marks of a page; how many are wrong code, and how many can be copied.
function faults() {
    const all = selector => Array.from(document.querySelectorAll(selector));
    const told = (what, blocks) => blocks.map(block => `${what}: ${block.textContent.trim().slice(0, 60)}`);
    const marks = all('a.proof:not(figcaption a)').filter(mark => mark.getClientRects().length > 1);
    return {
        found: [
            ...told('no caption', all('figure.block').filter(it => !it.querySelector('figcaption')?.textContent.trim())),
            ...told('can be copied', all(':is(.wrong, .fails, .output):has(.clip-button)')),
            ...told('cannot be copied', all('.snippet:not(.wrong, .fails, :has(.clip-button))')),
            ...marks.map(mark => `a mark in two lines: ${mark.title}`),
        ],
        wrong: all('.wrong, .fails').length,
        right: all('.snippet:not(.wrong, .fails) .clip-button').length,
    };
}

test('no sign of Markdown is left in the words of a page', () => {
    for (const edition of editions) {
        for (const name of pages(edition)) {
            const [, main] = read(edition, name).split('<main>');
            const words = main.split('</main>')[0].replace(/<(pre|code|svg)\b.*?<\/\1>/gs, '').replace(/<[^>]*>/g, '');
            assert.equal(words.match(/.*\*\S.*|.*\S\*.*/)?.[0], undefined, `${edition}/${name}`);
        }
    }
});

test('the menu offers Auto, Light and Dark, and knows a theme that another book stored', async () => {
    const context = await browser.newContext();
    await context.addInitScript(() => localStorage.setItem('mdbook-theme', 'coal'));
    const page = await context.newPage();
    await page.goto(site.url('en', 'index.html'));
    await page.locator('#mdbook-theme-toggle').click();
    const entries = page.locator('#mdbook-theme-list button:visible');
    assert.deepEqual(await entries.allInnerTexts(), ['Auto', 'Light', 'Dark']);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Dark');
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Light');
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.keyboard.press('Enter');
    assert.notEqual(await background(), dark);
    await context.close();
});

test('the table of contents opens from the keyboard', async () => {
    const { page, close } = await open(browser, site.url('ko', 'index.html'), { width: 390 });
    const toggle = page.locator('#mdbook-sidebar-toggle');
    assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
    await toggle.press('Enter');
    await page.waitForFunction(
        () => document.getElementById('mdbook-sidebar-toggle').getAttribute('aria-expanded') === 'true',
    );
    await page.locator('#mdbook-sidebar a').first().waitFor();
    await close();
});

test('the eye button shows hidden lines and keeps its name', async () => {
    for (const [edition, names] of [['en', ['Show hidden lines', 'Hide lines']], ['ko', ['숨은 줄 보이기', '숨은 줄 감추기']]]) {
        const [name] = pagesWith(edition, 'class="boring"');
        const { page, close } = await open(browser, site.url(edition, name));
        const hidden = page.locator('figure:has(.boring) .boring').first();
        const eye = page.locator('figure:has(.boring) .buttons button:not(.clip-button)').first();
        assert.equal(await hidden.isVisible(), false);
        assert.equal(await eye.getAttribute('aria-label'), names[0]);
        await eye.click();
        assert.equal(await hidden.isVisible(), true);
        assert.equal(await eye.getAttribute('aria-label'), names[1]);
        await eye.click();
        assert.equal(await hidden.isVisible(), false);
        assert.equal(await eye.getAttribute('aria-label'), names[0]);
        await close();
    }
});
