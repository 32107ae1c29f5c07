// The other edition is one click away: the same page, at the heading being read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, fetchFile, forEveryPage, open, pages, serve, site } from './site.mjs';

const other = { en: 'ko', ko: 'en' };
const words = { en: 'English', ko: '한국어' };

test('both editions have the same pages', () => {
    assert.deepEqual(pages('en'), pages('ko'));
});

test('the switch leads to the same page at the same heading', async () => {
    let headings = 0;
    await forEveryPage(async (edition, name) => {
        const { page, errors, close } = await open(browser, site.url(edition, name));
        try {
            const link = page.locator('#mdbook-menu-bar a.language');
            assert.equal(await link.getAttribute('lang'), other[edition]);
            assert.equal(await link.getAttribute('hreflang'), other[edition]);
            assert.equal(await link.innerText(), words[other[edition]]);

            await link.focus();
            assert.equal(await link.evaluate(a => a.href), site.url(other[edition], name), 'from the top of the page');

            const id = await page.evaluate(scrollToHeading);
            if (!id) {
                return;
            }
            headings += 1;
            await link.click();
            await page.waitForURL(url => url.href.startsWith(site.url(other[edition], name)));
            assert.equal(new URL(page.url()).hash, `#${id}`);
            await page.locator(`[id="${id}"]`).waitFor();
            const top = await page.locator(`[id="${id}"]`).evaluate(heading => heading.getBoundingClientRect().top);
            assert.ok(top >= 0 && top < 900, `#${id} is at ${top} px, out of view`);

            await page.locator('#mdbook-menu-bar a.language').press('Enter');
            await page.waitForURL(site.url(edition, name) + `#${id}`);
            assert.deepEqual(errors, []);
        } finally {
            await close();
        }
    });
    assert.ok(headings > 0, 'no heading was tried');
});

// Scrolls to the last heading that can reach the top of the view; returns its id.
function scrollToHeading() {
    const headings = Array.from(document.querySelectorAll('main :is(h2, h3)[id]'));
    for (const heading of headings.reverse()) {
        heading.scrollIntoView();
        if (scrollY > 0 && heading.getBoundingClientRect().top < 100) {
            return heading.id;
        }
    }
    return null;
}

test('a place named in the address is kept', async () => {
    const proof = await firstWithSection();
    if (!proof) {
        return;
    }
    const { page, close } = await open(browser, `${site.url('en', proof.page)}#${proof.id}`);
    const link = page.locator('a.language');
    await link.focus();
    assert.equal(await link.evaluate(a => a.href), `${site.url('ko', proof.page)}#${proof.id}`);
    await close();
});

// `cargo xtask serve`: one edition a port, each at the root.
test('locally the switch goes from port 3000 to 3001 and back', async () => {
    const context = await browser.newContext();
    for (const [port, edition] of [[3000, 'en'], [3001, 'ko']]) {
        await context.route(`http://localhost:${port}/**`, async route => {
            const file = await fetchFile(edition, new URL(route.request().url()).pathname.slice(1));
            await route.fulfill(file ? { body: file.body, contentType: file.type } : { status: 404 });
        });
    }
    const page = await context.newPage();
    const [name] = pages('en');
    await page.goto(`http://localhost:3000/${name}`);
    await page.locator('a.language').click();
    await page.waitForURL(`http://localhost:3001/${name}`);
    await page.locator('a.language').click();
    await page.waitForURL(`http://localhost:3000/${name}`);
    await context.close();
});

test('without scripts a link leads to the other edition', async () => {
    const [name] = pages('en').slice(-1);
    const { page, close } = await open(browser, site.url('en', name), { javaScriptEnabled: false });
    const link = page.locator('.other-edition a');
    await link.click();
    await page.waitForURL(site.url('ko', 'index.html'));
    assert.ok(await page.locator('main h1').isVisible());
    await close();
});

async function firstWithSection() {
    for (const name of pages('en')) {
        const { page, close } = await open(browser, site.url('en', name));
        const id = await page.evaluate(() => document.querySelector('main section[id]')?.id);
        await close();
        if (id) {
            return { page: name, id };
        }
    }
    return null;
}
