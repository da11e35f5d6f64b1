/**
 * A sender that closes the connection in the middle of a body.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import type { Probe } from '../../probe/probe.ts';
import { rawRequest } from '../../probe/raw-post.ts';
import { isRefusedConnection } from '../../run/liveness.ts';
import { describeReply, fail, pass } from '../../verdict.ts';

/** Bytes of the body that are sent: none, and some. */
const PARTS = [0, 0.5] as const;
/** Time that the receiver has to notice, and then to end. Milliseconds. */
const NOTICES_WITHIN_MS = 60;

const breakOff = async (probe: Probe, part: number): Promise<void> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const { head } = rawRequest(probe, body, probe.headersFor(body));
  const connection = await probe.connect();
  try {
    await connection.write(head);
    await connection.write(body.subarray(0, Math.floor(body.length * part)));
    await sleep(probe.wall, NOTICES_WITHIN_MS / 3);
  } finally {
    connection.close();
  }
};

export const check = defineCheck({
  id: 'http/broken-body',
  level: 'MUST',
  title: 'Survives a sender that closes the connection in the middle of a body',
  requirement: {
    text: 'A receiver that is down loses events after the third retry; anyone can open a connection and close it',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The error of the request while its body is read is not caught and ends the process.',
  fix: 'Handle the end of a request before its body is complete (Node: `request.on("error", …)`, or `try` around `for await (const chunk of request)` and `await` in the handler).',
  catches: ['http-dies-of-a-broken-body'],
  stage: 'risky',
  run: async (probe) => {
    for (const part of PARTS) {
      await breakOff(probe, part);
      await sleep(probe.wall, NOTICES_WITHIN_MS);
      const next = await probe.post(probe.event());
      if (!isRefusedConnection(next)) continue;
      const when = part === 0 ? 'before the body' : 'in the middle of the body';
      return fail({
        key: 'crash:http/broken-body',
        expected: ['the receiver goes on'],
        actual: `${describeReply(next.reply)} for the next event, after a sender had closed its connection ${when}`,
        diagnosis: `A sender that closes the connection ${when} ends the process: the error of the interrupted request is not caught. Anybody can do that; no signature is needed.`,
        // What crashed it is no exchange: it had no end.
        exchanges: [],
      });
    }
    return pass();
  },
});
