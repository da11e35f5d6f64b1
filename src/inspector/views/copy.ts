/**
 * Copying to the clipboard, with a notice.
 *
 * @module
 */
import { notify } from '../state/session.ts';

/** @param what name of the text, for the notice */
export const copyText = async (text: string, what: string): Promise<void> => {
  try {
    await navigator.clipboard.writeText(text);
    notify(`${what} copied.`);
  } catch {
    notify('The browser does not allow copying. Select the text instead.', true);
  }
};
