// What a page weighs, whom it asks, and whether it fits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, drawDiagrams, forEveryPage, open, serve, site } from './site.mjs';

// Compressed, as sent. A KB is 1000 bytes: the stricter reading.
const PAGE = 200_000;
const PAGE_WITH_DIAGRAMS = 1_000_000;

test('a page is light, and asks no other host for anything', async () => {
    await forEveryPage(async (edition, name) => {
        const alone = await serve();
        const { page, foreign, errors, close } = await open(browser, alone.url(edition, name));
        try {
            await page.waitForLoadState('networkidle');
            const atFirst = total(alone.sent.filter(({ file }) => !file.endsWith('mermaid.min.js')));
            await drawDiagrams(page);
            await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
            await page.waitForLoadState('networkidle');
            const inAll = total(alone.sent);
            assert.ok(atFirst > 0);
            assert.ok(atFirst <= PAGE, `${atFirst} bytes before a diagram: ${list(alone.sent)}`);
            assert.ok(inAll <= PAGE_WITH_DIAGRAMS, `${inAll} bytes in all: ${list(alone.sent)}`);
            assert.ok(foreign.length === 0, `asks ${foreign.join(', ')}`);
            assert.ok(errors.length === 0, `throws ${errors.join(', ')}`);
        } finally {
            await close();
            alone.close();
        }
    });
});

test('nothing sticks out sideways, on a phone or on a desk', async () => {
    await forEveryPage(async (edition, name) => {
        const { page, close } = await open(browser, site.url(edition, name), { width: 390 });
        try {
            await drawDiagrams(page);
            const narrow = await page.evaluate(stickingOut);
            await page.setViewportSize({ width: 1280, height: 900 });
            const wide = await page.evaluate(stickingOut);
            const found = [...narrow.map(it => `at 390 px: ${it}`), ...wide.map(it => `at 1280 px: ${it}`)];
            assert.ok(found.length === 0, found.join('\n'));
        } finally {
            await close();
        }
    });
});

// Elements beyond the right edge that no scroll box of their own holds. mdBook
// clips the body, so the width of the document says too little.
function stickingOut() {
    const frame = document.getElementById('mdbook-page-wrapper');
    const holds = box => getComputedStyle(box).overflowX !== 'visible'
        && box.getBoundingClientRect().right <= innerWidth + 1;
    const held = element => {
        for (let box = element.parentElement; box !== frame; box = box.parentElement) {
            if (holds(box)) {
                return true;
            }
        }
        return false;
    };
    const found = Array.from(frame.querySelectorAll(':scope *'))
        .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !held(element))
        .map(element => {
            const near = element.closest('[id]')?.id ?? '';
            const text = element.textContent.trim().replace(/\s+/g, ' ').slice(0, 60);
            return `<${element.localName} class="${element.getAttribute('class') ?? ''}"> in #${near}: ${text}`;
        });
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
