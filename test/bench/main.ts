/**
 * Benchmarks: ratios measured in one run, each with its limit. `npm run bench [name …] [-- --json FILE]`.
 * Exits with status 1 if a limit is exceeded.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { build } from '../receivers/reference/node-http.ts';
import { run } from '../receivers/reference/run.ts';
import { SECRET } from '../support/api.ts';
import { forwardingFigures, pendingFigures, scalingFigures } from './cluster.ts';
import { coldStartFigures, install } from './cold-start.ts';
import { deliveryFigures, postgresFigures } from './deliveries.ts';
import { dockerFigures } from './docker.ts';
import { inspectorFigures } from './inspector.ts';
import { peerFigures, type PeerFigures } from './peers/peers.ts';
import { requestFigures } from './requests.ts';
import { scaleFigures, type ScaledRead, type ScaleFigures } from './scale.ts';
import {
  hangingFigures,
  largeTriggerFigures,
  searchFigures,
  snapshotFigures,
  type StallFigures,
  verificationFigures,
} from './stalls.ts';
import { startChild, startReceiver } from './support.ts';

type Figures = Record<string, number>;

interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  readonly atLeast: boolean;
  readonly detail: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const child = async (file: string, ...args: readonly string[]): Promise<Figures> => {
  await using started = await startChild(file, {}, args);
  return started.hello as Figures;
};

const atLeast = (what: string, value: number, limit: number, detail: string, unit = '×'): Line => ({
  what,
  value,
  unit,
  limit,
  atLeast: true,
  detail,
});
const atMost = (what: string, value: number, limit: number, detail: string, unit = '×'): Line => ({
  what,
  value,
  unit,
  limit,
  atLeast: false,
  detail,
});

const buildCommand = (): void => {
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

const number = (figures: Figures, name: string): number => {
  const value = figures[name];
  if (value === undefined) throw new Error(`the benchmark did not report "${name}"`);
  return value;
};

/** The longest turn of the event loop. Real time is reported only: on a busy machine other processes add to it. */
const longestTurn = (what: string, figures: StallFigures): Line => {
  const [wall, p99, worst] = [figures.wallMs, figures.p99Ms, figures.worstMs].map(Math.round);
  const detail = `processor time; in real time ${wall} ms; other accounts: 99th percentile ${p99} ms, worst ${worst} ms`;
  return atMost(`longest turn of the event loop, ${what}`, figures.cpuMs, 50, detail, 'ms');
};

const snapshotLines = (snapshot: ScaleFigures['snapshots'][number]): Line[] => {
  const { name, ms, stallMs, p99Ms, worstMs, megabytes, peakMb } = snapshot;
  const what = `${name} of 100,000 deliveries`;
  const size = `${megabytes.toFixed(0)} MB in ${(ms / 1000).toFixed(1)} s`;
  const others = `other accounts: 99th percentile ${p99Ms.toFixed(0)} ms, worst ${worstMs.toFixed(0)} ms`;
  return [
    atMost(`longest turn, ${what}`, stallMs, 50, `processor time; ${others}`, 'ms'),
    atMost(`99th percentile of other accounts’ requests, ${what}`, p99Ms, 50, size, 'ms'),
    atMost(`memory added by a ${what}`, peakMb, 200, size, 'MB'),
  ];
};

