/**
 * The field set's runner, on a few receivers and checks; the score is `npm run field`.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  HALVES,
  isFaulty,
  pathIn,
  receiversOf,
  type FieldReceiver,
} from '../receivers/field/catalogue.ts';
import { measure } from '../receivers/field/measure.ts';
import { summarise } from '../receivers/field/summary.ts';

const OPTIONS = { seed: 1, limitMs: 60_000 };
const PLAIN = ['signature/accepts-valid', 'signature/missing-header', 'delivery/dup-seq'];

const openReceiver = (fits: (receiver: FieldReceiver) => boolean): FieldReceiver =>
  receiversOf('open').find((receiver) => receiver.language === 'node' && fits(receiver))!;

describe('the field set', () => {
  test('describes every receiver of both halves', () => {
    const halves = HALVES.map((half) => receiversOf(half));
    expect(halves.map((all) => all.filter(isFaulty).length)).toEqual([147, 0]);
    expect(halves.map((all) => all.length)).toEqual([195, 0]);
    for (const [place, half] of HALVES.entries()) {
      const absent = halves[place]!.filter(({ file }) => !existsSync(pathIn(half, file)));
      expect(absent.map(({ id }) => id)).toEqual([]);
    }
  });

  test('names a public report and a cause for every fault', () => {
    const faulty = HALVES.flatMap((half) => receiversOf(half).filter(isFaulty));
    for (const { cause, source } of faulty) {
      expect(() => new RegExp(cause, 'i')).not.toThrow();
      expect(source).toMatch(/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(issues|pull)\/\d+$/);
    }
    expect(new Set(faulty.map(({ source }) => source)).size).toBe(faulty.length);
  });

  test.concurrent('starts a correct receiver with its hooks and raises no alarm', async () => {
    const receiver = openReceiver((one) => !isFaulty(one) && one.stack === 'http');
    const measured = await measure('open', receiver, { ...OPTIONS, only: PLAIN });
    expect(measured).toMatchObject({ skipped: null, findings: [], errors: [] });
    expect(summarise('open', [measured])).toMatchObject({ correct: 1, falseAlarms: 0 });
  });

  test.concurrent('restarts a receiver without losing what it stored', async () => {
    const receiver = openReceiver(({ stack }) => stack === 'fastify');
    const only = ['delivery/restart-probe', 'delivery/dedupe-volatile'];
    const measured = await measure('open', receiver, { ...OPTIONS, only });
    expect(measured).toMatchObject({ findings: [], errors: [], notTested: 0 });
  });

  test.concurrent('counts a receiver with a fault that no selected check looks for as missed', async () => {
    const receiver = openReceiver((one) => isFaulty(one) && one.stack === 'http');
    const measured = await measure('open', receiver, { ...OPTIONS, only: PLAIN.slice(0, 1) });
    expect(summarise('open', [measured])).toMatchObject({ faulty: 1, found: 0, causeNamed: 0 });
  });
});
