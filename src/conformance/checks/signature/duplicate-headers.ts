/**
 * The header twice, as no HTTP client sends it.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { habitOf, judgeAcceptance, wrongSignature } from '../../judge/forgeries.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { postRaw } from '../../probe/raw-post.ts';
import { fail, isAccepted, isRefused, pass, describeReply, silenceOf } from '../../verdict.ts';

/** Sent as they are: an HTTP client would make one of the two. */
const postBoth = (
  probe: Probe,
  body: string,
  signatures: readonly [string, string],
): Promise<Exchange> => {
  const headers = [
    ...probe.headersFor(body, { signature: null }),
    ...signatures.map((value) => [SIGNATURE.header, value] as const),
  ];
  return postRaw(probe, body, headers, null);
};

export const check = defineCheck({
  id: 'signature/duplicate-headers',
  level: 'MUST',
  title: 'Is not confused by two signature headers',
  requirement: {
    text: 'Verify the signature before processing the payload; a wrong one is answered 401',
    source: 'guide, "Step 2: Verify the signature"; RFC 9110, 5.3',
  },
  cause:
    'Where the header comes twice, the framework gives a list in place of a text, and the code takes that for something else.',
  fix: 'Refuse whatever is not one text: `if (typeof signature !== "string") return res.status(401).end()`.',
  catches: ['signature-two-headers-accepted', 'signature-two-headers-throw'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const verdict = await judgeAcceptance(probe, [
      {
        name: 'two wrong ones',
        signature: null,
        send: (_, body) => postBoth(probe, body, [wrongSignature(probe), wrongSignature(probe)]),
      },
    ]);
    if (verdict.status !== 'pass' || verdict.note !== undefined) return verdict;
    const [wrong] = probe.exchanges;
    const first = probe.write(probe.event());
    const rightFirst = await postBoth(probe, first, [
      probe.signing.valid(first),
      wrongSignature(probe),
    ]);
    const last = probe.write(probe.event());
    const rightLast = await postBoth(probe, last, [
      wrongSignature(probe),
      probe.signing.valid(last),
    ]);
    // Which of the two counts is the framework's affair: either is right, and so is refusing both.
    const broken = [
      { name: 'two wrong ones', exchange: wrong! },
      { name: 'the right one first', exchange: rightFirst },
      { name: 'the right one last', exchange: rightLast },
    ].filter(({ exchange }) => !isAccepted(exchange) && !isRefused(exchange));
    if (broken.length > 0) {
      const silence = silenceOf(broken.map(({ exchange }) => exchange));
      if (silence !== null) return silence;
      const failure = fail({
        level: 'SHOULD',
        expected: ['a 4xx, or a 2xx when one of them is right'],
        actual: broken
          .map(({ name, exchange }) => `${name}: ${describeReply(exchange.reply)}`)
          .join('; '),
        exchanges: broken.map(({ exchange }) => exchange).toReversed(),
        diagnosis: 'Nothing is accepted by it, but the receiver fails over it.',
      });
      return (await habitOf(probe)) ?? failure;
    }
    const counts = [
      ...(isAccepted(rightFirst) ? ['the first'] : []),
      ...(isAccepted(rightLast) ? ['the last'] : []),
    ];
    return pass(counts.length === 0 ? 'refused' : `it looks at ${counts.join(' and ')}`);
  },
});
