/**
 * Two signature headers, which no HTTP client sends.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { habitOf, judgeAcceptance, wrongSignature } from '../../judge/forgeries.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { postRaw } from '../../probe/raw-post.ts';
import {
  fail,
  isAccepted,
  isRefused,
  pass,
  describeReply,
  timeoutVerdictOf,
} from '../../verdict.ts';

/** Send both headers unmodified over a raw connection: an HTTP client would join them. */
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
  title: 'Handles duplicate signature headers',
  requirement: {
    text: 'Verify the signature before processing the payload; a wrong one gets a 401',
    source: 'guide, "Step 2: Verify the signature"; RFC 9110, 5.3',
  },
  cause:
    'For a duplicate header the framework returns a list instead of a string, and the code misinterprets it.',
  fix: 'Reject anything that is not a single string: `if (typeof signature !== "string") return res.status(401).end()`.',
  catches: ['signature-two-headers-accepted', 'signature-two-headers-throw'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const verdict = await judgeAcceptance(probe, [
      {
        name: 'two wrong signatures',
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
    // Which of the two is used depends on the framework. Either is fine, and so is rejecting both.
    const broken = [
      { name: 'two wrong signatures', exchange: wrong! },
      { name: 'the valid one first', exchange: rightFirst },
      { name: 'the valid one last', exchange: rightLast },
    ].filter(({ exchange }) => !isAccepted(exchange) && !isRefused(exchange));
    if (broken.length > 0) {
      const silence = timeoutVerdictOf(broken.map(({ exchange }) => exchange));
      if (silence !== null) return silence;
      const failure = fail({
        level: 'SHOULD',
        expected: ['a 4xx, or a 2xx if one of them is valid'],
        actual: broken
          .map(({ name, exchange }) => `${name}: ${describeReply(exchange.reply)}`)
          .join('; '),
        exchanges: broken.map(({ exchange }) => exchange).toReversed(),
        diagnosis: 'No forgery is accepted this way, but the receiver fails on it.',
      });
      return (await habitOf(probe)) ?? failure;
    }
    const used = [
      ...(isAccepted(rightFirst) ? ['the first'] : []),
      ...(isAccepted(rightLast) ? ['the last'] : []),
    ];
    return pass(used.length === 0 ? 'rejected' : `the receiver uses ${used.join(' and ')}`);
  },
});
