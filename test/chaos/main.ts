/**
 * `npm run chaos -- --minutes 60 --seed 7`: makes nodes fail while clients use them, and checks what became of every event.
 * Exits with 1 if anything was lost, recorded twice or out of order. With `--overlapping`, nodes are killed while another one is
 * stopped or cut off, too.
 *
 * @module
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { percentile, type Measures } from './history.ts';
import { runChaos, type RunResult } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    nodes: { type: 'string', default: '3' },
    accounts: { type: 'string', default: '24' },
    overlapping: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const numberOf = (name: 'minutes' | 'seed' | 'nodes' | 'accounts'): number => {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} is "${values[name]}". Pass a number greater than 0.`);
};

const table = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, number]) => `  ${name}: ${number}`).join('\n');

const latencyLine = ({ latencies }: Measures): string =>
  `p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`;

const recoveryLines = ({ recoveries }: Measures): string =>
  [...recoveries]
    .filter(([, times]) => times.length > 0)
    .map(([name, times]) => {
      const [median, high] = [percentile(times, 0.5), percentile(times, 0.99)];
      const most = Math.max(...times);
      return `  ${name}: ${times.length} accounts, p50 ${median.toFixed(0)} ms, p99 ${high.toFixed(0)} ms, max ${most.toFixed(0)} ms`;
    })
    .join('\n');

const report = ({ verdict, measures, campaignEvents }: RunResult): string => `
Failures:
${table(measures.actions)}
Answers to clients:
${table(measures.answers)}
Successful requests: ${latencyLine(measures)}
Load of the machine: ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors
Time until another node served the accounts of the failed one:
${recoveryLines(measures)}
Accepted events: ${verdict.accepted}, delivered: ${verdict.delivered}, dead letters: ${verdict.dead}, attempts: ${verdict.attempts}
Lost: ${verdict.lost}, attempts recorded twice: ${verdict.doubleRecords}, requests repeated without a record: ${verdict.repeatedRequests}
Events of the campaign, the same as without failures: ${campaignEvents}
Violations: ${verdict.violations.length}
${verdict.violations
  .slice(0, 50)
  .map((one) => `  ${one}`)
  .join('\n')}`;

const options = {
  minutes: numberOf('minutes'),
  seed: numberOf('seed'),
  nodes: numberOf('nodes'),
  accounts: numberOf('accounts'),
  isOverlapping: values.overlapping,
  log: (text: string): void => {
    if (values.verbose) console.log(`${(performance.now() / 1000).toFixed(2)} s: ${text}`);
  },
};
console.log(`Chaos for ${options.minutes} min on ${options.nodes} nodes, --seed ${options.seed}`);
const result = await runChaos(options);
console.log(report(result));
process.exitCode = result.verdict.violations.length === 0 ? 0 : 1;
