/**
 * Runs the suite against receivers that the tests know everything about.
 *
 * @module
 */
import type { Hooks, StartSandbox } from '../../src/conformance/hooks/hooks.ts';
import type { VerifyOptions } from '../../src/conformance/options.ts';
import type { Report } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { createMock } from '../../src/create-mock.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import type { Reference } from '../receivers/reference/all.ts';

/** The guide's, so that its samples run as they stand. */
export const SECRET = 'whsec_your-signing-secret';
export const SEED = 1;

/** A sandbox of its own for every run that asks for one. */
const startSandbox: StartSandbox = async () => {
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  return {
    url: mock.url,
    apiKey: 'self-test',
    [Symbol.asyncDispose]: () => mock.close(0),
  };
};

interface Target {
  readonly url: string;
  readonly hooks: Hooks;
}

/** Every check with every hook that the receiver has. */
export const examine = (
  { url, hooks }: Target,
  only?: readonly string[],
  more: Partial<VerifyOptions> = {},
): Promise<Report> =>
  verify({ url, secret: SECRET, hooks, only, seed: SEED, sandbox: startSandbox, ...more });

export const examineReference = async ({ start, only }: Reference): Promise<Report> => {
  await using receiver = await start(SECRET);
  return await examine(receiver, only);
};

export const examineMutant = async (
  { make, without = [] }: Mutant,
  only?: readonly string[],
  more?: Partial<VerifyOptions>,
): Promise<Report> => {
  await using receiver = make(SECRET);
  await receiver.start();
  const hooks = { ...receiver.hooks };
  for (const hook of without) delete hooks[hook];
  return await examine({ url: receiver.url, hooks }, only, more);
};
