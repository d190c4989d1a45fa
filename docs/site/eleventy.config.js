// Makes the documents of docs/ a site of plain pages in dist/docs/: no script, nothing from elsewhere. Run by ./build.sh dist.

import { readFileSync, readdirSync } from 'node:fs';
import { basename, posix } from 'node:path';

import { IdAttributePlugin } from '@11ty/eleventy';

import { anchor } from './anchor.js';

/** The order of the pages, by what readers want. */
const PARTS = [
  { title: { en: 'Begin', ko: '시작하기' }, slugs: ['index', 'quick-start', 'quick-start.ko', 'card'] },
  { title: { en: 'Use', ko: '쓰기' }, slugs: ['widget', 'package', 'interface', 'offline', 'command-line', 'fhir'] },
  { title: { en: 'Run it', ko: '운영하기' }, slugs: ['hosting', 'privacy', 'reliability', 'evaluation'] },
  { title: { en: 'Understand', ko: '이해하기' }, slugs: ['architecture', 'formats', 'engines', 'benchmarks', 'cite'] },
];
const WORDS = {
  en: {
    skip: 'To the text',
    documents: 'Documents',
    page: 'The upload page',
    notice: 'Research use only. Not a medical device. A low score does not rule out cancer.',
  },
  ko: {
    skip: '본문으로',
    documents: '문서',
    page: '사진 올리는 페이지',
    notice: '연구용입니다. 의료기기가 아닙니다. 점수가 낮아도 암을 배제할 수 없습니다.',
  },
};
const CARD = 'model/CARD.md';

/** @param {string} slug */
const sourceOf = (slug) => (slug === 'card' ? CARD : `docs/${slug}.md`);

const documents = readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => basename(name, '.md'));
const listed = PARTS.flatMap(({ slugs }) => slugs);
const unlisted = documents.filter((slug) => !listed.includes(slug));
if (unlisted.length) throw new Error(`docs/site/eleventy.config.js lists no place for ${unlisted.join(', ')}`);

/** @param {{inputPath: string}} page of eleventy's data */
const slugOf = ({ inputPath }) => basename(String(inputPath), '.md');

const pages = new Map(
  listed.map((slug) => [
    slug,
    { slug, title: /^# (.*)$/m.exec(readFileSync(sourceOf(slug), 'utf8'))?.[1] ?? slug, language: /\.(\w\w)$/.exec(slug)?.[1] ?? 'en' },
  ]),
);

/**
 * Where a link of a document leads on the site: to a page, to a file beside the site, or nowhere, as the sources are not on it.
 *
 * @param {string} href
 * @param {string} from the document's path in the repository
 */
function leadsTo(href, from) {
  if (/^([a-z]+:|#)/.test(href)) return href;
  const [path, anchor] = href.split('#');
  const target = posix.normalize(posix.join(posix.dirname(from), path));
  const hash = anchor ? `#${anchor}` : '';
  if (target === CARD) return `card.html${hash}`;
  if (/^docs\/[^/]+\.md$/.test(target)) return basename(target, '.md') + `.html${hash}`;
  if (/^docs\/[^/]+\.(svg|webp)$/.test(target)) return basename(target);
  if (target.startsWith('www/')) return `../${target.slice('www/'.length)}`;
  return null;
}

/** @param {any} markdown markdown-it */
function linksOfTheSite(markdown) {
  markdown.core.ruler.push('links_of_the_site', (/** @type {any} */ state) => {
    const from = sourceOf(slugOf(state.env.page));
    for (const { children } of state.tokens.filter((/** @type {any} */ token) => token.type === 'inline')) {
      /** Of the links that are open: whether they stay. @type {boolean[]} */
      const open = [];
      for (const token of children) {
        if (token.type === 'link_open') {
          const href = leadsTo(token.attrGet('href'), from);
          open.push(href !== null);
          if (href !== null) token.attrSet('href', href);
          else Object.assign(token, { hidden: true, type: 'text', content: '', nesting: 0 });
        } else if (token.type === 'link_close' && !open.pop()) {
          Object.assign(token, { hidden: true, type: 'text', content: '', nesting: 0 });
        } else if (token.type === 'image') {
          token.attrSet('src', leadsTo(token.attrGet('src'), from) ?? token.attrGet('src'));
        }
      }
    }
  });
  // A header with nothing in it heads nothing.
  markdown.core.ruler.push('empty_headers', (/** @type {any} */ { tokens }) => {
    for (const [at, token] of tokens.entries()) {
      if (token.type === 'th_open' && tokens[at + 1].content === '') token.tag = tokens[at + 2].tag = 'td';
    }
  });
  // Wide tables and code scroll by themselves, and so must be reachable by keyboard.
  markdown.renderer.rules.table_open = () => '<div class="wide" tabindex="0" role="group" aria-label="table"><table>';
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (/** @type {any[]} */ ...args) => fence(...args).replace('<pre', '<pre tabindex="0"');
  markdown.renderer.rules.table_close = () => '</table></div>';
}

/** @param {any} config */
export default function site(config) {
  config.addPlugin(IdAttributePlugin, {
    slugify: anchor,
  });
  config.amendLibrary('md', linksOfTheSite);
  config.addTemplate('card.md', readFileSync(CARD, 'utf8'));
  config.addGlobalData('layout', 'page.njk');
  config.addGlobalData('eleventyComputed', () => ({
    permalink: (/** @type {any} */ { page }) => `${slugOf(page)}.html`,
    document: (/** @type {any} */ { page }) => pages.get(slugOf(page)),
  }));
  config.addGlobalData('words', WORDS);
  config.addGlobalData('parts', () => PARTS.map(({ title, slugs }) => ({ title, pages: slugs.map((slug) => pages.get(slug)) })));
  config.addPassthroughCopy({ 'docs/site/docs.css': 'docs.css', 'docs/*.svg': '.', 'docs/screenshot.webp': 'screenshot.webp' });
  config.ignores.add('docs/site/**');
  config.ignores.add('docs/states/**');
  return {
    dir: { input: 'docs', includes: 'site', layouts: 'site', output: 'dist/docs' },
    templateFormats: ['md'],
    // Curly brackets in the documents are those of JavaScript.
    markdownTemplateEngine: false,
  };
}
