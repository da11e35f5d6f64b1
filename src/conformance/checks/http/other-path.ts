/**
 * A valid event at an unregistered path.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/other-path',
  level: 'INFO',
  title: 'Processes events at its registered path only',
  requirement: {
    text: 'The provider posts only to the registered URL',
    source: 'guide, "Step 1: Register your endpoint"',
  },
  cause: 'The handler is mounted for all subpaths, or for all paths.',
  fix: 'Mount it at the registered path only, so that a wrong registration is noticed.',
  catches: ['http-any-path'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const url = new URL(probe.url);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/not-registered`;
    const event = probe.event();
    const exchange = await probe.post(event, { url: url.href });
    if (!isAccepted(exchange)) return pass();
    const count = await effectsOf(probe).settled(event.id, 1, { forMs: 500 });
    if (count === 0)
      return pass(`responds with ${describeReply(exchange.reply)} there, without effect`);
    return fail({
      expected: ['404'],
      actual: `${describeReply(exchange.reply)}, and processed it`,
    });
  },
});
