/**
 * Verdicts on a state hook that does not know a lead.
 *
 * @module
 */
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createHttpHooks } from '../../src/conformance/hooks/http-hooks.ts';
import { check } from '../../src/conformance/checks/domain/state-probe.ts';
import { kill, open } from '../receivers/receiver.ts';
import { right, scripted } from './scripted-receiver.ts';

const FAILURE = /^lead\.00001@\S+ is unknown after email\.unsubscribed was accepted with 2xx/;

test('a hook over HTTP: which URL was asked', async () => {
  const server = createServer((_, response) => response.writeHead(404).end());
  const stateUrl = `http://127.0.0.1:${await open(server)}/leads/{lead_email}`;
  await using receiver = await scripted(right, { hooks: createHttpHooks({ stateUrl }) });
  const verdict = await check.run(receiver.probe);
  await kill(server);
  expect(verdict).toMatchObject({ status: 'fail', actual: expect.stringMatching(FAILURE) });
  expect(verdict).toHaveProperty(
    'actual',
    expect.stringMatching(
      /: GET http:\/\/127\.0\.0\.1:\d+\/leads\/lead\.00001@\S+ responded with 404$/,
    ),
  );
});

test('a callback: no more than that', async () => {
  const state = async () => ({ known: false });
  await using receiver = await scripted(right, { hooks: { state } });
  expect(await check.run(receiver.probe)).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(/2xx$/) as string,
  });
});
