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

/** Extracts the lists of a text in one pass. */
class Cutter {
  readonly #text: string;
  /** Elements of the lists. In the remainder, each list contains only its index. */
  readonly #lists: unknown[][] = [];
  #rest = '';
  #restFrom = 0;
  #pieceFrom = 0;
  #isInList = false;
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws {InvalidJson | JsonLimit} */
  scan(from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isQuoted) {
        if (code === BACKSLASH) this.#isEscaped = true;
        else if (code === QUOTE) this.#isQuoted = false;
      } else if (code === QUOTE) this.#isQuoted = true;
      else if (code === OPEN_LIST || code === OPEN_OBJECT) this.#open(code, at);
      else if (code === CLOSE_LIST || code === CLOSE_OBJECT) this.#close(at);
      else if (code === COMMA && this.#isInList && this.#depth === LIST_DEPTH) {
        if (at - this.#pieceFrom >= MIN_PIECE_CHARACTERS) this.#cut(at);
      }
    }
    if (!this.#isInList) this.#checkRest(to);
    else if (to - this.#pieceFrom > JSON_LIMITS.maxElement) throw new JsonLimit('maxElement');
  }

  /** @throws {InvalidJson} */
  end(): unknown {
    this.#rest += this.#text.slice(this.#restFrom);
    const root = parsed(this.#rest);
    for (const child of childrenOf(root)) {
      for (const list of childrenOf(child)) {
        if (!Array.isArray(list)) continue;
        const elements = this.#lists[Number(list.pop())] ?? [];
        for (const element of elements) list.push(element);
      }
    }
    return root;
  }

  #open(code: number, at: number): void {
    this.#depth += 1;
    if (this.#depth > JSON_LIMITS.maxNesting) throw new JsonLimit('maxNesting');
    if (code !== OPEN_LIST || this.#depth !== LIST_DEPTH) return;
    this.#rest += `${this.#text.slice(this.#restFrom, at + 1)}${this.#lists.length}`;
    this.#checkRest(this.#restFrom);
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

  /** Parse the piece that ends at `at`. */
  #cut(at: number): void {
    const list = this.#lists.at(-1) ?? [];
    const elements = parsed(`[${this.#text.slice(this.#pieceFrom, at)}]`) as unknown[];
    this.#pieceFrom = at + 1;
    // A comma must be followed by an element.
    if (elements.length === 0 && list.length > 0) throw new InvalidJson();
    for (const element of elements) list.push(element);
  }

  #checkRest(to: number): void {
    const length = this.#rest.length + to - this.#restFrom;
    if (length > JSON_LIMITS.maxRest) throw new JsonLimit('maxRest');
  }
}

const childrenOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

/** @throws {InvalidJson | JsonLimit} */
export const parseInSlices = async (text: string): Promise<unknown> => {
  const cutter = new Cutter(text);
  for (let from = 0; from < text.length; from += CHARACTERS_PER_SLICE) {
    if (from > 0) await nextTurn();
    cutter.scan(from, Math.min(text.length, from + CHARACTERS_PER_SLICE));
  }
  return cutter.end();
};
