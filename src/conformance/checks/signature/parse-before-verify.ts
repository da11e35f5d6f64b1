/**
 * Forged bodies that cannot be parsed. A receiver that parses before verifying fails on them.
 *
 * @module
 */
import { inTurn } from '../../probe/in-turn.ts';
import { defineCheck } from '../../check.ts';
import { wrongSignature } from '../../judge/forgeries.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const BODIES: readonly (readonly [name: string, body: string])[] = [
  ['half an object', '{"event":"email.replied","id":'],
  ['not JSON', 'event=email.replied&id=evt_1'],
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '7'],
  ['a list', '[]'],
  ['an empty object', '{}'],
  ['data that is null', '{"event":"email.replied","id":"evt_forged","data":null}'],
];

const failed = ({ reply }: Exchange): boolean => reply.kind === 'answer' && reply.status >= 500;

export const check = defineCheck({
  id: 'signature/parse-before-verify',
  level: 'SHOULD',
  title: 'Does not fail on forged bodies that cannot be parsed',
  requirement: {
    text: 'Verify the signature before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The body is parsed or used before its signature is checked, and an error there becomes a 500: anyone can flood the logs, and the parser can be attacked.',
  fix: 'Read raw bytes, verify, and only then parse. If a middleware must parse first, turn its error into a 400 (Express: an error handler that looks at `err.type === "entity.parse.failed"`).',
  catches: ['signature-parses-first', 'signature-reads-first'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx'],
  run: async (probe) => {
    const sent = await inTurn(probe, BODIES, async ([name, body]) => ({
      name,
      exchange: await probe.post(body, { signature: wrongSignature(probe) }),
    }));
    const broken = sent.filter(({ exchange }) => failed(exchange));
    if (broken.length === 0) return pass();
    return fail({
      expected: ['a 4xx'],
      actual: broken
        .map(({ name, exchange }) => `${name}: ${describeReply(exchange.reply)}`)
        .join('; '),
      exchanges: broken.map(({ exchange }) => exchange),
    });
  },
});
