/**
 * An unsigned body nested deeper than a parser’s stack.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const DEPTH = 100_000;

export const check = defineCheck({
  id: 'signature/deep-nesting',
  level: 'SHOULD',
  title: 'Does not fail on a deeply nested unsigned body',
  requirement: {
    text: 'Verify the signature before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The body is parsed before its signature is checked, and the parser runs out of stack (Python: RecursionError; Ruby: JSON::NestingError; Java: StackOverflowError).',
  fix: 'Verify before parsing, and limit the body size: the provider’s events are a few kB.',
  catches: ['signature-nesting-throws'],
  stage: 'risky',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx', 'signature/missing-header'],
  run: async (probe) => {
    const id = probe.events.freshId();
    const nested = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
    const body = `{"event":"email.replied","id":"${id}","data":${nested}}`;
    const { reply } = await probe.post(body, { signature: null });
    // Some receivers reject it as too large or close the connection. The next control shows whether they survived.
    if (reply.kind === 'none') return pass(`no response: ${reply.message}`);
    if (reply.status < 500) return pass();
    return fail({
      expected: ['a 4xx'],
      actual: `${DEPTH} levels, without a signature: ${describeReply(reply)}`,
    });
  },
});
