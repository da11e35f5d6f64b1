/**
 * Text in the view. Preact escapes it; here it loses what could control the display or be invalid in a page.
 *
 * @module
 */
import { h, type ComponentChild } from 'preact';
import { harmless, splitCode } from '../reporters/exchange-text.ts';
import { representable } from '../reporters/xml-text.ts';

export const show = (text: string): string => representable(harmless(text));

/** What stands between backticks is code. */
export const showWithCode = (text: string): ComponentChild[] =>
  splitCode(show(text)).map(({ isCode, text: part }) => (isCode ? h('code', null, part) : part));

/** Renders a block of code. */
export type RenderCode = (text: string) => ComponentChild;

/** What depends on where the view is shown. */
export interface Rendering {
  /** Link to a check within the view. */
  readonly hrefOf: (id: string) => string;
  readonly code: RenderCode;
  /** URL of the page of a check, where it is served. */
  readonly pageOf?: (id: string) => string;
}

/** A block without a button: the script of the page adds one. HTML parsers drop a line break directly after `<pre>`. */
export const staticCode: RenderCode = (text) =>
  h('div', { class: 'code' }, h('pre', { tabIndex: 0 }, representable(text).replace(/^\n+/, '')));
