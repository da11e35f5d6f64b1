/**
 * The client has a method for every operation of the specs, except those that are not called by clients.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../schemas/operations.ts';
import { createClient } from '../../src/client/create-client.ts';

/** Operations without a client method, and why. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  getLiveness: 'for orchestrators',
  getReadiness: 'for orchestrators',
  getMetrics: 'for Prometheus',
  recordRequest: 'called by receivers',
};

/** Call every function of the client, with ids and empty bodies. */
const callAll = async (part: object): Promise<void> => {
  for (const member of Object.values(part)) {
    if (typeof member === 'object') await callAll(member as object);
    if (typeof member !== 'function') continue;
    const result: unknown = await (member as (...args: unknown[]) => unknown)('id', 'id', {});
    // Pagers send nothing before they are iterated.
    if (typeof result === 'object' && result !== null && 'page' in result)
      await (result as { page(): Promise<unknown> }).page();
  }
};

test('every operation is called by a method', async () => {
  const requests: { readonly method: string; readonly path: string }[] = [];
  const client = createClient({
    baseUrl: 'http://sandbox.example',
    apiKey: 'key',
    fetch: (request) => {
      const path = new URL(request.url).pathname;
      requests.push({ method: request.method, path });
      const data = path.endsWith('/requests') ? [] : { reached: true };
      return Response.json({ success: true, data });
    },
  });
  await callAll(client);
  const isCalled = ({ method, path }: (typeof OPERATIONS)[number]): boolean => {
    const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u');
    return requests.some((one) => one.method === method && pattern.test(one.path));
  };
  const missing = OPERATIONS.filter((operation) => !isCalled(operation));
  expect(missing.map(({ operationId }) => operationId).toSorted()).toEqual(
    Object.keys(NOT_CALLED).toSorted(),
  );
  const unknown = requests.filter(
    (one) =>
      !OPERATIONS.some(({ method, path }) => {
        const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u');
        return method === one.method && pattern.test(one.path);
      }),
  );
  expect(unknown).toEqual([]);
});
