// The built site, served as a host would serve it, and a Chromium to read it with.
//
// SITE names the folder that holds `en/` and `ko/` (default: ../book), CHROMIUM the
// browser (default: /usr/bin/chromium). Nothing here reaches beyond loopback.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

export const editions = ['en', 'ko'];

/** The browser and the served site of the test file that imports them: each file is a process of its own. */
export let browser;
export let site;
before(async () => {
    browser = await launch();
    site = await serve();
});
after(async () => {
    await browser.close();
    site.close();
});

const folder = path.resolve(fileURLToPath(new URL('.', import.meta.url)), process.env.SITE ?? '../book');

// The site may live under any path: the tests put it under this one.
const base = '/under/some/path/';

const types = {
    css: 'text/css',
    html: 'text/html; charset=utf-8',
    js: 'text/javascript',
    json: 'application/json',
    png: 'image/png',
    svg: 'image/svg+xml',
};

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const compressible = new Set(['css', 'html', 'js', 'json', 'svg']);

/** Every page of an edition, as `architecture/watcher.html`; fails if there is none. */
export function pages(edition) {
    const root = path.join(folder, edition);
    const found = readdirSync(root, { recursive: true })
        .map(file => file.split(path.sep).join('/'))
        .filter(file => file.endsWith('.html') && !/^(print|toc|404)\.html$/.test(file))
        .filter(file => read(edition, file).includes('<main>'))
        .sort();
    assert.ok(found.length > 0, `no page under ${root}: build the site first, or set SITE`);
    return found;
}

/** A file of the built site, as text. */
export function read(edition, file) {
    return readFileSync(path.join(folder, edition, file), 'utf8');
}

/** The file's bytes and type, or null where there is none. */
export async function fetchFile(edition, file) {
    const name = path.join(folder, edition, file || 'index.html');
    assert.ok(name.startsWith(folder));
    const body = await readFile(name).catch(() => null);
    const extension = name.split('.').pop();
    return body && { body, extension, type: types[extension] ?? 'application/octet-stream' };
}

/**
 * Serves the site, compressed, and counts what it sends: `sent` is a list of
 * `{ file, bytes }`. A page asked for with `?far` starts with 3000 px of nothing.
 */
export async function serve() {
    const sent = [];
    const server = http.createServer(async (request, response) => {
        const url = new URL(request.url, 'http://localhost');
        const inside = decodeURIComponent(url.pathname).slice(base.length).replace(/(^|\/)$/, '$1index.html');
        const file = url.pathname.startsWith(base) && await fetchFile('', inside);
        if (!file) {
            response.writeHead(404).end();
            return;
        }
        let { body } = file;
        if (url.searchParams.has('far')) {
            body = Buffer.from(body.toString().replace('<main>', '<main><div style="height:3000px"></div>'));
        }
        const headers = { 'content-type': file.type };
        if (compressible.has(file.extension)) {
            body = gzipSync(body);
            headers['content-encoding'] = 'gzip';
        }
        sent.push({ file: inside, bytes: body.length });
        response.writeHead(200, headers).end(body);
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${server.address().port}`;
    return {
        origin,
        sent,
        root: `${origin}${base}`,
        url: (edition, page) => `${origin}${base}${edition}/${page}`,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}

/** A Chromium that asks nobody for anything on its own. */
export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    });
}

/**
 * Opens a page in a context of its own, without a cache. Collects in `foreign`
 * what it asked of any other host, and in `errors` what its scripts threw.
 */
export async function open(browser, url, { width = 1280, height = 900, theme = 'light', ...options } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, ...options });
    const foreign = [];
    const errors = [];
    const { origin } = new URL(url);
    await context.route(
        asked => asked.origin !== origin && asked.protocol !== 'data:',
        route => {
            foreign.push(route.request().url());
            return route.abort();
        },
    );
    const page = await context.newPage();
    page.on('pageerror', error => errors.push(error.message));
    const response = await page.goto(url);
    assert.equal(response.status(), 200, url);
    return { page, foreign, errors, close: () => context.close() };
}

/** Brings every diagram of the page into view, one after the other, until it is drawn. */
export async function drawDiagrams(page) {
    const diagrams = await page.locator('pre.mermaid').all();
    for (const diagram of diagrams) {
        await diagram.scrollIntoViewIfNeeded();
        await diagram.locator('svg').first().waitFor({ timeout: 20_000 });
    }
    return diagrams.length;
}

/** Runs `check(edition, page)` for every page of both editions, four at a time. */
export async function forEveryPage(check) {
    const all = editions.flatMap(edition => pages(edition).map(page => [edition, page]));
    const failures = [];
    await Promise.all(Array.from({ length: 4 }, async () => {
        for (let next = all.shift(); next; next = all.shift()) {
            await check(...next).catch(error => failures.push(`${next.join('/')}: ${error.message}`));
        }
    }));
    assert.deepEqual(failures, []);
}

/** Fails with whatever axe finds serious on the page as it stands. */
export async function checkAccess(page, how) {
    // What resizing and opening set off (ResizeObserver) runs with the next frame; a reader is slower than that.
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (!await page.evaluate(() => 'axe' in window)) {
        await page.addScriptTag({ path: axe });
    }
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    assert.ok(passes.length > 0);
    assert.deepEqual(serious(violations), [], how);
}

function serious(violations) {
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
}
