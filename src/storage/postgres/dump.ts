/**
 * Resets an account, or replaces its rows with those of a snapshot: all or nothing. See `parts.ts`.
 *
 * @module
 */
import type { AccountDump, AccountStore } from '../store.ts';
import { checkAllRows, checkTables } from '../rows/dump-check.ts';
import { noRows } from './account-states.ts';
import type { Change, Context } from './context.ts';
import type { Parts } from './parts.ts';
import { run, statement } from '../../postgres/session.ts';
import { stageRows } from './stage.ts';

const SET_ACCOUNT = statement(
  `UPDATE account SET seed = coalesce($2, seed), opens = greatest(opens, $3),
     clock_mode = $4, clock_rate = $5, clock_virtual = $6, clock_wall = $7 WHERE key = $1`,
);

const setAccount = async ({ session, state }: Change, dump: AccountDump): Promise<void> => {
  const { mode, rate, anchorVirtual, anchorWall } = dump.clock;
  const values = [dump.seed ?? null, dump.opens ?? 0, mode, rate, anchorVirtual, anchorWall];
  await run(session, SET_ACCOUNT, [state.account, ...values]);
};

export const createDump = (
  context: Context,
  parts: Parts,
): Pick<AccountStore, 'resetAccount' | 'importAccount'> => {
  const { change } = context;
  return {
    resetAccount: async (account) => {
      const left = await change(account, async (one) => {
        // A reset does not reuse numbers.
        const { nextEvent, nextDelivery } = one.state;
        const contents = { nextEvent, nextDelivery, emitted: null, tally: noRows() };
        return parts.move(one, await parts.create(one), contents);
      });
      await parts.discard(left);
    },
    importAccount: async (account, dump) => {
      await checkTables(dump);
      await checkAllRows(dump);
      const staged = await change(account, parts.create);
      let left = staged;
      try {
        const contents = await stageRows(context, account, staged, dump);
        left = await change(account, async (one) => {
          await parts.fill(one, staged, contents);
          await setAccount(one, dump);
          return parts.move(one, staged, contents);
        });
      } finally {
        await parts.discard(left);
      }
    },
  };
};
