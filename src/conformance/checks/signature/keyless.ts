/**
 * Signatures that need no secret.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { forgedEffects } from '../../judge/forged-effects.ts';
import { wrongDigest } from '../../judge/forgeries.ts';
import { ENCODINGS, KEYLESS_SIGNATURES, type Known } from '../../samples/keyless.ts';
import type { Exchange } from '../../net/exchange.ts';
import { sideBySide } from '../../experiments/trial.ts';
import type { Probe } from '../../probe/probe.ts';
import { isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

/** Side by side: they have nothing to do with one another. A slow receiver gets more. */
const AT_ONCE = 8;

interface Attempt {
  readonly name: string;
  readonly encoding: string;
  readonly digits: number;
  readonly exchange: Exchange;
}

const attemptAll = (probe: Probe, earlier: Known['earlier']): Promise<readonly Attempt[]> =>
  sideBySide(
    probe,
    KEYLESS_SIGNATURES,
    async ({ name, encoding, digits, write }) => {
      const event = probe.event();
      const body = probe.write(event);
      const { id, timestamp } = event;
      const signature = write({ body, id, timestamp, earlier });
      return { name, encoding, digits, exchange: await probe.post(body, { signature }) };
    },
    AT_ONCE,
  );

/** Whether a random value of the same form is accepted, too: malformed signatures have checks of their own. */
const isAcceptedAnyway = async (probe: Probe, { encoding, digits }: Attempt): Promise<boolean> => {
  const [, write] = ENCODINGS.find(([name]) => name === encoding)!;
  const digest = (wrongDigest(probe) + wrongDigest(probe)).slice(0, digits);
  return isAccepted(await probe.post(probe.event(), { signature: write(digest) }));
};

export const check = defineCheck({
  id: 'signature/keyless',
  level: 'MUST',
  title: 'Refuses signatures that need no secret',
  requirement: {
    text: 'The signature is an HMAC-SHA256 of the raw body with the webhook’s secret',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'A digest that is computed without the secret is accepted as a signature, so anyone can forge events.',
  fix: 'Compare with the HMAC-SHA256 of the raw body under the secret, and with nothing else: no checksum, no fallback, no list of alternatives.',
  catches: ['signature-plain-hash', 'signature-body-as-key', 'signature-md5-base64'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/partial-compare'],
  run: async (probe) => {
    const real = probe.event();
    const captured = await probe.post(real);
    if (!isAccepted(captured)) {
      return notTested(
        `The valid event to start from was answered ${describeReply(captured.reply)}.`,
      );
    }
    const attempts = await attemptAll(probe, { body: probe.write(real) });
    const accepted: Attempt[] = [];
    for (const one of attempts.filter(({ exchange }) => isAccepted(exchange))) {
      if (!(await isAcceptedAnyway(probe, one))) accepted.push(one);
    }
    const [first] = accepted;
    if (first === undefined) return pass(`${attempts.length} refused`);
    const exchanges = accepted.map(({ exchange }) => exchange).toReversed();
    const harmful = await forgedEffects(probe, exchanges);
    const names = accepted.map(({ name }) => name);
    return failForged(probe, {
      key: `forged:keyless:${first.name}`,
      expected: ['a 4xx (401 in the provider’s guide), no effect'],
      actual: `accepted ${names.join('; ')}${harmful.length > 0 ? ', and processed it' : ''}`,
      diagnosis: `Accepts ${first.name}, a digest that anyone can compute without the secret, as a signature.`,
      exchanges,
    });
  },
});
