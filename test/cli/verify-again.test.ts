/**
 * `verify --failed` and `verify --watch`: the failed checks again, from one run to the next.
 *
 * @module
 */
import { expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { COMMAND, createWorkshop } from './exec-support.ts';
import { reportOf } from './verify-support.ts';

// Every test starts processes, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

/** Fails the checks of missing signatures, and what does not depend on it passes. */
const FAULTY = 'if (given.length === 0) return 200;\n  if (given.length !== expected.length';
const RIGHT = 'if (given.length !== expected.length';
const ONLY = [
  '--only',
  'signature/missing-header,signature/wrong-digest,delivery/dup-seq',
  '--fail-on',
  'should',
];
const EXEC = ['--exec', COMMAND, '--sink-env', 'CRM_URL'];

test('--failed runs what failed in the last run from this directory, and nothing else', async () => {
  using shop = await createWorkshop();
  const right = shop.read('receiver.cjs');
  const none = await shop.verify([...EXEC, shop.url, '--failed']);
  expect(none.stderr).toContain(`--failed found no earlier run against ${shop.url}`);
  expect(none.status).toBe(2);
  const both = await shop.verify([...EXEC, shop.url, '--failed', ...ONLY]);
  expect(both.stderr).toContain('--failed and --only are mutually exclusive');

  shop.write('receiver.cjs', right.replace(RIGHT, FAULTY));
  expect((await shop.verify([...EXEC, shop.url, ...ONLY])).status).toBe(1);
  shop.write('receiver.cjs', right);
  const again = await shop.verify([...EXEC, shop.url, '--failed', '--json']);
  const ids = reportOf(again).checks.map(({ id }) => id);
  expect(ids).toContain('signature/missing-header');
  expect(ids).not.toContain('signature/wrong-digest');
  expect(ids).not.toContain('delivery/dup-seq');
  expect(again.status).toBe(0);
  // Nothing is left of it, so all checks would run: stop that run at its first step.
  const all = await shop.verify([
    ...EXEC,
    shop.url,
    '--failed',
    '--skip',
    'delivery/*,content/*,performance/*,signature/*',
  ]);
  expect(all.stderr).toContain('Nothing failed in the last run: running all checks.');
});

test('--watch runs the failed checks again when a file changes or Enter is pressed', async () => {
  using shop = await createWorkshop();
  const right = shop.read('receiver.cjs');
  shop.write('receiver.cjs', right.replace(RIGHT, FAULTY));
  await using watching = shop.keepVerifying([...EXEC, shop.url, ...ONLY, '--watch']);
  const shown = (text: string, times = 1) =>
    eventually(() =>
      expect(watching.stderr().split(text).length - 1, watching.stderr()).toBe(times),
    );
  await shown('Press Enter to run the 1 failed check again');
  watching.child.stdin.write('\n');
  await shown('Running 1 failed check.');
  await shown('Press Enter to run the 1 failed check again', 2);
  shop.write('receiver.cjs', 'no JavaScript at all');
  await shown('receiver.cjs changed: running 1 failed check.');
  await shown('SyntaxError');
  await shown('Press Enter to run the 1 failed check again', 3);
  shop.write('receiver.cjs', right);
  await shown('No failed check is left: running all checks.');
  await shown('Press Enter to run all checks again');
  expect(shop.alive()).toHaveLength(1);
  watching.child.stdin.write('q\n');
  await eventually(() => expect(watching.child.exitCode).toBe(0));
  expect(shop.alive()).toEqual([]);
});

test('Ctrl-C ends --watch and its receiver', async () => {
  using shop = await createWorkshop();
  await using watching = shop.keepVerifying([
    ...EXEC,
    shop.url,
    '--only',
    'http/reachable',
    '--watch',
  ]);
  await eventually(() => expect(watching.stderr()).toContain('Press Enter'));
  expect(await watching.stop('SIGINT')).toBe(130);
  expect(shop.alive()).toEqual([]);
});
