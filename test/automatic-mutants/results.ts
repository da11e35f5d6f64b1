/**
 * Figures of the automatic mutants.
 *
 * @module
 */
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

/** @param left receivers that did not run */
export const renderResults = (
  results: ReadonlyMap<string, readonly Judged[]>,
  left: readonly string[],
): string => {
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
${table.join('\n')}
${left.length === 0 ? '' : `\nNot run: ${left.join(', ')}.\n`}
## Survivors

| place | original | replacement | remark |
|---|---|---|---|
${rows(all, 'survived').join('\n')}

## Equivalent

| place | original | replacement | reason |
|---|---|---|---|
${rows(all, 'equivalent').join('\n')}
`;
};
