/**
 * The API key of the tab: survives a reload, ends with the tab.
 *
 * @module
 */
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';

const KEY_ITEM = 'sendemall-mock.api-key';

/** Storage is not available in every mode of every browser. */
export const storedKey = (): string => {
  try {
    return sessionStorage.getItem(KEY_ITEM) ?? DEFAULT_API_KEY;
  } catch {
    return DEFAULT_API_KEY;
  }
};

export const storeKey = (key: string): void => {
  try {
    sessionStorage.setItem(KEY_ITEM, key);
  } catch {
    // The key lasts as long as the page, then.
  }
};
