/**
 * `npm run field -- [open|held-out] [--json] [--only ids] [--reveal]`: runs the suite against receivers whose faults were
 * taken from public bug reports, and prints what it found of them. Of the half that is held out only the figures are
 * shown, so that the suite is not fitted to its faults; `--reveal` shows the rest.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { HALVES, receiversOf, type Half } from '../receivers/field/catalogue.ts';
import { measure, type Measured } from '../receivers/field/measure.ts';
import { describeMeasured, summarise, summaryLine } from '../receivers/field/summary.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    reveal: { type: 'boolean', default: false },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    limit: { type: 'string', default: '180' },
    seed: { type: 'string', default: '1' },
  },
});

const fail = (message: string): never => {
  console.error(message);
  process.exit(2);
};

const integer = (name: 'jobs' | 'limit' | 'seed', min: number): number => {
  const value = Number(flags[name]);
  if (Number.isInteger(value) && value >= min) return value;
  return fail(`Invalid --${name} "${flags[name]}": expected a whole number, at least ${min}.`);
};

const isHalf = (name: string): name is Half => (HALVES as readonly string[]).includes(name);

const halvesAsked = (): readonly Half[] => {
  if (positionals.length === 0) return HALVES;
  return positionals.map((name) =>
    isHalf(name) ? name : fail(`Unknown folder "${name}". Known folders: ${HALVES.join(', ')}.`),
  );
};

const jobs = integer('jobs', 1);
const options = { seed: integer('seed', 0), limitMs: integer('limit', 1) * 1000 };
const halves = halvesAsked();
const wanted = flags.only?.split(',');

const waiting = halves
  .flatMap((half) => receiversOf(half).map((receiver) => ({ half, receiver })))
  .filter(({ receiver }) => wanted?.includes(receiver.id) ?? true);
if (waiting.length === 0) fail(`No receiver is called ${flags.only}.`);

const isShown = (half: Half): boolean => half === 'open' || flags.reveal;

const measured: Measured[] = [];
const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const one = await measure(next.half, next.receiver, options);
    measured.push(one);
    if (!flags.json && isShown(one.half)) console.log(describeMeasured(one));
  }
};
await Promise.all(Array.from({ length: jobs }, work));

const summaries = halves.map((half) => summarise(half, measured));
if (flags.json) {
  const receivers = measured
    .filter(({ half }) => isShown(half))
    .toSorted((one, other) => one.receiver.id.localeCompare(other.receiver.id));
  console.log(JSON.stringify({ seed: options.seed, summaries, receivers }, null, 2));
} else {
  for (const summary of summaries) console.log(summaryLine(summary));
}
// A receiver with a fault may leave something running behind.
process.exit(0);
