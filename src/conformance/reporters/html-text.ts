/**
 * Text in the HTML report. The template escapes it; it can neither control the display nor be invalid in a page.
 *
 * @module
 */
import { html as markup } from 'hono/html';
import { harmless, splitCode } from './exchange-text.ts';
import { representable } from './xml-text.ts';

/** A fragment of escaped markup. */
export type Markup = ReturnType<typeof markup>;

export const show = (text: string): string => representable(harmless(text));

/** What stands between backticks is code. */
export const showWithCode = (text: string): readonly (Markup | string)[] =>
  splitCode(show(text)).map(({ isCode, text: part }) =>
    isCode ? markup`<code>${part}</code>` : part,
  );

/** A block that the script of the page gives a button to copy it. */
export const pre = (text: string): Markup =>
  // HTML parsers drop a line break directly after the tag.
  markup`<div class="code"><pre tabindex="0">\n${representable(text)}</pre></div>`;
