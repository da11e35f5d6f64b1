/**
 * Contract that every store must fulfil. The test file of an adapter calls {@link storeContract}.
 *
 * @module
 */
import { accountsContract } from './store/accounts.ts';
import { attemptsContract } from './store/attempts.ts';
import { campaignsContract } from './store/campaigns.ts';
import { historyContract } from './store/history.ts';
import { publishingContract } from './store/publishing.ts';
import { recoveryContract } from './store/recovery.ts';
import { responsesContract } from './store/responses.ts';
import { snapshotsContract } from './store/snapshots.ts';
import { webhooksContract } from './store/webhooks.ts';
import { useStore, type StoreHarness } from './store/fixture.ts';

/** Tests a store. To be called at the top level of a test file. */
export const storeContract = (harness: StoreHarness): void => {
  const fixture = useStore(harness);
  campaignsContract(fixture);
  accountsContract(fixture);
  webhooksContract(fixture);
  publishingContract(fixture);
  attemptsContract(fixture);
  historyContract(fixture);
  recoveryContract(fixture);
  snapshotsContract(fixture);
  responsesContract(fixture);
};
