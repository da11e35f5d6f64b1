/**
 * The report as one self-contained HTML page: the view of the inspector over static data, without external resources.
 * Preact escapes every text. The page's only script adds buttons that copy a block, and is named by its digest in the
 * page's policy: a script from a receiver would not run even if it got into the page.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { h, type ComponentChild } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Report } from '../report.ts';
import { OutcomeView, ReportView, VerdictView } from '../report-view/report.ts';
import { SCRIPT } from '../report-view/script.ts';
import { PAGE_STYLE, VIEW_STYLE } from '../report-view/style.ts';
import { show, staticCode } from '../report-view/text.ts';
import { formatVerdict } from './outcome.ts';
import { representable } from './xml-text.ts';

const STYLE = `${PAGE_STYLE}${VIEW_STYLE}`;

const digestOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = `default-src 'none'; style-src ${digestOf(STYLE)}; script-src ${digestOf(SCRIPT)}`;

/** Our own text, which contains no end tag. */
const verbatim = (text: string) => ({ dangerouslySetInnerHTML: { __html: text } });

const hrefOf = (id: string): string => `#${representable(id)}`;

const head = (title: string): ComponentChild =>
  h(
    'head',
    null,
    h('meta', { charset: 'utf-8' }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    h('title', null, title),
    h('style', verbatim(STYLE)),
  );

const body = (report: Report, target: string): ComponentChild =>
  h(
    'body',
    null,
    h(
      'header',
      null,
      h('h1', null, h(VerdictView, { report }), `: ${target}`),
      h(OutcomeView, { report }),
    ),
    h('main', null, h(ReportView, { report, rendering: { hrefOf, code: staticCode } })),
    h('script', verbatim(SCRIPT)),
  );

/** Render the report as an HTML page. */
export const html = (report: Report): string => {
  const target = show(report.target);
  const title = `${show(formatVerdict(report))}: ${target}`;
  return `<!doctype html>\n${renderToString(h('html', { lang: 'en' }, head(title), body(report, target)))}\n`;
};
