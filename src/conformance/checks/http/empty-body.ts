/**
 * A POST without a body, as scanners and misconfigured probes send it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/empty-body',
  level: 'SHOULD',
  title: 'Refuses an empty body',
  requirement: {
    text: 'Whatever is not rightly signed is refused; anybody can send it, so it must not count as the server’s error',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'The body is undefined where the handler expects bytes.',
  fix: 'Check the signature’s header first, and take a missing body for no bytes (Express: express.raw leaves {} when there is no body; test Buffer.isBuffer(req.body)).',
  catches: ['http-empty-throws'],
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
