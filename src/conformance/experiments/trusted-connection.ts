/**
 * Whether forged requests are accepted only behind a valid one on the same connection: what is verified is the connection.
 *
 * @module
 */
import { wrongSignature } from '../judge/forgeries.ts';
import type { Exchange } from '../net/exchange.ts';
import { keepConnection } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw } from '../probe/raw-post.ts';
import type { SignatureValue } from '../probe/signing.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** A forgery that was accepted behind a valid event. */
export interface TrustedConnection {
  readonly name: string;
  readonly forged: Exchange;
}

export const CONNECTION_CAUSE: NamedCause = {
  key: 'forged:connection',
  sentence:
    'Verifies a connection, not each request: a forged event is refused on a connection of its own, and accepted on a connection on which a valid event has come before it.',
  fix: 'Verify the signature of each request, and keep no result with the connection, a session or the address of the sender.',
};

const isRefusedAlone = async (probe: Probe, signature: SignatureValue): Promise<boolean> => {
  const body = probe.write(probe.event());
  const headers = probe.headersFor(body, { signature });
  return !isAccepted(await postRaw(probe, body, headers, null));
};

/** @returns why nothing can be said; null if the forgery was refused, or is accepted anyway */
const tryBehindValid = async (
  probe: Probe,
  name: string,
  signature: SignatureValue,
): Promise<TrustedConnection | string | null> => {
  const connection = keepConnection(probe);
  try {
    const valid = await connection.post(probe.write(probe.event()));
    if (!isAccepted(valid)) return `The valid event was answered ${describeReply(valid.reply)}.`;
    const forged = await connection.post(probe.write(probe.event()), signature);
    if (forged.reply.kind === 'none') return `A forgery got ${describeReply(forged.reply)}.`;
    if (!isAccepted(forged) || !(await isRefusedAlone(probe, signature))) return null;
    return { name, forged };
  } finally {
    connection.close();
  }
};

/** Once per run. @returns a text that says why nothing can be said */
export const findTrustedConnections = (
  probe: Probe,
): Promise<readonly TrustedConnection[] | string> =>
  probe.memory.once('trusted connections', async () => {
    const found: TrustedConnection[] = [];
    for (const [name, signature] of [
      ['a wrong digest', wrongSignature(probe)],
      ['no signature header', null],
    ] as const) {
      const tried = await tryBehindValid(probe, name, signature);
      if (typeof tried === 'string') return tried;
      if (tried !== null) found.push(tried);
    }
    return found;
  });
