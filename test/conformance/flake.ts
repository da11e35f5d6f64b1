/**
 * `npm run test:flake -- [rounds] [busy threads] [share]`: the whole self-test again and again while every core is busy.
 * A scored verdict that changes is a flake; it fails. On a machine that other work keeps busy the threads may be 0; the
 * load that was there is shown with each round. A share such as 1/2 is that half of the receivers: run the other half
 * beside it, in a process of its own, and both cores of a small machine are used.
 *
 * @module
 */
import { availableParallelism, loadavg } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CheckResult } from '../../src/conformance/report.ts';
import { judgeMutant, judgeReference } from './judge.ts';
import { makeSurvey, type Survey } from './confusion-matrix.ts';

const rounds = Number(process.argv[2] ?? 20);
if (!Number.isInteger(rounds) || rounds < 2) {
  console.error('The number of rounds is at least 2: npm run test:flake -- 20');
  process.exit(2);
}
const busy = Number(process.argv[3] ?? availableParallelism());
if (!Number.isInteger(busy) || busy < 0) {
  console.error('The number of busy threads is 0 or more: npm run test:flake -- 20 2');
  process.exit(2);
}

const [index = 1, of = 1] = (process.argv[4] ?? '1/1').split('/').map(Number);
if (!Number.isInteger(index) || !Number.isInteger(of) || index < 1 || index > of) {
  console.error('The share is one of several: npm run test:flake -- 20 1 1/2');
  process.exit(2);
}

/** Receivers at a time: more than the self-test has, to press for room. */
const AT_ONCE = 10;

const BUSY = 'for (let until = 0; ; ) { until = (until * 1103515245 + 12345) % 2147483648; }';

const verdicts = ({ mutants, references }: Survey): ReadonlyMap<string, string> => {
  const scored = ({ level }: CheckResult): boolean => level !== 'INFO';
  return new Map(
    [...mutants, ...references].flatMap(({ subject, report }) =>
      report.checks
        .filter(scored)
        .map(({ id, status }) => [`${subject.name}: ${id}`, status] as const),
    ),
  );
};

const problems = ({ mutants, references }: Survey): readonly string[] => [
  ...mutants.flatMap(({ subject, report }) =>
    judgeMutant(subject, report).map((problem) => `${subject.name}: ${problem}`),
  ),
  ...references.flatMap(({ subject, report }) =>
    judgeReference(report).map((problem) => `${subject.name}: ${problem}`),
  ),
];

const workers = Array.from({ length: busy }, () => new Worker(BUSY, { eval: true }));
let first: ReadonlyMap<string, string> | null = null;
let flakes = 0;
for (let round = 1; round <= rounds; round += 1) {
  const begun = Date.now();
  const survey = await makeSurvey({ atOnce: AT_ONCE, share: { index: index - 1, of } });
  const now = verdicts(survey);
  first ??= now;
  const changed = [...first].filter(([key, status]) => now.get(key) !== status);
  const wrong = problems(survey);
  flakes += changed.length + wrong.length;
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  console.log(
    `round ${round} of ${rounds}: ${seconds} s, load ${loadavg()[1]!.toFixed(1)}, ` +
      `${now.size} verdicts, ${changed.length} changed, ${wrong.length} wrong`,
  );
  for (const [key, status] of changed) console.log(`  ${key}: ${status}, now ${now.get(key)}`);
  for (const problem of wrong) console.log(`  ${problem}`);
}
await Promise.all(workers.map((worker) => worker.terminate()));
console.log(flakes === 0 ? 'No verdict changed.' : `${flakes} flakes.`);
// A broken receiver may leave something running behind.
process.exit(flakes === 0 ? 0 : 1);
