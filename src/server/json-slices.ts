/**
 * Parses a large JSON text in slices. `JSON.parse` takes a second for 64 MiB and cannot be interrupted, so the text is
 * split first: each list two levels below the root, where a snapshot has its rows, is extracted and parsed piece by piece;
 * the small remainder is parsed as a whole. By JSON's grammar the text is valid if and only if the remainder and all
 * pieces are: a list is its elements separated by commas.
 *
 * @module
 */
import { nextTurn } from '../domain/event-loop.ts';

export const JSON_LIMITS = {
  /** Characters outside the lists. */
  maxRest: 1_048_576,
  /** Characters of one list element: a snapshot row holds a body of at most 1 MiB, escaped twice. */
  maxElement: 8_388_608,
  /** Values, counted by commas and opening brackets: `[[],[],…` of 64 MiB would take 2 GB as a tree. A snapshot has half of it. */
  maxValues: 8_388_608,
  /** Bounds the recursion of everything that walks a value: printing, comparing, validating. */
  maxNesting: 100,
} as const;

/** The text is not JSON. */
export class InvalidJson extends Error {}

/** The text exceeds one of {@link JSON_LIMITS}. */
export class JsonLimit extends Error {
  readonly limit: keyof typeof JSON_LIMITS;
  constructor(limit: keyof typeof JSON_LIMITS) {
    super(limit);
    this.limit = limit;
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Depth of the extracted lists. */
const LIST_DEPTH = 3;
/** Minimum length of a piece, unless its list ends. */
const MIN_PIECE_CHARACTERS = 131_072;
/** Characters to process before yielding to the event loop, about 10 ms including the parsing of pieces. */
const CHARACTERS_PER_SLICE = 524_288;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // V8's message quotes the source, which may contain a secret.
    throw new InvalidJson();
  }
};

/** Extracts the lists of a text in one pass. The text arrives in parts, which are never joined. */
class Cutter {
  /** Elements of the lists. In the remainder, each list contains only its index. */
  readonly #lists: unknown[][] = [];
  #part = '';
  #rest = '';
  #restFrom = 0;
  /** The current piece: its beginning in earlier parts, and its position in this one. */
  #pieceStart = '';
  #pieceFrom = 0;
  #isInList = false;
  #depth = 0;
  #values = 0;
  #isQuoted = false;
  #isEscaped = false;

  /** @throws {InvalidJson | JsonLimit} */
  scan(part: string): void {
    this.#part = part;
    for (let at = 0; at < part.length; at += 1) {
      const code = part.charCodeAt(at);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isQuoted) {
        if (code === BACKSLASH) this.#isEscaped = true;
        else if (code === QUOTE) this.#isQuoted = false;
      } else if (code === QUOTE) this.#isQuoted = true;
      else if (code === OPEN_LIST || code === OPEN_OBJECT) this.#open(code, at);
      else if (code === CLOSE_LIST || code === CLOSE_OBJECT) this.#close(at);
      else if (code === COMMA) this.#separate(at);
    }
    if (this.#values > JSON_LIMITS.maxValues) throw new JsonLimit('maxValues');
    this.#keepEnd();
  }

  /** @throws {InvalidJson} */
  end(): unknown {
    const root = parsed(this.#rest);
    for (const [, child] of childrenOf(root)) {
      for (const [name, list] of childrenOf(child)) {
        if (!Array.isArray(list)) continue;
        const value = this.#lists[Number(list[0])];
        // Assignment would not set a property named "__proto__".
        Object.defineProperty(child, name, { value });
      }
    }
    return root;
  }

  /** Keep what continues in the next part. */
  #keepEnd(): void {
    if (this.#isInList) {
      this.#pieceStart += this.#part.slice(this.#pieceFrom);
      this.#pieceFrom = 0;
      if (this.#pieceStart.length > JSON_LIMITS.maxElement) throw new JsonLimit('maxElement');
    } else {
      this.#keepRest(this.#part.length);
      this.#restFrom = 0;
    }
  }

  #open(code: number, at: number): void {
    this.#depth += 1;
    this.#values += 1;
    if (this.#depth > JSON_LIMITS.maxNesting) throw new JsonLimit('maxNesting');
    if (code !== OPEN_LIST || this.#depth !== LIST_DEPTH) return;
    this.#keepRest(at + 1);
    this.#rest += String(this.#lists.length);
    this.#lists.push([]);
    this.#pieceFrom = at + 1;
    this.#isInList = true;
  }

  #close(at: number): void {
    if (this.#isInList && this.#depth === LIST_DEPTH) {
      this.#cut(at);
      this.#isInList = false;
      this.#restFrom = at;
    }
    this.#depth -= 1;
  }

  #separate(at: number): void {
    this.#values += 1;
    if (!this.#isInList || this.#depth !== LIST_DEPTH) return;
    if (this.#pieceLength(at) >= MIN_PIECE_CHARACTERS) this.#cut(at);
  }

  #pieceLength(at: number): number {
    return this.#pieceStart.length + at - this.#pieceFrom;
  }

  /** Parse the piece that ends at `at`. */
  #cut(at: number): void {
    const list = this.#lists.at(-1) ?? [];
    const piece = this.#pieceStart + this.#part.slice(this.#pieceFrom, at);
    const elements = parsed(`[${piece}]`) as unknown[];
    this.#pieceStart = '';
    this.#pieceFrom = at + 1;
    // A comma must be followed by an element.
    if (elements.length === 0 && list.length > 0) throw new InvalidJson();
    for (const element of elements) list.push(element);
  }

  #keepRest(to: number): void {
    this.#rest += this.#part.slice(this.#restFrom, to);
    if (this.#rest.length > JSON_LIMITS.maxRest) throw new JsonLimit('maxRest');
  }
}

const childrenOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

/**
 * @param parts of the text, in order
 * @throws {InvalidJson | JsonLimit}
 */
export const parseInSlices = async (parts: readonly string[]): Promise<unknown> => {
  const cutter = new Cutter();
  let isFirst = true;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += CHARACTERS_PER_SLICE) {
      if (!isFirst) await nextTurn();
      isFirst = false;
      cutter.scan(part.slice(from, from + CHARACTERS_PER_SLICE));
    }
  }
  return cutter.end();
};
