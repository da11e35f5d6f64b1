/**
 * Who tests the tests: every mutant is caught by the checks that claim it and by no unrelated MUST, and the model
 * receiver has no fault.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { verify } from '../../src/conformance/verify.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';

const SECRET = 'whsec_self-test-secret';

const claims = (name: string): string[] =>
  CATALOGUE.filter(({ catches }) => catches.includes(name)).map(({ id }) => id);

test('the model receiver has no fault', async () => {
  await using receiver = new ModelReceiver(SECRET);
  await receiver.start();
  const report = await verify({
    url: receiver.url,
    secret: SECRET,
    hooks: receiver.hooks,
    seed: 1,
  });
  expect(report.checks.filter(({ status }) => status === 'fail' || status === 'error')).toEqual([]);
});

describe('every mutant is caught', () => {
  test.for(MUTANTS)('$name', async ({ name, make, without = [], also = {} }) => {
    await using receiver = make(SECRET);
    await receiver.start();
    const hooks = { ...receiver.hooks };
    for (const hook of without) delete hooks[hook];
    const report = await verify({ url: receiver.url, secret: SECRET, hooks, seed: 1 });
    const failed = report.checks.filter(({ status }) => status === 'fail');
    const ids = failed.map(({ id }) => id);
    expect(claims(name), 'a check that claims it').not.toEqual([]);
    expect(ids).toEqual(expect.arrayContaining(claims(name)));
    const unrelated = failed.filter(
      ({ id, level }) => level === 'MUST' && !claims(name).includes(id) && !(id in also),
    );
    expect(unrelated).toEqual([]);
    expect(report.checks.filter(({ status }) => status === 'error')).toEqual([]);
  });
});
