/**
 * A request split over several packets.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import {
  explainFirstPart,
  explainWithoutPieces,
  refusedWays,
} from '../../experiments/first-part.ts';
import {
  ASCII_IN_PACKETS,
  judgeSplitCharacters,
  postSplitCharacters,
} from '../../experiments/split-characters.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { postInPieces, withLength, type Pieces } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const third = ({ length }: Buffer): number => Math.floor(length / 3);

const WAYS: readonly Pieces[] = [
  {
    manner: 'head and body in two packets',
    framing: withLength,
    cut: (head, body) => [head, body],
    pauseMs: 30,
  },
  {
    manner: 'the head in two packets',
    framing: withLength,
    cut: (head, body) => [
      head.subarray(0, third(head)),
      Buffer.concat([head.subarray(third(head)), body]),
    ],
    pauseMs: 30,
  },
  {
    manner: 'the body in three packets',
    framing: withLength,
    cut: (head, body) => [
      Buffer.concat([head, body.subarray(0, third(body))]),
      body.subarray(third(body), 2 * third(body)),
      body.subarray(2 * third(body)),
    ],
    pauseMs: 30,
  },
];

/** @param refused in pieces, while other checks sent their requests */
const judgeRefused = async (probe: Probe, refused: readonly Exchange[]): Promise<Verdict> => {
  const ways = [...WAYS, ASCII_IN_PACKETS].filter(({ manner }) =>
    refused.some(({ request }) => request.manner === manner),
  );
  const failure = {
    expected: ['a 2xx'],
    actual: refused
      .map(({ request, reply }) => `${request.manner ?? ''}: ${describeReply(reply)}`)
      .join('; '),
    exchanges: refused,
  };
  const [first] = await refusedWays(probe, ways);
  const shown = refused.find(({ request }) => request.manner === first?.manner) ?? refused[0]!;
  const explanation =
    first === undefined
      ? await explainWithoutPieces(probe, shown)
      : await explainFirstPart(probe, shown);
  if (explanation === null) {
    return first === undefined ? fail({ ...failure, diagnosis: NOT_EACH_TIME }) : fail(failure);
  }
  const { key, cause, evidence, fix } = explanation;
  return fail({
    ...failure,
    key,
    diagnosis: `${cause} ${evidence}`,
    ...(fix === null ? {} : { fix }),
  });
};

const NOT_EACH_TIME =
  'A valid event in several packets was refused while other events arrived, and the same way of sending it is accepted alone: the packets are not the cause.';

export const check = defineCheck({
  id: 'http/split-body',
  level: 'MUST',
  title: 'Reads a request split over several packets',
  requirement: {
    text: 'TCP is a byte stream: packet boundaries have no meaning',
    source: 'sent today: networks split bodies; RFC 9293, 3.8; RFC 9112, 6',
  },
  cause: 'The handler treats the first chunk of the body as the whole body.',
  fix: 'Read until the body ends. Node: collect every "data" chunk until "end"; Go: io.ReadAll(r.Body); socket servers: read Content-Length bytes.',
  catches: ['http-first-packet-only', 'http-decodes-each-packet'],
  stage: 'valid',
  isLong: true,
  run: async (probe) => {
    const [wide, ...sent] = await Promise.all([
      postSplitCharacters(probe),
      ...WAYS.map((way) => postInPieces(probe, way)),
    ]);
    const refused = sent.filter((exchange) => !isAccepted(exchange));
    if (refused.length > 0) return judgeRefused(probe, refused);
    const characters = await judgeSplitCharacters(probe, wide);
    if (characters.refused.length > 0) return judgeRefused(probe, characters.refused);
    return characters.verdict ?? pass();
  },
});
