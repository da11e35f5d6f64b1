/**
 * The guide's own Flask sample in a Python process.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { killPython, missingModule, startPython } from '../python.ts';
import { PATH, type RunningReceiver } from '../receiver.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Why Flask cannot be started here; null when it can. */
export const missing = (): string | null => missingModule('flask');

/** The sample's secret is in its text. */
export const start = async (): Promise<RunningReceiver> => {
  const python = await startPython(pathOf('run_sample.py'), {
    SAMPLE: pathOf('../../fixtures/guide/flask-sample.txt'),
  });
  const base = `http://127.0.0.1:${python.ports[0]}`;
  const processed = async (): Promise<string[]> =>
    (await (await fetch(`${base}/processed`)).json()) as string[];
  return {
    url: base + PATH,
    hooks: { effects: async (id) => (await processed()).filter((one) => one === id).length },
    processed,
    [Symbol.asyncDispose]: () => killPython(python),
  };
};
