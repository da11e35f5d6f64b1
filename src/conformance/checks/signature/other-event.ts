/**
 * A valid signature taken from another event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance } from '../../judge/forgeries.ts';
import { isAccepted, notTested, describeResponseTo } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/other-event',
  level: 'MUST',
  title: 'Rejects the signature of another event',
  requirement: {
    text: 'The signature covers the raw bytes of the body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'Valid signatures are cached, or only a part of the body that two events share is hashed.',
  fix: 'Compute the HMAC for every request over its whole body; store event ids, not signatures.',
  catches: ['signature-remembered', 'signature-hashes-beginning-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const real = probe.event();
    const captured = await probe.post(real);
    if (!isAccepted(captured)) {
      return notTested(`${describeResponseTo('the original event', captured.reply)}.`);
    }
    const signature = probe.signing.valid(probe.write(real));
    const { lead_email: _, ...rest } = real.data;
    const tampered = {
      ...real,
      id: probe.events.freshId(),
      data: { ...rest, lead_email: probe.events.freshEmail() },
    };
    const appended = { ...real.data, note: 'added by somebody else' };
    return judgeAcceptance(probe, [
      { name: 'another event with its signature', signature },
      { name: 'the event with a changed id and address', signature, body: tampered },
      {
        name: 'the event with an added field',
        signature,
        body: { ...tampered, id: probe.events.freshId(), data: appended },
      },
    ]);
  },
});
