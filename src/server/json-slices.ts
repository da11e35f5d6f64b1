/**
 * Parses a JSON text in slices, as it arrives. The text is split: each list two levels below the root, where a snapshot has
 * its rows, is extracted and checked piece by piece; the small remainder is parsed as a whole. By JSON's grammar the text is
 * valid if and only if the remainder and all pieces are: a list is its elements separated by commas.
 *
 * @module
 */
import { LIMITS } from '../../schemas/contract.ts';

export const JSON_LIMITS = {
  /** Characters outside the lists. */
  maxRest: 1_048_576,
  /** Characters of one list element: a snapshot row holds a body of at most 1 MiB, escaped twice. */
  maxElement: 8_388_608,
  /** Values in one list element, counted by commas and opening brackets: as a tree, `[[],[],…` takes ten times its length. */
  maxElementValues: 131_072,
  /** Elements of all lists. */
  maxElements: LIMITS.maxSnapshotRows,
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

/** Consecutive elements of a list. The pieces of a list are consecutive, too. */
export interface Piece {
  /** Number of the list, from 0. */
  readonly list: number;
  /** The elements as a JSON array. */
  readonly text: string;
  readonly elements: readonly unknown[];
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Depth of the extracted lists. */
const LIST_DEPTH = 3;
/** Minimum length of a piece, unless its list ends. */
const MIN_PIECE_CHARACTERS = 131_072;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // V8's message quotes the source, which may contain a secret.
    throw new InvalidJson();
  }
};

/** Extracts the lists of a text in one pass. The text arrives in parts, which are never joined. */
export class JsonCutter {
  #pieces: Piece[] = [];
  /** Lists so far. In the remainder, each list contains only its number. */
  #lists = 0;
  /** Elements so far: of all lists, and of the current one. */
  #elements = 0;
  #listElements = 0;
  /** Values of the current element. */
  #values = 0;
  #part = '';
  #rest = '';
  #restFrom = 0;
  /** The current piece: its beginning in earlier parts, and its position in this one. */
  #pieceStart = '';
  #pieceFrom = 0;
  #isInList = false;
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;

  /**
   * Reads the next part of the text.
   *
   * @returns the pieces that end in it
   * @throws {InvalidJson | JsonLimit}
   */
  scan(part: string): readonly Piece[] {
    this.#pieces = [];
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
    this.#keepEnd();
    return this.#pieces;
  }

  /**
   * Parses the remainder.
   *
   * @param replace called with the number of each list, and with the name of the member that contains it
   * @returns the text's value, with what `replace` returned in place of each list
   * @throws {InvalidJson}
   */
  end(replace: (list: number, parent: string) => unknown): unknown {
    const root = parsed(this.#rest);
    for (const [parent, child] of childrenOf(root)) {
      for (const [name, list] of childrenOf(child)) {
        if (!Array.isArray(list)) continue;
        const value = replace(Number(list[0]), parent);
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
    if (this.#depth > JSON_LIMITS.maxNesting) throw new JsonLimit('maxNesting');
    if (this.#isInList) this.#countValue();
    if (code !== OPEN_LIST || this.#depth !== LIST_DEPTH) return;
    this.#keepRest(at + 1);
    this.#rest += String(this.#lists);
    this.#lists += 1;
    this.#listElements = 0;
    this.#values = 0;
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
    if (!this.#isInList) return;
    if (this.#depth !== LIST_DEPTH) {
      this.#countValue();
      return;
    }
    this.#values = 0;
    if (this.#pieceLength(at) >= MIN_PIECE_CHARACTERS) this.#cut(at);
  }

  #countValue(): void {
    this.#values += 1;
    if (this.#values > JSON_LIMITS.maxElementValues) throw new JsonLimit('maxElementValues');
  }

  #pieceLength(at: number): number {
    return this.#pieceStart.length + at - this.#pieceFrom;
  }

  /** Parse the piece that ends at `at`. */
  #cut(at: number): void {
    const text = `[${this.#pieceStart}${this.#part.slice(this.#pieceFrom, at)}]`;
    const elements = parsed(text) as unknown[];
    this.#pieceStart = '';
    this.#pieceFrom = at + 1;
    // A comma must be followed by an element.
    if (elements.length === 0 && this.#listElements > 0) throw new InvalidJson();
    this.#listElements += elements.length;
    this.#elements += elements.length;
    if (this.#elements > JSON_LIMITS.maxElements) throw new JsonLimit('maxElements');
    if (elements.length > 0) this.#pieces.push({ list: this.#lists - 1, text, elements });
  }

  #keepRest(to: number): void {
    this.#rest += this.#part.slice(this.#restFrom, to);
    if (this.#rest.length > JSON_LIMITS.maxRest) throw new JsonLimit('maxRest');
  }
}

const childrenOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
