/**
 * Tells the demo: steps, requests, answers. Colour only on a terminal.
 *
 * @module
 */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const style = (format: Style, text: string): string =>
  styleText(format, text, { stream: process.stdout });

export const say = (text = ''): void => console.log(text);

let steps = 0;
export const step = (title: string): void => {
  steps += 1;
  say(`\n${style('bold', `${steps}. ${title}`)}`);
};

export const note = (text: string): void => say(`   ${style('dim', text)}`);

export const good = (text: string): void => say(`   ${style('green', '✓')} ${text}`);

/** What was expected did not happen: the demo ends here. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

export const check = (condition: boolean, text: string): void => {
  if (!condition) throw new DemoFailure(`Expected: ${text}.`);
  good(text);
};

const WIDTH = 76;
const cut = (text: string): string => (text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text);

/** A real request to the sandbox, shown with its answer. */
export const createCaller =
  (baseUrl: string, apiKey: string) =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    say(`   ${style('cyan', method.padEnd(4))} ${path}`);
    if (body !== undefined)
      note(`     ${cut(JSON.stringify(body).replace(/"secret":"[^"]*"/, '"secret":"…"'))}`);
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        'x-user-context': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { data: T; error?: { message: string } };
    if (!response.ok)
      throw new DemoFailure(
        `${method} ${path} was answered ${response.status}: ${answer.error?.message}`,
      );
    note(`     ${response.status} ${cut(JSON.stringify(answer.data))}`);
    return answer.data;
  };
