/**
 * GitHub Actions: annotations in the log, and the Markdown report in the job summary.
 *
 * @module
 */
import { appendFileSync } from 'node:fs';
import type { Report } from '../../conformance/report.ts';
import { github } from '../../conformance/reporters/github.ts';
import { markdown } from '../../conformance/reporters/markdown.ts';
import type { Terminal } from '../terminal.ts';

/** Annotations go to stderr, which the runner reads too: stdout is for the report. No effect outside GitHub Actions. */
export const annotateOnGitHub = (report: Report, terminal: Terminal): void => {
  if (terminal.env['GITHUB_ACTIONS'] !== 'true') return;
  const annotations = github(report).trimEnd();
  if (annotations !== '') terminal.note(annotations);
  const summary = terminal.env['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summary === '') return;
  try {
    appendFileSync(summary, markdown(report));
  } catch (error) {
    terminal.note(`Cannot write the job summary: ${(error as Error).message}`);
  }
};
