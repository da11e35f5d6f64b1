/**
 * Styles of the view and of the page of the HTML report, including the filter. Bars fill the row on a wide screen, and the line below it on a narrow one.
 *
 * @module
 */

import { FILTERS } from './kinds.ts';

const hiding = FILTERS.slice(1)
  .map(([kind]) => `.report:has(#show-${kind}:checked) .check:not(.${kind})`)
  .join(',\n');

/** Without its checks, the heading of a group means nothing. */
const emptyGroups = FILTERS.slice(1)
  .map(([kind]) => `.report:has(#show-${kind}:checked) .group:not(:has(.${kind}))`)
  .join(',\n');

/** Of the page around the view. The contrast ratio is at least 4.5:1 in both color schemes. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; color: light-dark(#1b1f24, #e6e8ea);
  background: light-dark(#ffffff, #15181c); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
header .soft { color: light-dark(#57606a, #a8b0b8); }
header p { overflow-wrap: anywhere; }
summary:focus-visible, input:focus-visible, button:focus-visible, a:focus-visible, pre:focus-visible {
  outline: 2px solid light-dark(#0b5cad, #7fb8ff); outline-offset: 2px; }
@media (max-width: 40rem) { body { padding: .75rem; } }
@media print { .report fieldset, .report button { display: none; } .report pre { max-height: none; } }
`;

/** Of the view, in the page of the report and in the inspector. */
export const VIEW_STYLE = `
.report { --text: light-dark(#1b1f24, #e6e8ea); --back: light-dark(#ffffff, #15181c);
  --soft: light-dark(#57606a, #a8b0b8); --line: light-dark(#d0d7de, #3a4048); --code: light-dark(#f6f8fa, #1e2329);
  --failed: light-dark(#b3261e, #ff8a80); --warning: light-dark(#8a5a00, #f5c04a); --passed: light-dark(#1a6e33, #6fd08c);
  --note: light-dark(#0b5cad, #7fb8ff); --untested: light-dark(#c4ccd4, #4a525b);
h2 { font-size: 1.15rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin: .5rem 0; overflow-wrap: anywhere; }
p, li { overflow-wrap: anywhere; }
a { color: var(--note); }
fieldset { border: 1px solid var(--line); border-radius: .5rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
label { cursor: pointer; padding: .25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: middle; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
  font-weight: 400; }
thead th { color: var(--soft); font-size: .875rem; }
tbody th { font-weight: 600; }
td.bar { width: 40%; min-width: 7rem; }
svg { display: block; width: 100%; height: .75rem; border-radius: .375rem; }
rect { stroke: var(--back); stroke-width: .15; vector-effect: non-scaling-stroke; }
rect.passed { fill: var(--passed); } rect.warning { fill: var(--warning); } rect.note { fill: var(--note); }
rect.failed, rect.error { fill: var(--failed); } rect.known { fill: var(--soft); } rect.not_tested { fill: var(--untested); }
.first, .group { border: 1px solid var(--line); border-left: .3rem solid var(--failed); border-radius: .5rem;
  padding: .25rem 1rem .5rem; margin: 1rem 0; }
.first h2 { margin: .5rem 0; }
.group { border-left-color: var(--soft); }
.check { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: 0 1rem; }
.check > summary { cursor: pointer; padding: .6rem 0; overflow-wrap: anywhere; color: var(--text); }
.word { font-weight: 700; }
.failed .word, .error .word { color: var(--failed); }
.warning .word { color: var(--warning); }
.passed .word { color: var(--passed); }
.note .word { color: var(--note); }
.known .word, .not_tested .word, .soft { color: var(--soft); }
.label { margin: .75rem 0 .25rem; font-weight: 600; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.code { position: relative; margin: 0 0 .75rem; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; overflow: auto;
  max-height: 30rem; margin: 0; font: .875rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.code button { position: absolute; top: .4rem; right: .4rem; font: .8rem/1.4 system-ui, sans-serif; color: var(--text);
  background: var(--back); border: 1px solid var(--line); border-radius: .375rem; padding: .15rem .6rem; cursor: pointer; }
.code:has(button) pre { padding-right: 5rem; }
@media (max-width: 40rem) {
  thead { display: none; }
  tr { display: grid; grid-template-columns: 1fr auto; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  tbody th, td { border: 0; padding: .1rem 0; }
  td.bar { order: 3; grid-column: 1 / -1; width: auto; }
  td.soft { order: 4; grid-column: 1 / -1; font-size: .875rem; }
}
}
${hiding},
${emptyGroups} { display: none; }
.verdict.red { color: light-dark(#b3261e, #ff8a80); }
.verdict.yellow { color: light-dark(#8a5a00, #f5c04a); }
.verdict.green { color: light-dark(#1a6e33, #6fd08c); }
`;
