/**
 * A right signature, taken from another event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance } from '../../judge/forgeries.ts';
import { isAccepted, notTested, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/other-event',
  level: 'MUST',
  title: 'Refuses the signature of another event',
  requirement: {
    text: 'The signature covers the raw bytes of this body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'Signatures that were right once are remembered (a cache, a session), or only a part of the body is hashed that two events share.',
  fix: 'Compute the HMAC for every request, over all bytes of its body; remember ids of events, not signatures.',
  catches: ['signature-remembered', 'signature-hashes-beginning-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const real = probe.event();
    const captured = await probe.post(real);
    if (!isAccepted(captured)) {
      return notTested(`The event to borrow from was answered ${describeReply(captured.reply)}.`);
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
      { name: 'its id and address changed', signature, body: tampered },
      {
        name: 'a member added at its end',
        signature,
        body: { ...tampered, id: probe.events.freshId(), data: appended },
      },
    ]);
  },
});
