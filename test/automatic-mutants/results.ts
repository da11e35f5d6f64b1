/**
 * Figures of the automatic mutants.
 *
 * @module
 */
import type { MutantSource } from './mutant.ts';
import { INCONCLUSIVE, type Judged, type Outcome } from './judge.ts';

const countOf = (judged: readonly Judged[], outcome: Outcome): number =>
  judged.filter((one) => one.outcome === outcome).length;

/** Percentage of the mutants that run and are not equivalent. */
const killRate = (judged: readonly Judged[]): string => {
  const killed = countOf(judged, 'killed');
  const all = killed + countOf(judged, 'survived');
  return all === 0 ? '–' : `${((100 * killed) / all).toFixed(1)} %`;
};

/** `express: 95.0 % of 120 killed, 6 survived, 8 equivalent, 3 do not start`. */
export const summaryOf = (name: string, judged: readonly Judged[]): string => {
  const survived = countOf(judged, 'survived');
  const tried = countOf(judged, 'killed') + survived;
  return (
    `${name}: ${killRate(judged)} of ${tried} killed, ${survived} survived, ` +
    `${countOf(judged, 'equivalent')} equivalent, ${countOf(judged, 'stillborn')} do not start`
  );
};

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('`', '').replace(/\s+/g, ' ').slice(0, 120);

const rows = (judged: readonly Judged[], outcome: Outcome): readonly string[] =>
  judged
    .filter((one) => one.outcome === outcome)
    .map(
      ({ mutant: { place, original, replacement }, by }) =>
        `| ${place} | \`${cell(original)}\` | \`${cell(replacement)}\` | ${cell(by)} |`,
    )
    .toSorted();

/** The rows of a page below a heading, as far as they begin with one of the names. */
const rowsOf = (page: string, heading: string, names: readonly string[]): readonly string[] => {
  const begun = page.indexOf(heading);
  const next = page.indexOf('\n## ', begun + heading.length);
  const section = page.slice(begun, next === -1 ? undefined : next);
  return section
    .split('\n')
    .filter((line) =>
      names.some((name) => line.startsWith(`| ${name} `) || line.startsWith(`| ${name}:`)),
    );
};

/**
 * @param left receivers that did not run
 * @param before the page as it was, with their rows
 */
export const renderResults = (
  results: ReadonlyMap<string, readonly Judged[]>,
  left: readonly MutantSource[],
  before: string,
): string => {
  const files = left.flatMap((source) => source.files);
  const kept = rowsOf(
    before,
    '| receiver |',
    left.map(({ name }) => name),
  );
  const never = left.filter(({ name }) => !kept.some((row) => row.startsWith(`| ${name} `)));
  const sectionOf = (heading: string, outcome: Outcome): string =>
    [...rowsOf(before, heading, files), ...rows(all, outcome)].toSorted().join('\n');
  const table = [...results].map(([name, judged]) =>
    [
      '',
      name,
      judged.length,
      countOf(judged, 'killed'),
      judged.filter(({ by }) => by.startsWith(INCONCLUSIVE)).length,
      countOf(judged, 'survived'),
      countOf(judged, 'equivalent'),
      countOf(judged, 'stillborn'),
      killRate(judged),
      '',
    ]
      .join(' | ')
      .trim(),
  );
  const all = [...results.values()].flat();
  return `# Automatic mutants

Written by \`npm run mutants\`: correct receivers, each with one mechanical change, and the suite with all hooks. A mutant is
killed when a MUST or SHOULD fails, or when the run is inconclusive (exit status 2), because the mutant may be a fault of a hook.

| receiver | mutants | killed | of these inconclusive | survived | equivalent | do not start | kill rate |
|---|---|---|---|---|---|---|---|
${[...kept, ...table].join('\n')}
${never.length === 0 ? '' : `\nNot run: ${never.map(({ name }) => name).join(', ')}.\n`}
## Survivors

| place | original | replacement | remark |
|---|---|---|---|
${sectionOf('## Survivors', 'survived')}

## Equivalent

| place | original | replacement | reason |
|---|---|---|---|
${sectionOf('## Equivalent', 'equivalent')}
`;
};
