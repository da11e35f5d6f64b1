/**
 * A forgery of each event type: a receiver may verify only some of them.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { forgedEffects } from '../../judge/forged-effects.ts';
import { wrongSignature } from '../../judge/forgeries.ts';
import type { Exchange } from '../../net/exchange.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { describeReply, fail, isAccepted, pass } from '../../verdict.ts';

interface Attempt {
  readonly type: string;
  readonly exchange: Exchange;
}

const attempt = (probe: Probe): Promise<readonly Attempt[]> => {
  const forgeries = EVENT_TYPES.flatMap((type) =>
    [null, wrongSignature(probe)].map((signature) => ({ type, signature })),
  );
  return inTurn(probe, forgeries, async ({ type, signature }) => ({
    type,
    exchange: await probe.post(probe.event(type), { signature }),
  }));
};

const quoted = (types: readonly string[]): string =>
  types.map((type) => `\`${type}\``).join(types.length === 2 ? ' and ' : ', ');

export const check = defineCheck({
  id: 'signature/forgeries-by-type',
  level: 'MUST',
  title: 'Refuses forged events of every type',
  requirement: {
    text: 'Every delivery is signed; verify the signature before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The signature is verified in the handler of some event types only, or behind an exception for others.',
  fix: 'Verify the signature of every request, before its body is parsed and before its event type is looked at.',
  catches: ['signature-some-types-unverified', 'signature-completed-unverified'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/missing-header'],
  run: async (probe) => {
    const attempts = await attempt(probe);
    const accepted = attempts.filter(({ exchange }) => isAccepted(exchange));
    if (accepted.length === 0) return pass();
    const types = [...new Set(accepted.map(({ type }) => type))];
    // Accepted whatever the type: signature/refuses-with-4xx judges a receiver that answers so and drops forgeries.
    if (types.length === EVENT_TYPES.length) return pass('every forgery is answered alike');
    const harmful = await forgedEffects(
      probe,
      accepted.map(({ exchange }) => exchange),
    );
    if (probe.effects !== null && harmful.length === 0) {
      return fail({
        level: 'SHOULD',
        expected: ['a 4xx (401 in the provider’s guide), no effect'],
        actual: `forged ${quoted(types)}: ${describeReply(accepted[0]!.exchange.reply)}, no effect`,
        diagnosis: `Forged events of type ${quoted(types)} are answered 2xx, though they have no effect: their signature is not verified.`,
        exchanges: accepted.slice(0, 2).map(({ exchange }) => exchange),
      });
    }
    return failForged(probe, {
      key: `forged:types:${types.join('+')}`,
      expected: ['a 4xx (401 in the provider’s guide), no effect'],
      actual: `accepted forged ${quoted(types)}${harmful.length > 0 ? ', and processed them' : ''}; refused forged events of the other types`,
      diagnosis: `The signature of ${quoted(types)} is not verified: forged events of ${types.length === 1 ? 'this type' : 'these types'} are accepted${harmful.length > 0 ? ' and take effect' : ''}.`,
      exchanges: accepted
        .slice(0, 4)
        .map(({ exchange }) => exchange)
        .toReversed(),
    });
  },
});
