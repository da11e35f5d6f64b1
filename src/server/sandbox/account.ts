/**
 * `/_sandbox/reset` and `/_sandbox/snapshot`: reset, save and restore an account.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { Hono } from 'hono';
import { LIMITS } from '../../../schemas/contract.ts';
import { Snapshot } from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { SnapshotError } from '../../domain/snapshot-error.ts';
import { isMoment } from '../../domain/time.ts';
import { parse } from '../../domain/validate.ts';
import { readLargeJson } from '../body.ts';
import type { Env, ServerOptions } from '../context.ts';
import { envelopeAround, success } from '../envelope.ts';
import { createReadAhead } from './read-ahead.ts';
import { writeSnapshot } from './snapshot-text.ts';

const logger = getLogger(['sendemall-mock', 'server']);

/** Check what the schema cannot express: a rate that fits the mode, and a representable time. */
const checkClock = ({ mode, rate, anchor_virtual: at }: Snapshot['clock']): void => {
  const isValid = mode === 'scaled' ? rate > 0 : rate === (mode === 'realtime' ? 1 : 0);
  if (!isValid) {
    throw validationFailed(
      `"clock.rate" is ${rate}, which does not fit mode "${mode}". Restore the snapshot unmodified.`,
    );
  }
  if (isMoment(at)) return;
  throw validationFailed(
    `"clock.anchor_virtual" is ${at}, which is not in the years 1970 to 9999. Restore the snapshot unmodified.`,
  );
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Validate everything but the rows, which are validated in slices as they are restored: there can be hundreds of thousands. */
const parseSnapshot = (body: unknown): Snapshot => {
  const tables = isObject(body) ? body['tables'] : null;
  if (!isObject(body) || !isObject(tables)) return parse(Snapshot, body);
  const withoutRows = Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, Array.isArray(rows) ? [] : rows]),
  );
  for (const [name, rows] of Object.entries(tables)) {
    const index = Array.isArray(rows) ? rows.findIndex((row) => !isObject(row)) : -1;
    if (index >= 0) {
      throw validationFailed(
        `"tables.${name}[${index}]" is not an object. Restore the snapshot unmodified.`,
      );
    }
  }
  const head = parse(Snapshot, { ...body, tables: withoutRows });
  return { ...head, tables: tables as Snapshot['tables'] };
};

/** Bytes of a snapshot that are serialised before the client reads any: the account waits for a client only beyond. */
const MAX_AHEAD_BYTES = LIMITS.maxSnapshotBytes;

export const accountRoutes = ({ wall }: Pick<ServerOptions, 'wall'>): Hono<Env> =>
  new Hono<Env>()
    .post('/reset', async (c) => {
      await c.get('account').reset();
      return success(c, { reset: true });
    })
    .get('/snapshot', async (c) => {
      const ahead = createReadAhead(MAX_AHEAD_BYTES, wall);
      const write = (text: string): Promise<void> => ahead.write(Buffer.from(text));
      const { start, end } = envelopeAround(c);
      // The account waits for the client only if the buffer is full.
      void c
        .get('account')
        .snapshot(async (snapshot) => {
          await write(start);
          await writeSnapshot(snapshot, write);
          await write(end);
        })
        .then(ahead.end, (error: unknown) => {
          if (ahead.fail(error)) logger.error('A snapshot was cut off: {error}', { error });
        });
      const length = await ahead.ready();
      const headers = {
        'content-type': 'application/json',
        ...(length === null ? {} : { 'content-length': String(length) }),
      };
      if (c.req.method !== 'HEAD') return c.body(ahead.body, 200, headers);
      await ahead.body.cancel();
      return c.body(null, 200, headers);
    })
    .put('/snapshot', async (c) => {
      const { version, seed, opens, clock, tables } = parseSnapshot(
        await readLargeJson(c, LIMITS.maxSnapshotBytes),
      );
      checkClock(clock);
      const { mode, rate, anchor_virtual: anchorVirtual, anchor_wall: anchorWall } = clock;
      try {
        const state = { mode, rate, anchorVirtual, anchorWall };
        await c.get('account').restore({ version, seed, opens, clock: state, tables });
      } catch (error) {
        throw error instanceof SnapshotError ? validationFailed(error.message) : error;
      }
      return success(c, { restored: true });
    });
