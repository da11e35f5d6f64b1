/**
 * `verify --list`: prints the catalogue of checks.
 *
 * @module
 */
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { areaOf, isActive } from '../../conformance/check.ts';
import { selectChecks, type Selection } from '../../conformance/run/select.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export const listChecks = (selection: Selection, json: boolean, terminal: Terminal): void => {
  const checks = selectChecks(CATALOGUE, selection);
  if (json) {
    terminal.printJson(
      checks.map((check) => ({
        id: check.id,
        area: areaOf(check),
        level: check.level,
        title: check.title,
        requirement: check.requirement.text,
        source: check.requirement.source,
        needs: isActive(check) ? (check.needs ?? []) : [],
        cause: check.cause,
        fix: check.fix,
      })),
      true,
    );
    return;
  }
  for (const check of checks) {
    const { id, level, title, requirement } = check;
    const needs = isActive(check) ? (check.needs ?? []) : [];
    const rows = [
      ['  requirement', requirement.text],
      ['  source', requirement.source],
      ...(needs.length === 0 ? [] : [['  hooks', needs.join(', ')]]),
    ];
    terminal.print(`${terminal.style('bold', id)}  ${level}  ${title}`);
    for (const line of table(rows)) terminal.print(line);
  }
  const count = (level: string): number => checks.filter((one) => one.level === level).length;
  terminal.note(
    `${checks.length} checks: ${count('MUST')} MUST, ${count('SHOULD')} SHOULD, ${count('INFO')} INFO.`,
  );
};