const benchmarks: Readonly<Record<string, () => Promise<Line[]>>> = {
  file: async () => {
    const { ratio, cpuRatio, detail } = await deliveryFigures('file');
    return [
      atLeast('deliveries/s, SQLite file, against the bare loop', ratio, 0.6, detail),
      atMost('CPU per delivery, SQLite file, against the bare loop', cpuRatio, 1.6, detail),
    ];
  },
  memory: async () => {
    const { ratio, cpuRatio, detail } = await deliveryFigures('memory');
    return [
      atLeast('deliveries/s, in memory, against the bare loop', ratio, 0.7, detail),
      atMost('CPU per delivery, in memory, against the bare loop', cpuRatio, 1.6, detail),
    ];
  },
  postgres: async () => {
    const { ratio, cpuRatio, detail } = await postgresFigures('off');
    const flushed = await postgresFigures('on');
    return [
      atLeast(
        'deliveries/s, PostgreSQL without flushes to the disk, against the SQLite file',
        ratio,
        0.5,
        detail,
      ),
      atLeast(
        'deliveries/s, PostgreSQL with flushes, against the SQLite file without',
        flushed.ratio,
        0.5,
        flushed.detail,
      ),
      atMost(
        'CPU per delivery of the node, PostgreSQL, against the SQLite file',
        cpuRatio,
        1.6,
        detail,
      ),
    ];
  },
  cluster: async () => {
    const scaling = await scalingFigures();
    const forwarding = await forwardingFigures();
    const pending = await pendingFigures();
    const share = 'nothing but the database is shared';
    return [
      atMost(
        'CPU per delivery of the nodes, two against one',
        scaling.cpuRatio,
        1.2,
        scaling.cpuDetail,
      ),
      atMost(
        'CPU per delivery of PostgreSQL, two nodes against one',
        scaling.serverCpuRatio,
        1.3,
        `${scaling.serverDetail}; ${share}`,
      ),
      atLeast(
        'deliveries/s, two nodes against one',
        scaling.ratio,
        availableParallelism() >= 8 ? 1.7 : 0.8,
        scaling.detail,
      ),
      atMost('what forwarding adds, p50', forwarding.addedP50, 3, forwarding.detail, 'ms'),
      atMost('what forwarding adds, p99', forwarding.addedP99, 10, forwarding.detail, 'ms'),
      atMost(
        'claiming on PostgreSQL with 1,000,000 pending, against 1,000',
        pending.claimRatio,
        2,
        pending.claimDetail,
      ),
      atMost(
        'opening the store and the account with 1,000,000 pending',
        pending.openMs,
        1000,
        'until the next due delivery is known',
        'ms',
      ),
      atMost('listing 100 of 1,000,000 pending', pending.listMs, 20, 'median', 'ms'),
    ];
  },
  ladder: async () => {
    const { ratio, detail } = await deliveryFigures('ladder');
    return [
      atLeast('40,000 failing attempts by one advance, against the bare loop', ratio, 0.6, detail),
    ];
  },
  claims: async () => {
    const figures = await child('claims.ts');
    const detail = `${number(figures, 'claim_ms_1m').toFixed(3)} ms against ${number(figures, 'claim_ms_1k').toFixed(3)} ms for 16`;
    return [
      atMost('claiming with 1,000,000 pending, against 1,000', number(figures, 'ratio'), 2, detail),
      atMost(
        'memory with 1,000,000 pending, file database',
        number(figures, 'rss_mb'),
        200,
        'resident set',
        'MB',
      ),
    ];
  },
  requests: async () => {
    const figures = await requestFigures();
    return ['list', 'register'].map((name) =>
      atLeast(
        `/v1 ${name} requests/s, against a bare Hono route`,
        number(figures, `${name}_ratio`),
        0.4,
        `${figures[`${name}_per_s`]}/s against ${figures[`bare_${name}_per_s`]}/s`,
      ),
    );
  },
  verify: async () => {
    const apart = await child('verify-apart.ts');
    const apartWithEffects = await child('verify-apart.ts', 'effects');
    const cold = (run: Figures): string =>
      `cold, ${number(run, 'cpu_ms').toFixed(0)} ms of processor time of the suite`;
    const figures = await child('verify.ts');
    const seconds = (name: string): number => number(figures, name) / 1000;
    const ms = (name: string): string => `${number(figures, name).toFixed(0)} ms`;
    const sent = `${number(figures, 'requests')} requests: ${ms('run_ms')} against ${ms('bare_ms')}`;
    const all = `with every hook ${seconds('hooks_ms').toFixed(1)} s`;
    return [
      atMost('verify, Express receiver, no hook', seconds('default_ms'), 2, 'cold', 's'),
      atMost('verify, Express receiver, effects hook', seconds('effects_ms'), 5, all, 's'),
      atMost(
        'verify, Express receiver in a process of its own, no hook',
        number(apart, 'run_ms') / 1000,
        2,
        cold(apart),
        's',
      ),
      atMost(
        'verify, Express receiver in a process of its own, effects hook',
        number(apartWithEffects, 'run_ms') / 1000,
        5,
        cold(apartWithEffects),
        's',
      ),
      atMost('verify, a receiver that never answers', seconds('hanging_ms'), 30, 'whole run', 's'),
      atMost(
        'a verify run, against its requests sent bare',
        number(figures, 'overhead'),
        1.5,
        sent,
      ),
    ];
  },
  start: async () => {
    buildCommand();
    const bareFile = `${root}dist/bench/bare-app.js`;
    await mkdir(`${root}dist/bench`, { recursive: true });
    const bundle = await rolldown({ input: `${root}test/bench/bare-app.ts`, platform: 'node' });
    await bundle.write({ file: bareFile, format: 'esm' });
    await bundle.close();
    const figures = await coldStartFigures(bareFile);
    return [
      atMost(
        'cold start to the first 200, against a bare Hono server',
        number(figures, 'ratio'),
        2,
        `${number(figures, 'command_ms').toFixed(0)} ms against ${number(figures, 'bare_ms').toFixed(0)} ms`,
      ),
    ];
  },
  docker: async () => {
    const figures = await dockerFigures();
    if (figures === null) return [];
    const slowest = `median of 7, the slowest ${number(figures, 'slowest_ms').toFixed(0)} ms`;
    const health = 'docker stats, its health check included';
    return [
      atMost('what the image adds to its base', number(figures, 'added_mb'), 15, 'on disk', 'MB'),
      atMost('docker run until healthy', number(figures, 'healthy_ms'), 1000, slowest, 'ms'),
      atMost('idle memory of a container', number(figures, 'idle_mb'), 80, health, 'MB'),
    ];
  },
  inspector: async () => {
    const figures = await inspectorFigures();
    if (figures === null) return [];
    const over = 'over 100,000 deliveries, files cached, median of 7';
    const live = 'while 1,000 attempts a second arrive for 15 s';
    return [
      atMost('all files of the inspector', number(figures, 'gzip_kb'), 60, 'gzip', 'kB'),
      atMost('first paint of the inspector', number(figures, 'paint_ms'), 100, over, 'ms'),
      atMost('longest frame of the inspector', number(figures, 'frame_ms'), 200, live, 'ms'),
      atMost('memory of the inspector', number(figures, 'heap_mb'), 150, live, 'MB'),
      atMost(
        'memory of the inspector after an hour of live traffic',
        number(figures, 'hour_mb'),
        40,
        `the account’s clock, 60×: 36,000 events, a fifth fails and is retried; without garbage; ${number(figures, 'hour_before_mb').toFixed(1)} MB before`,
        'MB',
      ),
    ];
  },
  simulate: async () => {
    const figures = await child('simulate.ts');
    const detail = `${Math.round(number(figures, 'per_second'))} events/s, nothing delivered`;
    const leads = '100,000 leads, four e-mails, 1.1 million events';
    return [
      atMost(
        'simulating and formatting an event, against serialising it',
        number(figures, 'ratio'),
        10,
        detail,
      ),
      atMost(
        'a large campaign to its end by one advance',
        number(figures, 'advance_ms') / 1000,
        30,
        leads,
        's',
      ),
      atMost(
        'memory during that advance',
        number(figures, 'rss_mb'),
        700,
        'resident set, in memory',
        'MB',
      ),
    ];
  },
  hanging: async () => {
    const lines: Line[] = [];
    for (const webhooks of [100, 300, 1000]) {
      const figures = await hangingFigures(webhooks);
      const latency = `a healthy webhook’s delivery beside ${webhooks} hanging ones, against without`;
      lines.push(
        longestTurn(`${webhooks} hanging webhooks on one origin`, figures),
        atMost(latency, figures.ratio, 3, `median ${figures.medianMs.toFixed(1)} ms`),
      );
    }
    return lines;
  },
  large: async () => {
    const [memory, file] = [await largeTriggerFigures('memory'), await largeTriggerFigures('file')];
    const snapshot = await snapshotFigures();
    return [
      longestTurn('triggers of 10,000 events, in memory', memory),
      longestTurn('triggers of 10,000 events, SQLite file', file),
      longestTurn(`PUT of a snapshot of ${Math.round(snapshot.megabytes)} MB`, snapshot),
    ];
  },
  verification: async () => {
    await using careless = await startReceiver();
    await using careful = await run(build, SECRET);
    return [
      longestTurn(
        'a verification of a receiver that accepts everything, to its reports',
        await verificationFigures(careless.url),
      ),
      longestTurn(
        'a verification of a correct receiver, to its reports',
        await verificationFigures(careful.url),
      ),
    ];
  },
  search: async () => {
    const [memory, file] = [await searchFigures('memory'), await searchFigures('file')];
    const whole = 'a filter without a match over 100,000 deliveries';
    return [
      longestTurn(`${whole}, in memory`, memory),
      longestTurn(`${whole}, SQLite file`, file),
      atMost(`${whole}, SQLite file`, file.searchMs / 1000, 5, 'in 20 requests', 's'),
    ];
  },
  scale: async () => {
    buildCommand();
    const { reads, writes, snapshots, starts, streams, trigger, fanOut, campaign, memory } =
      await scaleFigures(await install());
    const both = ({ ms, smallMs, wallMs }: ScaledRead): string =>
      `processor time, ${ms.toFixed(1)} ms against ${smallMs.toFixed(1)} ms at 10,000; real time ${wallMs.toFixed(1)} ms`;
    const slowest = reads.reduce((worst, read) => (read.ms > worst.ms ? read : worst));
    const steepest = reads.reduce((worst, read) => (read.ratio > worst.ratio ? read : worst));
    const stalling = reads.reduce((worst, read) => (read.stallMs > worst.stallMs ? read : worst));
    const { perSecond, listenedPerSecond } = streams;
    return [
      atMost(
        'slowest read at 1,000,000',
        slowest.ms,
        20,
        `${slowest.name}: ${both(slowest)}`,
        'ms',
      ),
      atMost(
        'read at 1,000,000, against 10,000',
        steepest.ratio,
        2,
        `${steepest.name}: ${both(steepest)}`,
      ),
      atMost('longest turn, reads at 1,000,000', stalling.stallMs, 50, stalling.name, 'ms'),
      ...writes.flatMap(({ name, ms, stallMs, p99Ms, worstMs }) => [
        atMost(`${name}, 1,000,000 deliveries`, ms / 1000, 1, 'until it is answered', 's'),
        atMost(
          `longest turn, ${name}`,
          stallMs,
          50,
          `processor time; other accounts: 99th percentile ${p99Ms.toFixed(0)} ms, worst ${worstMs.toFixed(0)} ms`,
          'ms',
        ),
      ]),
      ...snapshots.flatMap(snapshotLines),
      atMost('start with 1,000,000 deliveries', starts.cleanMs / 1000, 1.5, 'first 200', 's'),
      atMost('the same after SIGKILL', starts.killedMs / 1000, 1.5, 'first 200', 's'),
      atLeast(
        'events/s with 100 listeners, against none',
        listenedPerSecond / perSecond,
        0.5,
        `${listenedPerSecond.toFixed(0)}/s against ${perSecond.toFixed(0)}/s`,
      ),
      atMost(
        'CPU of a POST of one complete event, against a bare Hono route',
        trigger.ratio,
        2,
        `${trigger.cpuUs.toFixed(0)} µs against ${trigger.bareCpuUs.toFixed(0)} µs`,
      ),
      ...fanOut.map(({ name, manyUs, oneUs }) =>
        atMost(
          `CPU per delivery, ${name}`,
          manyUs / oneUs,
          1.3,
          `SQLite file, ${manyUs.toFixed(0)} µs against ${oneUs.toFixed(0)} µs`,
        ),
      ),
      ...campaign.map(({ name, ms }) =>
        atMost(`longest turn, ${name}`, ms, 50, 'SQLite file, processor time', 'ms'),
      ),
      atMost('memory of an idle account', memory.idleAccount / 1000, 10, 'with a webhook', 'kB'),
      atMost(
        'memory of a pending delivery',
        memory.pendingDelivery,
        100,
        'SQLite file, heap; the cache of pages is limited to 16 MB',
        'bytes',
      ),
    ];
  },
  peers: async () => {
    const { systems, missing } = await peerFigures();
    for (const what of missing) console.log(`Left out: ${what}`);
    const [file, ...others] = systems;
    const { perSecond, cpuPerEvent } = file!;
    const both = (theirs: PeerFigures): string =>
      `${perSecond.toFixed(0)}/s against ${theirs.perSecond.toFixed(0)}/s; CPU ${(cpuPerEvent * 1e6).toFixed(0)} µs against ${(theirs.cpuPerEvent * 1e6).toFixed(0)} µs`;
    return others.flatMap((theirs) => {
      const what = `SQLite file, against ${theirs.name} (${theirs.storage})`;
      return [
        atLeast(`events/s, ${what}`, perSecond / theirs.perSecond, 1, both(theirs)),
        atMost(`CPU per event, ${what}`, cpuPerEvent / theirs.cpuPerEvent, 1, 'with the database'),
      ];
    });
  },
  advance: async () => {
    const figures = await child('one-advance.ts');
    return [
      atMost(
        'one event’s whole ladder by one advance over HTTP',
        number(figures, 'ladder_ms'),
        50,
        'median of 19',
        'ms',
      ),
    ];
  },
};

