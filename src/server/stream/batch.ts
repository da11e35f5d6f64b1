/**
 * Messages that are sent together, to every reader of an account's stream.
 *
 * @module
 */
import type { AccountEngine } from '../../engine/engine.ts';
import { charactersOf, messageOf, type StreamedEvent } from './messages.ts';

/** Characters of messages to write at once. */
const MAX_CHARACTERS_PER_WRITE = 262_144;

export interface Batch {
  /** Number of the last event, counted from 1 in the account's stream. */
  readonly last: number;
  readonly events: number;
  /** Characters of the parts of the events that can be large. */
  readonly characters: number;
  /**
   * The messages of a reader that joined after event number `joinedAfter`. Their ids count from 1 for each reader. Readers
   * that joined together share the bytes.
   */
  bytesFor(joinedAfter: number): Uint8Array;
  /** Forget shared bytes: a reader that lags behind has them made again. */
  forget(): void;
}

const createBatch = (first: number, messages: readonly string[], characters: number): Batch => {
  const made = new Map<number, Uint8Array>();
  return {
    last: first + messages.length - 1,
    events: messages.length,
    characters,
    bytesFor: (joinedAfter) => {
      let bytes = made.get(joinedAfter);
      if (bytes === undefined) {
        let text = '';
        for (let index = Math.max(0, joinedAfter + 1 - first); index < messages.length; index += 1)
          text += `${messages[index]}${first + index - joinedAfter}\n\n`;
        bytes = Buffer.from(text);
        made.set(joinedAfter, bytes);
      }
      return bytes;
    },
    forget: () => made.clear(),
  };
};

/** Split events into batches. @param first number of the first event */
export async function* batchesOf(
  first: number,
  events: readonly StreamedEvent[],
  account: AccountEngine,
): AsyncGenerator<Batch> {
  let messages: string[] = [];
  let [length, characters] = [0, 0];
  for (const [index, event] of events.entries()) {
    const message = await messageOf(event, account);
    messages.push(message);
    length += message.length;
    characters += charactersOf(event);
    if (length >= MAX_CHARACTERS_PER_WRITE || index === events.length - 1) {
      yield createBatch(first + index + 1 - messages.length, messages, characters);
      messages = [];
      [length, characters] = [0, 0];
    }
  }
}
