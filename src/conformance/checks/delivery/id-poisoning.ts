/**
 * A forgery must not make the receiver treat the real event as a duplicate.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { deliver, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/id-poisoning',
  level: 'MUST',
  title: 'Does not record ids from forgeries',
  requirement: {
    text: 'Verify the signature before processing the payload; deduplicate by id',
    source:
      'guide, "Step 2: Verify the signature" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The id is marked as seen before the signature is checked, so anyone who guesses an id can suppress a real event.',
  fix: 'Check the signature before reading anything from the body.',
  catches: ['delivery-marks-before-verify'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const forgeries = [
      ['a wrong signature', `${SIGNATURE.prefix}${'0'.repeat(64)}`],
      ['no signature', null],
    ] as const;
    const delivered = [];
    for (const [forgery, signature] of forgeries) {
      const event = probe.event();
      await probe.post(event, { signature });
      const exchange = await deliver(probe, event);
      delivered.push({
        name: `the real event, after a forgery with its id and ${forgery}`,
        event,
        exchange,
      });
    }
    return (await judgeOnce(probe, delivered)) ?? pass();
  },
});
