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
let done = false;
before(async () => {
    browser = await launch();
    browser.on('disconnected', () => {
        if (!done) {
            console.error('Chromium has gone: every test from here on fails.');
        }
    });
    site = await serve();
});
after(async () => {
    done = true;
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

/** How long anything may take, in milliseconds: a test that waits says where, a machine may be busy. */
const PATIENCE = 60_000;

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

const compressed = new Map();

/** A file as a host sends it. Every page asks for the same scripts: they are compressed once. */
async function sendable(inside) {
    if (!compressed.has(inside)) {
        const file = await fetchFile('', inside);
        compressed.set(inside, file && pack(file));
    }
    return compressed.get(inside);
}

function pack({ body, extension, type }) {
    return compressible.has(extension)
        ? { body: gzipSync(body), headers: { 'content-type': type, 'content-encoding': 'gzip' } }
        : { body, headers: { 'content-type': type } };
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
        let file = url.pathname.startsWith(base) && await sendable(inside);
        if (!file) {
            response.writeHead(404).end();
            return;
        }
        if (url.searchParams.has('far')) {
            const page = await fetchFile('', inside);
            const text = page.body.toString().replace('<main>', '<main><div style="height:3000px"></div>');
            file = pack({ ...page, body: Buffer.from(text) });
        }
        sent.push({ file: inside, bytes: file.body.length });
        response.writeHead(200, file.headers).end(file.body);
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

/**
 * A Chromium that asks nobody for anything on its own. On a busy machine its watchdog kills
 * the process that draws, and when that has died six times Chromium ends itself.
 */
export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--disable-gpu-watchdog',
            '--disable-gpu-process-crash-limit',
        ],
    });
}

/**
 * Opens a page in a context of its own, without a cache. Collects in `foreign`
 * what it asked of any other host, and in `errors` what its scripts threw.
 */
export async function open(browser, url, { width = 1280, height = 900, theme = 'light', ...options } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, ...options });
    context.setDefaultTimeout(PATIENCE);
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
    try {
        const response = await page.goto(url);
        assert.equal(response.status(), 200, url);
    } catch (error) {
        await context.close();
        throw error;
    }
    return { page, foreign, errors, close: () => context.close() };
}

/** Brings every diagram of the page into view, one after the other, until it is drawn. */
export async function drawDiagrams(page) {
    const diagrams = await page.locator('pre.mermaid').all();
    for (const diagram of diagrams) {
        await diagram.scrollIntoViewIfNeeded();
        await diagram.locator('svg').first().waitFor();
    }
    return diagrams.length;
}

/** Runs `check(edition, page)` for every page of both editions, four at a time; fails with all that failed, by page. */
export async function forEveryPage(check) {
    const all = editions.flatMap(edition => pages(edition).map(page => [edition, page]));
    const failures = [];
    await Promise.all(Array.from({ length: 4 }, async () => {
        for (let next = all.shift(); next; next = all.shift()) {
            await check(...next).catch(error => failures.push(`${next.join('/')}: ${error.message}`));
        }
    }));
    assert.ok(failures.length === 0, failures.join('\n\n'));
}

/** Fails with whatever axe finds serious on the page as it stands; `only` names some of its rules. */
export async function checkAccess(page, how, only) {
    // What resizing and opening set off (ResizeObserver) runs with the next frame; a reader is slower than that.
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (!await page.evaluate(() => 'axe' in window)) {
        await page.addScriptTag({ path: axe });
    }
    const { violations, passes } = await page.evaluate(runOnly => window.axe.run({
        resultTypes: ['violations'],
        ...runOnly && { runOnly },
    }), only);
    assert.ok(passes.length > 0);
    const found = serious(violations);
    assert.ok(found.length === 0, `${how}: ${found.join('\n')}`);
}

function serious(violations) {
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
}
