/**
 * The account's verifications, kept up to date by the stream.
 *
 * @module
 */
import { signal } from '@preact/signals';
import type { AccountEvent, Verification } from '../../../schemas/sandbox.ts';
import { createLatest } from './latest.ts';
import { onEvents, onReload } from './live.ts';
import { client, spoken } from './session.ts';

/** Newest first. */
export const verifications = signal<readonly Verification[]>([]);
export const areVerificationsLoaded = signal(false);

/** What was read can be older than what the stream has told: an end is final. */
const newest = (read: Verification): Verification =>
  verifications.peek().find(({ id, status }) => id === read.id && status !== 'running') ?? read;

const latest = createLatest();
const load = (): Promise<void> =>
  latest.load(
    () => client.peek().verifications.list(),
    (list) => {
      verifications.value = list.map(newest);
      areVerificationsLoaded.value = true;
    },
  );

const ENDS: Readonly<Record<Verification['status'], string>> = {
  running: 'is running',
  finished: 'has finished',
  stopped: 'was stopped',
  failed: 'failed',
};

/** Replace the verification, unless its end is known already; or add it to the front. */
export const noteVerification = (read: Verification): void => {
  const verification = newest(read);
  const isKnown = verifications.peek().some(({ id }) => id === verification.id);
  verifications.value = isKnown
    ? verifications.peek().map((one) => (one.id === verification.id ? verification : one))
    : [verification, ...verifications.peek()];
};

const apply = (events: readonly AccountEvent[]): void => {
  for (const event of events) {
    if (event.type !== 'verification.progressed') continue;
    const { id, status, findings } = event.verification;
    noteVerification(event.verification);
    if (status === 'running') continue;
    const found = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
    spoken.value = `Verification ${id} ${ENDS[status]}: ${found}.`;
  }
};

export const startVerifications = (): void => {
  onReload(() => void load());
  onEvents(apply);
};
