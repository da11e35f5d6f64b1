/**
 * `docker/compose.yaml`: the sandbox delivers to the receiver, and `verify` judges it by its status.
 *
 * @module
 */
import { afterAll, describe, expect } from 'vitest';
import { createClient } from '../../src/client/create-client.ts';
import { freePort } from '../support/process.ts';
import { CLUSTER_FILE, COMPOSE_FILE, readComposeFile, runArguments } from './compose-file.ts';
import { dockerTest, removeImage } from './docker-test.ts';
import { BASE, docker, healthy, made, start, until, type Container } from './engine.ts';

afterAll(removeImage);

const settings = async (image: string, more: Readonly<Record<string, string>> = {}) =>
  readComposeFile({
    SENDEMALL_MOCK_IMAGE: image,
    SENDEMALL_MOCK_BASE: BASE,
    SENDEMALL_MOCK_PORT: String(await freePort()),
    ...more,
  });

const isHealthy = (container: Container): Promise<true> =>
  until('healthy', async () =>
    (await container.inspect<string>('.State.Health.Status')) === 'healthy' ? true : null,
  );

describe('compose.yaml', () => {
  dockerTest('is what Compose takes, as is compose.cluster.yaml', async ({ image, skip }) => {
    expect(image).not.toBe('');
    const { status } = await docker('compose', 'version');
    if (status !== 0) return skip('docker compose is not installed');
    for (const file of [COMPOSE_FILE, CLUSTER_FILE]) {
      const checked = await docker('compose', '--file', file, 'config', '--quiet');
      expect(checked).toMatchObject({ status: 0, stderr: '' });
    }
  });

  dockerTest('brings up a sandbox that delivers to the receiver', async ({ image }) => {
    const file = await settings(image);
    await using network = await made('network');
    try {
      await using receiver = await start(...runArguments(file, 'receiver', network.name));
      await isHealthy(receiver);
      await using sandbox = await start(...runArguments(file, 'sandbox', network.name));
      const client = createClient({ baseUrl: await healthy(sandbox), apiKey: 'your-api-key' });
      const { deliveries } = await client.events.trigger({ event: 'email.replied' });
      const { delivery } = await client.deliveries.wait(deliveries[0]!.id);
      expect(delivery.status).toBe('delivered');
      expect(await receiver.logs()).toContain(`email.replied ${delivery.event_id}`);
    } finally {
      await docker('volume', 'rm', '--force', `${network.name}-state`);
    }
  });

  dockerTest('ends with the verdict on the receiver', async ({ image }) => {
    const file = await settings(image);
    await using network = await made('network');
    await using receiver = await start(...runArguments(file, 'receiver', network.name));
    await isHealthy(receiver);
    const verify = (others: typeof file) =>
      docker('run', '--rm', ...runArguments(others, 'verify', network.name));

    const right = await verify(file);
    expect(right.stdout + right.stderr).toMatch(/^PASSED \d+ of \d+ /mu);
    expect(right.status).toBe(0);

    // A secret that the receiver does not have: it rejects correctly signed events.
    const wrong = await verify(
      await settings(image, { SENDEMALL_MOCK_SECRET: 'whsec_of-somebody-else' }),
    );
    expect(wrong.status).not.toBe(0);
  });

  dockerTest('ends with status 2 when the receiver cannot be reached', async ({ image }) => {
    await using network = await made('network');
    const file = await settings(image);
    const ran = await docker('run', '--rm', ...runArguments(file, 'verify', network.name));
    expect(ran.status).toBe(2);
  });
});
