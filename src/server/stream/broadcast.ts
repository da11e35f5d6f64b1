/**
 * The stream of one account: collects what happens, puts it into words once, and writes it to all readers.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import type { WallClock } from '../../clock/port.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import type { VerificationRegistry } from '../verifications/registry.ts';
import { batchesOf } from './batch.ts';
import { charactersOf, type StreamedEvent } from './messages.ts';
import { createReader, MAX_QUEUED_CHARACTERS, MAX_QUEUED_EVENTS, type Reader } from './reader.ts';

/** Events of this time after a write are written together, because a write costs more than its messages. */
const PAUSE_AFTER_WRITE_MS = 5;

export interface Broadcast {
  /**
   * Add a reader, for events from now on.
   *
   * @param onEnd called once, when its stream has ended
   * @param destroy destroys its connection
   */
  join(onEnd: () => void, destroy: () => void): Reader;
}

/** Events that are not in words yet. */
const createBacklog = () => {
  let waiting: StreamedEvent[] = [];
  let characters = 0;
  /** Number of the last event, counted from 1. */
  let last = 0;
  return {
    add: (event: StreamedEvent): void => {
      last += 1;
      waiting.push(event);
      characters += charactersOf(event);
    },
    /** All that wait, and the number of the first. */
    take: () => {
      const taken = { first: last + 1 - waiting.length, events: waiting };
      waiting = [];
      characters = 0;
      return taken;
    },
    last: () => last,
    length: () => waiting.length,
    isOverfull: () => waiting.length > MAX_QUEUED_EVENTS || characters > MAX_QUEUED_CHARACTERS,
  };
};

const createBroadcast = (
  account: AccountEngine,
  verifications: VerificationRegistry,
  wall: WallClock,
  onEmpty: () => void,
): Broadcast => {
  const readers = new Set<Reader>();
  const backlog = createBacklog();
  let isBusy = false;
  let endPause = (): void => undefined;
  let endHeartbeat = (): void => undefined;
  let subscriptions: readonly (() => void)[] = [];

  const writeAll = async (): Promise<void> => {
    while (backlog.length() > 0) {
      const { first, events } = backlog.take();
      for await (const batch of batchesOf(first, events, account)) {
        if (readers.size === 0) return;
        for (const reader of readers) reader.push(batch);
        batch.forget();
        // A batch for hundreds of readers takes milliseconds.
        await nextTurn();
      }
    }
  };
  const wake = (): void => {
    if (isBusy || backlog.length() === 0) return;
    isBusy = true;
    void writeAll()
      .then(() => {
        endPause = wall.after(PAUSE_AFTER_WRITE_MS, () => {
          isBusy = false;
          wake();
        });
      })
      // The store has failed or the account has moved: its readers connect again.
      .catch(closeAll);
  };
  const closeAll = (): void => {
    for (const reader of readers) reader.close();
  };
  const add = (event: StreamedEvent): void => {
    backlog.add(event);
    if (backlog.isOverfull()) for (const reader of readers) reader.cutOff(backlog.length());
    else wake();
  };
  const beat = (): void => {
    endHeartbeat = wall.after(LIMITS.streamHeartbeatMs, () => {
      for (const reader of readers) reader.comment('still here');
      beat();
    });
  };
  const leave = (reader: Reader): void => {
    if (!readers.delete(reader) || readers.size > 0) return;
    for (const end of [...subscriptions, endPause, endHeartbeat]) end();
    onEmpty();
  };

  subscriptions = [
    account.subscribe(add),
    verifications.subscribe(account, (verification) =>
      add({ type: 'verification.progressed', verification }),
    ),
  ];
  beat();
  return {
    join: (onEnd, destroy) => {
      const reader = createReader({
        joinedAfter: backlog.last(),
        wall,
        onLeave: () => leave(reader),
        onEnd,
        destroy,
      });
      readers.add(reader);
      return reader;
    },
  };
};

/** Finds the broadcast of an account, which exists as long as it has readers. */
export const createBroadcasts = (
  verifications: VerificationRegistry,
  wall: WallClock,
): ((account: AccountEngine) => Broadcast) => {
  // An account that is opened again after it has moved is another object.
  const broadcasts = new WeakMap<AccountEngine, Broadcast>();
  return (account) => {
    let broadcast = broadcasts.get(account);
    if (broadcast === undefined) {
      broadcast = createBroadcast(account, verifications, wall, () => broadcasts.delete(account));
      broadcasts.set(account, broadcast);
    }
    return broadcast;
  };
};
