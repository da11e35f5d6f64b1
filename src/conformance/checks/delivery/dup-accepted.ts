/**
 * The response to a duplicate: anything but 2xx causes retries and finally a dead letter.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeHang } from '../../diagnosis/hung.ts';
import { deliver } from '../../judge/deliver.ts';
import {
  fail,
  isAccepted,
  notTested,
  pass,
  describeReply,
  describeResponseTo,
} from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dup-accepted',
  level: 'MUST',
  title: 'Responds with 2xx to a duplicate',
  requirement: {
    text: 'Webhooks can be delivered more than once, and an event that does not get a 2xx is retried and then becomes a dead letter',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'A duplicate is treated as an error: 409, 400, or a 500 from an uncaught unique-key violation.',
  fix: 'Respond with 200 to a duplicate: it is a success. 409 is only correct while the first request is still being processed. Catch the unique-key error (Rails RecordNotUnique, Laravel UniqueConstraintViolationException, Prisma P2002, SQLSTATE 23505).',
  catches: ['delivery-duplicate-409', 'delivery-duplicate-500'],
  stage: 'valid',
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    if (!isAccepted(first)) {
      return notTested(
        `${describeResponseTo('the first delivery', first.reply)}, so there was no duplicate.`,
      );
    }
    const second = await deliver(probe, event);
    if (isAccepted(second)) return pass();
    const isHung = second.reply.kind === 'none' && second.reply.cause === 'timeout';
    return fail({
      ...(isHung ? describeHang([second], [first, second]) : null),
      expected: ['a 2xx, as for the first delivery'],
      actual: `first delivery: ${describeReply(first.reply)}; second: ${describeReply(second.reply)}`,
    });
  },
});
