/**
 * `verify` run as people run it, from another folder, against receivers of this process.
 *
 * @module
 */
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Report } from '../../src/conformance/report.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { kill, open } from '../receivers/receiver.ts';
import { run, type Ran, type RunOptions } from './support.ts';

export const SECRET = 'whsec_never-to-be-seen-4711';

/** A folder of its own for each file of tests. */
export const elsewhere = (): string => mkdtempSync(join(tmpdir(), 'sendemall-verify-'));

/** The environment without what CI would add. */
export const ENV = { SENDEMALL_MOCK_SECRET: SECRET, GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '' };

export const verify = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run(['verify', ...args], { ...options, env: { ...ENV, ...options.env } });

/** @param name of a mutant; none is the model, which is right */
export const receiver = async (name?: string): Promise<ModelReceiver> => {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (name !== undefined && mutant === undefined) throw new Error(`no mutant ${name}`);
  const made = mutant?.make(SECRET) ?? new ModelReceiver(SECRET);
  await made.start();
  return made;
};

export const reportOf = ({ stdout }: Ran): Report => JSON.parse(stdout) as Report;

export interface HookServer extends AsyncDisposable {
  readonly flags: readonly string[];
}

/** The hooks of a receiver over HTTP, as the flags want them. */
export const serveHooks = async ({ hooks }: ModelReceiver): Promise<HookServer> => {
  const answer = async (path: string, body: string): Promise<unknown> => {
    const [, hook, value = ''] = path.split('/').map(decodeURIComponent);
    if (hook === 'effects') return { count: await hooks.effects?.(value) };
    if (hook === 'state') return hooks.state?.(value);
    const given = JSON.parse(body) as Record<string, any>;
    if (hook === 'fault') await hooks.fault?.(given['fail']);
    else {
      const { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId } = given;
      await hooks.recover?.({ apiUrl, apiKey, webhookId });
    }
    return {};
  };
  const server: Server = createServer((request, response) => {
    text(request)
      .then((body) => answer(request.url ?? '', body))
      .then(
        (value) => response.end(JSON.stringify(value)),
        () => response.writeHead(500).end(),
      );
  });
  const base = `http://127.0.0.1:${await open(server)}`;
  return {
    flags: [
      ['--effects-url', `${base}/effects/{id}`],
      ['--state-url', `${base}/state/{lead_email}`],
      ['--fault-url', `${base}/fault`],
      ['--recover-url', `${base}/recover`],
    ].flat(),
    [Symbol.asyncDispose]: () => kill(server),
  };
};
