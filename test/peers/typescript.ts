/**
 * The declarations under the compilers that users have, in each way to resolve a module, without `skipLibCheck`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { type Step, call, emptyProject, install, ownErrors } from './packed.ts';

/** The first is the minimum that README names. */
const VERSIONS = ['5.4', '5.6', '5.8', '5.9', '6.0', '7.0'];

const RESOLUTIONS = [
  { name: 'node16', module: 'node16', moduleResolution: 'node16' },
  { name: 'nodenext', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'bundler', module: 'esnext', moduleResolution: 'bundler' },
] as const;

const PROGRAM = `
import { createClient, createMock } from 'sendemall-mock';
import { type Report, verify } from 'sendemall-mock/conformance';
import { type EmailReplied, WebhookEvent } from 'sendemall-mock/schemas';
import * as strict from 'sendemall-mock/schemas/strict';

export async function use(text: string): Promise<string> {
  const mock = await createMock({ clock: '60x' });
  const client = createClient({ baseUrl: mock.url, apiKey: 'a-test' });
  const { deliveries } = await client.events.trigger({ event: 'email.replied' });
  const report: Report = await verify({ url: mock.url, secret: '12345678' });
  const event = WebhookEvent.parse(JSON.parse(text));
  if (event.event === 'email.replied') {
    const reply: EmailReplied = event;
    return reply.data.lead_email;
  }
  const sent = strict.WebhookEvent.parse(event);
  // @ts-expect-error no such event
  if (sent.event === 'email.never') return '';
  return report.summary.verdict + (deliveries[0]?.id ?? '') + sent.event;
}
`;

const alias = (version: string): string => `ts-${version}`;

const prepare = async (): Promise<string> => {
  const at = emptyProject('typescript');
  writeFileSync(`${at}/package.json`, '{ "private": true, "type": "module" }\n');
  const compilers = VERSIONS.map((version) => `${alias(version)}@npm:typescript@~${version}.0`);
  await install(at, '@types/node@24', ...compilers);
  writeFileSync(`${at}/use.ts`, PROGRAM);
  return at;
};

let prepared: Promise<string> | null = null;

const check = async (version: string): Promise<string> => {
  const at = await (prepared ??= prepare());
  const failures: string[] = [];
  for (const { name, ...resolution } of RESOLUTIONS) {
    const compilerOptions = {
      ...resolution,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    };
    writeFileSync(`${at}/${name}.json`, JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const tsc = `node_modules/${alias(version)}/bin/tsc`;
    const errors = ownErrors(await call(at, process.execPath, tsc, '-p', `${name}.json`));
    failures.push(...errors.map((error) => `${name}: ${error}`));
  }
  if (failures.length > 0) throw new Error(`\n${failures.join('\n')}`);
  return RESOLUTIONS.map(({ name }) => name).join(', ');
};

export const TYPESCRIPT_STEPS: readonly Step[] = VERSIONS.map((version) => ({
  name: `typescript ${version}`,
  attempt: () => check(version),
}));
