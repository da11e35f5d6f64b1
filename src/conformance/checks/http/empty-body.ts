/**
 * A POST without a body, as sent by scanners and misconfigured probes.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/empty-body',
  level: 'SHOULD',
  title: 'Rejects an empty body',
  requirement: {
    text: 'A request without a valid signature is rejected; anyone can send one, so it must not cause a server error',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'The body is undefined where the handler expects bytes.',
  fix: 'Check the signature header first, and treat a missing body as zero bytes (Express: express.raw leaves {} if there is no body; test Buffer.isBuffer(req.body)).',
  catches: ['http-empty-throws', 'http-bare-throws'],
  stage: 'negative',
  after: ['signature/refuses-with-4xx'],
  run: async (probe) => {
    const plain = await probe.post('', { signature: null });
    const untyped = await probe.post('', { signature: null, contentType: null });
    const wrong = [plain, untyped].filter(
      ({ reply }) => reply.kind === 'none' || reply.status >= 500,
    );
    const accepted = [plain, untyped].filter(isAccepted);
    const [first] = [...accepted, ...wrong];
    if (first === undefined) return pass();
    return fail({
      expected: ['a 4xx'],
      actual: describeReply(first.reply),
      exchanges: [...wrong, ...accepted],
    });
  },
});
