// What a page weighs, whom it asks, and whether it fits.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawDiagrams, forEveryPage, launch, open, serve } from './site.mjs';

// Compressed, as sent. A KB is 1000 bytes: the stricter reading.
const PAGE = 200_000;
const PAGE_WITH_DIAGRAMS = 1_000_000;

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('a page is light, and asks no other host for anything', async () => {
    await forEveryPage(async (edition, name) => {
        const site = await serve();
        const { page, foreign, errors, close } = await open(browser, site.url(edition, name));
        try {
            const atFirst = total(site.sent.filter(({ file }) => !file.endsWith('mermaid.min.js')));
            await drawDiagrams(page);
            await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
            await page.waitForLoadState('networkidle');
            const inAll = total(site.sent);
            assert.ok(atFirst > 0);
            assert.ok(atFirst <= PAGE, `${atFirst} bytes before a diagram: ${list(site.sent)}`);
            assert.ok(inAll <= PAGE_WITH_DIAGRAMS, `${inAll} bytes in all: ${list(site.sent)}`);
            assert.deepEqual(foreign, []);
            assert.deepEqual(errors, []);
        } finally {
            await close();
            site.close();
        }
    });
});

for (const width of [390, 1280]) {
    test(`nothing sticks out sideways at ${width} px`, async () => {
        const site = await serve();
        await forEveryPage(async (edition, name) => {
            const { page, close } = await open(browser, site.url(edition, name), { width });
            try {
                await drawDiagrams(page);
                assert.deepEqual(await page.evaluate(stickingOut), []);
            } finally {
                await close();
            }
        });
        site.close();
    });
}

// Elements beyond the right edge that no scroll box of their own holds. mdBook
// clips the body, so the width of the document says too little.
function stickingOut() {
    const frame = document.getElementById('mdbook-page-wrapper');
    const held = element => {
        for (let box = element.parentElement; box && box !== frame; box = box.parentElement) {
            if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX)) {
                return box.getBoundingClientRect().right <= innerWidth + 1;
            }
        }
        return false;
    };
    const found = Array.from(frame.querySelectorAll('*'))
        .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !held(element))
        .map(element => `<${element.localName} class="${element.getAttribute('class') ?? ''}">`);
    if (document.documentElement.scrollWidth > innerWidth) {
        found.push(`the document is ${document.documentElement.scrollWidth} px wide`);
    }
    return found;
}

function total(sent) {
    return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

function list(sent) {
    return sent.map(({ file, bytes }) => `${file} ${bytes}`).join(', ');
}
