// No serious violation that axe can find, on any page, wide and narrow, light and dark (where colours alone differ).

import { test } from 'node:test';
import { browser, checkAccess, drawDiagrams, forEveryPage, open, site } from './site.mjs';

test('axe finds nothing serious', async () => {
    await forEveryPage(async (edition, name) => {
        const { page, close } = await open(browser, site.url(edition, name));
        try {
            await drawDiagrams(page);
            await page.evaluate(() => document.querySelectorAll('details').forEach(it => { it.open = true; }));
            await checkAccess(page, 'light, wide');
            await page.setViewportSize({ width: 390, height: 844 });
            await checkAccess(page, 'light, narrow');
            // The theme is Auto: it follows the system.
            await page.emulateMedia({ colorScheme: 'dark' });
            await page.waitForFunction(() => document.documentElement.classList.contains('navy')
                && !document.querySelector('pre.mermaid[data-palette="light"]'));
            await checkAccess(page, 'dark', ['color-contrast', 'link-in-text-block']);
        } finally {
            await close();
        }
    });
});
