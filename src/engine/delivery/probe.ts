/**
 * Looks whether something listens at a receiver's URL, without sending a request.
 *
 * @module
 */
import { connect } from 'node:net';
import { checkTarget, guardedLookup } from './target-guard.ts';

/** `blocked`: a delivery there would be, too. `unreachable`: no connection, and no refusal, within the time limit. */
export type ReceiverState = 'listening' | 'refused' | 'blocked' | 'name_not_found' | 'unreachable';

const STATES: Readonly<Record<string, ReceiverState>> = {
  ECONNREFUSED: 'refused',
  ERR_BLOCKED_TARGET: 'blocked',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
};

const stateOf = (error: unknown): ReceiverState => {
  // Several addresses were tried: the last one's reason stands for all.
  const cause: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  return STATES[(cause as NodeJS.ErrnoException).code ?? ''] ?? 'unreachable';
};

/**
 * Open a connection and close it at once. Targets that deliveries must not reach are not contacted.
 *
 * @param url absolute http(s) URL
 * @param timeoutMs real milliseconds
 */
export const probeReceiver = (
  url: string,
  allowPublicTargets: boolean,
  timeoutMs: number,
): Promise<ReceiverState> => {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const blocked = checkTarget(host, allowPublicTargets);
  if (blocked !== null) return Promise.resolve('blocked');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      lookup: guardedLookup(allowPublicTargets),
      timeout: timeoutMs,
    });
    const end = (state: ReceiverState): void => {
      socket.destroy();
      resolve(state);
    };
    socket.on('connect', () => end('listening'));
    socket.on('timeout', () => end('unreachable'));
    socket.on('error', (error) => end(stateOf(error)));
  });
};
