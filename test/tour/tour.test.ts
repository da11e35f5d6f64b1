/**
 * The first minutes of a newcomer, from a clone to a receiver that is right: clone, start the receiver, trigger every type of
 * event, read the verdict, fix what it names, and see it pass. Prints how long each step took, without `npm ci`.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { missingModule } from '../receivers/python.ts';
import { describeSample, sample } from '../support/sample.ts';
import { answers, environment, freePort, run, stop, type Outcome } from '../support/process.ts';
import { NAIVE } from './receivers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'whsec_a-newcomers-secret';
const LIMIT_MS = 240_000;

/** A folder of its own, with a clone in it. */
const cloneInto = async (folder: string): Promise<string> => {
  const clone = join(folder, 'sendemall-mock');
  const url = `file://${root}`;
  const options = { cwd: folder, env: environment() };
  const { status, output } = await run('git', ['clone', '-q', '--depth', '1', url, clone], options);
  expect(status, output).toBe(0);
  // In place of `npm ci`, which .ci/run does and times.
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(clone, 'src/cli/bin.js');
};

const start = async (
  folder: string,
  [file, ...args]: readonly [string, ...string[]],
  url: string,
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> => {
  const child = spawn(file, args, {
    cwd: folder,
    env: { ...environment(), ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await answers(url, child, () => errors);
  return child;
};

/** The line that hashes the wrong bytes decides; everything else is the same. */
const tour = async (framework: keyof typeof NAIVE): Promise<readonly string[]> => {
  const { file, source, fault, fix, command } = NAIVE[framework];
  const folder = mkdtempSync(join(tmpdir(), `tour-${framework}-`));
  const times: string[] = [];
  let begun = performance.now();
  const lap = (step: string): void => {
    times.push(`${step} ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    begun = performance.now();
  };
  const running = new Set<ChildProcess>();
  try {
    const bin = await cloneInto(folder);
    lap('clone');
    const [port, sandboxPort] = [await freePort(), await freePort()];
    const target = `http://127.0.0.1:${port}/webhooks/sendemall`;
    const settings = { PORT: String(port), SENDEMALL_SECRET: SECRET };
    const env = {
      ...environment(),
      SENDEMALL_MOCK_SECRET: SECRET,
      SENDEMALL_MOCK_SANDBOX_URL: `http://127.0.0.1:${sandboxPort}`,
    };
    const mock = (...args: readonly string[]): Promise<Outcome> =>
      run(process.execPath, [bin, ...args], { cwd: folder, env });

    writeFileSync(join(folder, file), source);
    let receiver = await start(folder, command, target, settings);
    running.add(receiver);
    const serve = ['serve', '--port', String(sandboxPort), '--forward-to', target] as const;
    const ready = `${env.SENDEMALL_MOCK_SANDBOX_URL}/readyz`;
    running.add(await start(folder, [process.execPath, bin, ...serve], ready, env));
    lap('receiver and sandbox');

    for (const type of EVENT_TYPES) {
      const { status, output } = await mock('trigger', type);
      expect(status, output).toBe(0);
    }
    lap(`${EVENT_TYPES.length} events`);

    const wrong = await mock('verify', target, '--fail-on', 'should');
    expect(wrong.status, wrong.output).toBe(1);
    expect(wrong.output).toMatch(/cause +\S.*(JSON|serializ|dumps|stringify)/s);
    lap('verdict');

    writeFileSync(join(folder, file), source.replace(fault, fix));
    await stop(receiver);
    running.delete(receiver);
    receiver = await start(folder, command, target, settings);
    running.add(receiver);
    const right = await mock('verify', target, '--fail-on', 'should');
    expect(right.status, right.output).toBe(0);
    expect(right.stdout).toContain('PASSED');
    lap('fixed and passed');
    return times;
  } finally {
    await Promise.all([...running].map((child) => stop(child)));
    rmSync(folder, { recursive: true, force: true });
  }
};

const STACKS = [
  ['express', null],
  ['flask', 'flask'],
] as const;
const TITLE = `a newcomer with %s (${describeSample(STACKS, STACKS.length)})`;

test.for(sample(STACKS, STACKS.length))(
  TITLE,
  { timeout: LIMIT_MS },
  async ([framework, module], { skip }) => {
    const lack = module === null ? null : missingModule(module);
    if (lack !== null) return skip(lack);
    const times = await tour(framework);
    console.log(`${framework}: ${times.join(', ')}`);
    expect(times).toHaveLength(5);
  },
);
