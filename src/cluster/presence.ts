/**
 * Presence: a connection of its own that shows that this node is alive. It holds an advisory lock as long as it is open, so
 * other nodes see within moments that the process has ended. It also receives notifications.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Client } from 'pg';
import { connect, type Connecting } from '../postgres/connect.ts';
import { checkSession } from '../postgres/session-check.ts';
import { quoted } from '../postgres/session.ts';
import type { WallClock } from '../clock/port.ts';

const logger = getLogger(['sendemall-mock', 'cluster']);

/** Real milliseconds until a notification to this node itself is considered lost. */
const SELF_TEST_MS = 2000;
const SELF_TEST = 'self-test';

export interface Presence {
  /** Opens the connection, and takes the lock. */
  open(lockKey: number): Promise<void>;
  close(): Promise<void>;
}

export interface PresenceOptions {
  readonly connecting: Connecting;
  readonly channel: string;
  readonly clock: Pick<WallClock, 'after'>;
  /** Called with the text of a notification. */
  readonly onHint: (text: string) => void;
  /** Called if the connection ends without {@link Presence.close}. */
  readonly onEnd: () => void;
}

/** Notifications are only hints, but an installation where none arrives is worth a line in the log. */
const selfTest = async (
  client: Client,
  channel: string,
  clock: Pick<WallClock, 'after'>,
): Promise<void> => {
  const arrived = new Promise<boolean>((resolve) => {
    const cancel = clock.after(SELF_TEST_MS, () => resolve(false));
    client.on('notification', ({ payload }) => {
      if (payload !== SELF_TEST) return;
      cancel();
      resolve(true);
    });
  });
  await client.query('SELECT pg_notify($1, $2)', [channel, SELF_TEST]);
  if (await arrived) return;
  logger.warn('Notifications of PostgreSQL do not arrive. Changes of owners are found by polling.');
};

export const createPresence = ({
  connecting,
  channel,
  clock,
  onHint,
  onEnd,
}: PresenceOptions): Presence => {
  let current: Client | null = null;
  const close = async (): Promise<void> => {
    const client = current;
    current = null;
    await client?.end().catch(() => undefined);
  };
  return {
    open: async (lockKey) => {
      await close();
      const client = await connect(connecting);
      try {
        await checkSession(client, connecting);
        await client.query(`LISTEN ${quoted(channel)}`);
        client.on('notification', ({ payload = '' }) => {
          if (payload !== SELF_TEST) onHint(payload);
        });
        await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
      } catch (error) {
        await client.end().catch(() => undefined);
        throw error;
      }
      current = client;
      client.once('end', () => {
        if (current !== client) return;
        current = null;
        onEnd();
      });
      void selfTest(client, channel, clock).catch(() => undefined);
    },
    close,
  };
};
