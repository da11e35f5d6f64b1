/**
 * The sinks of every account, and the doors that lead to them without a key: a door is a random token in the path, with
 * which one can write into an account's sinks and do nothing else.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { AccountKey } from '../../domain/delivery.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import { createBook, type SinkBook } from './book.ts';

interface Place {
  readonly book: SinkBook;
  readonly door: string;
}

export interface SinkShelf {
  book(account: AccountEngine): SinkBook;
  /** `~` and a token; lasts as long as the process, resets of the account included. */
  door(account: AccountEngine): string;
  /** The account behind the door in a path; null when the path has none, undefined when nothing is behind it. */
  behind(path: string): AccountEngine | null | undefined;
}

const DOOR = /^\/_sandbox\/sinks\/(~[^/]*)/;

/** A path as logs and messages may show it: who knows a door can write. */
export const withoutDoor = (path: string): string => path.replace(DOOR, '/_sandbox/sinks/~…');

export const createShelf = (): SinkShelf => {
  const places = new Map<AccountKey, Place>();
  const accounts = new Map<string, AccountEngine>();
  const placeOf = (engine: AccountEngine): Place => {
    const known = places.get(engine.account.key);
    if (known !== undefined) return known;
    const place = { book: createBook(), door: `~${randomBytes(16).toString('base64url')}` };
    places.set(engine.account.key, place);
    accounts.set(place.door, engine);
    engine.subscribe((happening) => {
      if (happening.type === 'account.reset') place.book.reset();
    });
    return place;
  };
  return {
    book: (account) => placeOf(account).book,
    door: (account) => placeOf(account).door,
    behind: (path) => {
      const door = DOOR.exec(path)?.[1];
      return door === undefined ? null : accounts.get(door);
    },
  };
};
