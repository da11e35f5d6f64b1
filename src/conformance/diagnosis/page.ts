/**
 * What a page says to a person, without its markup.
 *
 * @module
 */
import type { Reply } from '../probe/exchange.ts';
import { bodyOf, isHtml } from './scene.ts';

/** One piece of text a line. */
export const toText = (page: string): string =>
  page
    .replaceAll(/<(title|style|script)\b[^]*?<\/\1>/gi, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&quot;', '"')
    .replaceAll(/&#(?:39|x27);/g, "'")
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');

/** A debug page goes on with settings, sources and the stack, in which any word can stand. */
const FIRST = 300;
const HEADINGS = /<(title|h1|h2)\b[^>]*>([^]*?)<\/\1>/gi;

/** What an answer is about: a page’s title, headings and first words; of anything else the beginning. */
export const gistOf = (reply: Reply): string => {
  const body = bodyOf(reply);
  if (!isHtml(reply)) return body.slice(0, FIRST);
  const headings = [...body.matchAll(HEADINGS)].map(([, , heading = '']) => toText(heading));
  const first = toText(body).replaceAll(/\s+/g, ' ').trim().slice(0, FIRST);
  return [...headings, first].join('\n');
};
