// mermaid is loaded when a diagram comes near, once; a new theme redraws without a reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, drawDiagrams, editions, open, pages, read, site } from './site.mjs';

const withDiagrams = editions.flatMap(edition => pages(edition)
    .filter(page => read(edition, page).includes('<pre class="mermaid">'))
    .map(page => [edition, page]));

test('there are diagrams to look at', () => {
    for (const edition of editions) {
        assert.ok(withDiagrams.some(([other]) => other === edition), `no page with a diagram in ${edition}`);
    }
});

for (const [edition, name] of withDiagrams) {
    test(`diagrams of ${edition}/${name}`, async () => {
        const asked = () => site.sent.filter(({ file }) => file.endsWith('mermaid.min.js')).length;
        const before = asked();
        const { page, errors, close } = await open(browser, site.url(edition, `${name}?far`));
        try {
            await page.waitForLoadState('networkidle');
            assert.equal(asked() - before, 0, 'mermaid was loaded with every diagram far away');
            await page.evaluate(() => { window.notReloaded = true; });

            const count = await drawDiagrams(page);
            assert.equal(asked() - before, 1, 'mermaid was loaded more than once');
            assert.equal(await page.locator('.diagram-note').count(), 0, 'a diagram could not be drawn');
            for (const [i, svg] of (await page.locator('pre.mermaid svg').all()).entries()) {
                assert.ok(await accessibleName(svg), `diagram ${i} has no accessible name`);
            }
            assert.deepEqual(await page.evaluate(misdrawn), []);

            const light = await colours(page);
            assert.equal(light.length, count);
            await chooseTheme(page, 'navy');
            await page.waitForFunction(
                () => document.querySelectorAll('pre.mermaid[data-palette="dark"]').length
                    === document.querySelectorAll('pre.mermaid').length,
            );
            const dark = await colours(page);
            dark.forEach((colour, i) => assert.notEqual(colour, light[i], `diagram ${i} kept its colours`));

            await chooseTheme(page, 'light');
            await page.waitForFunction(() => !document.querySelector('pre.mermaid[data-palette="dark"]'));
            assert.deepEqual(await colours(page), light, 'the way back gives other colours');
            assert.ok(await page.evaluate(() => window.notReloaded), 'the page was loaded again');
            assert.equal(asked() - before, 1);
            assert.deepEqual(errors, []);
        } finally {
            await close();
        }
    });
}

test('a diagram that cannot be drawn is shown as text, with a word about it', async () => {
    const [edition, name] = withDiagrams[0];
    const context = await browser.newContext();
    await context.route('**/mermaid.min.js', route => route.fulfill({ status: 404 }));
    const page = await context.newPage();
    await page.goto(site.url(edition, name));
    const diagram = page.locator('pre.mermaid').first();
    await diagram.scrollIntoViewIfNeeded();
    await page.locator('pre.mermaid + .diagram-note').first().waitFor();
    assert.match(await diagram.innerText(), /\w/);
    assert.equal(await diagram.locator('svg').count(), 0);
    await context.close();
});

for (const edition of editions) {
    test(`the print page of ${edition} prints once all is drawn`, async () => {
        const context = await browser.newContext();
        await context.addInitScript(() => {
            // A machine that draws slowly: mdBook prints 100 ms after loading.
            let mermaid;
            Object.defineProperty(window, 'mermaid', {
                get: () => mermaid,
                set(given) {
                    const { render } = given;
                    mermaid = given;
                    mermaid.render = async (...all) => {
                        await new Promise(resolve => setTimeout(resolve, 300));
                        return render(...all);
                    };
                },
            });
            window.print = () => {
                window.undrawn = document.querySelectorAll('pre.mermaid:not([data-palette])').length;
            };
        });
        const page = await context.newPage();
        await page.goto(site.url(edition, 'print.html'));
        await page.waitForFunction(() => window.undrawn !== undefined);
        assert.equal(await page.evaluate(() => window.undrawn), 0);
        await context.close();
    });
}

async function chooseTheme(page, theme) {
    await page.locator('#mdbook-theme-toggle').click();
    await page.locator(`#mdbook-theme-${theme}`).click();
    await page.keyboard.press('Escape');
}

/** For each diagram the colours of its shapes; a label's could come from the page. */
function colours(page) {
    return page.evaluate(() => Array.from(document.querySelectorAll('pre.mermaid svg'), svg => {
        const shapes = Array.from(svg.querySelectorAll('rect, path, polygon, circle, line'));
        return shapes.map(shape => {
            const { fill, stroke } = getComputedStyle(shape);
            return `${fill} ${stroke}`;
        }).join('\n');
    }));
}

// What mermaid draws without an error, and nobody can read: a label that it takes for
// a list in Markdown, a diagram of which a desk shows only a part.
function misdrawn() {
    return Array.from(document.querySelectorAll('pre.mermaid'), (diagram, i) => [
        ...diagram.textContent.match(/Unsupported markdown: \w+/g) ?? [],
        ...diagram.scrollWidth > diagram.clientWidth + 1 ? [`wider than the page by ${diagram.scrollWidth - diagram.clientWidth} px`] : [],
    ].map(what => `diagram ${i}: ${what}`)).flat();
}

function accessibleName(svg) {
    return svg.evaluate(element => {
        const id = element.getAttribute('aria-labelledby');
        return (id ? document.getElementById(id)?.textContent : element.getAttribute('aria-label'))?.trim();
    });
}
