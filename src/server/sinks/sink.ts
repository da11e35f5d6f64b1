/**
 * One sink: its recorded requests and its response, with the memory that both take.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import { bytesOf, type MemoryShare } from './memory.ts';
import type { SinkInput, SinkReply, SinkRow } from './request.ts';
import { createRowQueue } from './row-queue.ts';

/** A response, and for how many more requests it applies; null for all. */
export interface SinkSetting {
  readonly reply: SinkReply;
  readonly times: number | null;
}

export interface Sink {
  /** Rows, oldest first. */
  readonly rows: Iterable<SinkRow> & { readonly length: number };
  /** `seq` of the oldest row; Infinity without rows. */
  oldest(): number;
  /** Record a request with the sink's reply to it, and evict the oldest rows beyond the limits of a sink. */
  add(seq: number, request: SinkInput): { readonly row: SinkRow; readonly reply: SinkReply };
  /** Evict the oldest row. @returns its size in bytes; 0 without rows. The caller accounts for it. */
  evictOldest(): number;
  /** Delete all rows. @returns how many there were */
  clear(): number;
  setting(): SinkSetting;
  /** @throws {Problem} `BUSY` if the settings would take too much memory; nothing is changed */
  set(setting: SinkSetting): void;
  /** Release all memory. The sink must not be used afterwards. */
  release(): void;
}

export const DEFAULT_REPLY: SinkReply = {
  status: 200,
  headers: {},
  isText: false,
  body: '{"ok":true}',
};

/** Upper bounds for the objects around the text of a row, a sink and a reply, on 64-bit Node 22 and 24. */
const ROW_BYTES = 400;
const SINK_BYTES = 1024;
const REPLY_BYTES = 256;

const sizeOfRow = ({ path, body, rest }: SinkRow): number =>
  ROW_BYTES + bytesOf(path) + bytesOf(body) + bytesOf(rest);

const sizeOfReply = (reply: SinkReply): number =>
  reply === DEFAULT_REPLY
    ? 0
    : REPLY_BYTES +
      bytesOf(reply.body) +
      Object.entries(reply.headers).reduce(
        (sum, [name, value]) => sum + 100 + 2 * (name + value).length,
        0,
      );

/** The response that stays, and one for a number of requests that overrides it. */
interface Replies {
  readonly standing: SinkReply;
  readonly passing: { readonly reply: SinkReply; readonly left: number } | null;
}

const sizeOfReplies = ({ standing, passing }: Replies): number =>
  SINK_BYTES + sizeOfReply(standing) + (passing === null ? 0 : sizeOfReply(passing.reply));

/** The replies of a sink, and their share of the memory. */
const createReplies = (share: MemoryShare) => {
  let replies: Replies = { standing: DEFAULT_REPLY, passing: null };
  share.changeSettings(sizeOfReplies(replies));
  const change = (next: Replies): void => {
    share.changeSettings(sizeOfReplies(next) - sizeOfReplies(replies));
    replies = next;
  };
  return {
    /** The reply to the next request; counts down one that applies to a number of requests. */
    next: (): SinkReply => {
      const { standing, passing } = replies;
      if (passing === null) return standing;
      const left = passing.left - 1;
      change({ standing, passing: left === 0 ? null : { ...passing, left } });
      return passing.reply;
    },
    setting: (): SinkSetting => {
      const { standing, passing } = replies;
      return passing === null
        ? { reply: standing, times: null }
        : { reply: passing.reply, times: passing.left };
    },
    set: ({ reply, times }: SinkSetting): void =>
      change(
        times === null
          ? { standing: reply, passing: null }
          : { standing: replies.standing, passing: { reply, left: times } },
      ),
    release: (): void => share.changeSettings(-sizeOfReplies(replies)),
  };
};

/**
 * Create an empty sink that responds with {@link DEFAULT_REPLY}.
 *
 * @param share memory of the account
 * @throws {Problem} `BUSY` if the account's settings take too much memory
 */
export const createSink = (share: MemoryShare): Sink => {
  const replies = createReplies(share);
  const rows = createRowQueue<SinkRow>();
  let bytes = 0;

  const evictOldest = (): number => {
    const row = rows.shift();
    const size = row === undefined ? 0 : sizeOfRow(row);
    bytes -= size;
    return size;
  };
  const isOverLimit = (): boolean =>
    rows.length > LIMITS.maxSinkRequests || (bytes > LIMITS.maxSinkBytes && rows.length > 1);

  const clear = (): number => {
    const deleted = rows.length;
    share.removeRequests(bytes);
    rows.clear();
    bytes = 0;
    return deleted;
  };

  return {
    rows,
    oldest: () => rows.peek()?.seq ?? Infinity,
    evictOldest,
    clear,
    setting: replies.setting,
    set: replies.set,
    add: (seq, request) => {
      const reply = replies.next();
      const row = { seq, ...request, answered: reply.status };
      rows.push(row);
      bytes += sizeOfRow(row);
      let freed = 0;
      while (isOverLimit()) freed += evictOldest();
      share.removeRequests(freed);
      share.addRequest(sizeOfRow(row));
      return { row, reply };
    },
    release: () => {
      clear();
      replies.release();
    },
  };
};
