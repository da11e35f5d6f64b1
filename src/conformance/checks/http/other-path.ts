/**
 * A valid event at a path that nobody registered.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/other-path',
  level: 'INFO',
  title: 'Processes events at its own path only',
  requirement: {
    text: 'The provider posts to the registered URL and to no other',
    source: 'guide, "Step 1: Register your endpoint"',
  },
  cause: 'The handler is mounted for every path below, or for all.',
  fix: 'Mount it at the one path that is registered, so that a wrong registration shows.',
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
    if (count === 0) return pass(`answers ${describeReply(exchange.reply)} there, without effect`);
    return fail({
      expected: ['404'],
      actual: `${describeReply(exchange.reply)}, and processed it`,
    });
  },
});