/** Decimal places by unit. */
const DIGITS: Readonly<Record<string, number>> = { '×': 2, s: 1, bytes: 1 };
const digitsOf = ({ value, unit }: Line): number =>
  unit === 'ms' && value < 10 ? 2 : (DIGITS[unit] ?? 0);

const isHeld = ({ value, limit, atLeast: floor }: Line): boolean =>
  floor ? value >= limit : value <= limit;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
});
const names = positionals.length === 0 ? Object.keys(benchmarks) : positionals;
const unknown = names.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(
    `Unknown benchmark: ${unknown.join(', ')}. Known benchmarks: ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(2);
}

const lines: Line[] = [];
for (const name of names) {
  console.error(`Running ${name} …`);
  lines.push(...(await benchmarks[name]!()));
}
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}\n`);
console.log('| what | figure | must be | |\n|---|---|---|---|');
for (const line of lines) {
  const figure = `${line.value.toFixed(digitsOf(line))} ${line.unit}`;
  const limit = `${line.atLeast ? '≥' : '≤'} ${line.limit} ${line.unit}`;
  console.log(
    `| ${line.what} | **${figure}**${isHeld(line) ? '' : ' (missed)'} | ${limit} | ${line.detail} |`,
  );
}
if (values.json !== undefined) {
  await writeFile(
    values.json,
    `${JSON.stringify({ node: process.version, cores: cpus().length, lines: lines.map((line) => ({ ...line, held: isHeld(line) })) }, null, 2)}\n`,
  );
}
process.exitCode = lines.every(isHeld) ? 0 : 1;
