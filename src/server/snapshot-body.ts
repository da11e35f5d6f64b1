/**
 * Reads a snapshot from a request as it arrives. Its rows are kept outside of memory, so that the memory it takes does not
 * grow with its size.
 *
 * @module
 */
import { nextTurn } from '../domain/event-loop.ts';
import { payloadTooLarge, validationFailed } from '../domain/problems.ts';
import type { SlicedList } from '../domain/sliced-list.ts';
import type { DumpRow } from '../storage/store.ts';
import { checkIsJson, MAX_DISCARDED_BYTES } from './body.ts';
import type { Ctx } from './context.ts';
import {
  earlyErrorIn,
  emptyBody,
  explain,
  MAX_EXPLAINED_CHARACTERS,
  notUtf8,
  tooDeep,
  type Beginning,
} from './json-errors.ts';
import { InvalidJson, JSON_LIMITS, JsonCutter, JsonLimit, type Piece } from './json-slices.ts';
import type { Place, Spool } from './spool.ts';

/** Characters to process before yielding to the event loop, about 5 ms including the parsing of pieces. */
const CHARACTERS_PER_SLICE = 262_144;

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows of one table in a spool. */
export class SpooledRows implements SlicedList<DumpRow> {
  readonly #spool: Spool;
  readonly #places: Place[] = [];
  length = 0;
  /** Position of the first row that is not an object; null if all are. */
  misfit: number | null = null;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  async add({ text, elements }: Piece): Promise<void> {
    const index = this.misfit === null ? elements.findIndex((one) => !isObject(one)) : -1;
    if (index !== -1) this.misfit = this.length + index;
    this.length += elements.length;
    this.#places.push(await this.#spool.write(text));
  }

  async *slices(): AsyncGenerator<readonly DumpRow[], void, undefined> {
    for (const place of this.#places) {
      yield JSON.parse(await this.#spool.read(place)) as DumpRow[];
    }
  }
}

const EXCEEDED: Readonly<Record<Exclude<JsonLimit['limit'], 'maxNesting'>, string>> = {
  maxRest: `The body has more than ${JSON_LIMITS.maxRest} characters outside the rows of its tables`,
  maxElement: `A row has more than ${JSON_LIMITS.maxElement} characters`,
  maxElementValues: `A row has more than ${JSON_LIMITS.maxElementValues} values`,
  maxElements: `The body has more than ${JSON_LIMITS.maxElements} rows`,
};

/** Takes the body in chunks. After the first error, it only collects what is needed to explain it. */
class SnapshotReader {
  readonly #spool: Spool;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #cutter = new JsonCutter();
  readonly #lists: SpooledRows[] = [];
  #beginning = '';
  #isCut = false;
  #scanned = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  async take(chunk: Uint8Array): Promise<void> {
    if (this.#isCut && this.#failure !== null) return;
    try {
      const text = this.#decode(chunk);
      this.#keepBeginning(text);
      if (this.#failure === null) await this.#process(text);
    } catch (error) {
      await this.stop(error);
    }
  }

  /** Fails, and frees what is kept so far. The first error counts. */
  async stop(error: unknown): Promise<void> {
    if (this.#failure !== null) return;
    this.#failure = { error };
    await this.#spool.close();
  }

  /** @throws {Problem} */
  async end(): Promise<unknown> {
    try {
      if (this.#failure !== null) throw this.#failure.error;
      await this.#process(this.#decode());
      return this.#cutter.end((list, parent) =>
        // Nothing else may be a list, so the rows of another one are not looked at.
        parent === 'tables' ? (this.#lists[list] ?? new SpooledRows(this.#spool)) : [],
      );
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  #decode(chunk?: Uint8Array): string {
    try {
      return this.#decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw notUtf8();
    }
  }

  #keepBeginning(text: string): void {
    const space = MAX_EXPLAINED_CHARACTERS - this.#beginning.length;
    this.#beginning += text.slice(0, space);
    this.#isCut ||= text.length > space;
  }

  async #process(text: string): Promise<void> {
    for (let from = 0; from < text.length; from += CHARACTERS_PER_SLICE) {
      const part = text.slice(from, from + CHARACTERS_PER_SLICE);
      for (const piece of this.#cutter.scan(part)) {
        const rows = (this.#lists[piece.list] ??= new SpooledRows(this.#spool));
        await rows.add(piece);
      }
      this.#scanned += part.length;
      if (this.#scanned < CHARACTERS_PER_SLICE) continue;
      this.#scanned = 0;
      await nextTurn();
    }
  }

  async #explain(error: unknown): Promise<unknown> {
    const beginning: Beginning = { text: this.#beginning, isCut: this.#isCut };
    if (error instanceof InvalidJson) return explain(beginning);
    if (!(error instanceof JsonLimit)) return error;
    if (error.limit === 'maxNesting') return tooDeep();
    // It may not be JSON at all.
    if ((await earlyErrorIn(beginning)) !== null) return explain(beginning);
    return validationFailed(`${EXCEEDED[error.limit]}. Restore the snapshot unmodified.`);
  }
}

/**
 * Read the body as JSON, with {@link SpooledRows} in place of each list in `tables`. Yields to the event loop in between.
 *
 * The body is read to its end even if it is refused: a client that is cut off earlier never reads the error.
 *
 * @param limit in bytes
 * @param spool keeps the rows; close it after the last use of the rows, and after an error
 * @throws {Problem} 415 for another type, 413 over the limit, 400 if empty, not UTF-8 or invalid JSON, 422 if too deep or
 * large outside of the rows, and what the spool throws
 */
export const readSnapshotBody = async (c: Ctx, limit: number, spool: Spool): Promise<unknown> => {
  checkIsJson(c);
  const reader = new SnapshotReader(spool);
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length;
    if (size > limit + MAX_DISCARDED_BYTES) break;
    if (size > limit) await reader.stop(payloadTooLarge(limit));
    else await reader.take(chunk);
  }
  if (size > limit) throw payloadTooLarge(limit);
  if (size === 0) throw emptyBody();
  return reader.end();
};
