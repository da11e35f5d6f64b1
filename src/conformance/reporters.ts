/**
 * The reports that a run can be written as: pure functions of its result.
 *
 * @module
 */
import type { Report } from './report.ts';
import { ctrf } from './reporters/ctrf.ts';
import { html } from './reporters/html.ts';
import { json } from './reporters/json.ts';
import { junit } from './reporters/junit.ts';
import { markdown } from './reporters/markdown.ts';
import { pretty } from './reporters/pretty.ts';
import { sarif } from './reporters/sarif.ts';

export type Reporter = (report: Report) => string;

export const REPORTERS = {
  pretty: (report) => pretty(report),
  json,
  junit,
  html,
  markdown,
  sarif,
  ctrf,
} as const satisfies Readonly<Record<string, Reporter>>;
