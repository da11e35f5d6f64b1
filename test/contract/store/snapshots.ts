/**
 * Reset, export and import of an account.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { SnapshotError } from '../../../src/domain/snapshot-error.ts';
import type { SlicedList } from '../../../src/domain/sliced-list.ts';
import type { DumpRow } from '../../../src/storage/store.ts';
import { dumpOf } from '../../support/dump.ts';
import { ended, clock, type StoreFixture } from './fixture.ts';

/** Damaged snapshots: a title, the damage, and what the error must name. */
const DAMAGES: readonly [title: string, damage: (dump: any) => any, message: RegExp][] = [
  ['another version', (dump: any) => ({ ...dump, version: 99 }), /version 99/],
  [
    'an unknown table',
    (dump: any) => ({ ...dump, tables: { ...dump.tables, users: [] } }),
    /tables\.users/,
  ],
  [
    'a missing column',
    (dump: any) => {
      delete dump.tables.webhook[0].url;
      return dump;
    },
    /tables\.webhook\[0\].*"url"/,
  ],
  [
    'a dangling reference',
    (dump: any) => {
      dump.tables.delivery[0].event = 12345;
      return dump;
    },
    /tables\.delivery\[0\].*12345/,
  ],
  [
    'a wrong type',
    (dump: any) => {
      dump.tables.event[0].created_at = 'soon';
      return dump;
    },
    /tables\.event\[0\]/,
  ],
  [
    'a number in the range of another account',
    (dump: any) => {
      dump.tables.event[0].seq = 7 - 2 ** 32;
      return dump;
    },
    /tables\.event\[0\]\.seq/,
  ],
  [
    'a number beyond its range',
    (dump: any) => {
      dump.tables.event[0].seq = 2 ** 32;
      return dump;
    },
    /tables\.event\[0\]\.seq/,
  ],
  [
    'a number that is not a safe integer',
    (dump: any) => {
      dump.tables.delivery[0].due_at = 2 ** 60;
      return dump;
    },
    /tables\.delivery\[0\]\.due_at/,
  ],
  [
    'a table that is not an array',
    (dump: any) => ({ ...dump, tables: { ...dump.tables, event: { 0: {} } } }),
    /tables\.event/,
  ],
  [
    'a row that is not an object',
    (dump: any) => ({ ...dump, tables: { ...dump.tables, event: [null] } }),
    /tables\.event\[0\]/,
  ],
  ['tables that are null', (dump: any) => ({ ...dump, tables: null }), /tables/],
  [
    'an unknown column',
    (dump: any) => {
      dump.tables.webhook[0].password = 'x';
      return dump;
    },
    /tables\.webhook\[0\].*"password"/,
  ],
  [
    'event types that are not JSON',
    (dump: any) => {
      dump.tables.webhook[0].events = 'email.sent';
      return dump;
    },
    /tables\.webhook\[0\]\.events/,
  ],
  [
    'an unknown webhook status',
    (dump: any) => {
      dump.tables.webhook[0].status = 'asleep';
      return dump;
    },
    /tables\.webhook\[0\]\.status/,
  ],
  [
    'an unknown delivery status',
    (dump: any) => {
      dump.tables.delivery[0].status = 42;
      return dump;
    },
    /tables\.delivery\[0\]\.status/,
  ],
  [
    'a pending delivery without a due time',
    (dump: any) => {
      const row = dump.tables.delivery.find((one: any) => one.due_at !== null);
      row.due_at = null;
      return dump;
    },
    /tables\.delivery\[\d+\]\.due_at/,
  ],
  [
    'an unreadable attempt',
    (dump: any) => {
      dump.tables.attempt[0].record = '{"outcome":"delivered"}';
      return dump;
    },
    /tables\.attempt\[0\]\.record/,
  ],
  [
    'a duplicate event',
    (dump: any) => {
      dump.tables.event.push(dump.tables.event[0]);
      return dump;
    },
    /tables\.event\[3\]/,
  ],
];

