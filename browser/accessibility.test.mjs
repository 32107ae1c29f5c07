// No serious violation that axe can find, on any page, light and dark, wide and narrow.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { browser, drawDiagrams, forEveryPage, open, site } from './site.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

test('axe finds nothing serious', async () => {
    await forEveryPage(async (edition, name) => {
        const { page, close } = await open(browser, site.url(edition, name));
        try {
            await drawDiagrams(page);
            await page.evaluate(() => document.querySelectorAll('details').forEach(it => { it.open = true; }));
            await page.addScriptTag({ path: axe });
            await check(page, 'light, wide');
            await page.setViewportSize({ width: 390, height: 844 });
            await check(page, 'light, narrow');
            // The theme is Auto: it follows the system.
            await page.emulateMedia({ colorScheme: 'dark' });
            await page.waitForFunction(() => document.documentElement.classList.contains('navy')
                && !document.querySelector('pre.mermaid[data-palette="light"]'));
            await page.setViewportSize({ width: 1280, height: 900 });
            await check(page, 'dark, wide');
        } finally {
            await close();
        }
    });
});

async function check(page, how) {
    // What resizing and opening set off (ResizeObserver) runs with the next frame; a reader is slower than that.
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    assert.ok(passes.length > 0);
    assert.deepEqual(serious(violations), [], how);
}

function serious(violations) {
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
}
