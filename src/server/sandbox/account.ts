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
import type { AccountDump } from '../../storage/store.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import type { Ctx, Env, ServerOptions } from '../context.ts';
import { envelopeAround, success } from '../envelope.ts';
import { readSnapshotBody, SpooledRows } from '../snapshot-body.ts';
import { createSpool, type Spool } from '../spool.ts';
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

type ParsedSnapshot = Omit<Snapshot, 'tables'> & Pick<AccountDump, 'tables'>;

/** Validate everything but the rows, which are validated in slices as they are restored: there can be millions. */
const parseSnapshot = (body: unknown): ParsedSnapshot => {
  const tables = isObject(body) ? body['tables'] : null;
  if (!isObject(body) || !isObject(tables)) return parse(Snapshot, body);
  const withoutRows = Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, rows instanceof SpooledRows ? [] : rows]),
  );
  for (const [name, rows] of Object.entries(tables)) {
    if (rows instanceof SpooledRows && rows.misfit !== null) {
      throw validationFailed(
        `"tables.${name}[${rows.misfit}]" is not an object. Restore the snapshot unmodified.`,
      );
    }
  }
  const head = parse(Snapshot, { ...body, tables: withoutRows });
  return { ...head, tables: tables as AccountDump['tables'] };
};

/** Snapshots of one account that are kept in files at the same time: another one waits while the first is restored. */
const MAX_UPLOADS_PER_ACCOUNT = 2;

export const accountRoutes = ({ wall }: Pick<ServerOptions, 'wall'>): Hono<Env> => {
  const uploads = createConcurrencyLimit(
    'large snapshots that are being restored',
    LIMITS.maxSnapshotUploads,
    MAX_UPLOADS_PER_ACCOUNT,
  );
  const restore = async (c: Ctx, spool: Spool): Promise<void> => {
    const body = await readSnapshotBody(c, LIMITS.maxSnapshotBytes, spool);
    const { version, seed, opens, clock, tables } = parseSnapshot(body);
    checkClock(clock);
    const { mode, rate, anchor_virtual: anchorVirtual, anchor_wall: anchorWall } = clock;
    const state = { mode, rate, anchorVirtual, anchorWall };
    await c.get('account').restore({ version, seed, opens, clock: state, tables });
  };
  return new Hono<Env>()
    .post('/reset', async (c) => {
      await c.get('account').reset();
      return success(c, { reset: true });
    })
    .get('/snapshot', async (c) => {
      const ahead = createReadAhead(LIMITS.maxSnapshotAheadBytes, wall);
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
      const spool = createSpool(LIMITS.maxSnapshotBytesInMemory, () =>
        uploads.enter(c.get('account').account.key),
      );
      try {
        await restore(c, spool);
      } catch (error) {
        throw error instanceof SnapshotError ? validationFailed(error.message) : error;
      } finally {
        await spool.close();
      }
      return success(c, { restored: true });
    });
};
