/**
 * Opens a URL in the browser of the person at the terminal.
 *
 * @module
 */
import type { Terminal } from './terminal.ts';

/** Open the URL. Does nothing without a terminal, or in CI, where no one would see it. */
export const openInBrowser = async (url: string, terminal: Terminal): Promise<void> => {
  if (terminal.width === null || terminal.env['CI']) return;
  const { default: open } = await import('open');
  try {
    const child = await open(url);
    // A machine without a browser: the URL is printed anyway.
    child.on('error', () => undefined);
  } catch {
    terminal.note('No browser found. Open the URL in one.');
  }
};
