/**
 * A body that arrives slowly.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { postInPieces, withLength, type Pieces } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const PIECES = 8;
const PAUSE_MS = 60;
/** In a run that takes seconds anyway: beyond a time limit of one or two seconds. */
const LONG_PAUSE_MS = 290;

const inPieces = (pauseMs: number): Pieces => ({
  manner: `the body in ${PIECES} pieces, ${pauseMs} ms apart`,
  framing: withLength,
  cut: (head, body) => {
    const size = Math.ceil(body.length / PIECES);
    const parts = Array.from({ length: PIECES }, (_, index) =>
      body.subarray(index * size, (index + 1) * size),
    );
    return [head, ...parts];
  },
  pauseMs,
});

const seconds = (pauseMs: number): string => `${((PIECES * pauseMs) / 1000).toFixed(1)} s`;

/** A run with failures or restarts is long enough for a long body. */
const hasTime = ({ hooks }: Probe): boolean =>
  hooks.fault !== undefined || hooks.restart !== undefined;

/** @param short accepted */
const judgeLong = async (probe: Probe, short: Exchange): Promise<Verdict> => {
  const long = await postInPieces(probe, inPieces(LONG_PAUSE_MS));
  if (isAccepted(long)) return pass();
  // Whatever else refuses an event now and then has no part in it.
  const again = await postInPieces(probe, inPieces(LONG_PAUSE_MS));
  if (isAccepted(again)) return pass('one of two long bodies was not accepted');
  return fail({
    key: 'http:short-body-timeout',
    expected: ['a 2xx'],
    actual: `a body that takes ${seconds(LONG_PAUSE_MS)}: ${describeReply(again.reply)}; one that takes ${seconds(PAUSE_MS)}: ${describeReply(short.reply)}`,
    diagnosis: `A body that arrives slowly, in pieces over ${seconds(LONG_PAUSE_MS)}, is refused; one that takes ${seconds(PAUSE_MS)} is accepted. The time limit for a request lies between the two.`,
    exchanges: [short, again],
  });
};

export const check = defineCheck({
  id: 'http/slow-body',
  level: 'SHOULD',
  title: 'Accepts a body that arrives slowly',
  requirement: {
    text: 'The sender has 10 seconds; a slow connection is not an error',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The timeout for reading the body is very short.',
  fix: 'Allow several seconds for a body (nginx: client_body_timeout; gunicorn: timeout; Node: requestTimeout).',
  catches: ['http-impatient', 'http-one-second-for-body'],
  stage: 'valid',
  isLong: true,
  after: ['http/split-body'],
  run: async (probe) => {
    const exchange = await postInPieces(probe, inPieces(PAUSE_MS));
    if (isAccepted(exchange)) return hasTime(probe) ? judgeLong(probe, exchange) : pass();
    return fail({ expected: ['a 2xx'], actual: describeReply(exchange.reply) });
  },
});
