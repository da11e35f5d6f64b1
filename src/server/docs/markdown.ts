/**
 * The guide's Markdown as HTML: headings get ids, links between pages lead to pages of the server, HTML is dropped.
 *
 * @module
 */
import { Marked, type Tokens } from 'marked';
import { pagePathOf } from '../../domain/check-page.ts';

export interface RenderedPage {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly { readonly id: string; readonly text: string }[];
}

/** As GitHub makes them, because the pages link to each other by them. */
const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** Where a link of a page leads on this server; null for files that the package does not serve. */
export const hrefOnServer = (href: string): string | null => {
  if (/^(?:https?:|#)/.test(href)) return href;
  const page = /^(?:\.\/)?(?<name>[\w-]+)\.md(?<hash>#[\w-]+)?$/.exec(href)?.groups;
  return page === undefined ? null : `/docs/${page['name']}${page['hash'] ?? ''}`;
};

/**
 * Render a page.
 *
 * @param checkIds a code span with one of these ids leads to the page of that check
 */
export const renderMarkdown = (text: string, checkIds: ReadonlySet<string>): RenderedPage => {
  const headings: { id: string; text: string }[] = [];
  let title = '';
  // Regions need distinct names.
  let examples = 0;
  let tables = 0;
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: raw }: Tokens.Heading) {
        const plain = raw.replaceAll('`', '');
        const id = slugOf(plain);
        if (depth === 1) title = plain;
        if (depth === 2) headings.push({ id, text: plain });
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const to = hrefOnServer(href);
        const inner = this.parser.parseInline(tokens);
        return to === null ? inner : `<a href="${escape(to)}">${inner}</a>`;
      },
      codespan({ text: code }: Tokens.Codespan) {
        const shown = `<code>${escape(code)}</code>`;
        return checkIds.has(code) ? `<a href="${pagePathOf(code)}">${shown}</a>` : shown;
      },
      code({ text: code, lang }: Tokens.Code) {
        return `<pre tabindex="0" role="region" aria-label="Example ${(examples += 1)}${lang === undefined || lang === '' ? '' : ` in ${escape(lang)}`}"><code>${escape(code)}</code></pre>\n`;
      },
      // Comments that say how a block is tested.
      html: () => '',
      image: ({ text: alternative }: Tokens.Image) => escape(alternative),
    },
  });
  const html = marked.parse(text, { async: false });
  return {
    title,
    html: html
      .replaceAll(
        '<table>',
        () =>
          `<div class="scroll" tabindex="0" role="region" aria-label="Table ${(tables += 1)}"><table>`,
      )
      .replaceAll('</table>', '</table></div>'),
    headings,
  };
};
