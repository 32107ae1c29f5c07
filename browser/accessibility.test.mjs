// No serious violation that axe can find, on any page, light and dark, wide and narrow.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { drawDiagrams, forEveryPage, launch, open, serve } from './site.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser;
let site;
before(async () => {
    browser = await launch();
    site = await serve();
});
after(async () => {
    await browser.close();
    site.close();
});

for (const [theme, width] of [['light', 1280], ['dark', 1280], ['light', 390]]) {
    test(`axe, ${theme}, ${width} px`, async () => {
        await forEveryPage(async (edition, name) => {
            const { page, close } = await open(browser, site.url(edition, name), { theme, width });
            try {
                await drawDiagrams(page);
                await page.evaluate(() => document.querySelectorAll('details').forEach(it => { it.open = true; }));
                await page.addScriptTag({ path: axe });
                const { violations, passes } = await page.evaluate(() => window.axe.run());
                assert.ok(passes.length > 0);
                assert.deepEqual(serious(violations), []);
            } finally {
                await close();
            }
        });
    });
}

function serious(violations) {
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
}
