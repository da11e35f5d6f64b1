/**
 * What the suite finds in the provider's own samples, as they stand in the guide.
 *
 * @module
 */
import { expect, test } from 'vitest';
import type { Report } from '../../src/conformance/report.ts';
import * as express from '../receivers/samples/express.ts';
import * as flask from '../receivers/samples/flask.ts';
import { examine } from './run-suite.ts';

const found = (report: Report): Record<string, string> =>
  Object.fromEntries(
    report.checks.filter(({ status }) => status === 'fail').map(({ id, level }) => [id, level]),
  );

const errors = ({ checks }: Report) => checks.filter(({ status }) => status === 'error');

test('Express: a forgery without a signature is answered 500, with a stack; nothing is deduplicated', async () => {
  await using receiver = await express.start();
  const report = await examine(receiver);
  expect(errors(report)).toEqual([]);
  expect(found(report)).toMatchInlineSnapshot(`
    {
      "content/size-beyond": "INFO",
      "content/unknown-event": "INFO",
      "delivery/dup-seq": "MUST",
      "http/signed-nonsense": "INFO",
      "signature/body-bom": "INFO",
      "signature/leaks-stack": "SHOULD",
      "signature/malformed": "SHOULD",
      "signature/missing-header": "SHOULD",
    }
  `);
  const missing = report.checks.find(({ id }) => id === 'signature/missing-header');
  expect(missing).toMatchObject({ status: 'fail', level: 'SHOULD' });
  expect(missing?.exchanges.at(-1)?.response).toMatchObject({ status: 500 });
});

test('Flask: a signature with bytes beyond ASCII is answered 500; nothing is deduplicated', async ({
  skip,
}) => {
  const lack = flask.missing();
  if (lack !== null) skip(lack);
  await using receiver = await flask.start();
  const report = await examine(receiver);
  expect(errors(report)).toEqual([]);
  expect(found(report)).toMatchInlineSnapshot(`
    {
      "content/unknown-event": "INFO",
      "delivery/dup-seq": "MUST",
      "http/signed-nonsense": "INFO",
      "signature/body-invalid-utf8": "INFO",
      "signature/non-ascii": "SHOULD",
    }
  `);
});