export const snapshotsContract = (fixture: StoreFixture): void => {
  const { register, event, publish, claimOne, deliveries } = fixture;

  describe('reset, export and import', () => {
    const fill = async (): Promise<void> => {
      await publish(event('evt_1'), event('evt_2'), event('evt_3'));
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
      const [dead] = await deliveries({ status: 'dead' });
      await fixture.store.redeliver(fixture.account.key, {
        of: dead!.id,
        body: null,
        signature: 'missing',
        dueAt: 1,
      });
      await claimOne();
    };
    test('a reset empties the account and leaves other accounts alone', async () => {
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      await register(other);
      await fill();
      await fixture.store.resetAccount(fixture.account.key);
      expect(await fixture.store.counts(fixture.account.key)).toMatchObject({
        webhooks: 0,
        events: 0,
        deliveries: { pending: 0, dead: 0, in_flight: 0 },
      });
      expect(await fixture.store.nextDueAt(fixture.account.key)).toEqual(new Map());
      expect((await fixture.store.counts(other.key)).webhooks).toBe(1);
    });
    test('a snapshot can be imported into another account, with deliveries in flight pending', async () => {
      await fill();
      const dump = await dumpOf(fixture.store, fixture.account.key);
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      await fixture.store.importAccount(other.key, dump);
      const view = async (key: number) =>
        (await fixture.store.listDeliveries(key, {}, { limit: 9 })).map(
          ({ eventId, status, attemptsMade, signature }) => ({
            eventId,
            status: status === 'in_flight' ? 'pending' : status,
            attemptsMade,
            signature,
          }),
        );
      expect(await view(other.key)).toEqual(await view(fixture.account.key));
      const loaded = await fixture.store.listWebhooks(other.key);
      expect(loaded[0]).toMatchObject({ id: fixture.webhook.id, secret: 'whsec_contract' });
      expect(await fixture.store.claimDue(loaded[0]!.key, 1e9, 10)).toHaveLength(3);
    });
    test('a snapshot that is read slice by slice is imported as a whole one, also with its attempts in another order', async () => {
      await fill();
      for (const status of ['dead', 'delivered'] as const) {
        await fixture.store.recordAttempts([ended(await claimOne(), status)]);
      }
      const dump = await dumpOf(fixture.store, fixture.account.key);
      expect(dump.tables['attempt']!.length).toBeGreaterThan(2);
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      const inPairs = (rows: readonly DumpRow[]): SlicedList<DumpRow> => ({
        length: rows.length,
        async *slices() {
          for (let from = 0; from < rows.length; from += 2) yield rows.slice(from, from + 2);
        },
      });
      const backwards = dump.tables['attempt']!.toSorted(
        (a, b) => Number(b['delivery']) - Number(a['delivery']),
      );
      expect(backwards).not.toEqual(dump.tables['attempt']);
      const tables = Object.fromEntries(
        Object.entries({ ...dump.tables, attempt: backwards }).map(([name, rows]) => [
          name,
          inPairs(rows),
        ]),
      );
      await fixture.store.importAccount(other.key, { ...dump, tables });
      const { tables: loaded } = await dumpOf(fixture.store, other.key);
      for (const name of ['event', 'attempt', 'command', 'progress', 'answer'])
        expect(loaded[name]).toEqual(dump.tables[name]);
      const [key] = loaded['webhook']!.map((row) => row['key']);
      expect(loaded['delivery']).toEqual(
        dump.tables['delivery']!.map((row) => ({ ...row, webhook: key })),
      );
    });
    test('deliveries in flight to a deleted webhook are imported as cancelled', async () => {
      await publish(event('evt_1'), event('evt_2', 100, fixture.webhook, true));
      await claimOne();
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500);
      const dump = await dumpOf(fixture.store, fixture.account.key);
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      await fixture.store.importAccount(other.key, dump);
      const loaded = await fixture.store.listDeliveries(other.key, {}, { limit: 9 });
      expect(loaded.map(({ status, settledAt }) => [status, settledAt])).toEqual([
        ['cancelled', 500],
        ['cancelled', 500],
      ]);
      expect((await deliveries({ status: 'in_flight' })).length).toBe(2);
    });
    test('a snapshot includes campaigns', async () => {
      await fixture.store.appendCommand(fixture.account.key, {
        at: 5,
        emitted: 0,
        body: '{"do":"create"}',
      });
      await fixture.store.saveEmitted(fixture.account.key, 12);
      const dump = await dumpOf(fixture.store, fixture.account.key);
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      await fixture.store.appendCommand(other.key, { at: 1, emitted: 0, body: '{}' });
      await fixture.store.importAccount(other.key, dump);
      expect(await fixture.store.commands(other.key)).toEqual(
        await fixture.store.commands(fixture.account.key),
      );
      expect(await fixture.store.emitted(other.key)).toBe(12);
      await fixture.store.appendCommand(other.key, { at: 6, emitted: 12, body: '{}' });
      expect((await fixture.store.commands(other.key)).map(({ at }) => at)).toEqual([5, 6]);
      await fixture.store.resetAccount(other.key);
      expect(await fixture.store.commands(other.key)).toEqual([]);
      expect(await fixture.store.emitted(other.key)).toBe(0);
      expect(await fixture.store.commands(fixture.account.key)).toHaveLength(1);
    });
    test('a snapshot of version 1, which has no campaigns, can be imported', async () => {
      await fill();
      const { clock: saved, tables } = await dumpOf(fixture.store, fixture.account.key);
      const { command: _commands, progress: _progress, ...before } = tables;
      await fixture.store.importAccount(fixture.account.key, {
        version: 1,
        clock: saved,
        tables: before,
      });
      expect(await fixture.store.commands(fixture.account.key)).toEqual([]);
      expect((await deliveries()).length).toBe(4);
    });
    test('events published after an import get new numbers', async () => {
      await fill();
      const dump = await dumpOf(fixture.store, fixture.account.key);
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      const hook = await register(other);
      await fixture.store.publish(other.key, [event('evt_old', 100, hook)]);
      await fixture.store.importAccount(other.key, dump);
      const [loaded] = await fixture.store.listWebhooks(other.key);
      const result = await fixture.store.publish(other.key, [event('evt_new', 100, loaded)]);
      expect(result.duplicateId).toBeNull();
      const listed = await fixture.store.listDeliveries(other.key, {}, { limit: 9 });
      expect(listed[0]?.eventId).toBe('evt_new');
      expect(new Set(listed.map(({ id }) => id)).size).toBe(5);
      expect(await fixture.store.getEvent(other.key, 'evt_old')).toBeNull();
    });
    test('a snapshot imported into its own account keeps its ids', async () => {
      await fill();
      const before = (await deliveries()).map(({ id }) => id);
      await fixture.store.importAccount(
        fixture.account.key,
        await dumpOf(fixture.store, fixture.account.key),
      );
      expect((await deliveries()).map(({ id }) => id)).toEqual(before);
    });
    test.each(DAMAGES)(
      'a snapshot with %s is rejected and changes nothing',
      async (_title, damage, message) => {
        await fill();
        const before = await deliveries();
        const dump = damage(await dumpOf(fixture.store, fixture.account.key));
        const error = await fixture.store
          .importAccount(fixture.account.key, dump)
          .catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(SnapshotError);
        expect((error as SnapshotError).message).toMatch(message);
        expect(await deliveries()).toEqual(before);
      },
    );
  });
};
