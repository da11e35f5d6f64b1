/**
 * The text of a snapshot without the envelope around it, while it arrives.
 *
 * @module
 */

const START = '{"success":true,"data":';
const END = ',"meta":';
/** The end of the envelope, a request id and a time, is shorter. */
const MAX_END_BYTES = 1024;

/** The response is not a complete envelope. */
export class IncompleteEnvelope extends Error {}

/** Reads until there are `bytes` bytes, or all. */
const readStart = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytes: number,
): Promise<Uint8Array> => {
  let start = new Uint8Array(0);
  while (start.length < bytes) {
    const { done, value } = await reader.read();
    if (done) break;
    start = joined(start, value);
  }
  return start;
};

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

const isEnd = (text: string): boolean => {
  try {
    return text !== '' && typeof JSON.parse(`{"data":0${text}`) === 'object';
  } catch {
    return false;
  }
};

/**
 * Yields the `data` of an envelope as text in UTF-8.
 *
 * @throws {IncompleteEnvelope} if the body is another one, or is cut off
 */
export async function* dataIn(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder('latin1');
  try {
    let kept = await readStart(reader, START.length);
    if (decoder.decode(kept.subarray(0, START.length)) !== START) throw new IncompleteEnvelope();
    kept = kept.subarray(START.length);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      kept = joined(kept, value);
      if (kept.length <= MAX_END_BYTES) continue;
      yield kept.subarray(0, kept.length - MAX_END_BYTES);
      kept = kept.slice(kept.length - MAX_END_BYTES);
    }
    // One character a byte.
    const text = decoder.decode(kept);
    const end = text.lastIndexOf(END);
    if (end === -1 || !isEnd(text.slice(end))) throw new IncompleteEnvelope();
    yield kept.subarray(0, end);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
