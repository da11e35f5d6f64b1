/**
 * Styles of the HTML report, including its filter: no scripts, no external resources.
 *
 * @module
 */

export const FILTERS = [
  ['all', 'All'],
  ['failed', 'Failed'],
  ['warning', 'Warnings'],
  ['note', 'Notes'],
  ['known', 'Known'],
  ['error', 'Errors'],
  ['passed', 'Passed'],
  ['not_tested', 'Not tested'],
] as const;

const hiding = FILTERS.slice(1)
  .map(([kind]) => `body:has(#show-${kind}:checked) .check:not(.${kind})`)
  .join(',\n');

/** The contrast ratio is at least 4.5:1 in both color schemes. */
export const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1b1f24, #e6e8ea); --back: light-dark(#ffffff, #15181c);
  --soft: light-dark(#57606a, #a8b0b8); --line: light-dark(#d0d7de, #3a4048); --code: light-dark(#f6f8fa, #1e2329);
  --failed: light-dark(#b3261e, #ff8a80); --warning: light-dark(#8a5a00, #f5c04a); --passed: light-dark(#1a6e33, #6fd08c);
  --note: light-dark(#0b5cad, #7fb8ff); }
 * { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; color: var(--text); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
label { cursor: pointer; padding: .25rem 0; }
.check { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: 0 1rem; }
.check > summary { cursor: pointer; padding: .6rem 0; overflow-wrap: anywhere; }
summary:focus-visible, input:focus-visible { outline: 2px solid var(--note); outline-offset: 2px; }
.word { font-weight: 700; }
.failed .word, .error .word, .verdict.red { color: var(--failed); }
.warning .word, .verdict.yellow { color: var(--warning); }
.passed .word, .verdict.green { color: var(--passed); }
.note .word { color: var(--note); }
.known .word, .not_tested .word, .soft { color: var(--soft); }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; overflow: auto;
  max-height: 30rem; font: .875rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
${hiding} { display: none; }
@media print { fieldset { display: none; } pre { max-height: none; } }
`;
