/**
 * In GitHub Actions: annotations in the log, the report in the job's summary.
 *
 * @module
 */
import { appendFileSync } from 'node:fs';
import type { Report } from '../../conformance/report.ts';
import { github } from '../../conformance/reporters/github.ts';
import { markdown } from '../../conformance/reporters/markdown.ts';
import type { Terminal } from '../terminal.ts';

/** On stderr, which the runner reads as well: stdout is for the report. */
export const annotateOnGitHub = (report: Report, terminal: Terminal): void => {
  if (terminal.env['GITHUB_ACTIONS'] !== 'true') return;
  const annotations = github(report).trimEnd();
  if (annotations !== '') terminal.note(annotations);
  const summary = terminal.env['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summary === '') return;
  try {
    appendFileSync(summary, markdown(report));
  } catch (error) {
    terminal.note(`The job's summary could not be written: ${(error as Error).message}`);
  }
};
