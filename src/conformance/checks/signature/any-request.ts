/**
 * Forgeries whose body comes in another way, or whose event looks harmless.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { judgeAcceptance, wrongSignature, type Forgery } from '../../judge/forgeries.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import type { SignatureValue } from '../../probe/signing.ts';
import { CHUNKED, postTextInPieces } from '../../samples/chunked-events.ts';
import { pass } from '../../verdict.ts';

const TWO_YEARS_MS = 2 * 366 * 86_400_000;

interface Group {
  /** Completes "The signature of a request … is not verified". */
  readonly phrase: string;
  readonly forgeries: (probe: Probe) => readonly Omit<Forgery, 'signature'>[];
}

const chunked = (probe: Probe, body: string, signature: SignatureValue) =>
  postTextInPieces(probe, CHUNKED, body, { signature });

const GROUPS: readonly Group[] = [
  {
    phrase: 'whose body comes in chunks, without Content-Length,',
    forgeries: () => [{ name: 'a chunked body', send: chunked }],
  },
  {
    phrase: 'with a Content-Encoding',
    forgeries: () => [
      { name: 'Content-Encoding: identity', headers: [['Content-Encoding', 'identity']] },
      {
        name: 'Content-Encoding: gzip',
        send: (probe, body, signature) =>
          probe.post(gzipSync(body), { signature, headers: [['Content-Encoding', 'gzip']] }),
      },
    ],
  },
  {
    phrase: 'that says to be a test',
    forgeries: (probe) => [
      { name: 'data.test: true', body: probe.event(undefined, { test: true }) },
      {
        name: 'an id that begins with evt_test',
        body: probe.event(
          undefined,
          {},
          { id: `evt_test_${probe.events.freshId().slice('evt_'.length)}` },
        ),
      },
    ],
  },
  {
    phrase: 'with an old event',
    forgeries: (probe) => [
      {
        name: 'an event of two years ago',
        body: probe.event(
          undefined,
          {},
          { timestamp: toProviderTime(probe.wall.now() - TWO_YEARS_MS) },
        ),
      },
    ],
  },
];

/** Each without a signature and with a wrong one. */
const unsigned = (probe: Probe, { forgeries }: Group): readonly Forgery[] =>
  forgeries(probe).flatMap((forgery) => [
    { ...forgery, name: `${forgery.name}, a wrong signature`, signature: wrongSignature(probe) },
    { ...forgery, name: `${forgery.name}, no signature`, signature: null },
  ]);

const isBarePass = (verdict: Verdict): boolean =>
  verdict.status === 'pass' && verdict.note === undefined;

export const check = defineCheck({
  id: 'signature/any-request',
  level: 'MUST',
  title: 'Verifies every request, however its body comes and whatever its event says',
  requirement: {
    text: 'Verify every request before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'Verification is skipped for some requests, but the sender decides how they look.',
  fix: 'Verify the bytes of the body in one place that no request can go around; a body without Content-Length or with a Content-Encoding is verified or refused. In tests, sign with a test secret (`sendemall-mock sign`).',
  catches: ['signature-skips-chunked', 'signature-skips-tests'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/missing-header'],
  run: async (probe) => {
    const verdicts = await inTurn(
      probe,
      GROUPS,
      async (group): Promise<Verdict> => {
        const verdict = await judgeAcceptance(probe, unsigned(probe, group));
        return verdict.status === 'fail'
          ? {
              ...verdict,
              diagnosis: `The signature of a request ${group.phrase} is not verified.`,
            }
          : verdict;
      },
      (judged) => !judged.every(isBarePass),
    );
    return verdicts.find((verdict) => !isBarePass(verdict)) ?? pass();
  },
});
