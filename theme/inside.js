'use strict';

/*
 * What the book adds to mdBook's pages: the switch to the other edition, two
 * palettes in the theme menu, Korean words for mdBook's English ones, diagrams.
 * Runs after mdBook's own book.js. Nothing here is needed to read a page.
 */

/* global path_to_root */

(() => {
    const html = document.documentElement;
    const language = html.lang === 'ko' ? 'ko' : 'en';
    const source = document.querySelector('meta[name="page-source"]')?.content ?? '';
    const printing = source === 'print.md';

    const words = {
        en: {
            auto: 'Auto',
            light: 'Light',
            dark: 'Dark',
            previous: 'Previous',
            next: 'Next',
            diagram: 'Diagram',
            undrawn: 'The diagram could not be drawn: this is its source.',
        },
        ko: {
            auto: '자동',
            light: '밝게',
            dark: '어둡게',
            previous: '이전',
            next: '다음',
            diagram: '다이어그램',
            undrawn: '다이어그램을 그리지 못해 원본을 그대로 보여 줍니다.',
        },
    }[language];

    // mdBook's own words, by element. Its titles of the eye button are state (see below).
    const korean = {
        '#mdbook-sidebar-toggle': '목차 열고 닫기',
        '#mdbook-sidebar': '목차',
        '#mdbook-theme-toggle': '테마 바꾸기',
        '#mdbook-theme-list': '테마',
        '.right-buttons a[href$="print.html"]': '책 전체 인쇄하기',
        '.right-buttons a[rel="edit"]': '이 페이지 고치기',
        '.clip-button': '복사',
        '.nav-wrapper': '이전과 다음 페이지',
    };
    const koreanTitles = {
        note: '참고',
        tip: '도움말',
        important: '중요',
        warning: '경고',
        caution: '주의',
    };

    function each(selector, action, within = document) {
        within.querySelectorAll(selector).forEach(action);
    }

    function name(element, text) {
        element.setAttribute('aria-label', text);
        if (element.title) {
            element.title = text;
        }
    }

    // ---- Blocks ----

    // What is wrong, or was printed, is not offered for copying.
    each('.wrong, .fails, .output', block => {
        each('.clip-button', button => button.remove(), block);
        each('.buttons:empty', buttons => buttons.remove(), block);
    });

    // ---- Where names break ----

    // Names and paths have no spaces. In captions they break behind these signs rather
    // than anywhere; a long one would hold a column as wide as it is.
    function breakable(element) {
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) {
            found.push(texts.currentNode);
        }
        for (const text of found) {
            const parts = text.data.split(/(?<=[/_;&]|::)(?=\w)/);
            text.replaceWith(...parts.flatMap(part => [part, document.createElement('wbr')]).slice(0, -1));
        }
    }
    each('.block figcaption :is(a, code, .what)', breakable);
    const LONG = 28;
    each('td code', code => code.textContent.length > LONG && breakable(code));
    each('main :is(p, li) > code, main p > :is(a, strong) > code', code => {
        code.classList.toggle('whole', code.textContent.length <= LONG && !/\s/.test(code.textContent));
    });

    // ---- Scrolling ----

    // Whatever scrolls sideways can be scrolled from the keyboard: mdBook takes
    // the arrow keys for the previous and the next page.
    const wide = document.querySelectorAll('main pre > code, main .table-wrapper, main pre:is(.mermaid, .fault), main .output [role="img"]');
    function markScrollable() {
        for (const element of wide) {
            if (element.scrollWidth > element.clientWidth) {
                element.tabIndex = 0;
            } else {
                element.removeAttribute('tabindex');
            }
        }
    }
    for (const element of wide) {
        element.addEventListener('keydown', event => {
            if (event.key.startsWith('Arrow') && element.tabIndex === 0) {
                event.stopPropagation();
            }
        });
    }
    new ResizeObserver(markScrollable).observe(document.querySelector('main'));

    // ---- The frame ----

    // mdBook's sidebar toggle is a label: no key reaches it.
    const toggle = document.getElementById('mdbook-sidebar-toggle');
    toggle.setAttribute('role', 'button');
    toggle.tabIndex = 0;
    toggle.addEventListener('keydown', event => {
        if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            toggle.click();
        }
    });

    // Five themes of mdBook, two palettes: each hidden theme moves into the entry
    // whose palette it shows, so that a theme stored by another mdBook on the same
    // host is still known to book.js, and the entry is the one that gets the mark.
    const entry = theme => document.getElementById('mdbook-theme-' + theme);
    const palettes = { light: ['light', 'rust'], navy: ['navy', 'coal', 'ayu'] };
    for (const [shown, themes] of Object.entries(palettes)) {
        for (const theme of themes.slice(1)) {
            const item = entry(theme).parentElement;
            entry(shown).after(entry(theme));
            item.remove();
        }
    }
    entry('default_theme').textContent = words.auto;
    entry('light').textContent = words.light;
    entry('navy').textContent = words.dark;
    document.getElementById('mdbook-theme-toggle').addEventListener('click', () => {
        const shown = isDark() ? 'navy' : 'light';
        if (document.getElementById('mdbook-theme-list').style.display === 'block') {
            entry(shown).focus();
        }
    });

    function isDark() {
        return palettes.navy.some(theme => html.classList.contains(theme));
    }

    // The ways onward say where they lead, as the table of contents does.
    const contents = Array.from(document.querySelectorAll('#mdbook-sidebar .chapter a'));
    each('.mobile-nav-chapters', link => {
        const target = contents.find(other => other.href === link.href);
        if (target) {
            const title = document.createElement('span');
            title.textContent = target.textContent;
            link.append(title);
            const direction = link.classList.contains('next') ? words.next : words.previous;
            name(link, `${direction}: ${target.textContent}`);
        }
    });

    // The eye button keeps its state in its English title: mdBook's handler sees
    // that title, readers see `words`.
    const eyes = { 'Show hidden lines': '숨은 줄 보이기', 'Hide lines': '숨은 줄 감추기' };
    function nameEye(button) {
        button.dataset.title = button.title;
        name(button, language === 'ko' ? eyes[button.title] : button.title);
    }
    each('.buttons button:not(.clip-button)', button => {
        nameEye(button);
        button.addEventListener('click', () => {
            button.title = button.dataset.title;
        }, true);
        button.addEventListener('click', () => nameEye(button));
    });

    if (language === 'ko') {
        for (const [selector, text] of Object.entries(korean)) {
            each(selector, element => name(element, text));
        }
        each('.blockquote-tag', quote => {
            const kind = Object.keys(koreanTitles)
                .find(kind => quote.classList.contains('blockquote-tag-' + kind));
            const title = quote.querySelector('.blockquote-tag-title');
            if (kind && title) {
                title.lastChild.textContent = koreanTitles[kind];
                title.classList.add('translated');
            }
        });
        const help = document.getElementById('mdbook-help-popup');
        help.querySelector('h2').textContent = '단축키';
        const keys = ['앞뒤 페이지로 이동', '이 도움말 보기', '도움말 닫기'];
        const lines = Array.from(help.querySelectorAll('p'));
        if (lines.length === keys.length) {
            lines.forEach((line, i) => {
                const names = Array.from(line.querySelectorAll('kbd'), key => key.outerHTML);
                line.innerHTML = `${names.join(' ')} ${keys[i]}`;
            });
        }
    }

    // ---- The other edition ----

    // On a built site the editions are sibling folders, whatever lies above them.
    // `cargo xtask serve` serves each at a port of its own instead.
    function otherEdition() {
        const other = { en: 'ko', ko: 'en' }[language];
        const ports = { en: '3000', ko: '3001' };
        const root = new URL(path_to_root || './', document.baseURI);
        if (root.pathname.endsWith(`/${language}/`)) {
            return new URL(`../${other}/`, root);
        }
        if (root.pathname === '/' && root.port === ports[language]) {
            root.port = ports[other];
            return root;
        }
        return null;
    }

    // The heading being read: both editions give it the same id.
    function place() {
        const target = location.hash.length > 1
            && document.getElementById(decodeURIComponent(location.hash.slice(1)));
        if (target) {
            const { top, bottom } = target.getBoundingClientRect();
            if (bottom > 0 && top < window.innerHeight) {
                return target.id;
            }
        }
        if (window.scrollY === 0) {
            return '';
        }
        const headings = Array.from(
            document.querySelectorAll('main :is(h2, h3, h4, h5, h6, section)[id]'),
            heading => ({ id: heading.id, top: heading.getBoundingClientRect().top }),
        );
        const bottom = window.scrollY + window.innerHeight >= html.scrollHeight - 1;
        const line = bottom ? window.innerHeight : window.innerHeight / 3;
        const opening = headings.find(({ top }) => top >= 0 && top < line);
        const above = headings.filter(({ top }) => top < 0).at(-1);
        return (opening ?? above)?.id ?? '';
    }

    const edition = otherEdition();
    if (edition) {
        const link = document.createElement('a');
        link.className = 'language';
        link.lang = link.hreflang = language === 'ko' ? 'en' : 'ko';
        link.textContent = language === 'ko' ? 'English' : '한국어';
        const page = new URL(source.replace(/\.md$/, '.html'), edition);
        const aim = () => {
            page.hash = place();
            link.href = page.href;
        };
        aim();
        for (const event of ['pointerdown', 'focus', 'click']) {
            link.addEventListener(event, aim);
        }
        document.querySelector('.right-buttons').prepend(link);
    }

    // ---- Diagrams ----

    // mermaid weighs more than all the rest: it is fetched once, when the first
    // diagram comes near. The source is kept to redraw in the other palette.
    const diagrams = Array.from(document.querySelectorAll('pre.mermaid'),
        pre => ({ pre, source: pre.textContent, wanted: false }));
    let loaded = null;
    let drawing = Promise.resolve();
    let serial = 0;

    function load() {
        loaded ??= new Promise((resolve, reject) => {
            const script = document.createElement('script');
            script.src = path_to_root + 'mermaid.min.js';
            script.onload = resolve;
            script.onerror = () => reject(new Error(`${script.src} is missing`));
            document.head.append(script);
        });
        return loaded;
    }

    function settings() {
        const style = getComputedStyle(html);
        const of = colour => style.getPropertyValue('--' + colour).trim();
        const node = of('diagram-node');
        const edge = of('diagram-node-edge');
        const text = of('diagram-text');
        const line = of('diagram-line');
        const group = of('diagram-group');
        const groupEdge = of('diagram-group-edge');
        const ground = of('bg');
        return {
            startOnLoad: false,
            securityLevel: 'strict',
            suppressErrorRendering: true,
            theme: 'base',
            fontFamily: of('sans'),
            flowchart: {
                nodeSpacing: 36,
                rankSpacing: 38,
                padding: 12,
                subGraphTitleMargin: { top: 6, bottom: 12 },
            },
            themeVariables: {
                darkMode: isDark(),
                fontFamily: of('sans'),
                fontSize: '15px',
                background: ground,
                primaryColor: node,
                primaryTextColor: text,
                primaryBorderColor: edge,
                secondaryColor: group,
                secondaryTextColor: text,
                secondaryBorderColor: groupEdge,
                tertiaryColor: group,
                tertiaryTextColor: text,
                tertiaryBorderColor: groupEdge,
                mainBkg: node,
                nodeBorder: edge,
                nodeTextColor: text,
                textColor: text,
                titleColor: text,
                lineColor: line,
                defaultLinkColor: line,
                edgeLabelBackground: ground,
                clusterBkg: group,
                clusterBorder: groupEdge,
                labelBackgroundColor: ground,
                transitionColor: line,
                transitionLabelColor: text,
                stateLabelColor: text,
                compositeBackground: group,
                altBackground: group,
                specialStateColor: line,
                innerEndBackground: ground,
                noteBkgColor: of('diagram-note'),
                noteBorderColor: of('diagram-note-edge'),
                noteTextColor: text,
                actorBkg: node,
                actorBorder: edge,
                actorTextColor: text,
                actorLineColor: groupEdge,
                signalColor: line,
                signalTextColor: text,
                labelBoxBkgColor: group,
                labelBoxBorderColor: groupEdge,
                labelTextColor: text,
                loopTextColor: text,
                activationBkgColor: group,
                activationBorderColor: line,
                sequenceNumberColor: ground,
            },
        };
    }

    function heading(pre) {
        return Array.from(document.querySelectorAll('main :is(h1, h2, h3, h4)'))
            .filter(heading => heading.compareDocumentPosition(pre) & Node.DOCUMENT_POSITION_FOLLOWING)
            .at(-1)?.textContent ?? document.title;
    }

    async function draw({ pre, source }) {
        const palette = isDark() ? 'dark' : 'light';
        if (pre.dataset.palette === palette) {
            return;
        }
        window.mermaid.initialize(settings());
        serial += 1;
        const { svg } = await window.mermaid.render(`diagram-${serial}`, source);
        pre.innerHTML = svg;
        pre.dataset.palette = palette;
        const drawn = pre.querySelector('svg');
        if (!drawn.hasAttribute('aria-labelledby')) {
            drawn.setAttribute('aria-label', `${words.diagram}: ${heading(pre)}`);
        }
        // A group's title stands in its corner: in the middle, arrows run through it.
        each('.cluster', group => {
            const box = group.querySelector('rect');
            const title = group.querySelector('.cluster-label');
            const place = title?.transform.baseVal[0]?.matrix;
            if (box && place) {
                title.setAttribute('transform', `translate(${box.x.baseVal.value + 14}, ${place.f})`);
            }
        }, drawn);
        drawn.style.setProperty('--natural', `${Math.round(drawn.viewBox.baseVal.width)}px`);
        markScrollable();
    }

    function fail({ pre, source }, error) {
        console.warn(error);
        document.getElementById(`ddiagram-${serial}`)?.remove();
        delete pre.dataset.palette;
        pre.textContent = source;
        if (!pre.nextElementSibling?.matches('.diagram-note')) {
            const note = document.createElement('p');
            note.className = 'diagram-note';
            note.textContent = words.undrawn;
            pre.after(note);
        }
    }

    // One at a time: mermaid has one configuration for all.
    function want(diagram) {
        diagram.wanted = true;
        drawing = drawing.then(load).then(() => draw(diagram)).catch(error => fail(diagram, error));
        return drawing;
    }

    if (printing) {
        // mdBook opens the print dialog when all has loaded; it waits for the diagrams.
        const all = diagrams.map(want).at(-1);
        const print = window.print.bind(window);
        window.print = () => (all ?? drawing).then(print);
    } else {
        const near = new IntersectionObserver(entries => {
            for (const { isIntersecting, target } of entries) {
                if (isIntersecting) {
                    near.unobserve(target);
                    want(diagrams.find(({ pre }) => pre === target));
                }
            }
        }, { rootMargin: '600px 0px' });
        diagrams.forEach(({ pre }) => near.observe(pre));
    }

    // Paper is light: the diagrams are redrawn before the page is laid out for it.
    let onScreen;
    window.addEventListener('beforeprint', () => {
        onScreen = palettes.navy.find(theme => html.classList.contains(theme));
        if (onScreen) {
            html.classList.replace(onScreen, 'light');
        }
    });
    window.addEventListener('afterprint', () => {
        if (onScreen) {
            html.classList.replace('light', onScreen);
        }
    });

    new MutationObserver(() => diagrams.filter(({ wanted }) => wanted).forEach(want))
        .observe(html, { attributeFilter: ['class'] });
})();
