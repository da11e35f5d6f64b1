/**
 * A campaign that a receiver may pause, in a real sandbox.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { createClient } from '../../../src/client/create-client.ts';
import { sandboxCampaign } from '../../../src/conformance/hooks/sandbox-campaign.ts';
import { createMock } from '../../../src/create-mock.ts';

test('runs, sends nothing, is seen to be paused, and is taken away', async () => {
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  const client = createClient({ baseUrl: mock.url, apiKey: 'key' });
  const start = sandboxCampaign({ sandboxUrl: mock.url, apiKey: 'key' }, undefined);
  const watched = await start();
  const campaign = await client.campaigns.get(watched.id);
  expect(campaign).toMatchObject({
    status: 'active',
    name: 'Conformance: to be paused',
    timezone: 'UTC',
    daily_limit: 1,
  });
  expect(await watched.isPaused()).toBe(false);
  await client.campaigns.pause(watched.id);
  expect(await watched.isPaused()).toBe(true);
  await watched[Symbol.asyncDispose]();
  await expect(client.campaigns.get(watched.id)).rejects.toMatchObject({ status: 404 });
  // Twice is no trouble.
  await watched[Symbol.asyncDispose]();
  await expect(watched.isPaused()).rejects.toThrow(
    /^The campaign hook failed: cannot use the sandbox\. /,
  );
  await mock.close(0);
});

test('where no sandbox listens, says so', async () => {
  const start = sandboxCampaign({ sandboxUrl: 'http://127.0.0.1:1', apiKey: 'key' }, undefined);
  await expect(start()).rejects.toMatchObject({
    name: 'HookError',
    message: expect.stringMatching(
      /^The campaign hook failed: cannot use the sandbox\. .*127\.0\.0\.1:1/,
    ) as string,
  });
});
