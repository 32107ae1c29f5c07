// What stands around the editions: the root page, and the page for what is not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, open, site } from './site.mjs';

test('the root page leads to the edition of the browser\'s language', async () => {
    for (const [locale, edition] of [['ko-KR', 'ko'], ['ko', 'ko'], ['en-GB', 'en'], ['de-DE', 'en']]) {
        const { page, close } = await open(browser, site.root, { locale });
        await page.waitForURL(site.url(edition, 'index.html'));
        await close();
    }
});

test('without scripts the root page offers both editions', async () => {
    const { page, close } = await open(browser, site.root, { javaScriptEnabled: false });
    assert.deepEqual(await targets(page), [site.url('en', 'index.html'), site.url('ko', 'index.html')]);
    await close();
});

test('what is not there is answered in both languages, with ways back', async () => {
    // Hosts show the page at any address, so its links count from the base that the build wrote.
    const { page, close } = await open(browser, `${site.root}404.html`);
    assert.equal(await page.title(), 'Not found · 찾을 수 없습니다 · Inside kube-rs');
    const base = await page.evaluate(() => document.baseURI);
    assert.deepEqual(await targets(page), [`${base}en/index.html`, `${base}ko/index.html`]);
    await close();
});

function targets(page) {
    return page.locator('a').evaluateAll(links => links.map(link => link.href));
}
