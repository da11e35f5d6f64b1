/**
 * How a repeat is answered: anything but 2xx makes the provider come again, and in the end give the event up.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dup-accepted',
  level: 'MUST',
  title: 'Answers 2xx to an event that it has already',
  requirement: {
    text: 'Webhooks can be delivered more than once, and what is not answered 2xx is retried and then a dead letter',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'A repeat is treated as an error: 409, 400, or a 500 from a unique key that nobody catches.',
  fix: 'Answer 200 to a repeat: it is success. 409 is right only while the first one is still being processed. Catch the unique-key error (Rails RecordNotUnique, Laravel UniqueConstraintViolationException, Prisma P2002, SQLSTATE 23505).',
  catches: ['delivery-duplicate-409', 'delivery-duplicate-500'],
  stage: 'valid',
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    if (!isAccepted(first)) {
      return notTested(
        `The first delivery was answered ${describeReply(first.reply)}, so none was a repeat.`,
      );
    }
    const second = await deliver(probe, event);
    if (isAccepted(second)) return pass();
    return fail({
      expected: ['a 2xx, as the first time'],
      actual: `${describeReply(first.reply)}, and the second time ${describeReply(second.reply)}`,
    });
  },
});
