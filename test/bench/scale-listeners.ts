/**
 * Opens event streams of an account in its own process and reads them. `URL` is the sandbox, `KEY` the account.
 * Each round opens the number of streams that it names.
 *
 * @module
 */
import { request } from 'node:http';
import { answerRounds } from './support.ts';

const { URL: url = '', KEY: key = '' } = process.env;

const listen = (): Promise<void> =>
  new Promise((resolve, reject) => {
    request(`${url}/_sandbox/stream`, { headers: { 'x-user-context': key } }, (response) => {
      response.resume();
      resolve();
    })
      .on('error', reject)
      .end();
  });

answerRounds(async ({ streams }: { streams: number }) => {
  await Promise.all(Array.from({ length: streams }, listen));
  return {};
});
