/**
 * Effects of every forged request so far, also of those that were refused.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { explainOvertaken } from '../../experiments/overtaken.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { forgedEffects, forgeriesIn, type ForgedEffect } from '../../judge/forged-effects.ts';
import { judgeForgeries } from '../../judge/forgeries.ts';
import { describeReply, fail, isAccepted, pass } from '../../verdict.ts';

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

const describeForm = (found: readonly ForgedEffect[]): string => {
  const forms = unique(found.map(({ form }) => form));
  return forms.length === 1 ? ` ${forms[0]}` : '';
};

export const check = defineCheck({
  id: 'signature/forged-effects',
  level: 'MUST',
  title: 'Processes no forged request, whatever it answers',
  requirement: {
    text: 'Verify the signature before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'The request is answered 401 and processed all the same.',
  fix: 'Return right after answering 401: nothing of a request may be processed, queued or stored before its signature is verified.',
  catches: ['signature-refuses-and-processes', 'signature-queues-before-verify'],
  stage: 'sequences',
  needs: ['effects'],
  after: ['signature/wrong-digest', 'signature/missing-header'],
  run: async (probe) => {
    // Alone, it has nothing to look back on.
    if (forgeriesIn(probe, probe.allExchanges()).length === 0) {
      await judgeForgeries(probe, [{ name: 'no signature header', signature: null }]);
    }
    const all = probe.allExchanges();
    // An accepted forgery is the affair of the check that sent it.
    const found = (await forgedEffects(probe, all)).filter(({ exchange }) => !isAccepted(exchange));
    const [first] = found;
    if (first === undefined) return pass(`${all.length} requests looked at`);
    const answer = describeReply(first.exchange.reply);
    const overtaken = await explainOvertaken(probe);
    if (overtaken !== null) {
      return fail({
        symptom: 'forged',
        key: overtaken.key,
        expected: ['no effect of a forged request, and one of the event before it'],
        actual: `${found.length} forged requests took effect in place of events that still waited`,
        diagnosis: overtaken.sentence,
        fix: overtaken.fix,
        exchanges: [first.exchange],
      });
    }
    return failForged(probe, {
      key: 'forged:processed-although-refused',
      expected: ['no effect of a forged request'],
      actual: `${found.length} forged requests took effect, the first ${first.form}: ${answer}, then ${first.count === 1 ? 'one effect' : `${first.count} effects`}`,
      diagnosis: `A forged request${describeForm(found)} is refused (${answer}) and processed all the same: it takes effect without a valid signature.`,
      exchanges: found
        .slice(0, 4)
        .map(({ exchange }) => exchange)
        .toReversed(),
    });
  },
});
